"""Write a copy of the planner's own workbook in which each bad cell is red and says why.

Spreadsheet libraries lose the charts, pictures and form controls of a workbook that they load and
save. So the parts of the zip are edited directly: the marked sheets, their comments, and the
table of cell styles change, every other part is copied as it is.
"""

from __future__ import annotations

import os
import posixpath
import re
import zipfile
from bisect import bisect, insort
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from lxml import etree

from optalloc.errors import InputError, Problem
from optalloc.workbook import (
    LAST_COLUMN,
    LAST_ROW,
    MOST_CELLS,
    Package,
    SheetPart,
    address,
    place,
    undamaged,
)

__all__ = ["mark_workbook"]

RED = "FFFFC7CE"
LONGEST_COMMENT = 30_000

_Cells = Mapping[tuple[int, int], str]

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.{}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

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
_AFTER_FORMATS = ("cellStyles", "dxfs", "tableStyles", "colors", "extLst")
_NEW_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="2"><fill>'
    '<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="1"><xf xfId="0"/></cellXfs></styleSheet>'
)
_NEW_COMMENTS = '<comments xmlns="{namespace}"><authors/><commentList/></comments>'
_NEW_RELATIONS = f'<Relationships xmlns="{_RELATIONS}"/>'
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


def mark_workbook(source: Path, problems: Sequence[Problem], out: Path) -> None:
    """Write a copy of a workbook with every problem as a comment on its red cell.

    A problem of a sheet without a cell goes to A1 of that sheet; one without a sheet, or of a
    sheet that is missing, to A1 of the first sheet. All parts of the workbook but the marked
    sheets, their comments and the cell styles are copied byte for byte.

    Parameters
    ----------
    source : Path
        The planner's .xlsx; never written to.
    problems : sequence of Problem
        What to mark, notices included.
    out : Path
        The copy; put in place only when it is complete.

    Raises
    ------
    InputError
        If `source` is a folder or no readable workbook, or `out` is the source or not writable.
    """
    if source.is_dir():
        raise _refusal(source, "must be an .xlsx for its bad cells to be marked", "a folder")
    package = Package(source)
    try:
        if out.exists() and out.samefile(source):
            raise _refusal(out, "must be another file than the workbook", "the workbook itself")
        with undamaged(source.name):
            _write(package, _marked_parts(package, problems), out)
    except OSError as fault:
        raise _refusal(out, "must be writable", (fault.strerror or "a fault").lower()) from fault


def _refusal(path: Path, must: str, found: str) -> InputError:
    action = "Name another file."
    return InputError([Problem("", "", f"{path.name} {must}", found, action, "cannot-mark")])


def _write(package: Package, parts: dict[str, bytes], out: Path) -> None:
    """Copy the package, with `parts` replaced or added, and put the copy in place at once."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    with unfinished.open("xb") as stream:
        try:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as copy:
                for member in package.archive.infolist():
                    entry = zipfile.ZipInfo(member.filename, member.date_time)
                    entry.compress_type = member.compress_type
                    entry.external_attr = member.external_attr
                    changed = parts.pop(member.filename, None)
                    copy.writestr(entry, changed or package.read(member.filename))
                for part, data in parts.items():
                    copy.writestr(part, data)
            stream.close()
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)


def _marked_parts(package: Package, problems: Sequence[Problem]) -> dict[str, bytes]:
    """Bytes of every part that changes or is new, by the name it has in the zip."""
    edits = _Edits(package)
    cells_by_sheet = _cells_by_sheet(package, problems)
    if not cells_by_sheet:
        return {}
    styles = _RedStyles(edits)
    for sheet, cells in cells_by_sheet.items():
        _colour(edits.tree(sheet.part), cells, styles)
        if fresh := _comment(edits, sheet.part, cells):
            _draw(edits, sheet.part, fresh)
    return edits.parts()


def _cells_by_sheet(package: Package, problems: Sequence[Problem]) -> dict[SheetPart, _Cells]:
    """Text to write at each cell, by sheet."""
    sheets = [sheet for sheet in package.sheets if sheet.has_cells]
    if not sheets:
        raise _refusal(package.path, "must have a sheet with cells", "none")
    exact = {sheet.name: sheet for sheet in sheets}
    loose = {sheet.name.strip().casefold(): sheet for sheet in reversed(sheets)}
    texts: dict[SheetPart, dict[tuple[int, int], list[str]]] = {}
    for problem in problems:
        sheet = exact.get(problem.sheet) or loose.get(problem.sheet.strip().casefold())
        if sheet:
            cell = place(problem.cell or "A1")
            text = str(replace(problem, sheet="", cell="")).removeprefix("File: ")
        else:
            sheet, cell, text = sheets[0], (1, 1), str(problem)
        texts.setdefault(sheet, {}).setdefault(cell, []).append(_NOT_XML.sub("\ufffd", text))
    return {
        sheet: {
            cell: "\n".join(dict.fromkeys(lines))[:LONGEST_COMMENT]
            for cell, lines in sorted(cells.items())
        }
        for sheet, cells in texts.items()
    }


# Parts ------------------------------------------------------------------------------------------


class _Edits:
    """The parts of a package that are being changed or added."""

    def __init__(self, package: Package) -> None:
        self.package = package
        strict = _STRICT_OFFICE.encode() in package.read("xl/workbook.xml")
        self.office = _STRICT_OFFICE if strict else _OFFICE
        self._trees: dict[str, Any] = {}
        self._texts: dict[str, bytes] = {}

    def tree(self, part: str, new: str = "") -> Any:
        """Root of a part, which is made from `new` if the package has no such part."""
        if part not in self._trees:
            data = new.encode() if new and part not in self.package else self.package.read(part)
            # A tree takes many times the memory of its text.
            if data.count(b"<") > 3 * MOST_CELLS:
                raise ValueError(f"{part} is too large to be marked")
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
            try:
                self._trees[part] = etree.fromstring(data, parser)
            except etree.XMLSyntaxError as fault:
                raise ValueError(f"{part}: {fault}") from fault
        return self._trees[part]

    def text(self, part: str, new: str) -> bytes:
        """Text of a part, or `new` if the package has no such part."""
        return self.package.read(part) if part in self.package else new.encode()

    def set_text(self, part: str, data: bytes) -> None:
        """Replace or add a part."""
        self._texts[part] = data

    def related(self, part: str, kind: str) -> str:
        """The part of some kind that `part` points to; empty if there is none."""
        related = self.package.related(part).values()
        return next((target for k, target in related if k == kind and target in self.package), "")

    def add(self, part: str, kind: str, pattern: str, content_type: str) -> tuple[str, str]:
        """Name a new part that `part` is to point to; its name and the id of the relation."""
        number = 1
        while (name := pattern.format(number)) in {*self._trees, *self._texts} or (
            name in self.package
        ):
            number += 1
        folder, _, file = part.rpartition("/")
        relations = self.tree(f"{folder}/_rels/{file}.rels", _NEW_RELATIONS)
        taken = {relation.get("Id") for relation in relations}
        identity = next(i for n in range(len(taken) + 1) if (i := f"rId{n + 1}") not in taken)
        relation = etree.SubElement(relations, f"{{{_RELATIONS}}}Relationship", Id=identity)
        relation.set("Type", f"{self.office}/{kind}")
        relation.set("Target", posixpath.relpath(name, folder))
        self._declare(name, _CONTENT_TYPE.format(content_type))
        return name, identity

    def _declare(self, part: str, content_type: str) -> None:
        types = self.tree("[Content_Types].xml")
        if part.endswith(".xml"):
            declared = etree.SubElement(types, f"{{{_TYPES}}}Override", PartName=f"/{part}")
        elif "vml" not in {
            t.get("Extension", "").lower() for t in types.iterchildren("{*}Default")
        }:
            declared = etree.Element(f"{{{_TYPES}}}Default", Extension="vml")
            types.insert(0, declared)
        else:
            return
        declared.set("ContentType", content_type)

    def parts(self) -> dict[str, bytes]:
        """Bytes of all these parts, by the name that the zip gives them."""
        texts = self._texts | {
            part: etree.tostring(
                root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True
            )
            for part, root in self._trees.items()
        }
        return {
            self.package.name(part) if part in self.package else part: data
            for part, data in texts.items()
        }


def _tag(root: Any, name: str) -> str:
    return f"{{{etree.QName(root).namespace}}}{name}"


def _child(root: Any, name: str, before: Sequence[str] = ()) -> Any:
    """The child of that name; if missing, made in front of those that must come after it."""
    child = root.find(_tag(root, name))
    if child is None:
        child = etree.Element(_tag(root, name))
        later = next(root.iterchildren(*(_tag(root, other) for other in before)), None)
        if before and later is not None:
            later.addprevious(child)
        else:
            root.append(child)
    return child


# Colour -----------------------------------------------------------------------------------------


class _RedStyles:
    """The cell styles of a workbook, each with a red twin made when it is asked for."""

    def __init__(self, edits: _Edits) -> None:
        part = edits.related("xl/workbook.xml", "styles")
        if not part:
            pattern, content_type = "xl/styles{}.xml", "spreadsheetml.styles+xml"
            part, _ = edits.add("xl/workbook.xml", "styles", pattern, content_type)
        root = edits.tree(part, _NEW_STYLES)
        fills = _child(root, "fills", ("borders", "cellStyleXfs", "cellXfs", *_AFTER_FORMATS))
        fill = etree.SubElement(fills, _tag(root, "fill"))
        pattern_fill = etree.SubElement(fill, _tag(root, "patternFill"), patternType="solid")
        etree.SubElement(pattern_fill, _tag(root, "fgColor"), rgb=RED)
        etree.SubElement(pattern_fill, _tag(root, "bgColor"), indexed="64")
        self._fill = len(fills.findall(_tag(root, "fill"))) - 1
        fills.set("count", str(self._fill + 1))
        self._formats = _child(root, "cellXfs", _AFTER_FORMATS)
        self._tag = _tag(root, "xf")
        self._twins: dict[str, str] = {}

    def red(self, style: str) -> str:
        """Id of the style that differs from `style` only in its fill."""
        if style not in self._twins:
            formats = self._formats.findall(self._tag)
            known = int(style) < len(formats)
            twin = deepcopy(formats[int(style)]) if known else etree.Element(self._tag)
            twin.set("fillId", str(self._fill))
            twin.set("applyFill", "1")
            self._formats.append(twin)
            self._formats.set("count", str(len(formats) + 1))
            self._twins[style] = str(len(formats))
        return self._twins[style]


def _colour(root: Any, cells: _Cells, styles: _RedStyles) -> None:
    """Make cells red, and first make those that are blank and so not in the file."""
    data = root.find(_tag(root, "sheetData"))
    if data is None:
        raise ValueError("a sheet without sheetData")
    rows = _numbered(data, "row", int, str)
    row_order = sorted(rows)
    for number, in_row in groupby(cells, key=lambda cell: cell[0]):
        if number not in rows:
            rows[number] = etree.Element(_tag(root, "row"), r=str(number))
            _insert(data, rows, row_order, number)
        row = rows[number]
        found = _numbered(row, "c", lambda r: place(r)[1], partial(address, number))
        order = sorted(found)
        for _, column in in_row:
            if column not in found:
                found[column] = etree.Element(_tag(root, "c"), r=address(number, column))
                found[column].set("s", _blank_style(root, row, column))
                _insert(row, found, order, column)
                # The span only speeds up reading, and may now be too narrow.
                row.attrib.pop("spans", None)
            found[column].set("s", styles.red(found[column].get("s", "0")))


def _numbered(
    parent: Any, name: str, number_of: Callable[[str], int], label: Callable[[int], str]
) -> dict[int, Any]:
    """Rows or cells by number. Each then states it, or one put in between would shift it."""
    children: dict[int, Any] = {}
    number = 0
    for child in parent.iterchildren(_tag(parent, name)):
        stated = child.get("r")
        number = number_of(stated) if stated else number + 1
        child.set("r", stated or label(number))
        children[number] = child
    return children


def _insert(parent: Any, children: Mapping[int, Any], order: list[int], number: int) -> None:
    later = bisect(order, number)
    if later < len(order):
        children[order[later]].addprevious(children[number])
    else:
        parent.append(children[number])
    insort(order, number)


def _blank_style(root: Any, row: Any, column: int) -> str:
    """Style that a cell not in the file takes from its row or column."""
    if row.get("customFormat") in ("1", "true"):
        return str(row.get("s", "0"))
    for columns in root.iterfind(f"{_tag(root, 'cols')}/{_tag(root, 'col')}"):
        if int(columns.get("min", 0)) <= column <= int(columns.get("max", 0)):
            return str(columns.get("style", "0"))
    return "0"


# Comments ---------------------------------------------------------------------------------------


def _comment(edits: _Edits, sheet: str, cells: _Cells) -> dict[tuple[int, int], str]:
    """Write the texts as comments; return those of cells that had none yet."""
    part = edits.related(sheet, "comments")
    if not part:
        pattern, content_type = "xl/comments{}.xml", "spreadsheetml.comments+xml"
        part, _ = edits.add(sheet, "comments", pattern, content_type)
    namespace = etree.QName(edits.tree(sheet)).namespace
    root = edits.tree(part, _NEW_COMMENTS.format(namespace=namespace))
    authors = _child(root, "authors", ("commentList", "extLst"))
    etree.SubElement(authors, _tag(root, "author")).text = "optalloc"
    author = str(len(authors.findall(_tag(root, "author"))) - 1)
    comments = _child(root, "commentList", ("extLst",))
    existing = {comment.get("ref"): comment for comment in comments.iterchildren("{*}comment")}
    fresh: dict[tuple[int, int], str] = {}
    for cell, text in cells.items():
        comment = existing.get(address(*cell))
        if comment is None:
            fresh[cell] = text
            comment = etree.SubElement(comments, _tag(root, "comment"), ref=address(*cell))
            comment.set("authorId", author)
            _add_run(_child(comment, "text"), text)
        else:
            _add_run(_child(comment, "text"), f"\n{text}")
    return fresh


def _add_run(body: Any, text: str) -> None:
    plain = body.find(_tag(body, "t"))
    if plain is not None:
        run = etree.Element(_tag(body, "r"))
        body.replace(plain, run)
        run.append(plain)
    runs = body.findall(_tag(body, "r"))
    run = etree.Element(_tag(body, "r"))
    body.insert(body.index(runs[-1]) + 1 if runs else 0, run)
    written = etree.SubElement(run, _tag(body, "t"))
    written.set(_SPACE, "preserve")
    written.text = text


def _draw(edits: _Edits, sheet: str, cells: _Cells) -> None:
    """Give each comment the hidden box without which spreadsheet programs do not show it.

    The drawing is edited as text: spreadsheet programs write some that are no proper XML.
    """
    root = edits.tree(sheet)
    link = f"{{{edits.office}}}id"
    legacy = root.find(_tag(root, "legacyDrawing"))
    related = edits.package.related(sheet)
    _, part = related.get(legacy.get(link), ("", "")) if legacy is not None else ("", "")
    if part not in edits.package:
        pattern = "xl/drawings/vmlDrawing{}.vml"
        part, identity = edits.add(sheet, "vmlDrawing", pattern, "vmlDrawing")
        _child(root, "legacyDrawing", _AFTER_LEGACY_DRAWING).set(link, identity)
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
