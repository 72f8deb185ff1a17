"""The errors that optalloc raises, and the one-line problems an input error carries.

::

    OptallocError
    ├── InputError        the workbook or folder must be changed; carries every Problem at once
    ├── ModelError        the model folder is wrong (a family, a ledger, a template)
    ├── SolveError        the solver gave no plan that may be shown
    │   ├── InfeasibleError   no plan exists, confirmed by an elastic re-solve
    │   └── NoPlanError       stopped before a first plan was found
    └── InternalError     a fault of optalloc itself, the failed audit included
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd

__all__ = [
    "InfeasibleError",
    "InputError",
    "InternalError",
    "ModelError",
    "NoPlanError",
    "OptallocError",
    "Problem",
    "Severity",
    "SolveError",
]


class Severity(StrEnum):
    """Whether a problem stops the run (error) or is only said (notice)."""

    ERROR = "error"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input, addressed to a sheet and, where there is one, a cell.

    Parameters
    ----------
    sheet : str
        Sheet name as the planner knows it; empty for the file as a whole.
    cell : str
        Spreadsheet address such as ``"C7"``; empty for the whole sheet.
    must : str
        What must hold, in the planner's words.
    found : str
        What was found instead; empty where nothing was.
    action : str
        What to do about it.
    code : str
        Stable short name of the kind of problem.
    cells : tuple
        Sheet, row label and column, by declared names, of each cell that it follows from.
    """

    sheet: str
    cell: str
    must: str
    found: str
    action: str
    code: str
    severity: Severity = Severity.ERROR
    order: tuple[int, int, int] = (0, 0, 0)
    cells: tuple[tuple[str, int, str], ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        where = f"{self.sheet}!{self.cell}" if self.sheet and self.cell else self.sheet or "File"
        found = f"; found {self.found}" if self.found else ""
        return f"{where}: {self.must}{found}. {self.action} [{self.code}]"


class OptallocError(Exception):
    """Base of every error that optalloc raises on purpose."""


class InputError(OptallocError):
    """The input must be changed. ``problems`` holds every error found, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(
                (p for p in problems if p.severity is Severity.ERROR),
                key=lambda p: (p.order, p.sheet, p.cell, p.code, p.must),
            )
        )
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class ModelError(OptallocError):
    """The model folder cannot be used as it is."""


class SolveError(OptallocError):
    """No plan that may be shown came out of the solver."""


class InfeasibleError(SolveError):
    """No plan meets all limits.

    ``shortfalls`` is a frame (limit, amount): the smallest total by which limits would have to give
    way, from the elastic re-solve that confirms the infeasibility.
    """

    def __init__(self, shortfalls: Iterable[tuple[str, float]]) -> None:
        self.shortfalls = pd.DataFrame(shortfalls, columns=["limit", "amount"])
        named = "; ".join(
            f"{_in_words(limit)} by {amount:,.6g}"
            for limit, amount in self.shortfalls.head(5).to_numpy()
        )
        more = f"; and {len(self.shortfalls) - 5} more" if len(self.shortfalls) > 5 else ""
        super().__init__(
            f"no plan meets every limit. The least that would have to give way: {named}{more}. "
            "optalloc explain says why, with cells, and which changes give a plan."
        )

    def __reduce__(self) -> tuple[type[InfeasibleError], tuple[list[tuple[str, float]]]]:
        pairs = zip(self.shortfalls["limit"], self.shortfalls["amount"], strict=True)
        return type(self), (list(pairs),)


def _in_words(row: str) -> str:
    """A row of the program as a planner reads it: ``"zone total (Kanto, 2028)"``."""
    name, _, key = row.partition("[")
    about = f" ({key.removesuffix(']').replace(',', ', ')})" if key else ""
    return name.replace("_", " ") + about


class NoPlanError(SolveError):
    """The solver was stopped before it found a first plan."""


class InternalError(OptallocError):
    """A fault of optalloc: a plan that fails its audit, a solver that contradicts itself."""
