"""Charts of the plan, drawn from the cells of its workbook."""

from __future__ import annotations

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
        drawing = _chart(book, chart, _columns(chart, specs), len(tables[chart.table]))
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
    drawing.set_size({"width": _WIDTH, "height": _HEIGHT})
    return drawing
