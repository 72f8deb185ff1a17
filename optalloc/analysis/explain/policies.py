"""A policy explained: which limits bind in which scenarios, and which across them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from optalloc.analysis.explain.binding_in_scenarios import PolicyPoint, what_binds_in_scenarios
from optalloc.analysis.explain.elastic_cells import aligned
from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError, OptallocError
from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, Outcome, StepCallback
from optalloc.modelling.across import across_rows
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.futures import Futures, attitude_of, sharing
from optalloc.modelling.model import Model
from optalloc.modelling.policy_tables import FUTURES
from optalloc.modelling.program import build
from optalloc.modelling.renew import renewed
from optalloc.pipeline.policies import scenarios_of
from optalloc.plan.held import refuse_lost, rows_held, tables_of_scenario
from optalloc.plan.plan import Plan
from optalloc.plan.planfile import PlanFile
from optalloc.plan.policy import LEAST, scenario_plans
from optalloc.report.findings import Findings, figure
from optalloc.scenarios.edits import rows_added
from optalloc.solving.futures import Alone, StochasticOutcome
from optalloc.solving.solvers import solve_by

__all__ = ["explained_policy", "explained_policy_file"]

TITLE = "What there is to say of the policy"
# Every decision of a plan is taken before this.
END_OF_TIME = pd.Timestamp("2262-01-01")
# Costs that differ by less than this share are the same.
SAME_COST = 1e-6


def explained_policy(plan: Plan, budget_s: float, on_step: StepCallback | None = None) -> Findings:
    """Explain a policy that was solved in this process; its programs are built again.

    Parameters
    ----------
    plan : Plan
    budget_s : float
        Seconds after which no further limit is valued.
    on_step : callable, optional

    Raises
    ------
    OptallocError
        If the policy was unpickled: its dataset is not pickled with it.
    """
    origin, values = plan.origin, plan.outcome.values
    if origin is None or values is None:
        raise OptallocError(
            "this policy has left behind what it was solved from; explain the workbook instead"
        )
    made = _scenarios(origin.dataset, origin.model)
    attitude = attitude_of(origin.dataset)
    alone = plan[FUTURES.name]["alone"].to_numpy(float)
    tables = [one.tables for one in plan.futures.values()]
    point = PolicyPoint.of(made, attitude, alone, values, tables)
    return _joined(
        _quality(attitude, plan.cost, plan.gap),
        what_binds_in_scenarios(point, origin.options, budget_s, on_step),
    )


def explained_policy_file(
    file: PlanFile,
    data: Dataset,
    model: Model,
    options: Options,
    source: str,
    budget_s: float,
    on_step: StepCallback | None = None,
) -> Findings:
    """Explain the policy of a plan.xlsx by its workbook: its whole numbers are fixed again.

    Parameters
    ----------
    file : PlanFile
    data : Dataset
        The workbook as it is now.
    model : Model
    options : Options
        Of each solve.
    source : str
        Name of the workbook.
    budget_s : float
        Seconds after which no further limit is valued.
    on_step : callable, optional

    Raises
    ------
    OptallocError
        If the workbook has other scenarios by now, or no plan with these decisions in one of them.
    """
    name, changed = file.source.name, data.digest != file.input_hash
    made = _scenarios(data, model)
    if list(file[FUTURES.name]["scenario"]) != list(made.stochastic.names):
        raise OptallocError(
            f"{name} cannot be explained: {source} has other scenarios by now. Explain the "
            "workbook instead."
        )
    attitude = attitude_of(data)
    alone = file[FUTURES.name]["alone"].to_numpy(float)
    form = extensive_form(made.stochastic, attitude, np.nan_to_num(alone))
    fixed, numbers = _integers(made, file, len(form.arrays.cost), options, on_step)
    found = solve_by(form.arrays.with_fixed(fixed, numbers), replace(options, gap=0.0))
    if found.values is None:
        raise OptallocError(_no_longer(name, source, changed, ""))
    tables = [one.tables for one in scenario_plans(made, _outcome(made, found), options).values()]
    point = PolicyPoint.of(made, attitude, alone, found.values, tables)
    return _joined(
        Findings("The policy", tuple(_of_file(file, attitude, source, changed, found.objective))),
        _quality(attitude, found.objective, file.gap),
        what_binds_in_scenarios(point, options, budget_s, on_step),
    )


def _scenarios(data: Dataset, model: Model) -> Futures:
    tree = model.scenario_tree(data)
    if tree is None:
        raise OptallocError(
            "the workbook has no scenarios by now, and a policy is of several: fill in the sheet "
            "Uncertainties, or explain the workbook"
        )
    return scenarios_of(data, model, tree)


def _joined(*parts: Findings) -> Findings:
    return Findings.joined(TITLE, parts)


def _quality(attitude: Attitude, cost: float, gap: float) -> Findings:
    within = "optimal" if gap == 0 else f"within {100 * gap:.3g} % of the least there can be"
    least = LEAST[attitude.measure]
    return Findings("The policy", (f"The {least} is {figure(cost, 6)} M and is {within}.",))


def _of_file(
    file: PlanFile, attitude: Attitude, source: str, changed: bool, cost: float
) -> Iterator[str]:
    least = LEAST[attitude.measure]
    yield f"This is the policy of {file.source.name}, whose {least} was {file.cost:,.6g} M."
    if changed:
        yield (
            f"{source} has changed since that policy was made: it is explained by {source} as it "
            f"is now, by which the same whole numbers come to {cost:,.6g} M."
        )
    elif file.cost - cost > SAME_COST * max(1.0, abs(file.cost)):
        yield f"With the same whole numbers {file.cost - cost:,.6g} M less is enough."


def _outcome(made: Futures, found: Outcome) -> StochasticOutcome:
    """The outcome without what is known of scenarios alone."""
    assert found.values is not None
    costs = made.stochastic.costs(found.values[: made.stochastic.size])
    alone = tuple(Alone(math.inf, -math.inf, None) for _ in costs)
    return StochasticOutcome(found, alone, costs)


def _integers(
    made: Futures, file: PlanFile, size: int, options: Options, on_step: StepCallback | None
) -> tuple[np.ndarray, np.ndarray]:
    """Mask and values of the integer columns of the extensive form, from the tables of a policy."""
    program, model, lines = made.stochastic, made.base.model, made.across
    tables = [tables_of_scenario(file, name) for name in program.names]
    for scenario, one in zip(tables, made.programs, strict=True):
        refuse_lost(file, scenario, END_OF_TIME, one.dataset, model)
    datasets = [
        rows_added(rows_held(own, END_OF_TIME, one.dataset, model), one.dataset)
        for own, one in zip(tables, made.programs, strict=True)
    ]
    # What is held may serve a need that another scenario has.
    first, *others = sharing(datasets, model)
    keep_idle = any(line.is_relaxed for line in lines)
    name, changed = file.source.name, made.base.dataset.digest != file.input_hash
    fixed, values = np.zeros(size, dtype=bool), np.zeros(size)
    try:
        base = build(first, model)
        compiled = [compile_program(base, keep_idle=keep_idle)]
        compiled += [renewed(base, compiled[0], one, keep_idle=keep_idle).arrays for one in others]
        held, _ = across_rows(base, program.names, compiled, lines)
    except InfeasibleError as found:
        raise OptallocError(_no_longer(name, "the workbook", changed, f" {found}")) from found
    for s, (arrays, own) in enumerate(zip(held, program.columns, strict=True)):
        outcome = solve_by(arrays, options)
        point = None
        if outcome.values is not None:
            point = aligned(arrays, program.programs[s], outcome.values)
        if point is None:
            where = f" in {program.names[s]}"
            raise OptallocError(_no_longer(name, "the workbook", changed, where))
        integer = program.programs[s].integer
        fixed[own[integer]], values[own[integer]] = True, np.round(point[integer])
        if on_step is not None:
            on_step("decisions of each scenario", s + 1, len(held))
    return fixed, values


def _no_longer(name: str, source: str, changed: bool, where: str) -> str:
    why = "has changed since and" if changed else "is the same, but"
    return (
        f"{name} cannot be explained: {source} {why} has no policy with these decisions{where}. "
        "Explain the workbook instead."
    )
