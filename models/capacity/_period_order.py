"""Where periods do not follow each other, and which cell is to blame for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

GAP, OVERLAP = "gap", "overlap"


@dataclass(frozen=True)
class Break:
    """A cell of Periods that is to blame for a gap or overlap, and the other that may be.

    ``other`` is the row and column of that one.
    """

    row: int
    column: str
    must: str
    word: str
    other: tuple[int, str]


@dataclass(frozen=True)
class _Pair:
    """Two periods of which the later does not start where the earlier one ends."""

    earlier: int
    later: int
    due: pd.Timestamp
    start: pd.Timestamp

    @property
    def word(self) -> str:
        return OVERLAP if self.start < self.due else GAP


def breaks(periods: pd.DataFrame) -> tuple[list[Break], pd.Series]:
    """Give the cells to blame, and the starts in order of time with the wrong ones corrected.

    A start that, moved to where it belongs by its place on the sheet, mends two breaks or more is
    to blame for them. Where the later of two periods fits the one after it, it is the length of the
    earlier one, and else the later start.

    Parameters
    ----------
    periods : pandas.DataFrame
        start and months, NaT or NaN where one could not be read, in the order of the sheet.
    """
    wrong: list[Break] = []
    while (moved := _moved(periods)) is not None:
        at, periods = moved
        wrong.append(at)
    pairs = _pairs(periods)
    for pair in pairs:
        fits = pair.later in _followed(periods) and pair.later not in {p.earlier for p in pairs}
        start, months = (pair.later, "start"), (pair.earlier, "months")
        if fits:
            must = f"the period must end on {pair.start.date()}, where the next one starts"
            wrong.append(Break(*months, must, pair.word, start))
        else:
            must = f"the period must start on {pair.due.date()}, where the one before ends"
            wrong.append(Break(*start, must, pair.word, months))
    return wrong, _in_time(periods)["start"]


def _in_time(periods: pd.DataFrame) -> pd.DataFrame:
    return periods.dropna(subset=["start"]).sort_values("start", kind="stable")


def _followed(periods: pd.DataFrame) -> set[int]:
    """Periods of a known length that another one follows."""
    known = _in_time(periods)
    return {int(row) for row in known.index[:-1][known["months"].iloc[:-1].notna()]}


def _end(start: pd.Timestamp, months: float) -> pd.Timestamp:
    return start + pd.DateOffset(months=int(months))


def _pairs(periods: pd.DataFrame) -> list[_Pair]:
    """Breaks in order of time. A period whose start could not be read may lie in a gap."""
    known, places = _in_time(periods), {int(row): k for k, row in enumerate(periods.index)}
    rows = [int(row) for row in known.index]
    starts, months = pd.to_datetime(known["start"]).tolist(), known["months"].tolist()
    found = []
    for k, later in enumerate(rows[1:]):
        if pd.isna(months[k]):
            continue
        pair = _Pair(rows[k], later, _end(starts[k], months[k]), starts[k + 1])
        open_between = len(known) < len(periods) and places[later] != places[rows[k]] + 1
        if pair.start < pair.due or (pair.start > pair.due and not open_between):
            found.append(pair)
    return found


def _moved(periods: pd.DataFrame) -> tuple[Break, pd.DataFrame] | None:
    """The start that mends the most breaks where it belongs, if it mends two or more."""
    count = len(_pairs(periods))
    if count < 2:
        return None
    tried = [
        (len(_pairs(moved)), at, moved)
        for at, due in _belonging(periods)
        for moved in [periods.assign(start=periods["start"].where(periods.index != at.row, due))]
    ]
    left, at, moved = min(tried, key=lambda one: one[0], default=(count, None, periods))
    return (at, moved) if at is not None and left <= count - 2 else None


def _belonging(periods: pd.DataFrame) -> Iterator[tuple[Break, pd.Timestamp]]:
    """Each start that is not where the row before it ends, with where that is.

    The first row belongs where it ends as the second one starts.
    """
    known = periods.dropna(subset=["start", "months"])
    rows = [int(row) for row in known.index]
    starts, months = pd.to_datetime(known["start"]).tolist(), known["months"].tolist()
    for k in range(len(rows)):
        if k > 0:
            due, other = _end(starts[k - 1], months[k - 1]), (rows[k - 1], "months")
        elif len(rows) > 1:
            due, other = _end(starts[1], -months[0]), (rows[1], "start")
        else:
            return
        if starts[k] != due:
            word = OVERLAP if starts[k] < due else GAP
            must = f"the period must start on {due.date()}, where it fits those beside it"
            yield Break(rows[k], "start", must, word, other), due
