"""Processes that do tasks, one each at a time; each may crash, hang or run out of memory.

Each costs one task, which is reported as lost, and a new process takes the place. Processes are
spawned, never forked: the threads of a solver do not survive a fork.
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
from typing import Any, Protocol

from optalloc.errors import OptallocError
from optalloc.system import ended_by, infer_python_text, limit_memory

__all__ = ["Limits", "Lost", "Make", "Tasks", "leave_with_parent", "run_pool"]

_TICK_S = 0.25
_LEAVE_S = 5.0
_READY = "ready"
# Starts in a row that may fail.
_STARTS = 3

HINT = (
    'In a script, call optalloc under if __name__ == "__main__":, as workers import the script too.'
)

# Made in each process: what does a task there. Pickled, so a function of a module or a partial.
Make = Callable[[], Callable[[Any], Any]]


@dataclass(frozen=True)
class Limits:
    """Limits of one task: seconds of the clock, and bytes of address space."""

    seconds: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Lost:
    """A task that was not done, and why."""

    reason: str


class Tasks(Protocol):
    """Where tasks come from, and where their results go."""

    def __len__(self) -> int:
        """Return how many tasks could begin now."""
        ...

    def next(self) -> tuple[int, Any]:
        """Return the next task with its number."""
        ...

    def done(self, number: int, result: Any) -> None:
        """Take the result of a task, or `Lost`; further tasks may follow from it."""
        ...

    @property
    def over(self) -> bool:
        """True once nothing more is wanted: tasks that are at work are given up."""
        ...


def run_pool(make: Make, tasks: Tasks, jobs: int, limits: Limits) -> None:
    """Do tasks in processes until there are no more.

    Parameters
    ----------
    make : callable
        Called once in each process; what it returns does the tasks.
    tasks : Tasks
    jobs : int
        Processes.
    limits : Limits
        Of each task.

    Raises
    ------
    OptallocError
        If a process cannot start, or `Tasks.done` refuses.
    """
    workers = [_Worker(make, limits) for _ in range(jobs)]
    try:
        while not tasks.over and (len(tasks) or any(worker.busy for worker in workers)):
            for worker in workers:
                _look_at(worker, tasks)
            ready = [worker.connection for worker in workers if worker.process is not None]
            wait([*ready, *(w.process.sentinel for w in workers if w.process)], timeout=_TICK_S)
    finally:
        for worker in workers:
            worker.end()


def _look_at(worker: _Worker, tasks: Tasks) -> None:
    """Take the result of a worker, replace it if it has died, and give it the next task."""
    result = worker.result()
    if result is not None:
        number, worker.number = worker.number, None
        assert number is not None
        tasks.done(number, result)
    if worker.idle and len(tasks) and not tasks.over:
        worker.give(*tasks.next())


@dataclass
class _Worker:
    """One process and the task it is at."""

    make: Make
    limits: Limits
    process: BaseProcess | None = None
    connection: Any = None
    number: int | None = None
    is_ready: bool = False
    failed_starts: int = 0
    since: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self._start()

    @property
    def busy(self) -> bool:
        """True while it has a task."""
        return self.number is not None

    @property
    def idle(self) -> bool:
        """True while it waits for one."""
        return self.is_ready and self.number is None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        self.process, self.is_ready = process, False
        # Not as an argument: `start` would wait for good for a process that dies before it has
        # read all of a large program.
        with contextlib.suppress(OSError):
            self.connection.send((self.make, self.limits.memory_bytes))

    def give(self, number: int, task: Any) -> None:
        """Give it a task."""
        self.number, self.since = number, time.perf_counter()
        # `_look_at` finds out that a worker is gone.
        with contextlib.suppress(OSError):
            self.connection.send((task,))

    def result(self) -> Any:
        """The result of its task, or `Lost`, if there is one by now."""
        assert self.process is not None
        try:
            word = self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):
            return self._lost(self._ended())
        if isinstance(word, tuple):
            return word[0]
        if isinstance(word, Lost):
            # Memory that ran out may not come back.
            self._replace()
            return word
        if word == _READY:
            self.is_ready, self.failed_starts = True, 0
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
        return f"its worker {ended_by(self.process.exitcode)}"

    def _lost(self, how: str) -> Lost | None:
        """Replace this worker by a new one; its task is lost."""
        if not self.is_ready:
            self.failed_starts += 1
            # One that was killed as it started may start again; one that cannot start never will.
            if self.failed_starts >= _STARTS:
                raise OptallocError(f"a worker could not start: {how}. {HINT}")
        self._replace()
        return Lost(how) if self.busy else None

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


def _work(connection: Connection) -> None:
    """Do tasks until there are no more: the main function of a process."""
    # Ctrl-C reaches every process of a terminal; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=leave_with_parent, daemon=True).start()
    infer_python_text()
    try:
        make, memory_bytes = connection.recv()
        limit_memory(memory_bytes)
        work = make()
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
        word: object
        try:
            word = (work(*task),)
        except MemoryError:
            gigabytes = (memory_bytes or 0) / 2**30
            limit = f" (limit {gigabytes:.1f} GB)" if memory_bytes else ""
            word = Lost(f"out of memory{limit}")
        with contextlib.suppress(OSError):
            connection.send(word)


def leave_with_parent() -> None:
    """End this process when its parent is gone, also in the middle of a case."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
