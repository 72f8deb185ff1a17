"""The plan as an Excel workbook: one sheet per table, charts beside the first.

Headers stand in row 1, so that a program reads the sheets straight back; what each column means
is a note on its header.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from io import BytesIO
from itertools import cycle, starmap
from math import isfinite, isnan
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
import xlsxwriter

from optalloc.atomic import replacing
from optalloc.errors import ModelError, OptallocError
from optalloc.family import Chart, TableSpec
from optalloc.schema import Column, Kind

__all__ = ["DATE_FORMAT", "Book", "number_format", "write_plan_workbook"]

DATE_FORMAT = "yyyy-mm-dd"
_MAX_ROWS, _MAX_COLUMNS = 1_048_576, 16_384
_MAX_WIDTH = 60
_LINE = 16  # points
_BUTTON = 5  # characters that a header needs for the filter's button beside it

# The first match on a unit decides; money is in millions, written M.
_FORMATS = (
    (re.compile(r"M(?![A-Za-z])"), "#,##0.00"),
    (re.compile(r"MW\b"), "#,##0.0"),
    (re.compile(r"share\b(?!,)|per year$"), "0.0 %"),
    (re.compile(r"score$"), "0.00"),
    (re.compile(r"(months|years)\b"), "#,##0.0"),
)
_OTHER_FORMAT = "#,##0.00##"

# Okabe and Ito (2008), in an order that keeps neighbours apart; yellow is too pale for lines.
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
_CHART_WIDTH, _CHART_HEIGHT, _CHART_GAP = 640, 330, 20

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


class Book:
    """A workbook kept in memory until it is saved whole.

    It makes each cell format once and writes each value by its kind, so that text stays text.
    """

    def __init__(self) -> None:
        self._buffer = BytesIO()
        self._styles: dict[tuple[tuple[str, object], ...], Any] = {}
        self.workbook: Any = xlsxwriter.Workbook(
            self._buffer, {"in_memory": True, "remove_timezone": True}
        )
        # A fixed date makes equal plans equal files.
        self.workbook.set_properties({"created": datetime(2000, 1, 1)})

    def sheet(self, name: str, heading: str, repeat_columns: int = 0) -> Any:
        """Add a sheet with a frozen first row, set up to print across one page."""
        sheet = self.workbook.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        if repeat_columns:
            sheet.repeat_columns(0, repeat_columns - 1)
        sheet.freeze_panes(1, repeat_columns)
        short = textwrap.shorten(heading, 120, placeholder="...").replace("&", "&&")
        sheet.set_header(f'&L&"-,Bold"&A&"-,Regular"  {short}')
        sheet.set_footer("&R&P of &N")
        # A name such as 2027 is text on purpose; Excel would flag each one.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    def style(self, **properties: object) -> Any:
        """Give the cell format with these XlsxWriter properties."""
        key = tuple(properties.items())
        if key not in self._styles:
            self._styles[key] = self.workbook.add_format(properties)
        return self._styles[key]

    def put(self, sheet: Any, row: int, column: int, value: object, style: Any = None) -> None:
        """Write one value: flags as yes or no, infinity as text, a missing value as a blank.

        Raises
        ------
        OptallocError
            If the sheet has no room for it.
        """
        if value is None or value is pd.NaT or value is pd.NA or value == "":
            return
        if isinstance(value, bool | np.bool_):
            refused = sheet.write_string(row, column, "yes" if value else "no", style)
        elif isinstance(value, Real):
            number = float(value)
            if isnan(number):
                return
            write = sheet.write_number if isfinite(number) else sheet.write_string
            refused = write(row, column, number if isfinite(number) else str(number), style)
        elif isinstance(value, date):
            refused = sheet.write_datetime(row, column, value, style)
        else:
            refused = sheet.write_string(row, column, str(value), style)
        if refused:
            raise OptallocError(
                f"{sheet.get_name()}: a spreadsheet has no room for the value in row {row + 1}, "
                f"column {column + 1}."
            )

    def note(self, sheet: Any, row: int, column: int, text: str) -> None:
        """Attach a note, sized to its text, to a cell."""
        lines = sum(max(1, len(textwrap.wrap(line, 46))) for line in text.splitlines())
        sheet.write_comment(
            row, column, text, {"width": 300, "height": 16 + 17 * lines, "font_size": 9}
        )

    def save(self, path: str | Path) -> None:
        """Close the workbook and put it at `path` in one step."""
        self.workbook.close()
        with replacing(path) as draft:
            draft.write_bytes(self._buffer.getvalue())


@lru_cache
def number_format(kind: Kind, unit: str) -> str:
    """Give the Excel number format of a column of the plan.

    Examples
    --------
    >>> number_format(Kind.NUMBER, "M per MW IT"), number_format(Kind.NUMBER, "MW IT")
    ('#,##0.00', '#,##0.0')
    """
    if kind is Kind.DATE:
        return DATE_FORMAT
    if kind is Kind.INTEGER:
        return "#,##0"
    if kind is not Kind.NUMBER:
        return "General"
    return next((shown for pattern, shown in _FORMATS if pattern.match(unit)), _OTHER_FORMAT)


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
        strips = _lay_out(tables[spec.name], spec)
        sheets.append(_write_sheet(book, spec, strips))
        widths.append(len(strips))
    drawn = [chart for chart in charts if len(tables.get(chart.table, ()))]
    for place, chart in enumerate(drawn):
        drawing = _chart(book, chart, _chart_columns(chart, specs), len(tables[chart.table]))
        down, right = divmod(place, 1 if len(drawn) <= 3 else 2)
        position = {
            "x_offset": right * (_CHART_WIDTH + _CHART_GAP),
            "y_offset": down * (_CHART_HEIGHT + _CHART_GAP),
            # Fixed in place, so that filtering the table does not squash the charts beside it.
            "object_position": 3,
        }
        sheets[0].insert_chart(1, widths[0] + 1, drawing, position)
    if drawn:
        sheets[0].fit_to_pages(1, 1)
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
        """Whether its values stand at the right."""
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


def _title(column: Column) -> str:
    return f"{column.name} ({column.unit})" if column.unit else column.name


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


def _lay_out(frame: pd.DataFrame, spec: TableSpec) -> list[_Strip]:
    cells = {column.name: _cells(frame, spec, column) for column in spec.columns}
    strips = (
        _wide(cells, spec)
        if spec.across
        else [_Strip(_title(c), c.meaning, cells[c.name]) for c in spec.columns]
    )
    rows = len(strips[0].cells)
    if rows >= _MAX_ROWS or len(strips) > _MAX_COLUMNS:
        raise OptallocError(
            f"{spec.name}: {rows:,} rows and {len(strips):,} columns do not fit on a spreadsheet "
            f"({_MAX_ROWS - 1:,} rows, {_MAX_COLUMNS:,} columns)."
        )
    return strips


def _wide(cells: Mapping[str, list[_Cell]], spec: TableSpec) -> list[_Strip]:
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
        strips.append(_Strip(_title(column), column.meaning, down))
    measures: list[_Cell] = [(_title(column), "General") for _ in rows for column in spread]
    meanings = "\n".join(f"{column.name}: {column.meaning}" for column in spread)
    strips.append(_Strip("measure", meanings, measures))
    for place in dict.fromkeys(across):
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
    for row, values in enumerate(zip(*(strip.cells for strip in strips), strict=True), start=1):
        lines = max(_lines(value) for value, _ in values)
        if lines > 1:
            sheet.set_row(row, lines * _LINE)
    sheet.autofilter(0, 0, rows, len(strips) - 1)
    return sheet


def _write_cells(book: Book, sheet: Any, place: int, strip: _Strip) -> None:
    for row, (value, shown_as) in enumerate(strip.cells, start=1):
        number = _is_number(value)
        wraps = not number and (strip.width == _MAX_WIDTH or _lines(value) > 1)
        aligned = _RIGHT if number else _LEFT
        style = book.style(num_format=shown_as, text_wrap=wraps, **aligned)
        book.put(sheet, row, place, value, style)


def _chart_columns(chart: Chart, specs: Sequence[TableSpec]) -> list[str]:
    """Column names of the sheet that a chart draws."""
    long = {spec.name: spec for spec in specs if not spec.across}
    names = [column.name for column in long[chart.table].columns] if chart.table in long else []
    for name in (chart.x, *chart.series):
        if name not in names:
            raise ModelError(
                f"chart {chart.title!r}: no long table {chart.table!r} has a column {name!r}"
            )
    return names


def _chart(book: Book, chart: Chart, names: Sequence[str], rows: int) -> Any:
    lines = chart.kind == "line"
    drawing = book.workbook.add_chart(
        {"type": "line"} if lines else {"type": "column", "subtype": "stacked"}
    )
    across = names.index(chart.x)
    for name, colour in zip(chart.series, cycle(_PALETTE), strict=False):
        column = names.index(name)
        series: dict[str, object] = {
            "name": [chart.table, 0, column],
            "categories": [chart.table, 1, across, rows, across],
            "values": [chart.table, 1, column, rows, column],
        }
        if lines:
            series["line"] = {"color": colour, "width": 2.25}
            fill = {"color": colour}
            series["marker"] = {"type": "circle", "size": 5, "fill": fill, "border": fill}
        else:
            series |= {"fill": {"color": colour}, "gap": 60}
        drawing.add_series(series)
    font = {"size": 9, "bold": False}
    drawing.set_title({"name": chart.title, "name_font": {"size": 12}})
    drawing.set_x_axis({"name": chart.x_title, "name_font": font, "label_position": "low"})
    y_axis = {
        "name": chart.y_title,
        "name_font": font,
        "num_format": "[>=10]#,##0;General",
        "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
    }
    drawing.set_y_axis(y_axis)
    drawing.set_legend({"position": "bottom"})
    drawing.set_size({"width": _CHART_WIDTH, "height": _CHART_HEIGHT})
    return drawing
