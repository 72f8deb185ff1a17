"""Step "solve": Arrays become an Outcome.

The relaxation is tightened first; HiGHS then proves the plan; the integers are fixed and the rest
solved once more, so that whole numbers are whole. Where some rows cannot be listed in advance, a
plan counts only once none is broken, and the bound of any round is a bound on the full program.
Neither "optimal" nor "infeasible" is taken from the solver alone: the plan goes to the audit, a
short proof is repeated by a second route, a plan that refutes a bound or costs more than it allows
is proven again, and infeasibility is confirmed by an elastic program that needs a positive amount.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import (
    Options,
    Outcome,
    Progress,
    ProgressCallback,
    StopReason,
    contradicts,
    quality_of,
    relative_gap,
)
from optalloc.mip.tolerances import FEASIBILITY, POLISHED_VIOLATION, SECOND_ROUTE_FEASIBILITY
from optalloc.solving.cut_loop import Relaxation, Run
from optalloc.solving.elastic import shortfalls
from optalloc.solving.fix_and_optimise import Improver, worth_it
from optalloc.solving.highs import Highs, Result

__all__ = ["Best", "Stops", "completed", "proved", "solve_directly"]


# HiGHS options by which a second route is finer.
TOLERANCES = (
    "mip_feasibility_tolerance",
    "primal_feasibility_tolerance",
    "dual_feasibility_tolerance",
)


@dataclass(frozen=True)
class Stops:
    """When to stop early: no plan costs at most ``cutoff``; one costs at most ``target``."""

    cutoff: float = math.inf
    target: float = -math.inf


@dataclass
class Best:
    """The best plan so far, and what no plan can cost less than.

    ``broken`` are rows found on demand on the way, and ``drafts`` the points that broke them.
    ``searched`` says that it took more than the relaxation and plans known before.
    """

    values: np.ndarray | None = None
    objective: float = math.inf
    bound: float = -math.inf
    nodes: int = 0
    cut_rows: int = 0
    searched: bool = False
    broken: list[ExtraRows] = field(default_factory=list)
    drafts: list[np.ndarray] = field(default_factory=list)

    def take(self, values: np.ndarray, objective: float) -> None:
        """Keep a plan if it costs less."""
        if objective < self.objective:
            self.values, self.objective = values, objective

    @property
    def contradicted(self) -> bool:
        """Whether the plan costs less than the bound allows: then the bound is false."""
        return contradicts(self.objective, self.bound)

    def outcome(self, reason: StopReason, run: Run) -> Outcome:
        """Give what is known, and why no more is."""
        if self.contradicted:
            reason, self.bound = StopReason.CONTRADICTION, -math.inf
        bound = min(self.bound, self.objective)
        if reason is StopReason.GAP and relative_gap(self.objective, bound) > run.options.gap:
            reason = StopReason.TOLERANCE
        if reason is StopReason.GAP and relative_gap(self.objective, bound) == 0.0:
            reason = StopReason.PROVED
        return Outcome(
            stop_reason=reason,
            quality=quality_of(self.objective, bound, run.options.gap),
            objective=self.objective,
            bound=bound,
            values=self.values,
            nodes=self.nodes,
            cut_rows=self.cut_rows,
            searched=self.searched,
            history=tuple(run.history),
        )

    def reason_to_stop(self, gap: float, stops: Stops) -> StopReason | None:
        """Whether what was asked is known."""
        if self.bound > stops.cutoff:
            return StopReason.CUTOFF
        if self.objective <= stops.target:
            return StopReason.TARGET
        return StopReason.GAP if relative_gap(self.objective, self.bound) <= gap else None


def solve_directly(
    arrays: Arrays,
    options: Options | None = None,
    progress: ProgressCallback | None = None,
    start: np.ndarray | None = None,
) -> Outcome:
    """Solve a program to a proven gap, in this process.

    Parameters
    ----------
    arrays : Arrays
    options : Options, optional
    progress : callable, optional
        Called with `Progress` as the solve goes on, from another thread.
    start : numpy.ndarray, optional
        A plan to begin from.

    Returns
    -------
    Outcome
        With a plan and its proven bound, or with the reason why there is none. A time limit or
        Ctrl-C keeps the best plan so far.
    """
    run, best = Run(options or Options(), progress), Best()
    if start is not None:
        best.take(start, float(arrays.cost @ start + arrays.offset))
    relaxation = Relaxation(arrays, run.options)
    if relaxation.incomplete:
        for result in relaxation.rounds(run):
            best.bound = max(best.bound, result.bound)
    return proved(relaxation, run, best)


def proved(relaxation: Relaxation, run: Run, best: Best, stops: Stops | None = None) -> Outcome:
    """Search and prove, from the best plan known; that there is none is confirmed.

    Parameters
    ----------
    relaxation : Relaxation
        Tightened; the integer program is its `core`.
    run : Run
    best : Best
        What is known already, and what becomes known.
    stops : Stops, optional
        When to stop early.
    """
    stops = stops or Stops()
    if relaxation.interrupted:
        return best.outcome(StopReason.INTERRUPTED, run)
    core, best.cut_rows = relaxation.core, relaxation.rows_taken
    began = run.seconds()
    found = _prove(core, run, run.options, best, stops)
    if found.stop_reason is not StopReason.INFEASIBLE:
        return _confirmed(core, run, stops, found, run.seconds() - began)
    core = core.with_rows(~core.strengthening)
    giving = shortfalls(core, run)
    if giving:
        return replace(found, shortfalls=giving)
    if giving is not None:
        unconfirmed = "the solver found no plan, which could not be confirmed in time"
        return replace(Best().outcome(StopReason.TIME, run), notes=(unconfirmed,))
    # Nothing has to give way: the solver erred, and is asked again by another route.
    other = replace(run.options, presolve=False, seed=run.options.seed + 1)
    again = _prove(core, run, other, Best(), stops, phase="second try")
    if again.stop_reason is StopReason.INFEASIBLE:
        return replace(again, stop_reason=StopReason.FAILED)
    return again


def _confirmed(core: Arrays, run: Run, stops: Stops, found: Outcome, proof_s: float) -> Outcome:
    """The outcome, once a second route has been asked, where that is cheap or there is a doubt."""
    doubted = found.stop_reason in (StopReason.CONTRADICTION, StopReason.TOLERANCE)
    proven = found.stop_reason in (StopReason.PROVED, StopReason.GAP)
    second = run.options.parameters.second_route
    short = proven and proof_s <= second.longest_proof_s and bool(core.integer.any())
    if not (doubted or short):
        return found
    bounded_s = max(second.least_s, second.effort_factor * proof_s)
    again = _by_another_route(core, run, stops, found, math.inf if doubted else bounded_s, 1)
    if doubted or contradicts(again.objective, found.bound):
        why = str(found.stop_reason) if doubted else "a second route found a cheaper plan"
        third = _by_another_route(core, run, stops, again, math.inf, 2)
        # What two routes say is believed, and no more than either of them.
        bound = -math.inf if contradicts(third.objective, again.bound) else again.bound
        return _told(third, min(bound, third.bound), run, f"the first proof was doubted ({why})")
    if contradicts(found.objective, again.bound):
        return _told(found, -math.inf, run, "a second route contradicts the proof")
    confirmed = min(again.bound, again.objective)
    if not math.isfinite(confirmed):
        return found
    note = (
        f"a second route, without presolve, confirms that no plan costs less than {confirmed:,.6g}"
    )
    # Its own plan is no cheaper by more than the gap; what it finds in its seconds may differ.
    return replace(found, nodes=found.nodes + again.nodes, notes=(*found.notes, note))


def _by_another_route(
    core: Arrays, run: Run, stops: Stops, known: Outcome, time_limit_s: float, number: int
) -> Outcome:
    """Prove without presolve, with another seed and finer tolerances, from the plan known."""
    seed = run.options.seed + number
    options = replace(run.options, presolve=False, seed=seed)
    ending = run.seconds() + min(time_limit_s, run.left_s())
    limited = replace(options, time_limit_s=ending if math.isfinite(ending) else None)
    second = Run(limited, run.callback, run.started, run.history)
    best = Best(known.values, known.objective)
    settings = dict.fromkeys(TOLERANCES, SECOND_ROUTE_FEASIBILITY)
    return _prove(core, second, limited, best, stops, phase="second route", settings=settings)


def _told(found: Outcome, bound: float, run: Run, why: str) -> Outcome:
    """The outcome with the bound that is believed, and in words why."""
    gap, bound = run.options.gap, min(bound, found.objective)
    reason = found.stop_reason
    if relative_gap(found.objective, bound) > gap and reason in (StopReason.PROVED, StopReason.GAP):
        reason = StopReason.CONTRADICTION
    told = f"{why}; other routes, without presolve, say that no plan costs less than {bound:,.6g}"
    return replace(
        found,
        stop_reason=reason,
        bound=bound,
        quality=quality_of(found.objective, bound, gap),
        notes=(*found.notes, told),
    )


def _prove(
    core: Arrays,
    run: Run,
    options: Options,
    best: Best,
    stops: Stops,
    phase: str = "proving",
    settings: dict[str, float] | None = None,
) -> Outcome:
    """Search and prove, round by round while a plan breaks rows that were not listed."""
    best.searched = True
    effort = {"mip_heuristic_effort": options.parameters.proof.heuristic_effort}
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

    for _ in range(options.parameters.proof.rounds):
        highs = Highs(core, options, integer=True, settings=effort | (settings or {}))
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
                cutoff=stops.cutoff,
                target=_target_of(core, stops),
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
        if best.reason_to_stop(options.gap, stops) is not None:
            break
        # Proven, but of a program that lacks these rows.
        reason = StopReason.TIME
        if run.left_s() <= 0:
            break
        core = core.with_extra(broken)
        best.cut_rows += len(broken)
        known = replace(known, objective=math.inf)
    return best.outcome(best.reason_to_stop(-math.inf, stops) or reason, run)


def _target_of(core: Arrays, stops: Stops) -> float:
    """What a point of the solver must cost to be left at, and to be a plan within the target."""
    if core.separate is not None or not math.isfinite(stops.target):
        # What may break rows that were not listed is no plan yet.
        return -math.inf
    return stops.target - FEASIBILITY * max(1.0, abs(stops.target))


@contextmanager
def _improving(
    core: Arrays, options: Options, best: Best, improved: Callable[[float], object]
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


def _polish(core: Arrays, values: np.ndarray, run: Run, best: Best) -> tuple[ExtraRows, bool]:
    """Complete the integers of a point of the solver; what breaks nothing is a plan.

    Returns the rows that were broken, and whether the point itself broke any.
    """
    missing = core.broken_by(values)
    exact, broken = completed(core, values, run, best, missing)
    if exact is not None:
        best.take(exact, float(core.cost @ exact + core.offset))
    elif not len(missing) and not len(broken):
        # Not solved again in time: a plan only if it keeps its rows with whole integers.
        whole = np.where(core.integer, np.round(values), values)
        if core.keeps(whole, FEASIBILITY):
            best.take(whole, float(core.cost @ whole + core.offset))
    return broken, len(missing) > 0


def completed(
    core: Arrays,
    values: np.ndarray,
    run: Run,
    best: Best,
    missing: ExtraRows,
    *,
    time_limit_s: float = math.inf,
) -> tuple[np.ndarray | None, ExtraRows]:
    """Fix the integers at whole numbers and solve the rest again, with the rows that it breaks.

    Parameters
    ----------
    core : Arrays
    values : numpy.ndarray, shape (columns,)
        Only the integers matter.
    run : Run
    best : Best
        Keeps the rows found on demand.
    missing : ExtraRows
        Rows that the point is known to break.
    time_limit_s : float
        For each of a few linear programs.

    Returns
    -------
    numpy.ndarray or None, ExtraRows
        The plan, None if these integers have none or time was short; and all rows that were broken.
    """
    whole = np.where(core.integer, np.round(values), values)
    fixed = core.with_fixed(core.integer, whole)
    found, plan = [missing], None
    if run.options.time_limit_s is not None:
        time_limit_s = min(
            time_limit_s, max(run.left_s(), run.options.parameters.proof.last_linear_s)
        )
    highs = Highs(fixed.with_extra(missing), run.options, integer=False)
    for _ in range(run.options.parameters.proof.completion_rounds):
        result = highs.run(time_limit_s=time_limit_s)
        if result.status != "kOptimal" or result.values is None:
            break
        exact = np.where(core.integer, whole, result.values)
        broken = core.broken_by(exact, POLISHED_VIOLATION)
        if not len(broken):
            plan = exact
            break
        found.append(broken)
        best.drafts.append(exact)
        highs.add_extra(broken)
    if len(missing):
        best.drafts.append(values)
    best.broken.extend(found)
    return plan, ExtraRows.joined(found, len(core.cost))


def _fall_back(core: Arrays, earlier: tuple[np.ndarray, ...], run: Run, best: Best) -> None:
    """Where the last point cannot be made a plan and no time is left, make one of those before."""
    for values in reversed(earlier):
        if best.values is not None:
            return
        _polish(core, values, run, best)
