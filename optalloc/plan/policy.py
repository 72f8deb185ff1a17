"""Step "read back" under uncertainty: the plan of each scenario, and the policy that they follow.

A policy is what to do now, and what to do later in which case. Every scenario is read back and
audited as a plan of its own. Some checks are about all together: scenarios that cannot be
distinguished on a day have the same actions, by the tables alone; the measure follows from the
audited costs; and limits that need not hold in every scenario do so as the sheet Across asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from optalloc.errors import Problem
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.outcome import Options, Outcome, quality_of
from optalloc.modelling.futures import Futures
from optalloc.modelling.policy_report import policy_report
from optalloc.modelling.policy_tables import (
    FUTURES,
    HERE_AND_NOW,
    LIMITS_ACROSS,
    POLICY,
    TREE,
    VALUES,
    policy_specs,
)
from optalloc.modelling.tables import (
    AUDIT,
    BINDING_LIMITS,
    ENGINE_TABLES,
    LIMITS,
    MARGINALS,
    SUMMARY,
)
from optalloc.plan.plan import Plan
from optalloc.plan.policy_across import across_checks, limits_across, waived_limits
from optalloc.plan.policy_actions import SAME, anticipating, now_and_later
from optalloc.plan.policy_words import listed, value_in_words
from optalloc.plan.readback import audited_tables, decided_tables
from optalloc.plan.record import plan_of
from optalloc.plan.stretches import binding_stretches
from optalloc.solving.futures import StochasticOutcome

__all__ = ["LEAST", "Value", "decided_in_scenarios", "policy_of", "scenario_plans"]

# The measures in words.
LEAST = {
    Measure.EXPECTED: "expected cost",
    Measure.MEAN_AND_TAIL: "weighted mean of the expected cost and the worst scenarios",
    Measure.WORST: "cost of the worst scenario",
    Measure.REGRET: "greatest regret",
}

# Name, at least, at most, meaning.
Value = tuple[str, float, float, str]


def scenario_plans(made: Futures, found: StochasticOutcome, options: Options) -> dict[str, Plan]:
    """The plan of each scenario under the policy, read back and audited on its own dataset."""
    assert found.outcome.values is not None
    plans: dict[str, Plan] = {}
    waived = waived_limits(made)
    for s, name in enumerate(made.stochastic.names):
        program, arrays = made.programs[s], made.stochastic.programs[s]
        values = found.outcome.values[made.stochastic.columns[s]]
        outcome = _own(found, s, values, options)
        decided = decided_tables(program, arrays, outcome)
        restated, tables, audit = audited_tables(program, decided, outcome, waived=waived)
        tables[BINDING_LIMITS.name] = binding_stretches(program, restated, tables[LIMITS.name])
        tables[MARGINALS.name] = pd.DataFrame(columns=[c.name for c in MARGINALS.columns])
        plans[name] = plan_of(program, arrays.size, outcome, options, {}, (), tables, audit)
    return plans


def decided_in_scenarios(made: Futures, found: StochasticOutcome) -> list[dict[str, pd.DataFrame]]:
    """The families' tables of each scenario under the policy, not audited."""
    point = found.outcome.values
    assert point is not None
    parts = zip(made.programs, made.stochastic.programs, made.stochastic.columns, strict=True)
    return [
        decided_tables(program, arrays, replace(found.outcome, values=point[own]))
        for program, arrays, own in parts
    ]


def own_plans(made: Futures, found: StochasticOutcome) -> Iterator[tuple[int, pd.DataFrame]]:
    """The actions of the best plan of each scenario alone, where one is known."""
    actions = made.base.model.actions
    for s, alone in enumerate(found.alone):
        if alone.values is not None and actions is not None:
            program, arrays = made.programs[s], made.stochastic.programs[s]
            outcome = replace(found.outcome, values=alone.values)
            yield s, decided_tables(program, arrays, outcome)[actions.name]


def _own(found: StochasticOutcome, s: int, values: np.ndarray, options: Options) -> Outcome:
    """The outcome of one scenario: its cost under the policy, and its bound alone."""
    cost, bound = float(found.costs[s]), min(found.alone[s].bound, float(found.costs[s]))
    return replace(
        found.outcome,
        quality=quality_of(cost, bound, options.gap),
        objective=cost,
        bound=bound,
        values=values,
        history=(),
        notes=(),
    )


def policy_of(
    made: Futures,
    found: StochasticOutcome,
    attitude: Attitude,
    options: Options,
    seconds: dict[str, float],
    notices: tuple[Problem, ...],
    values: Sequence[Value],
) -> Plan:
    """The policy with its tables and its audit, and the plan of each scenario in ``futures``.

    Parameters
    ----------
    values : sequence of Value
        What to know, to plan for uncertainty and to wait is worth.
    """
    model = made.base.model
    plans = scenario_plans(made, found, options)
    tables = {
        spec.name: _stacked({name: plan[spec.name] for name, plan in plans.items()}, spec.name)
        for spec in (*model.outputs.values(), *ENGINE_TABLES)
    }
    tables[FUTURES.name] = _futures(made, found, attitude)
    tables[VALUES.name] = _values(values, found.outcome.objective)
    tables[TREE.name] = _tree(made, found)
    tables[LIMITS_ACROSS.name] = limits_across(made, [plan.tables for plan in plans.values()])
    if model.actions is not None:
        actions = [plan[model.actions.name] for plan in plans.values()]
        own = dict(own_plans(made, found))
        tables[HERE_AND_NOW.name], tables[POLICY.name] = now_and_later(made, actions, own)
        tables[AUDIT.name] = pd.concat(
            [_nonanticipativity(made, actions), tables[AUDIT.name]], ignore_index=True
        )
    across = across_checks(made, [plan.tables for plan in plans.values()])
    about_all = [_measure(made, found, attitude, plans), *(_check(*one) for one in across)]
    audit = pd.concat([*about_all, tables[AUDIT.name]], ignore_index=True)
    figures = next(iter(plans.values())).summary()
    named = figures[figures["figure"] == model.report.case]
    case = dict(zip(named["figure"], named["value"], strict=True))
    now = tables.get(HERE_AND_NOW.name)
    tables[SUMMARY.name] = _summary(made, found, attitude, now, case)
    whole = plan_of(
        made.base,
        found.size,
        found.outcome,
        options,
        seconds,
        notices,
        tables,
        audit,
    )
    return replace(
        whole,
        specs=policy_specs(model.outputs.values(), model.actions),
        report=policy_report(model.report, model.actions is not None),
        futures=plans,
    )


def _stacked(tables: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """One table of all scenarios, with the scenario first."""
    filled = [frame.assign(scenario=name) for name, frame in tables.items() if len(frame)]
    if not filled:
        only = next(iter(tables.values()))
        return pd.DataFrame(columns=["scenario", *only.columns])
    joined = pd.concat(filled, ignore_index=True)
    return joined[["scenario", *(c for c in joined.columns if c != "scenario")]]


def _futures(made: Futures, found: StochasticOutcome, attitude: Attitude) -> pd.DataFrame:
    tree, costs = made.tree, found.costs
    alone = np.array([one.objective for one in found.alone])
    bounds = np.array([one.bound for one in found.alone])
    return pd.DataFrame(
        {
            "scenario": [one.name for one in tree.scenarios],
            "outcomes": ["; ".join(map("=".join, one.outcomes)) for one in tree.scenarios],
            "probability": tree.probability,
            "weight": attitude.weights(tree.probability, costs, alone),
            "cost": costs,
            "alone": _finite(alone),
            "alone_bound": _finite(bounds),
            "regret_at_least": np.maximum(costs - alone, 0.0),
            "regret_at_most": _finite(np.maximum(costs - bounds, 0.0)),
        }
    )


def _finite(numbers: np.ndarray) -> np.ndarray:
    """Numbers, blank where they are not finite: nothing is known there."""
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _values(values: Sequence[Value], scale: float) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=["value", "at_least", "at_most", "means"])
    nothing = SAME * max(1.0, abs(scale))
    frame["decided"] = frame["at_least"] > nothing
    frame["in_words"] = [value_in_words(value, nothing) for value in values]
    for bound in ("at_least", "at_most"):
        frame[bound] = _finite(frame[bound].to_numpy(float))
    return frame[[column.name for column in VALUES.columns]]


def _tree(made: Futures, found: StochasticOutcome) -> pd.DataFrame:
    """One row for each node, in the order of days."""
    tree, p = made.tree, made.tree.probability
    begin = made.base.model.steps(made.base.dataset)["begin"].min()
    rows = []
    for level in range(tree.nodes.shape[1]):
        for node in dict.fromkeys(tree.nodes[:, level].tolist()):
            there = np.flatnonzero(tree.nodes[:, level] == node)
            first = tree.scenarios[there[0]]
            known = list(tree.known(first, level))
            before = list(tree.known(first, level - 1)) if level else []
            rows.append(
                {
                    "node": node,
                    "parent": tree.nodes[there[0], level - 1] if level else np.nan,
                    "date": tree.reveals[level - 1] if level else begin,
                    "learnt": "; ".join("=".join(one) for one in known if one not in before),
                    "known": "; ".join(map("=".join, known)),
                    "probability": float(p[there].sum()),
                    "expected_cost": float(p[there] @ found.costs[there] / p[there].sum()),
                    "scenarios": len(there),
                }
            )
    return pd.DataFrame(rows)[[column.name for column in TREE.columns]]


def _summary(
    made: Futures,
    found: StochasticOutcome,
    attitude: Attitude,
    now: pd.DataFrame | None,
    case: Mapping[str, object],
) -> pd.DataFrame:
    p, costs, outcome = made.tree.probability, found.costs, found.outcome
    money = "M, present value"
    rows: list[tuple[str, object, str]] = [
        *((name, value, "") for name, value in case.items()),
        ("quality", str(outcome.quality), "proven"),
        ("why it stopped", str(outcome.stop_reason), ""),
        ("what is least", LEAST[attitude.measure], ""),
        ("measure", outcome.objective, money),
        ("bound: no policy does better", outcome.bound, money),
        ("gap", outcome.gap, "share of measure"),
        ("scenarios", len(p), "scenarios"),
        ("expected cost", float(p @ costs), money),
        ("least cost of a scenario", float(costs.min()), money),
        ("greatest cost of a scenario", float(costs.max()), money),
    ]
    if attitude.measure is Measure.MEAN_AND_TAIL:
        tail = replace(attitude, tail_weight=1.0).value(p, costs)
        rows.append(("share of the worst scenarios", attitude.tail_share, "share of probability"))
        rows.append(("mean cost of the worst scenarios", tail, money))
    first = made.tree.reveals[0]
    learnt = [one.name for one in made.tree.uncertainties if one.revealed == first]
    rows.append(("known first", listed(learnt), ""))
    rows.append(("first day of knowledge", f"{first:%Y-%m-%d}", ""))
    if now is not None and len(now):
        rows.append(("to do now", len(now), "actions" if len(now) > 1 else "action"))
    elif now is not None:
        rows.append(("nothing to decide before", f"{first:%Y-%m-%d}", ""))
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])


def _check(subject: str, check: str, rows: int, worst: float, where: str) -> pd.DataFrame:
    cells = {
        "scenario": None,
        "subject": subject,
        "check": check,
        "rows": rows,
        "worst": worst,
        "where": where,
        "passed": worst <= SAME,
        "columns": "",
    }
    return pd.DataFrame([cells])


def _nonanticipativity(made: Futures, actions: Sequence[pd.DataFrame]) -> pd.DataFrame:
    compared, where = anticipating(made, actions)
    worst = np.inf if where else 0.0
    return _check("Policy", "the same until scenarios are distinguished", compared, worst, where)


def _measure(
    made: Futures, found: StochasticOutcome, attitude: Attitude, plans: dict[str, Plan]
) -> pd.DataFrame:
    """The measure, worked out again from the audited costs of the scenarios."""
    costs = np.array([plan.cost for plan in plans.values()])
    alone = np.array([one.objective for one in found.alone])
    again = attitude.value(made.tree.probability, costs, alone)
    objective = found.outcome.objective
    worst = abs(again - objective) / max(1.0, abs(objective))
    where = f"{again:,.6f} against {objective:,.6f}"
    return _check("Futures", "the measure follows from the costs", len(costs), worst, where)
