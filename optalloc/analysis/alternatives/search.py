"""Alternatives as one call: the best plan, then those that differ most from all before."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.analysis.alternatives.farthest import (
    Member,
    Signature,
    farthest,
    members_of,
    taken_in,
)
from optalloc.analysis.alternatives.words import PROVEN, STOPPED, Found, explanation
from optalloc.analysis.explain.solve_and_explain import BUDGET_S
from optalloc.errors import InternalError, OptallocError
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import (
    Options,
    Outcome,
    ProgressCallback,
    StepCallback,
    StopReason,
    contradicts,
)
from optalloc.modelling.choices import BoundChange
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.program import Program, build
from optalloc.pipeline.one_plan import solve_program
from optalloc.pipeline.opening import open_book
from optalloc.pipeline.stopwatch import PhaseCallback
from optalloc.plan.readback import read_audited, worst_of
from optalloc.report.findings import Findings
from optalloc.report.progress import with_bar
from optalloc.scenarios.uncertainty_sheets import as_it_stands
from optalloc.solving.direct import solve_directly
from optalloc.solving.resolve import Resolver
from optalloc.spreadsheet.frames import Book

__all__ = ["alternatives"]

logger = logging.getLogger("optalloc")

# Room for rounding in the cost row, relative to the cost.
_TOLERANCE = 1e-6


@with_bar
def alternatives(
    book: Book,
    *,
    slack: float = 0.01,
    count: int = 5,
    budget_s: float = BUDGET_S,
    gap: float | None = None,
    seed: int | None = None,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    progress: ProgressCallback | None = None,
    on_phase: PhaseCallback | None = None,
    on_step: StepCallback | None = None,
) -> Findings:
    """Find plans that cost little more than the best and differ as much as possible from it.

    The first differs from the best plan in as many sites, jurisdictions and markets (whatever the
    model calls a choice, and what its members belong to) as the cost allows; each further one from
    the nearest of all before. Each is the cheapest plan with its choices, and audited.

    Parameters
    ----------
    book : str, Path or mapping of str to pandas.DataFrame
        An .xlsx workbook, a folder of CSV files, one per sheet, or frames by sheet name.
    slack : float
        Extra cost allowed to an alternative, as a share of the best plan's cost.
    count : int
        How many, besides the best plan.
    budget_s : float
        Seconds for the best plan, and as many again for all alternatives.
    gap, seed : optional
        Solver options; those not given come from the workbook.
    model, approved : optional
        As for `optalloc.solve`.
    progress, on_phase, on_step : callable, optional
        Called as the solve goes on, as phases begin, and as alternatives are found.

    Returns
    -------
    Findings
        Tables ``Alternatives`` (cost, bound, gap, distance), ``Choices`` (what each takes) and what
        each builds, how much and when. A sentence says why there are fewer than asked for,
        as when Ctrl-C ended the search.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    InfeasibleError, NoPlanError
        If there is no best plan.
    OptallocError
        If slack, count or budget make no sense, or the model has no choices.

    Examples
    --------
    >>> import optalloc
    >>> found = optalloc.alternatives("inputs/minimal", slack=0.01, count=1)
    >>> found["Alternatives"]["cost"].round(6).tolist()
    [1170.0, 1175.0]
    """
    _refuse_nonsense(slack, count, budget_s)
    data, loaded, notices = open_book(book, model, approved, on_phase)
    members = members_of(loaded, data)
    if not members:
        raise OptallocError("nothing in this workbook can be taken or left; there is no choice")
    _phase(on_phase, "build")
    program = build(data, loaded)
    arrays = compile_program(program)
    given: dict[str, Any] = {"gap": gap, "seed": seed, "time_limit_s": budget_s}
    options = options_of(data, loaded, given)
    best = solve_program(
        program, arrays, options, notices=notices, progress=progress, on_phase=on_phase
    )
    _phase(on_phase, "alternatives")
    search = _Search(program, arrays, replace(options, threads=1), members, slack, budget_s)
    search.take(best.outcome, best.tables, None)
    try:
        for k in range(count):
            if on_step is not None:
                on_step("looking for what differs most", k, count)
            if not search.step(count - k):
                break
    except KeyboardInterrupt:
        search.ended = STOPPED
    findings = explanation(loaded, members, search.found, slack, count, search.ended)
    return replace(findings, sentences=(*as_it_stands(data), *findings.sentences))


def _refuse_nonsense(slack: float, count: int, budget_s: float) -> None:
    if not 0 <= slack < np.inf:
        raise OptallocError(f"slack must be a share of at least 0, such as 0.01; found {slack:g}")
    if count < 1:
        raise OptallocError(f"count must be at least 1; found {count}")
    if not budget_s > 0:
        raise OptallocError(f"the budget must be above 0 seconds; found {budget_s:g}")


def _phase(on_phase: PhaseCallback | None, name: str) -> None:
    if on_phase is not None:
        on_phase(name)


@dataclass
class _Search:
    """The plans found so far, and why the search ended."""

    program: Program
    arrays: Arrays
    options: Options
    members: Sequence[Member]
    slack: float
    budget_s: float

    def __post_init__(self) -> None:
        self.found: list[Found] = []
        self.known: list[Signature] = []
        self.ended = ""
        self._resolver: Resolver | None = None
        self._started = time.perf_counter()

    @property
    def left_s(self) -> float:
        return self.budget_s - (time.perf_counter() - self._started)

    @property
    def limit(self) -> float:
        """Most that an alternative may cost."""
        best = self.found[0].outcome.objective
        return best + self.slack * abs(best)

    def take(
        self, outcome: Outcome, tables: Mapping[str, pd.DataFrame], farthest_of: float | None
    ) -> None:
        """Keep a plan."""
        assert outcome.values is not None
        signature = taken_in(self.arrays, outcome.values, self.members)
        distances = [sum(a != b for a, b in zip(signature, k, strict=True)) for k in self.known]
        self.found.append(Found(outcome, tables, signature, min(distances, default=0), farthest_of))
        self.known.append(signature)

    def step(self, share: int) -> bool:
        """Find one more plan; False where there is none, or no time for it."""
        program = farthest(self.arrays, self.members, self.known, self.limit)
        # Distances are integers, so that proving one proves that none is larger.
        within = max(self.left_s / share, 1.0)
        options = replace(self.options, gap=0.0, time_limit_s=within)
        outcome = solve_directly(program, options)
        if outcome.values is None:
            ends = {StopReason.INFEASIBLE: PROVEN, StopReason.INTERRUPTED: STOPPED}
            self.ended = ends.get(outcome.stop_reason, "time")
            return False
        point = outcome.values[: len(self.arrays.cost)]
        plan = self._cheapest(self._choices(outcome.values), point, max(self.left_s / share, 1.0))
        if contradicts(plan.objective, self.found[0].outcome.bound):
            return self._begin_again(plan)
        tables, audit = read_audited(self.program, self.arrays, plan)
        refused = worst_of(audit)
        if refused:
            raise InternalError(f"an alternative does not pass its own audit: {refused}")
        self.take(plan, tables, float(np.floor(-outcome.bound + _TOLERANCE)))
        if StopReason.INTERRUPTED in (outcome.stop_reason, plan.stop_reason):
            self.ended = STOPPED
        return not self.ended

    def _begin_again(self, cheaper: Outcome) -> bool:
        """Take a plan below the bound of the best as the best, once another route has proven it."""
        other = replace(self.options, presolve=False, seed=self.options.seed + 1)
        limited = replace(other, time_limit_s=max(self.left_s / 2, 1.0))
        best = solve_directly(self.arrays, limited, start=cheaper.values)
        tables, audit = read_audited(self.program, self.arrays, best)
        refused = worst_of(audit)
        if refused:
            raise InternalError(f"the cheaper plan does not pass its audit: {refused}")
        logger.warning("an alternative costs less than the bound of the best plan; proven again")
        self.found, self.known, self._resolver = [], [], None
        self.take(best, tables, None)
        return True

    def _choices(self, values: np.ndarray) -> list[BoundChange]:
        """Bounds that fix what a solution of the farthest program takes and leaves."""
        first = len(self.arrays.cost)
        bits = values[first : first + len(self.members)] > 0.5
        pairs = zip(self.members, bits, strict=True)
        return [one for member, on in pairs for one in (member.take if on else member.leave)]

    def _cheapest(
        self, choices: Sequence[BoundChange], point: np.ndarray, within_s: float
    ) -> Outcome:
        """The cheapest plan with these choices, started from a plan that has them."""
        lower, upper = self.arrays.col_lower.copy(), self.arrays.col_upper.copy()
        for component, key, least, most in choices:
            at = self.arrays.columns.find(component, key)
            lower[at], upper[at] = max(lower[at], least), min(upper[at], most)
        if self._resolver is None:
            self._resolver = Resolver(self.arrays, self.options)
        fixed = replace(self.arrays, col_lower=lower, col_upper=upper)
        plan = self._resolver.solve(fixed, starts=[point], time_limit_s=within_s)
        if plan.values is None:
            raise InternalError("an alternative that was found could not be completed")
        return plan
