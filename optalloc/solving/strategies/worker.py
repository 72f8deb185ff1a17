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

from optalloc.mip.arrays import Arrays, ExtraRows, Labels
from optalloc.mip.bounds import enough_bounds
from optalloc.mip.outcome import Options, Progress
from optalloc.mip.tolerances import ROUNDING, ROW_VIOLATION
from optalloc.solving.cut_loop import Relaxation, Run
from optalloc.solving.highs import Highs
from optalloc.solving.strategies.farkas import contradiction
from optalloc.solving.strategies.lagrangian import group_of_columns, priced
from optalloc.solving.strategies.neighbourhoods import Neighbourhoods
from optalloc.solving.strategies.rens import hopeless, kernel
from optalloc.solving.strategies.restricted_search import View
from optalloc.solving.strategies.restriction import Narrow
from optalloc.solving.strategies.safe_bound import safe_bound
from optalloc.solving.strategies.sifting import Sifted, sift
from optalloc.system import limit_memory

__all__ = ["Role", "Task", "main", "pack"]

INTERIOR = {"solver": "ipx", "run_crossover": "off"}


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
    except Exception as error:
        link.send("failed", _described(error))
    else:
        link.send("done")
    # No wait for threads of libraries, nor for the one that listens.
    os._exit(0)


def _described(error: Exception) -> str:
    """An error, and the line where it was raised."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    what = traceback.format_exception_only(error)[-1].strip()
    return f"{what} ({Path(at.filename).name}, line {at.lineno})"


def _is_close(found: Sifted, close_gap: float) -> bool:
    """Whether what a relaxation costs is near its bound."""
    return found.cost - found.bound <= close_gap * abs(found.cost)


def _is_stuck(found: Sifted, close_gap: float) -> bool:
    """Whether rows are violated though nothing else brings the cost nearer to its bound."""
    return found.violated and _is_close(found, close_gap)


def _of_use(found: Sifted, most: int) -> np.ndarray | None:
    """Mask of the columns to search: those taken, and of all others the nearest to be."""
    if len(found.columns) <= most:
        return None
    dear = np.where(found.columns, -np.inf, found.reduced)
    mask = np.zeros(len(dear), dtype=bool)
    mask[np.argpartition(dear, most)[:most]] = True
    return mask


class _Link:
    """The way to the process that leads: what it knows is here, what is found goes there."""

    def __init__(self, messages: BinaryIO, out: BinaryIO) -> None:
        self._messages, self._out, self._lock = messages, out, threading.Lock()
        self.plan: tuple[float, np.ndarray] | None = None
        self._given = math.inf
        self.point: tuple[np.ndarray, np.ndarray, np.ndarray | None] | None = None
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
                    self.point = content[0], content[1], content[2]
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
        if plan is None or (
            objective < math.inf and plan[0] >= objective - ROUNDING * abs(objective)
        ):
            return None
        return plan[1]

    def found(self, values: np.ndarray) -> None:
        """Take a plan of the solver (`optalloc.solving.highs.Beside`)."""
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


@dataclass(frozen=True)
class _Through:
    """The link of a solver that knows some columns only (`optalloc.solving.highs.Beside`)."""

    link: _Link
    narrow: Narrow

    def found(self, values: np.ndarray) -> None:
        self.link.found(self.narrow.widened(values))

    def suggest(self, objective: float) -> np.ndarray | None:
        plan = self.link.suggest(objective)
        if plan is None or self.narrow.lacking(plan).any():
            return None
        return self.narrow.narrowed(plan)

    def is_enough(self, bound: float) -> bool:
        return self.link.is_enough(bound)


class _Worker:
    def __init__(self, arrays: Arrays, task: Task, link: _Link) -> None:
        self.arrays, self.task, self.link = arrays, task, link
        self.parameters = task.options.parameters
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
                if result.row_duals is not None:
                    own = result.row_duals[: len(self.own.row_lower)]
                    self.link.send("point", result.values, own, None)
        core = relaxation.core
        highs = Highs(core, self.options, integer=True)

        def tell(now: Progress) -> None:
            self.link.send("bound", now.bound)

        with self.link.running(highs):
            result = highs.run(time_limit_s=self.left_s(), progress=tell, beside=self.link)
        if result.values is not None:
            self.link.send("plan", result.values)
            # Rounded alone, its integers may violate a row by more than the solver did.
            whole = np.round(result.values)
            fixed = Highs(core.with_fixed(core.integer, whole), self.options, integer=False)
            with self.link.running(fixed):
                exact = fixed.run(time_limit_s=self.left_s())
            if exact.values is not None:
                self.link.send("plan", exact.values)
        if math.isfinite(result.bound):
            self.link.send("bound", result.bound)
        self.link.send("ended", result.status, result.nodes)

    def bound(self) -> None:
        """Bound by the relaxation, column by column; then search for plans.

        Where that gives no bound, or no plan is known by then, the question is whether there is
        any: multipliers may prove that there is none, and else the whole program goes to the
        solver. So it does where there is all the time that a proof takes.
        """
        assert self.own.parts is not None
        group = Neighbourhoods(self.own, self.own.parts, self.parameters).partition(
            self.parameters.lagrangian.group_blocks
        )
        found = self._sift(group)
        if (
            found is None or _is_stuck(found, self.parameters.bounding.close_gap)
        ) and self._has_none():
            return
        if found is None:
            self.prove()
            return
        self._price(self.arrays.with_rows(found.rows), found.duals[found.rows], group)
        if self.link.stopped.is_set():
            return
        if self.task.options.time_limit_s is None or self.link.plan is None:
            if not self._has_none():
                self.prove()
            return
        self.options = replace(self.options, seed=self.options.seed + 1)
        self.search()

    def _has_none(self) -> bool:
        """Whether rows that contradict each other were found, and sent."""
        if self.link.plan is not None or self.link.stopped.is_set():
            return False
        proof = contradiction(self.own, self._roughly)
        if proof is None:
            return False
        self.link.send("contradiction", proof)
        return True

    def _sift(self, group: np.ndarray) -> Sifted | None:
        """Send bounds and points of the relaxation: the last one, None where there is no bound."""
        bounding = self.parameters.bounding
        found, left_s, stuck = None, self.left_s(), 0
        first = began = time.time()
        for found in sift(self.arrays, group, self._roughly, self._exactly, self.parameters):
            self.link.send("bound", found.bound)
            close = _is_close(found, bounding.close_gap)
            # As long as it is not close nothing else is worth as much as another round.
            until = first + (bounding.time_share if close else bounding.most_time_share) * left_s
            stuck = stuck + 1 if _is_stuck(found, bounding.close_gap) else 0
            done = found.done and not found.violated
            last = done or stuck >= bounding.violated_rounds or 2 * time.time() - began > until
            if last or close:
                own = ~self.arrays.strengthening
                self.link.point = (
                    found.values,
                    found.duals[own],
                    _of_use(found, bounding.searched_columns),
                )
                self.link.send("point", *self.link.point)
            if last:
                break
            began = time.time()
        return found if found is not None and math.isfinite(found.bound) else None

    def _roughly(self, program: Arrays) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Solve a linear program by an interior point."""
        highs = Highs(program, self.options, integer=False, settings=INTERIOR)
        with self.link.running(highs):
            return highs.run_to_point(self.parameters.bounding.most_time_share * self.left_s())

    def _exactly(self, program: Arrays) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Solve a linear program to a vertex."""
        highs = Highs(program, self.options, integer=False)
        with self.link.running(highs):
            return highs.run_to_point(self.left_s())

    def _begin(self, view: View, point: np.ndarray, duals: np.ndarray) -> None:
        """Look for a first plan near the relaxation's point; where that is too large, group by
        group.
        """
        broken = abs(point - np.round(point)) > ROW_VIOLATION
        if int((broken & self.own.integer).sum()) <= self.parameters.rens.most_fractional:
            self._near(view.narrow, point, duals)
            return
        view.search.settle(view.narrow.narrowed(point), self.link.stopped.is_set)
        if not self.link.stopped.is_set():
            self.link.draft = view.values
            self.link.send("draft", self.link.draft)

    def _near(self, narrow: Narrow, point: np.ndarray, duals: np.ndarray) -> None:
        """Look for a first plan near the relaxation's point, then for a better one less near."""
        rens = self.parameters.rens
        began, most_s = time.perf_counter(), rens.time_share * self.left_s()
        program, here = narrow.program, narrow.narrowed(point)
        for steps in (0, 1):
            status = self._tried(narrow, kernel(program, here, steps), rens.coarse_gap, most_s)
            if status != "kInfeasible":
                break
        known = self.link.plan
        if known is not None and not narrow.lacking(known[1]).any():
            objective, plan = known
            duals = duals[narrow.rows]
            held = hopeless(program, here, duals, objective, rens.reduced_cost_share)
            fine_s = rens.fine_time_factor * (time.perf_counter() - began) + rens.fine_least_s
            near = kernel(program, here, 1, held=held, plan=narrow.narrowed(plan))
            self._tried(narrow, near, rens.fine_gap, min(fine_s, most_s))

    def _tried(self, narrow: Narrow, near: Arrays, gap: float, most_s: float) -> str:
        """Search a part of the program, from the best plan known: how that ended."""
        if self.link.stopped.is_set():
            return ""
        options = replace(self.options, gap=max(gap, self.options.gap / 2))
        highs, known = Highs(near, options, integer=True), self.link.plan
        if known is not None and not narrow.lacking(known[1]).any():
            highs.start_from(narrow.narrowed(known[1]))
        with self.link.running(highs):
            result = highs.run(
                time_limit_s=min(most_s, self.left_s()), beside=_Through(self.link, narrow)
            )
        if result.values is not None and (known is None or result.objective < known[0]):
            self.link.plan = result.objective, narrow.widened(result.values)
            self.link.send("plan", self.link.plan[1])
        return result.status

    def _price(self, program: Arrays, duals: np.ndarray, group: np.ndarray) -> None:
        """Bound by groups of blocks, what they share priced by the relaxation's multipliers.

        Each group raises the bound by what it costs in whole numbers above its relaxation.
        """
        columns = group_of_columns(program, group)
        fixed, programs = priced(
            program, duals, columns, enough_bounds(program, self.parameters.bound_tightening)
        )
        bounds = [safe_bound(part.program, duals[part.rows]) for part in programs]
        until = time.time() + self.parameters.lagrangian.time_share * self.left_s()
        options = replace(self.options, gap=self.parameters.lagrangian.gap)
        for number, part in enumerate(programs):
            if self.link.stopped.is_set() or time.time() > until:
                return
            settings = {"mip_heuristic_effort": 0.0}
            highs = Highs(part.program, options, integer=True, settings=settings)
            with self.link.running(highs):
                # What one leaves of its time the others have.
                fair = (until - time.time()) / (len(programs) - number)
                result = highs.run(time_limit_s=2 * fair)
            if result.status == "kInfeasible":
                # What no plan of the group keeps, none of the whole does.
                self.link.send("ended", result.status, result.nodes)
                return
            bounds[number] = max(bounds[number], result.bound)
            bound = fixed + math.fsum(bounds)
            self.link.send("bound", bound - ROUNDING * abs(bound))

    def search(self) -> None:
        """Decide part after part anew, from nothing, from the relaxation or from a plan."""
        link = self.link
        deadline = time.time() + self.parameters.searching.head_start_s
        while link.point is None and link.plan is None and time.time() < deadline:
            link.heard.wait(0.5)
            link.heard.clear()
            if link.stopped.is_set():
                return
        point, draft, told = None, None, math.inf
        view = View(self.own, self.options, link.running)
        while not link.stopped.is_set() and self.left_s() > 0:
            # Where there is a plan, what is known of how to make it better is worth more than a
            # relaxation that is a little closer.
            fresh = link.point is not point and (point is None or not view.is_plan)
            if fresh and link.point is not None:
                first, point = point is None, link.point
                view.look_at(*point, afresh=first)
                if first and link.draft is None:
                    self._begin(view, point[0], view.of_rows(point[1]))
            if link.draft is not draft and link.draft is not None:
                draft = link.draft
                held = view.cost if view.is_plan else math.inf
                if self.parameters.searching.candidate_cost_factor * self.cost(draft) < min(
                    self._known(), held
                ):
                    view.adopt(draft)
            # A plan is worth more than what is broken, but not if it is much dearer than a draft.
            limit = (
                math.inf
                if draft is None
                else self.parameters.searching.candidate_cost_factor * view.cost
            )
            known = link.better_than(view.cost if view.is_plan else limit)
            if known is not None:
                view.adopt(known)
            while link.rows:
                # What was taken for a plan broke these.
                view.require(link.rows.pop(0))
                told = math.inf
            view.search.step(self.left_s())
            if view.is_plan and view.cost < min(told, self._known()):
                told = view.cost
                link.send("plan", view.values)

    def _known(self) -> float:
        """What the best plan costs that others told of."""
        return math.inf if self.link.plan is None else self.link.plan[0]

    def cost(self, values: np.ndarray) -> float:
        """What a point costs."""
        return float(self.own.cost @ values + self.own.offset)
