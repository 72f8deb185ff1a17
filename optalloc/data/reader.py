"""One sheet's rows to a typed frame: names matched, cells converted, each fault at its cell."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optalloc.data.convert import convert, shown
from optalloc.data.dataset import WHOLE, SheetPlace
from optalloc.data.schema import Column, Sheet
from optalloc.data.text import TEXT
from optalloc.errors import Problem, Severity
from optalloc.spreadsheet.sheets import RawSheet, address

__all__ = ["Found", "SheetReader", "fold", "rename", "spelling", "suggest"]


def suggest(name: str, known: Iterable[str]) -> str:
    """Give the closest known name; empty if none is close."""
    by_fold = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.strip().casefold()[:100], by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


def fold(name: str) -> str:
    """Give a name without regard to case and spaces."""
    return " ".join(name.split()).casefold()


@dataclass(frozen=True)
class Found:
    """A declared sheet as found in the workbook; without rows where it cannot be read."""

    raw: RawSheet | None
    position: int


def rename(guess: str) -> str:
    """Say what to do about a name that nothing declares."""
    if guess:
        return f"Did you mean {guess!r}? If it is a note of yours, start its name with '#'."
    return "Rename it, or start its name with '#' to keep it as a note."


def spelling(
    sheet: str, cell: str, found: str, target: str, order: tuple[int, int, int]
) -> Problem:
    """Notice that a name is read in spite of its case or spaces."""
    return Problem(
        sheet,
        cell,
        f"the name is read as {target!r}",
        shown(found),
        f"Spell it {target!r} to be rid of this notice.",
        "header-spelling",
        Severity.NOTICE,
        order,
    )


def _spaced(title: str) -> str:
    """Give a title on one line, with a space before what stands in brackets."""
    return " ".join(title.replace("(", " (").split())


def _fold_title(title: str) -> str:
    return fold(_spaced(title))


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


class SheetReader:
    """Reads one sheet into a typed frame, gathering problems on the way.

    Attributes
    ----------
    problems : list of Problem
    unread : set of (int, str)
        Number of the record's row, and column, of each cell that could not be read.
    lost : set of str
        Columns whose name is missing, misspelt or doubled; ``WHOLE`` for all of them.
    torn : bool
        Whether rows or columns are absent by mistake.
    """

    def __init__(
        self, sheet: Sheet, found: Found, *, text: bool, odd: set[tuple[int, int, int]]
    ) -> None:
        self.sheet = sheet
        self.position = found.position
        self.text = text
        self.odd = odd
        self.present = found.raw is not None
        self.rows: Sequence[tuple[object, ...]] = found.raw.rows if found.raw else ()
        self.name = found.raw.name if found.raw else sheet.name
        self.reach = found.raw.reach if found.raw else (0, 0)
        # A name may stand with its unit, as the template writes it.
        self._readings = {
            _fold_title(title): c.name for c in sheet.columns for title in (c.title, c.name)
        }
        self.labels = found.raw.labels if found.raw else None
        self.problems: list[Problem] = []
        self.unread: set[tuple[int, str]] = set()
        self.lost: set[str] = set()
        self.torn = False

    def read(self) -> tuple[pd.DataFrame, SheetPlace]:
        """Give the typed frame and where its cells lie."""
        columns, records, numbers = self._transposed() if self.sheet.vertical else self._table()
        if self.present and self.sheet.required and not records and not self.torn:
            must = "the sheet must have at least one row"
            action = f"Fill in the sheet: {self.sheet.meaning}"
            self._add(1, 1, must, "none", action, "empty-sheet")
            self._tear()
        if self.sheet.required and self.sheet.vertical and not records:
            # Whoever asks for the one record gets it, with nothing known of it.
            records, numbers = [()], [2]
        place = SheetPlace(
            self.position, columns, self.sheet.vertical, self.name, self.reach, self.labels
        )
        if not records:
            return without_rows(self.sheet).copy(deep=False), place
        converted = {
            column.name: self._convert(column, columns, records, numbers, place)
            for column in self.sheet.columns
        }
        return _framed(converted, numbers), place

    def _tear(self) -> None:
        self.torn = True
        self.lost.add(WHOLE)

    def _table(self) -> tuple[dict[str, int], list[tuple[object, ...]], list[int]]:
        """Give column numbers by name, the records, and each record's row number."""
        header = self.rows[0] if self.rows else ()
        titles = {
            j: str(title).strip() for j, title in enumerate(header, start=1) if not _is_blank(title)
        }
        columns = self._match(titles, along="column")
        if not columns:
            return {}, [], []
        self._refuse_untitled(titles)
        # A row that holds only notes is no record.
        read = [j - 1 for j in columns.values()]
        records = [
            (number, row)
            for number, row in enumerate(self.rows[1:], start=2)
            if not all(_is_blank(row[j]) for j in read)
        ]
        return columns, [row for _, row in records], [number for number, _ in records]

    def _transposed(self) -> tuple[dict[str, int], list[tuple[object, ...]], list[int]]:
        """Give the one record of a sheet that runs downwards: names in A, values in B."""
        titles = {
            i: str(row[0]).strip()
            for i, row in enumerate(self.rows, start=1)
            if row and not _is_blank(row[0])
        }
        # Row 1 says "setting, value"; unless it holds a setting already, perhaps misspelt.
        if _fold_title(titles.get(1, "")) not in self._readings and self._is_headed():
            titles.pop(1, None)
        if not titles and not self.sheet.required and not self._values_below():
            return {}, [], []
        columns = self._match(titles, along="row")
        if not columns:
            return {}, [], []
        for i, row in enumerate(self.rows[1:], start=2):
            if i not in titles and not all(_is_blank(value) for value in row[:2]):
                must, action = "a value must have a name in column A", "Name it, or empty the row."
                self._add(i, 1, must, "a blank", action, "no-header")
        heads = {j: str(t).strip() for j, t in enumerate(self.rows[0], start=1) if not _is_blank(t)}
        for j, title in heads.items():
            if j > 2 and not title.startswith("#"):
                must = "a settings sheet must have two columns, names and values"
                self._add(1, j, must, shown(title), rename(""), "unknown-column")
        self._refuse_untitled({1: "", 2: ""} | heads)
        record: list[object] = [None] * max(columns.values())
        for i in columns.values():
            record[i - 1] = self.rows[i - 1][1] if len(self.rows[i - 1]) > 1 else None
        # Names without a value are as good as none, unless the sheet must be filled in.
        if not self.sheet.required and all(map(_is_blank, record)):
            return columns, [], []
        return columns, [tuple(record)], [2]

    def _is_headed(self) -> bool:
        """Return True if row 1 of a sheet that runs downwards reads like titles of its columns."""
        name, value = (*self.rows[0], None, None)[:2] if self.rows else (None, None)
        return (
            _is_blank(value)
            or fold(str(value)) == "value"
            or fold(str(name)) in {"setting", "name"}
        )

    def _values_below(self) -> bool:
        return any(not _is_blank(cell) for row in self.rows[1:] for cell in row)

    def _match(self, titles: Mapping[int, str], *, along: str) -> dict[str, int]:
        """Give the place of each declared name, across row 1 or down column A."""

        def cell(place: int) -> tuple[int, int]:
            return (1, place) if along == "column" else (place, 1)

        names = {p: t for p, t in titles.items() if not t.startswith("#")}
        read_as = {p: self._readings.get(_fold_title(name)) for p, name in names.items()}
        found = set(read_as.values()) - {None}
        if self._unread_titles(along):
            self._tear()
        elif self.rows and not found:
            self._refuse_all(along)
            return {}
        absent = [name for name in self.sheet.by_name if name not in found]
        columns: dict[str, int] = {}
        for at, name in names.items():
            target = read_as[at]
            if target is None and (column := self._of_another_unit(name)) is not None:
                must = f"the unit of {column.name} must be {column.unit}"
                action = f"Write {column.title!r} or {column.name!r}, with values in that unit."
                self._add(*cell(at), must, shown(name), action, "header-unit")
                if column.name in absent:
                    self._lose(column.name, absent)
            elif target is None:
                guess = suggest(name, absent)
                must = f"a {along} must be one that the model reads"
                self._add(*cell(at), must, shown(name), rename(guess), "unknown-column")
                if guess:
                    self._lose(guess, absent)
            elif target in columns:
                must, action = f"there must be one {along} {target}", "Remove one of the two."
                self._add(*cell(at), must, "a second one", action, "duplicate-column")
                self.lost.add(target)
            else:
                columns[target] = at
                if _spaced(name) not in (target, self.sheet.by_name[target].title):
                    order = (self.position, *cell(at))
                    where = self._named(*cell(at))
                    self.problems.append(spelling(self.name, where, name, target, order))
        for missing in (self.sheet.by_name[name] for name in absent if self.rows):
            if missing.required and WHOLE not in self.lost:
                must = f"there must be a {along} {missing.name}"
                action = f"Add it; it holds: {missing.meaning}"
                self._add(1, 1, must, "none of that name", action, "missing-column")
                self.lost.add(missing.name)
                self.torn = True
        return columns

    def _of_another_unit(self, name: str) -> Column | None:
        """Return the column of a name in front of brackets that do not hold its unit."""
        own, bracket, _ = name.partition("(")
        column = self.sheet.by_name.get(self._readings.get(_fold_title(own), ""))
        return column if bracket and column is not None and column.unit else None

    def _unread_titles(self, along: str) -> bool:
        """Return True if a cell that must hold a name could not be read."""
        places = (o[1:] for o in self.odd if o[0] == self.position)
        return any((r if along == "column" else c) == 1 for r, c in places)

    def _lose(self, guess: str, absent: list[str]) -> None:
        """Note that a declared name is there, but misspelt."""
        absent.remove(guess)
        self.lost.add(guess)
        self.torn = True

    def _refuse_all(self, along: str) -> None:
        where = "row 1" if along == "column" else "column A"
        required = [column.name for column in self.sheet.columns if column.required]
        named = ", ".join(required or [column.name for column in self.sheet.columns][:5])
        first = self.rows[0][0] if self.rows[0] else None
        must = f"{where} must hold the {along} names, such as {named}"
        action = "Move or type them there; what stands elsewhere is not read."
        self._add(1, 1, must, shown(first), action, "missing-column")
        self._tear()

    def _refuse_untitled(self, titles: Mapping[int, str]) -> None:
        """Report the first cell of each column that has no name."""
        if WHOLE in self.lost:
            return
        width = max(map(len, self.rows), default=0)
        # Of a CSV's row that is longer than the header, reading has said so already.
        ragged = [c for p, _, c in self.odd if p == self.position and self.text]
        for j in range(1, min([width + 1, *ragged])):
            if j in titles:
                continue
            for i, row in enumerate(self.rows[1:], start=2):
                if j <= len(row) and not _is_blank(row[j - 1]):
                    must = "a cell must have a column name above it in row 1"
                    action = "Name the column, or empty the cell."
                    self._add(i, j, must, shown(row[j - 1]), action, "no-header")
                    break

    def _convert(
        self,
        column: Column,
        columns: dict[str, int],
        records: list[tuple[object, ...]],
        numbers: list[int],
        place: SheetPlace,
    ) -> Any:
        j = columns.get(column.name)
        # A missing required column is one problem of its own, not one for every row.
        values = [None] * len(records) if j is None else [row[j - 1] for row in records]
        converted = convert(values, column, text=self.text, absent=j is None)
        for fault in converted.faults:
            r, c = place.cell(numbers[fault.position], column.name)
            self._add(r, c, fault.must, fault.found, fault.action, fault.code, fault.severity)
            if fault.severity is Severity.ERROR:
                self.unread.add((numbers[fault.position], column.name))
        for number in numbers if j is not None else ():
            place_in_file = (self.position, *place.cell(number, column.name))
            if place_in_file in self.odd:
                self.unread.add((number, column.name))
        return converted.values

    def _add(
        self,
        row: int,
        column: int,
        must: str,
        found: str,
        action: str,
        code: str,
        severity: Severity = Severity.ERROR,
    ) -> None:
        order = (self.position, row, column)
        # A cell that could not be read at all says no more.
        if order not in self.odd:
            self.problems.append(
                Problem(
                    *(self.name, self._named(row, column), must, found, action, code, severity),
                    order,
                )
            )

    def _named(self, row: int, column: int) -> str:
        """Name of a cell in messages."""
        return address(row, column) if self.labels is None else self.labels.cell(row, column)


@functools.lru_cache(maxsize=256)
def without_rows(sheet: Sheet) -> pd.DataFrame:
    """Give the typed frame of a sheet that has no rows; most sheets of most workbooks have none."""
    return _framed(
        {column.name: convert([], column, text=False).values for column in sheet.columns}, []
    )


def _framed(columns: Mapping[str, Any], numbers: list[int]) -> pd.DataFrame:
    """Columns as a frame, by row number."""
    frame = pd.DataFrame(dict(columns))
    frame.index = pd.Index(numbers, dtype="int64")
    frame.columns = pd.Index(list(columns), dtype=TEXT)
    return frame
