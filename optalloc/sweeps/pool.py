"""Workers on this machine: spawned processes that may crash, hang or run out of memory.

Each costs one case, which is reported, and a new worker takes the place. Processes are spawned,
never forked: the threads of a solver do not survive a fork.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from optalloc.errors import OptallocError
from optalloc.sweeps.case_solver import CaseSolver
from optalloc.sweeps.messages import Base, Finished, Status
from optalloc.sweeps.queue import CaseQueue
from optalloc.system import limit_memory

__all__ = ["Limits", "run_pool"]

_TICK_S = 0.25
_LEAVE_S = 5.0
_READY = "ready"
Take = Callable[[int, Finished], None]


@dataclass(frozen=True)
class Limits:
    """Limits of one case: seconds of the clock, and bytes of address space."""

    seconds: float | None = None
    memory_bytes: int | None = None


def run_pool(base: Base, queue: CaseQueue, jobs: int, limits: Limits, take: Take) -> None:
    """Solve all cases of a queue on this machine.

    Parameters
    ----------
    base : Base
    queue : CaseQueue
    jobs : int
        Workers at most.
    limits : Limits
    take : callable
        Called with the position of each case that ended, and its result.

    Raises
    ------
    OptallocError
        If a worker cannot start, or `take` refuses.
    """
    workers = [_Worker(base, limits) for _ in range(min(jobs, len(queue)))]
    try:
        while any(worker.busy or len(queue) for worker in workers):
            for worker in workers:
                _look_at(worker, queue, take)
            ready = [worker.connection for worker in workers if worker.process is not None]
            wait([*ready, *(w.process.sentinel for w in workers if w.process)], timeout=_TICK_S)
            if not len(queue) and not any(worker.busy for worker in workers):
                break
    finally:
        for worker in workers:
            worker.end()


def _look_at(worker: _Worker, queue: CaseQueue, take: Take) -> None:
    """Take the result of a worker, replace it if it has died, and give it the next case."""
    result = worker.result()
    if result is not None:
        position, worker.position = worker.position, None
        assert position is not None
        queue.done(position, result)
        take(position, result)
    if worker.idle and len(queue):
        task = queue.next()
        assert task is not None
        worker.give(*task)


@dataclass
class _Worker:
    """One process and the case it is at."""

    base: Base
    limits: Limits
    process: BaseProcess | None = None
    connection: Any = None
    position: int | None = None
    given: Any = None
    is_ready: bool = False
    since: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self._start()

    @property
    def busy(self) -> bool:
        """True while it has a case."""
        return self.position is not None

    @property
    def idle(self) -> bool:
        """True while it waits for one."""
        return self.is_ready and self.position is None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        arguments = (theirs, self.base, self.limits.memory_bytes)
        process = context.Process(target=_work, args=arguments, daemon=True)
        process.start()
        theirs.close()
        self.process, self.is_ready = process, False

    def give(self, position: int, case: Any, start: Any) -> None:
        """Give it a case."""
        self.position, self.since = position, time.perf_counter()
        # `_look_at` finds out that a worker is gone.
        with contextlib.suppress(OSError):
            self.connection.send((case, start))

    def result(self) -> Finished | None:
        """The result of its case, if there is one by now."""
        assert self.process is not None
        try:
            word = self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):
            return self._lost(self._ended())
        if isinstance(word, Finished):
            if word.status is Status.FAILED and word.reason.startswith(_NO_MEMORY):
                self._replace()
            return word
        if word == _READY:
            self.is_ready = True
        elif word is not None:
            raise OptallocError(str(word))
        elif not self.process.is_alive() and not self.connection.poll():
            return self._lost(self._ended())
        elif self._late():
            return self._lost(f"it was still running after {self.limits.seconds:,.0f} s")
        return None

    def _late(self) -> bool:
        limit = self.limits.seconds
        return self.busy and limit is not None and time.perf_counter() - self.since > limit

    def _ended(self) -> str:
        """Reason why the process ended."""
        assert self.process is not None
        self.process.join(_LEAVE_S)
        code = self.process.exitcode
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            return f"its worker was ended by {name}" + _WHY.get(name, "")
        return f"its worker ended with exit code {code}"

    def _lost(self, how: str) -> Finished | None:
        """Replace this worker by a new one; its case has failed."""
        if not self.is_ready:
            raise OptallocError(
                f"a worker could not start: {how}. In a script, call optalloc.sweep under "
                'if __name__ == "__main__":, as workers import it too.'
            )
        self._replace()
        return Finished(key="", status=Status.FAILED, reason=how) if self.busy else None

    def _replace(self) -> None:
        self._kill()
        self._start()

    def _kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join(_LEAVE_S)
            self.connection.close()
            self.process = None

    def end(self) -> None:
        """End the process: at once where it is busy."""
        if self.process is not None and self.idle:
            with contextlib.suppress(OSError):
                self.connection.send(None)
            self.process.join(_LEAVE_S)
        self._kill()


_WHY = {"SIGKILL": ", perhaps for want of memory", "SIGABRT": ", perhaps for want of memory"}
_NO_MEMORY = "out of memory"


def _work(connection: Connection, base: Base, memory_bytes: int | None) -> None:
    """Solve cases until there are no more: the main function of a worker."""
    # Ctrl-C reaches every process of a terminal; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    limit_memory(memory_bytes)
    try:
        solver = CaseSolver(base)
        connection.send(_READY)
    except Exception as error:
        connection.send(f"a worker could not start: {error}")
        return
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        if task is None:
            return
        try:
            result = solver.solve(*task)
        except MemoryError:
            gigabytes = (memory_bytes or 0) / 2**30
            limit = f" (limit {gigabytes:.1f} GB)" if memory_bytes else ""
            result = Finished(key="", status=Status.FAILED, reason=f"{_NO_MEMORY}{limit}")
        with contextlib.suppress(OSError):
            connection.send(result)


def _leave_with_parent() -> None:
    """End this process when its parent is gone, also in the middle of a case."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
