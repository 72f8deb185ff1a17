"""Cells that a document says to type into a workbook, typed by openpyxl."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

import optalloc

__all__ = ["typed"]


def typed(path: Path, sheet: str, table: str) -> None:
    """Type the rows of a Markdown table into a sheet of a workbook.

    A row whose key stands on the sheet changes its cells; another is added below.
    """
    titles, _, *rows = [
        [cell.strip().strip("`") for cell in line.strip("|\n").split("|")]
        for line in table.splitlines()
    ]
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    columns = {str(cell.value).split("\n")[0]: cell.column for cell in page[1] if cell.value}
    assert set(titles) <= set(columns), f"{sheet} has no column {set(titles) - set(columns)}"
    key = _key(sheet)
    for row in rows:
        cells = dict(zip(titles, row, strict=True))
        at = _row(page, {columns[name]: cells[name] for name in key if name in cells})
        for name, text in cells.items():
            page.cell(at, columns[name]).value = _value(text)
    book.save(path)


def _key(sheet: str) -> tuple[str, ...]:
    """Columns by which a row of a sheet is found; none where rows are only added."""
    found = optalloc.load_model().sheets.get(sheet)
    if found is None:
        return ()
    return ("setting",) if found.vertical else tuple(found.key)


def _row(page: Worksheet, key: dict[int, str]) -> int:
    """Number of the row with a key, or of the first one that is free."""
    for at in range(2, page.max_row + 1):
        cells = {column: page.cell(at, column).value for column in key}
        if key and {column: str(value) for column, value in cells.items()} == key:
            return at
        if all(cell.value is None for cell in page[at]):
            return at
    return page.max_row + 1


def _value(text: str) -> object:
    """What a spreadsheet program makes of a text that is typed."""
    if re.fullmatch(r"-?[\d.]+", text):
        return float(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.datetime.fromisoformat(text)
    return text or None
