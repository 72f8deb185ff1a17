"""Changes of cells that would give a plan: where they stand, as a table, made to a dataset.

What a sheet lacks is added past everything that stands on it, so that nothing of the planner's is
overwritten: a new column under its own name, a new row below the last. copies.py makes the
changes to a workbook.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset, SheetPlace
from optalloc.errors import OptallocError
from optalloc.explain.explanation import Explanation
from optalloc.family import Cell, TableSpec
from optalloc.rawsheet import address, place
from optalloc.schema import Column, Kind

__all__ = [
    "DATE",
    "RELAXATION",
    "Edit",
    "Layout",
    "edited",
    "edits_table",
    "proposed",
    "relaxed",
    "sheet_name",
    "where",
    "where_all",
]

# What the rows of the table are about that are no cells of a record.
DATE = "date"
NEW_ROW, NEW_NAME = "a new row", "the name of a new column"

RELAXATION = TableSpec(
    name="Relaxation",
    meaning="The cheapest changes of the workbook found that give a plan, cell by cell.",
    key=("sheet", "cell"),
    columns=(
        Column(name="sheet", kind=Kind.TEXT, meaning="Sheet."),
        Column(
            name="cell",
            kind=Kind.TEXT,
            meaning="Address of the cell; past the end: of a new row or column.",
        ),
        Column(name="column", kind=Kind.TEXT, meaning="Column of the sheet."),
        Column(name="about", kind=Kind.TEXT, meaning="What the row is about."),
        Column(name="from", kind=Kind.TEXT, meaning="What the cell holds now."),
        Column(name="to", kind=Kind.TEXT, meaning="What to type into it."),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of both; date for dates."),
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


def sheet_name(data: Dataset, sheet: str) -> str:
    """Name of a sheet as the file spells it."""
    found = data.places.get(sheet)
    return found.name if found is not None and found.name else sheet


def where(data: Dataset, sheet: str, row: int, column: str) -> str:
    """Sheet and address of a record's cell; of what the sheet lacks, that it does."""
    name, found = sheet_name(data, sheet), _place_of(data, sheet)
    if column in found.columns:
        added = "" if row in data[sheet].index else ", a row to be added"
        return f"{name}!{address(*found.cell(row, column))}{added}"
    named = next((key for key in data.sheets[sheet].key if key in found.columns), "")
    return f"{name}!{address(*found.cell(row, named))}, which lacks {column}"


def where_all(data: Dataset, cells: Iterable[Cell]) -> str:
    """Addresses of several cells; of those that a sheet lacks the first, if it lacks all."""
    every = list(cells)
    there = [cell for cell in every if cell[2] in _place_of(data, cell[0]).columns]
    return ", ".join(dict.fromkeys(where(data, *cell) for cell in there or every[:1]))


def _place_of(data: Dataset, sheet: str) -> SheetPlace:
    """Where a sheet's cells lie; of a sheet that comes from no file, as it is declared."""
    found = data.places.get(sheet)
    if found is not None:
        return found
    declared = data.sheets[sheet]
    columns = {column.name: k for k, column in enumerate(declared.columns, start=1)}
    return SheetPlace(0, columns, declared.vertical, sheet, (0, len(columns)))


class Layout:
    """Where the cells of some edits stand, those too of columns that a sheet lacks.

    Parameters
    ----------
    data : Dataset
    edits : iterable of Edit
        A column that is not there stands past everything on its sheet, in the order of the edits;
        a setting that is not there below everything.
    """

    def __init__(self, data: Dataset, edits: Iterable[Edit]) -> None:
        self._data = data
        self._new: dict[str, list[str]] = {}
        for edit in edits:
            new = self._new.setdefault(edit.sheet, [])
            if edit.column not in (*_place_of(data, edit.sheet).columns, *new):
                new.append(edit.column)

    def cell(self, edit: Edit) -> tuple[int, int]:
        """Row and column of an edit's cell."""
        name, found = self.name_cell(edit), _place_of(self._data, edit.sheet)
        if name is None:
            return found.cell(edit.row, edit.column)
        return (name[0], 2) if found.vertical else (edit.row, name[1])

    def name_cell(self, edit: Edit) -> tuple[int, int] | None:
        """Row and column of the cell for the name of an edit's column; None if that is there."""
        new, found = self._new.get(edit.sheet, []), _place_of(self._data, edit.sheet)
        if edit.column not in new:
            return None
        further = new.index(edit.column) + 1
        return (found.reach[0] + further, 1) if found.vertical else (1, found.reach[1] + further)


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
    """The edits as the table `RELAXATION`, the name of a new column before its first cell."""
    edits = tuple(edits)
    layout, rows, named = Layout(data, edits), [], set()
    for edit in edits:
        sheet, known = data.sheets[edit.sheet], data[edit.sheet]
        at = known.loc[edit.row] if edit.row in known.index else None
        names = [] if at is None else [str(at[k]) for k in sheet.key if not _blank(at[k])]
        own = {"sheet": sheet_name(data, edit.sheet), "column": edit.column}
        name_cell = layout.name_cell(edit)
        if name_cell is not None and (edit.sheet, edit.column) not in named:
            named.add((edit.sheet, edit.column))
            cell = {"cell": address(*name_cell), "about": NEW_NAME, "from": None}
            rows.append({**own, **cell, "to": edit.column, "unit": "", "points": 0.0})
        rows.append(
            {
                **own,
                "cell": address(*layout.cell(edit)),
                "about": NEW_ROW if at is None else ", ".join(names),
                "from": None if at is None else _plain(at[edit.column]),
                "to": _plain(edit.to),
                "unit": _unit(sheet.by_name[edit.column]),
                "points": edit.points,
            }
        )
    return pd.DataFrame(rows, columns=[c.name for c in RELAXATION.columns]).astype(
        {"from": object, "to": object}
    )


def _unit(column: Column) -> str:
    return DATE if column.kind is Kind.DATE else column.unit


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
    for row in proposed(explanation).to_dict("records"):
        if row["about"] == NEW_NAME:
            continue
        sheet = names.get(row["sheet"], row["sheet"])
        column = dataset.sheets[sheet].by_name[row["column"]]
        spot = dataset.places.get(sheet)
        number = 0 if spot is not None and spot.vertical else place(row["cell"])[0]
        if spot is not None and spot.vertical:
            number = int(str(dataset[sheet].index[0]))
        edits.append(Edit(sheet, number, column.name, _typed(row["to"], column)))
    return edited(dataset, edits)


def proposed(explanation: Explanation) -> pd.DataFrame:
    """The table `RELAXATION` of an explanation.

    Raises
    ------
    OptallocError
        If it proposes nothing.
    """
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
