"""A process of a portfolio, as the hub sees it: messages both ways, its end, and why it ended."""

from __future__ import annotations

import contextlib
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from optalloc.solving.strategies.worker import Assignment

__all__ = ["WorkerProcess", "describe_exit"]

LAUNCH = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from optalloc.solving.strategies.worker import main; main()"
)


class WorkerProcess:
    """One process, with a thread that reads from it and one that writes to it."""

    def __init__(
        self, assignment: Assignment, news: queue.Queue[tuple[WorkerProcess, tuple[Any, ...]]]
    ) -> None:
        self.assignment = assignment
        self.ended = self.doubted = False
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._mail: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._mail.put(assignment)
        self._threads = (
            threading.Thread(target=self._write, daemon=True),
            threading.Thread(target=self._read, args=(news,), daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def send(self, *message: Any) -> None:
        """Send it a message; never waits."""
        self._mail.put(message)

    def _write(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            while (message := self._mail.get()) is not None:
                pickle.dump(message, self._process.stdin, protocol=5)
                self._process.stdin.flush()

    def _read(self, news: queue.Queue[tuple[WorkerProcess, tuple[Any, ...]]]) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                news.put((self, pickle.load(self._process.stdout)))
        news.put((self, ("gone", self._process.wait())))

    def end(self, until: float) -> bool:
        """Wait for its end, then end it; return True where it ended by itself."""
        by_itself = True
        try:
            self._process.wait(max(until - time.perf_counter(), 0.0))
        except subprocess.TimeoutExpired:
            by_itself = False
            self._process.kill()
            self._process.wait()
        self._mail.put(None)
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            # What could not be written any more is of no use.
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        return by_itself


def describe_exit(code: int) -> str:
    """How a process ended, by its exit code."""
    if code >= 0:
        return f"ended with code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
