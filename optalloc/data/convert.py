"""Cells to typed values, one column at a time, with a fault for each cell that does not fit."""

from __future__ import annotations

import datetime as dt
import math
import re
import reprlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.rounding import exceeds
from optalloc.data.schema import Column, Kind
from optalloc.data.text import text_column
from optalloc.errors import Severity
from optalloc.spreadsheet.visible import invisible, visible

__all__ = ["Converted", "Fault", "convert", "percent", "shown"]

# Beyond these, sums lose the digits that a plan depends on, and solvers take numbers for infinity.
_SMALLEST, _LARGEST = 1e-9, 1e12
_LONGEST = 32_767
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?)?", re.ASCII)
_FLAGS = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that does not fit, by its position in the column; `found` says what it holds."""

    position: int
    must: str
    found: str
    action: str
    code: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True)
class Converted:
    """Values of a column in its type, and the faults met; a faulty cell is NaN or None."""

    values: Any
    faults: list[Fault] = field(default_factory=list)


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 60


def shown(value: object) -> str:
    """Say what a cell holds, as messages do: text in quotes and cut short, dates as written.

    >>> shown("uss"), shown(3.0), shown(None), shown(dt.datetime(2027, 1, 31))
    ("'uss'", '3', 'a blank', '2027-01-31')
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return "a blank"
    if isinstance(value, bool | np.bool_):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return str(value)
    if isinstance(value, float):
        return "a blank" if value != value else f"{value:.12g}"
    return _Short().repr(value)


class _Misfit(Exception):  # noqa: N818  (a signal between two functions here, never seen outside)
    def __init__(self, must: str, action: str, code: str) -> None:
        self.must, self.action, self.code = must, action, code


def convert(
    values: Sequence[object], column: Column, *, text: bool, absent: bool = False
) -> Converted:
    """Convert the cells of one column.

    Parameters
    ----------
    values : sequence
        Cells as read; None for a blank one.
    column : Column
        What they must be.
    text : bool
        Whether every cell comes as text (a CSV), so that text numbers and dates are fine.
    absent : bool
        Whether the whole column is missing, which is a problem of its own.

    Returns
    -------
    Converted
    """
    single = _CONVERTERS[column.kind]
    faults: list[Fault] = []
    out: list[Any] = []
    for position, value in enumerate(values):
        blank = value is None or (isinstance(value, str) and not visible(value))
        if blank:
            out.append(None if column.required else column.blank)
            if column.required and not absent:
                faults.append(
                    Fault(
                        position,
                        f"{column.name} must be filled in",
                        shown(None),
                        f"It holds: {column.meaning}",
                        "blank",
                    )
                )
            continue
        try:
            out.append(single(value, column, text))
        except _Misfit as misfit:
            out.append(None)
            faults.append(Fault(position, misfit.must, shown(value), misfit.action, misfit.code))
        if isinstance(value, str) and column.kind is Kind.TEXT:
            faults += _left_out(position, value, column)
    return Converted(_typed(out, column.kind), faults)


def percent(text: str) -> float:
    """Share as written, with or without a percent sign; NaN where it is no number.

    >>> percent("1%"), percent("1 %"), percent("0.01")
    (0.01, 0.01, 0.01)
    """
    number, sign = text.removesuffix("%").strip(), text.endswith("%")
    try:
        return float(Decimal(number) / 100) if sign else float(number)
    except (ValueError, InvalidOperation):
        return math.nan


def _left_out(position: int, value: str, column: Column) -> list[Fault]:
    """Return a notice where a text is read without what cannot be seen in it."""
    stripped, action = value.strip(), "Remove them to be rid of this notice."
    if column.is_name and visible(value) != stripped:
        must = f"the name is read as {visible(value)!r}, without what cannot be seen"
        action = "Type it again to be rid of this notice."
        found = f"{shown(value)} with {invisible(value)}"
        return [Fault(position, must, found, action, "unseen-characters", Severity.NOTICE)]
    if value != stripped:
        must = "spaces around a name are ignored"
        return [Fault(position, must, shown(value), action, "spaces-trimmed", Severity.NOTICE)]
    return []


def _typed(values: list[Any], kind: Kind) -> Any:
    if kind in (Kind.NUMBER, Kind.INTEGER):
        return np.array([np.nan if v is None else v for v in values], dtype=float)
    if kind is Kind.DATE:
        return np.array(values, dtype="datetime64[s]")
    if kind is Kind.FLAG:
        return np.array([bool(v) for v in values], dtype=bool)
    return text_column(values)


def _number(value: object, column: Column, text: bool) -> float:
    number = _parsed(value, column, text)
    if not math.isfinite(number):
        raise _Misfit(f"{column.name} must be finite", "Give a finite number.", "not-finite")
    number = _without_rounding(number, column)
    low = column.at_least is not None and number < column.at_least
    low = low or (column.above is not None and number <= column.above)
    if low or (column.at_most is not None and number > column.at_most):
        unit = f" {column.unit}" if column.unit else ""
        action = "Correct the number."
        if column.is_share and 1 < number <= 100:
            action = f"Write {number:.12g} percent as {number / 100:.12g} or {number:.12g}%."
        raise _Misfit(
            f"{column.name} must be {column.bounds_in_words}{unit}", action, "out-of-bounds"
        )
    if number and not _SMALLEST <= abs(number) <= _LARGEST:
        raise _Misfit(
            f"{column.name} must be 0 or between 1e-9 and 1e12 in size",
            "Correct the number, or its unit.",
            "not-computable",
        )
    return number + 0.0  # which turns -0.0 into 0.0


def _without_rounding(number: float, column: Column) -> float:
    """Return the bound or integer that a formula such as =0.7+0.2+0.1 missed by rounding."""
    nearby = [bound for bound in (column.at_least, column.at_most) if bound is not None]
    if column.kind is Kind.INTEGER:
        nearby.append(float(round(number)))
    for bound in nearby:
        if not (exceeds(number, bound) or exceeds(bound, number)):
            return bound
    return number


def _parsed(value: object, column: Column, text: bool) -> float:
    must = f"{column.name} must be a number"
    plain = "Type a plain number, without units or thousands separators."
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        action = "Type a number; if one was typed, give the cell a number format."
        raise _Misfit(must, action, "not-a-number")
    # Python would read 1_000, and digits of other scripts.
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        raise _Misfit(must, plain, "not-a-number")
    if isinstance(value, str) and column.is_share and value.strip().endswith("%"):
        number = percent(value.strip())
        if math.isnan(number):
            raise _Misfit(must, "Write a share as 0.08 or 8%.", "not-a-number")
        return number
    try:
        number = float(value)
    except ValueError:
        raise _Misfit(must, plain, "not-a-number") from None
    except OverflowError:
        number = math.inf
    if isinstance(value, str) and not text:
        action = "The cell is stored as text: give it a number format and type the number again."
        raise _Misfit(f"{must}, not text", action, "text-number")
    return number


def _integer(value: object, column: Column, text: bool) -> float:
    number = _number(value, column, text)
    if number != int(number):
        raise _Misfit(f"{column.name} must be a whole number", "Round the number.", "not-whole")
    return number


def _date(value: object, column: Column, text: bool) -> dt.datetime:
    must = f"{column.name} must be a date"
    if isinstance(value, dt.datetime):
        if value.time() != dt.time():
            raise _Misfit(f"{must} without a time of day", "Type the date alone.", "not-a-date")
        when = value.replace(tzinfo=None)
    elif isinstance(value, dt.date):
        when = dt.datetime(value.year, value.month, value.day)
    elif isinstance(value, str) and _ISO_DATE.fullmatch(value.strip()):
        if not text:
            action = "The cell is stored as text: give it a date format and type the date again."
            raise _Misfit(f"{must}, not text", action, "text-date")
        try:
            when = dt.datetime.fromisoformat(value.strip()[:10])
        except ValueError:
            action = "Correct the day or month."
            raise _Misfit(f"{must} that exists", action, "not-a-date") from None
    else:
        action = "Type a date, and give the cell a date format."
        if text:
            action = "Type it as YYYY-MM-DD."
        raise _Misfit(must, action, "not-a-date")
    if not 1900 <= when.year <= 2300:
        action = "Correct the year."
        raise _Misfit(f"{must} of the years 1900 to 2300", action, "not-a-date")
    return when


def _flag(value: object, column: Column, text: bool) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if isinstance(value, float | int) and value in (0, 1):
        word = str(int(value))
    if word not in _FLAGS:
        raise _Misfit(f"{column.name} must be yes or no", "Type yes or no.", "not-yes-or-no")
    return _FLAGS[word]


def _choice(value: object, column: Column, text: bool) -> str:
    by_fold = {**column.synonyms, **{choice.casefold(): choice for choice in column.choices}}
    word = str(value).strip().casefold()
    if isinstance(value, bool):
        word = "yes" if value else "no"
    if word not in by_fold:
        choices = ", ".join(column.choices)
        raise _Misfit(
            f"{column.name} must be one of {choices}", "Choose one of them.", "unknown-choice"
        )
    return by_fold[word]


def _text(value: object, column: Column, text: bool) -> str:
    must = f"{column.name} must be text"
    if isinstance(value, bool) or not isinstance(value, str | int | float | dt.date):
        raise _Misfit(must, "Format the cell as text and type it again.", "not-a-name")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    name = visible(str(value)) if column.is_name else str(value).strip()
    if len(name) > _LONGEST:
        must = f"{must} of at most {_LONGEST:,} characters"
        raise _Misfit(must, "Shorten it; no cell of a workbook holds more.", "not-a-name")
    return name


_CONVERTERS: dict[Kind, Callable[[object, Column, bool], Any]] = {
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.DATE: _date,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.TEXT: _text,
}
