"""The tables of a plan under uncertainty: what to do now, the policy, and each scenario."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.tables import ENGINE_TABLES, RUN, SUMMARY

__all__ = [
    "FUTURES",
    "HERE_AND_NOW",
    "LIMITS_ACROSS",
    "POLICY",
    "SCENARIO",
    "TREE",
    "VALUES",
    "by_scenario",
    "policy_specs",
    "with_actions",
]

SCENARIO = Column(
    name="scenario",
    kind=Kind.TEXT,
    meaning="The scenario that the row is of; blank where it is of all of them.",
)

# Columns that follow those of the model's own table of actions.
_IN_OWN = Column(
    name="own_plans",
    kind=Kind.INTEGER,
    unit="scenarios",
    meaning="In how many scenarios the best plan for that scenario alone has this action too.",
)
_NODE = (
    Column(name="known", kind=Kind.TEXT, meaning="What is known when it is decided."),
    Column(name="known_since", kind=Kind.DATE, meaning="Day on which the last of it was revealed."),
    Column(
        name="probability",
        kind=Kind.NUMBER,
        unit="share",
        meaning="Probability that this comes to be known.",
    ),
)
_DIFFERS = Column(
    name="differs",
    kind=Kind.FLAG,
    meaning="Whether another outcome of what was revealed last leads to something else.",
)

HERE_AND_NOW = TableSpec(
    name="HereAndNow",
    meaning="What to do before anything is known: the same in every scenario, but for a day that "
    "an outcome shifts, which is the earliest.",
    columns=(_IN_OWN,),
)

POLICY = TableSpec(
    name="Policy",
    meaning="What to do once something is known, by what is known; of a day that what is not known "
    "yet shifts, the earliest.",
    columns=(*_NODE, _DIFFERS),
)

FUTURES = TableSpec(
    name="Futures",
    meaning="Each scenario: what it costs under the policy, and what it would cost if it were "
    "known today.",
    key=("scenario",),
    columns=(
        SCENARIO,
        Column(name="outcomes", kind=Kind.TEXT, meaning="How each uncertainty comes out."),
        Column(name="probability", kind=Kind.NUMBER, unit="share", meaning="How probable it is."),
        Column(
            name="weight",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Weight of its cost in the measure that is least.",
        ),
        Column(
            name="cost",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="Cost under the policy.",
        ),
        Column(
            name="alone",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="Cost of the best plan found for it alone, as if it were known today.",
        ),
        Column(
            name="alone_bound",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="No plan for it alone costs less.",
        ),
        Column(
            name="regret_at_least",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="What the policy costs more than the best plan found for it alone.",
        ),
        Column(
            name="regret_at_most",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="What the policy costs more than any plan for it alone could.",
        ),
    ),
)

VALUES = TableSpec(
    name="Values",
    meaning="What it is worth to know, to plan for uncertainty, to be able to wait, and to have "
    "what may be chosen, each between two proven bounds.",
    key=("value",),
    columns=(
        Column(name="value", kind=Kind.TEXT, meaning="What is worth something."),
        Column(name="in_words", kind=Kind.TEXT, meaning="How much, as a sentence."),
        Column(
            name="at_least",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="Lower bound; blank where there is none.",
        ),
        Column(
            name="at_most",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="Upper bound; blank where there is none.",
        ),
        Column(
            name="decided",
            kind=Kind.FLAG,
            meaning="Whether it is more than nothing, proven; undecided where the bounds span 0.",
        ),
        Column(name="means", kind=Kind.TEXT, meaning="What it says."),
    ),
)

TREE = TableSpec(
    name="Tree",
    meaning="What may become known, day by day: each node of the scenario tree.",
    key=("node",),
    columns=(
        Column(name="node", kind=Kind.INTEGER, meaning="Number of the node."),
        Column(
            name="parent",
            kind=Kind.INTEGER,
            meaning="The node before it; blank for the first, at which nothing is known.",
        ),
        Column(
            name="date",
            kind=Kind.DATE,
            meaning="Day on which it is reached; of the first the day on which the plan begins.",
        ),
        Column(name="learnt", kind=Kind.TEXT, meaning="What becomes known on that day."),
        Column(name="known", kind=Kind.TEXT, meaning="All that is known from that day on."),
        Column(
            name="probability",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Probability that it is reached.",
        ),
        Column(
            name="expected_cost",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="Expected cost of the policy once it is reached, over the whole horizon.",
        ),
        Column(
            name="scenarios",
            kind=Kind.INTEGER,
            unit="scenarios",
            meaning="Scenarios that are still possible.",
        ),
    ),
)


LIMITS_ACROSS = TableSpec(
    name="LimitsAcross",
    meaning="Limits that need not hold in every scenario: what the sheet Across asks, and what the "
    "policy does. Amounts are what is beyond the limit, negative where something is left; of an "
    "equation what is missing.",
    key=("line", "key"),
    columns=(
        Column(name="line", kind=Kind.TEXT, meaning="Cell of the sheet Across that asks for it."),
        Column(name="limit", kind=Kind.TEXT, meaning="Name of the limit."),
        Column(name="key", kind=Kind.TEXT, meaning="What it is about."),
        Column(name="in_words", kind=Kind.TEXT, meaning="What was asked and what came."),
        Column(name="holds", kind=Kind.TEXT, meaning="In which scenarios it was asked to hold."),
        Column(
            name="share",
            kind=Kind.NUMBER,
            unit="share of probability",
            meaning="Probability of the tail, or the least with which it holds; blank where "
            "neither is asked.",
        ),
        Column(name="unit", kind=Kind.TEXT, meaning="Unit of average, tail and worst."),
        Column(name="average", kind=Kind.NUMBER, meaning="Mean over the scenarios."),
        Column(
            name="tail",
            kind=Kind.NUMBER,
            meaning="Mean over the tail in which it is largest; blank where none is asked.",
        ),
        Column(name="worst", kind=Kind.NUMBER, meaning="The largest of all scenarios."),
        Column(
            name="probability",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Probability of the scenarios in which it holds.",
        ),
        Column(
            name="together",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Probability of the scenarios in which all rows of the line hold.",
        ),
        Column(
            name="fails_in",
            kind=Kind.TEXT,
            meaning="Scenarios in which it does not hold, joined by semicolons.",
        ),
    ),
)


def policy_specs(outputs: Iterable[TableSpec], actions: TableSpec | None) -> tuple[TableSpec, ...]:
    """The tables of a policy in order: what is about all scenarios, then what is of each.

    Parameters
    ----------
    outputs : iterable of TableSpec
        Tables that the families of the model declare.
    actions : TableSpec, optional
        The one of them that lists all decisions as actions.
    """
    decided = () if actions is None else (HERE_AND_NOW, POLICY)
    return (
        SUMMARY,
        *(with_actions(spec, actions) for spec in decided if actions is not None),
        *(FUTURES, VALUES, TREE, LIMITS_ACROSS),
        *(by_scenario(spec) for spec in (*outputs, *ENGINE_TABLES)),
        RUN,
    )


def by_scenario(spec: TableSpec) -> TableSpec:
    """The same table of all scenarios, each row with its scenario."""
    return replace(spec, columns=(SCENARIO, *spec.columns), key=("scenario", *spec.key))


def with_actions(spec: TableSpec, actions: TableSpec) -> TableSpec:
    """`HERE_AND_NOW` or `POLICY` with the columns of the model's table of actions."""
    if spec is HERE_AND_NOW:
        columns, key = (*actions.columns, *spec.columns), actions.key
    else:
        columns, key = (*_NODE, *actions.columns, _DIFFERS), ("known", *actions.key)
    return replace(spec, columns=columns, key=key, decided_in=actions.decided_in)
