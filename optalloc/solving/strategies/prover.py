"""The process that proves: the relaxation is tightened, then branch and bound."""

from __future__ import annotations

import logging
import math

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Progress
from optalloc.solving.cut_loop import Relaxation
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.monitor import Monitor
from optalloc.solving.strategies.context import WorkerContext
from optalloc.solving.strategies.link import RelaxedPoint

__all__ = ["prove"]

logger = logging.getLogger(__name__)


def prove(context: WorkerContext) -> None:
    """Tighten the relaxation, then branch and bound."""
    link, options = context.link, context.options
    relaxation = Relaxation(context.arrays, options)
    for result in relaxation.rounds(Monitor(options)):
        if result.status == "kOptimal" and result.values is not None:
            link.send("bound", result.bound)
            if result.row_duals is not None:
                own = result.row_duals[: len(context.own.row_lower)]
                link.send("point", RelaxedPoint(result.values, own))
    core = relaxation.core
    highs = Highs(core, options, integer=True)

    def report(now: Progress) -> None:
        link.send("bound", now.bound)

    with link.running(highs):
        result = highs.run(time_limit_s=context.left_s(), progress=report, beside=link)
    logger.info("proof: %s, bound %.8g, %d nodes", result.status, result.bound, result.nodes)
    _send_plan(context, core, result)
    if math.isfinite(result.bound):
        link.send("bound", result.bound)
    link.send("ended", result.status, result.nodes)


def _send_plan(context: WorkerContext, core: Arrays, result: Result) -> None:
    """Send the plan of a proof, and the same with its integers rounded and the rest solved."""
    if result.values is None:
        return
    context.link.send("plan", result.values)
    # Rounded alone, its integers may violate a row by more than the solver did.
    rounded = core.with_fixed(core.integer, np.round(result.values))
    fixed = Highs(rounded, context.options, integer=False)
    with context.link.running(fixed):
        exact = fixed.run(time_limit_s=context.left_s())
    if exact.values is not None:
        context.link.send("plan", exact.values)
