"""The cases of a roll as tasks: of processes on this machine, or of a Dask cluster."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from optalloc.rolling.messages import RollBase, RollCase
from optalloc.rolling.roller import Roller
from optalloc.solving.cluster import run_tasks
from optalloc.solving.pool import Limits, Lost
from optalloc.sweeps.messages import Finished, Status

__all__ = ["Task", "run_rolls"]

# Number of the case, the case, and its key.
Task = tuple[int, RollCase, str]


def run_rolls(
    base: RollBase,
    tasks: Sequence[Task],
    jobs: int,
    limits: Limits,
    take: Callable[[int, Finished], None],
    cluster: str | None = None,
) -> None:
    """Roll cases.

    Parameters
    ----------
    base : RollBase
    tasks : sequence of Task
    jobs : int
        Processes of this machine at most.
    limits : Limits
        Of each case.
    take : callable
        Called with the number of each case that ended, and its result.
    cluster : str, optional
        Address of a Dask scheduler, whose workers take the place of this machine's.

    Raises
    ------
    OptallocError
        If a worker cannot start or has another model folder, or `take` refuses; further as
        `optalloc.solving.cluster.run_tasks` does.
    """
    make, queue = functools.partial(_roller, base), _Queue(deque(tasks), take)
    run_tasks(make, queue, min(jobs, len(queue)), limits, cluster)


def _roller(base: RollBase) -> Callable[[tuple[RollCase, str]], Finished]:
    """Give the function that rolls cases in a worker."""
    roller = Roller(base)
    return lambda task: roller.solve(*task)


@dataclass
class _Queue:
    """Cases as the tasks of a pool."""

    waiting: deque[Task]
    take: Callable[[int, Finished], None]
    over = False

    def __len__(self) -> int:
        return len(self.waiting)

    def next(self) -> tuple[int, Any]:
        """Return the next case with its key."""
        number, case, key = self.waiting.popleft()
        return number, (case, key)

    def done(self, number: int, result: Finished | Lost) -> None:
        """Take the result of a case; one that was lost has failed."""
        if isinstance(result, Lost):
            result = Finished(key="", status=Status.FAILED, reason=result.reason)
        self.take(number, result)
