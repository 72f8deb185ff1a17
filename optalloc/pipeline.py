"""The pipeline as one call: a workbook in, an audited plan out, each step a pure function."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc import highs
from optalloc.approved import with_approved
from optalloc.arrays import Arrays
from optalloc.audit import Restated, audit_plan, limits_table, restate
from optalloc.compile import compile_model
from optalloc.cuts import separator
from optalloc.dataset import Dataset
from optalloc.errors import (
    InfeasibleError,
    InternalError,
    NoPlanError,
    OptallocError,
    Problem,
    SolveError,
)
from optalloc.family import Model, TableSpec, load_model
from optalloc.marginals import FixedPlan, marginals_table, priced_limits
from optalloc.outcome import Options, Outcome, ProgressCallback, StopReason, Strategy
from optalloc.parts import parts_of
from optalloc.plan import Origin, Plan
from optalloc.program import Program, build
from optalloc.replay import Ask, anew, replayed
from optalloc.solvers import require, solve_by, version_of
from optalloc.tables import AUDIT, LIMITS, MARGINALS, RUN, SUMMARY, status_figures
from optalloc.validate import accepted
from optalloc.values import Values
from optalloc.workbook import read_workbook

__all__ = [
    "PhaseCallback",
    "compile_program",
    "open_book",
    "options_of",
    "raise_without_plan",
    "read_audited",
    "read_plan",
    "solve",
    "solve_dataset",
    "solve_program",
    "versions_of",
    "worst_of",
]

PhaseCallback = Callable[[str], None]


@dataclass
class _Stopwatch:
    """Seconds by phase, and a word to the caller when one begins."""

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


def solve(
    book: str | Path,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    solver: str | None = None,
    strategy: str | Strategy | None = None,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    progress: ProgressCallback | None = None,
    on_phase: PhaseCallback | None = None,
) -> Plan:
    """Solve a workbook to a proven gap and audit the plan.

    Parameters
    ----------
    book : str or Path
        An .xlsx workbook, or a folder of CSV files, one per sheet.
    gap, time_limit_s, threads, seed : optional
        Solver options; those not given come from the workbook.
    solver : str, optional
        ``highs`` by default; others if they are installed: see `optalloc.solvers.SOLVERS`.
    strategy : str or Strategy, optional
        ``"direct"``, ``"race"`` or ``"decompose"``, for HiGHS; by default what suits the size.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    approved : str or Path, optional
        The plan.xlsx that was approved last; it fills the sheets that a plan may fill.
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
        If no plan exists; its shortfalls say where limits would have to give way.
    NoPlanError
        If the solver was stopped before it found a plan.
    InternalError
        If no answer of the solver passes the audit.
    OptallocError
        If there is no such solver or strategy, or the solver is not installed.

    Examples
    --------
    >>> import optalloc
    >>> plan = optalloc.solve("inputs/minimal")
    >>> round(plan.cost, 1)
    1170.0
    """
    if solver is not None:
        require(solver)
    watch = _Stopwatch(on_phase, {})
    dataset, loaded, notices = _opened(book, model, approved, watch)
    given: dict[str, Any] = {"gap": gap, "time_limit_s": time_limit_s, "threads": threads}
    given |= {"seed": seed, "solver": solver}
    given |= {"strategy": None if strategy is None else _strategy(strategy)}
    return _solve_dataset(dataset, loaded, given, watch, notices, progress)


def _strategy(name: str | Strategy) -> Strategy:
    try:
        return Strategy(name)
    except ValueError:
        known = ", ".join(Strategy)
        raise OptallocError(f"strategy must be one of {known}; found {name!r}") from None


def open_book(
    book: str | Path,
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
    book: str | Path,
    model: str | Path | Model | None,
    approved: str | Path | None,
    watch: _Stopwatch,
) -> tuple[Dataset, Model, tuple[Problem, ...]]:
    with watch.phase("read"):
        loaded = model if isinstance(model, Model) else load_model(model)
        workbook = read_workbook(book)
        if approved is not None:
            workbook = with_approved(workbook, loaded, approved)
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

    Parameters and exceptions are those of `solve`; what `check` says of the dataset is not asked
    again.
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


def options_of(dataset: Dataset, model: Model, given: Mapping[str, Any]) -> Options:
    """Solver options: those given, else those of the workbook; None is not given.

    Raises
    ------
    OptallocError
        If one of those given makes no sense.
    """
    _refuse_nonsense(given)
    chosen: dict[str, Any] = {}
    for family in model.families:
        chosen |= family.defaults(dataset)
    return Options(**chosen | {k: v for k, v in given.items() if v is not None})


_OPTION_BOUNDS = {
    "gap": (0.0, 1.0),
    "time_limit_s": (0.0, math.inf),
    "threads": (1, 1024),
    "seed": (0, 2**31 - 1),
}


def _refuse_nonsense(given: Mapping[str, Any]) -> None:
    for name, (low, high) in _OPTION_BOUNDS.items():
        value = given.get(name)
        if value is None:
            continue
        # NaN is within no bounds, and text is no number.
        if not isinstance(value, int | float) or not low <= value <= high:
            upper = f" and at most {high:.12g}" if math.isfinite(high) else ""
            must = f"{name} must be a number of at least {low:g}{upper}"
            raise OptallocError(f"{must}; found {value!r}")


def compile_program(program: Program, *, keep_idle: bool = False) -> Arrays:
    """Compile a built program, with its families' strengthening rows, and rows not listed.

    Rows without any variable are checked at once, or with `keep_idle` have a place in the matrix.
    """
    names = {name for family in program.model.families for name in family.strengthening}
    arrays = compile_model(program.pyomo, names, keep_idle=keep_idle)
    parts = parts_of(program, arrays)
    return replace(arrays, separate=separator(program, arrays), parts=parts)


def _solve_audited(
    program: Program,
    arrays: Arrays,
    options: Options,
    watch: _Stopwatch,
    notices: tuple[Problem, ...],
    progress: ProgressCallback | None,
) -> Plan:
    """Solve; if the audit refuses the answer, ask the solver again by another route."""
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
            raise_without_plan(outcome)
        with watch.phase("read back"):
            decided = _decided(program, arrays, outcome)
        with watch.phase("audit"):
            restated, tables, audit = _audited(program, decided, outcome)
            failed = worst_of(audit)
            if not failed:
                tables[MARGINALS.name] = _marginals(program, arrays, outcome, restated, tables)
        if not failed:
            return _plan(program, arrays, outcome, attempt, watch, notices, tables, audit)
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
    found = priced_limits(fixed, arrays, program.model, restated, tables[LIMITS.name])
    return marginals_table(fixed, found)


def read_audited(
    program: Program, arrays: Arrays, outcome: Outcome
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read the tables of a plan back, as `read_plan` does, and audit them.

    What families said of an earlier plan is kept where all that they read is alike.

    Returns
    -------
    dict of str to pandas.DataFrame, pandas.DataFrame
        The tables by name, and the audit, whose failure `worst_of` tells.
    """
    decided = _decided(program, arrays, outcome, replayed)
    _, tables, audit = _audited(program, decided, outcome, replayed)
    return tables, audit


def _audited(
    program: Program, decided: Mapping[str, pd.DataFrame], outcome: Outcome, ask: Ask = anew
) -> tuple[Restated, dict[str, pd.DataFrame], pd.DataFrame]:
    """The limits restated, all tables, and their audit."""
    restated = restate(program.dataset, program.model, decided, ask)
    tables = _with_limits(program.model, decided, restated, outcome)
    audit = audit_plan(program.dataset, program.model, tables, outcome, restated, ask)
    return restated, tables, audit


def worst_of(audit: pd.DataFrame) -> str:
    """What an audit refuses first, in words; empty if all passed."""
    failed = audit[~audit["passed"].astype(bool)]
    if failed.empty:
        return ""
    worst = failed.iloc[0]
    return f"{worst['subject']} ({worst['check']}) at {worst['where']}: {worst['worst']:g}"


def raise_without_plan(outcome: Outcome) -> None:
    """Raise what an outcome without a plan means.

    Raises
    ------
    InfeasibleError, NoPlanError, SolveError
    """
    if outcome.stop_reason is StopReason.INFEASIBLE:
        raise InfeasibleError(outcome.shortfalls)
    if outcome.stop_reason in (StopReason.TIME, StopReason.INTERRUPTED):
        raise NoPlanError(
            f"stopped ({outcome.stop_reason}) before a first plan was found; allow more time"
        )
    raise SolveError(f"the solver gave no plan: {outcome.stop_reason}")


def read_plan(program: Program, arrays: Arrays, outcome: Outcome) -> dict[str, pd.DataFrame]:
    """Read the families' tables back from a solution, with the limits restated from them.

    Returns
    -------
    dict of str to pandas.DataFrame
        By table name; what several families contribute to is joined.
    """
    decided = _decided(program, arrays, outcome)
    restated = restate(program.dataset, program.model, decided)
    return _with_limits(program.model, decided, restated, outcome)


def _decided(
    program: Program, arrays: Arrays, outcome: Outcome, ask: Ask = anew
) -> dict[str, pd.DataFrame]:
    """The families' tables."""
    assert outcome.values is not None
    values = Values(program, arrays, outcome.values)
    parts: dict[str, list[pd.DataFrame]] = {}
    for family in program.model.busy_families(program.dataset):
        for name, frame in ask(family.tables, program.dataset, values).items():
            parts.setdefault(name, []).append(frame)
    specs = program.model.outputs
    return {
        name: _joined(parts.get(name, []), spec)
        for name, spec in {SUMMARY.name: SUMMARY, **specs}.items()
    }


def _with_limits(
    model: Model, decided: Mapping[str, pd.DataFrame], restated: Restated, outcome: Outcome
) -> dict[str, pd.DataFrame]:
    """The tables with Limits, and with the plan's status in the Summary."""
    tables = {**decided, LIMITS.name: limits_table(model, restated)}
    status = status_figures(outcome, tables).astype({"value": object})
    tables[SUMMARY.name] = pd.concat([status, tables[SUMMARY.name]], ignore_index=True)
    return tables


def _joined(frames: list[pd.DataFrame], spec: TableSpec) -> pd.DataFrame:
    columns = [column.name for column in spec.columns]
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return pd.DataFrame(columns=columns)
    # What a family has nothing to say of stays blank.
    joined = pd.concat(filled, ignore_index=True).reindex(columns=columns)
    return (
        joined.sort_values("date", kind="stable", ignore_index=True) if "date" in joined else joined
    )


def _plan(
    program: Program,
    arrays: Arrays,
    outcome: Outcome,
    options: Options,
    watch: _Stopwatch,
    notices: tuple[Problem, ...],
    tables: Mapping[str, pd.DataFrame],
    audit: pd.DataFrame,
) -> Plan:
    versions = versions_of(program.model) | version_of(options.solver)
    entries = {
        "input hash": program.dataset.digest,
        "model hash": program.model.digest,
        "workbook": program.dataset.source,
        "quality": str(outcome.quality),
        "why it stopped": str(outcome.stop_reason),
        "objective": outcome.objective,
        "bound": outcome.bound,
        "gap": outcome.gap,
        **{f"version of {name}": text for name, text in versions.items()},
        **{f"option {name}": value for name, value in asdict(options).items()},
        **{name.replace("_", "-"): value for name, value in arrays.size.items()},
        "nodes": outcome.nodes,
        "strengthening rows taken": outcome.cut_rows,
        "strategy": str(outcome.strategy),
        **{f"solver note {k}": note for k, note in enumerate(outcome.notes, start=1)},
        **{f"seconds to {name}": round(value, 3) for name, value in watch.seconds.items()},
        **{f"notice {k}": str(notice) for k, notice in enumerate(notices, start=1)},
    }
    run = pd.DataFrame({"entry": list(entries), "value": list(entries.values())}, dtype=object)
    full = {**tables, AUDIT.name: audit, RUN.name: run}
    specs = (SUMMARY, *program.model.outputs.values(), LIMITS, MARGINALS, AUDIT, RUN)
    return Plan(
        full,
        specs,
        program.model.charts,
        outcome,
        dict(watch.seconds),
        arrays.size,
        versions,
        program.dataset.digest,
        notices,
        program.model.report,
        Origin(program.dataset, program.model, options),
    )


def versions_of(model: Model) -> dict[str, str]:
    """Version of every part that a plan depends on, by name."""

    def of(package: str) -> str:
        try:
            return package_version(package)
        except PackageNotFoundError:
            return "not installed"

    return {
        "optalloc": of("optalloc"),
        "highs": highs.version(),
        "pyomo": of("pyomo"),
        "pandas": of("pandas"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "model": model.digest[:12],
    }
