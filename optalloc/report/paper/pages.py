"""Two pages of A4 with the contents of the slides, as HTML that a browser prints."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from optalloc.modelling.slides import Slide
from optalloc.report.paper.browser import browser_path, print_page
from optalloc.report.paper.fit import LINE, fitting_size, shortened
from optalloc.report.paper.layout import CELL_X, CELL_Y, Box, boxes_of, fitted_table
from optalloc.report.paper.map import land_in
from optalloc.report.paper.map_layout import LABEL_SIZE, placed_marks, placer
from optalloc.report.paper.panels import (
    Cards,
    ChartKind,
    ChartPanel,
    Deck,
    MapPanel,
    Panel,
    TablePanel,
    TextPanel,
)
from optalloc.report.paper.style import FONT, GREY, INK, LAND, PALE, PALETTE, ROLES, SEA
from optalloc.report.render import plotly_script

__all__ = ["page_of", "save_pages"]

# A4 in points, and what each page holds: parts of its height by slide.
_WIDTH, _HEIGHT, _MARGIN = 595.0, 841.0, 36.0
_PAGES = (
    ((Slide.DECISION, 0.56), (Slide.MAP, 0.44)),
    ((Slide.TIMELINE, 0.29), (Slide.COST, 0.29), (Slide.RISKS, 0.42)),
)
_GAP, _HEAD, _MESSAGE, _PANEL_HEAD, _NOTE = 8.0, 22.0, 30.0, 15.0, 22.0
_LEGEND = 19.0
_TEXT_SIZES = (10.0, 9.0, 8.5, 8.0)
_EPOCH = dt.datetime(1899, 12, 30)
_STYLE = f"""
@page {{ size: {_WIDTH}pt {_HEIGHT}pt; margin: 0 }}
* {{ box-sizing: border-box; margin: 0; padding: 0 }}
body {{ font-family: {FONT}, "Liberation Sans", Helvetica, sans-serif; color: #{INK};
  -webkit-print-color-adjust: exact; print-color-adjust: exact }}
.page {{ position: relative; width: {_WIDTH}pt; height: {_HEIGHT - 0.5}pt; overflow: hidden;
  break-after: page }}
.page:last-of-type {{ break-after: auto }}
.at {{ position: absolute; overflow: hidden; line-height: {LINE} }}
.grey {{ color: #{GREY} }}
table {{ border-collapse: collapse; table-layout: fixed }}
th {{ background: #{PALETTE[0]}; color: white; text-align: left }}
td {{ border-bottom: 0.5pt solid #{LAND} }}
td, th {{ padding: {CELL_Y}pt {CELL_X}pt; line-height: {LINE} }}
.number {{ text-align: right }}
"""
_SCRIPT = """
for (const place of document.querySelectorAll("[data-chart]")) {
  const chart = JSON.parse(place.dataset.chart);
  Plotly.newPlot(place, chart.traces, chart.layout, { staticPlot: true });
}
"""


def save_pages(deck: Deck, path: Path) -> None:
    """Print a deck as a .pdf of two pages; raises as `print_page`."""
    # Refused before the page is made.
    browser_path()
    print_page(page_of(deck), path)


def page_of(deck: Deck) -> str:
    """Give the two pages as HTML that needs nothing else."""
    slides = {content.name: content for content in deck.slides}
    pages: list[str] = []
    for number, parts in enumerate(_PAGES, start=1):
        body = Box(_MARGIN, _MARGIN, _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN - 14)
        pieces: list[str] = []
        top = body.top
        for slide, share in parts:
            content = slides[slide]
            height = body.height * share
            box = Box(body.left, top, body.width, height - _GAP)
            top += height
            pieces += _section(content.title, content.message, list(content.panels), box)
        foot = Box(_MARGIN, _HEIGHT - _MARGIN - 4, body.width, 12)
        pieces.append(
            _lines([f"{deck.foot} \N{MIDDLE DOT} {number} / {len(_PAGES)}"], foot, (8.0,))
        )
        pages.append(f'<div class="page">{"".join(pieces)}</div>')
    head = f"<meta charset='utf-8'><title>{escape(deck.title)}</title><style>{_STYLE}</style>"
    script = f"<script>{plotly_script().decode()}</script><script>{_SCRIPT}</script>"
    return f"<!doctype html><html><head>{head}</head><body>{''.join(pages)}{script}</body></html>"


def _section(title: str, message: str, panels: list[Panel], box: Box) -> Iterator[str]:
    yield _lines([title], Box(box.left, box.top, box.width, _HEAD), (16.0, 14.0, 12.0, 10.0), True)
    top = box.top + _HEAD
    if message:
        yield _lines([message], Box(box.left, top, box.width, _MESSAGE), (9.5, 9.0, 8.0, 7.0))
        top += _MESSAGE + 2
    inner = Box(box.left, top, box.width, box.top + box.height - top)
    for panel, own in zip(panels, boxes_of(panels, inner), strict=True):
        yield from _panel(panel, own)


def _panel(panel: Panel, box: Box) -> Iterator[str]:
    if panel.title:
        head = Box(box.left, box.top, box.width, _PANEL_HEAD)
        yield _lines([panel.title], head, (10.0, 9.0), True)
        box = Box(box.left, box.top + _PANEL_HEAD, box.width, box.height - _PANEL_HEAD)
    # A chart is read with its heading alone; its axis says the unit.
    note = "" if isinstance(panel, ChartPanel) else panel.note
    if note:
        box = Box(box.left, box.top, box.width, box.height - _NOTE)
        yield _lines([note], Box(box.left, box.top + box.height, box.width, _NOTE), (8.0, 7.5))
    if isinstance(panel, TablePanel):
        yield from _table(panel, box)
    elif isinstance(panel, ChartPanel):
        if sum(not series.hidden for series in panel.series) > 1:
            yield _legend(panel, Box(box.left, box.top, box.width, _LEGEND))
            box = Box(box.left, box.top + _LEGEND, box.width, box.height - _LEGEND)
        content = escape(json.dumps(_plotted(panel, box)), quote=True)
        yield f'<div class="at" style="{_placed(box)}" data-chart="{content}"></div>'
    elif isinstance(panel, MapPanel):
        yield _map(panel, box)
    elif isinstance(panel, Cards):
        yield from _cards(panel, box)
    elif isinstance(panel, TextPanel):
        yield _lines([f"\N{BULLET} {sentence}" for sentence in panel.sentences], box, _TEXT_SIZES)


def _placed(box: Box) -> str:
    sides = {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
    return ";".join(f"{side}:{length:.1f}pt" for side, length in sides.items())


def _lines(paragraphs: list[str], box: Box, sizes: tuple[float, ...], bold: bool = False) -> str:
    """Paragraphs in a box, as large as fits; cut where even the least size is too large."""
    size = fitting_size(paragraphs, box.width, box.height, sizes, bold=bold)
    most = max(int(box.height // (size * LINE)), 1)
    cut = [shortened(text, box.width, size, most, bold=bold) for text in paragraphs]
    weight = "font-weight:bold" if bold else ""
    said = "".join(f"<p>{escape(text)}</p>" for text in cut)
    grey = "" if bold else " grey"
    return f'<div class="at{grey}" style="{_placed(box)};font-size:{size}pt;{weight}">{said}</div>'


def _table(panel: TablePanel, box: Box) -> Iterator[str]:
    fitted = fitted_table(panel, box.width, box.height - 10, (9.0, 8.5, 8.0, 7.5, 7.0))
    sides = [' class="number"' if numeric else "" for numeric in panel.numeric]
    columns = "".join(f'<col style="width:{width:.1f}pt">' for width in fitted.widths)
    head = "".join(f"<th{s}>{escape(t)}</th>" for s, t in zip(sides, fitted.titles, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{s}>{escape(t)}</td>" for s, t in zip(sides, row, strict=True))
        + "</tr>"
        for row in fitted.rows
    )
    more = f'<p class="grey">and {fitted.left_out:,} more rows</p>' if fitted.left_out else ""
    width = f"width:{sum(fitted.widths):.1f}pt"
    yield (
        f'<div class="at" style="{_placed(box)};font-size:{fitted.size}pt"><table style="{width}">'
        f"<colgroup>{columns}</colgroup><tr>{head}</tr>{body}</table>{more}</div>"
    )


def _cards(panel: Cards, box: Box) -> Iterator[str]:
    for (label, value, unit), own in zip(
        panel.figures, box.column(len(panel.figures), 5.0), strict=True
    ):
        about = ", ".join(filter(None, (label, unit)))
        inner = own.width - 12.0
        large = fitting_size([value], inner, 22.0, (16.0, 14.0, 12.0, 10.0), bold=True)
        most = max(int((own.height - large * LINE - 6) // (8.0 * LINE)), 1)
        yield (
            f'<div class="at" style="{_placed(own)};background:#{PALE};padding:3pt 6pt">'
            f'<p style="font-size:{large}pt;font-weight:bold;color:#{PALETTE[0]}">'
            f"{escape(shortened(value, inner, large, 1, bold=True))}</p>"
            f'<p style="font-size:8pt">{escape(shortened(about, inner, 8.0, most))}</p></div>'
        )


def _map(panel: MapPanel, box: Box) -> str:
    own = Box(0.0, 0.0, box.width, box.height)
    window, at = placer(panel, own)
    rings = " ".join(
        "M" + " L".join(f"{x * own.width:.1f},{y * own.height:.1f}" for x, y in ring) + "Z"
        for ring in land_in(window)
    )
    parts = [
        f'<rect width="{own.width}" height="{own.height}" fill="#{SEA}"/>',
        f'<path d="{rings}" fill="#{LAND}"/>',
    ]
    for flow in panel.flows:
        (x1, y1), (x2, y2) = at(*flow.begin), at(*flow.end)
        parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="#{PALETTE[4]}" stroke-width="{0.75 + 3.25 * flow.share:.2f}"/>'
        )
    for placed in placed_marks(panel, own):
        mark, spot = placed.mark, placed.box
        colour = GREY if mark.is_end else PALETTE[0] if mark.share else "FFFFFF"
        edge = "FFFFFF" if mark.share else GREY
        radius = spot.width / 2
        x, y = spot.left + radius, spot.top + radius
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" '
            f'fill="#{colour}" stroke="#{edge}"/>'
        )
        if placed.label is not None:
            label = placed.label
            weight = "bold" if mark.share else "normal"
            parts.append(
                f'<text x="{label.left + label.width / 2:.1f}" y="{label.top + LABEL_SIZE:.1f}" '
                f'text-anchor="middle" font-size="{LABEL_SIZE}" font-weight="{weight}" '
                f'fill="#{INK if mark.share else GREY}">{escape(mark.label)}</text>'
            )
    size = f'viewBox="0 0 {own.width:.1f} {own.height:.1f}" width="100%" height="100%"'
    return f'<div class="at" style="{_placed(box)}"><svg {size}>{"".join(parts)}</svg></div>'


def _colours(panel: ChartPanel) -> list[str]:
    """Colour of each series: that of its role, or the next of the palette; none of a hidden one."""
    own = iter(PALETTE * 2)
    return [
        "" if series.hidden else "#" + (ROLES.get(series.role) or next(own))
        for series in panel.series
    ]


def _legend(panel: ChartPanel, box: Box) -> str:
    """Names of the series that are seen, each after its colour."""
    names = " ".join(
        f'<span style="white-space:nowrap;margin-right:6pt"><span style="color:{colour}">'
        f"\N{BLACK SQUARE}</span> {escape(series.name)}</span>"
        for series, colour in zip(panel.series, _colours(panel), strict=True)
        if colour
    )
    return f'<div class="at" style="{_placed(box)};font-size:7.5pt">{names}</div>'


def _plotted(panel: ChartPanel, box: Box) -> dict[str, Any]:
    """Traces and layout of a chart for Plotly; of a timeline with days in place of numbers."""
    traces: list[dict[str, Any]] = []
    lying = panel.kind in (ChartKind.BARS, ChartKind.TIMELINE)
    foot = [0.0] * len(panel.categories)
    for series, colour in zip(panel.series, _colours(panel), strict=True):
        values = [0.0 if value is None else float(value) for value in series.values]
        base, foot = foot, [a + b for a, b in zip(foot, values, strict=True)]
        if series.hidden:
            continue
        if panel.kind is ChartKind.LINE:
            line = {"color": colour, "width": 2, "dash": "dash" if series.dashed else "solid"}
            traces.append(
                {"type": "scatter", "mode": "lines", "name": series.name, "line": line,
                 "x": list(panel.categories), "y": values}
            )  # fmt: skip
            continue
        trace: dict[str, Any] = {"type": "bar", "name": series.name, "marker": {"color": colour}}
        if panel.kind is ChartKind.TIMELINE:
            trace["base"] = [_day(day) for day in base]
            values = [days * 86_400_000 for days in values]
        elif panel.stacked:
            trace["base"] = base
        if series.role:
            trace["text"] = [_short(value) if value else "" for value in values]
            trace["textposition"] = "outside" if panel.kind is ChartKind.BARS else "auto"
            trace |= {"textangle": 0, "cliponaxis": False, "textfont": {"size": 7}}
        trace |= {"orientation": "h"} if lying else {}
        trace["y" if lying else "x"] = list(range(len(panel.categories)))
        trace["x" if lying else "y"] = values
        traces.append(trace)
    title = {"text": panel.value_title, "font": {"size": 8}}
    axis: dict[str, Any] = {"automargin": True, "title": title}
    names: dict[str, Any] = {"automargin": True}
    if panel.kind is not ChartKind.LINE:
        # By their places, so that names that look the same once they are cut stay apart.
        names |= {"tickvals": list(range(len(panel.categories))), "tickfont": {"size": 7}}
        names["ticktext"] = [shortened(c, 150.0, 8.0) for c in panel.categories]
    if lying:
        names["autorange"] = "reversed"
    if panel.first is not None and panel.last is not None:
        axis |= {"type": "date", "range": [_day(panel.first), _day(panel.last)]}
    if panel.kind is ChartKind.BARS:
        axis |= {"showticklabels": False, "showgrid": False}
    return {
        "traces": traces,
        "layout": {
            "barmode": "overlay",
            "bargap": 0.3,
            "font": {"family": FONT, "size": 9, "color": f"#{INK}"},
            "margin": {"l": 8, "r": 24, "t": 6, "b": 8},
            "showlegend": False,
            "xaxis": axis if lying else names,
            "yaxis": names if lying else axis,
            # Plotly counts in the pixels of a browser, of which 96 are an inch.
            "width": box.width * 96 / 72,
            "height": box.height * 96 / 72,
        },
    }


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def _day(number: float) -> str:
    return (_EPOCH + dt.timedelta(days=number)).date().isoformat()
