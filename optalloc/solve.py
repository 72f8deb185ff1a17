"""Step "solve": Arrays become an Outcome.

The relaxation is tightened first with the strengthening rows that it violates; HiGHS then proves
the plan; the integers are fixed and the rest solved once more, so that whole numbers are whole.
Neither "optimal" nor "infeasible" is taken from the solver alone: the plan goes to the audit, and
infeasibility is confirmed by an elastic program that must need a positive amount.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from optalloc.arrays import Arrays, Labels
from optalloc.highs import Highs, Result
from optalloc.outcome import (
    Options,
    Outcome,
    Progress,
    ProgressCallback,
    Quality,
    StopReason,
    quality_of,
)

__all__ = ["solve_arrays"]

FEASIBILITY = 1e-6
# Share of the time that tightening may take, rows it may add in a round, and when it stalls.
TIGHTENING_TIME = 0.3
ROWS_PER_ROUND = 5000
STALL = 1e-5
ROUNDS = 40


@dataclass
class _Run:
    """What one solve keeps in mind: its clock, its callback, and what was seen."""

    options: Options
    callback: ProgressCallback | None
    started: float = field(default_factory=time.perf_counter)
    history: list[Progress] = field(default_factory=list)

    def left_s(self) -> float:
        limit = self.options.time_limit_s
        return math.inf if limit is None else limit - (time.perf_counter() - self.started)

    def report(self, progress: Progress) -> None:
        self.history.append(progress)
        if self.callback is not None:
            self.callback(progress)


def solve_arrays(
    arrays: Arrays, options: Options | None = None, progress: ProgressCallback | None = None
) -> Outcome:
    """Solve a program to a proven gap.

    Parameters
    ----------
    arrays : Arrays
    options : Options, optional
    progress : callable, optional
        Called with `Progress` as the solve goes on, from another thread.

    Returns
    -------
    Outcome
        With a plan and its proven bound, or with the reason why there is none. A time limit or
        Ctrl-C keeps the best plan so far.
    """
    run = _Run(options or Options(), progress)
    kept, interrupted = _tighten(arrays, run)
    core = arrays.with_rows(~arrays.strengthening | kept)
    if interrupted:
        return _without_plan(StopReason.INTERRUPTED, run)
    highs = Highs(core, run.options, integer=True, settings={"mip_heuristic_effort": 0.3})
    result = highs.run(
        time_limit_s=run.left_s(), progress=run.report, started=run.started, phase="proving"
    )
    if result.status in ("kInfeasible", "kUnboundedOrInfeasible"):
        return _confirm_infeasible(arrays, run)
    if result.values is None:
        return _without_plan(_stop_reason(result, run.options, math.inf), run, result.bound)
    return _finished(arrays, core, result, run, int(kept.sum()))


def _finished(arrays: Arrays, core: Arrays, result: Result, run: _Run, cut_rows: int) -> Outcome:
    assert result.values is not None
    values, objective = _polish(core, result.values, run)
    gap = Outcome(
        stop_reason=StopReason.GAP, quality=Quality.NONE, objective=objective, bound=result.bound
    ).gap
    bound = min(result.bound, objective)
    return Outcome(
        stop_reason=_stop_reason(result, run.options, gap),
        quality=quality_of(objective, bound, run.options.gap),
        objective=objective,
        bound=bound,
        values=values,
        nodes=result.nodes,
        cut_rows=cut_rows,
        history=tuple(run.history),
    )


def _stop_reason(result: Result, options: Options, gap: float) -> StopReason:
    named = {
        "kTimeLimit": StopReason.TIME,
        "kInterrupt": StopReason.INTERRUPTED,
        "kHighsInterrupt": StopReason.INTERRUPTED,
        "kUnbounded": StopReason.UNBOUNDED,
    }
    if result.status == "kOptimal":
        return StopReason.PROVED if gap == 0.0 else StopReason.GAP
    return named.get(result.status, StopReason.FAILED)


def _without_plan(reason: StopReason, run: _Run, bound: float = -math.inf) -> Outcome:
    return Outcome(
        stop_reason=reason, quality=Quality.NONE, bound=bound, history=tuple(run.history)
    )


def _tighten(arrays: Arrays, run: _Run) -> tuple[np.ndarray, bool]:
    """Choose strengthening rows: solve the relaxation, add those it violates, repeat.

    Returns the mask of the rows to keep and whether Ctrl-C was pressed.
    """
    kept = np.zeros(len(arrays.row_lower), dtype=bool)
    pool = np.flatnonzero(arrays.strengthening)
    if not len(pool):
        return kept, False
    rows, lower, upper = (
        arrays.matrix.tocsr()[pool],
        arrays.row_lower[pool],
        arrays.row_upper[pool],
    )
    norm = np.maximum(1.0, np.maximum.reduceat(np.abs(rows.data), rows.indptr[:-1]))
    relaxed = Highs(arrays.with_rows(~arrays.strengthening), run.options, integer=False)
    budget, last = TIGHTENING_TIME * run.left_s(), -math.inf
    for _ in range(ROUNDS):
        spent = time.perf_counter() - run.started
        result = relaxed.run(time_limit_s=budget - spent)
        if result.status != "kOptimal" or result.values is None:
            break
        run.report(Progress(time.perf_counter() - run.started, math.inf, result.bound, "bounding"))
        activity = rows @ result.values
        excess = np.maximum(activity - upper, lower - activity) / norm
        excess[kept[pool]] = 0.0
        worst = np.argsort(-excess)[: max(ROWS_PER_ROUND, len(pool) // 20)]
        worst = worst[excess[worst] > FEASIBILITY]
        if not len(worst) or result.bound - last < STALL * abs(result.bound):
            break
        last = result.bound
        kept[pool[worst]] = True
        relaxed.add_rows(sp.csr_array(rows[worst]), lower[worst], upper[worst])
    return kept, relaxed.cancelled


def _polish(core: Arrays, values: np.ndarray, run: _Run) -> tuple[np.ndarray, float]:
    """Fix the integers at whole numbers and solve the rest again; keep the values if that fails."""
    whole = np.where(core.integer, np.round(values), values)
    fixed = replace(
        core,
        col_lower=np.where(core.integer, whole, core.col_lower),
        col_upper=np.where(core.integer, whole, core.col_upper),
    )
    result = Highs(fixed, run.options, integer=False).run()
    if result.status == "kOptimal" and result.values is not None:
        exact = np.where(core.integer, whole, result.values)
        return exact, float(core.cost @ exact + core.offset)
    return values, float(core.cost @ values + core.offset)


def _confirm_infeasible(arrays: Arrays, run: _Run) -> Outcome:
    """Believe in infeasibility only if giving way costs something; else solve again differently."""
    named = np.flatnonzero(~arrays.strengthening)
    arrays = arrays.with_rows(~arrays.strengthening)
    for integer in (False, True):
        result, amounts = _elastic(arrays, run, integer)
        if result.bound > FEASIBILITY:
            worst = np.argsort(-amounts)
            shortfalls = tuple(
                (int(named[r]), float(amounts[r])) for r in worst if amounts[r] > 1e-7
            )
            return replace(
                _without_plan(StopReason.INFEASIBLE, run, math.inf), shortfalls=shortfalls
            )
    other = replace(run.options, presolve=False, seed=run.options.seed + 1)
    result = Highs(arrays, other, integer=True).run(
        time_limit_s=run.left_s(), progress=run.report, started=run.started, phase="second try"
    )
    if result.values is None:
        return _without_plan(_stop_reason(result, run.options, math.inf), run, result.bound)
    return _finished(arrays, arrays, result, run, 0)


def _elastic(arrays: Arrays, run: _Run, integer: bool) -> tuple[Result, np.ndarray]:
    """Smallest total by which rows must give way, each scaled by its largest coefficient."""
    rows = arrays.matrix.shape[0]
    scale = np.maximum(1.0, abs(arrays.matrix).max(axis=1).toarray().ravel())
    identity = sp.diags_array(scale, format="csc")
    elastic = replace(
        arrays,
        matrix=sp.csc_array(sp.hstack([arrays.matrix, identity, -identity])),
        col_lower=np.concatenate([arrays.col_lower, np.zeros(2 * rows)]),
        col_upper=np.concatenate([arrays.col_upper, np.full(2 * rows, np.inf)]),
        cost=np.concatenate([np.zeros(len(arrays.cost)), np.ones(2 * rows)]),
        integer=np.concatenate([arrays.integer, np.zeros(2 * rows, dtype=bool)]),
        offset=0.0,
        columns=Labels.of(()),
    )
    result = Highs(elastic, run.options, integer=integer).run(
        time_limit_s=max(run.left_s(), 30.0) if integer else math.inf
    )
    if result.values is None:
        return result, np.zeros(rows)
    extra = result.values[len(arrays.cost) :]
    return result, (extra[:rows] + extra[rows:]) * scale
