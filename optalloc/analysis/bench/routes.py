"""Routes from an instance to a plan with a bound, each timed from reading on.

A route runs in a process of its own. It tells what it knows as it goes, so that a run that is
killed still has a trace: ``tell(seconds, objective, bound)``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from optalloc.analysis.bench.instances import is_program_file
from optalloc.data.validate import validate
from optalloc.errors import OptallocError
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, Progress, Strategy
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import load_model
from optalloc.modelling.program import build
from optalloc.plan.audit import audit_plan
from optalloc.plan.readback import read_back
from optalloc.solving.highs import read_program
from optalloc.solving.selection import chosen
from optalloc.solving.solvers import HIGHS, available, require, solve_by
from optalloc.spreadsheet.read import read_workbook

__all__ = ["UNSUITED", "Compiled", "Limits", "Measured", "Route", "Tell", "compiled", "routes_of"]

Tell = Callable[[float, float, float], None]
# Why a run stopped that its strategy cannot make.
UNSUITED = "unsuited"
_STRATEGIES = (Strategy.DIRECT, Strategy.RACE, Strategy.DECOMPOSE)


@dataclass(frozen=True)
class Limits:
    """How far a run may go; ``seconds`` count from the moment it begins to read."""

    gap: float
    seconds: float
    threads: int
    seed: int


@dataclass
class Measured:
    """Result of a run: seconds of its steps, the plan's cost and bound, and how well it is kept.

    ``integrality`` and ``row_violation`` are those of the plan: the largest distance of an integer
    column from an integer, and the largest violation of a row or bound relative to its size.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    objective: float = math.inf
    bound: float = -math.inf
    stop_reason: str = ""
    audit_passed: bool | None = None
    integrality: float = math.nan
    row_violation: float = math.nan
    note: str = ""
    size: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Compiled:
    """An instance as arrays; ``program`` is None where it came from a file of a linear program."""

    arrays: Arrays
    program: Any
    seconds: dict[str, float]


@dataclass(frozen=True)
class Route:
    """A solver, and of HiGHS a strategy: the whole pipeline, from reading to audit.

    Parameters
    ----------
    solver : str
        One of `optalloc.solving.solvers`.
    strategy : Strategy
        `AUTO` for other solvers than HiGHS.
    model : str, optional
        Model folder; the capacity model by default.
    """

    solver: str = HIGHS
    strategy: Strategy = Strategy.AUTO
    model: str | None = None

    @property
    def name(self) -> str:
        """Name in tables: ``highs:race``, ``scip``."""
        return f"{self.solver}:{self.strategy}" if self.solver == HIGHS else self.solver

    def __call__(self, path: Path, limits: Limits, tell: Tell) -> Measured:
        """Go the route, and measure it."""
        begun = time.perf_counter()
        built = compiled(path, self.model)
        spent = time.perf_counter() - begun
        found = Measured(seconds=built.seconds, size=built.arrays.size)
        options = Options(
            gap=limits.gap,
            time_limit_s=max(limits.seconds - spent, 0.0),
            threads=limits.threads,
            seed=limits.seed,
            solver=self.solver,
            strategy=self.strategy,
        )
        unsuited = chosen(built.arrays, options)[1] if self.solver == HIGHS else ""
        if unsuited:
            found.stop_reason, found.note = UNSUITED, unsuited
            return found
        outcome = solve_by(built.arrays, options, lambda now: _tell_progress(now, spent, tell))
        found.seconds["solve"] = time.perf_counter() - begun - spent
        tell(spent + found.seconds["solve"], outcome.objective, outcome.bound)
        return measured(built, outcome, found)


def _tell_progress(now: Progress, spent: float, tell: Tell) -> None:
    tell(spent + now.seconds, math.inf if now.candidate else now.objective, now.bound)


def compiled(path: Path, model: str | None = None) -> Compiled:
    """Read an instance and compile it, each step timed.

    Raises
    ------
    InputError, OptallocError
        If it cannot be read.
    """
    seconds: dict[str, float] = {}

    def timed(name: str, run: Callable[[], Any]) -> Any:
        clock = time.perf_counter()
        result = run()
        seconds[name] = time.perf_counter() - clock
        return result

    if is_program_file(path):
        arrays, _ = timed("read", lambda: read_program(path))
        return Compiled(arrays, None, seconds)
    loaded = load_model(model)
    workbook = timed("read", lambda: read_workbook(path))
    dataset = timed("validate", lambda: validate(workbook, loaded))
    program = timed("build", lambda: build(dataset, loaded))
    arrays = timed("compile", lambda: compile_program(program))
    return Compiled(arrays, program, seconds)


def measured(built: Compiled, outcome: Outcome, found: Measured) -> Measured:
    """The same result with an outcome, its plan held against the rows and, of a model, audited."""
    point = outcome.values
    found = replace(
        found,
        size=built.arrays.size,
        stop_reason=str(outcome.stop_reason),
        objective=outcome.objective,
        bound=outcome.bound,
        note="; ".join(outcome.notes),
    )
    if point is None:
        return found
    found.integrality, found.row_violation = _distances(built.arrays, point)
    if built.program is None:
        return found
    clock = time.perf_counter()
    program = built.program
    tables = read_back(program, built.arrays, outcome)
    audit = audit_plan(program.dataset, program.model, tables, outcome)
    found.audit_passed = bool(audit["passed"].all())
    failed = audit.loc[~audit["passed"].astype(bool), ["check", "where", "worst"]]
    found.note = "; ".join(
        [
            *filter(None, [found.note]),
            *(
                f"{check} at {where}: off by {worst:.2g}"
                for check, where, worst in failed.itertuples(index=False)
            ),
        ]
    )
    found.seconds["audit"] = time.perf_counter() - clock
    return found


def _distances(arrays: Arrays, point: np.ndarray) -> tuple[float, float]:
    """Distance of integer columns from integers, and violation of rows and bounds, relative."""
    whole = point[arrays.integer]
    activity = arrays.matrix @ point
    rows = np.maximum(arrays.row_lower - activity, activity - arrays.row_upper)
    columns = np.maximum(arrays.col_lower - point, point - arrays.col_upper)
    columns = columns / np.maximum(1.0, abs(point))
    worst = max(
        (rows / arrays.row_sizes(point)).max(initial=0.0),
        columns.max(initial=0.0),
    )
    return float(abs(whole - np.round(whole)).max(initial=0.0)), float(worst)


def routes_of(
    solvers: Sequence[str], strategies: Sequence[str | Strategy], model: str | None
) -> list[Route]:
    """Routes to try: each solver, and HiGHS by each strategy.

    Parameters
    ----------
    solvers : sequence of str
        None of them means those that are installed, or HiGHS alone where strategies are named.
    strategies : sequence of str or Strategy
        Of HiGHS; none of them means direct, race and decompose.
    model : str, optional
        Model folder.

    Raises
    ------
    OptallocError
        If there is no such solver or strategy, or it is not installed.
    """
    known = {str(one): one for one in Strategy}
    unknown = [str(name) for name in strategies if str(name) not in known]
    if unknown:
        raise OptallocError(f"strategy must be one of {', '.join(known)}; found {unknown[0]!r}")
    for name in solvers:
        require(name)
    taken = list(dict.fromkeys(solvers)) or ([HIGHS] if strategies else available())
    if strategies and HIGHS not in taken:
        raise OptallocError("--strategy is one of HiGHS: name --solver highs as well")
    ways = [known[str(name)] for name in dict.fromkeys(map(str, strategies))] or [*_STRATEGIES]
    return [
        Route(solver, strategy, model)
        for solver in taken
        for strategy in (ways if solver == HIGHS else [Strategy.AUTO])
    ]
