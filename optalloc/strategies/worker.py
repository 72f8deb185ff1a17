"""What a process of its own does for a team: prove, bound by an interior point, search for plans.

The program comes as a file of plain arrays, messages go through the standard streams. Whatever is
found is sent at once, so that nothing is lost if the process ends, by itself or not.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from optalloc.arrays import Arrays, ExtraRows, Labels
from optalloc.highs import Highs
from optalloc.memory import limit_memory
from optalloc.outcome import Options, Progress
from optalloc.strategies.bounds import implied_bounds, safe_bound
from optalloc.strategies.kernel import hopeless, kernel
from optalloc.strategies.lagrangian import group_of_columns, priced
from optalloc.strategies.neighbourhood import Neighbourhoods
from optalloc.strategies.search import BROKEN, Search
from optalloc.tighten import Relaxation, Run

__all__ = ["Role", "Task", "main", "pack"]

# Seconds that the search waits for the relaxation's point before it begins from nothing.
HEAD_START_S = 5.0
# A plan that costs more than this times a draft that still breaks rows is left for the draft.
DRAFTY = 1.02
INTERIOR = {"solver": "ipx", "run_crossover": "off"}
# The bounding process solves its linear program again with rows that it was found to break, as
# long as the first share of the time is not over; no run takes more than the other of what is left.
BOUNDING_TIME, BOUNDING_MOST, BOUNDING_ROUNDS = 0.2, 0.6, 3
# Then it prices what groups of so many blocks share, in this share of what is left of the time.
PRICED, PRICED_GAP, PRICING_TIME = 10, 1e-5, 0.3
# By how much a sum of bounds is taken back, for the rounding in each.
SLACK = 1e-9
# How many steps off the relaxation a first plan is looked for; to which gap, then to which; each in
# which share of the time.
KERNELS, COARSE_GAP, FINE_GAP, KERNEL_TIME = (0, 1), 0.01, 0.003, 0.2
# The second look comes to what it comes to in about as long as the first, or not at all.
FINE_TIME, FINE_LEAST_S = 1.5, 2.0
# With more whole numbers to decide even that takes too long.
KERNEL_MOST = 1500


class Role(StrEnum):
    """What a process does."""

    PROVE = "proving"
    BOUND = "bounding"
    SEARCH = "searching"


@dataclass(frozen=True)
class Task:
    """What a process is told when it begins; ``ending`` by `time.time`, ``bytes`` of memory."""

    role: Role
    program: Path
    options: Options
    ending: float
    memory: int


def pack(arrays: Arrays, path: Path) -> None:
    """Write the program as plain arrays, without names and without what only Pyomo knows."""
    bare = replace(
        arrays, separate=None, source=None, rows=Labels.of(()), columns=Labels.of(()), fallbacks=()
    )
    with path.open("wb") as file:
        pickle.dump(bare, file, protocol=5)


def main() -> None:
    """Do the task that comes first on the standard input, in a process made for it."""
    # Ctrl-C is for the process that leads.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print is kept out of the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    task: Task = pickle.load(sys.stdin.buffer)
    link = _Link(sys.stdin.buffer, out)
    try:
        limit_memory(task.memory)
        with task.program.open("rb") as file:
            arrays: Arrays = pickle.load(file)
        link.start()
        worker = _Worker(arrays, task, link)
        {Role.PROVE: worker.prove, Role.BOUND: worker.bound, Role.SEARCH: worker.search}[
            task.role
        ]()
    except Exception:
        link.send("failed", traceback.format_exc(limit=-1).strip().splitlines()[-1])
    else:
        link.send("done")
    # No wait for threads of libraries, nor for the one that listens.
    os._exit(0)


class _Link:
    """The way to the process that leads: what it knows is here, what is found goes there."""

    def __init__(self, messages: BinaryIO, out: BinaryIO) -> None:
        self._messages, self._out, self._lock = messages, out, threading.Lock()
        self.plan: tuple[float, np.ndarray] | None = None
        self._given = math.inf
        self.point: tuple[np.ndarray, np.ndarray | None] | None = None
        self.draft: np.ndarray | None = None
        self.rows: list[ExtraRows] = []
        self.stopped = threading.Event()
        self.heard = threading.Event()
        self._running: Highs | None = None

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                kind, *content = pickle.load(self._messages)
                if kind == "stop":
                    break
                if kind == "plan":
                    self.plan = content[0], content[1]
                elif kind == "point":
                    self.point = content[0], content[1]
                elif kind == "draft":
                    self.draft = content[0]
                elif kind == "rows":
                    self.rows.append(content[0])
                self.heard.set()
        # Told to, or nobody is left to work for.
        self.stopped.set()
        self.heard.set()
        running = self._running
        if running is not None:
            running.cancel()

    def send(self, kind: str, *content: Any) -> None:
        """Tell the process that leads."""
        with self._lock, contextlib.suppress(OSError):
            pickle.dump((kind, *content), self._out, protocol=5)
            self._out.flush()

    @contextlib.contextmanager
    def running(self, highs: Highs) -> Iterator[None]:
        """Let a stop end this run."""
        self._running = highs
        if self.stopped.is_set():
            highs.cancel()
        try:
            yield
        finally:
            self._running = None

    def better_than(self, objective: float) -> np.ndarray | None:
        """Give the best plan known, if it costs less than this."""
        plan = self.plan
        if plan is None or (objective < math.inf and plan[0] >= objective - 1e-9 * abs(objective)):
            return None
        return plan[1]

    def found(self, values: np.ndarray) -> None:
        """Take a plan of the solver (`optalloc.highs.Beside`)."""
        self.send("plan", values)

    def suggest(self, objective: float) -> np.ndarray | None:
        """Give the solver a plan that it does not know."""
        plan = self.plan
        if plan is None or self.better_than(min(objective, self._given)) is None:
            return None
        self._given = plan[0]
        return plan[1]

    def is_enough(self, bound: float) -> bool:
        """Whether to end, whatever the bound is."""
        return self.stopped.is_set()


class _Worker:
    def __init__(self, arrays: Arrays, task: Task, link: _Link) -> None:
        self.arrays, self.task, self.link = arrays, task, link
        self.own = arrays.with_rows(~arrays.strengthening)
        self.options = replace(task.options, threads=1, time_limit_s=self.left_s())

    def left_s(self) -> float:
        return max(self.task.ending - time.time(), 0.0)

    def prove(self) -> None:
        """Tighten the relaxation, then branch and bound."""
        relaxation = Relaxation(self.arrays, self.options)
        for result in relaxation.rounds(Run(self.options, None)):
            if result.status == "kOptimal" and result.values is not None:
                self.link.send("bound", result.bound)
                duals = result.row_duals
                own = None if duals is None else duals[: len(self.own.row_lower)]
                self.link.send("point", result.values, own)
        core = relaxation.core
        highs = Highs(core, self.options, integer=True)

        def tell(now: Progress) -> None:
            self.link.send("bound", now.bound)

        with self.link.running(highs):
            result = highs.run(time_limit_s=self.left_s(), progress=tell, beside=self.link)
        if result.values is not None:
            self.link.send("plan", result.values)
        if math.isfinite(result.bound):
            self.link.send("bound", result.bound)
        self.link.send("ended", result.status, result.nodes)

    def bound(self) -> None:
        """Bound by an interior point, again with rows that it breaks; then search, or prove."""
        pool = np.flatnonzero(self.arrays.strengthening)
        kept = ~self.arrays.strengthening
        program, duals, until = self.own, None, time.time() + BOUNDING_TIME * self.left_s()
        for _ in range(BOUNDING_ROUNDS):
            program, began = self.arrays.with_rows(kept), time.time()
            highs = Highs(program, self.options, integer=False, settings=INTERIOR)
            with self.link.running(highs):
                values, duals = highs.run_to_point(BOUNDING_MOST * self.left_s())
            if values is None or duals is None or self.link.stopped.is_set():
                break
            self.link.send("bound", safe_bound(program, duals, implied_bounds(program)))
            self.link.point = values, duals[self.own_rows(kept)]
            self.link.send("point", *self.link.point)
            activity = self.arrays.matrix @ values
            over = activity - self.arrays.row_upper
            broken = pool[(over[pool] > 1e-4) & ~kept[pool]]
            kept[broken] = True
            if not len(broken) or 2 * time.time() - began > until:
                break
        if duals is not None and not self.link.stopped.is_set():
            self._price(program, duals)
        if self.task.options.time_limit_s is None:
            # With all the time there is, it is proved.
            self.prove()
            return
        self.options = replace(self.options, seed=self.options.seed + 1)
        self.search()

    def _begin(self, search: Search, point: np.ndarray, duals: np.ndarray | None) -> None:
        """Look for a first plan near the relaxation's point; where that is too large, group by
        group.
        """
        broken = abs(point - np.round(point)) > BROKEN
        if int((broken & self.own.integer).sum()) <= KERNEL_MOST:
            self._near(point, duals)
            return
        search.settle(point, self.link.stopped.is_set)
        if not self.link.stopped.is_set():
            self.link.draft = search.values
            self.link.send("draft", search.values)

    def _near(self, point: np.ndarray, duals: np.ndarray | None) -> None:
        """Look for a first plan near the relaxation's point, then for a better one less near."""
        began, most_s = time.perf_counter(), KERNEL_TIME * self.left_s()
        for steps in KERNELS:
            status = self._tried(kernel(self.own, point, steps), COARSE_GAP, most_s)
            if status != "kInfeasible":
                break
        known = self.link.plan
        if known is not None and duals is not None:
            objective, plan = known
            held = hopeless(self.own, point, duals, objective)
            fine_s = FINE_TIME * (time.perf_counter() - began) + FINE_LEAST_S
            near = kernel(self.own, point, 1, held=held, plan=plan)
            self._tried(near, FINE_GAP, min(fine_s, most_s))

    def _tried(self, near: Arrays, gap: float, most_s: float) -> str:
        """Search a part of the program, from the best plan known: how that ended."""
        if self.link.stopped.is_set():
            return ""
        options = replace(self.options, gap=max(gap, self.options.gap / 2))
        highs, known = Highs(near, options, integer=True), self.link.plan
        if known is not None:
            highs.start_from(known[1])
        with self.link.running(highs):
            result = highs.run(time_limit_s=min(most_s, self.left_s()), beside=self.link)
        if result.values is not None and (known is None or result.objective < known[0]):
            self.link.plan = result.objective, result.values
            self.link.send("plan", result.values)
        return result.status

    def _price(self, program: Arrays, duals: np.ndarray) -> None:
        """Bound by groups of blocks, what they share priced by the relaxation's multipliers.

        Each group raises the bound by what it costs in whole numbers above its relaxation.
        """
        assert program.parts is not None
        group = Neighbourhoods(program, program.parts).partition(PRICED)
        columns = group_of_columns(program, group)
        fixed, programs = priced(program, duals, columns, implied_bounds(program))
        bounds = [safe_bound(part.program, duals[part.rows]) for part in programs]
        until = time.time() + PRICING_TIME * self.left_s()
        options = replace(self.options, gap=PRICED_GAP)
        for number, part in enumerate(programs):
            if self.link.stopped.is_set() or time.time() > until:
                return
            settings = {"mip_heuristic_effort": 0.0}
            highs = Highs(part.program, options, integer=True, settings=settings)
            with self.link.running(highs):
                # What one leaves of its time the others have.
                fair = (until - time.time()) / (len(programs) - number)
                result = highs.run(time_limit_s=2 * fair)
            bounds[number] = max(bounds[number], result.bound)
            bound = fixed + math.fsum(bounds)
            self.link.send("bound", bound - SLACK * abs(bound))

    def own_rows(self, kept: np.ndarray) -> np.ndarray:
        """Places of the program's own rows among those kept."""
        return np.flatnonzero(~self.arrays.strengthening[kept])

    def search(self) -> None:
        """Decide part after part anew, from nothing, from the relaxation or from a plan."""
        link = self.link
        deadline = time.time() + HEAD_START_S
        while link.point is None and link.plan is None and time.time() < deadline:
            link.heard.wait(0.5)
            link.heard.clear()
            if link.stopped.is_set():
                return
        point, draft, told = None, None, math.inf
        nothing = np.where(np.isfinite(self.own.col_lower), self.own.col_lower, 0.0)
        search = Search(self.own, nothing, None, self.options)
        while not link.stopped.is_set() and self.left_s() > 0:
            if point is None and link.point is not None:
                point = link.point
                search = Search(self.own, *point, self.options)
                if link.draft is None:
                    self._begin(search, *point)
            if link.draft is not draft and link.draft is not None:
                draft = link.draft
                held = search.cost if search.is_plan else math.inf
                if DRAFTY * self.cost(draft) < min(self._known(), held):
                    search.adopt(draft)
            # A plan is worth more than what is broken, but not if it is much dearer than a draft.
            limit = math.inf if draft is None else DRAFTY * search.cost
            known = link.better_than(search.cost if search.is_plan else limit)
            if known is not None:
                search.adopt(known)
            while link.rows:
                # What was taken for a plan broke these.
                search.require(link.rows.pop(0))
                told = math.inf
            search.step(self.left_s())
            if search.is_plan and search.cost < min(told, self._known()):
                told = search.cost
                link.send("plan", search.values)

    def _known(self) -> float:
        """What the best plan costs that others told of."""
        return math.inf if self.link.plan is None else self.link.plan[0]

    def cost(self, values: np.ndarray) -> float:
        """What a point costs."""
        return float(self.own.cost @ values + self.own.offset)
