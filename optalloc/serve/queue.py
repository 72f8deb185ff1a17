"""Queue of tasks: a number of solves at a time, and short tasks beside them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from optalloc.serve.files import LOG
from optalloc.serve.task import INTERRUPTED, Task

__all__ = ["TaskQueue"]

QUICK = 2


class TaskQueue:
    """Takes tasks, and runs a number of them at a time.

    Parameters
    ----------
    jobs : int
        Solves at a time.
    """

    def __init__(self, jobs: int) -> None:
        self._solving, self._quick = asyncio.Semaphore(jobs), asyncio.Semaphore(QUICK)
        self._queue: list[Task] = []
        self._running: dict[asyncio.Task[None], Task] = {}

    def take(
        self, task: Task, *, quick: bool = False, then: Callable[[], None] | None = None
    ) -> None:
        """Take a task; it runs once it is its turn, and then calls a function."""
        if not quick:
            self._queue.append(task)
        run = asyncio.create_task(self._run(task, self._quick if quick else self._solving))
        self._running[run] = task
        run.add_done_callback(self._running.pop)
        if then is not None:
            run.add_done_callback(lambda _: then())

    async def end_of(self, task: Task) -> None:
        """Wait until a task that was taken has ended."""
        for run, taken in list(self._running.items()):
            if taken is task:
                await asyncio.wait([run])

    async def _run(self, task: Task, turn: asyncio.Semaphore) -> None:
        async with turn:
            if task in self._queue:
                self._queue.remove(task)
            try:
                await task.run()
            except OSError as error:
                reason = f"No process could be started: {error.strerror}."
                task.end(ending="lost", words=[reason])
        if task.result.get("ending") == "lost":
            log = task.folder / LOG
            output = log.read_text("utf-8", "replace") if log.exists() else ""
            print(*task.result["words"], output, sep="\n", file=sys.stderr)

    def place(self, task: Task) -> int:
        """Place of a task in the queue, from 1; 0 if it does not wait."""
        waiting = [other for other in self._queue if not other.ended]
        return 1 + waiting.index(task) if task in waiting else 0

    async def drop(self, tasks: list[Task]) -> None:
        """End some tasks that are removed at once, and wait until they have ended."""
        await self._end(tasks, {"ending": "no plan", "words": ["It was removed."]})

    async def _end(self, tasks: list[Task], result: Mapping[str, Any]) -> None:
        own = [(run, task) for run, task in self._running.items() if task in tasks]
        for run, task in own:
            task.end(**result)
            if task.pid is None:
                run.cancel()
            else:
                task.kill()
        for run, _ in own:
            with suppress(asyncio.CancelledError):
                await run

    async def close(self) -> None:
        """End every task."""
        await self._end(list(self._running.values()), INTERRUPTED)
