"""A task in a process of its own, which may crash, hang or be stopped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from optalloc.errors import OptallocError
from optalloc.serve.files import LOG, POINTS, RESULT
from optalloc.system import replacing

__all__ = ["INTERRUPTED", "State", "Task", "restored"]

LAUNCH = (
    "import sys; sys.path[:] = sys.argv[1:]; from optalloc.serve.work.process import main; main()"
)
# Most points of a chart.
MOST_POINTS = 2000
_TICK_S = 0.2
# Result of what went on when its server ended.
INTERRUPTED = {
    "ending": "interrupted",
    "words": ["The server ended while this went on, so that it has no result. Start it again."],
}
_CANDIDATE = "; a candidate, as limits found on the way may add to its cost"


class State(StrEnum):
    """State of a task."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    ENDED = "ended"


@dataclass
class Task:
    """A task, its progress, and its result.

    Parameters
    ----------
    folder : Path
        Existing folder for its files.
    request : mapping
        Input of the process, plain values.
    limit_s : float
        Seconds after which it is ended.
    grace_s : float
        Seconds that a solve may take after a request to stop, for each phase that is left.

    Attributes
    ----------
    points : list
        Seconds, incumbent, bound and gap, as the solve goes on.
    step : list
        Name of a longer part, how many units of it are done, and of how many; empty without one.
    result : dict
        Its result; ``ending`` is the kind of it.
    """

    folder: Path
    request: Mapping[str, Any]
    limit_s: float
    grace_s: float = 30.0
    state: State = State.WAITING
    phase: str = ""
    points: list[list[float | None]] = field(default_factory=list)
    step: list[Any] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None
    _renewed: float = 0.0
    _lost: str = ""

    @property
    def pid(self) -> int | None:
        """Number of its process, once it has one."""
        return None if self._process is None else self._process.pid

    @property
    def ended(self) -> bool:
        """True once there is a result."""
        return self.state is State.ENDED

    def end(self, **result: Any) -> None:
        """End it with a result, if it has none."""
        if not self.ended:
            self.state, self.result = State.ENDED, result
            self._add_proven()
            self._keep()

    def _add_proven(self) -> None:
        """End the points with what was proven: a proof that is repeated reports from its start."""
        found = next((self.result[k] for k in ("plan", "best") if k in self.result), self.result)
        if self.points and found.get("objective") is not None:
            proven = [found[name] for name in ("objective", "bound", "gap")]
            self._add([self.points[-1][0], *proven])

    def _keep(self) -> None:
        """Write result and points into its folder, for the next server; it may be gone."""
        with contextlib.suppress(OSError, OptallocError):
            for name, content in ((RESULT, self.result), (POINTS, self.points)):
                with replacing(self.folder / name) as draft:
                    draft.write_text(json.dumps(content), encoding="utf-8")

    async def run(self) -> None:
        """Run its process to the end; whatever happens to the process, there is a result."""
        if self.ended:
            return
        self.state = State.RUNNING
        with (self.folder / LOG).open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", LAUNCH, *sys.path),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                # Ctrl-C at the server's terminal must reach only the server.
                start_new_session=True,
                limit=2**20,
            )
        watch = asyncio.create_task(self._watch())
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(dict(self.request)).encode() + b"\n")
            await self._listen(self._process)
            await self._process.wait()
        finally:
            watch.cancel()
            self.kill()
            self.end(**self._outcome())

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError, ValueError):
            async for line in process.stdout:
                self._take(json.loads(line))

    def _take(self, message: Mapping[str, Any]) -> None:
        if "point" in message:
            self.phase = f"{message['doing']}{_CANDIDATE if message['candidate'] else ''}"
            self._add(list(message["point"]))
        elif "step" in message:
            # How far it is has a bar of its own.
            self.phase, *_ = self.step = list(message["step"])
        else:
            self.phase, self.step = str(message["phase"]), []
            self._renewed = time.monotonic()

    def _add(self, point: list[float | None]) -> None:
        """Keep a point; it replaces the last one where both before have the same values."""
        same = len(self.points) > 1 and all(
            earlier[1:] == point[1:] for earlier in self.points[-2:]
        )
        if same:
            self.points.pop()
        self.points.append(point)
        if len(self.points) > MOST_POINTS:
            self.points = self.points[::2] + self.points[-1:]

    async def _watch(self) -> None:
        """End a process that takes too long, or that does not stop on request."""
        begin = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            if now - begin > self.limit_s:
                self._lost = f"It was given up after {self.limit_s:,.0f} s."
                self.kill()
            elif self.state is State.STOPPING and now - self._renewed > self.grace_s:
                self._lost = f"It did not stop within {self.grace_s:,.0f} s, and was ended."
                self.kill()

    def stop(self) -> None:
        """Request it to stop and keep the best plan so far; the second time, end it at once."""
        if self.state is State.WAITING:
            self.end(ending="no plan", words=["It was taken off the queue before it began."])
        elif self.state is State.STOPPING:
            self._lost = "It was ended at once, and nothing was kept."
            self.kill()
        elif self.state is State.RUNNING and self._process is not None:
            self.state, self._renewed = State.STOPPING, time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End its process, and those that it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _outcome(self) -> dict[str, Any]:
        assert self._process is not None
        code = self._process.returncode
        if code == 0:
            with contextlib.suppress(OSError, ValueError):
                found: dict[str, Any] = json.loads((self.folder / RESULT).read_text("utf-8"))
                return found
        if self.state is State.STOPPING and not self._lost:
            return {"ending": "no plan", "words": ["It was stopped before a plan was found."]}
        return {"ending": "lost", "words": [self._lost or _ended_by(code)]}


def restored(folder: Path) -> Task:
    """A task of an earlier server, as its folder has it: ended, or interrupted with that server."""
    task = Task(folder, {}, 0.0, state=State.ENDED, result=dict(INTERRUPTED))
    with contextlib.suppress(OSError, ValueError):
        task.result = json.loads((folder / RESULT).read_text("utf-8"))
    with contextlib.suppress(OSError, ValueError):
        task.points = json.loads((folder / POINTS).read_text("utf-8"))
    return task


def _ended_by(code: int | None) -> str:
    """Reason why a process ended without a result."""
    if code is not None and code < 0:
        return (
            f"It crashed: the process that worked on it was ended by {signal.Signals(-code).name}, "
            "perhaps for lack of memory. Nothing else was touched; it may be started again."
        )
    return (
        "It crashed: the process that worked on it failed, a fault of optalloc. Nothing else was "
        "touched; whoever runs this server finds the reason in what it prints."
    )
