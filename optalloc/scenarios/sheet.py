"""The Sweeps sheet: changes of cells, their operations, and the design of cases.

It is the one sheet that the engine declares itself, since sweeps are the same for every model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from enum import StrEnum

from optalloc.data.schema import FREE_TEXT, Column, Kind, Sheet

__all__ = ["BASE", "BLANK", "SWEEPS", "Design", "Operation", "first_amount", "sweeps_of"]

# Value that makes a cell blank, which is not zero.
BLANK = "(blank)"
# Name of the case in which nothing is changed.
BASE = "base"


class Design(StrEnum):
    """Design of a sweep: the way in which its changes make cases."""

    CASES = "cases"
    ONE = "one at a time"
    GRID = "grid"
    LATIN = "latin hypercube"
    MORRIS = "morris"
    SOBOL = "sobol"
    FRONTIER = "frontier"

    @property
    def is_sampled(self) -> bool:
        """True if cases are drawn from ranges, so that a sample size is needed."""
        return self in (Design.LATIN, Design.MORRIS, Design.SOBOL)


class Operation(StrEnum):
    """Operation on a cell."""

    SET = "set"
    ADD = "add"
    MULTIPLY = "multiply"
    SHIFT = "shift"


SWEEPS = Sheet(
    name="Sweeps",
    ordered=True,
    question="What if costs, limits or dates were others?",
    meaning="One change of one column in a sweep: the cases that `optalloc sweep` solves.",
    advisory=True,
    columns=(
        Column(
            name="sweep",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Name of the sweep; its rows belong together.",
        ),
        Column(
            name="design",
            kind=Kind.CHOICE,
            meaning="cases: each change is a case; one at a time: each value of each change is a "
            "case; grid: all combinations of values; frontier: a limit stepped through values; "
            "latin hypercube, morris and sobol: samples between two values of each change.",
            choices=tuple(Design),
            blank=None,
            blank_means="as in the first row of the sweep",
        ),
        Column(
            name="change",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Name of the change; rows of one name are made together, value by value.",
        ),
        Column(
            name="sheet",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Sheet whose cells are changed.",
        ),
        Column(
            name="rows",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Which rows of it: column=value, several joined by a semicolon; * and ? stand "
            "for any letters, nothing for a blank.",
            blank="",
            blank_means="all rows",
        ),
        Column(
            name="column",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Column whose cells are changed.",
        ),
        Column(
            name="operation",
            kind=Kind.CHOICE,
            meaning="set: take the value; add and multiply: with the number that stands there, or "
            "that a blank stands for, and a blank without a number stays blank; shift: a date, or "
            "the name of a row that has a date, later by so many months; of names, to the first "
            "that begins no sooner.",
            choices=tuple(Operation),
            blank=str(Operation.SET),
        ),
        Column(
            name="values",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="The value, or several joined by semicolons: one for a case, the steps for one "
            "at a time, grid and frontier, both ends of the range for samples, which are "
            "rounded where the column holds whole numbers. "
            f"{BLANK} empties the cell, which is not zero.",
        ),
        Column(
            name="samples",
            kind=Kind.INTEGER,
            unit="samples",
            meaning="Sample size: cases of a latin hypercube, trajectories of morris, base sample "
            "of sobol (a power of 2).",
            blank=None,
            blank_means="as in the sweep's first row that says it",
            at_least=1,
            at_most=1_000_000,
        ),
        Column(
            name="seed",
            kind=Kind.INTEGER,
            unit="number",
            meaning="Seed of the samples.",
            blank=None,
            blank_means="as in the sweep's first row that says it, else 0",
            at_least=0,
            at_most=2**31 - 1,
        ),
    ),
)


def first_amount(sheets: Iterable[Sheet], fixed: Collection[str] = ()) -> tuple[str, str] | None:
    """Sheet and column of the first amount that a model requires, but those that are ``fixed``.

    Parameters
    ----------
    sheets : iterable of Sheet
    fixed : collection of str
        ``"Sheet"`` or ``"Sheet.column"``.
    """
    for sheet in sheets:
        for column in sheet.columns if sheet.required and not sheet.vertical else ():
            amount = column.required and column.kind is Kind.NUMBER and column.at_most is None
            if amount and not {sheet.name, f"{sheet.name}.{column.name}"} & set(fixed):
                return sheet.name, column.name
    return None


def sweeps_of(sheets: Iterable[Sheet]) -> Sheet:
    """The sheet with an example row that is about the first amount which a model requires."""
    found = first_amount(sheets)
    if found is None:
        return SWEEPS
    sheet, column = found
    example = {
        "sweep": "tornado",
        "design": str(Design.ONE),
        "change": f"{column} of all {sheet}",
        "sheet": sheet,
        "column": column,
        "operation": str(Operation.MULTIPLY),
        "values": "0.9; 1.2",
    }
    columns = [replace(c, example=example.get(c.name)) for c in SWEEPS.columns]
    return replace(SWEEPS, columns=tuple(columns))
