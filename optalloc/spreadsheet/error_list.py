"""A first sheet of a workbook that lists its problems, each with a link to its cells."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

from optalloc.errors import Repeated, Severity
from optalloc.spreadsheet.sheets import address
from optalloc.spreadsheet.styles import CellStyles
from optalloc.spreadsheet.xml_parts import Edits, add_sheet, child, tag

__all__ = ["ERROR_LIST", "add_error_list"]

# Not read, since its name begins with #.
ERROR_LIST = "#optalloc errors"
MOST_LINES = 10_000

_HEADERS = (
    ("kind", 8),
    ("where", 34),
    ("cells", 7),
    ("what must hold", 54),
    ("found", 32),
    ("what to do", 60),
    ("code", 20),
)
_FIRST_ROW = 5
_LINE = 15  # points
_AFTER_LINKS = (
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "drawing",
    "legacyDrawing",
    "tableParts",
    "extLst",
)
_REMARK = (
    "Each line leads to its cells, which are red and say the same. This sheet is not read: correct "
    "the cells, here or in your own workbook, and check it again."
)


def add_error_list(
    edits: Edits,
    said: Sequence[Repeated],
    styles: CellStyles,
    sheet_named: Callable[[str], str],
    clean: Callable[[str], str],
) -> None:
    """Put a list of problems in front of a workbook, in place of an earlier one.

    Parameters
    ----------
    edits : Edits
        The parts that change.
    said : sequence of Repeated
        Problems, those that say the same gathered; errors come first in the list.
    styles : CellStyles
        The cell styles of the workbook.
    sheet_named : callable
        The name of a sheet as the workbook spells it, or an empty text where it has none.
    clean : callable
        Text with only what XML can hold.
    """
    part = _part(edits)
    root = edits.tree(part)
    for element in list(root):
        root.remove(element)
    ordered = sorted(said, key=lambda found: found.first.severity is not Severity.ERROR)
    _lay_out(root)
    written = _Written(root, styles, clean)
    written.line(1, [(_title(said), written.bold)])
    written.line(2, [(_REMARK, written.plain)])
    written.line(_FIRST_ROW - 1, [(title, written.head) for title, _ in _HEADERS])
    for row, found in enumerate(ordered[:MOST_LINES], start=_FIRST_ROW):
        written.problem(row, found, sheet_named)
    if len(ordered) > MOST_LINES:
        more = f"and {len(ordered) - MOST_LINES:,} more, marked in their cells"
        written.line(_FIRST_ROW + MOST_LINES, [(more, written.plain)])
    written.link()


def _part(edits: Edits) -> str:
    """The part of the list, which an earlier marking may have made already."""
    earlier = (sheet.part for sheet in edits.package.sheets if sheet.name == ERROR_LIST)
    return next(earlier, "") or add_sheet(edits, ERROR_LIST, first=True)


def _title(said: Sequence[Repeated]) -> str:
    errors = sum(found.first.severity is Severity.ERROR for found in said)
    notices = len(said) - errors
    counts = [(errors, "error"), (notices, "notice")]
    return ", ".join(f"{n:,} {word}{'s' if n > 1 else ''}" for n, word in counts if n)


def _lay_out(root: Any) -> None:
    """Freeze the header, and set the widths of columns, in characters."""
    views = etree.SubElement(root, tag(root, "sheetViews"))
    view = etree.SubElement(views, tag(root, "sheetView"), tabSelected="1", workbookViewId="0")
    pane = etree.SubElement(view, tag(root, "pane"), ySplit=str(_FIRST_ROW - 1))
    pane.set("topLeftCell", address(_FIRST_ROW, 1))
    pane.set("activePane", "bottomLeft")
    pane.set("state", "frozen")
    columns = etree.SubElement(root, tag(root, "cols"))
    for place, (_, width) in enumerate(_HEADERS, start=1):
        column = etree.SubElement(columns, tag(root, "col"), min=str(place), max=str(place))
        column.set("width", str(width))
        column.set("customWidth", "1")
    etree.SubElement(root, tag(root, "sheetData"))


class _Written:
    """The rows of the list, and its links, which stand after all rows."""

    def __init__(self, root: Any, styles: CellStyles, clean: Callable[[str], str]) -> None:
        self._root = root
        self._rows = root.find(tag(root, "sheetData"))
        self._links: list[tuple[str, str]] = []
        self._clean = clean
        self.plain = styles.written(wrap=False)
        self.bold = styles.written(bold=True, wrap=False)
        self.head = styles.written(bold=True, fill=styles.add_fill("FFDDEBF7"))
        self._text = styles.written()
        self._link = styles.written(link=True)

    def line(self, row: int, cells: Sequence[tuple[str | int, str]], lines: int = 1) -> None:
        """Write one row: values with their styles, from column A."""
        root = self._root
        made = etree.SubElement(self._rows, tag(root, "row"), r=str(row))
        if lines > 1:
            made.set("ht", str(_LINE * lines))
            made.set("customHeight", "1")
        for place, (value, style) in enumerate(cells, start=1):
            cell = etree.SubElement(made, tag(root, "c"), r=address(row, place), s=style)
            if isinstance(value, int):
                etree.SubElement(cell, tag(root, "v")).text = str(value)
            else:
                cell.set("t", "inlineStr")
                text = etree.SubElement(etree.SubElement(cell, tag(root, "is")), tag(root, "t"))
                text.text = self._clean(value)

    def problem(self, row: int, found: Repeated, sheet_named: Callable[[str], str]) -> None:
        """Write one problem, and note its link where its sheet is there."""
        one = found.first
        sheet, cells = found.ranges[0]
        name = sheet_named(sheet)
        if name:
            quoted = name.replace("'", "''")
            self._links.append((address(row, 2), f"'{quoted}'!{cells or 'A1'}"))
        words = (
            str(one.severity),
            found.where,
            len(found.problems),
            one.must,
            one.found,
            one.action,
            one.code,
        )
        styles = [self._link if name and place == 1 else self._text for place in range(len(words))]
        lines = max(
            len(textwrap.wrap(str(word), width)) or 1
            for word, (_, width) in zip(words, _HEADERS, strict=True)
        )
        self.line(row, list(zip(words, styles, strict=True)), lines)

    def link(self) -> None:
        """Write the links."""
        if not self._links:
            return
        links = child(self._root, "hyperlinks", _AFTER_LINKS)
        for cell, target in self._links:
            link = etree.SubElement(links, tag(self._root, "hyperlink"), ref=cell)
            link.set("location", target)
