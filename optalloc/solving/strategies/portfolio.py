"""Several processes at one program: plans and bounds exchanged, none of them trusted to live.

Each process may crash, hang or come back with nonsense. What it has found until then is kept; a
crashed one is started again by another route; one that does not end is ended; a plan counts only
if it keeps every row.
"""

from __future__ import annotations

import contextlib
import math
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import (
    Options,
    Outcome,
    Progress,
    ProgressCallback,
    StopReason,
    Strategy,
    contradicts,
)
from optalloc.mip.parameters import Parameters
from optalloc.mip.tolerances import FEASIBILITY, ROW_VIOLATION
from optalloc.solving.cut_loop import Run
from optalloc.solving.direct import Best
from optalloc.solving.strategies.farkas import Contradiction, is_proof
from optalloc.solving.strategies.large_neighbourhood import excess
from optalloc.solving.strategies.polish import polish, polishing_s
from optalloc.solving.strategies.worker import Role, Task, pack
from optalloc.system import share_of_memory

__all__ = ["Team", "team_outcome"]

# How a proof ends that has done what it could; what it has not proved by then needs another route.
PROVED = {"kOptimal", "kInfeasible", "kUnbounded", "kUnboundedOrInfeasible"}
ENDED = PROVED | {"kTimeLimit", "kInterrupt", "kHighsInterrupt", "kSolutionLimit"}
LAUNCH = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from optalloc.solving.strategies.worker import main; main()"
)


class _Member:
    """One process, with a thread that reads from it and one that writes to it."""

    def __init__(self, task: Task, news: queue.Queue[tuple[_Member, tuple[Any, ...]]]) -> None:
        self.task = task
        self.ended = self.doubted = False
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._mail: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._mail.put(task)
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
        """Tell it something; never waits."""
        self._mail.put(message)

    def _write(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            while (message := self._mail.get()) is not None:
                pickle.dump(message, self._process.stdin, protocol=5)
                self._process.stdin.flush()

    def _read(self, news: queue.Queue[tuple[_Member, tuple[Any, ...]]]) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                news.put((self, pickle.load(self._process.stdout)))
        news.put((self, ("gone", self._process.wait())))

    def end(self, until: float) -> bool:
        """Wait for its end, then make it end: whether it ended by itself."""
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


@dataclass
class _Fault:
    """How often a process was started again for one reason, and whether it no longer is."""

    restarts: int = 0
    given_up: bool = False

    def sentence(self, what: str) -> str:
        """All that happened for this reason."""
        again = "it was started again with another seed and without presolve"
        if self.restarts > 1:
            again += f", {self.restarts} times"
        told = [what, *[again] * (self.restarts > 0)]
        return "; ".join([*told, *["the others went on without it"] * self.given_up])


@dataclass
class Team:
    """Processes at one program.

    Parameters
    ----------
    arrays : Arrays
    run : Run
    roles : sequence of Role
        One process each.
    say : callable
        Called with a sentence about a process that had to be started again or ended.
    """

    arrays: Arrays
    run: Run
    roles: Sequence[Role]
    say: Callable[[str], object]
    best: Best = field(default_factory=Best)
    status: str = ""
    shortfalls: tuple[tuple[str, float], ...] = ()
    _bounded_by: _Member | None = None
    _faults: dict[str, _Fault] = field(default_factory=dict)

    def work(self) -> StopReason:
        """Let all work until the gap is reached, time is over, or nobody is left."""
        self._news: queue.Queue[tuple[_Member, tuple[Any, ...]]] = queue.Queue()
        self._retried, self._proved_with = 0, 0
        self._polishing_s = polishing_s(self.arrays, self.run.options)
        with tempfile.TemporaryDirectory(prefix="optalloc-") as folder:
            self._program = Path(folder) / "program"
            pack(self.arrays, self._program)
            self._members = [self._start(role, self.run.options) for role in self.roles]
            try:
                reason = self._listen()
            except KeyboardInterrupt:
                reason = StopReason.INTERRUPTED
            finally:
                self._disband()
                for what, fault in self._faults.items():
                    self.say(fault.sentence(what))
        polish(self.arrays, self.run, self.best, self._polishing_s)
        return reason

    @property
    def _parameters(self) -> Parameters:
        return self.run.options.parameters

    def _left_s(self) -> float:
        """Seconds left for the processes; the plan is polished afterwards."""
        return self.run.left_s() - self._polishing_s

    def _start(self, role: Role, options: Options) -> _Member:
        share = share_of_memory(len(self.roles), least=0)
        memory = int(self._parameters.portfolio.memory_share * share) if share else 0
        ending = time.time() + min(self._left_s(), 1e9)
        return _Member(Task(role, self._program, options, ending, memory), self._news)

    def _listen(self) -> StopReason:
        while any(not member.ended for member in self._members):
            if self._gap() <= self.run.options.gap:
                return StopReason.GAP
            left = self._left_s()
            if left <= 0:
                return StopReason.TIME
            # In steps, so that Ctrl-C is heard.
            with contextlib.suppress(queue.Empty):
                member, message = self._news.get(timeout=min(left, 0.2))
                self._hear(member, *message)
            if (without := self._without_plan()) is not None:
                return without
            if self.run.options.time_limit_s is None and self._nobody_proves():
                break
        if self._gap() <= self.run.options.gap:
            return StopReason.GAP
        return StopReason.TIME if self._left_s() <= 0 else StopReason.FAILED

    def _without_plan(self) -> StopReason | None:
        """Why there is no best plan, as far as the processes know."""
        if self.status == "kUnbounded":
            return StopReason.UNBOUNDED
        if self.status in ("kInfeasible", "kUnboundedOrInfeasible") and self.best.values is None:
            return StopReason.INFEASIBLE
        return StopReason.UNBOUNDED if self.status == "kUnboundedOrInfeasible" else None

    def _nobody_proves(self) -> bool:
        return all(one.ended or one.task.role is Role.SEARCH for one in self._members)

    def _gap(self) -> float:
        return Progress(0.0, self.best.objective, self.best.bound, "").gap

    def _hear(self, member: _Member, kind: str, *content: Any) -> None:
        if kind == "plan":
            self._take(member, content[0])
        elif kind == "bound":
            self._take_bound(member, float(content[0]))
        elif member.doubted and kind in ("contradiction", "ended"):
            pass
        elif kind == "contradiction":
            self._believe(content[0])
        elif kind in ("point", "draft"):
            self._tell_others(member, kind, *content)
        elif kind == "ended":
            self.best.nodes += content[1]
            if content[0] not in ENDED:
                self._again(member, f"failed: HiGHS ended with {content[0]}")
            elif content[0] == "kInfeasible" and self.best.values is not None:
                self._doubt(member, "found no plan where there is one")
            else:
                self.status = content[0]
        elif kind == "failed":
            self._again(member, f"failed: {content[0]}")
        elif kind == "done":
            member.ended = True
            self._prove_again(member)
        elif kind == "gone" and not member.ended:
            self._again(member, _how(content[0]))

    def _take_bound(self, member: _Member, bound: float) -> None:
        if not self.best.bound < bound < math.inf or member.doubted:
            return
        if contradicts(self.best.objective, bound):
            self._doubt(member, "gave a bound above the cost of a plan")
            return
        self.best.bound, self._bounded_by = bound, member
        self._report(member.task.role)

    def _doubt(self, member: _Member, what: str) -> None:
        """Believe nothing that a process has proved; let another prove by another route."""
        if member.doubted:
            return
        member.doubted = True
        if self._bounded_by is member:
            self.best.bound = -math.inf
        member.send("stop")
        self._again(member, what)

    def _believe(self, found: Contradiction) -> None:
        """Take a proof that there is no plan, if it is one."""
        own = self.arrays.with_rows(~self.arrays.strengthening)
        if self.best.values is not None or not is_proof(
            own, found.duals, self._parameters.bound_tightening
        ):
            return
        worst = np.argsort(-found.amounts)
        self.shortfalls = tuple(
            (own.row_name(int(row)), float(found.amounts[row]))
            for row in worst
            if found.amounts[row] > FEASIBILITY
        )
        self.status = "kInfeasible"

    def _take(self, member: _Member, values: np.ndarray) -> None:
        """Keep a plan if it is one, and let the others know it."""
        arrays = self.arrays
        whole = np.where(arrays.integer, np.round(values), values)
        if not (np.isfinite(whole).all() and self._keeps_all(whole)):
            return
        objective = float(arrays.cost @ whole + arrays.offset)
        if objective >= self.best.objective:
            return
        broken = arrays.broken_by(whole)
        if len(broken):
            self._require(broken)
        else:
            self.best.take(whole, objective)
            if self._bounded_by is not None and contradicts(objective, self.best.bound):
                self._doubt(self._bounded_by, "gave a bound above the cost of a plan")
            self._report(member.task.role)
            self._tell_others(member, "plan", objective, whole)

    def _require(self, broken: ExtraRows) -> None:
        """Rows that were not known: those who search keep them from now on."""
        self.best.broken.append(broken)
        self.best.cut_rows += len(broken)
        for member in self._members:
            if member.task.role is not Role.PROVE and not member.ended:
                member.send("rows", broken)

    def _keeps_all(self, values: np.ndarray) -> bool:
        arrays = self.arrays
        outside = np.maximum(arrays.col_lower - values, values - arrays.col_upper)
        inside = outside.max(initial=0.0) <= ROW_VIOLATION
        return bool(inside and not excess(arrays, values).any())

    def _tell_others(self, member: _Member, *message: Any) -> None:
        for other in self._members:
            if other is not member and not other.ended:
                other.send(*message)

    def _report(self, role: Role) -> None:
        best = self.best
        self.run.report(Progress(self.run.seconds(), best.objective, best.bound, str(role)))

    def _prove_again(self, member: _Member) -> None:
        """A proof without rows that were found since is gone about again with them."""
        known = len(self.best.broken)
        if member.task.role is not Role.PROVE or known == self._proved_with:
            return
        if self._gap() <= self.run.options.gap or self._left_s() <= 0:
            return
        self._proved_with, self.status = known, ""
        rows = ExtraRows.joined(self.best.broken, len(self.arrays.cost))
        pack(self.arrays.with_extra(rows), self._program)
        self._members.append(self._start(Role.PROVE, self.run.options))

    def _again(self, member: _Member, how: str) -> None:
        """Start a process again by another route, a few times."""
        member.ended = True
        fault = self._faults.setdefault(f"the process {member.task.role} {how}", _Fault())
        if self._retried >= self._parameters.portfolio.retries:
            fault.given_up = True
            return
        self._retried += 1
        fault.restarts += 1
        seed = self.run.options.seed + self._retried
        options = replace(self.run.options, seed=seed, presolve=False)
        fresh = self._start(member.task.role, options)
        self._members.append(fresh)
        if self.best.values is not None:
            fresh.send("plan", self.best.objective, self.best.values)

    def _disband(self) -> None:
        for member in self._members:
            member.send("stop")
        until = time.perf_counter() + self._parameters.portfolio.stopping_s
        for member in self._members:
            if not member.end(until):
                self.say(f"the process {member.task.role} did not end when told to, and was ended")


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


def team_outcome(
    arrays: Arrays,
    options: Options,
    progress: ProgressCallback | None,
    roles: Sequence[Role],
    strategy: Strategy,
) -> Outcome:
    """Let a team solve a program: the outcome, with what there is to say of its processes."""
    run, notes = Run(options, progress), list[str]()
    team = Team(arrays, run, roles, notes.append)
    reason = team.work()
    found = team.best.outcome(reason, run)
    if reason is StopReason.INFEASIBLE:
        found = replace(found, bound=math.inf, shortfalls=team.shortfalls)
    return replace(found, strategy=strategy, notes=tuple(notes))
