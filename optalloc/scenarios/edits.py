"""Changes of cells: their places, and their effect on a dataset.

Missing rows and columns are added past all cells of a sheet, so that nothing of the planner's is
overwritten: a new column under its own name, a new row below the last. `optalloc.spreadsheet.edit`
makes the changes to a workbook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset, SheetPlace
from optalloc.data.schema import Cell

__all__ = [
    "Edit",
    "Layout",
    "edited",
    "edits_between",
    "rows_added",
    "sheet_name",
    "where",
    "where_all",
]


@dataclass(frozen=True)
class Edit:
    """A new value for one cell.

    Parameters
    ----------
    sheet, column : str
        Declared names.
    row : int
        Index label of the record in ``data[sheet]``; one that is not there makes a new row.
    to : object
        The new value: a number, text, True, False or None.
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
    """Sheet and address of a record's cell, or that the sheet lacks it."""
    name, found = sheet_name(data, sheet), _place_of(data, sheet)
    if column in found.columns:
        added = "" if row in data[sheet].index else ", a row to be added"
        return f"{name}!{found.named(found.cell(row, column))}{added}"
    named = next((key for key in data.sheets[sheet].key if key in found.columns), "")
    return f"{name}!{found.named(found.cell(row, named))}, which lacks {column}"


def where_all(data: Dataset, cells: Iterable[Cell]) -> str:
    """Addresses of several cells; of those that a sheet lacks the first, if it lacks all."""
    every = list(cells)
    there = [cell for cell in every if cell[2] in _place_of(data, cell[0]).columns]
    return ", ".join(dict.fromkeys(where(data, *cell) for cell in there or every[:1]))


def _place_of(data: Dataset, sheet: str) -> SheetPlace:
    """Places of a sheet's cells; for a sheet from no file, as declared."""
    found = data.places.get(sheet)
    if found is not None:
        return found
    declared = data.sheets[sheet]
    columns = {column.name: k for k, column in enumerate(declared.columns, start=1)}
    return SheetPlace(0, columns, declared.vertical, sheet, (0, len(columns)))


class Layout:
    """Places of the cells of some edits, also in columns that a sheet lacks.

    Parameters
    ----------
    data : Dataset
    edits : iterable of Edit
        A missing column is placed past all cells of its sheet, in the order of the edits; a
        missing setting below all cells.
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

    def named(self, edit: Edit, cell: tuple[int, int] | None = None) -> str:
        """Name in messages of an edit's cell, or of another of its sheet."""
        return _place_of(self._data, edit.sheet).named(self.cell(edit) if cell is None else cell)

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
            new = pd.DataFrame([blank], [edit.row], frame.columns).astype(frame.dtypes.to_dict())
            frame = frames[edit.sheet] = pd.concat([frame, new]) if len(frame) else new
        frame.at[edit.row, edit.column] = edit.to
    return data.with_frames(frames)


def edits_between(before: Dataset, after: Dataset) -> list[Edit]:
    """The edits that make one dataset of another; rows that are gone are emptied.

    Parameters
    ----------
    before, after : Dataset
        Of the same sheets. Rows are the same where their labels are.
    """
    edits = []
    for sheet, frame in after.frames.items():
        old = before.frames[sheet]
        if frame is old:
            continue
        rows = old.index.union(frame.index)
        for column in frame.columns:
            then, now = old[column].reindex(rows), frame[column].reindex(rows)
            blank = [(side.isna() | (side == "")).to_numpy(bool) for side in (then, now)]
            differs = ~((then == now).to_numpy(bool) | (blank[0] & blank[1]))
            for row, value, is_blank in zip(
                rows[differs], now[differs], blank[1][differs], strict=True
            ):
                edits.append(Edit(sheet, int(row), str(column), None if is_blank else value))
    return edits


def rows_added(frames: Mapping[str, pd.DataFrame], data: Dataset) -> Dataset:
    """The dataset with further rows on some sheets, below those that it has."""
    changed = {}
    for name, more in frames.items():
        own = data.frames[name]
        first = int(own.index.max()) + 1 if len(own) else 2
        more = more.set_axis(range(first, first + len(more))).reindex(columns=own.columns)
        filled = [part for part in (own, more) if len(part)]
        changed[name] = pd.concat(filled).astype(own.dtypes.to_dict()) if filled else own
    return data.with_frames(changed)
