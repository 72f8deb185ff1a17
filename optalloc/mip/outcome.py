"""Options and outcome of a solve: why it stopped is separate from how good the answer is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

import numpy as np

from optalloc.errors import InfeasibleError, NoPlanError, SolveError, StoppedError
from optalloc.mip.parameter_file import changed_parameters
from optalloc.mip.parameters import Parameters
from optalloc.mip.tolerances import BOUND_CONTRADICTION, PROVEN_GAP

__all__ = [
    "Options",
    "Outcome",
    "Progress",
    "ProgressCallback",
    "Quality",
    "StepCallback",
    "StopReason",
    "contradicts",
    "raise_without_plan",
    "relative_gap",
]


class StopReason(StrEnum):
    """Why the solver stopped; "cutoff" and "target" are early ends that a re-solve may ask for.

    "tolerance": the solver calls it proven, but its plan, with integers rounded, costs more than
    its bound by more than the gap. "contradiction": a plan costs less than the solver's bound, so
    that no bound of it is believed.
    """

    PROVED = "proved"
    GAP = "gap"
    CUTOFF = "cutoff"
    TARGET = "target"
    TIME = "time"
    INTERRUPTED = "interrupted"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    TOLERANCE = "tolerance"
    CONTRADICTION = "contradiction"
    FAILED = "failed"


class Quality(StrEnum):
    """How good the answer is."""

    OPTIMAL = "optimal"
    WITHIN_GAP = "within gap"
    FEASIBLE = "feasible"
    NONE = "none"


class Strategy(StrEnum):
    """The way a program is solved: `AUTO` chooses by its size."""

    AUTO = "auto"
    DIRECT = "direct"
    RACE = "race"
    DECOMPOSE = "decompose"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to solve.

    Parameters
    ----------
    gap : float
        Relative gap, ``(objective - bound) / |objective|``, at which to stop.
    time_limit_s : float or None
        Seconds for the solve step.
    threads : int or None
        Solver threads; None leaves it to the solver.
    seed : int
        Random seed.
    presolve : bool
        False solves the program without the solver's presolve.
    solver : str
        One of those of `optalloc.solving.solvers`.
    strategy : Strategy
        The way to solve. With one thread, `DIRECT` (which `AUTO` then is) does the same each time.
    parameters : Parameters
        Those of the solution methods, such as `read_parameters` gives.
    """

    gap: float = 1e-4
    time_limit_s: float | None = None
    threads: int | None = None
    seed: int = 0
    presolve: bool = True
    solver: str = "highs"
    strategy: Strategy = Strategy.AUTO
    parameters: Parameters = field(default_factory=Parameters)

    def entries(self) -> dict[str, Any]:
        """Each option and each parameter that is not at its default, by name."""
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        del named["parameters"]
        return named | dict(changed_parameters(self.parameters))


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of the solve: seconds since its start, incumbent, bound, and what is being done.

    The incumbent is a `candidate`, which may be infeasible, while lazy constraints have not been
    separated at it: the plan that comes of it may cost more.
    """

    seconds: float
    objective: float
    bound: float
    phase: str
    candidate: bool = False

    @property
    def gap(self) -> float:
        """Relative gap; infinite while there is no plan."""
        return relative_gap(self.objective, self.bound)


ProgressCallback = Callable[[Progress], None]
# What is being done, how many of it are done, and of how many.
StepCallback = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Result of a solve.

    ``values`` is aligned with the columns of the arrays; None without a plan. ``shortfalls``
    holds, for an infeasible program, (name of row, amount) of the smallest total violation.
    ``searched`` is False where the relaxation and plans known before were proof enough.
    ``notes`` says what went another way than it should, such as a process that crashed.
    """

    stop_reason: StopReason
    quality: Quality
    objective: float = math.inf
    bound: float = -math.inf
    values: np.ndarray | None = None
    nodes: int = 0
    cut_rows: int = 0
    searched: bool = True
    history: tuple[Progress, ...] = ()
    shortfalls: tuple[tuple[str, float], ...] = field(default=())
    strategy: Strategy = Strategy.DIRECT
    notes: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """Relative gap between objective and bound."""
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float, bound: float) -> float:
    """``(objective - bound) / |objective|``, at least 0; infinite without a plan or a bound."""
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    difference = max(objective - bound, 0.0)
    if difference <= PROVEN_GAP * max(1.0, abs(objective)):
        return 0.0
    return difference / abs(objective) if objective else math.inf


def contradicts(objective: float, bound: float) -> bool:
    """True where a plan costs less than a bound allows, by more than `BOUND_CONTRADICTION`."""
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return False
    return bound - objective > BOUND_CONTRADICTION * max(1.0, abs(objective))


def quality_of(objective: float, bound: float, gap: float) -> Quality:
    """Quality of a plan with a proven bound."""
    if not math.isfinite(objective):
        return Quality.NONE
    actual = relative_gap(objective, bound)
    if actual == 0.0:
        return Quality.OPTIMAL
    return Quality.WITHIN_GAP if actual <= gap else Quality.FEASIBLE


def raise_without_plan(outcome: Outcome, units: Mapping[str, str] | None = None) -> None:
    """Raise what an outcome without a plan means.

    Parameters
    ----------
    outcome : Outcome
    units : mapping of str to str, optional
        As of `InfeasibleError`.

    Raises
    ------
    InfeasibleError, NoPlanError, StoppedError, SolveError
    """
    if outcome.stop_reason is StopReason.INFEASIBLE:
        raise InfeasibleError(outcome.shortfalls, units=units)
    if outcome.stop_reason in (StopReason.TIME, StopReason.INTERRUPTED):
        interrupted = outcome.stop_reason is StopReason.INTERRUPTED
        raise (StoppedError if interrupted else NoPlanError)(
            f"stopped ({outcome.stop_reason}) before a first plan was found; allow more time"
        )
    raise SolveError(f"the solver gave no plan: {outcome.stop_reason}")
