"""Edit the XML parts of a workbook, leaving every other part of its zip as it is."""

from __future__ import annotations

import os
import posixpath
import zipfile
from bisect import bisect, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import count, groupby
from pathlib import Path
from typing import Any

from lxml import etree

from optalloc.spreadsheet.faults import MOST_CELLS
from optalloc.spreadsheet.package import Package
from optalloc.spreadsheet.sheets import address, place

__all__ = ["MAIN", "Edits", "add_sheet", "child", "made_cells", "tag", "write_copy"]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.{}"
_NEW_SHEETS, _SHEET_TYPE = "xl/worksheets/sheet{}.xml", "spreadsheetml.worksheet+xml"
_NEW_RELATIONS = f'<Relationships xmlns="{_RELATIONS}"/>'


class Edits:
    """The parts of a package that are being changed or added.

    Parameters
    ----------
    package : Package
        The workbook; it is not changed.

    Attributes
    ----------
    office : str
        Namespace of the relations between parts, which differs in strict workbooks.
    """

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
        """Name a new part that another is to point to, for the caller to fill.

        Parameters
        ----------
        part : str
            The part that points to it.
        kind : str
            Kind of the relation, such as ``"comments"``.
        pattern : str
            Its name, with ``{}`` where a number goes.
        content_type : str
            Last piece of its content type.

        Returns
        -------
        tuple of str
            Its name and the id of the relation.
        """
        names = {*self._trees, *self._texts}
        name = next(
            name
            for name in map(pattern.format, count(1))
            if name not in names and name not in self.package
        )
        folder, _, file = part.rpartition("/")
        relations = self.tree(f"{folder}/_rels/{file}.rels", _NEW_RELATIONS)
        taken = {relation.get("Id") for relation in relations}
        identity = next(rid for rid in map("rId{}".format, count(1)) if rid not in taken)
        relation = etree.SubElement(relations, f"{{{_RELATIONS}}}Relationship", Id=identity)
        relation.set("Type", f"{self.office}/{kind}")
        relation.set("Target", posixpath.relpath(name, folder))
        self._declare(name, _CONTENT_TYPE.format(content_type))
        return name, identity

    def _declare(self, part: str, content_type: str) -> None:
        types = self.tree("[Content_Types].xml")
        if part.endswith(".xml"):
            declared = etree.SubElement(types, f"{{{_TYPES}}}Override", PartName=f"/{part}")
        else:
            defaults = types.iterchildren("{*}Default")
            if any(default.get("Extension", "").lower() == "vml" for default in defaults):
                return
            declared = etree.Element(f"{{{_TYPES}}}Default", Extension="vml")
            types.insert(0, declared)
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


def tag(root: Any, name: str) -> str:
    """Name of an element in the namespace of `root`."""
    return f"{{{etree.QName(root).namespace}}}{name}"


def child(root: Any, name: str, before: Sequence[str] = ()) -> Any:
    """The child of that name; if missing, made in front of those that must follow it."""
    found = root.find(tag(root, name))
    if found is None:
        found = etree.Element(tag(root, name))
        later = next(root.iterchildren(*(tag(root, other) for other in before)), None)
        if before and later is not None:
            later.addprevious(found)
        else:
            root.append(found)
    return found


def add_sheet(edits: Edits, name: str, *, first: bool = False) -> str:
    """Return the part of a new, empty sheet, which is the first of the workbook or the last."""
    book = edits.tree("xl/workbook.xml")
    part, identity = edits.add("xl/workbook.xml", "worksheet", _NEW_SHEETS, _SHEET_TYPE)
    edits.tree(part, f'<worksheet xmlns="{etree.QName(book).namespace}"><sheetData/></worksheet>')
    sheets = book.find(tag(book, "sheets"))
    numbers = [int(sheet.get("sheetId")) for sheet in sheets]
    sheet = etree.Element(tag(book, "sheet"), name=name)
    sheet.set("sheetId", str(max(numbers, default=0) + 1))
    sheet.set(f"{{{edits.office}}}id", identity)
    sheets.insert(0 if first else len(sheets), sheet)
    if first:
        _show_first(edits, book)
    return part


def _show_first(edits: Edits, book: Any) -> None:
    """Let the workbook open on a new first sheet, and what counts sheets count it."""
    for view in book.iterfind(f"{tag(book, 'bookViews')}/{tag(book, 'workbookView')}"):
        view.set("activeTab", "0")
        view.attrib.pop("firstSheet", None)
    for name in book.iterfind(f"{tag(book, 'definedNames')}/{tag(book, 'definedName')}"):
        if name.get("localSheetId") is not None:
            name.set("localSheetId", str(int(name.get("localSheetId")) + 1))
    # Sheets selected together would be typed into together.
    for sheet in edits.package.sheets:
        if b"tabSelected" in edits.package.read(sheet.part):
            for view in edits.tree(sheet.part).iter("{*}sheetView"):
                view.attrib.pop("tabSelected", None)


def write_copy(package: Package, parts: dict[str, bytes], out: Path) -> None:
    """Write a copy of the package, with `parts` replaced or added, put in place at once."""
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


def made_cells(root: Any, cells: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    """Cells of a sheet by (row, column); blank ones, which are not in the file, are made."""
    data = root.find(tag(root, "sheetData"))
    if data is None:
        raise ValueError("a sheet without sheetData")
    rows = _numbered(data, "row", int, str)
    row_order = sorted(rows)
    made: dict[tuple[int, int], Any] = {}
    for number, in_row in groupby(sorted(cells), key=lambda cell: cell[0]):
        if number not in rows:
            rows[number] = etree.Element(tag(root, "row"), r=str(number))
            _insert(data, rows, row_order, number)
        row = rows[number]
        found = _numbered(row, "c", lambda r: place(r)[1], partial(address, number))
        order = sorted(found)
        for _, column in in_row:
            if column not in found:
                found[column] = etree.Element(tag(root, "c"), r=address(number, column))
                found[column].set("s", _blank_style(root, row, column))
                _insert(row, found, order, column)
                # The span only speeds up reading, and may now be too narrow.
                row.attrib.pop("spans", None)
            made[number, column] = found[column]
    return made


def _numbered(
    parent: Any, name: str, number_of: Callable[[str], int], label: Callable[[int], str]
) -> dict[int, Any]:
    """Rows or cells by number. Each then states it, or one put in between would shift it."""
    children: dict[int, Any] = {}
    number = 0
    for element in parent.iterchildren(tag(parent, name)):
        stated = element.get("r")
        number = number_of(stated) if stated else number + 1
        element.set("r", stated or label(number))
        children[number] = element
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
    for columns in root.iterfind(f"{tag(root, 'cols')}/{tag(root, 'col')}"):
        if int(columns.get("min", 0)) <= column <= int(columns.get("max", 0)):
            return str(columns.get("style", "0"))
    return "0"
