"""The process that searches: a first plan by RENS or relax-and-fix, then large neighbourhood
search."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.tolerances import ROW_VIOLATION
from optalloc.solving.highs import Highs
from optalloc.solving.strategies.context import WorkerContext
from optalloc.solving.strategies.link import RelaxedPoint, RestrictedLink
from optalloc.solving.strategies.relax_and_fix import relax_and_fix
from optalloc.solving.strategies.rens import fixed_by_reduced_cost, rens
from optalloc.solving.strategies.restricted_search import RestrictedSearch
from optalloc.solving.submip import SubMip

__all__ = ["search"]

logger = logging.getLogger(__name__)


def search(context: WorkerContext) -> None:
    """Search from nothing, from the relaxation or from a plan, until stopped or out of time."""
    link = context.link
    deadline = time.time() + context.parameters.searching.head_start_s
    while link.point is None and link.plan is None and time.time() < deadline:
        link.heard.wait(0.5)
        link.heard.clear()
        if context.stopped:
            return
    state = _Searching(context)
    while not context.stopped and context.left_s() > 0:
        state.take_news()
        state.search.search.step(context.left_s())
        state.send_plan()
    logger.info("search: cost %.8g; %s", state.search.cost, state.search.search.summary())


@dataclass
class _Searching:
    """A search, and what of the hub's news it has taken."""

    context: WorkerContext
    point: RelaxedPoint | None = None
    candidate: np.ndarray | None = None
    sent: float = math.inf
    search: RestrictedSearch = field(init=False)

    def __post_init__(self) -> None:
        context = self.context
        self.search = RestrictedSearch(context.own, context.options, context.link.running)

    def take_news(self) -> None:
        """Take the hub's relaxation, candidate, plan and lazy constraints."""
        self._take_point()
        self._take_candidate()
        link, search = self.context.link, self.search
        factor = self.context.parameters.searching.candidate_cost_factor
        # A plan is worth more than a candidate, but not if it costs much more.
        limit = math.inf if self.candidate is None else factor * search.cost
        plan = link.better_than(search.cost if search.is_feasible else limit)
        if plan is not None:
            search.adopt(plan)
        while link.rows:
            # A point taken for a plan violated these.
            search.require(link.rows.pop(0))
            self.sent = math.inf

    def send_plan(self) -> None:
        """Send the plan where the search is, if it costs less than those known."""
        search, link = self.search, self.context.link
        if search.is_feasible and search.cost < min(self.sent, link.plan_cost):
            self.sent = search.cost
            link.send("plan", search.values)

    def _take_point(self) -> None:
        link, search = self.context.link, self.search
        # Where there is a plan, what is known of how to improve it is worth more than a relaxation
        # that is a little closer.
        fresh = link.point is not self.point and (self.point is None or not search.is_feasible)
        if not fresh or link.point is None:
            return
        first, self.point = self.point is None, link.point
        point = self.point
        search.use_relaxation(point.values, point.duals, point.columns, restart=first)
        if first and link.candidate is None:
            _first_plan(self.context, search, point)

    def _take_candidate(self) -> None:
        link, search = self.context.link, self.search
        if link.candidate is self.candidate or link.candidate is None:
            return
        self.candidate = link.candidate
        cost = self.context.own.objective(self.candidate)
        mine = search.cost if search.is_feasible else math.inf
        factor = self.context.parameters.searching.candidate_cost_factor
        if factor * cost < min(link.plan_cost, mine):
            search.adopt(self.candidate)


def _first_plan(context: WorkerContext, search: RestrictedSearch, point: RelaxedPoint) -> None:
    """A first plan by RENS; with too many fractional integers a candidate by relax-and-fix."""
    fractional = abs(point.values - np.round(point.values)) > ROW_VIOLATION
    count = np.count_nonzero(fractional & context.own.integer)
    logger.info("the relaxation has %d fractional integers", count)
    if count <= context.parameters.rens.most_fractional:
        _Rens(context, search.restriction).search(point, search.duals_of_rows(point.duals))
        return
    link, inner = context.link, search.search
    values = relax_and_fix(
        inner.arrays,
        search.related,
        search.restriction.restricted(point.values),
        inner.penalties.by_row,
        context.options,
        link.stopped.is_set,
        link.running,
    )
    inner.move(values)
    if not context.stopped:
        link.candidate = search.values
        link.send("candidate", link.candidate)


@dataclass
class _Rens:
    """Sub-MIPs around the relaxation's point."""

    context: WorkerContext
    restriction: SubMip

    def search(self, point: RelaxedPoint, duals: np.ndarray) -> None:
        """Search around the point; then one step further, without columns fixed by reduced cost."""
        ours = self.context.parameters.rens
        began, most_s = time.perf_counter(), ours.time_share * self.context.left_s()
        program, here = self.restriction.program, self.restriction.restricted(point.values)
        for steps in (0, 1):
            status = self._solved(rens(program, here, steps), ours.coarse_gap, most_s)
            if status != "kInfeasible":
                break
        known = self.context.link.plan
        if known is None or self.restriction.outside(known[1]).any():
            return
        objective, plan = known
        prices = duals[self.restriction.rows]
        fixed = fixed_by_reduced_cost(program, here, prices, objective, ours.reduced_cost_share)
        near = rens(program, here, 1, fixed=fixed, plan=self.restriction.restricted(plan))
        fine_s = ours.fine_time_factor * (time.perf_counter() - began) + ours.fine_least_s
        self._solved(near, ours.fine_gap, min(fine_s, most_s))

    def _solved(self, sub: Arrays, gap: float, most_s: float) -> str:
        """Solve a sub-MIP from the best plan known, and return its status."""
        context, link = self.context, self.context.link
        if context.stopped:
            return ""
        options = replace(context.options, gap=max(gap, context.options.gap / 2))
        highs, known = Highs(sub, options, integer=True), link.plan
        if known is not None and not self.restriction.outside(known[1]).any():
            highs.start_from(self.restriction.restricted(known[1]))
        with link.running(highs):
            result = highs.run(
                time_limit_s=min(most_s, context.left_s()),
                beside=RestrictedLink(link, self.restriction),
            )
        logger.info(
            "RENS: %s, cost %.8g, bound %.8g", *(result.status, result.objective, result.bound)
        )
        if result.values is not None and (known is None or result.objective < known[0]):
            link.plan = result.objective, self.restriction.full(result.values)
            link.send("plan", link.plan[1])
        return result.status
