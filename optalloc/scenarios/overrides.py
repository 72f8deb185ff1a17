"""Overrides: a selection of cells, an operation and a value, which together make edits of cells.

A cell is changed as if the planner had typed the new value: it goes through the same conversion,
with the same bounds, choices and meaning of a blank.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.convert import convert, shown
from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold, suggest
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.scenarios.edits import Edit
from optalloc.scenarios.sheet import BLANK, Operation

__all__ = [
    "Override",
    "WrongOverride",
    "altered",
    "draws_integers",
    "edits_of",
    "matches",
    "refuse_fractions",
    "row_filter",
    "text_of",
]

_NUMBERS = (Kind.NUMBER, Kind.INTEGER)
# A date may be of the years 1900 to 2300, so that no two are further apart.
_MOST_MONTHS = 12 * 401


@dataclass(frozen=True)
class Override:
    """One change of one column.

    Parameters
    ----------
    sheet, column : str
        As declared; case and outer spaces are forgiven.
    rows : tuple of (str, str)
        Column and pattern, all of which a row must match; empty for all rows.
    operation : Operation
    value : str
        As it would be typed; ``"(blank)"`` for a blank cell.
    """

    sheet: str
    rows: tuple[tuple[str, str], ...]
    column: str
    operation: Operation
    value: str

    def __str__(self) -> str:
        sign = {Operation.SET: "=", Operation.ADD: "+", Operation.MULTIPLY: "x"}
        where = "; ".join(f"{column}={pattern}" for column, pattern in self.rows)
        what = f"{self.sheet}.{self.column}" + (f" [{where}]" if where else "")
        if self.operation is Operation.SHIFT:
            return f"{what} shifted by {self.value} months"
        return f"{what} {sign[self.operation]} {self.value}"


class WrongOverride(Exception):  # noqa: N818  (it becomes a Problem where its address is known)
    """An override that cannot be made, with its wrong part, and what to do.

    ``part`` is the name of the wrong column of the Sweeps sheet.
    """

    def __init__(self, part: str, must: str, found: str, action: str, code: str) -> None:
        super().__init__(must)
        self.part, self.must, self.found, self.action, self.code = part, must, found, action, code


def row_filter(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``"site=Kanto*; period=2031FY"`` as column and pattern.

    Raises
    ------
    WrongOverride
        If a part has no ``=``.

    Examples
    --------
    >>> row_filter("site=Kanto*; period=2031FY")
    (('site', 'Kanto*'), ('period', '2031FY'))
    """
    pairs = []
    for part in text.split(";") if text.strip() else ():
        name, sign, pattern = part.partition("=")
        if not sign or not name.strip():
            must = "rows must be column=value, several joined by ';'"
            action = "Write it like site=Kanto*; leave it blank for all rows."
            raise WrongOverride("rows", must, shown(text), action, "sweep-target")
        pairs.append((name.strip(), pattern.strip()))
    return tuple(pairs)


def altered(data: Dataset, overrides: Sequence[Override]) -> Dataset:
    """Give the dataset with some cells changed, one override after another.

    Rows are not checked against each other: `optalloc.data.checks.checked_rows` does that.

    Raises
    ------
    WrongOverride
        If an override names nothing, does not suit its column, or makes a cell invalid.
    """
    for override in overrides:
        data = _one(data, override)
    return data


def edits_of(data: Dataset, overrides: Sequence[Override]) -> Iterator[Edit]:
    """Give the edits that overrides amount to, one for each cell that is another afterwards.

    Of many cells `altered` is the faster way to their values. A shift that takes rows off the
    calendar removes them from a sheet, which no edit of a cell does.

    Raises
    ------
    WrongOverride
        As `altered`.
    """
    after = altered(data, overrides)
    for sheet, frame in after.frames.items():
        before = data.frames[sheet]
        if frame is before:
            continue
        for column in frame.columns:
            now, then = frame[column], before[column].loc[frame.index]
            same = (now == then) | (now.isna() & then.isna())
            for row, value in now[~same].items():
                to = None if pd.isna(value) else value
                yield Edit(sheet, int(str(row)), str(column), to)


def draws_integers(data: Dataset, sheet: str, column: str, operation: Operation) -> bool:
    """True if amounts drawn from a range are integers: months, and those of integer columns."""
    if operation is Operation.SHIFT:
        return True
    return any(
        declared.kind is Kind.INTEGER
        for name, own in data.sheets.items()
        for declared in own.columns
        if (fold(name), fold(declared.name)) == (fold(sheet), fold(column))
    )


def refuse_fractions(override: Override, *, integral: bool) -> None:
    """Refuse a range of factors of integers, which are fractional wherever they are drawn.

    Raises
    ------
    WrongOverride
        If it is one.
    """
    if integral and override.operation is Operation.MULTIPLY:
        must = f"operation must suit a range of {override.column}, which holds whole numbers"
        action = "Use set or add, of which draws are rounded."
        raise WrongOverride("operation", must, override.operation, action, "sweep-operation")


def _one(data: Dataset, override: Override) -> Dataset:
    sheet = _declared("sheet", override.sheet, data.sheets, "a sheet that the model reads")
    where = f"a column of {sheet.name}"
    column = _declared("column", override.column, sheet.by_name, where)
    frame = data[sheet.name]
    chosen = _matching(frame, sheet, override.rows)
    change = _CHANGES[override.operation]
    return data.with_frames({sheet.name: change(data, sheet, column, frame, chosen, override)})


def _declared(part: str, name: str, known: Mapping[str, Any], what: str) -> Any:
    by_fold = {fold(other): other for other in known}
    if fold(name) in by_fold:
        return known[by_fold[fold(name)]]
    guess = suggest(name, known)
    action = f"Did you mean {guess!r}?" if guess else f"Choose one of: {', '.join(known)}."
    raise WrongOverride(part, f"{part} must be {what}", shown(name), action, "sweep-target")


def _matching(frame: pd.DataFrame, sheet: Sheet, rows: tuple[tuple[str, str], ...]) -> np.ndarray:
    """Mask of the rows that match every pattern; at least one does."""
    chosen = np.ones(len(frame), dtype=bool)
    for name, pattern in rows:
        column = _declared("rows", name, sheet.by_name, f"columns of {sheet.name} and values")
        mask = matches(frame[column.name].tolist(), pattern)
        if not mask.any():
            known = {text_of(cell) for cell in frame[column.name].tolist()}
            guess = suggest(pattern, known)
            action = f"Did you mean {column.name}={guess}?" if guess else "Correct the rows."
            found = f"no row with {column.name}={pattern}"
            raise WrongOverride("rows", _SOME_ROWS, found, action, "sweep-target")
        chosen &= mask
    if not chosen.any():
        found = "no row that matches them all" if rows else f"no row on sheet {sheet.name}"
        raise WrongOverride("rows", _SOME_ROWS, found, "Correct the rows.", "sweep-target")
    return chosen


def matches(cells: Iterable[object], pattern: str) -> np.ndarray:
    """Mask of the cells that a pattern of a row filter matches."""
    wanted = fold(pattern)
    # Only * and ? stand for letters; fnmatch would read a class of them after a bracket.
    letters = wanted.replace("[", "[[]")
    texts = (fold(text_of(cell)) for cell in cells)
    return np.array([t == wanted or fnmatch.fnmatchcase(t, letters) for t in texts], dtype=bool)


_SOME_ROWS = "rows must match at least one row"


def text_of(value: object) -> str:
    """A cell as a row filter sees it: nothing for a blank, dates as YYYY-MM-DD, flags in words."""
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


# Operations ---------------------------------------------------------------------------------------


def _set(
    data: Dataset,
    sheet: Sheet,
    column: Column,
    frame: pd.DataFrame,
    chosen: np.ndarray,
    override: Override,
) -> pd.DataFrame:
    typed = None if fold(override.value) == BLANK else override.value
    converted = convert([typed], column, text=True)
    for fault in converted.faults:
        found = fault.found
        raise WrongOverride("values", fault.must, found, fault.action, "sweep-value")
    frame = frame.copy()
    frame.loc[chosen, column.name] = converted.values[0]
    return frame


def _arithmetic(
    data: Dataset,
    sheet: Sheet,
    column: Column,
    frame: pd.DataFrame,
    chosen: np.ndarray,
    override: Override,
) -> pd.DataFrame:
    if column.kind not in _NUMBERS:
        must = f"operation must suit {column.name}, which holds {_holds(column)}"
        dated = column.kind is Kind.DATE or column.refers_to
        action = "Use set, or shift by months." if dated else "Use set."
        raise WrongOverride("operation", must, override.operation, action, "sweep-operation")
    number = _number(override)
    frame = frame.copy()
    cells = frame[column.name].to_numpy(dtype=float, copy=True)
    chosen = _filled(chosen, ~np.isnan(cells), column, "a number", override)
    if override.operation is Operation.ADD:
        cells[chosen] += number
    else:
        cells[chosen] *= number
    # Values that missed a bound by rounding alone are set to it.
    cells[chosen] = _converted(data, sheet, column, frame.index[chosen], cells[chosen].tolist())
    frame[column.name] = cells
    return frame


def _filled(
    chosen: np.ndarray, filled: np.ndarray, column: Column, what: str, override: Override
) -> np.ndarray:
    """Mask of the chosen rows that hold something which an operation can start from."""
    chosen = chosen & filled
    if not chosen.any():
        must = f"{override.operation} must find {what} in {column.name}"
        action = "Use set, which fills blanks."
        raise WrongOverride("rows", must, "blanks alone", action, "sweep-operation")
    return chosen


def _converted(
    data: Dataset, sheet: Sheet, column: Column, rows: pd.Index, values: list[Any]
) -> Any:
    """Changed cells of some rows, as if typed there."""
    converted = convert(values, column, text=False)
    for fault in converted.faults:
        found = f"{fault.found} at {data.cell_name(sheet.name, rows[fault.position], column.name)}"
        action = "Correct the value, or choose other rows."
        raise WrongOverride("values", fault.must, found, action, "sweep-value")
    return converted.values


def _holds(column: Column) -> str:
    return {Kind.TEXT: "text", Kind.DATE: "dates", Kind.FLAG: "yes or no", Kind.CHOICE: "words"}[
        column.kind
    ]


def _number(override: Override) -> float:
    integral = override.operation is Operation.SHIFT
    what = "a number"
    if integral:
        what = f"a whole number of months, at most {_MOST_MONTHS:,} either way,"
    try:
        number = float(override.value)
    except ValueError:
        number = float("nan")
    fits = np.isfinite(number)
    if integral:
        fits = fits and number == int(number) and abs(number) <= _MOST_MONTHS
    if not fits:
        must = f"values must be {what} for {override.operation}"
        action = "Type a plain number, without units or thousands separators."
        raise WrongOverride("values", must, shown(override.value), action, "sweep-value")
    return number


def _shift(
    data: Dataset,
    sheet: Sheet,
    column: Column,
    frame: pd.DataFrame,
    chosen: np.ndarray,
    override: Override,
) -> pd.DataFrame:
    months = int(_number(override))
    if column.kind is Kind.DATE:
        frame = frame.copy()
        dated = frame[column.name].notna().to_numpy()
        chosen = _filled(chosen, dated, column, "a date", override)
        moved = frame.loc[chosen, column.name] + pd.DateOffset(months=months)
        dates = _converted(data, sheet, column, moved.index, moved.tolist())
        frame.loc[chosen, column.name] = dates
        return frame
    calendar = _calendar(data, column)
    if calendar is None:
        must = f"operation shift needs dates or names of rows with a date in {column.name}"
        action = "Use add for a number of months, or set."
        raise WrongOverride("operation", must, override.operation, action, "sweep-operation")
    named = frame[column.name].isin(calendar.index).to_numpy()
    chosen = _filled(chosen, named, column, "a name", override)
    return _shifted_names(sheet, column, frame, chosen, months, calendar)


def _calendar(data: Dataset, column: Column) -> pd.Series | None:
    """Dates by name, in order, of the rows that a column refers to; None where they have none."""
    target, _, name = column.refers_to.partition(".")
    dated = [c.name for c in data.sheets[target].columns if c.kind is Kind.DATE] if target else []
    if len(dated) != 1:
        return None
    return data[target].set_index(name)[dated[0]].sort_values()


def _shifted_names(
    sheet: Sheet,
    column: Column,
    frame: pd.DataFrame,
    chosen: np.ndarray,
    months: int,
    calendar: pd.Series,
) -> pd.DataFrame:
    """Name the first row of the calendar that begins no sooner than the shifted date.

    What falls beyond the last one has left the calendar: the row goes. Where several rows come to
    stand at one place of a sheet whose values carry forward, the last of them holds.
    """
    begins = frame[column.name].map(calendar)
    chosen = chosen & begins.notna().to_numpy()
    moved = begins[chosen] + pd.DateOffset(months=months)
    at = calendar.searchsorted(moved, side="left")
    beyond = at == len(calendar)
    rows = frame.index[chosen]
    if beyond.any() and column.name not in sheet.key:
        raise _beyond(column, f"row {rows[beyond][0]} shifted beyond the last")
    kept: pd.DataFrame = frame.drop(index=rows[beyond])
    others = [name for name in sheet.key if name != column.name]
    if beyond.any():
        gone = frame.loc[rows[beyond], others].merge(kept[others], how="left", indicator=True)
        lost = gone[gone["_merge"] == "left_only"] if others else gone[:0]
        if len(lost) or not len(kept):
            named = ", ".join(map(text_of, lost[others].iloc[0])) if len(lost) else sheet.name
            raise _beyond(column, f"no row of {named} left")
    kept = kept.copy()
    kept.loc[rows[~beyond], column.name] = calendar.index[at[~beyond]]
    if sheet.missing is Missing.CARRY:
        order = begins.loc[rows[~beyond]].sort_values(kind="stable").index
        twice = kept.loc[order].duplicated(list(sheet.key), keep="last")
        kept = kept.drop(index=twice.index[twice])
    return kept


def _beyond(column: Column, found: str) -> WrongOverride:
    must = f"a shift must leave {column.name} within {column.refers_to}"
    action = "Shift by less, or set the values instead."
    return WrongOverride("values", must, found, action, "sweep-value")


_Change = Callable[[Dataset, Sheet, Column, pd.DataFrame, np.ndarray, Override], pd.DataFrame]
_CHANGES: dict[Operation, _Change] = {
    Operation.SET: _set,
    Operation.ADD: _arithmetic,
    Operation.MULTIPLY: _arithmetic,
    Operation.SHIFT: _shift,
}
