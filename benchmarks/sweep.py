"""Cases per minute of a sweep: this runner beside rebuilding and solving each case anew.

Every route gets the same cases at the same gap on the same number of spawned workers, each with
one solver thread. The clock starts once the workers have imported what they need and read the
workbook, and stops with the last case; what a route builds once for all cases is counted.
"""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optalloc
from optalloc.errors import InfeasibleError
from optalloc.modelling.base import Base
from optalloc.modelling.model import options_of
from optalloc.plan.readback import read_audited, worst_of
from optalloc.scenarios.assemble import assembled
from optalloc.scenarios.designs import Case, cases_of
from optalloc.scenarios.overrides import altered
from optalloc.scenarios.tomlfile import entries_of_toml
from optalloc.starting.load import load_generator
from optalloc.sweeps.messages import Finished, Settled
from optalloc.sweeps.pack import packed, stacked_specs
from optalloc.sweeps.pool import Limits, run_cases
from optalloc.sweeps.queue import CaseQueue

__all__ = ["BOOKS", "SweepRoute", "Swept", "cases_for", "measure_sweep"]

PACIFIC = Path(__file__).parents[1] / "inputs" / "pacific"
QUICK = "XS"
BOOKS = (QUICK, "pacific")
GAP = 0.01
# A tornado: each of these columns down and up, all of it in sheets that both workbooks fill.
_CHANGES = (
    ("building", "Sites.build_cost_per_mw", "multiply", 0.9, 1.1),
    ("sites", "Sites.site_cost", "multiply", 0.8, 1.25),
    ("fixed cost", "Sites.fixed_cost_per_year", "multiply", 0.8, 1.25),
    ("running", "Sites.cost_per_mw_year", "multiply", 0.8, 1.25),
    ("spot price", "PowerPrices.spot_price_per_mwh", "multiply", 0.9, 1.15),
    ("wages", "LabourPools.wage_per_person_month", "multiply", 0.9, 1.2),
    ("demand", "Demand.it_mw", "multiply", 0.97, 1.02),
    ("grid", "GridZones.max_total_mw", "multiply", 0.97, 1.1),
    ("contracts", "Contracts.price_per_mwh", "multiply", 0.9, 1.15),
    ("efficiency", "Sites.pue", "multiply", 0.98, 1.02),
)


class SweepRoute(StrEnum):
    """Ways to solve many cases."""

    OPTALLOC = "optalloc"
    APPSI = "pyomo-appsi"
    REBUILD = "optalloc-rebuild"


@dataclass(frozen=True)
class Swept:
    """Cases of one workbook by one route.

    ``cases_per_minute`` counts the cases that came to an answer within the limit; ``cut_off`` are
    the others. ``bound_alone`` are those that a bound settled without a search.
    """

    book: str
    route: str
    cases: int
    cases_per_minute: float
    seconds: float
    bound_alone: int
    cut_off: int
    least_cost: tuple[float | None, ...]


def book_of(name: str, folder: Path) -> Path:
    """The workbook of a benchmark: inputs/pacific, or a generated instance of seed 1."""
    if name == "pacific":
        return PACIFIC
    load_generator().write(name, 1, folder)
    return folder


def cases_for(book: Path, count: int) -> tuple[Base, list[Case]]:
    """The base workbook, and the cases of its tornado."""
    lines = ['[[sweep]]\nname = "tornado"\ndesign = "one at a time"']
    for name, target, operation, low, high in _CHANGES:
        sheet, _, column = target.partition(".")
        lines.append(
            f'[[sweep.change]]\nname = "{name}"\nsheet = "{sheet}"\ncolumn = "{column}"\n'
            f'operation = "{operation}"\nvalues = [{low}, {high}]'
        )
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(book), model)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tornado.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        sweeps, problems = assembled(entries_of_toml(path), data)
    if problems:
        raise ValueError("\n".join(map(str, problems)))
    cases = cases_of(sweeps["tornado"])[1:]
    base = Base.of(data, model, {})
    return base, cases[:count]


def measure_sweep(
    name: str, route: SweepRoute, *, count: int, jobs: int, gap: float, limit_s: float
) -> Swept:
    """Solve the cases of a workbook by a route.

    Parameters
    ----------
    name : str
        ``"pacific"``, or the size of a generated instance.
    route : SweepRoute
    count, jobs : int
        Cases, and workers.
    gap : float
        Relative gap of each case.
    limit_s : float
        Solver seconds of each case, after which it counts as cut off.
    """
    with TemporaryDirectory() as folder:
        base, cases = cases_for(book_of(name, Path(folder) / "book"), count)
    options = {"gap": gap, "time_limit_s": limit_s}
    run = _by_runner if route is SweepRoute.OPTALLOC else _by_pool
    seconds, answers = run(base, cases, route, jobs, options)
    done = [a for a in answers if a.ended]
    return Swept(
        name,
        str(route),
        len(cases),
        60 * len(done) / seconds,
        seconds,
        sum(a.bound_alone for a in answers),
        len(answers) - len(done),
        tuple(a.cost if math.isfinite(a.cost) else None for a in answers),
    )


@dataclass(frozen=True)
class _Answer:
    """What came of a case: its cost, whether within the gap, whether by a bound alone."""

    cost: float
    ended: bool
    bound_alone: bool = False


_Options = dict[str, float]


class _TimedQueue(CaseQueue):
    """A queue that notes when its first case was taken."""

    began: float | None = None

    def next(self) -> Any:
        """Take the next case."""
        if self.began is None:
            self.began = time.perf_counter()
        return super().next()


def _by_runner(
    base: Base, cases: Sequence[Case], _: SweepRoute, jobs: int, options: _Options
) -> tuple[float, list[_Answer]]:
    base = replace(base, options=options)
    queue, found = _TimedQueue(cases, {}), {}

    def take(position: int, finished: Finished) -> None:
        found[position] = finished

    run_cases(base, queue, jobs, Limits(), take)
    assert queue.began is not None
    seconds = time.perf_counter() - queue.began
    ended = ("optimal", "within gap", "infeasible")
    return seconds, [
        _Answer(one.objective, str(one.status) in ended, one.settled == Settled.BOUND)
        for _, one in sorted(found.items())
    ]


def _by_pool(
    base: Base, cases: Sequence[Case], route: SweepRoute, jobs: int, options: _Options
) -> tuple[float, list[_Answer]]:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(jobs)
    with ProcessPoolExecutor(jobs, context, _ready, (base, str(route), options, barrier)) as pool:
        # Each worker waits in its first task until all have begun.
        list(pool.map(_meet, range(jobs)))
        begin = time.perf_counter()
        answers = list(pool.map(_solve, cases))
        return time.perf_counter() - begin, answers


_held: dict[str, Any] = {}


def _ready(base: Base, route: str, options: _Options, barrier: threading.Barrier) -> None:
    model = base.model()
    solve = _rebuild if route == SweepRoute.REBUILD else _plain
    _held.update(
        model=model, data=base.dataset(model), solve=solve, options=options, barrier=barrier
    )


def _meet(_: int) -> None:
    # What is loaded when it is first used is not part of a case.
    import pyomo.contrib.appsi.solvers  # noqa: F401, PLC0415

    _held["barrier"].wait()


def _solve(case: Case) -> _Answer:
    solve: Callable[[Any, Any, _Options], _Answer] = _held["solve"]
    data = altered(_held["data"], case.overrides)
    try:
        return solve(data, _held["model"], _held["options"])
    except InfeasibleError:
        # Seen before any solver: a limit that no column can keep.
        return _Answer(math.inf, ended=True)


def _rebuild(data: Any, model: Any, options: _Options) -> _Answer:
    """Our own pipeline from scratch: audited tables as the runner keeps them."""
    program = optalloc.build(data, model)
    arrays = optalloc.compile_program(program)
    chosen = options_of(data, model, {**options, "threads": 1})
    outcome = optalloc.solve_arrays(arrays, chosen)
    if outcome.values is None:
        return _Answer(math.inf, str(outcome.stop_reason) == "infeasible")
    tables, audit = read_audited(program, arrays, outcome)
    packed(tables, stacked_specs(model))
    return _Answer(outcome.objective, outcome.gap <= chosen.gap and not worst_of(audit))


def _plain(data: Any, model: Any, options: _Options) -> _Answer:
    """The same families in plain Pyomo, every row expanded, no tables and no audit."""
    from pyomo.contrib.appsi.base import TerminationCondition  # noqa: PLC0415
    from pyomo.contrib.appsi.solvers import Highs  # noqa: PLC0415

    solver = Highs()
    solver.config.mip_gap, solver.config.time_limit = options["gap"], options["time_limit_s"]
    solver.config.load_solution = False
    solver.highs_options = {"threads": 1}
    found = solver.solve(optalloc.build(data, model).pyomo)
    cost = found.best_feasible_objective
    proven = (TerminationCondition.optimal, TerminationCondition.infeasible)
    ended = found.termination_condition in proven
    return _Answer(math.inf if cost is None else float(cost), ended)
