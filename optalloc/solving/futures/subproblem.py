"""One scenario with other costs and bounds: what a process of a decomposition solves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, StopReason
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.highs import Highs
from optalloc.solving.resolve import Resolver

__all__ = ["Point", "Relaxation", "Solved", "Subproblem", "bare", "solver_of"]


@dataclass(frozen=True)
class Subproblem:
    """A scenario to be solved.

    Parameters
    ----------
    scenario : int
    gap : float
    cost, lower, upper : numpy.ndarray, shape (columns of the scenario,), optional
        In place of its own.
    offset : float, optional
        In place of its own.
    starts : tuple of numpy.ndarray
        Plans to begin from; only their integers matter.
    rows : ExtraRows, optional
        Lazy constraints found so far.
    bound : float
        What is known to bound it from below.
    idle_share : float
        Its bound is what counts: it is left once that has not risen for this share of the seconds.
    time_limit_s : float
    """

    scenario: int
    gap: float
    cost: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    offset: float | None = None
    starts: tuple[np.ndarray, ...] = ()
    rows: ExtraRows | None = None
    bound: float = -math.inf
    idle_share: float = math.inf
    time_limit_s: float = 1e9


@dataclass(frozen=True)
class Solved:
    """Plan and bound of a subproblem, in its own costs; no values where none was found."""

    objective: float
    bound: float
    values: np.ndarray | None
    reason: StopReason
    shortfalls: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Relaxation:
    """The linear relaxation of the extensive form, to be solved for its prices."""

    attitude: Attitude
    references: np.ndarray
    time_limit_s: float = 1e9


@dataclass(frozen=True)
class Point:
    """Values and dual prices of a relaxation; None where it was not solved."""

    values: np.ndarray | None
    duals: np.ndarray | None


def bare(program: StochasticProgram) -> StochasticProgram:
    """The program as plain arrays and names, without what only Pyomo knows."""
    programs = tuple(
        replace(one, separate=None, source=None, fallbacks=()) for one in program.programs
    )
    return replace(program, programs=programs)


def solver_of(
    program: StochasticProgram, options: Options
) -> Callable[[Subproblem | Relaxation], Solved | Point]:
    """Give the function that solves the tasks of a decomposition in a process of its own."""
    return _Solver(program, replace(options, threads=1, time_limit_s=None))


@dataclass
class _Solver:
    program: StochasticProgram
    options: Options
    # By pattern: one solver, which goes from scenario to scenario with its basis and its plans.
    resolvers: list[Resolver] = field(default_factory=list)

    def __call__(self, task: Subproblem | Relaxation) -> Solved | Point:
        if isinstance(task, Relaxation):
            return self._relaxed(task)
        arrays = self._arrays(task)
        found = self._resolver(arrays).solve(
            arrays,
            starts=task.starts,
            gap=task.gap,
            idle_share=task.idle_share,
            bound=task.bound,
            time_limit_s=task.time_limit_s,
        )
        return Solved(
            found.objective, found.bound, found.values, found.stop_reason, found.shortfalls
        )

    def _arrays(self, task: Subproblem) -> Arrays:
        own = self.program.programs[task.scenario]
        arrays = replace(
            own,
            cost=own.cost if task.cost is None else task.cost,
            offset=own.offset if task.offset is None else task.offset,
            col_lower=own.col_lower if task.lower is None else task.lower,
            col_upper=own.col_upper if task.upper is None else task.upper,
        )
        return arrays if task.rows is None else arrays.with_extra(task.rows)

    def _resolver(self, arrays: Arrays) -> Resolver:
        for resolver in self.resolvers:
            if resolver.arrays.has_pattern_of(arrays):
                return resolver
        self.resolvers.append(Resolver(arrays, self.options))
        return self.resolvers[-1]

    def _relaxed(self, task: Relaxation) -> Point:
        form = extensive_form(self.program, task.attitude, task.references)
        # Neither exact nor a vertex: from any prices follows a bound.
        settings = {"solver": "ipm", "run_crossover": "off"}
        highs = Highs(form.arrays, self.options, integer=False, settings=settings)
        return Point(*highs.run_to_point(task.time_limit_s))
