"""The cell styles of a workbook: twins of a style that differ from it in one respect."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from lxml import etree
from openpyxl.styles.numbers import builtin_format_code, is_date_format

from optalloc.spreadsheet.xml_parts import MAIN, Edits, child, tag

__all__ = ["CellStyles"]

_AFTER_FORMATS = ("cellStyles", "dxfs", "tableStyles", "colors", "extLst")
_NEW_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="2"><fill>'
    '<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="1"><xf xfId="0"/></cellXfs></styleSheet>'
)


class CellStyles:
    """The table of cell styles, to which styles are added on first use.

    Parameters
    ----------
    edits : Edits
        The parts that change; a workbook without styles gets some.
    """

    def __init__(self, edits: Edits) -> None:
        part = edits.related("xl/workbook.xml", "styles")
        if not part:
            pattern, content_type = "xl/styles{}.xml", "spreadsheetml.styles+xml"
            part, _ = edits.add("xl/workbook.xml", "styles", pattern, content_type)
        self._root = edits.tree(part, _NEW_STYLES)
        self._formats = child(self._root, "cellXfs", _AFTER_FORMATS)
        self._twins: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}

    def add_fill(self, colour: str) -> str:
        """Add a fill of one colour (``"FFRRGGBB"``); gives its id."""
        root = self._root
        fills = child(root, "fills", ("borders", "cellStyleXfs", "cellXfs", *_AFTER_FORMATS))
        fill = etree.SubElement(fills, tag(root, "fill"))
        pattern = etree.SubElement(fill, tag(root, "patternFill"), patternType="solid")
        etree.SubElement(pattern, tag(root, "fgColor"), rgb=colour)
        etree.SubElement(pattern, tag(root, "bgColor"), indexed="64")
        number = len(fills.findall(tag(root, "fill"))) - 1
        fills.set("count", str(number + 1))
        return str(number)

    def twin(self, style: str, **attributes: str) -> str:
        """Id of the style that differs from `style` in these attributes only."""
        key = style, frozenset(attributes.items())
        if key not in self._twins:
            formats = self._formats.findall(tag(self._root, "xf"))
            own = self._format(style)
            twin = etree.Element(tag(self._root, "xf")) if own is None else deepcopy(own)
            for name, value in attributes.items():
                twin.set(name, value)
            self._formats.append(twin)
            self._formats.set("count", str(len(formats) + 1))
            self._twins[key] = str(len(formats))
        return self._twins[key]

    def written(
        self, *, bold: bool = False, link: bool = False, fill: str = "", wrap: bool = True
    ) -> str:
        """Add a style for text, aligned to the top; gives its id."""
        root = self._root
        fonts = child(root, "fonts", ("fills", "borders", "cellStyleXfs", *_AFTER_FORMATS))
        font = etree.SubElement(fonts, tag(root, "font"))
        if bold:
            etree.SubElement(font, tag(root, "b"))
        if link:
            etree.SubElement(font, tag(root, "u"))
        etree.SubElement(font, tag(root, "sz"), val="11")
        if link:
            etree.SubElement(font, tag(root, "color"), rgb="FF0563C1")
        etree.SubElement(font, tag(root, "name"), val="Calibri")
        number = len(fonts.findall(tag(root, "font"))) - 1
        fonts.set("count", str(number + 1))
        style = etree.SubElement(self._formats, tag(root, "xf"), fontId=str(number), xfId="0")
        style.set("applyFont", "1")
        if fill:
            style.set("fillId", fill)
            style.set("applyFill", "1")
        style.set("applyAlignment", "1")
        alignment = etree.SubElement(style, tag(root, "alignment"), vertical="top")
        if wrap:
            alignment.set("wrapText", "1")
        place = len(self._formats.findall(tag(root, "xf"))) - 1
        self._formats.set("count", str(place + 1))
        return str(place)

    def shows_dates(self, style: str) -> bool:
        """True if a number of this style is shown as a date."""
        own = self._format(style)
        number = int(own.get("numFmtId", "0")) if own is not None else 0
        custom = {
            int(entry.get("numFmtId")): entry.get("formatCode", "")
            for entry in self._root.iterfind(
                f"{tag(self._root, 'numFmts')}/{tag(self._root, 'numFmt')}"
            )
        }
        code = custom.get(number) or builtin_format_code(number)
        return bool(code) and bool(is_date_format(code))

    def _format(self, style: str) -> Any:
        formats = self._formats.findall(tag(self._root, "xf"))
        return formats[int(style)] if int(style) < len(formats) else None
