"""Charts that a presentation program edits: their figures are in the workbook that each carries."""

from __future__ import annotations

import math
from typing import Any

from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml.ns import qn
from pptx.util import Pt

from optalloc.report.paper.fit import shortened
from optalloc.report.paper.layout import Box
from optalloc.report.paper.panels import Bar, ChartKind, ChartPanel
from optalloc.report.paper.style import FONT, GREY, INK, PALETTE, ROLES

__all__ = ["add_chart"]

_SIZE, _LABEL_SIZE = 10.0, 9.0
# A leap year, so that a tick falls into its year and not on the eve of it.
_DAYS_OF_YEAR = 366
# Ticks of a timeline, and share of a chart's width for the names of lying bars.
_MOST_TICKS, _NAMES = 9, 0.34


def add_chart(shapes: Any, panel: ChartPanel, box: Box, place: tuple[Any, Any, Any, Any]) -> None:
    """Add a chart in a box of a slide."""
    lying = panel.kind in (ChartKind.BARS, ChartKind.TIMELINE)
    kinds = {
        ChartKind.LINE: XL_CHART_TYPE.LINE,
        ChartKind.COLUMNS: XL_CHART_TYPE.COLUMN_STACKED,
        ChartKind.BARS: XL_CHART_TYPE.BAR_CLUSTERED,
        ChartKind.TIMELINE: XL_CHART_TYPE.BAR_STACKED,
    }
    # The first category of lying bars is drawn lowest.
    turn = slice(None, None, -1) if lying else slice(None)
    width = box.width * _NAMES if lying else box.width / max(len(panel.categories), 1) * 1.6
    data = CategoryChartData(number_format=_format(panel))
    data.categories = [shortened(c, max(width, 40.0), _SIZE, 2) for c in panel.categories][turn]
    for series in panel.series:
        data.add_series(series.name, _values(panel, series)[turn])
    frame = shapes.add_chart(kinds[panel.kind], *place, data)
    frame.name = panel.title or "Chart"
    chart = frame.chart
    chart.font.size, chart.font.name = Pt(_SIZE), FONT
    chart.font.color.rgb = RGBColor.from_string(INK)
    chart.has_title = False
    _axes(chart, panel)
    drawn = list(chart.plots[0].series)
    colours = iter(PALETTE * (len(drawn) // len(PALETTE) + 1))
    for series, declared in zip(drawn, panel.series, strict=True):
        _style(series, declared, panel, ROLES.get(declared.role) or "", colours)
    if panel.kind is not ChartKind.LINE:
        chart.plots[0].gap_width = 45
        chart.plots[0].overlap = 100 if panel.stacked else 0
    visible = [series for series in panel.series if not series.hidden]
    chart.has_legend = len(visible) > 1
    if chart.has_legend:
        chart.legend.position = XL_LEGEND_POSITION.BOTTOM
        chart.legend.include_in_layout = False
        chart.legend.font.size = Pt(_LABEL_SIZE)
        _without_hidden(chart.legend, panel)


def _values(panel: ChartPanel, series: Bar) -> list[float | None]:
    """Values of a series; zeros of a bridge are blanks, so that no label stands at them."""
    if series.role and panel.stacked:
        return [value or None for value in series.values]
    return list(series.values)


def _least(panel: ChartPanel) -> float:
    return min((v for series in panel.series for v in series.values if v is not None), default=0.0)


def _format(panel: ChartPanel) -> str:
    if panel.kind is ChartKind.TIMELINE:
        return "0"
    largest = max((abs(v) for s in panel.series for v in s.values if v is not None), default=0.0)
    return "#,##0" if largest >= 100 else "#,##0.0" if largest >= 1 else "0.00"


def _axes(chart: Any, panel: ChartPanel) -> None:
    values, categories = chart.value_axis, chart.category_axis
    categories.tick_labels.font.size = Pt(_LABEL_SIZE)
    categories.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    categories.format.line.color.rgb = RGBColor.from_string(GREY)
    values.tick_labels.font.size = Pt(_LABEL_SIZE)
    values.major_gridlines.format.line.color.rgb = RGBColor.from_string("D9D9D9")
    values.format.line.fill.background()
    values.tick_labels.number_format_is_linked = False
    values.tick_labels.number_format = _format(panel)
    if panel.kind is ChartKind.BARS:
        # The values stand at the bars.
        values.minimum_scale, values.visible, values.has_major_gridlines = 0, False, False
        return
    if panel.kind is ChartKind.COLUMNS and _least(panel) >= 0:
        values.minimum_scale = 0
    if panel.value_title:
        values.has_title = True
        run = values.axis_title.text_frame.paragraphs[0].add_run()
        run.text = panel.value_title
        run.font.size, run.font.bold = Pt(_LABEL_SIZE), False
    if panel.first is not None and panel.last is not None:
        years = math.ceil((panel.last - panel.first) / _DAYS_OF_YEAR)
        step = _DAYS_OF_YEAR * math.ceil(years / _MOST_TICKS)
        steps = math.ceil((panel.last - panel.first) / step)
        values.minimum_scale, values.maximum_scale = panel.first, panel.first + step * steps
        values.major_unit = step
        values.tick_labels.number_format = "yyyy"


def _style(series: Any, declared: Bar, panel: ChartPanel, role: str, colours: Any) -> None:
    if declared.hidden:
        series.format.fill.background()
        series.format.line.fill.background()
        return
    colour = RGBColor.from_string(role or next(colours))
    if panel.kind is ChartKind.LINE:
        series.smooth = False
        series.format.line.width, series.format.line.color.rgb = Pt(2.25), colour
        if declared.dashed:
            series.format.line.dash_style = MSO_LINE.DASH
        series.marker.style = None
        _no_marker(series)
        return
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = colour
    if role:
        labels = series.data_labels
        labels.show_value, labels.number_format_is_linked = True, False
        labels.number_format = _format(panel)
        labels.font.size = Pt(_LABEL_SIZE)
        if panel.kind is ChartKind.BARS:
            labels.position = XL_LABEL_POSITION.OUTSIDE_END


def _no_marker(series: Any) -> None:
    marker = series._element.get_or_add_marker()
    marker.get_or_add_symbol().set("val", "none")


def _without_hidden(legend: Any, panel: ChartPanel) -> None:
    """Leave the entries of series that are not seen out of a legend."""
    if panel.kind is ChartKind.TIMELINE:
        # Programs count the entries of lying bars from either end; the name is a blank.
        return
    position = legend._element.find(qn("c:legendPos"))
    for place, series in reversed(list(enumerate(panel.series))):
        if series.hidden:
            entry = etree.Element(qn("c:legendEntry"))
            etree.SubElement(entry, qn("c:idx")).set("val", str(place))
            etree.SubElement(entry, qn("c:delete")).set("val", "1")
            position.addnext(entry)
