"""Comparison of sums and formula results, which binary fractions hold only nearly."""

from __future__ import annotations

from typing import Any

__all__ = ["ROUNDING", "exceeds"]

# Relative. Sums of a few hundred decimal numbers are off by 1e-14 at most; a planner's numbers
# that differ by less than a billionth mean the same.
ROUNDING = 1e-9


def exceeds(number: Any, limit: Any) -> Any:
    """Return whether a number is above a limit by more than rounding; False where one is NaN.

    Parameters
    ----------
    number, limit : float, numpy.ndarray or pandas.Series
        In one unit; a limit is not minus infinity.

    Examples
    --------
    >>> exceeds(4.3 + 8.8, 13.1), exceeds(13.2, 13.1)
    (False, True)
    """
    return number > limit + ROUNDING * abs(limit)
