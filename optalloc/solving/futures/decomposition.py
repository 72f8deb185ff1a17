"""A stochastic program by its scenarios: bounds by prices, plans by policies, until they meet.

The scenarios are solved in processes, each alone at first. Prices on shared decisions then raise
the bound, pass by pass; policies, in which one scenario after another decides, give plans. It may
be stopped at any point with the best policy, its bound and its gap; a process that is lost costs
one subproblem.
"""

from __future__ import annotations

import functools
import logging
import math
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.arrays import ExtraRows
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import ExtensiveForm
from optalloc.mip.outcome import Outcome, Progress, StopReason
from optalloc.mip.stochastic import StochasticProgram
from optalloc.mip.tolerances import ROUNDING, ROW_VIOLATION
from optalloc.solving.futures.outcome import Alone
from optalloc.solving.futures.policies import Policy, orders
from optalloc.solving.futures.prices import Prices, from_relaxation, zero_prices
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
from optalloc.solving.pool import Limits, Lost, run_pool

__all__ = ["Decomposition"]

logger = logging.getLogger(__name__)

Task = Subproblem | Relaxation
Handler = Callable[[Solved | Point | Lost], None]


@dataclass
class Decomposition:
    """The tasks of a decomposition (`optalloc.solving.pool.Tasks`), and what has come of them.

    Parameters
    ----------
    program : StochasticProgram
    attitude : Attitude
    form : ExtensiveForm
        Of the same attitude, its references zero.
    monitor : Monitor
    """

    program: StochasticProgram
    attitude: Attitude
    form: ExtensiveForm
    monitor: Monitor
    incumbent: Incumbent = field(default_factory=Incumbent)
    alone: list[Alone] = field(init=False)
    notes: list[str] = field(default_factory=list)
    resting: bool = False
    infeasible: int | None = None
    shortfalls: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        count = len(self.program.names)
        self._parameters = self.monitor.options.parameters.futures
        self.alone = [Alone(math.inf, -math.inf, None)] * count
        self._rows: list[list[ExtraRows]] = [[] for _ in range(count)]
        self._waiting: deque[tuple[Task, Handler]] = deque()
        self._working: dict[int, tuple[Task, Handler]] = {}
        self._numbers = 0
        self._orders: deque[tuple[int, ...]] = deque()
        self._tried: set[tuple[int, ...]] = set()
        self._unsolved = set(range(count))
        self._passes = 0
        self._retries = 0
        self._policy_begun = self._policy_at_work = False
        self._unmeasured: list[np.ndarray] = []
        self._idle = 0
        self._policies = 0
        for s in range(count):
            gap = max(self.monitor.options.gap, self._parameters.first_gap)
            self._ask(self._task(s, gap=gap), functools.partial(self._take_alone, s))

    def run(self) -> StopReason | None:
        """Solve until the gap is reached, time is over, or nothing is left to try.

        Returns
        -------
        StopReason or None
            None where a policy and a bound at prices are known, and a search of all scenarios
            together is due; it may then be run again.
        """
        self.resting = False
        make = functools.partial(solver_of, bare(self.program), self.monitor.options)
        limits = Limits(self._parameters.lost_after_s)
        try:
            run_pool(make, self, self.jobs, limits)
        except KeyboardInterrupt:
            return StopReason.INTERRUPTED
        # What was at work is asked for again.
        self._waiting.extendleft(reversed(self._working.values()))
        self._working = {}
        if self.infeasible is not None:
            return StopReason.INFEASIBLE
        if self.incumbent.gap <= self.monitor.options.gap:
            return StopReason.GAP
        if self.resting and self.monitor.left_s() > 0:
            return None
        return StopReason.TIME

    @property
    def jobs(self) -> int:
        """Processes at work."""
        return self.monitor.options.threads or os.cpu_count() or 1

    # Tasks ----------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def over(self) -> bool:
        """True once the gap is reached, time is over, or a scenario has no plan."""
        return (
            self.infeasible is not None
            or self.resting
            or self.incumbent.gap <= self.monitor.options.gap
            or self.monitor.left_s() <= 0
        )

    def next(self) -> tuple[int, Task]:
        """Return the next task with its number."""
        task, handler = self._waiting.popleft()
        left = self.monitor.left_s()
        if not math.isinf(left):
            task = replace(task, time_limit_s=min(task.time_limit_s, max(left, 1.0)))
        self._numbers += 1
        self._working[self._numbers] = task, handler
        return self._numbers, task

    def done(self, number: int, result: Solved | Point | Lost) -> None:
        """Take the result of a task; further tasks follow from it."""
        task, handler = self._working.pop(number)
        if isinstance(result, Lost):
            self.notes.append(f"a subproblem was lost: {result.reason}")
        elif isinstance(task, Subproblem) and isinstance(result, Solved):
            violated = self._violated(task.scenario, result.values)
            if violated is not None:
                # Some lazy constraints are violated: it is solved again with them.
                self._rows[task.scenario].append(violated)
                self._waiting.appendleft(
                    (replace(task, rows=self._known_rows(task.scenario)), handler)
                )
                return
        handler(result)

    def _ask(self, task: Task, handler: Handler, *, soon: bool = False) -> None:
        (self._waiting.appendleft if soon else self._waiting.append)((task, handler))

    def _task(self, scenario: int, **more: object) -> Subproblem:
        own = self.program.columns[scenario]
        found: dict[str, object] = {
            "lower": self.program.col_lower[own],
            "upper": self.program.col_upper[own],
            "rows": self._known_rows(scenario),
            "time_limit_s": self._parameters.subproblem_s,
        }
        return Subproblem(scenario, **(found | more))  # type: ignore[arg-type]

    def _starts(self, scenario: int) -> tuple[np.ndarray, ...]:
        """The best plan known of a scenario alone, if there is one."""
        known = self.alone[scenario].values
        return () if known is None else (known,)

    def _known_rows(self, scenario: int) -> ExtraRows | None:
        found = self._rows[scenario]
        return ExtraRows.joined(found, len(self.program.columns[scenario])) if found else None

    def _violated(self, scenario: int, values: np.ndarray | None) -> ExtraRows | None:
        if values is None:
            return None
        violated = self.program.programs[scenario].violated_by(values)
        return violated if len(violated) else None

    # Each alone -----------------------------------------------------------------------------------

    def _take_alone(self, scenario: int, found: Solved | Point | Lost) -> None:
        if isinstance(found, Lost) and self._retries < self._parameters.retries:
            self._retries += 1
            gap = max(self.monitor.options.gap, self._parameters.first_gap)
            task = self._task(scenario, gap=gap)
            self._ask(task, functools.partial(self._take_alone, scenario))
            return
        self._unsolved.discard(scenario)
        if isinstance(found, Solved):
            name = self.program.names[scenario]
            if found.reason is StopReason.INFEASIBLE and found.shortfalls:
                self.infeasible, self.shortfalls = scenario, found.shortfalls
                return
            logger.info("%s alone: %.8g, bound %.8g", name, found.objective, found.bound)
            self.alone[scenario] = Alone(found.objective, found.bound, found.values)
            self._report(f"{name} alone")
            if not self._policy_begun:
                # A first policy as soon as a scenario can begin one.
                self._policy_begun = True
                others = (s for s in range(len(self.alone)) if s != scenario)
                self._begin_policy((scenario, *others))
        if not self._unsolved:
            self._begin()

    @property
    def references(self) -> np.ndarray:
        """Least known cost of each scenario alone."""
        return np.array([one.objective for one in self.alone])

    def _begin(self) -> None:
        """Bound the measure by the scenarios alone; go on with prices and policies."""
        costs, bounds = self.references, np.array([one.bound for one in self.alone])
        self._raise_bound(self.attitude.value(self.program.probability, bounds, costs))
        known = np.where(np.isfinite(costs), costs, bounds)
        self._orders.extend(orders(self.program, known))
        for point in self._unmeasured:
            self._measure_policy(point)
        if not self._policy_at_work:
            self._next_policy()
        relaxation = Relaxation(self.attitude, np.where(np.isfinite(costs), costs, 0.0))
        self._ask(relaxation, self._take_relaxation)

    # Bounds by prices -----------------------------------------------------------------------------

    def _take_relaxation(self, found: Solved | Point | Lost) -> None:
        p = self.program.probability
        weights = self.attitude.weights(p, self.references, self.references)
        prices = zero_prices(self.program, weights)
        if isinstance(found, Point) and found.duals is not None:
            prices = from_relaxation(self.program, self.attitude, self.form, found.duals)
        self._begin_pass(prices)

    def _begin_pass(self, prices: Prices) -> None:
        """Solve every scenario at the prices."""
        self._passes += 1
        running = _Pass(prices, {})
        gap = self.monitor.options.gap * self._parameters.subproblem_gap_share
        for s in range(len(self.program.names)):
            task = self._task(
                s,
                cost=prices.cost(self.program, s),
                offset=float(prices.weights[s] * self.program.programs[s].offset),
                starts=self._starts(s),
                gap=gap,
            )
            self._ask(task, functools.partial(self._take_priced, running, s))

    def _take_priced(self, running: _Pass, scenario: int, found: Solved | Point | Lost) -> None:
        running.found[scenario] = found if isinstance(found, Solved) else None
        if len(running.found) < len(self.program.names):
            return
        solved = [running.found[s] for s in range(len(self.program.names))]
        bounds = np.array([-math.inf if one is None else one.bound for one in solved])
        bound = running.prices.bound(self.program, self.attitude, self.references, bounds)
        logger.info("pass %d of prices: bound %.8g", self._passes, bound)
        self._idle = 0 if self._gains(bound) else self._idle + 1
        self._raise_bound(bound)
        self.resting = self.attitude.is_linear and self.incumbent.values is not None
        points = tuple(one.values for one in solved if one is not None and one.values is not None)
        going_on = self._idle < self._parameters.idle_passes
        if going_on and len(points) == len(solved) and math.isfinite(bound):
            best = min(self.incumbent.objective, abs(bound) * (1 + self._parameters.first_gap))
            missing = self._parameters.step_share * (best - bound)
            prices = running.prices.moved(self.program, points, missing)
            # Where the scenarios agree there is no step that raises the bound.
            if prices is not running.prices:
                self._begin_pass(prices)

    def _gains(self, bound: float) -> bool:
        """True where a bound closes a part of the gap that is worth another pass."""
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
        self._policy_at_work = False
        while self._orders and not self._policy_at_work:
            order = self._orders.popleft()
            if order not in self._tried:
                self._begin_policy(order)

    def _begin_policy(self, order: tuple[int, ...]) -> None:
        """Let the scenarios decide in an order, each order once."""
        self._tried.add(order)
        self._go_on(Policy(self.program, order))

    def _go_on(self, policy: Policy) -> None:
        """Let the next scenario of a policy decide."""
        self._policy_at_work = True
        s = policy.scenario
        lower, upper = policy.bounds()
        gap = self.monitor.options.gap * self._parameters.policy_gap_share
        task = self._task(s, lower=lower, upper=upper, starts=self._starts(s), gap=gap)
        self._ask(task, functools.partial(self._take_decisions, policy), soon=True)

    def _take_decisions(self, policy: Policy, found: Solved | Point | Lost) -> None:
        if not isinstance(found, Solved) or found.values is None:
            name = self.program.names[policy.scenario]
            logger.info("a policy ends at %s, which has no plan with what is held", name)
            first = policy.scenario
            rest = tuple(s for s in policy.order if s != first)
            if policy.decided:
                # Let the scenario that was left without a plan decide first.
                self._orders.appendleft((first, *rest))
            self._next_policy()
            return
        policy.decide(found.values)
        if not policy.complete:
            self._go_on(policy)
            return
        self._policies += 1
        self._take_policy(policy.point)
        self._next_policy()

    def _take_policy(self, point: np.ndarray) -> None:
        """Keep a policy if it is one and is better by the measure."""
        for one, own in zip(self.program.programs, self.program.columns, strict=True):
            if not one.keeps(point[own], ROW_VIOLATION) or len(one.violated_by(point[own])):
                logger.info("a policy violates a row by rounding, and is dropped")
                return
        if self.attitude.measure is Measure.REGRET and self._unsolved:
            self._unmeasured.append(point)
        else:
            self._measure_policy(point)

    def _measure_policy(self, point: np.ndarray) -> None:
        costs = self.program.costs(point)
        objective = self.attitude.value(self.program.probability, costs, self.references)
        logger.info("policy %d: %.8g", self._policies, objective)
        self.incumbent.take(point, objective)
        self._report("deciding scenario by scenario")

    def _report(self, phase: str) -> None:
        found = self.incumbent
        self.monitor.report(Progress(self.monitor.seconds(), found.objective, found.bound, phase))

    def outcome(self, reason: StopReason) -> Outcome:
        """The outcome, in the columns of the extensive form without those of the measure."""
        found = self.incumbent.outcome(reason, self.monitor)
        if reason is StopReason.INFEASIBLE:
            return replace(found, bound=math.inf, shortfalls=self.shortfalls)
        return replace(found, notes=tuple(self.notes))


@dataclass
class _Pass:
    """Prices, and the scenarios solved at them so far; None for one that was lost."""

    prices: Prices
    found: dict[int, Solved | None]
