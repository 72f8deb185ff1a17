"""Charts of the plan, drawn from the cells of its workbook."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pandas as pd
from xlsxwriter.utility import quote_sheetname, xl_range_abs

from optalloc.errors import ModelError
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.report.sheets import Book

__all__ = ["add_charts"]

# Okabe and Ito (2008), in an order that keeps neighbours apart; yellow is too pale for lines.
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
# Of a bridge: invisible bases, levels, rises and falls.
_BRIDGE = ("#FFFFFF", "#0072B2", "#D55E00", "#009E73")
_WIDTH, _HEIGHT, _GAP = 640, 330, 20
_TALLEST = 900
_TYPES = {
    "line": {"type": "line"},
    "stacked": {"type": "column", "subtype": "stacked"},
    "bridge": {"type": "column", "subtype": "stacked"},
    "bars": {"type": "bar"},
    "points": {"type": "line"},
    "curve": {"type": "scatter", "subtype": "straight_with_markers"},
}


def add_charts(
    book: Book,
    sheet: Any,
    column: int,
    charts: Sequence[Chart],
    specs: Sequence[TableSpec],
    tables: Mapping[str, pd.DataFrame],
) -> None:
    """Draw charts on a sheet, one below the other, and more than three in two columns.

    Parameters
    ----------
    book : Book
        The workbook, whose sheets hold the tables from A1 on.
    sheet : worksheet
        Sheet to draw on.
    column : int
        Column of the first chart, counted from 0.
    charts : sequence of Chart
        Charts to draw; one whose table is empty is left out.
    specs : sequence of TableSpec
        Declarations of the tables.
    tables : mapping of str to DataFrame
        Table by name.

    Raises
    ------
    ModelError
        If a chart draws a column that no long table has.
    """
    drawn = [chart for chart in charts if _rows(chart, tables.get(chart.table))]
    across = 1 if len(drawn) <= 3 else 2
    # Lowest row that each column of charts reaches.
    feet = [0] * across
    for place, chart in enumerate(drawn):
        drawing = _chart(book, chart, _columns(chart, specs), tables[chart.table])
        right = place % across
        position = {
            "x_offset": right * (_WIDTH + _GAP),
            "y_offset": feet[right],
            # Fixed in place, so that filtering the table does not squash the charts beside it.
            "object_position": 3,
        }
        sheet.insert_chart(1, column, drawing, position)
        feet[right] += drawing.height + _GAP
    if drawn:
        sheet.fit_to_pages(1, 1)


def _columns(chart: Chart, specs: Sequence[TableSpec]) -> list[str]:
    """Column names of the sheet that a chart draws."""
    long = {spec.name: spec for spec in specs if not spec.across}
    names = [column.name for column in long[chart.table].columns] if chart.table in long else []
    for name in (chart.x, *chart.series):
        if name not in names:
            raise ModelError(
                f"chart {chart.title!r}: no long table {chart.table!r} has a column {name!r}"
            )
    return names


def _chart(book: Book, chart: Chart, names: Sequence[str], table: pd.DataFrame) -> Any:
    drawing = book.workbook.add_chart(dict(_TYPES[chart.kind]))
    drawn = _rows(chart, table)
    for place, colour in zip(
        range(len(chart.series)), cycle(_BRIDGE if chart.kind == "bridge" else _PALETTE)
    ):
        drawing.add_series(_series(chart, place, colour, names, drawn))
    font = {"size": 9, "bold": False}
    lying, numbers = chart.kind == "bars", "[>=10]#,##0;General"
    drawing.set_title({"name": chart.title, "name_font": {"size": 12}})
    x_axis: dict[str, object] = {"name": chart.x_title, "name_font": font, "label_position": "low"}
    if lying:
        # The first row on top, and the values below the last all the same.
        x_axis |= {"reverse": True, "crossing": "max"}
    drawing.set_x_axis(x_axis)
    y_axis: dict[str, object] = {
        "name": chart.y_title,
        "name_font": font,
        "num_format": numbers,
        "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
    }
    if chart.kind == "bridge":
        y_axis["min"] = _foot(table.iloc[drawn.start : drawn.stop], chart.series)
    drawing.set_y_axis(y_axis)
    hidden: dict[str, object] = {"delete_series": [0]} if chart.kind == "bridge" else {}
    drawing.set_legend({"position": "bottom"} | hidden)
    rows = len(drawn) * len(chart.series) if lying else 0
    drawing.set_size({"width": _WIDTH, "height": max(_HEIGHT, min(110 + 16 * rows, _TALLEST))})
    return drawing


def _series(
    chart: Chart, place: int, colour: str, names: Sequence[str], drawn: range
) -> dict[str, object]:
    """One series: its cells and its style."""
    column, across = names.index(chart.series[place]), names.index(chart.x)
    # The sheet has its titles in the first row.
    first, last = drawn.start + 1, drawn.stop
    series: dict[str, object] = {
        "name": [chart.table, 0, column],
        "categories": [chart.table, first, across, last, across],
        "values": [chart.table, first, column, last, column],
    }
    if chart.kind in ("line", "points", "curve"):
        fill = {"color": colour}
        line: dict[str, object] = {"color": colour, "width": 2.25}
        series["line"] = {"none": True} if chart.kind == "points" else line
        series["marker"] = {"type": "circle", "size": 5, "fill": fill, "border": fill}
    else:
        unseen = chart.kind == "bridge" and not place
        series |= {"fill": {"none": True} if unseen else {"color": colour}, "gap": 60}
    if chart.noise:
        # Of lying bars, the values run along the other axis, which XlsxWriter calls x.
        side = "x_error_bars" if chart.kind == "bars" else "y_error_bars"
        less, more = (names.index(name) for name in chart.noise[place])
        series[side] = {
            "type": "custom",
            "minus_values": _cells(chart.table, less, first, last),
            "plus_values": _cells(chart.table, more, first, last),
        }
    return series


def _rows(chart: Chart, table: pd.DataFrame | None) -> range:
    """Rows of a table that a chart draws: all, or those of one value of a column."""
    if table is None or chart.only is None:
        return range(0 if table is None else len(table))
    column, value = chart.only
    (there,) = (table[column] == value).to_numpy().nonzero()
    return range(there[0], there[-1] + 1) if len(there) else range(0)


def _cells(sheet: str, column: int, first: int, last: int) -> str:
    return f"={quote_sheetname(sheet)}!{xl_range_abs(first, column, last, column)}"


def _foot(table: pd.DataFrame, series: Sequence[str]) -> float:
    """Start of the axis of a bridge: zero, or so high that its steps can be seen."""
    floors, tops = table[series[0]], table[list(series)].sum(axis=1)
    lowest = float(floors.where(floors > 0, tops).min())
    span = float(tops.max()) - lowest
    step = 10.0 ** math.floor(math.log10(span)) if span > 0 else 1.0
    return max(math.floor((lowest - span / 2) / step + 1e-9) * step, 0.0)
