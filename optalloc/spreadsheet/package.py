"""The zip that an .xlsx is, checked before any of it is unpacked or parsed."""

from __future__ import annotations

import codecs
import io
import posixpath
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from optalloc.spreadsheet.faults import MOST_BYTES, file_bytes, refusal, undamaged

__all__ = ["Package", "SheetPart", "elements", "local_name", "parse", "part_key"]

MOST_PARTS = 100_000
MOST_SHEETS = 1_000

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16_STARTS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")


@dataclass(frozen=True)
class SheetPart:
    """A sheet of a package: its name, its part, and flags for cells and for being hidden."""

    name: str
    part: str
    has_cells: bool
    hidden: bool


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
    relations : dict of str to tuple
        Parts that the workbook points to, by relation id: (kind, part).
    sheets : tuple of SheetPart
        In the order of the workbook.

    Raises
    ------
    InputError
        If the file is no readable workbook.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = file_bytes(path)
        self._refuse_other_kinds()
        with undamaged(path.name):
            # zipfile builds all directory entries at once, at many times their size.
            if self.data.count(b"PK\x01\x02") > MOST_PARTS:
                raise refusal("too-large", path.name, f"more than {MOST_PARTS:,} parts")
            self.archive = zipfile.ZipFile(io.BytesIO(self.data))
            members = self.archive.infolist()
            self._members = {part_key(member.filename): member for member in members}
            if len(self._members) < len(members):
                raise ValueError("two parts of one name")
            self._refuse_bombs(members)
            self._refuse_other_zips()
            self._workbook = elements(self.read("xl/workbook.xml"))
            self.relations = self.related("xl/workbook.xml")
            self.sheets = tuple(self._sheet_parts())
        if len(self.sheets) > MOST_SHEETS:
            raise refusal("too-large", path.name, f"more than {MOST_SHEETS:,} sheets")

    def _refuse_other_kinds(self) -> None:
        name = self.path.name
        if not self.data:
            raise refusal("empty-file", name, "0 bytes")
        if self.data.startswith(_OLD_OFFICE):
            if "EncryptedPackage".encode("utf-16-le") in self.data:
                raise refusal("password-protected", name)
            raise refusal("not-a-workbook", name, "an old Office file, such as .xls")
        if not self.data.startswith(b"PK"):
            single_csv = self.path.suffix.lower() == ".csv"
            found = "a single CSV" if single_csv else "text or some other kind of file"
            raise refusal("not-a-workbook", name, found)

    def _refuse_bombs(self, members: Sequence[zipfile.ZipInfo]) -> None:
        if sum(member.file_size for member in members) > MOST_BYTES:
            raise refusal("too-large", self.path.name, "more than 1 GiB once unpacked")
        for member in members:
            tight = member.file_size > 200 * member.compress_size
            if tight and member.file_size > 100 * 2**20:
                found = f"a part that unpacks to {member.file_size / 2**20:,.0f} MiB"
                raise refusal("too-large", self.path.name, found)

    def _refuse_other_zips(self) -> None:
        if "xl/workbook.xml" in self:
            return
        if "xl/workbook.bin" in self:
            found = "a binary workbook (.xlsb)"
        elif "content.xml" in self:
            found = "an OpenDocument file, such as .ods"
        else:
            found = "a zip file without a workbook in it"
        raise refusal("not-a-workbook", self.path.name, found)

    def _sheet_parts(self) -> Iterator[SheetPart]:
        for tag, at in self._workbook:
            if tag == "sheet":
                kind, part = self.relations[at["id"]]
                hidden = at.get("state", "visible") != "visible"
                yield SheetPart(at["name"], part, kind == "worksheet", hidden)

    def __contains__(self, part: str) -> bool:
        return part_key(part) in self._members

    def name(self, part: str) -> str:
        """Name of a part as the zip spells it."""
        return self._members[part_key(part)].filename

    def read(self, part: str) -> bytes:
        """Bytes of a part, never more than the zip's directory declares."""
        member = self._members.get(part_key(part))
        if member is None:
            raise ValueError(f"{part} is missing")
        if member.flag_bits & 1:
            raise refusal("password-protected", self.path.name)
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
            for tag, at in (elements(self.read(relations)) if relations in self else ())
            if tag == "Relationship" and at.get("TargetMode") != "External"
        }

    def recalculates(self) -> bool:
        """True if the workbook is to be calculated when it is opened."""
        return any(
            tag == "calcPr" and at.get("fullCalcOnLoad") in ("1", "true")
            for tag, at in self._workbook
        )


def part_key(part: str) -> str:
    """Name of a part as readers compare it."""
    return part.replace("\\", "/").lower()


def local_name(name: str) -> str:
    """Name of an element or attribute without its prefix."""
    return name.rpartition(":")[2]


def parse(
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

    if part.startswith(_UTF16_STARTS):
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


def elements(part: bytes) -> list[tuple[str, dict[str, str]]]:
    """All elements of a small part with their attributes, without prefixes."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((local_name(tag), {local_name(k): v for k, v in attributes.items()}))
        if len(found) > MOST_PARTS:
            raise ValueError("too many elements")

    parse(part, start)
    return found
