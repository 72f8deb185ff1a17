"""Days on which the plan is made again."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

__all__ = ["ReplanningDay", "replanning_days"]


@dataclass(frozen=True)
class ReplanningDay:
    """A day on which the plan is made again.

    Parameters
    ----------
    day : pandas.Timestamp
    until : pandas.Timestamp
        What is decided before this day is fixed: the next one, or the end of the horizon.
    looks_until : pandas.Timestamp
        Steps that begin before this day are looked at.
    """

    day: pd.Timestamp
    until: pd.Timestamp
    looks_until: pd.Timestamp


def replanning_days(
    steps: pd.DataFrame, every_months: int, look_ahead_months: int
) -> tuple[ReplanningDay, ...]:
    """Days so many months apart from the first step on, but those on which nothing falls due.

    Parameters
    ----------
    steps : pandas.DataFrame
        ``begin`` and ``end`` of each step.
    every_months, look_ahead_months : int
        Each at least 1, the latter no less than the former.

    Examples
    --------
    >>> begins = pd.to_datetime(["2027-01-01", "2028-01-01", "2030-01-01"])
    >>> ends = pd.to_datetime(["2028-01-01", "2030-01-01", "2031-01-01"])
    >>> days = replanning_days(pd.DataFrame({"begin": begins, "end": ends}), 12, 24)
    >>> [f"{one.day:%Y} {one.until:%Y} {one.looks_until:%Y}" for one in days]
    ['2027 2028 2029', '2028 2030 2030', '2030 2031 2032']
    """
    first, end = steps["begin"].min(), steps["end"].max()
    found: list[pd.Timestamp] = []
    months = 0
    while (day := first + pd.DateOffset(months=months)) < end:
        following = first + pd.DateOffset(months=months + every_months)
        if ((steps["begin"] >= day) & (steps["begin"] < following)).any():
            found.append(day)
        months += every_months
    ahead = pd.DateOffset(months=look_ahead_months)
    return tuple(
        ReplanningDay(day, until, day + ahead)
        for day, until in zip(found, [*found[1:], end], strict=True)
    )
