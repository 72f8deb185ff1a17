"""Write comments on cells, adding to those that a sheet already has.

A comment is a text in one part and a box in another, which is in an old drawing format (VML).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from optalloc.spreadsheet.sheets import LAST_COLUMN, LAST_ROW, address
from optalloc.spreadsheet.xml_parts import Edits, child, tag

__all__ = ["add_comments"]

_Cells = Mapping[tuple[int, int], str]

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_AFTER_LEGACY_DRAWING = (
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
)
_NEW_COMMENTS = '<comments xmlns="{namespace}"><authors/><commentList/></comments>'
_VML = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_NEW_DRAWING = (
    f'<xml {_VML}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>'
    "</xml>"
)
_SHAPE_TYPE = (
    f'<v:shapetype {_VML} id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    f'<v:shape {_VML} id="_x0000_s{{number}}" type="#_x0000_t202" style="position:absolute;'
    'width:240pt;height:80pt;z-index:1;visibility:hidden" fillcolor="#ffffe1" '
    'o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox><div style="text-align:left"/></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>"
    "<x:Column>{column}</x:Column></x:ClientData></v:shape>"
)


def add_comments(edits: Edits, sheet: str, cells: _Cells) -> None:
    """Comment cells of a sheet, below the text of comments that they have.

    Parameters
    ----------
    edits : Edits
        The parts that change.
    sheet : str
        The part of the sheet.
    cells : mapping of tuple to str
        Text by row and column, both counted from 1.
    """
    if fresh := _write_texts(edits, sheet, cells):
        _draw_boxes(edits, sheet, fresh)


def _write_texts(edits: Edits, sheet: str, cells: _Cells) -> dict[tuple[int, int], str]:
    """Write the texts as comments; return those of cells that had none yet."""
    part = edits.related(sheet, "comments")
    if not part:
        pattern, content_type = "xl/comments{}.xml", "spreadsheetml.comments+xml"
        part, _ = edits.add(sheet, "comments", pattern, content_type)
    namespace = etree.QName(edits.tree(sheet)).namespace
    root = edits.tree(part, _NEW_COMMENTS.format(namespace=namespace))
    authors = child(root, "authors", ("commentList", "extLst"))
    etree.SubElement(authors, tag(root, "author")).text = "optalloc"
    author = str(len(authors.findall(tag(root, "author"))) - 1)
    comments = child(root, "commentList", ("extLst",))
    existing = {comment.get("ref"): comment for comment in comments.iterchildren("{*}comment")}
    fresh: dict[tuple[int, int], str] = {}
    for cell, text in cells.items():
        comment = existing.get(address(*cell))
        if comment is None:
            fresh[cell] = text
            comment = etree.SubElement(comments, tag(root, "comment"), ref=address(*cell))
            comment.set("authorId", author)
            _add_run(child(comment, "text"), text)
        else:
            _add_run(child(comment, "text"), f"\n{text}")
    return fresh


def _add_run(body: Any, text: str) -> None:
    """Add to the text of a comment, whose style stays."""
    plain = body.find(tag(body, "t"))
    if plain is not None:
        run = etree.Element(tag(body, "r"))
        body.replace(plain, run)
        run.append(plain)
    runs = body.findall(tag(body, "r"))
    run = etree.Element(tag(body, "r"))
    body.insert(body.index(runs[-1]) + 1 if runs else 0, run)
    written = etree.SubElement(run, tag(body, "t"))
    written.set(_SPACE, "preserve")
    written.text = text


def _draw_boxes(edits: Edits, sheet: str, cells: _Cells) -> None:
    """Give each comment the hidden box without which spreadsheet programs do not show it.

    The drawing is edited as text: spreadsheet programs write some that are no proper XML.
    """
    root = edits.tree(sheet)
    link = f"{{{edits.office}}}id"
    legacy = root.find(tag(root, "legacyDrawing"))
    related = edits.package.related(sheet)
    _, part = related.get(legacy.get(link), ("", "")) if legacy is not None else ("", "")
    if part not in edits.package:
        pattern = "xl/drawings/vmlDrawing{}.vml"
        part, identity = edits.add(sheet, "vmlDrawing", pattern, "vmlDrawing")
        child(root, "legacyDrawing", _AFTER_LEGACY_DRAWING).set(link, identity)
    drawing = edits.text(part, _NEW_DRAWING)
    end = drawing.rindex(b"</")
    first = max((int(n) for n in re.findall(rb"_x0000_s(\d{1,9})\b", drawing)), default=1024) + 1
    shapes = [
        _shape(number, *cell, text) for number, (cell, text) in enumerate(cells.items(), first)
    ]
    if b"_x0000_t202" not in drawing:
        shapes.insert(0, _SHAPE_TYPE)
    edits.set_text(part, drawing[:end] + "".join(shapes).encode() + drawing[end:])


def _shape(number: int, row: int, column: int, text: str) -> str:
    lines = sum(1 + len(line) // 45 for line in text.split("\n"))
    height = min(lines + 1, 30)
    left, top = min(column, LAST_COLUMN - 6), min(max(row - 2, 0), LAST_ROW - height - 1)
    anchor = f"{left}, 15, {top}, 10, {left + 5}, 15, {top + height}, 4"
    return _SHAPE.format(number=number, anchor=anchor, row=row - 1, column=column - 1)
