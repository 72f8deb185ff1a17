"""Queue of tasks: a number of solves at a time, and short tasks beside them."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from optalloc.serve.task import Task

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

    def take(self, task: Task, *, quick: bool = False) -> None:
        """Take a task; it runs once it is its turn."""
        if not quick:
            self._queue.append(task)
        run = asyncio.create_task(self._run(task, self._quick if quick else self._solving))
        self._running[run] = task
        run.add_done_callback(self._running.pop)

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
            log = task.folder / "log.txt"
            output = log.read_text("utf-8", "replace") if log.exists() else ""
            print(*task.result["words"], output, sep="\n", file=sys.stderr)

    def place(self, task: Task) -> int:
        """Place of a task in the queue, from 1; 0 if it does not wait."""
        waiting = [other for other in self._queue if not other.ended]
        return 1 + waiting.index(task) if task in waiting else 0

    async def drop(self, tasks: list[Task]) -> None:
        """End some tasks at once, and wait until they have ended."""
        own = [(run, task) for run, task in self._running.items() if task in tasks]
        for run, task in own:
            task.end(ending="no plan", words=["It was removed."])
            if task.pid is None:
                run.cancel()
            else:
                task.kill()
        for run, _ in own:
            with suppress(asyncio.CancelledError):
                await run

    async def close(self) -> None:
        """End every task."""
        await self.drop(list(self._running.values()))
