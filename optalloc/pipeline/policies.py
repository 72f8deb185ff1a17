"""All scenarios of a workbook become one audited policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import (
    InfeasibleError,
    InternalError,
    NoPolicyError,
    Problem,
)
from optalloc.mip.attitude import Attitude
from optalloc.mip.outcome import (
    Options,
    Outcome,
    ProgressCallback,
    StopReason,
    raise_without_plan,
)
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.futures import Futures, attitude_of, futures, worst_slack_of
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.program import build
from optalloc.modelling.tables import AUDIT
from optalloc.pipeline.stopwatch import Stopwatch
from optalloc.plan.plan import Plan
from optalloc.plan.policy import Value, decided_in_scenarios, policy_of
from optalloc.plan.policy_values import values_of
from optalloc.plan.readback import worst_of
from optalloc.scenarios.read_across import AcrossLine
from optalloc.scenarios.tree import ScenarioTree
from optalloc.solving.futures import StochasticOutcome, solve_stochastic

__all__ = ["decide_together", "scenarios_of", "solve_policy", "solved_scenarios"]


def scenarios_of(
    dataset: Dataset, model: Model, tree: ScenarioTree, *, across: bool = True
) -> Futures:
    """Build and compile all scenarios of a workbook.

    Without ``across`` every limit holds in every scenario, whatever the sheet Across says.
    """
    lines = model.across(dataset) if across else ()
    return _scenarios(dataset, model, tree, lines, Stopwatch(None, {}))


def _scenarios(
    dataset: Dataset,
    model: Model,
    tree: ScenarioTree,
    across: Sequence[AcrossLine],
    watch: Stopwatch,
) -> Futures:
    with watch.phase("build"):
        base = build(dataset, model)
    with watch.phase("compile"):
        relaxed = any(line.is_relaxed for line in across)
        return futures(base, compile_program(base, keep_idle=relaxed), tree, across)


def solved_scenarios(
    dataset: Dataset,
    model: Model,
    tree: ScenarioTree,
    given: Mapping[str, Any],
    watch: Stopwatch,
    notices: tuple[Problem, ...],
    progress: ProgressCallback | None,
    cluster: str | None,
    *,
    large_values: bool,
) -> Plan:
    """Solve all scenarios together, and audit the policy; `large_values` as `values_of` has it."""
    made = _scenarios(dataset, model, tree, model.across(dataset), watch)
    options, attitude = options_of(dataset, model, given), attitude_of(dataset)
    slack = worst_slack_of(dataset)
    found = _solved_together(made, attitude, options, watch, progress, slack, cluster)
    with watch.phase("value"):
        values = values_of(
            made,
            found,
            attitude,
            options,
            watch.seconds["solve"],
            large=large_values,
            cluster=cluster,
        )
    return _audited_policy(made, found, attitude, options, watch, notices, values)


def solve_policy(
    made: Futures, attitude: Attitude, options: Options, cluster: str | None = None
) -> Plan:
    """Solve all scenarios together by a measure, and audit the policy.

    Its table of values is empty: each of them would be a solve of its own. Exceptions are those of
    `solve`, as is `cluster`.
    """
    watch = Stopwatch(None, {})
    found = _solved_together(made, attitude, options, watch, None, None, cluster)
    return _audited_policy(made, found, attitude, options, watch, (), ())


def decide_together(
    made: Futures,
    attitude: Attitude,
    options: Options,
    worst_slack: float | None = None,
    cluster: str | None = None,
) -> tuple[Outcome, Sequence[Mapping[str, pd.DataFrame]]]:
    """Solve all scenarios together by a measure; the tables of what is decided in each.

    They are not audited: for plans of which only a part is held. Exceptions are those of `solve`,
    as is `cluster`; `worst_slack` is that of `solve_stochastic`.
    """
    watch = Stopwatch(None, {})
    found = _solved_together(made, attitude, options, watch, None, worst_slack, cluster)
    return found.outcome, decided_in_scenarios(made, found)


def _solved_together(
    made: Futures,
    attitude: Attitude,
    options: Options,
    watch: Stopwatch,
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
    watch: Stopwatch,
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
