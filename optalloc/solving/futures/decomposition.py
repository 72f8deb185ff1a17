"""A stochastic program by its scenarios: bounds by prices, plans by policies, until they meet.

The scenarios are solved in processes, here or on a cluster, each alone at first. Prices on shared
decisions then raise the bound, pass by pass; policies, in which one scenario after another decides,
give plans. It may be stopped at any point with the best policy, its bound and its gap; a process
that is lost costs one subproblem.
"""

from __future__ import annotations

import functools
import logging
import math
import os
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import ExtensiveForm
from optalloc.mip.outcome import Outcome, Progress, StopReason
from optalloc.mip.stochastic import StochasticProgram
from optalloc.mip.tolerances import ROUNDING, ROW_VIOLATION
from optalloc.solving.cluster import run_tasks
from optalloc.solving.futures.policies import Policy, held_bounds, orders
from optalloc.solving.futures.prices import Prices, from_relaxation, zero_prices
from optalloc.solving.futures.queue import SubproblemQueue
from optalloc.solving.futures.scenarios_alone import ScenariosAlone
from optalloc.solving.futures.subproblem import (
    Point,
    Relaxation,
    Solved,
    Subproblem,
    bare,
    solver_of,
)
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.pool import Limits, Lost

__all__ = ["Decomposition"]

logger = logging.getLogger(__name__)


@dataclass
class Decomposition:
    """A decomposition, and what has come of it.

    Parameters
    ----------
    program : StochasticProgram
    attitude : Attitude
    form : ExtensiveForm
        Of the same attitude, its references zero.
    monitor : Monitor
    cluster : str, optional
        Address of a Dask scheduler, whose workers take the place of this machine's processes.
    """

    program: StochasticProgram
    attitude: Attitude
    form: ExtensiveForm
    monitor: Monitor
    cluster: str | None = None
    incumbent: Incumbent = field(default_factory=Incumbent)
    resting: bool = False

    def __post_init__(self) -> None:
        self._parameters = self.monitor.options.parameters.futures
        self._queue = SubproblemQueue(self.program, self.monitor, self._is_over)
        self._orders: deque[tuple[int, ...]] = deque()
        self._all_orders: list[tuple[int, ...]] = []
        self._tried: set[tuple[int, ...]] = set()
        self._passes = 0
        self._policy: Policy | None = None
        self._round: _Round | None = None
        self._next: Prices | None = None
        self._improving: set[int] = set()
        self._improved = math.inf
        self._unmeasured: list[np.ndarray] = []
        self._idle = 0
        self._policies = 0
        self.alone = ScenariosAlone(
            self.program, self.monitor, self._queue, self._report, self._begin
        )

    def run(self) -> StopReason | None:
        """Solve until the gap is reached, time is over, or nothing is left to try.

        Returns
        -------
        StopReason or None
            None where a policy and a bound at prices are known, and a search of all scenarios
            together is due; it may then be run again.
        """
        if self.resting:
            self.resting = False
            self._go_on_with_rounds()
        make = functools.partial(solver_of, bare(self.program), self.monitor.options)
        limits = Limits(self._parameters.lost_after_s)
        try:
            run_tasks(make, self._queue, self.jobs, limits, self.cluster)
        except KeyboardInterrupt:
            return StopReason.INTERRUPTED
        self._queue.ask_again()
        if self.alone.infeasible is not None:
            return StopReason.INFEASIBLE
        if self.incumbent.gap <= self.monitor.options.gap:
            return StopReason.GAP
        if self.resting and self.monitor.left_s() > 0:
            return None
        return StopReason.TIME

    @property
    def notes(self) -> list[str]:
        """Notes on subproblems that were lost, for the user."""
        return self._queue.notes

    @property
    def jobs(self) -> int:
        """Processes at work."""
        return self.monitor.options.threads or os.cpu_count() or 1

    def _is_over(self) -> bool:
        """True once the gap is reached, time is over, or a scenario has no plan."""
        return (
            self.alone.infeasible is not None
            or self.resting
            or self.incumbent.gap <= self.monitor.options.gap
            or self.monitor.left_s() <= 0
        )

    def _begin(self) -> None:
        """Bound the measure by the scenarios alone; go on with prices and policies."""
        costs, bounds = self.alone.costs, self.alone.bounds
        self._raise_bound(self.attitude.value(self.program.probability, bounds, costs))
        self._all_orders = orders(self.program, bounds)
        self._orders.extend(self._all_orders)
        for point in self._unmeasured:
            self._measure_policy(point)
        self._next_policy()
        relaxation = Relaxation(self.attitude, np.where(np.isfinite(costs), costs, 0.0))
        self._queue.ask(relaxation, self._take_relaxation)

    # Rounds: a pass of prices and a policy at them ------------------------------------------------

    def _take_relaxation(self, found: Solved | Point | Lost) -> None:
        p = self.program.probability
        weights = self.attitude.weights(p, self.alone.costs, self.alone.costs)
        prices = zero_prices(self.program, weights)
        if isinstance(found, Point) and found.duals is not None:
            prices = from_relaxation(self.program, self.attitude, self.form, found.duals)
        self._begin_round(prices)

    def _begin_round(self, prices: Prices) -> None:
        """Solve every scenario at the prices; let the scenarios decide at them."""
        self._round = _Round(prices, {})
        self._passes += 1
        gap = self.monitor.options.gap * self._parameters.subproblem_gap_share
        for s in range(len(self.program.names)):
            share = self._parameters.idle_share
            task = self._queue.task(s, starts=self.alone.starts(s), gap=gap, idle_share=share)
            task = self._at_prices(task, prices)
            self._queue.ask(task, functools.partial(self._take_priced, self._round, s))
        self._next_policy()

    def _at_prices(self, task: Subproblem, prices: Prices) -> Subproblem:
        """The task at prices in place of the scenario's own costs."""
        s = task.scenario
        offset = float(prices.weights[s] * self.program.programs[s].offset)
        return replace(task, cost=prices.cost(self.program, s), offset=offset)

    def _take_priced(self, running: _Round, scenario: int, found: Solved | Point | Lost) -> None:
        running.found[scenario] = found if isinstance(found, Solved) else None
        if not running.whole(self.program):
            return
        solved = [running.found[s] for s in range(len(self.program.names))]
        bounds = np.array([-math.inf if one is None else one.bound for one in solved])
        bound = running.prices.bound(self.program, self.attitude, self.alone.costs, bounds)
        logger.info("pass %d of prices: bound %.8g", self._passes, bound)
        self._idle = 0 if self._gains(bound) else self._idle + 1
        self._raise_bound(bound)
        self._end_round()

    def _end_round(self) -> None:
        """Rest once nothing of a round is at work."""
        if self._policy is not None or not self._passes or self._improving:
            return
        if self._round is not None:
            if not self._round.whole(self.program):
                return
            self._next = self._moved(self._round)
            self._round = None
        if self._improve():
            return
        self.resting = self.attitude.is_linear and self.incumbent.values is not None
        if not self.resting:
            self._go_on_with_rounds()

    def _go_on_with_rounds(self) -> None:
        """Begin the next round; without new prices scenarios only decide in another order."""
        prices, self._next = self._next, None
        if prices is not None:
            self._begin_round(prices)
        else:
            self._next_policy()

    def _moved(self, running: _Round) -> Prices | None:
        """The prices of the next round; None where they would gain nothing."""
        found = [running.found[s] for s in range(len(self.program.names))]
        points = tuple(one.values for one in found if one is not None and one.values is not None)
        bound = self.incumbent.bound
        going_on = self._idle < self._parameters.idle_passes and math.isfinite(bound)
        if not going_on or len(points) < len(found):
            return None
        best = min(self.incumbent.objective, abs(bound) * (1 + self._parameters.first_gap))
        missing = self._parameters.step_share * (best - bound)
        prices = running.prices.moved(self.program, points, missing)
        # Where the scenarios agree there is no step that raises the bound.
        return None if prices is running.prices else prices

    def _gains(self, bound: float) -> bool:
        """True where a bound closes a part of the gap that is worth another pass.

        Where no order of deciding gives a policy there may be none, and bounds rise without end.
        """
        if self.incumbent.values is None:
            return bool(self._orders)
        missing = self.incumbent.objective - self.incumbent.bound
        gain = bound - self.incumbent.bound
        return gain > (self._parameters.least_gain_share * missing if missing < math.inf else 0.0)

    def _raise_bound(self, bound: float) -> None:
        # Sums of bounds are taken back by rounding.
        bound -= ROUNDING * max(1.0, abs(bound))
        if math.isfinite(bound) and bound > self.incumbent.bound:
            self.incumbent.bound = bound
            self._report("bounding by prices")

    # Plans by policies ----------------------------------------------------------------------------

    def _next_policy(self) -> None:
        """Let the scenarios decide in another order: at the prices of a round if there are any.

        The first policy does without prices, as it is there before them.
        """
        running = self._round
        while self._policy is None:
            if running is not None and not running.decided and self._policies:
                running.decided = True
                order = self._all_orders[self._passes % len(self._all_orders)]
                self._policy = Policy(self.program, order, running.prices)
            elif self._orders and (running is None or not self._policies):
                order = self._orders.popleft()
                if order in self._tried:
                    continue
                self._tried.add(order)
                self._policy = Policy(self.program, order)
            else:
                return
        self._go_on(self._policy)

    def _go_on(self, policy: Policy) -> None:
        """Let the next scenarios of a policy decide."""
        gap = self.monitor.options.gap * self._parameters.subproblem_gap_share
        if not self._policies or policy.prices is not None:
            gap = max(gap, self._parameters.policy_gap)
        for s in reversed(policy.begun()):
            lower, upper = policy.bounds(s)
            task = self._queue.task(
                s, lower=lower, upper=upper, starts=self.alone.starts(s), gap=gap
            )
            if policy.prices is None:
                task = replace(task, bound=self.alone.found[s].bound)
            else:
                task = self._at_prices(task, policy.prices)
            self._queue.ask(task, functools.partial(self._take_decisions, policy, s), soon=True)

    def _take_decisions(self, policy: Policy, scenario: int, found: Solved | Point | Lost) -> None:
        if policy is not self._policy:
            return
        if not isinstance(found, Solved) or found.values is None:
            name = self.program.names[scenario]
            logger.info("a policy ends at %s, which has no plan with what is held", name)
            rest = tuple(s for s in policy.order if s != scenario)
            # Let the scenario that was left without a plan decide first.
            self._orders.appendleft((scenario, *rest))
            self._policy = None
        else:
            logger.info("%s decides: %.8g", self.program.names[scenario], found.objective)
            policy.decide(scenario, found.values)
            self._go_on(policy)
            if not policy.complete:
                return
            self._policies += 1
            self._take_policy(policy.point)
            self._policy = None
        if self._round is not None or not self._policies:
            self._next_policy()
        self._end_round()

    def _improve(self) -> bool:
        """Let each scenario decide again what it alone decides, if the policy is a new one."""
        point = self.incumbent.values
        if point is None or self.incumbent.objective >= self._improved:
            return False
        gap = self.monitor.options.gap * self._parameters.subproblem_gap_share
        for s, own in enumerate(self.program.columns):
            shared = np.where(self.program.sharing[own] > 1, point[own], np.nan)
            lower, upper = held_bounds(self.program, s, shared)
            if (lower == upper).all():
                continue
            task = self._queue.task(s, lower=lower, upper=upper, starts=(point[own],), gap=gap)
            limit = self._parameters.improvement_s
            task = replace(task, bound=self.alone.found[s].bound, time_limit_s=limit)
            self._improving.add(s)
            self._queue.ask(task, functools.partial(self._take_improvement, s))
        return bool(self._improving)

    def _take_improvement(self, scenario: int, found: Solved | Point | Lost) -> None:
        self._improving.discard(scenario)
        point, own = self.incumbent.values, self.program.columns[scenario]
        if isinstance(found, Solved) and found.values is not None and point is not None:
            better = point[: self.program.size].copy()
            exact = self.program.exact(scenario, found.values)
            better[own] = np.where(self.program.sharing[own] > 1, point[own], exact)
            self._take_policy(better)
        if not self._improving:
            self._improved = self.incumbent.objective
            self._end_round()

    def _take_policy(self, point: np.ndarray) -> None:
        """Keep a policy if it is one and is better by the measure."""
        for one, own in zip(self.program.programs, self.program.columns, strict=True):
            if not one.keeps(point[own], ROW_VIOLATION) or len(one.violated_by(point[own])):
                logger.info("a policy violates a row by rounding, and is dropped")
                return
        if self.attitude.measure is Measure.REGRET and not self.alone.is_done:
            self._unmeasured.append(point)
        else:
            self._measure_policy(point)

    def _measure_policy(self, point: np.ndarray) -> None:
        costs = self.program.costs(point)
        self._take_as_own(point, costs)
        objective = self._measured(costs)
        logger.info("policy %d: %.8g", self._policies, objective)
        self.incumbent.take(point, objective)
        self._report("deciding scenario by scenario")

    def _measured(self, costs: np.ndarray) -> float:
        return self.attitude.value(self.program.probability, costs, self.alone.costs)

    def _take_as_own(self, point: np.ndarray, costs: np.ndarray) -> None:
        """Take what a policy does in a scenario as a plan of its own: it may be the best known."""
        better = np.flatnonzero(costs < self.alone.costs)
        for s in better:
            own = point[self.program.columns[s]]
            self.alone.take(int(s), float(costs[s]), own)
        known = self.incumbent.values
        if len(better) and known is not None:
            # Regret is against the best that is known.
            self.incumbent.objective = self._measured(self.program.costs(known))

    def _report(self, phase: str) -> None:
        found = self.incumbent
        self.monitor.report(Progress(self.monitor.seconds(), found.objective, found.bound, phase))

    def outcome(self, reason: StopReason) -> Outcome:
        """The outcome, in the columns of the extensive form without those of the measure."""
        found = self.incumbent.outcome(reason, self.monitor)
        if reason is StopReason.INFEASIBLE:
            return replace(found, bound=math.inf, shortfalls=self.alone.shortfalls)
        return replace(found, notes=tuple(self._queue.notes))


@dataclass
class _Round:
    """Prices, and the scenarios solved at them so far; None for one that was lost."""

    prices: Prices
    found: dict[int, Solved | None]
    # True once the scenarios have begun to decide at them.
    decided: bool = False

    def whole(self, program: StochasticProgram) -> bool:
        """True once every scenario is solved."""
        return len(self.found) == len(program.names)
