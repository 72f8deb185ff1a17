"""Read a workbook or a folder of CSVs into plain rows, with what is odd about their structure.

Nothing here knows the model. Values come from calamine, which trusts its input: it sizes its
memory by counts and addresses that the file states. So it never sees the file itself, only a
copy of the few parts it needs, once a scan has checked them. The scan also finds what calamine
does not tell: formulas without a value, error values, hidden rows.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from optalloc.errors import InputError, Problem, Severity

__all__ = [
    "Package",
    "RawSheet",
    "SheetPart",
    "Workbook",
    "address",
    "place",
    "read_workbook",
    "undamaged",
]

MOST_BYTES = 2**30
MOST_CELLS = 10_000_000
MOST_PARTS = 100_000
MOST_ODDITIES = 100_000
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

_WORDS = {
    # Of the input as a whole; these stop the reading.
    "not-found": ("must exist", "Check the path and its spelling."),
    "not-readable": ("must be readable", "Close it elsewhere and check that you may read it."),
    "empty-file": ("must not be empty", "Save it again."),
    "not-a-workbook": (
        "must be an Excel workbook or a folder of CSVs",
        "Open it in a spreadsheet program and save it as .xlsx, or name a folder of CSVs.",
    ),
    "password-protected": ("must open without a password", "Save it without a password."),
    "truncated": (
        "must be complete and undamaged",
        "Open it in a spreadsheet program and save it again, or fetch it again.",
    ),
    "too-large": ("must fit in memory", "Delete stray cells, sheets and pictures."),
    "date-range": (
        "must hold dates and times of the years 1900 to 9999",
        "Correct the cell, or give it a number format.",
    ),
    # Of a sheet or a cell.
    "formula-without-value": (
        "a formula must have a calculated value",
        "Open the workbook in a spreadsheet program and save it, or type the number.",
    ),
    "error-value": ("a cell must hold a value", "Correct its formula, or type the value."),
    "merged-cells": ("cells must not be merged", "Unmerge them and fill in every cell."),
    "encoding": ("must be encoded as UTF-8", "Save it as 'CSV UTF-8'."),
    "nul-byte": ("must be text", "Save it again as 'CSV UTF-8'."),
    "csv-quote": ("a quoted cell must end with its quote", "Add or remove a quote."),
    "csv-delimiter": ("cells must be separated by commas", "Save it as comma-separated CSV."),
    "ragged-row": (
        "a row must not be longer than the header",
        "Put quotes around text with a comma in it, or delete the extra cells.",
    ),
    "hidden": ("what is hidden is read like the rest", "Delete it if it should not count."),
    "not-read": ("only sheets of cells are read", "Remove it if that surprises you."),
}
_NOTICES = {"hidden", "not-read"}

_Rows = tuple[tuple[object, ...], ...]
_Runs = list[tuple[int, int]]
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_SST = re.compile(rb"<((?:[^\s<>/:]*:)?sst)\b[^>]*?(/?)>")
_ERROR_VALUE = re.compile(rb"(<(?:[\w.-]+:)?v>)#[A-Z0-9_/!?]+(?=</)")
_ROOT_RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org'
    b'/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    CalamineError,
    EOFError,
    LookupError,
    NotImplementedError,
    ValueError,
)


@dataclass(frozen=True)
class RawSheet:
    """One sheet as it stands in the file.

    Parameters
    ----------
    name : str
        Name of the sheet, or the CSV's file name without ``.csv``.
    rows : tuple of tuple
        Row i, column j holds the cell at row i + 1, column j + 1, from A1 on. Blank cells and
        error values are None. Rows have equal width; empty rows at the end are dropped.
    hidden : bool
        Whether the sheet is hidden from the planner.
    """

    name: str
    rows: _Rows
    hidden: bool


@dataclass(frozen=True)
class Workbook:
    """All sheets of one input, in file order, and what is wrong or odd about their structure.

    Parameters
    ----------
    source : Path
        The workbook or folder that was read.
    sheets : mapping of str to RawSheet
        Sheets by name.
    problems : tuple of Problem
        Errors and notices, sorted by ``order``: (sheet, row, column), each counted from 1, and 0
        where it is the whole.
    text_cells : bool
        True for CSVs, where every cell is text.
    digest : str
        SHA-256 of the input: the file's bytes, or names and bytes of the folder's CSVs.
    """

    source: Path
    sheets: Mapping[str, RawSheet]
    problems: tuple[Problem, ...]
    text_cells: bool
    digest: str


@dataclass(frozen=True)
class SheetPart:
    """A sheet of a package: its name, its part, whether it has cells and whether it is hidden."""

    name: str
    part: str
    has_cells: bool
    hidden: bool


def read_workbook(path: str | Path) -> Workbook:
    """Read an Excel workbook, or a folder whose CSVs are the sheets.

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
    path = Path(path)
    with _readable(path.name):
        is_folder = path.is_dir()
    return _read_folder(path) if is_folder else _read_package(Package(path))


def address(row: int, column: int) -> str:
    """Spreadsheet address of a cell, both numbers counted from 1.

    >>> address(7, 3), address(1, 16384)
    ('C7', 'XFD1')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def place(cell: str) -> tuple[int, int]:
    """Row and column of a spreadsheet address, both counted from 1.

    Raises
    ------
    ValueError
        If no cell of an Excel sheet has that address.

    Examples
    --------
    >>> place("C7")
    (7, 3)
    """
    match = _CELL.fullmatch(cell)
    if not match:
        raise ValueError(f"{cell[:20]!r} is not the address of a cell")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return _within_sheet(int(match[2]), column)


def _within_sheet(row: int, column: int) -> tuple[int, int]:
    if not (0 < row <= LAST_ROW and 0 < column <= LAST_COLUMN):
        raise ValueError(f"row {row}, column {column} lies outside a sheet")
    return row, column


# Problems ---------------------------------------------------------------------------------------


def _refusal(code: str, name: str, found: str = "") -> InputError:
    must, action = _WORDS[code]
    return InputError([Problem("", "", f"{name} {must}", found, action, code)])


def _problem(code: str, sheet: str, order: tuple[int, int, int], found: str = "") -> Problem:
    must, action = _WORDS[code]
    _, row, column = order
    return Problem(
        sheet=sheet,
        cell=address(row, column) if row else "",
        must=must,
        found=found,
        action=action,
        code=code,
        severity=Severity.NOTICE if code in _NOTICES else Severity.ERROR,
        order=order,
    )


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise _refusal("not-readable", name, (fault.strerror or "a fault").lower()) from fault


@contextmanager
def undamaged(name: str) -> Iterator[None]:
    """Turn what parsers raise on damaged bytes into an input error about the file."""
    try:
        yield
    except _DAMAGE as fault:
        found = " ".join(str(fault).split())[:120] or type(fault).__name__
        raise _refusal("truncated", name, found) from fault


def _file_bytes(path: Path) -> bytes:
    with _readable(path.name):
        if not path.exists():
            raise _refusal("not-found", path.name)
        # A pipe or a device could be read for ever.
        if not path.is_file():
            raise _refusal("not-a-workbook", path.name, "something that is not a file")
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise _refusal("too-large", path.name, "more than 1 GiB")
    return data


# Packages ---------------------------------------------------------------------------------------


class Package:
    """The zip that an .xlsx is, refused if unpacking it would exhaust memory.

    Parameters
    ----------
    path : Path
        The workbook.

    Attributes
    ----------
    data : bytes
        The file as it is.
    archive : zipfile.ZipFile
        The zip, open on `data`.
    sheets : tuple of SheetPart
        In the order of the workbook.

    Raises
    ------
    InputError
        If the file is no readable workbook.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = _file_bytes(path)
        self._refuse_other_kinds()
        with undamaged(path.name):
            # zipfile builds all directory entries at once, at many times their size.
            if self.data.count(b"PK\x01\x02") > MOST_PARTS:
                raise _refusal("too-large", path.name, f"more than {MOST_PARTS:,} parts")
            self.archive = zipfile.ZipFile(io.BytesIO(self.data))
            members = self.archive.infolist()
            self._members = {_part_key(member.filename): member for member in members}
            if len(self._members) < len(members):
                raise ValueError("two parts of one name")
            self._refuse_bombs(members)
            self._refuse_other_zips()
            self._elements = _elements(self.read("xl/workbook.xml"))
            self.relations = self.related("xl/workbook.xml")
            self.sheets = tuple(self._sheet_parts())

    def _refuse_other_kinds(self) -> None:
        name = self.path.name
        if not self.data:
            raise _refusal("empty-file", name, "0 bytes")
        if self.data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
            if "EncryptedPackage".encode("utf-16-le") in self.data:
                raise _refusal("password-protected", name)
            raise _refusal("not-a-workbook", name, "an old Office file, such as .xls")
        if not self.data.startswith(b"PK"):
            single_csv = self.path.suffix.lower() == ".csv"
            found = "a single CSV" if single_csv else "text or some other kind of file"
            raise _refusal("not-a-workbook", name, found)

    def _refuse_bombs(self, members: Sequence[zipfile.ZipInfo]) -> None:
        if sum(member.file_size for member in members) > MOST_BYTES:
            raise _refusal("too-large", self.path.name, "more than 1 GiB once unpacked")
        for member in members:
            tight = member.file_size > 200 * member.compress_size
            if tight and member.file_size > 100 * 2**20:
                found = f"a part that unpacks to {member.file_size / 2**20:,.0f} MiB"
                raise _refusal("too-large", self.path.name, found)

    def _refuse_other_zips(self) -> None:
        if "xl/workbook.xml" in self:
            return
        if "xl/workbook.bin" in self:
            found = "a binary workbook (.xlsb)"
        elif "content.xml" in self:
            found = "an OpenDocument file, such as .ods"
        else:
            found = "a zip file without a workbook in it"
        raise _refusal("not-a-workbook", self.path.name, found)

    def _sheet_parts(self) -> Iterator[SheetPart]:
        for tag, at in self._elements:
            if tag == "sheet":
                kind, part = self.relations[at["id"]]
                hidden = at.get("state", "visible") != "visible"
                yield SheetPart(at["name"], part, kind == "worksheet", hidden)

    def __contains__(self, part: str) -> bool:
        return _part_key(part) in self._members

    def name(self, part: str) -> str:
        """Name of a part as the zip spells it."""
        return self._members[_part_key(part)].filename

    def read(self, part: str) -> bytes:
        """Bytes of a part, never more than the zip's directory declares."""
        member = self._members.get(_part_key(part))
        if member is None:
            raise ValueError(f"{part} is missing")
        if member.flag_bits & 1:
            raise _refusal("password-protected", self.path.name)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{part} is packed in an unknown way")
        return self.archive.read(member)

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """Parts that `part` points to, by relation id: (kind, part)."""
        folder, _, name = part.rpartition("/")
        relations = f"{folder}/_rels/{name}.rels"
        return {
            at["Id"]: (
                at["Type"].rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, at["Target"])).lstrip("/"),
            )
            for tag, at in (_elements(self.read(relations)) if relations in self else ())
            if tag == "Relationship" and at.get("TargetMode") != "External"
        }

    def recalculates(self) -> bool:
        """Whether the workbook asks to be calculated as soon as it is opened."""
        return any(
            tag == "calcPr" and at.get("fullCalcOnLoad") in ("1", "true")
            for tag, at in self._elements
        )


def _part_key(part: str) -> str:
    return part.replace("\\", "/").lower()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _parse(
    part: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Stream XML past handlers; refuse what calamine would silently misread."""

    def refuse(*_: object) -> None:
        raise ValueError("XML of a kind that spreadsheet programs do not write")

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            refuse()

    if part[:2] in (*_UTF16, b"<\0", b"\0<"):
        refuse()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.XmlDeclHandler = declared
    parser.StartDoctypeDeclHandler = refuse
    parser.StartCdataSectionHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.Parse(part, True)


def _elements(part: bytes) -> list[tuple[str, dict[str, str]]]:
    """All elements of a small part with their attributes, without prefixes."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((_local(tag), {_local(k): v for k, v in attributes.items()}))
        if len(found) > MOST_PARTS:
            raise ValueError("too many elements")

    _parse(part, start)
    return found


class _Scan:
    """One pass over a sheet part: how far it reaches and what is odd in it.

    Holds to calamine's reading, prefixes and nesting ignored, so that calamine never finds a cell
    beyond the reach found here.
    """

    def __init__(self, part: bytes, strings: Sequence[int], recalculates: bool) -> None:
        self.last_row = self.last_column = self.text_length = self.oddities = 0
        self.odd_cells: list[tuple[str, int, int, str]] = []
        self.merged: _Runs = []
        self.hidden_rows: _Runs = []
        self.hidden_columns: _Runs = []
        self._strings = strings
        self._recalculates = recalculates
        self._row = self._column = 0
        self._kind: str | None = None
        self._formula = self._filled = self._in_value = False
        self._text = ""
        _parse(part, self._start, self._end, self._characters)

    def _start(self, tag: str, at: dict[str, str]) -> None:
        match _local(tag):
            case "c":
                if cell := at.get("r"):
                    self._row, self._column = place(cell)
                else:
                    self._row, self._column = _within_sheet(self._row, self._column + 1)
                self._kind = at.get("t")
                self._formula = self._filled = False
                self._text = ""
            case "v" | "is":
                self._filled = self._in_value = True
                self.last_row = max(self.last_row, self._row)
                self.last_column = max(self.last_column, self._column)
            case "f":
                self._formula = True
            case "row":
                self._row, _ = _within_sheet(int(at.get("r", self._row + 1)), 1)
                self._column = 0
                if at.get("hidden") in ("1", "true"):
                    self._hide(self.hidden_rows, self._row, self._row)
            case "col" if at.get("hidden") in ("1", "true"):
                _, first = _within_sheet(1, int(at["min"]))
                self._hide(self.hidden_columns, first, int(at["max"]))
            case "mergeCell":
                self._keep(self.merged, place(at["ref"].partition(":")[0]))
            case _:
                pass

    def _characters(self, text: str) -> None:
        if self._in_value:
            self._text += text

    def _end(self, tag: str) -> None:
        match _local(tag):
            case "v" | "is":
                self._in_value = False
            case "c":
                if self._kind == "e":
                    self._note("error-value", self._text)
                elif self._formula and not self._calculated():
                    self._note("formula-without-value", "none")
                elif self._kind == "s" and self._text:
                    self.text_length += self._strings[int(self._text)]
            case _:
                pass

    def _calculated(self) -> bool:
        """Whether the formula's value was ever worked out.

        An empty text is a value. A 0 is none in a workbook that asks to be calculated on opening:
        libraries that write formulas without working them out put 0 there.
        """
        if self._kind == "str":
            return self._filled
        return bool(self._text) and not (self._recalculates and self._text == "0")

    def _note(self, code: str, found: str) -> None:
        self._keep(self.odd_cells, (code, self._row, self._column, found))

    def _hide(self, runs: _Runs, first: int, last: int) -> None:
        if runs and runs[-1][1] == first - 1:
            first = runs.pop()[0]
        self._keep(runs, (first, last))

    def _keep(self, oddities: list[Any], oddity: tuple[Any, ...]) -> None:
        self.oddities += 1
        if self.oddities <= MOST_ODDITIES:
            oddities.append(oddity)


# Workbooks --------------------------------------------------------------------------------------


def _read_package(package: Package) -> Workbook:
    name = package.path.name
    sheets = [sheet for sheet in package.sheets if sheet.has_cells]
    with undamaged(name):
        if len({sheet.name for sheet in package.sheets}) < len(package.sheets):
            raise ValueError("two sheets of one name")
        parts, scans = _checked_parts(package, sheets)
        grids = _grids(package, parts)
    problems = [
        problem
        for position, sheet in enumerate(package.sheets, start=1)
        for problem in _oddities(sheet, position, scans.get(sheet.name))
    ]
    return Workbook(
        source=package.path,
        sheets={
            sheet.name: RawSheet(sheet.name, grids[sheet.name], sheet.hidden) for sheet in sheets
        },
        problems=tuple(sorted(problems, key=lambda problem: problem.order)),
        text_cells=False,
        digest=hashlib.sha256(package.data).hexdigest(),
    )


def _checked_parts(
    package: Package, sheets: Sequence[SheetPart]
) -> tuple[dict[str, bytes], dict[str, _Scan]]:
    """The parts that calamine needs, by name, and the scan of each sheet."""
    fixed = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
    parts = {"_rels/.rels": _ROOT_RELATIONS} | {part: package.read(part) for part in fixed}
    by_kind = {kind: part for kind, part in package.relations.values() if part in package}
    if "styles" in by_kind:
        parts["xl/styles.xml"] = package.read(by_kind["styles"])
    lengths: list[int] = []
    if "sharedStrings" in by_kind:
        strings = package.read(by_kind["sharedStrings"])
        lengths = _string_lengths(strings)
        # calamine reserves memory for as many strings as the root element claims.
        parts["xl/sharedStrings.xml"] = _SST.sub(rb"<\1\2>", strings)
    scans: dict[str, _Scan] = {}
    for sheet in sheets:
        part = package.read(sheet.part)
        scan = scans[sheet.name] = _Scan(part, lengths, package.recalculates())
        _refuse_huge(package.path.name, sheet.name, scans)
        # calamine gives up on a whole sheet at an error value that it does not know.
        known = _ERROR_VALUE.sub(rb"\1#N/A", part) if scan.odd_cells else part
        if _part_key(sheet.part) in {"xl/sharedstrings.xml", *map(_part_key, parts)}:
            raise ValueError("two parts in one")
        parts[sheet.part] = known
    return parts, scans


def _string_lengths(strings: bytes) -> list[int]:
    lengths = [0]

    def start(tag: str, _: dict[str, str]) -> None:
        if _local(tag) == "si":
            lengths.append(0)

    def text(characters: str) -> None:
        lengths[-1] += len(characters)

    _parse(strings, start, text=text)
    return lengths[1:]


def _refuse_huge(name: str, sheet: str, scans: Mapping[str, _Scan]) -> None:
    """Refuse what would be huge once read: stray far cells, one long text in many cells."""
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
    raise _refusal("too-large", name, found)


def _grids(package: Package, parts: Mapping[str, bytes]) -> dict[str, _Rows]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as copy:
        for part, data in parts.items():
            copy.writestr(part, data)
    stream.seek(0)
    book = CalamineWorkbook.from_filelike(stream)
    grids: dict[str, _Rows] = {}
    for index, sheet in enumerate(package.sheets):
        if sheet.has_cells:
            try:
                cells = book.get_sheet_by_index(index).to_python(skip_empty_area=False)
            except BaseException as fault:
                # A panic of calamine is no Exception, and its class cannot be imported.
                panic = type(fault).__name__ == "PanicException"
                if not panic and not isinstance(fault, OverflowError):
                    raise
                where = f"sheet {sheet.name!r} of {package.path.name}"
                raise _refusal("date-range", where, "a number beyond them") from fault
            grids[sheet.name] = _trimmed([tuple(map(_value, row)) for row in cells])
    return grids


def _value(cell: object) -> object:
    """None for a blank; the whole number where a workbook, having no other way, stores a float."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return None if cell == "" else cell


def _trimmed(rows: Sequence[tuple[object, ...]]) -> _Rows:
    end = len(rows)
    while end and all(cell is None for cell in rows[end - 1]):
        end -= 1
    return tuple(rows[:end])


def _oddities(sheet: SheetPart, position: int, scan: _Scan | None) -> Iterator[Problem]:
    if scan is None:
        yield _problem("not-read", sheet.name, (position, 0, 0), "a chart or macro sheet")
        return
    if sheet.hidden:
        yield _problem("hidden", sheet.name, (position, 0, 0), "a hidden sheet")
    for first, last in scan.hidden_rows:
        if first <= scan.last_row:
            found = f"rows {first} to {last}" if first < last else f"row {first}"
            yield _problem("hidden", sheet.name, (position, first, 1), found)
    for first, last in scan.hidden_columns:
        if first <= scan.last_column:
            ends = [address(1, c)[:-1] for c in (first, min(last, scan.last_column))]
            found = "columns {} to {}".format(*ends) if ends[0] != ends[1] else f"column {ends[0]}"
            yield _problem("hidden", sheet.name, (position, 1, first), found)
    for row, column in scan.merged:
        if row <= scan.last_row and column <= scan.last_column:
            yield _problem("merged-cells", sheet.name, (position, row, column))
    for code, row, column, found in scan.odd_cells:
        yield _problem(code, sheet.name, (position, row, column), found)


# Folders of CSVs --------------------------------------------------------------------------------


def _read_folder(folder: Path) -> Workbook:
    name = folder.name or str(folder)
    with _readable(name):
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        files = [e for e in entries if e.suffix.lower() == ".csv" and e.is_file()]
    if not files:
        raise _refusal("not-a-workbook", name, "a folder without a CSV")
    problems = [
        _problem("not-read", "", (0, 0, 0), entry.name)
        for entry in entries
        if entry not in files
        and entry.suffix.lower() not in (".md", ".txt", ".py")
        and not entry.name.startswith((".", "__"))
    ]
    sheets: dict[str, RawSheet] = {}
    digest = hashlib.sha256()
    cells = 0
    for position, file in enumerate(files, start=1):
        data = _file_bytes(file)
        digest.update(f"{file.name}\0{len(data)}\0".encode() + data)
        # "Sites.csv" and "Sites.CSV" may lie side by side.
        sheet = file.stem if file.stem not in sheets else file.name
        cells += data.count(b",") + data.count(b"\n") + data.count(b"\r")
        _refuse_huge_csv(file.name, cells)
        rows, found = _read_csv(data, sheet, position)
        width = max(map(len, rows), default=0)
        _refuse_huge_csv(file.name, cells + width * len(rows))
        padded = [(*(cell or None for cell in row), *[None] * (width - len(row))) for row in rows]
        sheets[sheet] = RawSheet(sheet, _trimmed(padded), hidden=False)
        problems += found
    return Workbook(folder, sheets, tuple(problems), text_cells=True, digest=digest.hexdigest())


def _refuse_huge_csv(name: str, cells: int) -> None:
    if cells > MOST_CELLS:
        raise _refusal("too-large", name, f"over {MOST_CELLS:,} cells")


def _read_csv(data: bytes, name: str, position: int) -> tuple[list[list[str]], list[Problem]]:
    sheet = (position, 0, 0)
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        found = f"another character at byte offset {fault.start}, line {line}, of {name}.csv"
        return [], [_problem("encoding", name, sheet, found)]
    if "\0" in text:
        found = f"a NUL at character {text.index(chr(0))} of {name}.csv"
        return [], [_problem("nul-byte", name, sheet, found)]
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as fault:
        return rows, [_problem("csv-quote", name, (position, len(rows) + 1, 1), str(fault))]
    header = next((row for row in rows if any(row)), [])
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        found = "semicolons" if ";" in header[0] else "tabs"
        return rows, [_problem("csv-delimiter", name, (position, 1, 1), found)]
    return rows, [
        _problem("ragged-row", name, (position, number, column), f"{len(row)} cells")
        for number, row in enumerate(rows, start=1)
        for column, cell in enumerate(row, start=1)
        if column > len(header) and cell and not any(row[len(header) : column - 1])
    ]
