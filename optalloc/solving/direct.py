"""Step "solve" in one process: Arrays become an Outcome.

The relaxation is tightened first; HiGHS then proves the plan; the integers are fixed and the rest
is solved once more, so that integers are integral. With lazy constraints a plan counts only once it
violates none, and the bound of any round is a bound of the full program. Neither "optimal" nor
"infeasible" is taken from the solver alone: the plan goes to the audit, a short proof is repeated
by a second route, a plan that refutes a bound or costs more than it allows is proven again, and
infeasibility is confirmed by an elastic program whose violation must be positive.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, Progress, ProgressCallback, StopReason
from optalloc.mip.tolerances import FEASIBILITY, SECOND_ROUTE_FEASIBILITY
from optalloc.solving.completion import complete, completed_earlier
from optalloc.solving.cut_loop import Relaxation
from optalloc.solving.elastic import shortfalls
from optalloc.solving.fix_and_optimise import Improver, is_worthwhile
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.incumbent import EarlyStops, Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.second_route import confirmed

__all__ = ["proved", "solve_directly"]

logger = logging.getLogger(__name__)

# HiGHS options by which a second route is finer.
FINE = dict.fromkeys(
    ("mip_feasibility_tolerance", "primal_feasibility_tolerance", "dual_feasibility_tolerance"),
    SECOND_ROUTE_FEASIBILITY,
)
STOP_REASONS = {
    "kOptimal": StopReason.GAP,
    "kTimeLimit": StopReason.TIME,
    "kInterrupt": StopReason.INTERRUPTED,
    "kHighsInterrupt": StopReason.INTERRUPTED,
    "kUnbounded": StopReason.UNBOUNDED,
}


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
    monitor, incumbent = Monitor(options or Options(), progress), Incumbent()
    if start is not None:
        incumbent.take(start, arrays.objective(start))
    relaxation = Relaxation(arrays, monitor.options)
    if relaxation.incomplete:
        for result in relaxation.rounds(monitor):
            incumbent.bound = max(incumbent.bound, result.bound)
        logger.info(
            "cut loop: bound %.8g, %d rows, %.1f s",
            *(incumbent.bound, relaxation.rows_taken, monitor.seconds()),
        )
    return proved(relaxation, monitor, incumbent)


def proved(
    relaxation: Relaxation,
    monitor: Monitor,
    incumbent: Incumbent,
    stops: EarlyStops | None = None,
) -> Outcome:
    """Search and prove, from the incumbent; infeasibility is confirmed.

    Parameters
    ----------
    relaxation : Relaxation
        Tightened; the integer program is its `core`.
    monitor : Monitor
    incumbent : Incumbent
        Gets what is found.
    stops : EarlyStops, optional
    """
    stops = stops or EarlyStops()
    if relaxation.interrupted:
        return incumbent.outcome(StopReason.INTERRUPTED, monitor)
    core, incumbent.cut_rows = relaxation.core, relaxation.rows_taken
    began = monitor.seconds()
    found = _prove(core, monitor, incumbent, stops, "proving")
    if found.stop_reason is not StopReason.INFEASIBLE:
        seconds = monitor.seconds() - began
        return confirmed(_prove_finely, core, monitor, stops, found, seconds)
    core = core.with_rows(~core.strengthening)
    relaxed = shortfalls(core, monitor)
    if relaxed:
        return replace(found, shortfalls=relaxed)
    if relaxed is not None:
        unconfirmed = "the solver found no plan, which could not be confirmed in time"
        return replace(Incumbent().outcome(StopReason.TIME, monitor), notes=(unconfirmed,))
    # No row has to be relaxed: the solver erred, and another route is taken.
    other = replace(monitor.options, presolve=False, seed=monitor.options.seed + 1)
    second = Monitor(other, monitor.callback, monitor.started, monitor.history)
    again = _prove(core, second, Incumbent(), stops, "second try")
    if again.stop_reason is StopReason.INFEASIBLE:
        return replace(again, stop_reason=StopReason.FAILED)
    return again


def _prove(
    core: Arrays, monitor: Monitor, incumbent: Incumbent, stops: EarlyStops, phase: str
) -> Outcome:
    """Search and prove."""
    return _Proof(core, monitor, incumbent, stops, phase).outcome()


def _prove_finely(
    core: Arrays, monitor: Monitor, incumbent: Incumbent, stops: EarlyStops, phase: str
) -> Outcome:
    """Search and prove with finer tolerances."""
    return _Proof(core, monitor, incumbent, stops, phase, FINE).outcome()


@dataclass
class _Proof:
    """A proof, round by round while a plan violates lazy constraints.

    Two searches go on: `known` is the best of both, for the program of this round.
    """

    core: Arrays
    monitor: Monitor
    incumbent: Incumbent
    stops: EarlyStops
    phase: str
    settings: dict[str, float] = field(default_factory=dict)
    known: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.incumbent.searched = True
        self.known = Progress(self.monitor.seconds(), math.inf, -math.inf, self.phase)

    def outcome(self) -> Outcome:
        """Round after round, until the gap is reached or time is over."""
        incumbent, monitor = self.incumbent, self.monitor
        reason = StopReason.TIME
        for _ in range(monitor.options.parameters.proof.rounds):
            result = self._round()
            no_plan = result.status in ("kInfeasible", "kUnboundedOrInfeasible")
            if no_plan and incumbent.values is None:
                found = incumbent.outcome(StopReason.INFEASIBLE, monitor)
                return replace(found, bound=math.inf)
            # A program with a known plan that is called infeasible proves nothing.
            if math.isfinite(result.bound):
                incumbent.bound = max(incumbent.bound, result.bound)
            incumbent.nodes += result.nodes
            reason = STOP_REASONS.get(result.status, StopReason.FAILED)
            ended = self._complete(result, reason)
            reason = StopReason.TIME if ended is None else ended
            if ended is not None:
                break
        return incumbent.outcome(incumbent.reason_to_stop(-math.inf, self.stops) or reason, monitor)

    def _complete(self, result: Result, reason: StopReason) -> StopReason | None:
        """Complete the plan of a round; the reason to end, None for another round."""
        incumbent, monitor = self.incumbent, self.monitor
        if result.values is None:
            return reason
        violated, was_violated = complete(self.core, result.values, monitor, incumbent)
        if reason is not StopReason.GAP:
            completed_earlier(self.core, result.earlier, monitor, incumbent)
        if reason is not StopReason.GAP or not was_violated:
            return reason
        if incumbent.reason_to_stop(monitor.options.gap, self.stops) is not None:
            return reason
        # Proven, but for a program without these rows.
        if monitor.left_s() <= 0:
            return StopReason.TIME
        self.core = self.core.with_extra(violated)
        incumbent.cut_rows += len(violated)
        self.known = replace(self.known, objective=math.inf)
        return None

    def _round(self) -> Result:
        """Branch and bound, beside a large neighbourhood search where that is worthwhile."""
        core, options, lazy = self.core, self.monitor.options, self.core.separate is not None
        effort = {"mip_heuristic_effort": options.parameters.proof.heuristic_effort}
        highs = Highs(core, options, integer=True, settings=effort | self.settings)
        if self.incumbent.values is not None:
            highs.start_from(self.incumbent.values)
        with self._improving() as beside:
            result = highs.run(
                time_limit_s=self.monitor.left_s(),
                progress=self._report,
                started=self.monitor.started,
                phase=self.phase,
                keep_earlier=lazy,
                beside=beside,
                cutoff=self.stops.cutoff,
                target=self._target(),
                idle_share=self.stops.idle_share,
            )
        if beside is not None:
            result = beside.better(result)
        logger.info(
            "%s: %s, cost %.8g, bound %.8g, %d nodes, %.1f s",
            *(self.phase, result.status, result.objective, result.bound, result.nodes),
            self.monitor.seconds(),
        )
        return result

    def _report(self, now: Progress) -> None:
        known, best = self.known, self.incumbent
        objective = min(now.objective, known.objective, best.objective)
        bound = max(now.bound, known.bound, best.bound)
        candidate = self.core.separate is not None and objective < best.objective
        self.known = replace(now, objective=objective, bound=bound, candidate=candidate)
        self.monitor.report(self.known)

    def _improved(self, objective: float) -> None:
        seconds = self.monitor.seconds()
        self._report(replace(self.known, seconds=seconds, objective=objective, phase="improving"))

    def _target(self) -> float:
        """Cost at which a point of the solver is a plan within the target."""
        target = self.stops.target
        if self.core.separate is not None or not math.isfinite(target):
            # A point that may violate lazy constraints is no plan yet.
            return -math.inf
        return target - FEASIBILITY * max(1.0, abs(target))

    @contextmanager
    def _improving(self) -> Iterator[Improver | None]:
        """A search beside the proof, if there is a thread for it."""
        options = self.monitor.options
        if not is_worthwhile(self.core, options):
            yield None
            return
        improver = Improver(self.core, options, self._improved)
        if self.incumbent.values is not None:
            improver.found(self.incumbent.values)
        improver.start()
        try:
            yield improver
        finally:
            improver.stop()
