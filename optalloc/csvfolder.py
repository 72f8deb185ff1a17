"""A folder of CSVs, each of them a sheet; one may be packed as ``.csv.gz``."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
from pathlib import Path

from optalloc.errors import Problem
from optalloc.faults import (
    MOST_BYTES,
    MOST_CELLS,
    file_bytes,
    problem_at,
    readable,
    refusal,
    undamaged,
)
from optalloc.rawsheet import RawSheet, Workbook, trimmed
from optalloc.totals import suspected_totals

__all__ = ["read_folder"]

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CSV, _PACKED = ".csv", ".csv.gz"


def read_folder(folder: Path) -> Workbook:
    """Read a folder whose CSVs are the sheets, in the order of their names.

    Packing a CSV changes nothing: its cells keep their addresses, and the digest is that of what
    is inside.

    Raises
    ------
    InputError
        If the folder cannot be read, has no CSV or is too large.
    """
    name = folder.name or str(folder)
    with readable(name):
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        files = [e for e in entries if e.name.lower().endswith((_CSV, _PACKED)) and e.is_file()]
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
    for position, file in enumerate(files, start=1):
        plain, data = _unpacked(file)
        digest.update(f"{plain.name}\0{len(data)}\0".encode() + data)
        # "Sites.csv" and "Sites.CSV" may lie side by side.
        sheet = plain.stem if plain.stem not in sheets else file.name
        cells += data.count(b",") + data.count(b"\n") + data.count(b"\r")
        _refuse_huge_csv(file.name, cells)
        rows, found = _read_csv(data, sheet, position)
        width = max(map(len, rows), default=0)
        _refuse_huge_csv(file.name, cells + width * len(rows))
        padded = [(*(cell or None for cell in row), *[None] * (width - len(row))) for row in rows]
        sheets[sheet] = RawSheet(sheet, trimmed(padded), hidden=False)
        problems += found
        problems += suspected_totals(sheet, position, sheets[sheet].rows)
    return Workbook(folder, sheets, tuple(problems), text_cells=True, digest=digest.hexdigest())


def _unpacked(file: Path) -> tuple[Path, bytes]:
    """Name and bytes of a CSV as it would be unpacked."""
    data = file_bytes(file)
    if not file.name.lower().endswith(_PACKED):
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
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        found = f"another character at byte offset {fault.start}, line {line}, of {name}.csv"
        return [], [problem_at("encoding", name, sheet, found)]
    if "\0" in text:
        found = f"a NUL at character {text.index(chr(0))} of {name}.csv"
        return [], [problem_at("nul-byte", name, sheet, found)]
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as fault:
        return rows, [problem_at("csv-quote", name, (position, len(rows) + 1, 1), str(fault))]
    header = next((row for row in rows if any(row)), [])
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        found = "semicolons" if ";" in header[0] else "tabs"
        return rows, [problem_at("csv-delimiter", name, (position, 1, 1), found)]
    return rows, [
        problem_at("ragged-row", name, (position, number, column), f"{len(row)} cells")
        for number, row in enumerate(rows, start=1)
        for column, cell in enumerate(row, start=1)
        if column > len(header) and cell and not any(row[len(header) : column - 1])
    ]
