"""The process that bounds: sifting, then Lagrangian relaxation; with time left it proves or
searches."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, replace

import numpy as np

from optalloc.mip.bounds import dominated_bounds
from optalloc.mip.tolerances import ROUNDING
from optalloc.solving.highs import Highs
from optalloc.solving.strategies.context import WorkerContext
from optalloc.solving.strategies.farkas import farkas_certificate
from optalloc.solving.strategies.lagrangian import (
    GroupProgram,
    group_of_columns,
    lagrangian_programs,
)
from optalloc.solving.strategies.link import RelaxedPoint
from optalloc.solving.strategies.prover import prove
from optalloc.solving.strategies.relatedness import RelatedBlocks
from optalloc.solving.strategies.safe_bound import safe_bound
from optalloc.solving.strategies.searcher import search
from optalloc.solving.strategies.sifting import SiftingRound, sift

__all__ = ["bound"]

logger = logging.getLogger(__name__)


def bound(context: WorkerContext) -> None:
    """Bound by sifting, raise the bound by Lagrangian relaxation; then search for plans.

    Where sifting gives no bound, or no plan is known by then, the program may be infeasible: a
    Farkas certificate proves it, and otherwise the full program goes to the solver. So it does
    where there is all the time that a proof takes.
    """
    parts, link = context.own.parts, context.link
    assert parts is not None
    exponent = context.parameters.large_neighbourhood.wide_row_exponent
    related = RelatedBlocks(context.own, parts, exponent)
    group = related.partition(context.parameters.lagrangian.group_blocks)
    found = _Rounds(context).sift(group)
    suspected = found is None or _is_violated(found, context.parameters.bounding.close_gap)
    if suspected and _is_infeasible(context):
        return
    if found is None:
        prove(context)
        return
    _raise_bound(context, found, group)
    if context.stopped:
        return
    if context.asked.time_limit_s is None or link.plan is None:
        if not _is_infeasible(context):
            prove(context)
        return
    context.options = replace(context.options, seed=context.options.seed + 1)
    search(context)


def _is_close(found: SiftingRound, close_gap: float) -> bool:
    """True where the relaxation's point is near its bound."""
    return found.cost - found.bound <= close_gap * abs(found.cost)


def _is_violated(found: SiftingRound, close_gap: float) -> bool:
    """True where rows are violated though nothing else separates the point from its bound."""
    return found.violated and _is_close(found, close_gap)


def worth_searching(found: SiftingRound, most: int) -> np.ndarray | None:
    """Mask of the columns to search: those taken, and the others by reduced cost; None for all."""
    if len(found.columns) <= most:
        return None
    reduced = np.where(found.columns, -np.inf, found.reduced)
    mask = np.zeros(len(reduced), dtype=bool)
    mask[np.argpartition(reduced, most)[:most]] = True
    return mask


@dataclass
class _Rounds:
    """Rounds of sifting within their share of the time."""

    context: WorkerContext
    violated: int = 0

    def sift(self, group: np.ndarray) -> SiftingRound | None:
        """Send bounds and points of the relaxation; the last round, None without a bound."""
        context, found, left_s = self.context, None, self.context.left_s()
        first = began = time.time()
        rounds = sift(
            context.arrays, group, context.interior_point, context.vertex, context.parameters
        )
        for found in rounds:
            context.link.send("bound", found.bound)
            close = _is_close(found, context.parameters.bounding.close_gap)
            last = self._is_last(found, close, first, began, left_s)
            if last or close:
                self._send_point(found)
            if last:
                break
            began = time.time()
        return found if found is not None and math.isfinite(found.bound) else None

    def _is_last(
        self, found: SiftingRound, close: bool, first: float, began: float, left_s: float
    ) -> bool:
        """True where another round brings nothing, or takes longer than there is."""
        ours = self.context.parameters.bounding
        # As long as it is not close nothing else is worth as much as another round.
        until = first + (ours.time_share if close else ours.most_time_share) * left_s
        violated = _is_violated(found, ours.close_gap)
        self.violated = self.violated + 1 if violated else 0
        done = found.done and not found.violated
        return done or self.violated >= ours.violated_rounds or 2 * time.time() - began > until

    def _send_point(self, found: SiftingRound) -> None:
        context = self.context
        own, most = ~context.arrays.strengthening, context.parameters.bounding.searched_columns
        columns = worth_searching(found, most)
        context.link.point = RelaxedPoint(found.values, found.duals[own], columns)
        context.link.send("point", context.link.point)


def _is_infeasible(context: WorkerContext) -> bool:
    """Send a Farkas certificate and return True, where no plan is known and there is one."""
    if context.link.plan is not None or context.stopped:
        return False
    certificate = farkas_certificate(context.own, context.interior_point)
    if certificate is None:
        return False
    context.link.send("infeasible", certificate)
    return True


def _raise_bound(context: WorkerContext, found: SiftingRound, group: np.ndarray) -> None:
    """Raise the bound by the integrality of each group, shared rows at their dual prices."""
    program, duals = context.arrays.with_rows(found.rows), found.duals[found.rows]
    columns = group_of_columns(program, group)
    bounds = dominated_bounds(program, context.parameters.bound_tightening)
    constant, programs = lagrangian_programs(program, duals, columns, bounds)
    of_groups = [safe_bound(one.program, duals[one.rows]) for one in programs]
    began = time.time()
    until = began + context.parameters.lagrangian.time_share * context.left_s()
    for number, one in enumerate(programs):
        if context.stopped or time.time() > until:
            break
        # What one leaves of its time the others have.
        fair_s = (until - time.time()) / (len(programs) - number)
        raised = _group_bound(context, one, 2 * fair_s)
        if raised is None:
            return
        of_groups[number] = max(of_groups[number], raised)
        total = constant + math.fsum(of_groups)
        context.link.send("bound", total - ROUNDING * abs(total))
    logger.info(
        "Lagrangian relaxation: bound %.8g after sifting's %.8g, %.1f s",
        *(constant + math.fsum(of_groups), found.bound, time.time() - began),
    )


def _group_bound(context: WorkerContext, group: GroupProgram, limit_s: float) -> float | None:
    """Bound of one group with its integers; None where it is infeasible, as is all then."""
    options = replace(context.options, gap=context.parameters.lagrangian.gap)
    highs = Highs(group.program, options, integer=True, settings={"mip_heuristic_effort": 0.0})
    with context.link.running(highs):
        result = highs.run(time_limit_s=limit_s)
    if result.status == "kInfeasible":
        context.link.send("ended", result.status, result.nodes)
        return None
    return result.bound
