"""Changes of cells that would give a plan: as a table, made to a dataset, made to a workbook."""

from __future__ import annotations

import csv
import io
import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
from lxml import etree

from optalloc.dataset import Dataset
from optalloc.errors import OptallocError
from optalloc.explain.explanation import Explanation
from optalloc.family import TableSpec
from optalloc.faults import undamaged
from optalloc.ooxml import Edits, made_cells, tag, write_copy
from optalloc.package import Package
from optalloc.rawsheet import address, place
from optalloc.schema import Column, Kind

__all__ = ["RELAXATION", "Edit", "cell_of", "edited", "edits_table", "relaxed", "write_relaxed"]

RELAXATION = TableSpec(
    name="Relaxation",
    meaning="The cheapest changes of the workbook found that give a plan, cell by cell.",
    key=("sheet", "cell"),
    columns=(
        Column(name="sheet", kind=Kind.TEXT, meaning="Sheet."),
        Column(
            name="cell", kind=Kind.TEXT, meaning="Address of the cell; past the end: a new row."
        ),
        Column(name="column", kind=Kind.TEXT, meaning="Column of the sheet."),
        Column(name="about", kind=Kind.TEXT, meaning="What the row is about."),
        Column(name="from", kind=Kind.TEXT, meaning="What the cell holds now."),
        Column(name="to", kind=Kind.TEXT, meaning="What to type into it."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of both."),
        Column(name="points", kind=Kind.NUMBER, unit="points", meaning="Price of the change."),
    ),
)


@dataclass(frozen=True)
class Edit:
    """One cell that is to hold something else.

    Parameters
    ----------
    sheet, column : str
        Declared names.
    row : int
        Index label of the record in ``data[sheet]``; one that is not there makes a new row.
    to : object
        What the cell is to hold: a number, text, True, False or None.
    points : float
        Price of the change.
    """

    sheet: str
    row: int
    column: str
    to: Any
    points: float = 0.0


def cell_of(data: Dataset, sheet: str, row: int, column: str) -> str:
    """Address of a record's cell; of a column that the file lacks, the next free one."""
    found = data.places.get(sheet)
    if found is None:
        return address(row, [c.name for c in data.sheets[sheet].columns].index(column) + 1)
    if column in found.columns or found.vertical:
        return address(*found.cell(row, column))
    lacking = [c.name for c in data.sheets[sheet].columns if c.name not in found.columns]
    return address(row, max(found.columns.values(), default=0) + lacking.index(column) + 1)


def edited(data: Dataset, edits: Iterable[Edit]) -> Dataset:
    """The dataset with these cells changed, and nothing else."""
    edits = tuple(edits)
    if not edits:
        return data
    frames: dict[str, pd.DataFrame] = {}
    for edit in edits:
        frame = frames.setdefault(edit.sheet, data[edit.sheet].copy())
        if edit.row not in frame.index:
            blank = {
                c.name: None if c.required else c.blank for c in data.sheets[edit.sheet].columns
            }
            new = pd.DataFrame([blank], index=[edit.row]).astype(frame.dtypes.to_dict())
            frame = frames[edit.sheet] = pd.concat([frame, new]) if len(frame) else new
        frame.at[edit.row, edit.column] = edit.to
    return data.with_frames(frames)


def edits_table(data: Dataset, edits: Iterable[Edit]) -> pd.DataFrame:
    """The edits as the table `RELAXATION`."""
    rows = []
    for edit in edits:
        sheet, found = data.sheets[edit.sheet], data.places.get(edit.sheet)
        known = data[edit.sheet]
        at = known.loc[edit.row] if edit.row in known.index else None
        names = [] if at is None else [str(at[k]) for k in sheet.key if not _blank(at[k])]
        rows.append(
            {
                "sheet": found.name if found is not None and found.name else edit.sheet,
                "cell": cell_of(data, edit.sheet, edit.row, edit.column),
                "column": edit.column,
                "about": "a new row" if at is None else ", ".join(names),
                "from": None if at is None else _plain(at[edit.column]),
                "to": _plain(edit.to),
                "unit": sheet.by_name[edit.column].unit,
                "points": edit.points,
            }
        )
    return pd.DataFrame(rows, columns=[c.name for c in RELAXATION.columns]).astype(
        {"from": object, "to": object}
    )


def _blank(value: object) -> bool:
    return value is None or value is pd.NaT or value != value


def _plain(value: Any) -> Any:
    """A cell as a planner types it."""
    if _blank(value):
        return None
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def relaxed(dataset: Dataset, explanation: Explanation) -> Dataset:
    """Give the dataset with the changes that an explanation proposes.

    Parameters
    ----------
    dataset : Dataset
        The one that has no plan.
    explanation : Explanation
        Of that dataset, from `explain`.

    Returns
    -------
    Dataset

    Raises
    ------
    OptallocError
        If the explanation proposes nothing.
    """
    names = {spot.name: sheet for sheet, spot in dataset.places.items() if spot.name}
    edits = []
    for row in _proposed(explanation).to_dict("records"):
        sheet = names.get(row["sheet"], row["sheet"])
        column = dataset.sheets[sheet].by_name[row["column"]]
        spot = dataset.places.get(sheet)
        number = 0 if spot is not None and spot.vertical else place(row["cell"])[0]
        if spot is not None and spot.vertical:
            number = int(str(dataset[sheet].index[0]))
        edits.append(Edit(sheet, number, column.name, _typed(row["to"], column)))
    return edited(dataset, edits)


def _proposed(explanation: Explanation) -> pd.DataFrame:
    found = explanation.tables.get(RELAXATION.name)
    if found is None or not len(found):
        raise OptallocError("the explanation proposes no change")
    return found


def _typed(value: Any, column: Column) -> Any:
    """A cell as the dataset holds it."""
    if column.kind is Kind.FLAG:
        return value == "yes"
    if column.kind is Kind.DATE:
        return pd.NaT if value is None else pd.Timestamp(value)
    if column.kind in (Kind.NUMBER, Kind.INTEGER):
        return math.nan if value is None else float(value)
    return value


def write_relaxed(book: str | Path, explanation: Explanation, out: str | Path) -> None:
    """Write a copy of a workbook with the changes that an explanation proposes, nothing else.

    Parameters
    ----------
    book : str or Path
        An .xlsx workbook, or a folder of CSV files; never written to.
    explanation : Explanation
        Of that workbook.
    out : str or Path
        The copy: a file if `book` is one, else a folder that does not exist yet.

    Raises
    ------
    OptallocError
        If the explanation proposes nothing, or `out` cannot be written.
    """
    source, target, changes = Path(book), Path(out), _proposed(explanation)
    if target.exists() and (source.is_dir() or target.samefile(source)):
        raise OptallocError(f"{target}: must not exist yet; name another place")
    if source.is_dir():
        _write_folder(source, changes, target)
        return
    if target.suffix.lower() != source.suffix.lower():
        raise OptallocError(f"{target}: must end in {source.suffix}, like the workbook")
    package = Package(source)
    with undamaged(source.name):
        edits = Edits(package)
        parts = {sheet.name: sheet.part for sheet in package.sheets}
        for sheet, own in changes.groupby("sheet", sort=False):
            if str(sheet) not in parts:
                raise OptallocError(f"{source.name}: has no sheet {sheet}; add it by hand")
            _change_cells(edits.tree(parts[str(sheet)]), _cells(own))
        write_copy(package, edits.parts(), target)


def _cells(own: pd.DataFrame) -> dict[tuple[int, int], Any]:
    return {place(row["cell"]): row["to"] for row in own.to_dict("records")}


def _change_cells(root: Any, cells: Mapping[tuple[int, int], Any]) -> None:
    """Put values into cells of a sheet, in place of what they hold, formulas included."""
    for at, cell in made_cells(root, cells).items():
        value = cells[at]
        for part in list(cell):
            cell.remove(part)
        cell.attrib.pop("t", None)
        if isinstance(value, str):
            cell.set("t", "inlineStr")
            text = etree.SubElement(etree.SubElement(cell, tag(root, "is")), tag(root, "t"))
            text.text = value
        elif value is not None:
            etree.SubElement(cell, tag(root, "v")).text = repr(value)


def _write_folder(source: Path, changes: pd.DataFrame, target: Path) -> None:
    draft = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        shutil.copytree(source, draft)
        for sheet, own in changes.groupby("sheet", sort=False):
            _change_csv(draft / f"{sheet}.csv", own)
        draft.replace(target)
    except OSError as error:
        raise OptallocError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _change_csv(path: Path, own: pd.DataFrame) -> None:
    """Rewrite the records with changed cells; every other line stays byte for byte."""
    text = path.read_bytes().decode("utf-8") if path.exists() else ""
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if "\r\n" in text else "\n"
    records, starts = [], [0]
    reader = csv.reader(lines)
    for record in reader:
        records.append(record)
        starts.append(reader.line_num)
    pieces = ["".join(lines[a:b]) for a, b in pairwise(starts)]
    cells = _cells(own)
    columns = {place(row["cell"])[1]: str(row["column"]) for row in own.to_dict("records")}
    width = len(records[0]) if records else 0
    cells |= {(1, at): name for at, name in columns.items() if at > width}
    for (row, column), value in sorted(cells.items()):
        while len(records) < row:
            records.append([])
            pieces.append("")
        record = records[row - 1]
        record += [""] * (column - len(record))
        record[column - 1] = "" if value is None else str(value)
        stream = io.StringIO()
        csv.writer(stream, lineterminator=ending).writerow(record)
        pieces[row - 1] = stream.getvalue()
        if row > 1 and not pieces[row - 2].endswith(ending):
            pieces[row - 2] += ending
    path.write_bytes("".join(pieces).encode())
