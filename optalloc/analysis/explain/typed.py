"""A change of a cell in words: what to type where."""

from __future__ import annotations

from optalloc.analysis.explain.limit_cells import shown
from optalloc.data.dataset import Dataset
from optalloc.scenarios.edits import Edit, Layout, sheet_name
from optalloc.spreadsheet.sheets import address

__all__ = ["typed"]


def typed(data: Dataset, layout: Layout, edit: Edit) -> str:
    """What to type where."""
    known, name = data[edit.sheet], layout.name_cell(edit)
    now = known.at[edit.row, edit.column] if edit.row in known.index else None
    cell = f"{sheet_name(data, edit.sheet)}!{address(*layout.cell(edit))}"
    added = "" if name is None else f", a column to be added, its name in {address(*name)},"
    unit = data.sheets[edit.sheet].by_name[edit.column].unit
    # What depends on the row is said by the row.
    unit = "" if " or " in unit else unit
    change = f"{edit.column} at {cell}{added} from {shown(now)} to {shown(edit.to)} {unit}"
    return change.rstrip()
