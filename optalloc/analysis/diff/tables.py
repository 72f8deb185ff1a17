"""The tables of a comparison: what differs, with A and B side by side."""

from __future__ import annotations

from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

__all__ = [
    "A_AND_B",
    "BINDING",
    "CELLS",
    "CHANGES",
    "DECISIONS",
    "ERRORS",
    "FIGURES",
    "ROWS",
    "RUNS",
    "TOTALS",
]


def _column(name: str, meaning: str, kind: Kind = Kind.TEXT, unit: str = "") -> Column:
    return Column(name=name, kind=kind, unit=unit, meaning=meaning)


# Of two inputs.
CHANGES = TableSpec(
    name="Changes",
    meaning="Sheets that differ: rows added and removed, cells changed in the others.",
    key=("sheet",),
    columns=(
        _column("sheet", "Sheet."),
        _column("rows_a", "Rows in A.", Kind.INTEGER, "rows"),
        _column("rows_b", "Rows in B.", Kind.INTEGER, "rows"),
        _column("added", "Rows whose key is in B only.", Kind.INTEGER, "rows"),
        _column("removed", "Rows whose key is in A only.", Kind.INTEGER, "rows"),
        _column("changed", "Cells that differ in rows of both.", Kind.INTEGER, "cells"),
    ),
)
CELLS = TableSpec(
    name="Cells",
    meaning="Cells that differ in rows of the same key, with both values and addresses.",
    key=("sheet", "key", "column"),
    columns=(
        _column("sheet", "Sheet."),
        _column("key", "Key of the row."),
        _column("column", "Column."),
        _column("a", "Value in A; blank where the cell is."),
        _column("b", "Value in B; blank where the cell is."),
        _column("change", "B less A, of two numbers.", Kind.NUMBER),
        _column("unit", "Unit of the column."),
        _column("cell_a", "Address in A; none where A has no such column."),
        _column("cell_b", "Address in B; none where B has no such column."),
        _column("remark", "What a blank means, and whether the two mean the same."),
    ),
)
ROWS = TableSpec(
    name="Rows",
    meaning="Rows whose key is in one of the two only.",
    key=("sheet", "change", "key", "cell"),
    columns=(
        _column("sheet", "Sheet."),
        _column("change", "added: only in B; removed: only in A."),
        _column("key", "Key of the row."),
        _column("cell", "Address of the row's key."),
        _column("content", "What the row holds beside its key."),
    ),
)
ERRORS = TableSpec(
    name="Errors",
    meaning="Input errors; a row that cannot be read, or stands twice, is not compared.",
    columns=(_column("book", "A or B."), _column("error", "What is wrong, and where.")),
)

# Of two plans.
A_AND_B = (
    _column("a", "In A."),
    _column("b", "In B."),
    _column("change", "B less A.", Kind.NUMBER),
    _column("unit", "Unit of the three."),
)
DECISIONS = TableSpec(
    name="Decisions",
    meaning="What is decided differently; a row that a plan does not have counts as zero.",
    key=("table", "key", "measure"),
    columns=(
        _column("table", "Table of the plan."),
        _column("key", "Key of its row."),
        _column("measure", "Column."),
        *A_AND_B,
    ),
)
TOTALS = TableSpec(
    name="Totals",
    meaning="Sums of the decisions that differ, over all other keys.",
    key=("table", "measure", "of"),
    columns=(
        _column("table", "Table of the plan."),
        _column("measure", "Column."),
        _column("of", "Period or other place that the sum is of; blank: of all."),
        *A_AND_B,
    ),
)
FIGURES = TableSpec(
    name="Figures",
    meaning="Key figures that differ.",
    key=("figure",),
    columns=(_column("figure", "What it is."), *A_AND_B),
)
BINDING = TableSpec(
    name="Binding",
    meaning="Limits of which nothing is left in one of the two plans only.",
    key=("limit", "key"),
    columns=(
        _column("limit", "Name of the limit."),
        _column("key", "What it is about."),
        _column("binds_in", "A or B."),
    ),
)
RUNS = TableSpec(
    name="Runs",
    meaning="How the two came about, where that differs; seconds and sizes are left out.",
    key=("entry",),
    columns=(_column("entry", "What is recorded."), *A_AND_B[:2]),
)
