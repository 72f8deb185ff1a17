"""The errors that optalloc raises, and the one-line problems an input error carries.

::

    OptallocError
    ├── InputError        the workbook or folder must be changed; carries every Problem at once
    ├── ModelError        the model folder is wrong (a family, a ledger, a template)
    ├── SolveError        the solver gave no plan that may be shown
    │   ├── InfeasibleError   no plan exists, confirmed by an elastic re-solve
    │   ├── NoPolicyError     each scenario has a plan, and all together have none
    │   └── NoPlanError       stopped before a first plan was found
    │       └── StoppedError  by Ctrl-C
    └── InternalError     a fault of optalloc itself, the failed audit included
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CODES",
    "InfeasibleError",
    "InputError",
    "InternalError",
    "ModelError",
    "NoPlanError",
    "NoPolicyError",
    "OptallocError",
    "Problem",
    "Repeated",
    "Severity",
    "SolveError",
    "StoppedError",
    "gathered",
]

# Ranges of cells that one message names.
MOST_RANGES = 5

# Every code that the engine gives a problem, by what it is about, with its meaning. Families name
# theirs in `Family.codes`, files and their structure in `optalloc.spreadsheet.faults.FILE_CODES`.
CODES: Mapping[str, Mapping[str, str]] = {
    "Sheets, columns and cells": {
        "unknown-sheet": "a sheet that no family reads",
        "duplicate-sheet": "two sheets whose names differ only by case or spaces",
        "missing-sheet": "a required sheet is absent",
        "empty-sheet": "a required sheet has no rows",
        "no-header": "cells without a column name above them",
        "unknown-column": "a column that no family reads",
        "duplicate-column": "two columns of one name",
        "missing-column": "a required column is absent",
        "header-spelling": "a name read in spite of its case or spaces (notice)",
        "header-unit": "a column name with another unit in brackets than its own",
        "duplicate-key": "two rows of one key",
        "unknown-ref": "a name that is not on the sheet it must come from",
        "near-name": "a name spelled almost like another of its kind",
        "name-without-row": "a name without a row on a sheet where others have one (notice)",
        "blank-beside-names": "a blank where others have a name that other sheets mention (notice)",
        "blank": "a cell that must be filled in is blank",
        "not-a-number": "text or another kind of value where a number belongs",
        "text-number": "a number stored as text",
        "not-finite": "an infinite number or NaN",
        "not-computable": "a number too large or too small to compute with",
        "not-whole": "a fraction where a whole number belongs",
        "out-of-bounds": "a number outside the bounds of its column",
        "not-a-date": "something else where a date belongs",
        "text-date": "a date stored as text",
        "not-yes-or-no": "something else where yes or no belongs",
        "unknown-choice": "a word that is not one of the column's choices",
        "not-a-name": "something else where text belongs",
        "spaces-trimmed": "spaces around a name were ignored (notice)",
        "unseen-characters": "a name read without characters that cannot be seen (notice)",
        "implausible": "a number far from what is usual in its column (notice)",
        "outlier": "a number far from the others of its column (notice)",
    },
    "Rules between the columns of a row": {
        "one-of-two": "columns of which exactly one must be filled in",
        "no-limit": "a row that fills in none of the columns it is there for",
        "min-above-max": "a least, block or other part above the most there may be",
        "periods-reversed": "a window that ends before it begins",
    },
    "Sums and relaxations": {
        "cannot-come-out": "a sum over the workbook that no plan can meet",
        "unknown-limit": "a rule about a limit or family that the model does not have",
    },
    "Plans and other files": {
        "cannot-mark": "a workbook of which no marked copy can be written",
        "not-a-plan": "a file named as a plan that optalloc did not write",
        "plan-cell": "a cell of a plan that holds what its table cannot hold",
        "filled-twice": "a sheet with rows of its own that an approved plan is to fill",
        "approved-policy": "an approved policy, of which what is done now counts (notice)",
        "plan-without-rows": "an approved plan that says nothing of what it is to fill (notice)",
        "not-an-explanation": "a file named as an explanation that optalloc did not write",
    },
    "Uncertainty": {
        "uncertainty-name": "a name of an uncertainty or outcome that conditions cannot name, or "
        "that is spelled in two ways",
        "uncertainty-revealed": "an uncertainty without a day on which it is known, or with two; a "
        "notice where it is known from the start, or never",
        "uncertainty-given": "a condition that names no outcome above it, or that does not tell "
        "which rows hold",
        "scenario-probability": "a probability that is missing, or that stands in two places",
        "probability-sum": "probabilities that do not add to 1",
        "scenario-outcomes": "a scenario that does not have one outcome of each uncertainty",
        "attitude-unused": "an attitude where nothing is uncertain (notice)",
        "across-limit": "a limit that the model lacks, or that holds in every future",
        "across-equation": "an equation that is to hold on average",
        "across-rows": "rows that select nothing of their limit",
        "across-share": "a share that is missing or of no use",
        "across-twice": "a row of a limit that two lines are about",
        "across-unbounded": "a limit that may fail and that nothing else bounds",
        "across-unused": "limits across futures where nothing is uncertain (notice)",
        "too-many-scenarios": "more scenarios than are solved",
        "unknown-outcome": "a change for an outcome that no uncertainty has",
        "outcome-target": "a sheet, column or row filter of an outcome that matches nothing",
        "outcome-operation": "an operation that the column of an outcome cannot take",
        "outcome-value": "a value of an outcome that makes a cell invalid",
        "outcome-fixed": "an outcome that changes what must be the same in every scenario",
        "outcome-changes-nothing": "a change of an outcome that leaves the workbook as it stands",
        "outcome-never": "an outcome that comes in no scenario (notice)",
        "outcome-overlap": "a change of cells that another change of the same scenario has changed "
        "(notice)",
        "outcome-rules": "an outcome with which the workbook would have an error",
        "revealed-too-late": "an outcome that is felt before it is known",
        "decided-blind": "what cannot be done in a scenario, and so not in another that cannot be "
        "distinguished when it is decided (notice)",
    },
    "Ranges of what is uncertain": {
        "range-name": "a name of an uncertainty that scenarios cannot name",
        "range-revealed": "an uncertainty without a day on which it is known, or with two",
        "range-order": "low, mode and high that do not rise, or a factor that is not above zero",
        "range-target": "a sheet, column or row filter of a range that matches nothing",
        "range-operation": "an operation that the column of a range cannot take",
        "range-value": "a value of a range that makes a cell invalid",
        "range-fixed": "a range of what must be the same in every scenario",
        "range-draw": "a drawn value with which the workbook would have an error",
        "range-missing": "outcomes to be generated where no range is stated",
        "range-taken": "outcomes to be generated where the sheets have some of that name",
    },
    "Changes of a sweep": {
        "sweep-design": "a sweep without a design, or with two",
        "sweep-samples": "a sample size that is missing, of no use, or that the design cannot take",
        "sweep-values": "too few or too many values for the design, or values that belong together "
        "and differ in number",
        "sweep-change": "a change whose name is taken, or a frontier of several changes",
        "sweep-size": "a sweep of more cases than can be kept",
        "sweep-target": "a sheet, column or row filter that matches nothing",
        "sweep-operation": "an operation that the column cannot take",
        "sweep-value": "a value that makes a cell invalid",
        "sweep-rules": "a change after which the workbook would have an error",
        "sweep-file": "a TOML file that does not describe sweeps",
    },
}


class Severity(StrEnum):
    """Severity of a problem: an error stops the run, a notice is only reported."""

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
        The condition that must hold, in the planner's words.
    found : str
        The value found instead; empty where there was none.
    action : str
        The remedy, as an instruction.
    code : str
        Stable short name of the kind of problem.
    cells : tuple
        Sheet, row label and column, by declared names, of each cell that it comes from.
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


@dataclass(frozen=True, slots=True)
class Repeated:
    """Problems that say the same of their cells, such as one typo in ten rows; one or more."""

    problems: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        """The first of them, which says what they all say."""
        return self.problems[0]

    @property
    def ranges(self) -> tuple[tuple[str, str], ...]:
        """Sheet and cells of each run down a column, such as ``("Sites", "B2:B11")``."""
        runs: list[list[Problem]] = []
        for problem in self.problems:
            last = runs[-1][-1] if runs else None
            if last is not None and problem.order == _below(last) and last.sheet == problem.sheet:
                runs[-1].append(problem)
            else:
                runs.append([problem])
        return tuple(
            (run[0].sheet, run[0].cell if len(run) == 1 else f"{run[0].cell}:{run[-1].cell}")
            for run in runs
        )

    @property
    def where(self) -> str:
        """The cells in words; of many ranges the first few."""
        runs = self.ranges
        most = MOST_RANGES if len(runs) > MOST_RANGES + 1 else len(runs)
        named = [
            f"{sheet}!{cells}" if sheet and cells else sheet or "File"
            for sheet, cells in runs[:most]
        ]
        more = f" and {len(runs) - most:,} more places" if len(runs) > most else ""
        return ", ".join(named) + more

    def __str__(self) -> str:
        one, many = self.first, len(self.problems)
        cells = f" in {many:,} cells" if many > 1 else ""
        found = f"; found {one.found}" if one.found else ""
        return f"{self.where}: {one.must}{found}{cells}. {one.action} [{one.code}]"


def _below(problem: Problem) -> tuple[int, int, int]:
    sheet, row, column = problem.order
    return (sheet, row + 1, column) if problem.cell else (-1, 0, 0)


def gathered(problems: Iterable[Problem]) -> tuple[Repeated, ...]:
    """Gather problems that say the same, in the order in which each is first said.

    Examples
    --------
    >>> typo = "must be on sheet Sites", "'Oslp'", "Say it.", "ref"
    >>> rows = [Problem("Network", f"A{n}", *typo, order=(1, n, 1)) for n in (2, 3, 7)]
    >>> print(*gathered(rows))
    Network!A2:A3, Network!A7: must be on sheet Sites; found 'Oslp' in 3 cells. Say it. [ref]
    """
    same: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        said = problem.code, problem.must, problem.found, problem.action, problem.severity
        # Of a sheet as a whole there is nothing to gather.
        key = said if problem.cell else (*said, problem.sheet, len(same))
        same.setdefault(key, []).append(problem)
    by_column = (sorted(found, key=_column_first) for found in same.values())
    return tuple(Repeated(tuple(found)) for found in by_column)


def _column_first(problem: Problem) -> tuple[int, int, int]:
    sheet, row, column = problem.order
    return sheet, column, row


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
        super().__init__("\n".join(map(str, gathered(self.problems))))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class ModelError(OptallocError):
    """The model folder cannot be used as it is."""


def _shortfalls(pairs: Iterable[tuple[str, float]]) -> pd.DataFrame:
    """Limits and amounts as a frame, of dtypes that no option of pandas decides."""
    import pandas as pd  # noqa: PLC0415  (errors are known to commands that need no tables)

    columns = pd.Index(["limit", "amount"], dtype=object)
    return pd.DataFrame(pairs, columns=columns, dtype=object).astype({"amount": float})


class SolveError(OptallocError):
    """The solver gave no plan that may be shown."""


class InfeasibleError(SolveError):
    """No plan meets all limits.

    ``shortfalls`` is a frame (limit, amount): the smallest total by which limits would be
    violated, from the elastic re-solve that confirms the infeasibility. ``scenario`` is the one
    that has no plan even by itself; empty where nothing is uncertain. ``units`` has the unit of
    each limit that a planner sets: where one of them is among the shortfalls, the message is of
    those alone.
    """

    def __init__(
        self,
        shortfalls: Iterable[tuple[str, float]],
        scenario: str = "",
        units: Mapping[str, str] | None = None,
    ) -> None:
        self.shortfalls = _shortfalls(shortfalls)
        self.scenario, self.units = scenario, dict(units or {})
        every = [(str(limit), float(amount)) for limit, amount in self.shortfalls.to_numpy()]
        own = [pair for pair in every if pair[0].partition("[")[0] in self.units] or every
        named = "; ".join(f"{_in_words(limit)} by {self._amount(limit, x)}" for limit, x in own[:5])
        more = f"; and {len(own) - 5} more" if len(own) > 5 else ""
        where = f" in scenario {scenario}, even by itself" if scenario else ""
        super().__init__(
            f"no plan meets every limit{where}. "
            f"The least by which limits would be exceeded: {named}{more}"
            ". optalloc explain says why, with cells, and which changes give a plan."
        )

    def _amount(self, limit: str, amount: float) -> str:
        return f"{amount:,.6g} {self.units.get(limit.partition('[')[0], '')}".rstrip()

    def __reduce__(
        self,
    ) -> tuple[type[InfeasibleError], tuple[list[tuple[str, float]], str, dict[str, str]]]:
        pairs = zip(self.shortfalls["limit"], self.shortfalls["amount"], strict=True)
        return type(self), (list(pairs), self.scenario, self.units)


class NoPolicyError(SolveError):
    """Each scenario has a plan by itself, but there is no policy for all of them.

    ``shortfalls`` is a frame (limit, amount), as of `InfeasibleError`; limits end with a scenario.
    """

    def __init__(self, shortfalls: Iterable[tuple[str, float]]) -> None:
        self.shortfalls = _shortfalls(shortfalls)
        named = "; ".join(
            f"{_in_words(_without_kind(limit))} by {amount:,.6g}"
            for limit, amount in self.shortfalls.head(5).to_numpy()
        )
        more = f"; and {len(self.shortfalls) - 5} more" if len(self.shortfalls) > 5 else ""
        super().__init__(
            "each scenario has a plan by itself, but no policy meets every limit in all of them: "
            "what is decided before they can be distinguished would have to differ. The least by "
            f"which limits would be exceeded, with their scenario: {named}{more}. Let outcomes be "
            "revealed sooner, or allow unmet demand at a penalty."
        )

    def __reduce__(self) -> tuple[type[NoPolicyError], tuple[list[tuple[str, float]]]]:
        pairs = zip(self.shortfalls["limit"], self.shortfalls["amount"], strict=True)
        return type(self), (list(pairs),)


def _without_kind(row: str) -> str:
    """A row of an extensive form as one of a scenario: ``row[name,key,scenario]``."""
    kind, _, key = row.partition("[")
    name, _, rest = key.partition(",")
    return f"{name}[{rest}" if kind == "row" and rest else row


def _in_words(row: str) -> str:
    """A row of the program as a planner reads it: ``"zone total (Kanto, 2028)"``."""
    name, _, key = row.partition("[")
    about = f" ({key.removesuffix(']').replace(',', ', ')})" if key else ""
    return name.replace("_", " ") + about


class NoPlanError(SolveError):
    """The solver was stopped before it found a first plan."""


class StoppedError(NoPlanError):
    """Ctrl-C stopped the solver before it found a first plan."""


class InternalError(OptallocError):
    """A fault of optalloc: a plan that fails its audit, a solver that contradicts itself."""
