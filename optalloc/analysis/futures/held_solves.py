"""Scenarios solved with decisions held, each audited: here, in processes, or on a cluster."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError
from optalloc.mip.outcome import Options, Outcome, Quality, StopReason
from optalloc.modelling.base import Base
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.futures import shared_frames, with_shared_frames
from optalloc.modelling.model import Model
from optalloc.modelling.program import build
from optalloc.modelling.renew import Renewed, renewed
from optalloc.plan.readback import read_audited, worst_of
from optalloc.scenarios.edits import rows_added
from optalloc.solving.cluster import run_tasks
from optalloc.solving.pool import Limits, Lost
from optalloc.solving.resolve import Resolver
from optalloc.solving.workers import case_limit, cores, worker_memory

__all__ = ["Costed", "HeldGroup", "HeldSolves", "Status"]

# With fewer solves for each, processes are started only if asked for: beside tests six solves of
# inputs/minimal-uncertain took 15 s of processor time in this process and 35 s in two others, each
# of which loads all that it needs.
_FEWEST = 8

# Called with the number of a group, that of a scenario in it, and what came of it.
Take = Callable[[int, int, "Costed"], None]


class Status:
    """How a scenario ended with decisions held."""

    CONTINUED = "continued"
    NO_PLAN = "no plan"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Costed:
    """Cost and bound of a scenario with decisions held; NaN where there is no plan.

    ``status`` is ``"no plan"`` where it is proven that none continues what is held, and
    ``"undecided"`` where none was found in time, its audit refused it, or it was lost with its
    process, which ``reason`` then says.
    """

    cost: float
    bound: float
    status: str
    reason: str = ""


@dataclass(frozen=True)
class HeldGroup:
    """Scenarios in which the same decisions are held, by rows on sheets that are added."""

    datasets: Sequence[Dataset]
    rows: Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class HeldSolves:
    """Solves scenarios with decisions held.

    Parameters
    ----------
    data : Dataset
        The workbook from which the scenarios differ.
    model : Model
    options : Options
        Of each solve.
    jobs : int, optional
        Processes of this machine; by default as many as cores, for eight solves each at least. With
        one it is this process.
    cluster : str, optional
        Address of a Dask scheduler, whose workers take the place of this machine's.
    """

    data: Dataset
    model: Model
    options: Options
    jobs: int | None = None
    cluster: str | None = None

    def run(self, groups: Sequence[HeldGroup], take: Take) -> None:
        """Solve all scenarios of all groups, and hand over what comes of each as it comes.

        Raises
        ------
        OptallocError
            If a worker cannot start or has another model folder.
        """
        tasks = _Tasks(self.data, self.model, groups, take)
        jobs = min(self.jobs or cores(), len(tasks) // (1 if self.jobs else _FEWEST))
        if self.cluster is None and jobs <= 1:
            solver = _Solver(self.data, self.model, self.options)
            while len(tasks):
                number, task = tasks.next()
                tasks.done(number, solver.solve(task))
            return
        make = functools.partial(_solver, Base.of(self.data, self.model, {}), self.options)
        limits = Limits(case_limit(None, self.options.time_limit_s), worker_memory(None, self.jobs))
        run_tasks(make, tasks, jobs, limits, self.cluster)


@dataclass(frozen=True)
class _Task:
    """A scenario as a worker needs it: its sheets that differ, and what it shares with others."""

    group: int
    frames: Mapping[str, pd.DataFrame]
    shared: tuple[pd.DataFrame, ...]


@dataclass
class _Tasks:
    """All scenarios, group after group, as the tasks of a pool."""

    data: Dataset
    model: Model
    groups: Sequence[HeldGroup]
    take: Take
    over = False
    _given: int = 0
    _places: list[tuple[int, int]] = field(init=False)
    _group: Iterator[_Task] = field(init=False)

    def __post_init__(self) -> None:
        self._places = [
            (g, k) for g, group in enumerate(self.groups) for k in range(len(group.datasets))
        ]

    def __len__(self) -> int:
        return len(self._places) - self._given

    def next(self) -> tuple[int, _Task]:
        """Return the next scenario."""
        number, self._given = self._given, self._given + 1
        group, first = self._places[number]
        if first == 0:
            self._group = self._of(group)
        return number, next(self._group)

    def done(self, number: int, result: Costed | Lost) -> None:
        """Take what came of a scenario; of one that was lost nothing is known."""
        if isinstance(result, Lost):
            result = Costed(np.nan, np.nan, Status.UNDECIDED, result.reason)
        self.take(*self._places[number], result)

    def _of(self, number: int) -> Iterator[_Task]:
        group = self.groups[number]
        # What is held may serve a need that another scenario has.
        held = [rows_added(group.rows, data) for data in group.datasets]
        for data, shared in zip(held, shared_frames(held, self.model), strict=True):
            own = self.data.frames
            frames = {name: f for name, f in data.frames.items() if f is not own.get(name)}
            yield _Task(number, frames, shared)


def _solver(base: Base, options: Options) -> Callable[[_Task], Costed]:
    """Give the function that solves scenarios in a worker."""
    model = base.model()
    return _Solver(base.dataset(model), model, options).solve


class _Solver:
    """Solves scenarios one after another, those of a group from the program of its first."""

    def __init__(self, data: Dataset, model: Model, options: Options) -> None:
        self._data, self._model, self._options = data, model, options
        self._group = -1
        self._known: Renewed | None = None
        self._resolvers: list[Resolver] = []

    def solve(self, task: _Task) -> Costed:
        """Solve a scenario."""
        if task.group != self._group:
            self._group, self._known, self._resolvers = task.group, None, []
        data = with_shared_frames(self._data.with_frames(task.frames), task.shared, self._model)
        try:
            if self._known is None:
                program = build(data, self._model)
                self._known = Renewed(program, compile_program(program), same_sets=True)
            new = renewed(self._known.program, self._known.arrays, data)
        except InfeasibleError:
            return Costed(np.nan, np.nan, Status.NO_PLAN)
        fitting = (one for one in self._resolvers if one.arrays.has_pattern_of(new.arrays))
        resolver = next(fitting, None)
        if resolver is None:
            resolver = Resolver(new.arrays, self._options)
            self._resolvers.append(resolver)
        return _costed(new, resolver.solve(new.arrays))


def _costed(new: Renewed, outcome: Outcome) -> Costed:
    if outcome.quality is Quality.NONE or outcome.values is None:
        proven = outcome.stop_reason is StopReason.INFEASIBLE
        return Costed(np.nan, np.nan, Status.NO_PLAN if proven else Status.UNDECIDED)
    _, audit = read_audited(new.program, new.arrays, outcome)
    if worst_of(audit):
        return Costed(np.nan, np.nan, Status.UNDECIDED)
    return Costed(outcome.objective, outcome.bound, Status.CONTINUED)
