"""One case solved: changed cells, renewed numbers, re-solved program, audited plan.

The program of the base is compiled once and stays in the solver. A case that keeps its sets is
solved there, from known plans; one that changes them is built again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError, NoPlanError
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, raise_without_plan
from optalloc.modelling.base import Base
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import options_of
from optalloc.modelling.program import Program, build
from optalloc.modelling.renew import renewed
from optalloc.pipeline.one_plan import solve_program
from optalloc.plan.readback import read_audited, worst_of
from optalloc.scenarios.designs import Case
from optalloc.scenarios.edits import rows_added
from optalloc.scenarios.overrides import WrongOverride, altered
from optalloc.scenarios.trial import errors_of
from optalloc.solving.resolve import Resolver
from optalloc.sweeps.case_key import Digests
from optalloc.sweeps.messages import Finished, Settled, Status
from optalloc.sweeps.pack import packed, stacked_specs

__all__ = ["CaseSolver"]

# Many cases have one of a few plans; the datasets of so many are kept.
_PLANS_MET = 4


@dataclass
class _Home:
    """The base program as it was last refreshed, and its solver."""

    program: Program
    arrays: Arrays
    resolver: Resolver


class CaseSolver:
    """Solves the cases of one base, one after another.

    Parameters
    ----------
    base : Base

    Raises
    ------
    OptallocError
        If the model folder is not that of the base.
    """

    def __init__(self, base: Base) -> None:
        self._base, self._model = base, base.model()
        self._data, self._digests = base.dataset(self._model), Digests(base)
        self._specs = stacked_specs(self._model)
        self._homes: dict[str, _Home | None] = {}
        # By plan, of those met last: the dataset from which the tables of each are recalled.
        self._met: dict[bytes, Dataset] = {}
        # Values derived from the base are recalled in cases where the sheets they need are equal.
        errors_of(self._data, self._model)

    def data_of(self, case: Case) -> Dataset:
        """The dataset of a case.

        Raises
        ------
        WrongOverride
            If an override does not apply to its cell.
        """
        data = altered(self._data, case.overrides)
        return rows_added(self._base.held[case.held], data) if case.held else data

    def key(self, case: Case) -> str:
        """Hash of all that the result of a case depends on; empty where it has no dataset."""
        try:
            return self._digests.key(self.data_of(case))
        except WrongOverride:
            return ""

    def solve(self, case: Case, start: np.ndarray | None = None) -> Finished:
        """Solve a case.

        Parameters
        ----------
        case : Case
        start : numpy.ndarray, optional
            Integer values of a plan of the base program, from another case.

        Returns
        -------
        Finished
            Also for a case that fails; only exceptions that end the worker are raised.
        """
        begin, key = time.perf_counter(), ""

        def ended(status: Status, reason: object, **more: Any) -> Finished:
            seconds = time.perf_counter() - begin
            return Finished(key=key, status=status, reason=str(reason), seconds=seconds, **more)

        try:
            data = self.data_of(case)
            key = self._digests.key(data)
            problems = errors_of(data, self._model) if case.overrides or case.held else []
            if problems:
                return ended(Status.INVALID, "; ".join(map(str, problems)))
            found = self._solved(case, data, start)
        except WrongOverride as wrong:
            return ended(Status.INVALID, f"{wrong.must}; found {wrong.found}. {wrong.action}")
        except InfeasibleError as error:
            return ended(Status.INFEASIBLE, error)
        except NoPlanError as error:
            return ended(Status.NO_PLAN, error)
        except MemoryError:
            raise
        except Exception as error:
            # One case is lost, not the sweep.
            return ended(Status.FAILED, f"{type(error).__name__}: {error}")
        return replace(found, key=key, seconds=time.perf_counter() - begin)

    def _solved(self, case: Case, data: Dataset, start: np.ndarray | None) -> Finished:
        home = self._home(case.held)
        if home is None:
            program = build(data, self._model)
            arrays, same_sets = compile_program(program), False
        else:
            for earlier in self._met.values():
                data.recall_from(earlier)
            new = renewed(home.program, home.arrays, data)
            program, arrays, same_sets = new.program, new.arrays, new.same_sets
        options = options_of(data, self._model, {**self._base.options, "threads": 1})
        if home is not None and same_sets:
            home.program, home.arrays = program, arrays
            limits = {"gap": options.gap, "time_limit_s": options.time_limit_s}
            starts = [] if start is None else [_plan_from(start, arrays)]
            outcome = home.resolver.solve(arrays, starts=starts, **limits)
        else:
            outcome = Resolver(arrays, options).solve()
        if outcome.values is None:
            raise_without_plan(outcome)
        settled = Settled.RESOLVED if outcome.searched else Settled.BOUND
        if not same_sets:
            settled = Settled.REBUILT
        finished = self._audited(program, arrays, outcome, options, settled)
        if not same_sets or outcome.values is None:
            return finished
        self._meet(outcome.values, data)
        return replace(finished, integers=np.round(outcome.values[arrays.integer]))

    def _meet(self, plan: np.ndarray, data: Dataset) -> None:
        """Keep the dataset of a plan, and drop that of the plan met longest ago."""
        self._met.pop(plan.tobytes(), None)
        self._met[plan.tobytes()] = data
        if len(self._met) > _PLANS_MET:
            del self._met[next(iter(self._met))]

    def _home(self, held: str) -> _Home | None:
        """The base program with a plan held, built when first needed; None if infeasible."""
        if held not in self._homes:
            data = rows_added(self._base.held[held], self._data) if held else self._data
            try:
                program = build(data, self._model)
                arrays = compile_program(program)
                options = options_of(data, self._model, {**self._base.options, "threads": 1})
                self._homes[held] = _Home(program, arrays, Resolver(arrays, options))
            except InfeasibleError:
                self._homes[held] = None
        return self._homes[held]

    def _audited(
        self,
        program: Program,
        arrays: Arrays,
        outcome: Outcome,
        options: Options,
        settled: Settled,
    ) -> Finished:
        """The plan, if its audit passes; else that of a solve from scratch."""
        tables, audit = read_audited(program, arrays, outcome)
        refused, reason = worst_of(audit), ""
        if refused:
            program = build(program.dataset, self._model)
            plan = solve_program(program, compile_program(program), options)
            tables, outcome, settled = dict(plan.tables), plan.outcome, Settled.AGAIN
            reason = f"the plan that was found first did not pass its audit: {refused}"
        return Finished(
            key="",
            status=Status(str(outcome.quality)),
            objective=outcome.objective,
            bound=outcome.bound,
            settled=str(settled),
            reason=reason,
            tables=packed(tables, self._specs),
        )


def _plan_from(integers: np.ndarray, arrays: Arrays) -> np.ndarray:
    """A point with these integer values, from which the solver may complete a plan."""
    point = np.clip(np.zeros(len(arrays.cost)), arrays.col_lower, arrays.col_upper)
    if len(integers) == int(arrays.integer.sum()):
        point[arrays.integer] = integers
    return point
