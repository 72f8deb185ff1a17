"""A portfolio of processes at one program: a hub and spokes that exchange plans and bounds.

None is trusted: each may crash, hang or return nonsense. What it has found until then is kept; a
crashed one is started again by another route; one that does not end is ended; a plan counts only if
it keeps every row.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import tempfile
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
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.strategies.farkas import FarkasCertificate, proves_infeasible
from optalloc.solving.strategies.polish import polish, polishing_s
from optalloc.solving.strategies.process import WorkerProcess, describe_exit
from optalloc.solving.strategies.worker import Assignment, Role, pack
from optalloc.system import share_of_memory

__all__ = ["Portfolio", "solve_by_portfolio"]

logger = logging.getLogger(__name__)

# Statuses of a proof that did not fail; after another it is repeated by another route.
PROVED = {"kOptimal", "kInfeasible", "kUnbounded", "kUnboundedOrInfeasible"}
ENDED = PROVED | {"kTimeLimit", "kInterrupt", "kHighsInterrupt", "kSolutionLimit"}


@dataclass
class _Fault:
    """Restarts for one reason, and True once no more are tried."""

    restarts: int = 0
    given_up: bool = False

    def sentence(self, what: str) -> str:
        """A sentence on all that happened for this reason."""
        again = "it was started again with another seed and without presolve"
        if self.restarts > 1:
            again += f", {self.restarts} times"
        parts = [what, *[again] * (self.restarts > 0)]
        return "; ".join([*parts, *["the others went on without it"] * self.given_up])


@dataclass
class Portfolio:
    """The hub of the processes at one program.

    Parameters
    ----------
    arrays : Arrays
    monitor : Monitor
    roles : sequence of Role
        One process each.
    say : callable
        Called with a sentence on a process that had to be started again or ended.
    """

    arrays: Arrays
    monitor: Monitor
    roles: Sequence[Role]
    say: Callable[[str], object]
    incumbent: Incumbent = field(default_factory=Incumbent)
    status: str = ""
    shortfalls: tuple[tuple[str, float], ...] = ()
    _bounded_by: WorkerProcess | None = None
    _faults: dict[str, _Fault] = field(default_factory=dict)

    def work(self) -> StopReason:
        """Run until the gap is reached, time is over, or no process is left."""
        self._news: queue.Queue[tuple[WorkerProcess, tuple[Any, ...]]] = queue.Queue()
        self._restarts, self._proved_rows = 0, 0
        self._polishing_s = polishing_s(self.arrays, self.monitor.options)
        with tempfile.TemporaryDirectory(prefix="optalloc-") as folder:
            self._program = Path(folder) / "program"
            pack(self.arrays, self._program)
            self._processes = [self._start(role, self.monitor.options) for role in self.roles]
            try:
                reason = self._listen()
            except KeyboardInterrupt:
                reason = StopReason.INTERRUPTED
            finally:
                self._disband()
                for what, fault in self._faults.items():
                    self.say(fault.sentence(what))
        polish(self.arrays, self.monitor, self.incumbent, self._polishing_s)
        return reason

    @property
    def _parameters(self) -> Parameters:
        return self.monitor.options.parameters

    def _left_s(self) -> float:
        """Seconds left for the processes; the plan is polished afterwards."""
        return self.monitor.left_s() - self._polishing_s

    def _start(self, role: Role, options: Options) -> WorkerProcess:
        share = share_of_memory(len(self.roles), least=0)
        memory = int(self._parameters.portfolio.memory_share * share) if share else 0
        ending = time.time() + min(self._left_s(), 1e9)
        level = logger.getEffectiveLevel()
        process = WorkerProcess(
            Assignment(role, self._program, options, ending, memory, level), self._news
        )
        if self.incumbent.values is not None:
            process.send("plan", self.incumbent.objective, self.incumbent.values)
        return process

    def _listen(self) -> StopReason:
        while any(not process.ended for process in self._processes):
            if self.incumbent.gap <= self.monitor.options.gap:
                return StopReason.GAP
            left = self._left_s()
            if left <= 0:
                return StopReason.TIME
            # In steps, so that Ctrl-C is heard.
            with contextlib.suppress(queue.Empty):
                process, message = self._news.get(timeout=min(left, 0.2))
                self._hear(process, *message)
            if (without := self._without_plan()) is not None:
                return without
            if self.monitor.options.time_limit_s is None and self._no_proof_left():
                break
        if self.incumbent.gap <= self.monitor.options.gap:
            return StopReason.GAP
        return StopReason.TIME if self._left_s() <= 0 else StopReason.FAILED

    def _without_plan(self) -> StopReason | None:
        """Reason why there is no optimal plan, as far as the processes have proved one."""
        if self.status == "kUnbounded":
            return StopReason.UNBOUNDED
        if (
            self.status in ("kInfeasible", "kUnboundedOrInfeasible")
            and self.incumbent.values is None
        ):
            return StopReason.INFEASIBLE
        return StopReason.UNBOUNDED if self.status == "kUnboundedOrInfeasible" else None

    def _no_proof_left(self) -> bool:
        return all(one.ended or one.assignment.role is Role.SEARCH for one in self._processes)

    def _hear(self, process: WorkerProcess, kind: str, *content: Any) -> None:
        """Take a message of a process; what a doubted one has proved counts no more."""
        if process.doubted and kind in ("infeasible", "ended"):
            return
        handlers: dict[str, Callable[..., None]] = {
            "plan": self._take,
            "bound": self._take_bound,
            "infeasible": self._take_certificate,
            "point": lambda sender, *found: self._send_others(sender, "point", *found),
            "candidate": lambda sender, *found: self._send_others(sender, "candidate", *found),
            "ended": self._take_end,
            "failed": lambda sender, why: self._again(sender, f"failed: {why}"),
            "log": self._log,
            "done": self._prove_again,
            "gone": self._take_exit,
        }
        handlers[kind](process, *content)

    def _log(self, process: WorkerProcess, name: str, level: int, text: str) -> None:
        logging.getLogger(name).log(level, "%s: %s", process.assignment.role, text)

    def _take_end(self, process: WorkerProcess, status: str, nodes: int) -> None:
        """Take the status of a proof."""
        self.incumbent.nodes += nodes
        if status not in ENDED:
            self._again(process, f"failed: HiGHS ended with {status}")
        elif status == "kInfeasible" and self.incumbent.values is not None:
            self._doubt(process, "found no plan where there is one")
        else:
            self.status = status

    def _take_exit(self, process: WorkerProcess, code: int) -> None:
        if not process.ended:
            self._again(process, describe_exit(code))

    def _take_bound(self, process: WorkerProcess, bound: float) -> None:
        if not self.incumbent.bound < bound < math.inf or process.doubted:
            return
        if contradicts(self.incumbent.objective, bound):
            self._doubt(process, "gave a bound above the cost of a plan")
            return
        self.incumbent.bound, self._bounded_by = bound, process
        self._report(process.assignment.role, logging.DEBUG)

    def _doubt(self, process: WorkerProcess, what: str) -> None:
        """Discard all that a process has proved, and let another prove by another route."""
        if process.doubted:
            return
        process.doubted = True
        if self._bounded_by is process:
            self.incumbent.bound = -math.inf
        process.send("stop")
        self._again(process, what)

    def _take_certificate(self, _: WorkerProcess, found: FarkasCertificate) -> None:
        """Take a certificate of infeasibility, if it is one."""
        own = self.arrays.with_rows(~self.arrays.strengthening)
        if self.incumbent.values is not None or not proves_infeasible(
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

    def _take(self, process: WorkerProcess, values: np.ndarray) -> None:
        """Take a plan if it is one and costs less, and send it to the others."""
        arrays = self.arrays
        rounded = np.where(arrays.integer, np.round(values), values)
        if not (np.isfinite(rounded).all() and self._keeps_all(rounded)):
            return
        objective = arrays.objective(rounded)
        if objective >= self.incumbent.objective:
            return
        violated = arrays.violated_by(rounded)
        if len(violated):
            self._require(violated)
        else:
            self.incumbent.take(rounded, objective)
            if self._bounded_by is not None and contradicts(objective, self.incumbent.bound):
                self._doubt(self._bounded_by, "gave a bound above the cost of a plan")
            self._report(process.assignment.role, logging.INFO)
            self._send_others(process, "plan", objective, rounded)

    def _require(self, violated: ExtraRows) -> None:
        """Take lazy constraints, and send them to those who search."""
        self.incumbent.lazy_rows.append(violated)
        self.incumbent.cut_rows += len(violated)
        for process in self._processes:
            if process.assignment.role is not Role.PROVE and not process.ended:
                process.send("rows", violated)

    def _keeps_all(self, values: np.ndarray) -> bool:
        arrays = self.arrays
        outside = np.maximum(arrays.col_lower - values, values - arrays.col_upper)
        inside = outside.max(initial=0.0) <= ROW_VIOLATION
        return bool(inside and not arrays.violations(values).any())

    def _send_others(self, process: WorkerProcess, *message: Any) -> None:
        for other in self._processes:
            if other is not process and not other.ended:
                other.send(*message)

    def _report(self, role: Role, level: int) -> None:
        """Report incumbent and bound: a better incumbent at INFO, a better bound at DEBUG."""
        found = self.incumbent
        now = Progress(self.monitor.seconds(), found.objective, found.bound, str(role))
        logger.log(
            level,
            "%s: incumbent %.8g, bound %.8g, gap %.3g %%, %.1f s",
            *(role, now.objective, now.bound, 100 * now.gap, now.seconds),
        )
        self.monitor.report(now)

    def _prove_again(self, process: WorkerProcess) -> None:
        """Repeat a proof that is done, where lazy constraints were found since."""
        process.ended = True
        known = len(self.incumbent.lazy_rows)
        if process.assignment.role is not Role.PROVE or known == self._proved_rows:
            return
        if self.incumbent.gap <= self.monitor.options.gap or self._left_s() <= 0:
            return
        self._proved_rows, self.status = known, ""
        rows = ExtraRows.joined(self.incumbent.lazy_rows, len(self.arrays.cost))
        pack(self.arrays.with_extra(rows), self._program)
        self._processes.append(self._start(Role.PROVE, self.monitor.options))

    def _again(self, process: WorkerProcess, how: str) -> None:
        """Start a process again by another route, a few times."""
        process.ended = True
        fault = self._faults.setdefault(f"the process {process.assignment.role} {how}", _Fault())
        if self._restarts >= self._parameters.portfolio.retries:
            fault.given_up = True
            return
        self._restarts += 1
        fault.restarts += 1
        seed = self.monitor.options.seed + self._restarts
        options = replace(self.monitor.options, seed=seed, presolve=False)
        self._processes.append(self._start(process.assignment.role, options))

    def _disband(self) -> None:
        for process in self._processes:
            process.send("stop")
        until = time.perf_counter() + self._parameters.portfolio.stopping_s
        for process in self._processes:
            if not process.end(until):
                role = process.assignment.role
                self.say(f"the process {role} did not end when stopped, and was killed")


def solve_by_portfolio(
    arrays: Arrays,
    options: Options,
    progress: ProgressCallback | None,
    roles: Sequence[Role],
    strategy: Strategy,
) -> Outcome:
    """Solve a program by a portfolio; its outcome notes what happened to the processes."""
    monitor, notes = Monitor(options, progress), list[str]()
    portfolio = Portfolio(arrays, monitor, roles, notes.append)
    reason = portfolio.work()
    found = portfolio.incumbent.outcome(reason, monitor)
    if reason is StopReason.INFEASIBLE:
        found = replace(found, bound=math.inf, shortfalls=portfolio.shortfalls)
    return replace(found, strategy=strategy, notes=tuple(notes))
