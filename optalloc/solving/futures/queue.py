"""Subproblems that wait and are at work, and what is done with what comes of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.arrays import ExtraRows
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.futures.subproblem import Point, Relaxation, Solved, Subproblem
from optalloc.solving.monitor import Monitor
from optalloc.solving.pool import Lost

__all__ = ["Handler", "SubproblemQueue", "Task"]

Task = Subproblem | Relaxation
Handler = Callable[[Solved | Point | Lost], None]


@dataclass
class SubproblemQueue:
    """Subproblems as the tasks of a pool (`optalloc.solving.pool.Tasks`).

    Each has a handler that takes its result and may ask for more. One whose plan violates lazy
    constraints is solved again with them first.

    Parameters
    ----------
    program : StochasticProgram
    monitor : Monitor
    is_over : callable
        True once nothing more is wanted.
    """

    program: StochasticProgram
    monitor: Monitor
    is_over: Callable[[], bool]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows: list[list[ExtraRows]] = [[] for _ in self.program.names]
        self._waiting: deque[Callable[[], tuple[Task, Handler]]] = deque()
        self._working: dict[int, tuple[Task, Handler]] = {}
        self._numbers = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def over(self) -> bool:
        """True once nothing more is wanted."""
        return self.is_over()

    def next(self) -> tuple[int, Task]:
        """Return the next task with its number."""
        task, handler = self._waiting.popleft()()
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
                self._rows[task.scenario].append(violated)
                rows = self._known_rows(task.scenario)
                self.ask(replace(task, rows=rows), handler, soon=True)
                return
        handler(result)

    def ask(self, task: Task, handler: Handler, *, soon: bool = False) -> None:
        """Put a task at the end, or at the front where it is wanted soon."""
        (self._waiting.appendleft if soon else self._waiting.append)(lambda: (task, handler))

    def ask_later(self, make: Callable[[], tuple[Task, Handler]]) -> None:
        """Put at the end a task that is made, by what is known then, as it begins."""
        self._waiting.append(make)

    def ask_again(self) -> None:
        """Put at the front what was at work when a pool was left."""
        for task, handler in reversed(self._working.values()):
            self.ask(task, handler, soon=True)
        self._working = {}

    def task(self, scenario: int, **more: object) -> Subproblem:
        """A subproblem of a scenario, with the lazy constraints that are known."""
        own = self.program.columns[scenario]
        found: dict[str, object] = {
            "lower": self.program.col_lower[own],
            "upper": self.program.col_upper[own],
            "rows": self._known_rows(scenario),
            "time_limit_s": self.monitor.options.parameters.futures.subproblem_s,
        }
        return Subproblem(scenario, **(found | more))  # type: ignore[arg-type]

    def _known_rows(self, scenario: int) -> ExtraRows | None:
        found = self._rows[scenario]
        return ExtraRows.joined(found, len(self.program.columns[scenario])) if found else None

    def _violated(self, scenario: int, values: np.ndarray | None) -> ExtraRows | None:
        if values is None:
            return None
        violated = self.program.programs[scenario].violated_by(values)
        return violated if len(violated) else None
