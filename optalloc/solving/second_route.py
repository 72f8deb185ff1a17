"""A second route to a proof: without presolve, with another seed and finer tolerances.

HiGHS has proven wrong optima with its presolve on. So a short proof is repeated, and one that there
is a doubt about is proven again, from the plan known.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Outcome, StopReason, contradicts, quality_of, relative_gap
from optalloc.solving.incumbent import EarlyStops, Incumbent
from optalloc.solving.monitor import Monitor

__all__ = ["Prove", "confirmed"]

logger = logging.getLogger(__name__)

# Proves a program: from a plan, by options of the monitor, under the name of a phase, and finely.
Prove = Callable[[Arrays, Monitor, Incumbent, EarlyStops, str], Outcome]


def confirmed(
    prove: Prove, core: Arrays, monitor: Monitor, stops: EarlyStops, found: Outcome, proof_s: float
) -> Outcome:
    """The outcome of a proof, after a second route where that is cheap or there is a doubt.

    Parameters
    ----------
    prove : callable
        Proves by another route.
    core : Arrays
    monitor : Monitor
    stops : EarlyStops
    found : Outcome
        Of the first proof.
    proof_s : float
        Seconds that it took.
    """
    second = monitor.options.parameters.second_route
    doubted = found.stop_reason in (StopReason.CONTRADICTION, StopReason.TOLERANCE)
    proven = found.stop_reason in (StopReason.PROVED, StopReason.GAP)
    short = proven and proof_s <= second.longest_proof_s and bool(core.integer.any())
    if not (doubted or short):
        return found
    most_s = math.inf if doubted else max(second.least_s, second.effort_factor * proof_s)
    again = _repeated(prove, core, monitor, stops, found, most_s, 1)
    logger.info("second route: bound %.8g after %.8g", again.bound, found.bound)
    if doubted or contradicts(again.objective, found.bound):
        why = str(found.stop_reason) if doubted else "a second route found a cheaper plan"
        third = _repeated(prove, core, monitor, stops, again, math.inf, 2)
        # Only what two routes prove is believed, and no more than either of them.
        bound = -math.inf if contradicts(third.objective, again.bound) else again.bound
        doubt = f"the first proof was doubted ({why})"
        return _with_bound(third, min(bound, third.bound), monitor, doubt)
    if contradicts(found.objective, again.bound):
        return _with_bound(found, -math.inf, monitor, "a second route contradicts the proof")
    bound = min(again.bound, again.objective)
    if not math.isfinite(bound):
        return found
    note = f"a second route, without presolve, confirms that no plan costs less than {bound:,.6g}"
    # Its own plan is no cheaper by more than the gap; what it finds in its seconds may differ.
    return replace(found, nodes=found.nodes + again.nodes, notes=(*found.notes, note))


def _repeated(
    prove: Prove,
    core: Arrays,
    monitor: Monitor,
    stops: EarlyStops,
    known: Outcome,
    time_limit_s: float,
    number: int,
) -> Outcome:
    """Prove by another route, the first or the second of them, from the plan known."""
    ending = monitor.seconds() + min(time_limit_s, monitor.left_s())
    options = replace(
        monitor.options,
        presolve=False,
        seed=monitor.options.seed + number,
        time_limit_s=ending if math.isfinite(ending) else None,
    )
    second = Monitor(options, monitor.callback, monitor.started, monitor.history)
    return prove(core, second, Incumbent(known.values, known.objective), stops, "second route")


def _with_bound(found: Outcome, bound: float, monitor: Monitor, why: str) -> Outcome:
    """The outcome with the bound that is believed, and a note why."""
    gap, bound = monitor.options.gap, min(bound, found.objective)
    reason = found.stop_reason
    if relative_gap(found.objective, bound) > gap and reason in (StopReason.PROVED, StopReason.GAP):
        reason = StopReason.CONTRADICTION
    note = f"{why}; other routes, without presolve, say that no plan costs less than {bound:,.6g}"
    return replace(
        found,
        stop_reason=reason,
        bound=bound,
        quality=quality_of(found.objective, bound, gap),
        notes=(*found.notes, note),
    )
