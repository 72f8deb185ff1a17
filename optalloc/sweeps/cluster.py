"""Workers on a Dask cluster: cases as tasks, the base shipped once.

Dask supplies the scheduler, the restarts of workers and the transport; a case is solved there as it
is on this machine.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from typing import Any

import numpy as np

from optalloc.errors import OptallocError
from optalloc.plan.record import engine_versions
from optalloc.scenarios.designs import Case
from optalloc.sweeps.case_solver import CaseSolver
from optalloc.sweeps.messages import Base, Finished, Status
from optalloc.sweeps.pool import Limits, Take
from optalloc.sweeps.queue import CaseQueue

__all__ = ["run_cluster"]

_CONNECT_S = 20

_solvers = threading.local()


def run_cluster(base: Base, queue: CaseQueue, address: str, limits: Limits, take: Take) -> None:
    """Solve all cases of a queue on a Dask cluster.

    Parameters
    ----------
    base, queue, limits, take
        As for `optalloc.sweeps.pool.run_cases`. A case that exceeds its seconds is given up,
        though its worker goes on with it; memory is limited by the workers' own settings.
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    OptallocError
        If Dask is not installed, no scheduler answers, no worker joins, or a worker has another
        version or another model folder.
    """
    try:
        from distributed import Client  # noqa: PLC0415  (an optional extra)
    except ImportError as error:
        raise OptallocError(
            "a cluster needs Dask: pip install 'optalloc[cluster]', here and on every worker."
        ) from error
    try:
        client = Client(address, timeout=_CONNECT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise OptallocError(f"{address}: no Dask scheduler answers there ({error}).") from error
    with client:
        _Cluster(client, base, queue, limits, take).run()


class _Cluster:
    def __init__(
        self,
        client: Any,
        base: Base,
        queue: CaseQueue,
        limits: Limits,
        take: Take,
    ) -> None:
        self.client, self.queue, self.limits, self.take = client, queue, limits, take
        self.token = uuid.uuid4().hex
        self._await_worker()
        # A task, not scattered data, which would be lost with the worker that has it.
        self.base = client.submit(_shipped, base, key=f"optalloc-{self.token}", pure=False)
        # By key of a task in flight: position of its case, and its worker.
        self.flying: dict[str, tuple[int, str]] = {}

    def _await_worker(self) -> None:
        """Wait for a worker; one that died may be restarted."""
        try:
            self.client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError as error:
            raise OptallocError("the cluster has no worker.") from error

    def run(self) -> None:
        """Keep a task in flight for each thread until all are done."""
        from distributed import as_completed  # noqa: PLC0415

        done = as_completed()
        done.update(self._next())
        for future in done:
            position, _ = self.flying.pop(future.key)
            result = self._result(future)
            self.queue.done(position, result)
            self.take(position, result)
            done.update(self._next())

    def _next(self) -> list[Any]:
        """Tasks for the idle threads, each assigned to its worker.

        The scheduler might queue one behind another, to be lost with a worker that dies.
        """
        if not self.flying and len(self.queue):
            self._await_worker()
        busy = Counter(worker for _, worker in self.flying.values())
        idle = [
            worker
            for worker, threads in self.client.nthreads().items()
            for _ in range(threads - busy[worker])
        ]
        return [self._submitted(worker) for worker in idle[: len(self.queue)]]

    def _submitted(self, worker: str) -> Any:
        task = self.queue.next()
        assert task is not None
        position, case, start = task
        key = f"optalloc-{self.token}-{position}"
        self.flying[key] = position, worker
        arguments = (self.base, self.token, case, start, self.limits.seconds)
        return self.client.submit(
            _solve, *arguments, key=key, pure=False, workers=[worker], allow_other_workers=True
        )

    def _result(self, future: Any) -> Finished:
        if future.cancelled():
            return Finished(key="", status=Status.FAILED, reason="the cluster lost it")
        error = future.exception()
        if isinstance(error, OptallocError):
            raise error
        if error is not None:
            return Finished(key="", status=Status.FAILED, reason=f"{type(error).__name__}: {error}")
        result: Finished = future.result()
        return result


def _shipped(base: Base) -> Base:
    """The base, as a task whose result every worker fetches once."""
    return base


def _solve(
    base: Base, token: str, case: Case, start: np.ndarray | None, seconds: float | None
) -> Finished:
    """Solve a case on a worker, whose program stays from case to case; a thread has its own."""
    if getattr(_solvers, "token", None) != token:
        if dict(base.versions) != engine_versions():
            raise OptallocError(
                f"a worker of the cluster has {engine_versions()}, not {dict(base.versions)}: "
                "install the same versions everywhere."
            )
        _solvers.solver, _solvers.token = CaseSolver(base), token
    solver: CaseSolver = _solvers.solver
    found: list[Finished] = []
    if seconds is None:
        return solver.solve(case, start)
    work = threading.Thread(target=lambda: found.append(solver.solve(case, start)), daemon=True)
    work.start()
    work.join(seconds)
    if found:
        return found[0]
    # The thread goes on with the program: the next case needs one of its own.
    _solvers.token = None
    reason = f"it was still running after {seconds:,.0f} s"
    return Finished(key="", status=Status.FAILED, reason=reason)
