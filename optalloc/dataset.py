"""A validated workbook: typed, keyed and frozen, and still knowing the address of every cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pandas as pd

from optalloc.errors import Problem, Severity
from optalloc.schema import Sheet
from optalloc.workbook import address

__all__ = ["Dataset", "SheetPlace"]


@dataclass(frozen=True)
class SheetPlace:
    """Where a sheet's cells lie in the file: its position, and the row or column of each name."""

    position: int
    columns: Mapping[str, int]
    vertical: bool = False

    def cell(self, row: int, column: str) -> tuple[int, int]:
        """Row and column number, both from 1, of a record's cell; the header where it has none."""
        if self.vertical:
            return self.columns.get(column, 1), 2 if column in self.columns else 1
        return row, self.columns.get(column, 1)


@dataclass(frozen=True)
class Dataset:
    """Typed tables of every declared sheet.

    ``data["Sites"]`` is a frame with one row per spreadsheet row, indexed by the spreadsheet's own
    row number; a sheet that is absent is an empty frame with the declared columns. Numbers are
    float64 (NaN where a blank has a meaning of its own), dates datetime64, flags bool, names text.
    """

    frames: Mapping[str, pd.DataFrame]
    sheets: Mapping[str, Sheet]
    places: Mapping[str, SheetPlace] = field(default_factory=dict)
    digest: str = ""

    def __getitem__(self, sheet: str) -> pd.DataFrame:
        # A shallow copy: under copy-on-write no caller can change the dataset.
        return self.frames[sheet].copy(deep=False)

    def one(self, sheet: str) -> Any:
        """Give the single record of a vertical sheet, its columns as attributes."""
        return SimpleNamespace(**self.frames[sheet].iloc[0].to_dict())

    def records(self) -> dict[str, list[dict[str, object]]]:
        """Give every sheet's rows as plain values, blanks as None."""
        return {
            name: [
                {column: _plain(value) for column, value in row.items()}
                for row in frame.to_dict("records")
            ]
            for name, frame in self.frames.items()
        }

    def problem(
        self,
        sheet: str,
        row: object,
        column: str,
        must: str,
        action: str,
        code: str,
        *,
        found: object = None,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """Make a Problem addressed to a cell of a record.

        Parameters
        ----------
        sheet, column : str
            Declared names.
        row : int or None
            Index label of the record in ``data[sheet]``; None for the sheet as a whole.
        must, action, code : str
            As in `Problem`.
        found : object, optional
            What to say was found; the cell's value by default.
        """
        place = self.places.get(sheet, SheetPlace(position=10_000, columns={}))
        if row is None:
            return Problem(
                sheet, "", must, _shown(found), action, code, severity, (place.position, 0, 0)
            )
        number = int(str(row))
        r, c = place.cell(number, column)
        if found is None and column in self.frames[sheet]:
            found = self.frames[sheet].at[number, column]
        order = (place.position, r, c)
        return Problem(sheet, address(r, c), must, _shown(found), action, code, severity, order)


def _plain(value: object) -> object:
    if value is None or value is pd.NaT or value != value:
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _shown(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    return repr(value) if isinstance(value, str) else str(value)
