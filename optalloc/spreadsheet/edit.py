"""Changes of cells in a copy of a workbook, which is otherwise unchanged."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
from lxml import etree
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from optalloc.errors import OptallocError
from optalloc.spreadsheet.csvfolder import csv_bytes, csv_files, csv_text
from optalloc.spreadsheet.faults import undamaged
from optalloc.spreadsheet.frames import Book
from optalloc.spreadsheet.package import Package
from optalloc.spreadsheet.read import read_workbook
from optalloc.spreadsheet.sheets import place
from optalloc.spreadsheet.styles import CellStyles
from optalloc.spreadsheet.xml_parts import Edits, add_sheet, made_cells, tag, write_copy

__all__ = ["DATE", "refuse_target", "write_edits"]

# The unit of changes that are dates.
DATE = "date"
# The built-in format of a short date.
_AS_DATE = {"numFmtId": "14", "applyNumberFormat": "1"}


def write_edits(source: Path, changes: pd.DataFrame, target: Path) -> None:
    """Write a copy of a workbook with some cells changed, nothing else.

    Parameters
    ----------
    source : Path
        An .xlsx workbook, or a folder of CSV files; never written to.
    changes : pandas.DataFrame
        ``sheet``, ``cell``, ``from``, ``to`` and ``unit``, as the file spells them.
    target : Path
        The copy: a file if `source` is one, else a folder that does not exist yet.

    Raises
    ------
    OptallocError
        If `target` cannot be written, or a cell that was blank has a value by now.
    """
    refuse_target(source, target)
    _refuse_taken(source, changes)
    if source.is_dir():
        _write_folder(source, changes, target)
        return
    package = Package(source)
    with undamaged(source.name):
        edits = Edits(package)
        parts = {sheet.name: sheet.part for sheet in package.sheets}
        for sheet, own in changes.groupby("sheet", sort=False):
            part = parts.get(str(sheet)) or add_sheet(edits, str(sheet))
            _change_cells(edits, edits.tree(part), own)
        write_copy(package, edits.parts(), target)


def refuse_target(source: Book, target: Path) -> None:
    """Refuse a place to which no copy of a workbook can be written.

    Parameters
    ----------
    source : str, Path or mapping of str to pandas.DataFrame
        The workbook; the copy of a folder, and of frames, is a folder.
    target : Path

    Raises
    ------
    OptallocError
        If it exists and must not, or has another kind of name than the workbook.
    """
    file = None if isinstance(source, Mapping) else Path(source)
    if file is not None and not file.exists():
        return
    if file is None or file.is_dir():
        taken = target.exists()
    else:
        taken = target.exists() and (target.samefile(file) or target.is_dir())
    if taken:
        raise OptallocError(f"{target}: must not exist yet; name another place")
    if file is not None and file.is_file() and target.suffix.lower() != file.suffix.lower():
        raise OptallocError(f"{target}: must end in {file.suffix}, like the workbook")


def _refuse_taken(source: Path, changes: pd.DataFrame) -> None:
    """Refuse to overwrite a cell that should be blank and is not."""
    sheets = read_workbook(source).sheets
    for change in changes[changes["from"].isna()].to_dict("records"):
        row, column = place(change["cell"])
        raw = sheets.get(change["sheet"])
        rows = raw.rows[row - 1 : row] if raw is not None else ()
        found = rows[0][column - 1 : column] if rows else ()
        if found and found[0] is not None and str(found[0]).strip():
            at = f"{change['sheet']}!{change['cell']}"
            raise OptallocError(
                f"{at}: must be blank for {change['to']} to be written there; found {found[0]!r}. "
                "The workbook has changed: explain it again."
            )


def _cells(own: pd.DataFrame) -> dict[tuple[int, int], Any]:
    return {place(row["cell"]): row["to"] for row in own.to_dict("records")}


def _change_cells(edits: Edits, root: Any, own: pd.DataFrame) -> None:
    """Replace the values of cells of a sheet, formulas included."""
    cells = _cells(own)
    dates = {place(cell) for cell in own.loc[own["unit"] == DATE, "cell"]}
    styles = CellStyles(edits) if dates else None
    for at, cell in made_cells(root, cells).items():
        value = cells[at]
        if styles is not None and at in dates and value is not None:
            value = (dt.date.fromisoformat(value) - _epoch(edits.package)).days
            if not styles.shows_dates(cell.get("s", "0")):
                cell.set("s", styles.twin(cell.get("s", "0"), **_AS_DATE))
        for part in list(cell):
            cell.remove(part)
        cell.attrib.pop("t", None)
        if isinstance(value, str):
            cell.set("t", "inlineStr")
            text = etree.SubElement(etree.SubElement(cell, tag(root, "is")), tag(root, "t"))
            text.text = value
        elif value is not None:
            etree.SubElement(cell, tag(root, "v")).text = repr(value)


def _epoch(package: Package) -> dt.date:
    """Day from which the workbook counts its dates."""
    old_mac = re.search(rb'\bdate1904="(1|true)"', package.read("xl/workbook.xml"))
    return (MAC_EPOCH if old_mac else WINDOWS_EPOCH).date()


def _write_folder(source: Path, changes: pd.DataFrame, target: Path) -> None:
    draft = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        shutil.copytree(source, draft)
        files = csv_files(draft)
        for sheet, own in changes.groupby("sheet", sort=False):
            _change_csv(files.get(str(sheet), draft / f"{sheet}.csv"), own)
        draft.replace(target)
    except OSError as error:
        raise OptallocError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _change_csv(path: Path, own: pd.DataFrame) -> None:
    """Rewrite the records with changed cells; all other lines stay byte for byte."""
    text, mark = csv_text(path) if path.exists() else ("", b"")
    # Split as by the reader, for which a line separator within a cell ends no line.
    lines = list(io.StringIO(text, newline=""))
    ending = "\r\n" if "\r\n" in text else "\n"
    records, starts = [], [0]
    reader = csv.reader(lines)
    for record in reader:
        records.append(record)
        starts.append(reader.line_num)
    pieces = ["".join(lines[a:b]) for a, b in pairwise(starts)]
    for (row, column), value in sorted(_cells(own).items()):
        while len(records) < row:
            if pieces and not pieces[-1].endswith(("\n", "\r")):
                pieces[-1] += ending
            records.append([])
            pieces.append(ending)
        record = records[row - 1]
        record += [""] * (column - len(record))
        record[column - 1] = "" if value is None else str(value)
        stream = io.StringIO()
        csv.writer(stream, lineterminator=ending).writerow(record)
        pieces[row - 1] = stream.getvalue()
    path.write_bytes(csv_bytes(path, "".join(pieces), mark))
