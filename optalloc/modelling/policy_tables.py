"""The tables of a plan under uncertainty: what to do now, the policy, and each scenario."""

from __future__ import annotations

from dataclasses import replace

from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

__all__ = ["FUTURES", "HERE_AND_NOW", "POLICY", "SCENARIO", "VALUES", "by_scenario", "with_actions"]

SCENARIO = Column(name="scenario", kind=Kind.TEXT, meaning="The scenario that the row is of.")

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
    meaning="What to do before anything is known: the same in every scenario.",
    columns=(_IN_OWN,),
)

POLICY = TableSpec(
    name="Policy",
    meaning="What to do once something is known, by what is known.",
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
    meaning="What it is worth to know, to plan for uncertainty and to be able to wait, each "
    "between two proven bounds.",
    key=("value",),
    columns=(
        Column(name="value", kind=Kind.TEXT, meaning="What is worth something."),
        Column(name="at_least", kind=Kind.NUMBER, unit="M, present value", meaning="Lower bound."),
        Column(name="at_most", kind=Kind.NUMBER, unit="M, present value", meaning="Upper bound."),
        Column(
            name="decided",
            kind=Kind.FLAG,
            meaning="Whether it is more than nothing, proven; undecided where the bounds span 0.",
        ),
        Column(name="means", kind=Kind.TEXT, meaning="What it says."),
    ),
)


def by_scenario(spec: TableSpec) -> TableSpec:
    """The same table of all scenarios, each row with its scenario."""
    return replace(spec, columns=(SCENARIO, *spec.columns), key=("scenario", *spec.key))


def with_actions(spec: TableSpec, actions: TableSpec) -> TableSpec:
    """`HERE_AND_NOW` or `POLICY` with the columns of the model's table of actions."""
    if spec is HERE_AND_NOW:
        return replace(spec, columns=(*actions.columns, *spec.columns), key=actions.key)
    columns = (*_NODE, *actions.columns, _DIFFERS)
    return replace(spec, columns=columns, key=("known", *actions.key))
