"""Charts of the plan, drawn from the cells of its workbook."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pandas as pd

from optalloc.errors import ModelError
from optalloc.family import Chart, TableSpec
from optalloc.sheetwriter import Book

__all__ = ["add_charts"]

# Okabe and Ito (2008), in an order that keeps neighbours apart; yellow is too pale for lines.
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
# Of a bridge: what is not seen, levels, rises and falls.
_BRIDGE = ("#FFFFFF", "#0072B2", "#D55E00", "#009E73")
_WIDTH, _HEIGHT, _GAP = 640, 330, 20


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
        Where to draw.
    column : int
        Column of the first chart, counted from 0.
    charts : sequence of Chart
        What to draw; a chart whose table is empty is left out.
    specs : sequence of TableSpec
        Declarations of the tables.
    tables : mapping of str to DataFrame
        Table by name.

    Raises
    ------
    ModelError
        If a chart draws a column that no long table has.
    """
    drawn = [chart for chart in charts if len(tables.get(chart.table, ()))]
    for place, chart in enumerate(drawn):
        drawing = _chart(book, chart, _columns(chart, specs), tables[chart.table])
        down, right = divmod(place, 1 if len(drawn) <= 3 else 2)
        position = {
            "x_offset": right * (_WIDTH + _GAP),
            "y_offset": down * (_HEIGHT + _GAP),
            # Fixed in place, so that filtering the table does not squash the charts beside it.
            "object_position": 3,
        }
        sheet.insert_chart(1, column, drawing, position)
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
    lines, bridge, rows = chart.kind == "line", chart.kind == "bridge", len(table)
    drawing = book.workbook.add_chart(
        {"type": "line"} if lines else {"type": "column", "subtype": "stacked"}
    )
    across = names.index(chart.x)
    for name, colour in zip(chart.series, cycle(_BRIDGE if bridge else _PALETTE), strict=False):
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
            hidden = bridge and name == chart.series[0]
            series |= {"fill": {"none": True} if hidden else {"color": colour}, "gap": 60}
        drawing.add_series(series)
    font = {"size": 9, "bold": False}
    drawing.set_title({"name": chart.title, "name_font": {"size": 12}})
    drawing.set_x_axis({"name": chart.x_title, "name_font": font, "label_position": "low"})
    y_axis: dict[str, object] = {
        "name": chart.y_title,
        "name_font": font,
        "num_format": "[>=10]#,##0;General",
        "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
    }
    if bridge:
        y_axis["min"] = _foot(table, chart.series)
    drawing.set_y_axis(y_axis)
    drawing.set_legend({"position": "bottom"} | ({"delete_series": [0]} if bridge else {}))
    drawing.set_size({"width": _WIDTH, "height": _HEIGHT})
    return drawing


def _foot(table: pd.DataFrame, series: Sequence[str]) -> float:
    """Where the axis of a bridge begins: at nought, or so far up that its steps can be seen."""
    floors, tops = table[series[0]], table[list(series)].sum(axis=1)
    lowest = float(floors.where(floors > 0, tops).min())
    span = float(tops.max()) - lowest
    step = 10.0 ** math.floor(math.log10(span)) if span > 0 else 1.0
    return max(math.floor((lowest - span / 2) / step + 1e-9) * step, 0.0)
