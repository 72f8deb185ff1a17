"""Tables of a roll: costs by policy and future, plan by plan, and what was regretted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

__all__ = [
    "ACTIONS",
    "AGAIN",
    "COSTS_BY_FUTURE",
    "DIFFERENCES",
    "FUTURES",
    "POLICIES",
    "REGRETTED",
    "REPLANS",
    "costs_of",
    "of_actions",
    "regretted_of",
]

COSTS_BY_FUTURE = "CostsByFuture"

_MONEY = "M, present value"


def _money(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=_MONEY, meaning=meaning)


def _count(name: str, unit: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.INTEGER, unit=unit, meaning=meaning)


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


_POLICY = _text(
    "policy",
    "How each plan is made: certain, of the expected figures given what is known; or futures, of "
    "all scenarios that agree with what is known.",
)
_FUTURE = _text("future", "What comes true.")
_ABOVE = (
    _money("above", "What the roll costs more than perfect foresight."),
    _money("above_at_least", "It is at least so much, by the gaps of both."),
    _money("above_at_most", "It is at most so much."),
)

POLICIES = TableSpec(
    name="Policies",
    meaning="What a plan that is made again and again costs in the end, by how it is made.",
    key=("policy",),
    columns=(
        _POLICY,
        _count("futures", "futures", "Futures that it was rolled through."),
        _count("without_plan", "futures", "Of these, those in which a plan was impossible."),
        _count("undecided", "futures", "Of these, those in which no plan was found in time."),
        _money("mean", "Mean cost; blank where a future is without plan, or undecided."),
        _money("mean_from", "Lower end of its 95 % interval; blank where nothing is drawn."),
        _money("mean_to", "Upper end of its 95 % interval."),
        _money("foresight", "Mean cost of the best plan for each future, had it been known."),
        *_ABOVE,
        _money("mean_of_others", "Mean cost in the futures that have a plan."),
        _money("greatest", "Greatest cost of those."),
        Column(
            name="changed",
            kind=Kind.NUMBER,
            unit="share of actions",
            meaning="Of the actions that were planned for later, those that the next plan dropped "
            "or changed.",
        ),
    ),
)

DIFFERENCES = TableSpec(
    name="Differences",
    meaning="What one policy costs more than another on average, in the same futures.",
    key=("policy", "other"),
    columns=(
        _POLICY,
        _text("other", "The policy that it is compared with."),
        _count("futures", "futures", "Futures in which both have a plan, which are compared."),
        _count("left_out", "futures", "Futures in which one of them has none."),
        _money("difference", "Mean of its cost less the other's."),
        _money("at_least", "Lower end of its 95 % interval; blank where nothing is drawn."),
        _money("at_most", "Upper end of its 95 % interval."),
    ),
)

FUTURES = TableSpec(
    name="RolledFutures",
    meaning="Each policy in each future.",
    key=("policy", "future"),
    columns=(
        _POLICY,
        _FUTURE,
        _text("outcomes", "How each uncertainty comes out."),
        Column(name="weight", kind=Kind.NUMBER, unit="share", meaning="Its weight in the mean."),
        _money("cost", "Cost of the whole horizon with all decisions of the roll; blank if none."),
        _money("bound", "No plan with these decisions costs less."),
        _money("foresight", "Least known cost of the future, whatever is decided."),
        _money("foresight_bound", "No plan for the future costs less."),
        *_ABOVE,
        _text("status", "Quality of the plan of the whole horizon, or why there is none."),
        _text("reason", "Which plan was impossible, or was not found, and why."),
        _text("case", "Policy and future, for the picture."),
        _money("less", "How much less above may be, for the picture."),
        _money("more", "How much more above may be, for the picture."),
    ),
    drawn=("case", "less", "more"),
)

REPLANS = TableSpec(
    name="Replans",
    meaning="Each plan of each roll: what was known, and what became of the plan before.",
    key=("policy", "future", "day"),
    columns=(
        _POLICY,
        _FUTURE,
        Column(name="day", kind=Kind.DATE, meaning="Day on which the plan is made."),
        Column(
            name="looks_until",
            kind=Kind.DATE,
            meaning="It sees what begins before this day.",
        ),
        _text("known", "Outcomes that are known by then."),
        _money("cost", "Cost that it expects up to the end of what it sees."),
        _money("bound", "No plan of what it sees costs less."),
        _count("due", "actions", "Decided before the next plan is made: these are fixed."),
        _count("kept", "actions", "Of the plan before, for this day and later, still planned."),
        _count("dropped", "actions", "Of the plan before, no longer planned, or changed."),
        _count("added", "actions", "Planned now for what the plan before saw, and not by it."),
        Column(name="seconds", kind=Kind.NUMBER, unit="s", meaning="It took so long."),
    ),
)

ACTIONS = TableSpec(
    name="RolledActions",
    meaning="Everything that was decided, policy by policy and future by future.",
    columns=(_POLICY, _FUTURE),
)

AGAIN = TableSpec(
    name="DecidedAgain",
    meaning="Of these, what was not so when it fell due: it is not held, and was decided again "
    "with what was known later.",
    columns=(_POLICY, _FUTURE),
)

REGRETTED = TableSpec(
    name="Regretted",
    meaning="What was decided, or more of it, than perfect foresight decides in that step.",
    columns=(
        _count("futures", "futures", "In which it was regretted."),
        Column(
            name="share", kind=Kind.NUMBER, unit="share", meaning="Weight of these in the mean."
        ),
    ),
)


def costs_of(policies: Sequence[str]) -> TableSpec:
    """Costs of each future, policy beside policy."""
    return TableSpec(
        name=COSTS_BY_FUTURE,
        meaning="What each policy costs in the end in each future, beside perfect foresight.",
        key=("future",),
        columns=(
            *(column for column in FUTURES.columns if column.name in ("future", "outcomes")),
            FUTURES.columns[3],
            *(
                _money(name, f"With the policy {name}; blank where it has no plan.")
                for name in policies
            ),
            _money("foresight", "Least known cost, whatever is decided."),
        ),
    )


def of_actions(spec: TableSpec, actions: TableSpec) -> TableSpec:
    """One of the tables `ACTIONS` and `AGAIN`, with the columns of a model's actions."""
    return replace(spec, columns=(*spec.columns, *actions.columns))


def regretted_of(actions: TableSpec) -> TableSpec:
    """The table `REGRETTED`: names of actions, and by how much amounts exceed foresight's."""
    names = [column for column in actions.columns if column.kind is Kind.TEXT]
    names.sort(key=lambda column: column.name == actions.decided_in)
    amounts: Sequence[Column] = [
        replace(column, meaning="Mean of what was decided beyond foresight's, where it was more.")
        for column in actions.columns
        if column.kind is Kind.NUMBER
    ]
    return replace(REGRETTED, columns=(_POLICY, *names, *amounts, *REGRETTED.columns))
