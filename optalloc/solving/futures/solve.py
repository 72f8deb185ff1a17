"""A stochastic program solved: each scenario alone, then all together.

A scenario without any plan ends it at once, with what that scenario lacks. The bounds of the
scenarios alone bound every measure from below (wait and see); small programs, and those with rows
across scenarios, are proven in their extensive form.
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np

from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import ExtensiveForm, extensive_form
from optalloc.mip.outcome import (
    Options,
    Outcome,
    Progress,
    ProgressCallback,
    Quality,
    StopReason,
    contradicts,
    quality_of,
)
from optalloc.mip.parameters import Futures
from optalloc.mip.stochastic import StochasticProgram
from optalloc.mip.tolerances import PROVEN_GAP
from optalloc.solving.futures.decomposition import Decomposition
from optalloc.solving.futures.outcome import Alone, StochasticOutcome
from optalloc.solving.futures.second_pass import (
    with_least_excess,
    with_least_mean,
    without_idle,
)
from optalloc.solving.futures.together import search_together
from optalloc.solving.monitor import Monitor
from optalloc.solving.resolve import Resolver
from optalloc.solving.solvers import solve_by

__all__ = ["is_large", "solve_stochastic"]

logger = logging.getLogger(__name__)

SOLVED_HERE = "the cluster was not used: all scenarios are solved together, on this machine"
NO_REFERENCE = Outcome(stop_reason=StopReason.TIME, quality=Quality.NONE)


def is_large(program: StochasticProgram, parameters: Futures) -> bool:
    """True if a program is solved scenario by scenario, in processes of its own."""
    entries = [one.matrix.nnz for one in program.programs]
    large = sum(entries) > parameters.extensive_entries or max(entries) > parameters.whole_entries
    # Rows across scenarios would need prices of their own.
    return large and not program.across


def solve_stochastic(
    program: StochasticProgram,
    attitude: Attitude | None = None,
    options: Options | None = None,
    progress: ProgressCallback | None = None,
    *,
    worst_slack: float | None = None,
    cluster: str | None = None,
) -> StochasticOutcome:
    """Find the policy that is best by a measure, to a proven gap.

    Parameters
    ----------
    program : StochasticProgram
    attitude : Attitude, optional
        The mean by default.
    options : Options, optional
    progress : callable, optional
        Called with `Progress`, whose objective and bound are those of the measure.
    worst_slack : float, optional
        Share of cost by which the worst cost, or the greatest regret, may exceed the least, in
        return for a lower mean; the gap by default.
    cluster : str, optional
        Address of a Dask scheduler, whose workers solve the scenarios of a large program.

    Returns
    -------
    StochasticOutcome

    Raises
    ------
    OptallocError
        As `optalloc.solving.cluster.run_cluster` does.
    """
    attitude, options = attitude or Attitude(), options or Options()
    monitor = Monitor(options, progress)
    zeros = np.zeros(len(program.names))
    form = extensive_form(program, attitude, zeros)
    if is_large(program, options.parameters.futures):
        found = _by_scenarios(program, attitude, form, monitor, cluster)
    else:
        found = _as_a_whole(program, attitude, monitor, worst_slack)
        if cluster is not None:
            notes = (*found.outcome.notes, SOLVED_HERE)
            found = replace(found, outcome=replace(found.outcome, notes=notes))
    return replace(found, size=form.arrays.size)


def _by_scenarios(
    program: StochasticProgram,
    attitude: Attitude,
    form: ExtensiveForm,
    monitor: Monitor,
    cluster: str | None,
) -> StochasticOutcome:
    """Solve by decomposition."""
    work = Decomposition(program, attitude, form, monitor, cluster)
    reason = work.run()
    while reason is None:
        interrupted = search_together(work) is StopReason.INTERRUPTED
        reason = StopReason.INTERRUPTED if interrupted else work.run()
    found = work.outcome(reason)
    if reason is StopReason.TIME and monitor.left_s() > 0:
        # Nothing is left to try: integers leave a gap that prices do not close.
        found = _better(found, _whole(program, attitude, work.alone.costs, monitor), monitor)
    costs = np.full(len(program.names), math.inf)
    if found.values is not None:
        costs = program.costs(found.values[: program.size])
    return StochasticOutcome(
        found, tuple(work.alone.found), costs, work.alone.infeasible, decomposed=True
    )


def _whole(
    program: StochasticProgram, attitude: Attitude, references: np.ndarray, monitor: Monitor
) -> Outcome:
    form = extensive_form(program, attitude, references)
    return solve_by(form.arrays, _left(monitor), monitor.report_within)


def _better(found: Outcome, whole: Outcome, monitor: Monitor) -> Outcome:
    """The better plan of two outcomes, with the better bound."""
    best = min(found, whole, key=lambda one: one.objective)
    bound = min(max(found.bound, whole.bound), best.objective)
    gap = monitor.options.gap
    quality = quality_of(best.objective, bound, gap)
    notes = (*found.notes, *whole.notes)
    reason = whole.stop_reason
    return replace(best, bound=bound, quality=quality, stop_reason=reason, notes=notes)


def _as_a_whole(
    program: StochasticProgram,
    attitude: Attitude,
    monitor: Monitor,
    worst_slack: float | None,
) -> StochasticOutcome:
    """Solve each scenario alone, and the extensive form."""
    options = monitor.options
    alone, failed = _each_alone(program, monitor)
    nothing = np.full(len(program.names), math.inf)
    if failed is not None:
        without = len(alone) if failed.stop_reason is StopReason.INFEASIBLE else None
        return StochasticOutcome(failed, tuple(alone), nothing, without)
    p = program.probability
    references = np.array([one.objective for one in alone])
    if attitude.measure is Measure.REGRET and not np.isfinite(references).all():
        # Regret is against the best plan of each scenario, and one of them is not known.
        return StochasticOutcome(NO_REFERENCE, tuple(alone), nothing)
    waiting = attitude.value(p, np.array([one.bound for one in alone]), references)
    found = _whole(program, attitude, references, monitor)
    found = _with_bound(found, waiting)
    if found.values is not None and attitude.is_indifferent:
        share = options.gap if worst_slack is None else worst_slack
        # Whoever weighs the tail alone gives up nothing of it.
        share = PROVEN_GAP if attitude.measure is Measure.MEAN_AND_TAIL else share
        slack = share * _size(program, found.values)
        found = with_least_mean(program, attitude, references, found, slack, _left(monitor))
    if found.values is not None:
        values = without_idle(program, found.values, _left(monitor))
        values = with_least_excess(program, values, _left(monitor))
        found = replace(found, values=values)
    costs = nothing if found.values is None else program.costs(found.values[: program.size])
    return StochasticOutcome(found, tuple(alone), costs)


def _with_bound(found: Outcome, waiting: float) -> Outcome:
    """The outcome with the better of two bounds; no bound where a plan refutes one."""
    if contradicts(found.objective, waiting):
        return replace(found, bound=-math.inf, stop_reason=StopReason.CONTRADICTION)
    return replace(found, bound=min(max(found.bound, waiting), found.objective))


def _left(monitor: Monitor) -> Options:
    if monitor.options.time_limit_s is None:
        return monitor.options
    return replace(monitor.options, time_limit_s=max(monitor.left_s(), 0.0))


def _each_alone(program: StochasticProgram, monitor: Monitor) -> tuple[list[Alone], Outcome | None]:
    """The best plan of each scenario, up to the first without one, and the outcome of that."""
    alone: list[Alone] = []
    resolver: Resolver | None = None
    for name, arrays in zip(program.names, program.programs, strict=True):
        if resolver is None or not resolver.arrays.has_pattern_of(arrays):
            resolver = Resolver(arrays, monitor.options)
        left = monitor.left_s() / 2 / (len(program.names) - len(alone))
        found = resolver.solve(arrays, time_limit_s=None if math.isinf(left) else max(left, 0.0))
        logger.info("%s alone: %.8g, bound %.8g", name, found.objective, found.bound)
        if found.stop_reason is StopReason.INFEASIBLE:
            return alone, found
        if found.stop_reason is StopReason.INTERRUPTED:
            return alone, replace(found, values=None, objective=math.inf, bound=-math.inf)
        alone.append(Alone(found.objective, found.bound, found.values))
        monitor.report(Progress(monitor.seconds(), math.inf, -math.inf, f"{name} alone"))
    return alone, None


def _size(program: StochasticProgram, point: np.ndarray) -> float:
    """Size of the costs that a share is of: the mean cost."""
    return abs(float(program.probability @ program.costs(point[: program.size])))
