"""Proposed changes of cells as a table, and such a table as edits of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.errors import OptallocError
from optalloc.modelling.outputs import TableSpec
from optalloc.report.findings import Findings
from optalloc.scenarios.edits import Edit, Layout, edited, sheet_name
from optalloc.spreadsheet.edit import DATE, write_edits
from optalloc.spreadsheet.sheets import address, place

__all__ = [
    "NEW_NAME",
    "NEW_ROW",
    "RELAXATION",
    "edits_table",
    "proposed",
    "relaxed",
    "write_relaxed",
]


# Entries of rows of the table that are no cells of a record.
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


def relaxed(dataset: Dataset, explanation: Findings) -> Dataset:
    """Give the dataset with the changes that an explanation proposes.

    Parameters
    ----------
    dataset : Dataset
        The one that has no plan.
    explanation : Findings
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


def proposed(explanation: Findings) -> pd.DataFrame:
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


def write_relaxed(book: str | Path, explanation: Findings, out: str | Path) -> None:
    """Write a copy of a workbook with the changes that an explanation proposes, nothing else.

    Parameters
    ----------
    book : str or Path
        An .xlsx workbook, or a folder of CSV files; never written to.
    explanation : Findings
        Of that workbook.
    out : str or Path
        The copy: a file if `book` is one, else a folder that does not exist yet.

    Raises
    ------
    OptallocError
        If the explanation proposes nothing, `out` cannot be written, or something stands by now
        in a cell that was blank.
    """
    write_edits(Path(book), proposed(explanation), Path(out))
