"""Read a workbook or a folder of CSVs into plain rows, with oddities of their structure.

Nothing here depends on the model. Values come from calamine, which trusts its input: it sizes its
memory by counts and addresses that the file states. So it never sees the file itself, only a
copy of the few parts it needs, once a scan has checked them. The scan also finds what calamine
does not report: formulas without a value, error values, hidden rows.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from python_calamine import CalamineWorkbook

from optalloc.errors import Problem
from optalloc.spreadsheet.csvfolder import read_folder
from optalloc.spreadsheet.faults import MOST_BYTES, MOST_CELLS, readable, refusal, undamaged
from optalloc.spreadsheet.frames import Book, read_frames
from optalloc.spreadsheet.package import Package, SheetPart, part_key
from optalloc.spreadsheet.scan import MOST_ODDITIES, Scan, oddities, string_lengths
from optalloc.spreadsheet.sheets import RawSheet, Rows, Workbook, address, place, trimmed
from optalloc.spreadsheet.totals import marked_totals, suspected_totals, totals_left_out, without

__all__ = ["RawSheet", "Workbook", "address", "place", "read_workbook"]

_SST = re.compile(rb"<((?:[^\s<>/:]*:)?sst)\b[^>]*?(/?)>")
_ERROR_VALUE = re.compile(rb"(<(?:[\w.-]+:)?v>)#[A-Z0-9_/!?]+(?=</)")
_ROOT_RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org'
    b'/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)


def read_workbook(book: Book | Workbook) -> Workbook:
    """Read an Excel workbook, a folder whose CSVs are the sheets, or frames by sheet name.

    What has been read already is returned as it is.

    Raises
    ------
    InputError
        If the input as a whole cannot be read; it then carries one problem, of no sheet.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "Sites.csv").write_text("site,limit_mw\\nlulea,120\\n")
    ...     read_workbook(folder).sheets["Sites"].rows
    (('site', 'limit_mw'), ('lulea', '120'))
    """
    if isinstance(book, Workbook):
        return book
    if isinstance(book, Mapping):
        return read_frames(book)
    if not isinstance(book, str | os.PathLike):
        raise refusal("not-frames", "a workbook that is no path", f"a {type(book).__name__}")
    path = Path(book)
    with readable(path.name):
        is_folder = path.is_dir()
    return read_folder(path) if is_folder else _read_package(Package(path))


def _read_package(package: Package) -> Workbook:
    name = package.path.name
    sheets = [sheet for sheet in package.sheets if sheet.has_cells]
    with undamaged(name):
        if len({sheet.name for sheet in package.sheets}) < len(package.sheets):
            raise ValueError("two sheets of one name")
        parts, scans = _checked_parts(package, sheets)
        grids = _grids(package, parts)
        totals = {sheet.name: marked_totals(package, sheet) for sheet in sheets}
    problems: list[Problem] = []
    raw: dict[str, RawSheet] = {}
    for position, sheet in enumerate(package.sheets, start=1):
        scan, left_out = scans.get(sheet.name), totals.get(sheet.name, [])
        problems += oddities(sheet, position, scan, left_out)
        if scan is not None:
            grid = grids[sheet.name]
            rows = without(grid, left_out)
            raw[sheet.name] = RawSheet(sheet.name, rows, sheet.hidden, position, scan.reach)
            problems += totals_left_out(sheet.name, position, grid, left_out)
            sums = [at for at in scan.sums if not any(at in area for area in left_out)]
            problems += suspected_totals(sheet.name, position, rows, sums)
    return Workbook(
        source=package.path,
        sheets=raw,
        problems=tuple(sorted(problems, key=lambda problem: problem.order)),
        text_cells=False,
        digest=hashlib.sha256(package.data).hexdigest(),
    )


def _checked_parts(
    package: Package, sheets: Sequence[SheetPart]
) -> tuple[dict[str, bytes], dict[str, Scan]]:
    """The parts that calamine needs, by name, and the scan of each sheet."""
    fixed = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
    parts = {"_rels/.rels": _ROOT_RELATIONS} | {part: package.read(part) for part in fixed}
    by_kind = {kind: part for kind, part in package.relations.values() if part in package}
    if "styles" in by_kind:
        parts["xl/styles.xml"] = package.read(by_kind["styles"])
    lengths: list[int] = []
    if "sharedStrings" in by_kind:
        strings = package.read(by_kind["sharedStrings"])
        lengths = string_lengths(strings)
        # calamine reserves memory for as many strings as the root element claims.
        parts["xl/sharedStrings.xml"] = _SST.sub(rb"<\1\2>", strings)
    scans: dict[str, Scan] = {}
    taken = {"xl/sharedstrings.xml", *map(part_key, parts)}
    recalculates = package.recalculates()
    for sheet in sheets:
        part = package.read(sheet.part)
        scan = scans[sheet.name] = Scan(part, lengths, recalculates)
        _refuse_huge(package.path.name, sheet.name, scans)
        # calamine refuses a whole sheet for one error value that it does not know.
        known = _ERROR_VALUE.sub(rb"\1#N/A", part) if scan.odd_cells else part
        if part_key(sheet.part) in taken:
            raise ValueError("two parts in one")
        taken.add(part_key(sheet.part))
        parts[sheet.part] = known
    return parts, scans


def _refuse_huge(name: str, sheet: str, scans: Mapping[str, Scan]) -> None:
    """Refuse a sheet that would be huge once read: stray far cells, one long text in many cells."""
    scan = scans[sheet]
    if sum(s.last_row * s.last_column for s in scans.values()) > MOST_CELLS:
        corner = address(scan.last_row, scan.last_column)
        found = f"over {MOST_CELLS:,} cells, with sheet {sheet!r} reaching to {corner}"
    elif sum(s.text_length for s in scans.values()) > MOST_BYTES:
        found = f"over 1 GiB of text, up to sheet {sheet!r}"
    elif sum(s.oddities for s in scans.values()) > MOST_ODDITIES:
        found = f"over {MOST_ODDITIES:,} faults and hidden or merged ranges, up to sheet {sheet!r}"
    else:
        return
    raise refusal("too-large", name, found)


def _grids(package: Package, parts: Mapping[str, bytes]) -> dict[str, Rows]:
    """Values of each sheet, read from a copy that holds only these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as copy:
        for part, data in parts.items():
            copy.writestr(part, data)
    stream.seek(0)
    book = CalamineWorkbook.from_filelike(stream)
    return {
        sheet.name: _grid(book, index, f"sheet {sheet.name!r} of {package.path.name}")
        for index, sheet in enumerate(package.sheets)
        if sheet.has_cells
    }


def _grid(book: CalamineWorkbook, index: int, where: str) -> Rows:
    try:
        cells = book.get_sheet_by_index(index).to_python(skip_empty_area=False)
    except BaseException as fault:
        # A panic of calamine is no Exception, and its class cannot be imported.
        panic = type(fault).__name__ == "PanicException"
        if not panic and not isinstance(fault, OverflowError):
            raise
        raise refusal("date-range", where, "a number beyond them") from fault
    return trimmed([tuple(map(_value, row)) for row in cells])


def _value(cell: object) -> object:
    """None for a blank; an integer for an integral float, as workbooks store only floats."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return None if cell == "" else cell
