"""A table of a plan as its sheet has it, read into a typed frame."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.reader import suggest
from optalloc.data.schema import Column, Kind
from optalloc.data.text import with_text
from optalloc.errors import Problem
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import MEASURE
from optalloc.spreadsheet.sheets import RawSheet, address

__all__ = ["TableSheet", "column_name", "without_rows"]

_FLAGS = {"yes": True, "no": False, True: True, False: False}


def column_name(title: object) -> str:
    """Name of the column that a title of a plan's sheet stands for: the title without its unit.

    >>> column_name("online_mw (MW IT)")
    'online_mw'
    """
    return str(title).partition(" (")[0]


def without_rows(spec: TableSpec) -> pd.DataFrame:
    """The table without rows, of the types in which one with rows is read."""
    spread = {spec.across, *spec.spread} if spec.across else set()
    titles = [column.name for column in spec.columns if column.name not in spread]
    header = tuple(titles + ([MEASURE] if spec.across else []))
    return TableSheet(spec, RawSheet(spec.name, (header,), False), spec.name, 0).frame()


@dataclass(frozen=True)
class _Cell:
    value: object
    row: int = 0
    column: int = 0


@dataclass
class TableSheet:
    """One table as its sheet has it, read into a frame; wrong cells become problems."""

    spec: TableSpec
    raw: RawSheet
    label: str
    position: int
    problems: list[Problem] = field(default_factory=list)

    def frame(self) -> pd.DataFrame:
        """Give the table, long and typed."""
        titles = self._titles()
        wanted = {column.name for column in self.spec.columns}
        if self.spec.across:
            wanted = wanted - {self.spec.across, *self.spec.spread} | {MEASURE}
        lacking = sorted(wanted - titles.keys() - self._may_be_blank)
        if lacking:
            self._add(
                _Cell(None, 1, 1), f"there must be a column {lacking[0]}", "none of that name"
            )
            return pd.DataFrame(columns=[column.name for column in self.spec.columns])
        cells = self._spread(titles) if self.spec.across else self._long(titles)
        typed = {c.name: self._typed(c, cells[c.name]) for c in self.spec.columns}
        return with_text(pd.DataFrame(typed))

    @property
    def _may_be_blank(self) -> set[str]:
        """Columns that an earlier version did not write: a blank in them says nothing."""
        return {column.name for column in self.spec.columns if not column.required}

    def _titles(self) -> dict[str, int]:
        """Place of each declared column, from 0; of two of one name the first."""
        titles: dict[str, int] = {}
        for place, title in enumerate(self.raw.rows[0]):
            if title is not None:
                titles.setdefault(column_name(title), place)
        return titles

    def _records(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        # A row that holds only notes is no record.
        noted = [str(title).startswith("#") for title in self.raw.rows[0]]
        for number, row in enumerate(self.raw.rows[1:], start=2):
            cells = zip(row, noted, strict=True)
            if any(cell is not None and not is_note for cell, is_note in cells):
                yield number, row

    def _long(self, titles: Mapping[str, int]) -> dict[str, list[_Cell]]:
        return {
            column.name: [
                _Cell(row[titles[column.name]], number, titles[column.name] + 1)
                if column.name in titles
                else _Cell(None)
                for number, row in self._records()
            ]
            for column in self.spec.columns
        }

    def _spread(self, titles: Mapping[str, int]) -> dict[str, list[_Cell]]:
        """Columns of the long table: one row for each key and value of ``across`` with a cell."""
        spec = self.spec
        keys = [c.name for c in spec.columns if c.name not in (spec.across, *spec.spread)]
        used = {titles[name] for name in (*keys, MEASURE)}
        header = self.raw.rows[0]
        places = [p for p, t in enumerate(header) if p not in used and t is not None]
        places = [p for p in places if not str(header[p]).startswith("#")]
        found: dict[tuple[object, ...], dict[str, tuple[int, tuple[object, ...]]]] = {}
        for number, row in self._records():
            measure = column_name(row[titles[MEASURE]])
            at = _Cell(row[titles[MEASURE]], number, titles[MEASURE] + 1)
            if measure not in spec.spread:
                guess = suggest(measure, spec.spread)
                must = f"the measure must be one of {', '.join(spec.spread)}"
                self._add(at, must, action=f"Did you mean {guess!r}?" if guess else "")
                continue
            of_key = found.setdefault(tuple(row[titles[name]] for name in keys), {})
            if measure in of_key:
                other = of_key[measure][0]
                self._add(at, f"no two rows may be about the same; row {other} has it already")
            of_key[measure] = (number, row)
        cells: dict[str, list[_Cell]] = {column.name: [] for column in spec.columns}
        for of_key in found.values():
            number, first = next(iter(of_key.values()))
            for place in places:
                if all(row[place] is None for _, row in of_key.values()):
                    continue
                for name in keys:
                    cells[name].append(_Cell(first[titles[name]], number, titles[name] + 1))
                cells[spec.across].append(_Cell(header[place], 1, place + 1))
                for name in spec.spread:
                    there = of_key.get(name)
                    cell = _Cell(there[1][place], there[0], place + 1) if there else _Cell(None)
                    cells[name].append(cell)
        return cells

    def _typed(self, column: Column, cells: Sequence[_Cell]) -> Any:
        if column.kind in (Kind.NUMBER, Kind.INTEGER):
            numbers = np.array([self._number(column, cell) for cell in cells], dtype=float)
            integral = column.kind is Kind.INTEGER and bool(np.isfinite(numbers).all())
            return numbers.astype(np.int64) if integral else numbers
        if column.kind is Kind.FLAG:
            return np.array([self._flag(column, cell) for cell in cells], dtype=bool)
        if column.kind is Kind.DATE:
            return np.array([self._date(column, cell) for cell in cells], dtype="datetime64[s]")
        named = column.name in (*self.spec.key, self.spec.across)
        return [_text(cell.value, named) for cell in cells]

    def _number(self, column: Column, cell: _Cell) -> float:
        value = cell.value
        if value is None:
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            valid = column.kind is not Kind.INTEGER or float(value).is_integer()
            if valid:
                return float(value)
            self._add(cell, f"{column.name} must be a whole number")
        elif value in ("inf", "-inf"):
            return float(str(value))
        else:
            self._add(cell, f"{column.name} must be a number")
        return math.nan

    def _flag(self, column: Column, cell: _Cell) -> bool:
        value = cell.value.strip().casefold() if isinstance(cell.value, str) else cell.value
        if isinstance(value, str | bool) and value in _FLAGS:
            return _FLAGS[value]
        if cell.value is None and not column.required:
            return bool(column.blank)
        self._add(cell, f"{column.name} must be yes or no")
        return False

    def _date(self, column: Column, cell: _Cell) -> dt.datetime | None:
        value = cell.value
        if isinstance(value, str):
            # The values of a spread column are in the header, as text.
            try:
                value = dt.datetime.fromisoformat(value)
            except ValueError:
                value = cell.value
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day)
        if value is not None:
            self._add(cell, f"{column.name} must be a date")
        return None

    def _add(self, cell: _Cell, must: str, found: str = "", *, action: str = "") -> None:
        where = address(cell.row, cell.column) if cell.row else ""
        action = action or "Undo what was changed there, or solve the workbook again."
        order = (self.position, cell.row, cell.column)
        found = found or shown(cell.value)
        self.problems.append(
            Problem(self.label, where, must, found, action, "plan-cell", order=order)
        )


def _text(value: object, named: bool) -> object:
    """A cell of text; a name is text even where a spreadsheet program made a number of it."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value) if named and value is not None else value
