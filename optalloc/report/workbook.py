"""The plan as an Excel workbook: one sheet per table, charts beside the first.

Headers are in row 1, so that a program reads the sheets straight back; the meaning of each column
is a note on its header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import starmap
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

import pandas as pd
from xlsxwriter.utility import xl_range

from optalloc.data.schema import Column, Kind
from optalloc.errors import ModelError, OptallocError
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.tables import MEASURE
from optalloc.report.charts import add_charts
from optalloc.report.sheets import DATE_FORMAT, Book, number_format

__all__ = ["write_plan_workbook"]

_MAX_ROWS, _MAX_COLUMNS = 1_048_576, 16_384
_MAX_WIDTH = 60
_LINE = 16  # points
_BUTTON = 5  # characters that a header needs for the filter's button beside it

_LEFT: dict[str, object] = {"align": "left", "indent": 1, "valign": "top"}
_RIGHT: dict[str, object] = {"align": "right", "valign": "top"}
_HEADER: dict[str, object] = {
    "bold": True,
    "text_wrap": True,
    "font_color": "#FFFFFF",
    "bg_color": "#1F4E79",
}
_FLAGS = {
    "binding": ("yes", {"bg_color": "#FCE4D6", "font_color": "#974706"}),
    "passed": ("no", {"bg_color": "#C00000", "font_color": "#FFFFFF"}),
}


def write_plan_workbook(
    tables: Mapping[str, pd.DataFrame],
    specs: Sequence[TableSpec],
    charts: Sequence[Chart],
    path: str | Path,
) -> None:
    """Write the tables of a plan as a formatted workbook.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Table by name, one row per key.
    specs : sequence of TableSpec
        One per sheet, in order. A spec with ``across`` is laid out wide: its keys and a
        ``measure`` column down the side, the values of ``across`` over the width.
    charts : sequence of Chart
        Drawn to the right of the first sheet's table; one whose table is empty is left out.
    path : str or Path
        The ``.xlsx`` file; it appears whole or not at all.

    Raises
    ------
    ModelError
        If a table or column that is declared is not there, or a wide table repeats a key.
    OptallocError
        If a table is too large for a spreadsheet, or the file cannot be written.
    """
    book = Book()
    sheets, widths = [], []
    for spec in specs:
        if spec.name not in tables:
            raise ModelError(f"{spec.name}: the plan has no such table")
        strips = _lay_out(tables[spec.name], spec, _order(spec.across, specs, tables))
        sheets.append(_write_sheet(book, spec, strips))
        widths.append(len(strips))
    if charts:
        add_charts(book, sheets[0], widths[0] + 1, charts, specs, tables)
    book.save(path)


_Cell = tuple[object, str]  # value and number format
_NO_CELL: _Cell = (None, "General")


@dataclass(frozen=True)
class _Strip:
    """A column of a sheet as laid out."""

    title: str
    note: str
    cells: list[_Cell]

    @cached_property
    def width(self) -> int:
        """Width in characters that shows every value, and the header on up to two lines."""
        parts = [self.title] if len(self.title) <= 16 else self.title.split(" (", 1)
        shown = max(starmap(_shown_length, self.cells), default=0)
        return min(max(max(map(len, parts)) + _BUTTON, shown + 3), _MAX_WIDTH)

    @property
    def numeric(self) -> bool:
        """True if its values are aligned to the right."""
        return any(_is_number(value) for value, _ in self.cells)


def _is_number(value: object) -> TypeGuard[float]:
    return not isinstance(value, bool) and isinstance(value, Real)


def _lines(value: object) -> int:
    """Lines that text takes in the widest column."""
    if not isinstance(value, str) or (len(value) <= _MAX_WIDTH and "\n" not in value):
        return 1
    return sum(1 + len(line) // _MAX_WIDTH for line in value.splitlines())


def _shown_length(value: object, shown_as: str) -> int:
    """Length of a value as shown; of the longest line for text."""
    if value is None:
        return 0
    if _is_number(value):
        decimals = len(shown_as.partition(".")[2].rstrip(" %"))
        scale, tail = (100, 2) if shown_as.endswith("%") else (1, 0)
        return len(f"{scale * value:,.{decimals}f}") + tail
    if isinstance(value, date):
        return len(DATE_FORMAT)
    return max(map(len, str(value).splitlines()), default=0)


def _cells(frame: pd.DataFrame, spec: TableSpec, column: Column) -> list[_Cell]:
    """Values of a column, missing as None, and their number formats.

    A column without a unit of its own takes that of the row where the table has a ``unit`` column.
    """
    if column.name not in frame:
        raise ModelError(f"{spec.name}: the table has no column {column.name!r}")
    series = frame[column.name].astype(object)
    values = series.where(series.notna(), None).tolist()
    by_row = not column.unit and "unit" in frame
    units = frame["unit"].fillna("").astype(str).tolist() if by_row else [column.unit] * len(values)
    cells = []
    for value, unit in zip(values, units, strict=True):
        kind = column.kind
        if isinstance(value, date):
            kind = Kind.DATE
        elif _is_number(value) and kind is not Kind.INTEGER:
            kind = Kind.NUMBER
        cells.append((value, number_format(kind, unit)))
    return cells


def _lay_out(frame: pd.DataFrame, spec: TableSpec, order: Mapping[object, int]) -> list[_Strip]:
    cells = {column.name: _cells(frame, spec, column) for column in spec.columns}
    strips = (
        _wide(cells, spec, order)
        if spec.across
        else [_Strip(c.title, c.meaning, cells[c.name]) for c in spec.columns]
    )
    rows = len(strips[0].cells)
    if rows >= _MAX_ROWS or len(strips) > _MAX_COLUMNS:
        raise OptallocError(
            f"{spec.name}: {rows:,} rows and {len(strips):,} columns do not fit on a spreadsheet "
            f"({_MAX_ROWS - 1:,} rows, {_MAX_COLUMNS:,} columns)."
        )
    return strips


def _order(
    across: str, specs: Sequence[TableSpec], tables: Mapping[str, pd.DataFrame]
) -> dict[object, int]:
    """Order of a spread column's values: as the table that has the most of them meets them."""
    met: list[list[object]] = [
        list(dict.fromkeys(tables[spec.name][across]))
        for spec in specs
        if across and spec.across == across and across in tables.get(spec.name, ())
    ]
    met.sort(key=len)
    return {value: rank for rank, value in enumerate(met[-1] if met else [])}


def _wide(
    cells: Mapping[str, list[_Cell]], spec: TableSpec, order: Mapping[object, int]
) -> list[_Strip]:
    """Keys and measure down the side, the values of ``across`` over the width."""
    by_name = {column.name: column for column in spec.columns}
    spread = [by_name[name] for name in spec.spread]
    keys = [column for column in spec.columns if column.name not in (spec.across, *spec.spread)]
    across = cells[spec.across]
    row_keys = zip(*(cells[key.name] for key in keys), strict=True) if keys else [()] * len(across)
    rows: dict[tuple[_Cell, ...], dict[_Cell, int]] = {}
    for index, (row_key, place) in enumerate(zip(row_keys, across, strict=True)):
        if rows.setdefault(row_key, {}).setdefault(place, index) != index:
            key = ", ".join(str(value) for value, _ in (*row_key, place))
            raise ModelError(f"{spec.name}: the table has two rows for {key}")

    strips = []
    for position, column in enumerate(keys):
        down = [row_key[position] for row_key in rows for _ in spread]
        strips.append(_Strip(column.title, column.meaning, down))
    measures: list[_Cell] = [(column.title, "General") for _ in rows for column in spread]
    meanings = "\n".join(f"{column.name}: {column.meaning}" for column in spread)
    strips.append(_Strip(MEASURE, meanings, measures))
    # A table with few rows may meet the values in another order than the plan's.
    last = len(order)
    for place in sorted(dict.fromkeys(across), key=lambda cell: order.get(cell[0], last)):
        down = [
            cells[column.name][found[place]] if place in found else _NO_CELL
            for found in rows.values()
            for column in spread
        ]
        strips.append(_Strip(_name(place[0]), by_name[spec.across].meaning, down))
    return strips


def _name(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


def _write_sheet(book: Book, spec: TableSpec, strips: Sequence[_Strip]) -> Any:
    frozen = len(spec.columns) - len(spec.spread) if spec.across else 0
    sheet = book.sheet(spec.name, spec.meaning, frozen)
    rows = len(strips[0].cells)
    one_line = all(len(strip.title) + _BUTTON <= strip.width for strip in strips)
    sheet.set_row(0, _LINE if one_line else 2 * _LINE)
    for place, strip in enumerate(strips):
        sheet.set_column(place, place, strip.width)
        aligned = _RIGHT | {"indent": 2} if strip.numeric else _LEFT
        book.put(sheet, 0, place, strip.title, book.style(**_HEADER, **aligned))
        about_sheet = "" if place else f"\n\nSheet {spec.name}: {spec.meaning}"
        book.note(sheet, 0, place, strip.note + about_sheet)
        _write_cells(book, sheet, place, strip)
        if strip.title in _FLAGS and rows:
            word, colours = _FLAGS[strip.title]
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"'}
            shown = book.style(**colours)
            sheet.conditional_format(1, place, rows, place, rule | {"format": shown})
    if spec.shaded:
        _shade(sheet, frozen, len(strips) - 1, range(1, rows + 1, len(spec.spread)))
    for row, values in enumerate(zip(*(strip.cells for strip in strips), strict=True), start=1):
        lines = max(_lines(value) for value, _ in values)
        if lines > 1:
            sheet.set_row(row, lines * _LINE)
    sheet.autofilter(0, 0, rows, len(strips) - 1)
    return sheet


def _shade(sheet: Any, first: int, last: int, rows: range) -> None:
    """Colour cells by their size, all of these rows on one scale."""
    if not rows or last < first:
        return
    cells = " ".join(xl_range(row, first, row, last) for row in rows)
    scale = {"type": "2_color_scale", "min_color": "#F4F6F5", "max_color": "#5F9FC6"}
    sheet.conditional_format(rows[0], first, rows[-1], last, scale | {"multi_range": cells})


def _write_cells(book: Book, sheet: Any, place: int, strip: _Strip) -> None:
    for row, (value, shown_as) in enumerate(strip.cells, start=1):
        number = _is_number(value)
        wraps = not number and (strip.width == _MAX_WIDTH or _lines(value) > 1)
        aligned = _RIGHT if number else _LEFT
        style = book.style(num_format=shown_as, text_wrap=wraps, **aligned)
        book.put(sheet, row, place, value, style)
