"""Slides with native charts, tables and shapes, drawn from a paper's contents by python-pptx."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Pt

from optalloc.report.paper.fit import LINE, fitting_size, lines_of, shortened
from optalloc.report.paper.layout import CELL_X, CELL_Y, Box, boxes_of, fitted_table
from optalloc.report.paper.map import land_in
from optalloc.report.paper.map_layout import LABEL_SIZE, PlacedMark, placed_marks, placer
from optalloc.report.paper.native_charts import add_chart
from optalloc.report.paper.panels import (
    Cards,
    ChartPanel,
    Deck,
    MapPanel,
    Panel,
    SlideContent,
    TablePanel,
    TextPanel,
)
from optalloc.report.paper.style import FONT, GREY, INK, LAND, PALE, PALETTE, SEA

__all__ = ["save_slides"]

_WIDTH, _HEIGHT = 960.0, 540.0
_HEAD = Box(36, 22, 888, 62)
_MESSAGE = Box(36, 84, 888, 40)
_BODY = Box(36, 132, 888, 366)
_FOOT = Box(36, 508, 800, 18)
_NUMBER = Box(848, 508, 76, 18)
_PANEL_HEAD, _NOTE = 22.0, 28.0
_TITLE_SIZES = (26.0, 24.0, 22.0, 20.0, 18.0, 16.0)
_MESSAGE_SIZES = (14.0, 13.0, 12.0, 11.0)
_TEXT_SIZES = (13.0, 12.0, 11.0, 10.0)
_TITLE_ONLY = 5
BLANK = "\N{NO-BREAK SPACE}"
# Width of the widest line of a map, in points.
_WIDEST = 4.0


def save_slides(deck: Deck, path: Path) -> None:
    """Write a deck as a .pptx with one slide for each of its contents."""
    file = Presentation()
    file.slide_width, file.slide_height = Pt(_WIDTH), Pt(_HEIGHT)
    file.core_properties.title, file.core_properties.author = deck.title, "optalloc"
    for number, content in enumerate(deck.slides, start=1):
        slide = file.slides.add_slide(file.slide_layouts[_TITLE_ONLY])
        _draw(slide, content, deck, number)
    file.save(str(path))


def _draw(slide: Any, content: SlideContent, deck: Deck, number: int) -> None:
    title = slide.shapes.title
    title.left, title.top, title.width, title.height = _emu(_HEAD)
    size = fitting_size([content.title], _HEAD.width, _HEAD.height, _TITLE_SIZES, bold=True)
    most = int(_HEAD.height // (size * LINE))
    text = shortened(content.title, _HEAD.width, size, most, bold=True)
    _write(title.text_frame, [text], size, bold=True, anchor=MSO_ANCHOR.BOTTOM)
    if content.message:
        _text(
            slide.shapes, _MESSAGE, [content.message], _MESSAGE_SIZES, colour=GREY, name="Message"
        )
    for panel, box in zip(content.panels, boxes_of(content.panels, _BODY), strict=True):
        _panel(slide, panel, box)
    _text(slide.shapes, _FOOT, [deck.foot], (9.0,), colour=GREY, name="Foot")
    of = f"{number} / {len(deck.slides)}"
    _text(slide.shapes, _NUMBER, [of], (9.0,), colour=GREY, name="Number", align=PP_ALIGN.RIGHT)
    notes = f"All figures are from the tables {', '.join(content.tables)} of the plan. {deck.foot}."
    slide.notes_slide.notes_text_frame.text = notes


def _panel(slide: Any, panel: Panel, box: Box) -> None:
    if panel.title:
        head = Box(box.left, box.top, box.width, _PANEL_HEAD)
        _text(slide.shapes, head, [panel.title], (14.0, 12.0, 11.0), bold=True, name="Heading")
        box = Box(box.left, box.top + _PANEL_HEAD, box.width, box.height - _PANEL_HEAD)
    note = panel.note
    if isinstance(panel, TablePanel):
        inner = Box(box.left, box.top, box.width, box.height - (_NOTE if note else 0.0))
        note = _table(slide, panel, inner, note)
    elif note:
        box = Box(box.left, box.top, box.width, box.height - _NOTE)
    if isinstance(panel, ChartPanel):
        add_chart(slide.shapes, panel, box, _emu(box))
    elif isinstance(panel, MapPanel):
        _map(slide, panel, box)
    elif isinstance(panel, Cards):
        _cards(slide, panel, box)
    elif isinstance(panel, TextPanel):
        said = [f"\N{BULLET} {sentence}" for sentence in panel.sentences]
        _text(slide.shapes, box, said, _TEXT_SIZES, name="Sentences")
    if note and not isinstance(panel, TablePanel):
        below = Box(box.left, box.top + box.height, box.width, _NOTE)
        _text(slide.shapes, below, [note], (10.0, 9.0), colour=GREY, name="Note")


def _table(slide: Any, panel: TablePanel, box: Box, note: str) -> str:
    """Draw a table, and the note on rows that are left out below it."""
    fitted = fitted_table(panel, box.width, box.height)
    lines = len(fitted.rows) + 1
    frame = slide.shapes.add_table(
        lines, len(panel.titles), *_emu(Box(box.left, box.top, box.width, sum(fitted.heights)))
    )
    frame.name = panel.title or "Table"
    table = frame.table
    table.horz_banding = False
    for column, width in zip(table.columns, fitted.widths, strict=True):
        column.width = Pt(width)
    for row, height in zip(table.rows, fitted.heights, strict=True):
        row.height = Pt(height)
    for number, texts in enumerate([fitted.titles, *fitted.rows]):
        for place, text in enumerate(texts):
            _cell(table.cell(number, place), text, fitted.size, number == 0, panel.numeric[place])
    said = [note] if note else []
    if fitted.left_out:
        said.insert(0, f"and {fitted.left_out:,} more rows")
    if said:
        top = box.top + sum(fitted.heights) + 1.0
        size = 10.0 * LINE if not note else _NOTE
        below = Box(box.left, top, box.width, size)
        _text(slide.shapes, below, ["; ".join(said)], (10.0, 9.0), colour=GREY, name="Note")
    return ""


def _cell(cell: Any, text: str, size: float, head: bool, numeric: bool) -> None:
    cell.margin_left = cell.margin_right = Pt(CELL_X)
    cell.margin_top = cell.margin_bottom = Pt(CELL_Y)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    cell.fill.solid()
    cell.fill.fore_color.rgb = RGBColor.from_string(PALETTE[0] if head else "FFFFFF")
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if numeric else PP_ALIGN.LEFT
    # A blank of the size of the others, or an empty cell would be higher than they are.
    _run(paragraph, text or BLANK, size, "FFFFFF" if head else INK, bold=head)


def _cards(slide: Any, panel: Cards, box: Box) -> None:
    """Large figures, in one column or two."""
    across = 1 if len(panel.figures) <= 3 else 2
    down = math.ceil(len(panel.figures) / across)
    columns = box.row([1.0] * across, 10.0)
    cells = [
        own for row in zip(*(c.column(down, 10.0) for c in columns), strict=True) for own in row
    ]
    for (label, value, unit), own in zip(panel.figures, cells, strict=False):
        shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_emu(own))
        shape.name = f"Figure: {label}"
        shape.fill.solid()
        shape.fill.fore_color.rgb = RGBColor.from_string(PALE)
        shape.line.fill.background()
        _plain(shape)
        inner = own.width - 16.0
        large = fitting_size([value], inner, 34.0, (24.0, 20.0, 18.0, 16.0, 14.0, 12.0), bold=True)
        small = 10.0
        frame = shape.text_frame
        _prepare(frame, MSO_ANCHOR.MIDDLE, 8.0)
        lines = int((own.height - large * LINE) // (small * LINE))
        about = shortened(", ".join(filter(None, (label, unit))), inner, small, max(lines, 1))
        first = frame.paragraphs[0]
        _run(first, shortened(value, inner, large, 1, bold=True), large, PALETTE[0], bold=True)
        second = frame.add_paragraph()
        _run(second, about, small, INK)
        first.alignment = second.alignment = PP_ALIGN.LEFT


def _map(slide: Any, panel: MapPanel, box: Box) -> None:
    """Land, flows, places and their names, all as shapes in one group."""
    window, at = placer(panel, box)
    group = slide.shapes.add_group_shape()
    group.name = "Map"
    _filled(group.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_emu(box)), SEA, "Sea")
    rings = [
        [(Pt(box.left + x * box.width), Pt(box.top + y * box.height)) for x, y in ring]
        for ring in land_in(window)
    ]
    if rings:
        builder = group.shapes.build_freeform(*rings[0][0], scale=1.0)
        for ring in rings:
            builder.move_to(*ring[0])
            builder.add_line_segments(ring[1:], close=True)
        _filled(builder.convert_to_shape(), LAND, "Land")
    for flow in panel.flows:
        ends = (*at(*flow.begin), *at(*flow.end))
        line = group.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *map(Pt, ends))
        line.line.width = Pt(0.75 + (_WIDEST - 0.75) * flow.share)
        line.line.color.rgb = RGBColor.from_string(PALETTE[4])
        _plain(line)
        line.name = "Flow"
    marks = placed_marks(panel, box)
    for placed in marks:
        _mark(group, placed)
    for placed in marks:
        _label(group, placed)


def _mark(group: Any, placed: PlacedMark) -> None:
    mark = placed.mark
    kind = MSO_SHAPE.DIAMOND if mark.is_end else MSO_SHAPE.OVAL
    shape = group.shapes.add_shape(kind, *_emu(placed.box))
    _filled(shape, GREY if mark.is_end else PALETTE[0] if mark.share else "FFFFFF", mark.name)
    if not mark.is_end:
        shape.line.color.rgb = RGBColor.from_string("FFFFFF" if mark.share else GREY)
        shape.line.width = Pt(1.0)


def _label(group: Any, placed: PlacedMark) -> None:
    if placed.label is None:
        return
    mark, bold = placed.mark, placed.mark.share > 0
    shape = group.shapes.add_textbox(*_emu(placed.label))
    shape.name = f"Label: {mark.name}"
    _write(
        shape.text_frame, [mark.label], LABEL_SIZE, colour=INK if bold else GREY, bold=bold,
        anchor=MSO_ANCHOR.MIDDLE, align=PP_ALIGN.CENTER, wrap=False,
    )  # fmt: skip


def _filled(shape: Any, colour: str, name: str) -> None:
    shape.name = name
    shape.fill.solid()
    shape.fill.fore_color.rgb = RGBColor.from_string(colour)
    shape.line.fill.background()
    _plain(shape)


def _plain(shape: Any) -> None:
    """Take the theme's style off a shape, with its shadow."""
    style = shape._element.find(qn("p:style"))
    if style is not None:
        shape._element.remove(style)


def _text(
    shapes: Any,
    box: Box,
    paragraphs: Sequence[str],
    sizes: Sequence[float],
    *,
    colour: str = INK,
    bold: bool = False,
    name: str,
    align: Any = PP_ALIGN.LEFT,
) -> None:
    """Paragraphs in a box, as large as fits; what does not fit at the least size is cut."""
    size = fitting_size(paragraphs, box.width, box.height, sizes, bold=bold)
    left = max(int(box.height // (size * LINE)), 1)
    said = []
    for text in paragraphs:
        if left <= 0:
            break
        cut = shortened(text, box.width, size, left, bold=bold)
        left -= lines_of(cut, box.width, size, bold=bold)
        said.append(cut)
    shape = shapes.add_textbox(*_emu(box))
    shape.name = name
    _write(shape.text_frame, said, size, colour=colour, bold=bold, align=align)


def _write(
    frame: Any,
    paragraphs: Sequence[str],
    size: float,
    *,
    colour: str = INK,
    bold: bool = False,
    anchor: Any = MSO_ANCHOR.TOP,
    align: Any = PP_ALIGN.LEFT,
    wrap: bool = True,
) -> None:
    _prepare(frame, anchor, 0.0, wrap=wrap)
    for number, text in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment = align
        _run(paragraph, text, size, colour, bold=bold)


def _prepare(frame: Any, anchor: Any, margin: float, *, wrap: bool = True) -> None:
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = wrap, MSO_AUTO_SIZE.NONE, anchor
    frame.margin_left = frame.margin_right = Pt(margin)
    frame.margin_top = frame.margin_bottom = Pt(0)


def _run(paragraph: Any, text: str, size: float, colour: str, *, bold: bool = False) -> None:
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, FONT
    run.font.color.rgb = RGBColor.from_string(colour)


def _emu(box: Box) -> tuple[Any, Any, Any, Any]:
    return Pt(box.left), Pt(box.top), Pt(box.width), Pt(box.height)
