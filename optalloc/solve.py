"""Step "solve": Arrays become an Outcome.

The relaxation is tightened first; HiGHS then proves the plan; the integers are fixed and the rest
solved once more, so that whole numbers are whole. Where some rows cannot be listed in advance, a
plan counts only once none is broken, and the bound of any round is a bound on the full program.
Neither "optimal" nor "infeasible" is taken from the solver alone: the plan goes to the audit, and
infeasibility is confirmed by an elastic program that must need a positive amount.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.arrays import BROKEN_FINELY, Arrays, ExtraRows, Labels
from optalloc.highs import Highs, Result
from optalloc.improve import Improver, worth_it
from optalloc.outcome import (
    Options,
    Outcome,
    Progress,
    ProgressCallback,
    StopReason,
    quality_of,
    relative_gap,
)
from optalloc.tighten import FEASIBILITY, Run, tightened

__all__ = ["solve_arrays"]

# The rows that a plan breaks are few; more rounds than these mean that something is wrong.
ROUNDS_OF_PROOF, ROUNDS_OF_POLISH = 60, 100


@dataclass
class _Best:
    """The best plan so far, and what no plan can cost less than."""

    values: np.ndarray | None = None
    objective: float = math.inf
    bound: float = -math.inf
    nodes: int = 0
    cut_rows: int = 0

    def take(self, values: np.ndarray, objective: float) -> None:
        if objective < self.objective:
            self.values, self.objective = values, objective

    def outcome(self, reason: StopReason, run: Run) -> Outcome:
        bound = min(self.bound, self.objective)
        return Outcome(
            stop_reason=reason,
            quality=quality_of(self.objective, bound, run.options.gap),
            objective=self.objective,
            bound=bound,
            values=self.values,
            nodes=self.nodes,
            cut_rows=self.cut_rows,
            history=tuple(run.history),
        )


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
    run = Run(options or Options(), progress)
    core, cut_rows, interrupted = tightened(arrays, run)
    if interrupted:
        return _Best().outcome(StopReason.INTERRUPTED, run)
    found = _prove(core, run, run.options, cut_rows)
    if found.stop_reason is not StopReason.INFEASIBLE:
        return found
    core = core.with_rows(~core.strengthening)
    shortfalls = _shortfalls(core, run)
    if shortfalls is not None:
        return replace(found, shortfalls=shortfalls)
    # Nothing has to give way: the solver erred, and is asked again by another route.
    other = replace(run.options, presolve=False, seed=run.options.seed + 1)
    again = _prove(core, run, other, 0, phase="second try")
    if again.stop_reason is StopReason.INFEASIBLE:
        return replace(again, stop_reason=StopReason.FAILED)
    return again


def _prove(
    core: Arrays, run: Run, options: Options, cut_rows: int, phase: str = "proving"
) -> Outcome:
    """Search and prove, round by round while a plan breaks rows that were not listed."""
    best = _Best(cut_rows=cut_rows)

    # Two searches go on: what is known is the best of both, of this round's program.
    known = Progress(run.seconds(), math.inf, -math.inf, phase)

    def report(now: Progress) -> None:
        nonlocal known
        objective = min(now.objective, known.objective, best.objective)
        bound = max(now.bound, known.bound, best.bound)
        draft = core.separate is not None and objective < best.objective
        known = replace(now, objective=objective, bound=bound, draft=draft)
        run.report(known)

    def improved(objective: float) -> None:
        report(replace(known, seconds=run.seconds(), objective=objective, phase="improving"))

    for _ in range(ROUNDS_OF_PROOF):
        highs = Highs(core, options, integer=True, settings={"mip_heuristic_effort": 0.3})
        if best.values is not None:
            highs.start_from(best.values)
        with _improving(core, options, best, improved) as beside:
            result = highs.run(
                time_limit_s=run.left_s(),
                progress=report,
                started=run.started,
                phase=phase,
                keep_earlier=core.separate is not None,
                beside=beside,
            )
        if beside is not None:
            result = beside.better(result)
        if result.status in ("kInfeasible", "kUnboundedOrInfeasible") and best.values is None:
            return replace(best.outcome(StopReason.INFEASIBLE, run), bound=math.inf)
        # A program with a known plan that is called infeasible proves nothing.
        if math.isfinite(result.bound):
            best.bound = max(best.bound, result.bound)
        best.nodes += result.nodes
        reason = _stop_reason(result)
        if result.values is None:
            break
        broken, lacking = _polish(core, result.values, run, best)
        if reason is not StopReason.GAP:
            _fall_back(core, result.earlier, run, best)
        if reason is not StopReason.GAP or not lacking:
            break
        if relative_gap(best.objective, best.bound) <= options.gap:
            break
        # Proven, but of a program that lacks these rows.
        reason = StopReason.TIME
        if run.left_s() <= 0:
            break
        core = core.with_extra(broken)
        best.cut_rows += len(broken)
        known = replace(known, objective=math.inf)
    proved = reason is StopReason.GAP and relative_gap(best.objective, best.bound) == 0.0
    return best.outcome(StopReason.PROVED if proved else reason, run)


@contextmanager
def _improving(
    core: Arrays, options: Options, best: _Best, improved: Callable[[float], object]
) -> Iterator[Improver | None]:
    """A second search beside the proof, if there is a thread for it."""
    if not worth_it(core, options):
        yield None
        return
    improver = Improver(core, options, improved)
    if best.values is not None:
        improver.found(best.values)
    improver.start()
    try:
        yield improver
    finally:
        improver.stop()


def _stop_reason(result: Result) -> StopReason:
    named = {
        "kOptimal": StopReason.GAP,
        "kTimeLimit": StopReason.TIME,
        "kInterrupt": StopReason.INTERRUPTED,
        "kHighsInterrupt": StopReason.INTERRUPTED,
        "kUnbounded": StopReason.UNBOUNDED,
    }
    return named.get(result.status, StopReason.FAILED)


def _polish(core: Arrays, values: np.ndarray, run: Run, best: _Best) -> tuple[ExtraRows, bool]:
    """Fix the integers at whole numbers and solve the rest again, with the rows that it breaks.

    A plan that breaks nothing is taken as the best so far. Returns the rows that were broken, and
    whether the point itself broke any.
    """
    whole = np.where(core.integer, np.round(values), values)
    fixed = core.with_fixed(core.integer, whole)
    missing = core.broken_by(values)
    found = [missing]
    highs = Highs(fixed.with_extra(missing), run.options, integer=False)
    for _ in range(ROUNDS_OF_POLISH):
        result = highs.run()
        if result.status != "kOptimal" or result.values is None:
            if not len(missing):
                best.take(values, float(core.cost @ values + core.offset))
            break
        exact = np.where(core.integer, whole, result.values)
        broken = core.broken_by(exact, BROKEN_FINELY)
        if not len(broken):
            best.take(exact, float(core.cost @ exact + core.offset))
            break
        found.append(broken)
        highs.add_extra(broken)
    return ExtraRows.joined(found, len(core.cost)), len(missing) > 0


def _fall_back(core: Arrays, earlier: tuple[np.ndarray, ...], run: Run, best: _Best) -> None:
    """Where the last point cannot be made a plan and no time is left, make one of those before."""
    for values in reversed(earlier):
        if best.values is not None:
            return
        _polish(core, values, run, best)


def _shortfalls(arrays: Arrays, run: Run) -> tuple[tuple[str, float], ...] | None:
    """Rows that must give way, the most first; None if a plan exists after all."""
    for integer in (False, True):
        result, amounts = _elastic(arrays, run, integer)
        if result.bound > FEASIBILITY:
            worst = np.argsort(-amounts)
            return tuple(
                (arrays.row_name(int(row)), float(amounts[row]))
                for row in worst
                if amounts[row] > 1e-7
            )
    return None


def _elastic(arrays: Arrays, run: Run, integer: bool) -> tuple[Result, np.ndarray]:
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
