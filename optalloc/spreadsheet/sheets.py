"""Sheets of an input as plain rows, and the addresses of their cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optalloc.errors import Problem

__all__ = ["Labels", "RawSheet", "Rows", "Workbook", "address", "place", "trimmed", "within_sheet"]

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")

Rows = tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Labels:
    """Names of the columns and labels of the rows of a sheet that comes from a frame."""

    columns: tuple[str, ...]
    rows: tuple[object, ...]

    def row(self, number: int) -> str:
        """Label of a row by its number, the names of columns being row 1.

        >>> Labels(("site",), ("north", 7)).row(2)
        "'north'"
        """
        at = number - 2
        return repr(self.rows[at]) if 0 <= at < len(self.rows) else f"below {len(self.rows)} rows"

    def cell(self, row: int, column: int) -> str:
        """Name of a cell: its column, and the label of its row.

        >>> labels = Labels(("site", "limit_mw"), ("north", 7))
        >>> labels.cell(3, 2), labels.cell(1, 2)
        ('limit_mw[7]', 'limit_mw')
        """
        known = 0 < column <= len(self.columns) and self.columns[column - 1]
        name = known or f"column {column}"
        return name if row < 2 else f"{name}[{self.row(row)}]"


@dataclass(frozen=True)
class RawSheet:
    """One sheet as it is in the file.

    Parameters
    ----------
    name : str
        Name of the sheet, or the CSV's file name without ``.csv``.
    rows : tuple of tuple
        Row i, column j holds the cell at row i + 1, column j + 1, from A1 on. Blank cells and
        error values are None, and so are those of a totals row that a table marks. Rows have equal
        width; empty rows at the end are dropped, but for such totals rows.
    hidden : bool
        True if the sheet is hidden from the planner.
    position : int
        Place in the file, counted from 1, sheets without cells included; 0 where it is the place in
        the workbook's `sheets`.
    reach : tuple of int
        Last row and last column with any content, also a formula without a value or a merged
        range; at least those of the rows.
    labels : Labels, optional
        How messages name its cells, where it comes from a frame.
    """

    name: str
    rows: Rows
    hidden: bool
    position: int = 0
    reach: tuple[int, int] = (0, 0)
    labels: Labels | None = None

    def __post_init__(self) -> None:
        rows, columns = self.reach
        width = max(map(len, self.rows), default=0)
        object.__setattr__(self, "reach", (max(rows, len(self.rows)), max(columns, width)))


@dataclass(frozen=True)
class Workbook:
    """All sheets of one input, in file order, and problems of their structure.

    Parameters
    ----------
    source : Path
        The workbook or folder that was read; ``frames`` for frames.
    sheets : mapping of str to RawSheet
        Sheets by name.
    problems : tuple of Problem
        Errors and notices, sorted by ``order``: (sheet, row, column), each counted from 1, and 0
        where it is the whole.
    text_cells : bool
        True for CSVs, where every cell is text, and for frames, where any may be.
    digest : str
        SHA-256 of the file's bytes, of names and bytes of the folder's CSVs, or of names and cells
        of frames: it compares files, not their meaning.
    notes : tuple of str
        Names of the text files of a folder, which are not read.
    """

    source: Path
    sheets: Mapping[str, RawSheet]
    problems: tuple[Problem, ...]
    text_cells: bool
    digest: str
    notes: tuple[str, ...] = ()


def address(row: int, column: int) -> str:
    """Spreadsheet address of a cell, both numbers counted from 1.

    >>> address(7, 3), address(1, 16384)
    ('C7', 'XFD1')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def place(cell: str) -> tuple[int, int]:
    """Row and column of a spreadsheet address, both counted from 1.

    Raises
    ------
    ValueError
        If no cell of an Excel sheet has that address.

    Examples
    --------
    >>> place("C7")
    (7, 3)
    """
    match = _CELL.fullmatch(cell)
    if not match:
        raise ValueError(f"{cell[:20]!r} is not the address of a cell")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return within_sheet(int(match[2]), column)


def within_sheet(row: int, column: int) -> tuple[int, int]:
    """Row and column, refused with a ValueError if no Excel sheet has them."""
    if not (0 < row <= LAST_ROW and 0 < column <= LAST_COLUMN):
        raise ValueError(f"row {row}, column {column} lies outside a sheet")
    return row, column


def trimmed(rows: Sequence[tuple[object, ...]]) -> Rows:
    """Rows without the empty ones at the end."""
    end = len(rows)
    while end and all(cell is None for cell in rows[end - 1]):
        end -= 1
    return tuple(rows[:end])
