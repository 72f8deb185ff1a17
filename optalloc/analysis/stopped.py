"""Analyses of many solves that Ctrl-C ends: what was finished by then is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from optalloc.errors import NoPlanError, StoppedError

__all__ = ["keeping"]


@contextmanager
def keeping(done: Callable[[], int], total: int, units: str) -> Iterator[list[str]]:
    """Give a list that holds a sentence afterwards, if Ctrl-C ended the block.

    Parameters
    ----------
    done : callable
        ``done() -> int``: number of units that are finished.
    total : int
        Number of units in all.
    units : str
        Their noun in the plural, such as ``"weights"``.

    Raises
    ------
    NoPlanError
        If Ctrl-C ended it before one was finished.
    """
    said: list[str] = []
    try:
        yield said
    except (KeyboardInterrupt, StoppedError):
        if not done():
            words = f"interrupted before the first of {total:,} {units} was done"
            raise NoPlanError(words) from None
        said.append(f"It was stopped: what follows is of {done():,} of {total:,} {units}.")
