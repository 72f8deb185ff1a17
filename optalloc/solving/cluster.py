"""Workers on a Dask cluster: the tasks of a pool, done elsewhere.

Dask supplies the scheduler, the restarts of workers and the transport; a task is done there as it
is in a process of this machine, and one that is lost is reported as lost.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from optalloc.errors import OptallocError
from optalloc.solving.pool import Limits, Lost, Make, Tasks, run_pool
from optalloc.solving.versions import engine_versions

__all__ = ["run_cluster", "run_tasks"]

_CONNECT_S = 20
# How often it is asked whether anything more is wanted.
_TICK_S = 0.25

_made = threading.local()


def run_tasks(
    make: Make, tasks: Tasks, jobs: int, limits: Limits, address: str | None = None
) -> None:
    """Do tasks in processes of this machine (`run_pool`), or at an address on a Dask cluster.

    Raises
    ------
    OptallocError
        As `run_cluster`, or `optalloc.solving.pool.run_pool`.
    """
    if address is None:
        run_pool(make, tasks, jobs, limits)
    else:
        run_cluster(make, tasks, address, limits)


def run_cluster(make: Make, tasks: Tasks, address: str, limits: Limits) -> None:
    """Do tasks on a Dask cluster until there are no more.

    Parameters
    ----------
    make, tasks
        As for `optalloc.solving.pool.run_pool`; `make` is called in each thread of a worker.
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    limits : Limits
        A task that exceeds its seconds is given up, though its worker goes on with it; memory is
        limited by the workers' own settings.

    Raises
    ------
    OptallocError
        If Dask is not installed, no scheduler answers, no worker joins, a worker has another
        version, or `make` or `Tasks.done` refuses.
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
        _Cluster(client, make, tasks, limits).run()


class _Cluster:
    def __init__(self, client: Any, make: Make, tasks: Tasks, limits: Limits) -> None:
        self.client, self.tasks, self.limits = client, tasks, limits
        self.token, self.versions = uuid.uuid4().hex, engine_versions()
        self._await_worker()
        # A task, not scattered data, which would be lost with the worker that has it.
        self.make = client.submit(_shipped, make, key=f"optalloc-{self.token}", pure=False)
        # Tasks in flight: their numbers, and their workers.
        self.flying: dict[Any, tuple[int, str]] = {}

    def _await_worker(self) -> None:
        """Wait for a worker; one that died may be restarted."""
        try:
            self.client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError as error:
            raise OptallocError("the cluster has no worker.") from error

    def run(self) -> None:
        """Keep a task in flight for each thread until there are no more."""
        from distributed import wait  # noqa: PLC0415

        try:
            while not self.tasks.over and (len(self.tasks) or self.flying):
                self._submit()
                try:
                    done = wait(list(self.flying), _TICK_S, return_when="FIRST_COMPLETED").done
                except TimeoutError:
                    continue
                for future in done:
                    number, _ = self.flying.pop(future)
                    self.tasks.done(number, self._result(future))
        finally:
            self.client.cancel(list(self.flying))

    def _submit(self) -> None:
        """Give the idle threads tasks, each to its worker.

        The scheduler might queue one behind another, to be lost with a worker that dies.
        """
        if not self.flying:
            self._await_worker()
        busy = Counter(worker for _, worker in self.flying.values())
        idle = [
            worker
            for worker, threads in self.client.nthreads().items()
            for _ in range(threads - busy[worker])
        ]
        for worker in idle[: len(self.tasks)]:
            number, task = self.tasks.next()
            future = self.client.submit(
                _do,
                self.make,
                self.token,
                self.versions,
                task,
                self.limits.seconds,
                key=f"optalloc-{self.token}-{number}",
                pure=False,
                workers=[worker],
                allow_other_workers=True,
            )
            self.flying[future] = number, worker

    def _result(self, future: Any) -> Any:
        if future.cancelled():
            return Lost("the cluster lost it")
        error = future.exception()
        if isinstance(error, OptallocError):
            raise error
        if error is not None:
            return Lost(f"{type(error).__name__}: {error}")
        return future.result()


def _shipped(make: Make) -> Make:
    """Give it as the result of a task, which every worker fetches once."""
    return make


def _do(
    make: Make, token: str, versions: Mapping[str, str], task: Any, seconds: float | None
) -> Any:
    """Do a task on a worker; what `make` gives stays from task to task, a thread has its own."""
    if getattr(_made, "token", None) != token:
        if versions != engine_versions():
            raise OptallocError(
                f"a worker of the cluster has {engine_versions()}, not {versions}: "
                "install the same versions everywhere."
            )
        _made.work, _made.token = make(), token
    found: Future[Any] = Future()
    threading.Thread(target=_fulfil, args=(found, _made.work, task), daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError:
        if found.done():
            raise
        # The thread goes on with what `make` gave: the next task needs one of its own.
        _made.token = None
        return Lost(f"it was still running after {seconds:,.0f} s")


def _fulfil(found: Future[Any], work: Callable[[Any], Any], task: Any) -> None:
    try:
        found.set_result(work(task))
    except BaseException as error:
        found.set_exception(error)
