"""Totals rows: those that a table of a workbook marks as such, and rows that look like one.

A row that a table marks is left out, with a notice; one that only looks like it is read, with a
notice, since it may be a record of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from optalloc.errors import Problem
from optalloc.spreadsheet.faults import problem_at
from optalloc.spreadsheet.package import Package, SheetPart, elements
from optalloc.spreadsheet.sheets import Rows, address, place

__all__ = ["Area", "adds_up", "marked_totals", "suspected_totals", "totals_left_out", "without"]

# In the languages in which spreadsheet programs write such a label by themselves.
_LABELS = frozenset(
    {
        *("total", "totals", "grand total", "subtotal", "sub-total", "sum", "summe", "gesamt"),
        *("gesamtsumme", "ergebnis", "zwischensumme", "somme", "totale", "totaal", "totalt"),
        *("suma", "soma", "summa", "合計", "総計", "小計", "总计", "合计", "小计", "合計"),
    }
)
_SUBTOTAL = re.compile(r"\s*=?\s*(?:SUBTOTAL|AGGREGATE)\s*\(", re.IGNORECASE)
_SUM = re.compile(
    r"\s*=?\s*SUM\s*\(\s*\$?([A-Z]{1,3})\$?(\d+)\s*:\s*\$?([A-Z]{1,3})\$?(\d+)\s*\)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Area:
    """A rectangle of cells, rows and columns counted from 1, both ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, cell: tuple[int, int]) -> bool:
        return self.top <= cell[0] <= self.bottom and self.left <= cell[1] <= self.right


def marked_totals(package: Package, sheet: SheetPart) -> list[Area]:
    """Return the totals rows of a sheet's tables, each as wide as its table."""
    areas = []
    for kind, part in package.related(sheet.part).values():
        if kind != "table" or part not in package:
            continue
        at = next((at for tag, at in elements(package.read(part)) if tag == "table"), {})
        count = int(at.get("totalsRowCount", "0"))
        if count < 1:
            continue
        start, _, end = at["ref"].partition(":")
        (first, left), (last, right) = place(start), place(end or start)
        areas.append(Area(max(first, last - count + 1), left, last, right))
    return areas


def without(rows: Rows, areas: Sequence[Area]) -> Rows:
    """Return rows with the cells of some areas blank; no row moves or is dropped."""
    changed = list(rows)
    for area in areas:
        for number in range(area.top, min(area.bottom, len(rows)) + 1):
            row = changed[number - 1]
            left, right = area.left - 1, min(area.right, len(row))
            changed[number - 1] = (*row[:left], *[None] * max(right - left, 0), *row[right:])
    return tuple(changed)


def totals_left_out(
    sheet: str, position: int, rows: Rows, areas: Iterable[Area]
) -> Iterator[Problem]:
    """Yield a notice for each totals row with content, which is left out."""
    for area in areas:
        for number in range(area.top, min(area.bottom, len(rows)) + 1):
            cells = rows[number - 1][area.left - 1 : area.right]
            filled = [cell for cell in cells if cell is not None]
            if filled:
                order = (position, number, area.left)
                found = f"the totals row of {address(area.top, area.left)}:"
                found += f"{address(area.bottom, area.right)}, which begins with {filled[0]!r:.40}"
                yield problem_at("totals-row", sheet, order, found)


def adds_up(formula: str, row: int, column: int) -> bool:
    """Return whether a formula in a cell adds up the cells above it, as a totals row does."""
    if _SUBTOTAL.match(formula):
        return True
    found = _SUM.fullmatch(formula)
    if not found or len(found[2]) > 7 or len(found[4]) > 7:
        return False
    own = address(1, column)[:-1]
    last = max(int(found[2]), int(found[4]))
    return found[1].upper() == found[3].upper() == own and last < row


def suspected_totals(
    sheet: str, position: int, rows: Rows, formulas: Iterable[tuple[int, int]] = ()
) -> Iterator[Problem]:
    """Yield a notice for each row that looks like a totals row though no table marks it as one.

    Parameters
    ----------
    sheet : str
    position : int
        Of the sheet in its file.
    rows : Rows
        Without the totals rows that tables mark.
    formulas : iterable of (int, int)
        Row and column of each formula that adds up the cells above it.
    """
    by_row: dict[int, int] = {}
    for row, column in formulas:
        by_row.setdefault(row, column)
    for number, cells in enumerate(rows, start=1):
        filled = [(j, cell) for j, cell in enumerate(cells, start=1) if cell is not None]
        # A row of one cell is a note or a setting; a first record has no rows to total.
        if number < 3 or len(filled) < 2:
            continue
        column, label = filled[0]
        text = " ".join(label.split()).rstrip(" :").casefold() if isinstance(label, str) else ""
        if text in _LABELS or number in by_row:
            at = column if text in _LABELS else by_row[number]
            yield problem_at("like-totals-row", sheet, (position, number, at), f"{label!r:.40}")
