"""How the report shows a policy: what to do now, what is known when, and one scenario at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optalloc.modelling.exhibits import (
    Branches,
    Cases,
    Distribution,
    Intervals,
    Listing,
    Sentences,
    Series,
)
from optalloc.modelling.outputs import Chart
from optalloc.modelling.policy_tables import (
    FUTURES,
    HERE_AND_NOW,
    LIMITS_ACROSS,
    POLICY,
    TREE,
    VALUES,
)
from optalloc.modelling.reports import Filter, Report

__all__ = ["policy_charts", "policy_report"]

_SCENARIO = Filter(
    column="scenario",
    title="Scenario",
    table=FUTURES.name,
    single=True,
    share="probability",
)
_ACTIONS = (
    Listing(
        title="What to do now",
        order=10,
        note="The same in every scenario, but for a day that an outcome shifts, which is the "
        "earliest. Beside each action, in how many scenarios the best plan for that scenario alone "
        "has it too.",
        table=HERE_AND_NOW.name,
        empty="Nothing has to be decided before {nothing to decide before}, when {known first} is "
        "known.",
    ),
    Cases(
        title="What to do later",
        order=20,
        note="What is known decides what is done. Marked is what another outcome of what was "
        "revealed last does not lead to.",
        table=POLICY.name,
        known="known",
        since="known_since",
        share="probability",
        mark="differs",
        empty="Nothing is decided once more is known.",
    ),
)
_ABOUT_ALL = (
    Branches(
        title="What may become known",
        order=30,
        note="From left to right by day; a branch is as wide as it is probable, and as dark as its "
        "expected cost is high.",
        table=TREE.name,
        node="node",
        parent="parent",
        date="date",
        label="learnt",
        share="probability",
        value="expected_cost",
        words=("known",),
    ),
    Distribution(
        title="What it may cost",
        order=40,
        note="Probability that the cost is no more than so much. Under the policy, and if each "
        "scenario were known today.",
        table=FUTURES.name,
        label="scenario",
        share="probability",
        series=(
            Series(table=FUTURES.name, value="cost", label="Under the policy"),
            Series(table=FUTURES.name, value="alone", label="If it were known today", dash="dot"),
        ),
        marks=("expected cost", "mean cost of the worst scenarios"),
        x_title="Cost (M, present value)",
    ),
    Intervals(
        title="What would have been saved",
        order=50,
        note="Regret: what the policy costs more than the best plan for the scenario alone; the "
        "line is what is not proven.",
        table=FUTURES.name,
        label="scenario",
        at_least="regret_at_least",
        at_most="regret_at_most",
        x_title="Regret (M, present value)",
    ),
    Sentences(
        title="What it is worth to know and to wait",
        order=60,
        note="Each between two proven bounds.",
        table=VALUES.name,
        sentence="in_words",
        more="means",
    ),
    Listing(
        title="Scenarios",
        order=70,
        note="What each costs under the policy, and what it would cost if it were known today.",
        table=FUTURES.name,
    ),
    Listing(
        title="Limits that need not always hold",
        order=80,
        note="What the sheet Across asks, and what the policy does.",
        table=LIMITS_ACROSS.name,
        first=("limit", "key", "in_words"),
    ),
)


def policy_report(report: Report, with_actions: bool) -> Report:
    """The report of a policy: about all scenarios first, then the model's own, by scenario.

    Parameters
    ----------
    report : Report
        Of the model.
    with_actions : bool
        True if the model has a table that lists all decisions as actions.
    """
    own = (*(_ACTIONS if with_actions else ()), *_ABOUT_ALL)
    return replace(
        report,
        headline=(
            "Take {to do now} now, before {known first} is known on {first day of knowledge}.",
            "Nothing has to be decided before {nothing to decide before}, when {known first} is "
            "known.",
            "It is expected to cost {expected cost} in present value, from {least cost of a "
            "scenario} to {greatest cost of a scenario} in {scenarios}|; the worst {share of the "
            "worst scenarios} cost {mean cost of the worst scenarios} on average|.",
            "Made least is the {what is least}: {measure}.",
        ),
        figures=(
            "expected cost",
            "mean cost of the worst scenarios",
            "least cost of a scenario",
            "greatest cost of a scenario",
            "gap",
            "scenarios",
            "to do now",
        ),
        filters=(_SCENARIO, *report.filters),
        exhibits=(*own, *report.exhibits),
    )


def policy_charts(charts: Sequence[Chart], scenario: str) -> list[Chart]:
    """The charts of a policy's workbook: costs by scenario, and the model's own of one scenario."""
    costs = Chart(
        title="Cost by scenario",
        table=FUTURES.name,
        kind="bars",
        x="scenario",
        series=("cost", "alone"),
        x_title="Scenario",
        y_title="Present value, M",
    )
    own = [
        replace(chart, title=f"{chart.title}, {scenario}", only=(_SCENARIO.column, scenario))
        for chart in charts
    ]
    return [costs, *own]
