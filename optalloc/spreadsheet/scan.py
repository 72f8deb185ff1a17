"""Scan of the XML of a sheet for reach, formulas, and hidden rows and columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from optalloc.errors import Problem
from optalloc.spreadsheet.faults import problem_at
from optalloc.spreadsheet.package import SheetPart, local_name, parse
from optalloc.spreadsheet.sheets import address, place, within_sheet
from optalloc.spreadsheet.totals import Area, adds_up

__all__ = ["Scan", "oddities", "string_lengths"]

MOST_ODDITIES = 100_000

_Runs = list[tuple[int, int]]


class Scan:
    """One pass over a sheet part: its reach and its oddities.

    Its reach must never be less than calamine's, so like calamine it ignores prefixes, and it
    refuses cells that calamine would place elsewhere.

    Parameters
    ----------
    part : bytes
        XML of the sheet.
    strings : sequence of int
        Length of each shared string.
    recalculates : bool
        True if the workbook is to be calculated on opening.

    Attributes
    ----------
    last_row, last_column : int
        Last row and column with a value; 0 without any.
    text_length : int
        Characters of the shared strings that its cells point to.
    oddities : int
        Number of oddities; those past `MOST_ODDITIES` are counted but not kept.
    odd_cells : list of tuple
        Code, row, column and what was found.
    merged : list of tuple
        Row and column of the first cell of each merged range.
    reach : tuple of int
        Last row and column of anything: a value, a formula, a merged range.
    hidden_rows, hidden_columns : list of tuple
        First and last of each run.
    sums : list of tuple
        Row and column of each formula that adds up the cells above it.

    Raises
    ------
    ValueError
        If the part is not as spreadsheet programs write it.
    """

    def __init__(self, part: bytes, strings: Sequence[int], recalculates: bool) -> None:
        self.last_row = self.last_column = self.text_length = self.oddities = 0
        self.reach = (0, 0)
        self.odd_cells: list[tuple[str, int, int, str]] = []
        self.merged: _Runs = []
        self.hidden_rows: _Runs = []
        self.hidden_columns: _Runs = []
        self.sums: _Runs = []
        self._strings = strings
        self._recalculates = recalculates
        self._row = self._column = 0
        self._open: set[str] = set()
        self._kind: str | None = None
        self._formula = self._filled = self._in_value = self._in_formula = False
        self._text = self._written = ""
        parse(part, self._start, self._end, self._characters)

    def _start(self, tag: str, at: dict[str, str]) -> None:
        match local_name(tag):
            case "c":
                self._open_one("c")
                if cell := at.get("r"):
                    self._row, self._column = place(cell)
                else:
                    self._row, self._column = within_sheet(self._row, self._column + 1)
                self._kind = at.get("t")
                self._formula = self._filled = False
                self._text = self._written = ""
            case "v" | "is":
                self._filled = self._in_value = True
                self.last_row = max(self.last_row, self._row)
                self.last_column = max(self.last_column, self._column)
                self._reach(self._row, self._column)
            case "f":
                self._formula = self._in_formula = True
                self._reach(self._row, self._column)
            case "row":
                self._open_one("row")
                self._row, _ = within_sheet(int(at.get("r", self._row + 1)), 1)
                self._column = 0
                if at.get("hidden") in ("1", "true"):
                    self._hide(self.hidden_rows, self._row, self._row)
            case "col" if at.get("hidden") in ("1", "true"):
                _, first = within_sheet(1, int(at["min"]))
                self._hide(self.hidden_columns, first, max(first, int(at["max"])))
            case "mergeCell":
                corner, _, opposite = at["ref"].partition(":")
                self._keep(self.merged, place(corner))
                self._reach(*place(opposite or corner))

    def _reach(self, row: int, column: int) -> None:
        self.reach = (max(self.reach[0], row), max(self.reach[1], column))

    def _open_one(self, tag: str) -> None:
        if tag in self._open:
            raise ValueError(f"<{tag}> within <{tag}>")
        self._open.add(tag)

    def _characters(self, text: str) -> None:
        if self._in_value:
            self._text += text
        elif self._in_formula:
            self._written += text

    def _end(self, tag: str) -> None:
        match local_name(tag):
            case "v" | "is":
                self._in_value = False
            case "f":
                self._in_formula = False
            case "row":
                self._open.discard("row")
            case "c":
                self._open.discard("c")
                if self._written and adds_up(self._written, self._row, self._column):
                    self._keep(self.sums, (self._row, self._column))
                if self._kind == "e":
                    self._note("error-value", self._text)
                elif self._formula and not self._calculated():
                    self._note("formula-without-value", "none")
                elif self._kind == "s" and self._text:
                    self.text_length += self._strings[int(self._text)]

    def _calculated(self) -> bool:
        """True if the formula's value was ever calculated.

        An empty text is a value. A 0 is none in a workbook that is to be calculated on opening:
        libraries that write formulas without calculating them put 0 there.
        """
        if self._kind == "str":
            return self._filled
        return bool(self._text) and not (self._recalculates and self._text == "0")

    def _note(self, code: str, found: str) -> None:
        self._keep(self.odd_cells, (code, self._row, self._column, found))

    def _hide(self, runs: _Runs, first: int, last: int) -> None:
        if runs and runs[-1][1] == first - 1:
            runs[-1] = (runs[-1][0], last)
        else:
            self._keep(runs, (first, last))

    def _keep(self, oddities: list[Any], oddity: tuple[Any, ...]) -> None:
        self.oddities += 1
        if self.oddities <= MOST_ODDITIES:
            oddities.append(oddity)


def string_lengths(strings: bytes) -> list[int]:
    """Length of each shared string, in order."""
    lengths = [0]

    def start(tag: str, _: dict[str, str]) -> None:
        if local_name(tag) == "si":
            lengths.append(0)

    def text(characters: str) -> None:
        lengths[-1] += len(characters)

    parse(strings, start, text=text)
    return lengths[1:]


def oddities(
    sheet: SheetPart, position: int, scan: Scan | None, left_out: Sequence[Area] = ()
) -> Iterator[Problem]:
    """Problems of the sheet at a position; without a scan, that it has no cells.

    Cells in the areas that are left out give none.
    """
    if scan is None:
        yield problem_at("not-read", sheet.name, (position, 0, 0), "a chart or macro sheet")
        return
    if sheet.hidden:
        yield problem_at("hidden", sheet.name, (position, 0, 0), "a hidden sheet")
    for first, last in scan.hidden_rows:
        if first <= scan.last_row:
            found = f"rows {first} to {last}" if first < last else f"row {first}"
            yield problem_at("hidden", sheet.name, (position, first, 1), found)
    for first, last in scan.hidden_columns:
        if first <= scan.last_column:
            last = min(last, scan.last_column)
            left, right = address(1, first)[:-1], address(1, last)[:-1]
            found = f"columns {left} to {right}" if first < last else f"column {left}"
            yield problem_at("hidden", sheet.name, (position, 1, first), found)
    for row, column in scan.merged:
        if row <= scan.last_row and column <= scan.last_column:
            yield problem_at("merged-cells", sheet.name, (position, row, column))
    for code, row, column, found in scan.odd_cells:
        if any((row, column) in area for area in left_out):
            continue
        yield problem_at(code, sheet.name, (position, row, column), found)
