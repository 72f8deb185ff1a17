"""The cases of a sweep as tasks: of processes on this machine, or of a Dask cluster."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optalloc.modelling.base import Base
from optalloc.scenarios.designs import Case
from optalloc.solving.cluster import run_tasks
from optalloc.solving.pool import Limits, Lost
from optalloc.sweeps.case_solver import CaseSolver
from optalloc.sweeps.messages import Finished, Status
from optalloc.sweeps.queue import CaseQueue

__all__ = ["Limits", "run_cases"]

Take = Callable[[int, Finished], None]


def run_cases(
    base: Base,
    queue: CaseQueue,
    jobs: int,
    limits: Limits,
    take: Take,
    cluster: str | None = None,
) -> None:
    """Solve all cases of a queue.

    Parameters
    ----------
    base : Base
    queue : CaseQueue
    jobs : int
        Processes of this machine at most.
    limits : Limits
    take : callable
        Called with the position of each case that ended, and its result.
    cluster : str, optional
        Address of a Dask scheduler, whose workers take the place of this machine's.

    Raises
    ------
    OptallocError
        If a worker cannot start or has another model folder, or `take` refuses; further as
        `optalloc.solving.cluster.run_tasks` does.
    """
    make, cases = functools.partial(_solver, base), _Cases(queue, take)
    run_tasks(make, cases, min(jobs, len(queue)), limits, cluster)


def _solver(base: Base) -> Callable[[tuple[Case, np.ndarray | None]], Finished]:
    """Give the function that solves cases in a worker."""
    solver = CaseSolver(base)
    return lambda task: solver.solve(*task)


@dataclass
class _Cases:
    """A queue of cases as the tasks of a pool."""

    queue: CaseQueue
    take: Take
    over = False

    def __len__(self) -> int:
        return len(self.queue)

    def next(self) -> tuple[int, Any]:
        """Return the next case, and the plan that it starts from."""
        task = self.queue.next()
        assert task is not None
        position, case, start = task
        return position, (case, start)

    def done(self, position: int, result: Finished | Lost) -> None:
        """Take the result of a case; one that was lost has failed."""
        if isinstance(result, Lost):
            result = Finished(key="", status=Status.FAILED, reason=result.reason)
        self.queue.done(position, result)
        self.take(position, result)
