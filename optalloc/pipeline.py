"""The pipeline as one call: a workbook in, an audited plan out, each step a pure function."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.validate import accepted
from optalloc.errors import (
    InfeasibleError,
    InternalError,
    NoPolicyError,
    OptallocError,
    Problem,
)
from optalloc.mip.arrays import Arrays
from optalloc.mip.attitude import Attitude
from optalloc.mip.outcome import (
    Options,
    Outcome,
    ProgressCallback,
    StopReason,
    Strategy,
    raise_without_plan,
)
from optalloc.mip.parameter_file import read_parameters
from optalloc.mip.parameters import Parameters
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.futures import Futures, attitude_of, futures, worst_slack_of
from optalloc.modelling.model import Model, load_model, options_of
from optalloc.modelling.program import Program, build
from optalloc.modelling.tables import AUDIT, BINDING_LIMITS, LIMITS, MARGINALS
from optalloc.plan.approved import open_workbook
from optalloc.plan.audit import Restated
from optalloc.plan.marginals import FixedPlan, binding_limits, marginals_table
from optalloc.plan.plan import Plan
from optalloc.plan.policy import Value, decided_in_scenarios, policy_of
from optalloc.plan.policy_values import values_of
from optalloc.plan.readback import audited_tables, decided_tables, worst_of
from optalloc.plan.record import plan_of
from optalloc.plan.served import less_unmet
from optalloc.plan.stretches import binding_stretches
from optalloc.report.progress import with_bar
from optalloc.scenarios.read_across import AcrossLine
from optalloc.scenarios.tree import ScenarioTree
from optalloc.solving.futures import StochasticOutcome, solve_stochastic
from optalloc.solving.solvers import require, solve_by
from optalloc.spreadsheet.frames import Book

__all__ = [
    "PhaseCallback",
    "open_book",
    "solve",
    "solve_dataset",
    "solve_program",
]

PhaseCallback = Callable[[str], None]

NO_SCENARIOS_FOR_CLUSTER = (
    "a cluster solves scenarios, and there are none: leave cluster out, or fill in the sheet "
    "Uncertainties. A sweep solves its cases on a cluster."
)


@dataclass
class _Stopwatch:
    """Seconds by phase, and a call of the caller's function when one begins."""

    on_phase: PhaseCallback | None
    seconds: dict[str, float]

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        if self.on_phase is not None:
            self.on_phase(name)
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin


@with_bar
def solve(
    book: Book,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    solver: str | None = None,
    strategy: str | Strategy | None = None,
    parameters: str | Path | Parameters | None = None,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    certain: bool = False,
    cluster: str | None = None,
    progress: ProgressCallback | None = None,
    on_phase: PhaseCallback | None = None,
) -> Plan:
    """Solve a workbook to a proven gap and audit the plan.

    Where the workbook has uncertainties the plan is a policy: what to do now, and what to do later
    in which case.

    Parameters
    ----------
    book : str, Path or mapping of str to pandas.DataFrame
        An .xlsx workbook, a folder of CSV files, one per sheet, or frames by sheet name.
    gap, time_limit_s, threads, seed : optional
        Solver options; those not given come from the workbook.
    solver : str, optional
        ``highs`` by default; others if they are installed: see `optalloc.solving.solvers.SOLVERS`.
    strategy : str or Strategy, optional
        ``"direct"``, ``"race"`` or ``"decompose"``, for HiGHS; by default what suits the size.
    parameters : str, Path or Parameters, optional
        Of the solution methods, such as a TOML file of those that are not to have their defaults.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    approved : str or Path, optional
        The plan.xlsx that was approved last; it fills the sheets that a plan may fill.
    certain : bool
        Solve the workbook as it stands, without its uncertainties.
    cluster : str, optional
        Address of a Dask scheduler, whose workers solve the scenarios where these are not solved
        together.
    progress : callable, optional
        Called with `optalloc.Progress` while the solver works.
    on_phase : callable, optional
        Called with the name of each phase as it begins.

    Returns
    -------
    Plan
        Audited. Stopped by time or Ctrl-C it is the best plan so far, with its gap.

    Raises
    ------
    InputError
        With every problem of the workbook at once; or if the approved plan cannot be read.
    InfeasibleError
        If no plan exists; its shortfalls are the least violation of limits.
    NoPlanError
        If the solver was stopped before it found a plan.
    InternalError
        If no answer of the solver passes the audit.
    OptallocError
        If there is no such solver, strategy or parameter, or the solver is not installed; or if
        there are no scenarios for a cluster, or it does not answer.

    Examples
    --------
    >>> import optalloc
    >>> plan = optalloc.solve("inputs/minimal")
    >>> round(plan.cost, 1)
    1170.0
    """
    if solver is not None:
        require(solver)
    # Read first, so that a mistake in them does not wait for the workbook.
    read = read_parameters(parameters) if isinstance(parameters, str | Path) else parameters
    watch = _Stopwatch(on_phase, {})
    dataset, loaded, notices = _opened(book, model, approved, watch)
    given: dict[str, Any] = {"gap": gap, "time_limit_s": time_limit_s, "threads": threads}
    given |= {"seed": seed, "solver": solver}
    given |= {"strategy": None if strategy is None else _strategy(strategy)}
    given |= {"parameters": read}
    tree = None if certain else loaded.scenario_tree(dataset)
    if tree is not None:
        return _solve_futures(dataset, loaded, tree, given, watch, notices, progress, cluster)
    if cluster is not None:
        raise OptallocError(NO_SCENARIOS_FOR_CLUSTER)
    return _solve_dataset(dataset, loaded, given, watch, notices, progress)


def _strategy(name: str | Strategy) -> Strategy:
    try:
        return Strategy(name)
    except ValueError:
        known = ", ".join(Strategy)
        raise OptallocError(f"strategy must be one of {known}; found {name!r}") from None


def open_book(
    book: Book,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    on_phase: PhaseCallback | None = None,
) -> tuple[Dataset, Model, tuple[Problem, ...]]:
    """Read and validate a workbook, with the plan approved last if there is one.

    Returns
    -------
    Dataset, Model, tuple of Problem
        The last are notices.

    Raises
    ------
    InputError
        With every problem of the workbook at once; or if the approved plan cannot be read.
    """
    return _opened(book, model, approved, _Stopwatch(on_phase, {}))


def _opened(
    book: Book,
    model: str | Path | Model | None,
    approved: str | Path | None,
    watch: _Stopwatch,
) -> tuple[Dataset, Model, tuple[Problem, ...]]:
    with watch.phase("read"):
        loaded = model if isinstance(model, Model) else load_model(model)
        workbook = open_workbook(book, loaded, approved)
    with watch.phase("validate"):
        dataset, notices = accepted(workbook, loaded)
    return dataset, loaded, notices


def solve_dataset(
    dataset: Dataset,
    model: Model,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
) -> Plan:
    """Solve a validated workbook, such as one altered in memory, and audit the plan.

    Parameters and exceptions are those of `solve`; `check` is not repeated on the
    dataset.
    """
    given = {"gap": gap, "time_limit_s": time_limit_s, "threads": threads, "seed": seed}
    return _solve_dataset(dataset, model, given, _Stopwatch(None, {}), (), None)


def _solve_dataset(
    dataset: Dataset,
    model: Model,
    given: Mapping[str, Any],
    watch: _Stopwatch,
    notices: tuple[Problem, ...],
    progress: ProgressCallback | None,
) -> Plan:
    with watch.phase("build"):
        program = build(dataset, model)
    with watch.phase("compile"):
        arrays = compile_program(program)
    options = options_of(dataset, model, given)
    return _solve_audited(program, arrays, options, watch, notices, progress)


def open_scenarios(
    book: Book,
    model: str | Path | Model | None,
    approved: str | Path | None = None,
) -> tuple[Dataset, Model, ScenarioTree]:
    """Open a workbook that must have scenarios.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    OptallocError
        If it has no scenarios.
    """
    dataset, loaded, _ = open_book(book, model, approved)
    tree = loaded.scenario_tree(dataset)
    if tree is None:
        raise OptallocError(f"{dataset.source}: has no scenarios; fill in the sheet Uncertainties")
    return dataset, loaded, tree


def scenarios_of(
    dataset: Dataset, model: Model, tree: ScenarioTree, *, across: bool = True
) -> Futures:
    """Build and compile all scenarios of a workbook.

    Without ``across`` every limit holds in every scenario, whatever the sheet Across says.
    """
    lines = model.across(dataset) if across else ()
    return _scenarios(dataset, model, tree, lines, _Stopwatch(None, {}))


def _scenarios(
    dataset: Dataset,
    model: Model,
    tree: ScenarioTree,
    across: Sequence[AcrossLine],
    watch: _Stopwatch,
) -> Futures:
    with watch.phase("build"):
        base = build(dataset, model)
    with watch.phase("compile"):
        relaxed = any(line.is_relaxed for line in across)
        return futures(base, compile_program(base, keep_idle=relaxed), tree, across)


def _solve_futures(
    dataset: Dataset,
    model: Model,
    tree: ScenarioTree,
    given: Mapping[str, Any],
    watch: _Stopwatch,
    notices: tuple[Problem, ...],
    progress: ProgressCallback | None,
    cluster: str | None,
) -> Plan:
    """Solve all scenarios together, and audit the policy."""
    made = _scenarios(dataset, model, tree, model.across(dataset), watch)
    options, attitude = options_of(dataset, model, given), attitude_of(dataset)
    slack = worst_slack_of(dataset)
    found = _solved_together(made, attitude, options, watch, progress, slack, cluster)
    with watch.phase("value"):
        values = values_of(made, found, attitude, options, watch.seconds["solve"])
    return _audited_policy(made, found, attitude, options, watch, notices, values)


def solve_policy(
    made: Futures, attitude: Attitude, options: Options, cluster: str | None = None
) -> Plan:
    """Solve all scenarios together by a measure, and audit the policy.

    Its table of values is empty: each of them would be a solve of its own. Exceptions are those of
    `solve`, as is `cluster`.
    """
    watch = _Stopwatch(None, {})
    found = _solved_together(made, attitude, options, watch, None, None, cluster)
    return _audited_policy(made, found, attitude, options, watch, (), ())


def decide_together(
    made: Futures, attitude: Attitude, options: Options, cluster: str | None = None
) -> tuple[Outcome, Sequence[Mapping[str, pd.DataFrame]]]:
    """Solve all scenarios together by a measure; the tables of what is decided in each.

    They are not audited: for plans of which only a part is held. Exceptions are those of `solve`,
    as is `cluster`.
    """
    found = _solved_together(made, attitude, options, _Stopwatch(None, {}), None, None, cluster)
    return found.outcome, decided_in_scenarios(made, found)


def _solved_together(
    made: Futures,
    attitude: Attitude,
    options: Options,
    watch: _Stopwatch,
    progress: ProgressCallback | None,
    worst_slack: float | None,
    cluster: str | None = None,
) -> StochasticOutcome:
    """Solve all scenarios together; raises where there is no policy."""
    with watch.phase("solve"):
        found = solve_stochastic(
            made.stochastic,
            attitude,
            options,
            progress,
            worst_slack=worst_slack,
            cluster=cluster,
        )
    if found.infeasible is not None:
        name = made.tree.scenarios[found.infeasible].name
        raise InfeasibleError(found.outcome.shortfalls, name, made.base.model.limit_units)
    if found.outcome.values is None:
        if found.outcome.stop_reason is StopReason.INFEASIBLE:
            raise NoPolicyError(found.outcome.shortfalls)
        raise_without_plan(found.outcome)
    return found


def _audited_policy(
    made: Futures,
    found: StochasticOutcome,
    attitude: Attitude,
    options: Options,
    watch: _Stopwatch,
    notices: tuple[Problem, ...],
    values: Sequence[Value],
) -> Plan:
    with watch.phase("audit"):
        said = (*notices, *made.notices)
        policy = policy_of(made, found, attitude, options, watch.seconds, said, values)
    failed = worst_of(policy.tables[AUDIT.name])
    if failed:
        raise InternalError(f"the policy does not pass its own audit: {failed}")
    return policy


def solve_program(
    program: Program,
    arrays: Arrays,
    options: Options,
    *,
    notices: tuple[Problem, ...] = (),
    progress: ProgressCallback | None = None,
    on_phase: PhaseCallback | None = None,
) -> Plan:
    """Solve a built and compiled program, and audit the plan; raises as `solve` does."""
    watch = _Stopwatch(on_phase, {})
    return _solve_audited(program, arrays, options, watch, notices, progress)


def _solve_audited(
    program: Program,
    arrays: Arrays,
    options: Options,
    watch: _Stopwatch,
    notices: tuple[Problem, ...],
    progress: ProgressCallback | None,
) -> Plan:
    """Solve; if the audit refuses the plan, solve once more by another route."""
    other = replace(options, presolve=False, seed=options.seed + 1)
    begin, failed = time.perf_counter(), ""
    for attempt in (options, other):
        if attempt is other and options.time_limit_s is not None:
            spent = time.perf_counter() - begin
            attempt = replace(other, time_limit_s=max(options.time_limit_s - spent, 0.0))
        with watch.phase("solve"):
            outcome = solve_by(arrays, attempt, progress)
            if failed:
                refused = f"a first answer did not pass its audit: {failed}"
                outcome = replace(outcome, notes=(refused, *outcome.notes))
        if outcome.values is None:
            raise_without_plan(outcome, program.model.limit_units)
        with watch.phase("read back"):
            decided = decided_tables(program, arrays, outcome)
        with watch.phase("audit"):
            restated, tables, audit = audited_tables(program, decided, outcome)
            failed = worst_of(audit)
            if not failed:
                limits = tables[LIMITS.name]
                tables[BINDING_LIMITS.name] = binding_stretches(program, restated, limits)
                tables[MARGINALS.name] = _marginals(program, arrays, outcome, restated, tables)
        if not failed:
            size, seconds = arrays.size, watch.seconds
            return plan_of(program, size, outcome, attempt, seconds, notices, tables, audit)
    raise InternalError(f"the plan does not pass its own audit: {failed}")


def _marginals(
    program: Program,
    arrays: Arrays,
    outcome: Outcome,
    restated: Restated,
    tables: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    assert outcome.values is not None
    fixed = FixedPlan(arrays, outcome.values, Options(threads=1))
    found = binding_limits(fixed.listed, arrays, program.model, restated, tables[LIMITS.name])
    return marginals_table(fixed, found, partial(less_unmet, program, arrays))
