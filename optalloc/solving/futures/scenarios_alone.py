"""The first stage of a decomposition: each scenario by itself, as if it were certain."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.outcome import StopReason
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.futures.nearness import FarthestFirst
from optalloc.solving.futures.outcome import Alone
from optalloc.solving.futures.queue import Handler, SubproblemQueue, Task
from optalloc.solving.futures.subproblem import Point, Solved
from optalloc.solving.monitor import Monitor
from optalloc.solving.pool import Lost

__all__ = ["ScenariosAlone"]

logger = logging.getLogger(__name__)


@dataclass
class ScenariosAlone:
    """Each scenario by itself: its best plan that is known, and its bound.

    Parameters
    ----------
    program : StochasticProgram
    monitor : Monitor
    queue : SubproblemQueue
        Which solves them.
    report : callable
        Called with words on each that was solved.
    on_end : callable
        Called once all are solved, or given up as lost.
    """

    program: StochasticProgram
    monitor: Monitor
    queue: SubproblemQueue
    report: Callable[[str], None]
    on_end: Callable[[], None]
    found: list[Alone] = field(init=False)
    infeasible: int | None = None
    shortfalls: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        count = len(self.program.names)
        self._parameters = self.monitor.options.parameters.futures
        self.found = [Alone(math.inf, -math.inf, None)] * count
        self._unsolved, self._retries = set(range(count)), 0
        self._order = FarthestFirst(self.program)
        for _ in range(count):
            self.queue.ask_later(self._next)

    @property
    def is_done(self) -> bool:
        """True once all are solved, or given up as lost."""
        return not self._unsolved

    @property
    def costs(self) -> np.ndarray:
        """Least known cost of each; infinite where no plan is known."""
        return np.array([one.objective for one in self.found])

    @property
    def bounds(self) -> np.ndarray:
        """Bound of each."""
        return np.array([one.bound for one in self.found])

    def starts(self, scenario: int) -> tuple[np.ndarray, ...]:
        """The best plan known of a scenario, if there is one."""
        known = self.found[scenario].values
        return () if known is None else (known,)

    def take(self, scenario: int, cost: float, values: np.ndarray) -> None:
        """Take a plan of a scenario that costs less than the one known."""
        self.found[scenario] = replace(self.found[scenario], objective=cost, values=values)

    def _next(self) -> tuple[Task, Handler]:
        """The next scenario; it begins from the nearest plans that are known by now."""
        return self._task(self._order.next())

    def _task(self, scenario: int) -> tuple[Task, Handler]:
        gap = max(self.monitor.options.gap, self._parameters.first_gap)
        solved = [s for s, one in enumerate(self.found) if one.values is not None]
        near = self._order.nearest(scenario, solved)[: self._parameters.near_plans]
        starts = tuple(plan for s in near for plan in self.starts(s))
        task = self.queue.task(scenario, gap=gap, starts=starts)
        return task, functools.partial(self._take, scenario)

    def _take(self, scenario: int, found: Solved | Point | Lost) -> None:
        if isinstance(found, Lost) and self._retries < self._parameters.retries:
            self._retries += 1
            self.queue.ask(*self._task(scenario))
            return
        self._unsolved.discard(scenario)
        if isinstance(found, Solved):
            name = self.program.names[scenario]
            if found.reason is StopReason.INFEASIBLE and found.shortfalls:
                self.infeasible, self.shortfalls = scenario, found.shortfalls
                return
            logger.info("%s alone: %.8g, bound %.8g", name, found.objective, found.bound)
            self.found[scenario] = Alone(found.objective, found.bound, found.values)
            self.report(f"{name} alone")
        if self.is_done:
            self.on_end()
