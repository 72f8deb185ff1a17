"""A change of a cell in words."""

from __future__ import annotations

from optalloc.analysis.explain.limit_cells import shown
from optalloc.data.dataset import Dataset
from optalloc.scenarios.edits import Edit, Layout, sheet_name

__all__ = ["typed"]


def typed(data: Dataset, layout: Layout, edit: Edit) -> str:
    """A change as the cell, its present value and the value to type."""
    known, name = data[edit.sheet], layout.name_cell(edit)
    now = known.at[edit.row, edit.column] if edit.row in known.index else None
    cell = f"{sheet_name(data, edit.sheet)}!{layout.named(edit)}"
    at = "" if name is None else layout.named(edit, name)
    added = f", a column to be added, its name in {at}," if at else ""
    unit = data.sheets[edit.sheet].by_name[edit.column].unit
    # A unit that depends on the row is stated on the row.
    unit = "" if " or " in unit else unit
    change = f"{edit.column} at {cell}{added} from {shown(now)} to {shown(edit.to)} {unit}"
    return change.rstrip()
