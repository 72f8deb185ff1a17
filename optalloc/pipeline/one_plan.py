"""A dataset becomes one audited plan."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import (
    InternalError,
    Problem,
)
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import (
    Options,
    Outcome,
    ProgressCallback,
    raise_without_plan,
)
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.program import Program, build
from optalloc.modelling.tables import BINDING_LIMITS, LIMITS, MARGINALS
from optalloc.pipeline.stopwatch import PhaseCallback, Stopwatch
from optalloc.plan.audit import Restated
from optalloc.plan.marginals import FixedPlan, binding_limits, marginals_table
from optalloc.plan.plan import Plan
from optalloc.plan.readback import audited_tables, decided_tables, worst_of
from optalloc.plan.record import plan_of
from optalloc.plan.served import less_unmet
from optalloc.plan.stretches import binding_stretches
from optalloc.solving.solvers import solve_by

__all__ = ["solve_dataset", "solve_program", "solved_dataset"]


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
    return solved_dataset(dataset, model, given, Stopwatch(None, {}), (), None)


def solved_dataset(
    dataset: Dataset,
    model: Model,
    given: Mapping[str, Any],
    watch: Stopwatch,
    notices: tuple[Problem, ...],
    progress: ProgressCallback | None,
) -> Plan:
    """Build, compile and solve a dataset, and audit the plan, by a stopwatch."""
    with watch.phase("build"):
        program = build(dataset, model)
    with watch.phase("compile"):
        arrays = compile_program(program)
    options = options_of(dataset, model, given)
    return solved_program(program, arrays, options, watch, notices, progress)


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
    watch = Stopwatch(on_phase, {})
    return solved_program(program, arrays, options, watch, notices, progress)


def solved_program(
    program: Program,
    arrays: Arrays,
    options: Options,
    watch: Stopwatch,
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
