"""A folder of CSVs, each of them a sheet; one may be packed as ``.csv.gz``."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
from pathlib import Path

from optalloc.errors import Problem
from optalloc.spreadsheet.faults import (
    MOST_BYTES,
    MOST_CELLS,
    file_bytes,
    problem_at,
    readable,
    refusal,
    undamaged,
)
from optalloc.spreadsheet.sheets import RawSheet, Workbook, trimmed
from optalloc.spreadsheet.totals import suspected_totals

__all__ = ["csv_bytes", "csv_files", "csv_text", "read_folder"]

# Marks of an encoding at the start of a file; UTF-8 without one.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_CSV, _PACKED = ".csv", ".csv.gz"


def read_folder(folder: Path) -> Workbook:
    """Read a folder whose CSVs are the sheets, in the order of their names.

    Packing a CSV changes nothing: its cells keep their addresses, and the digest is that of the
    content.

    Raises
    ------
    InputError
        If the folder cannot be read, has no CSV or is too large.
    """
    name = folder.name or str(folder)
    with readable(name):
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        named = csv_files(folder)
        files = list(named.values())
    if not files:
        raise refusal("not-a-workbook", name, "a folder without a CSV")
    problems = [
        problem_at("not-read", "", (0, 0, 0), entry.name)
        for entry in entries
        if entry not in files and _looks_like_data(entry)
    ]
    sheets: dict[str, RawSheet] = {}
    digest = hashlib.sha256()
    cells = 0
    for position, (sheet, file) in enumerate(named.items(), start=1):
        plain, data = _unpacked(file)
        digest.update(f"{plain.name}\0{len(data)}\0".encode() + data)
        cells += data.count(b",") + data.count(b"\n") + data.count(b"\r")
        _refuse_huge_csv(file.name, cells)
        rows, found = _read_csv(data, sheet, position)
        width = max(map(len, rows), default=0)
        _refuse_huge_csv(file.name, cells + width * len(rows))
        padded = [(*(cell or None for cell in row), *[None] * (width - len(row))) for row in rows]
        sheets[sheet] = RawSheet(sheet, trimmed(padded), hidden=False)
        problems += found
        problems += suspected_totals(sheet, position, sheets[sheet].rows)
    notes = tuple(entry.name for entry in entries if entry.suffix.lower() == ".txt")
    return Workbook(folder, sheets, tuple(problems), True, digest.hexdigest(), notes)


def csv_files(folder: Path) -> dict[str, Path]:
    """CSVs of a folder by the names of their sheets, in the order of their file names."""
    named: dict[str, Path] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.lower().endswith((_CSV, _PACKED)) and file.is_file():
            plain = file.with_suffix("") if _is_packed(file) else file
            # "Sites.csv" and "Sites.CSV" may both be there.
            named[plain.stem if plain.stem not in named else file.name] = file
    return named


def csv_text(file: Path) -> tuple[str, bytes]:
    """Text of a CSV that can be read, and the mark of its encoding, if it begins with one."""
    _, data = _unpacked(file)
    mark, encoding = _marked(data)
    return data[len(mark) :].decode(encoding), mark


def csv_bytes(file: Path, text: str, mark: bytes) -> bytes:
    """Bytes of a CSV with a text; the inverse of `csv_text`."""
    data = mark + text.encode(_MARKS.get(mark, "utf-8"))
    return gzip.compress(data, mtime=0) if _is_packed(file) else data


def _marked(data: bytes) -> tuple[bytes, str]:
    """The mark that a file begins with, blank if none, and the encoding."""
    return next(((m, e) for m, e in _MARKS.items() if data.startswith(m)), (b"", "utf-8"))


def _is_packed(file: Path) -> bool:
    return file.name.lower().endswith(_PACKED)


def _unpacked(file: Path) -> tuple[Path, bytes]:
    """Name and bytes of a CSV as it would be unpacked."""
    data = file_bytes(file)
    if not _is_packed(file):
        return file, data
    with undamaged(file.name):
        try:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_BYTES + 1)
        except gzip.BadGzipFile as fault:
            raise ValueError(str(fault)) from fault
    if len(data) > MOST_BYTES:
        raise refusal("too-large", file.name, "more than 1 GiB once unpacked")
    return file.with_suffix(""), data


def _looks_like_data(entry: Path) -> bool:
    notes = entry.suffix.lower() in (".md", ".txt", ".py")
    return not notes and not entry.name.startswith((".", "__"))


def _refuse_huge_csv(name: str, cells: int) -> None:
    if cells > MOST_CELLS:
        raise refusal("too-large", name, f"over {MOST_CELLS:,} cells")


def _read_csv(data: bytes, name: str, position: int) -> tuple[list[list[str]], list[Problem]]:
    sheet = (position, 0, 0)
    mark, encoding = _marked(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as fault:
        start = len(mark) + fault.start
        line = data.count(b"\n", 0, start) + 1
        found = f"another character at byte offset {start}, line {line}, of {name}.csv"
        return [], [problem_at("encoding", name, sheet, found)]
    if "\0" in text:
        found = f"a NUL at character {text.index(chr(0))} of {name}.csv"
        return [], [problem_at("nul-byte", name, sheet, found)]
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as fault:
        return rows, [problem_at("csv-quote", name, (position, len(rows) + 1, 1), str(fault))]
    header = next((row for row in rows if any(row)), [])
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        found = "semicolons" if ";" in header[0] else "tabs"
        return rows, [problem_at("csv-delimiter", name, (position, 1, 1), found)]
    ragged = [
        problem_at("ragged-row", name, (position, number, column), f"{len(row)} cells")
        for number, row in enumerate(rows, start=1)
        for column, cell in enumerate(row, start=1)
        if column > len(header) and cell and not any(row[len(header) : column - 1])
    ]
    return rows, [*ragged, *_uneven(rows, header, {p.order[1] for p in ragged}, name, position)]


def _uneven(
    rows: list[list[str]], header: list[str], ragged: set[int], name: str, position: int
) -> list[Problem]:
    """Notices of rows whose cells may have shifted, as most others have as many as the header.

    A program may well leave out the blanks at the end, or add some, but it does so in all rows.
    """
    below = [(n, row) for n, row in enumerate(rows, start=1) if any(row) and row is not header]
    uneven = [(n, row) for n, row in below if len(row) != len(header)]
    if 2 * len(uneven) >= len(below):
        return []
    return [
        problem_at(
            "uneven-row",
            name,
            (position, number, 1),
            f"{len(row)} cells below {len(header)} in row {number}",
        )
        for number, row in uneven
        if number not in ragged
    ]
