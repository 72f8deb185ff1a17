"""Tables of a sweep: the meaning of each column, and its unit."""

from __future__ import annotations

from collections.abc import Sequence

from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

__all__ = [
    "CASES",
    "DIFFERENCES",
    "GRID",
    "INPUTS",
    "LACKING",
    "MORRIS",
    "OVER_CHANGES",
    "REGRET",
    "SENTENCES",
    "SOBOL",
    "core_of",
    "grid_of",
    "side_of",
]


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.TEXT, meaning=meaning)


def _number(name: str, unit: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, meaning=meaning)


def _day(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.DATE, meaning=meaning)


_CASE = _text("case", "The case.")
_PLAN = _text("plan", "Plan whose early decisions are held; blank where none is.")
_STATUS = _text("status", "How good its plan is proven to be, or why there is none.")
_REASON = _text("reason", "Why there is no plan, or why it was solved from scratch.")
_CHANGE = _text("change", "What is changed.")
_VALUE = _text("value", "What it is changed to, or by, as written.")
_COST = _number("objective", "M", "Cost of the plan found, in present value.")
_BOUND = _number("bound", "M", "No plan of the case costs less than this.")
_LESS = _number("less", "M", "How much less the true value may be, by the gaps.")
_MORE = _number("more", "M", "How much more the true value may be, by the gaps.")
_VERDICT = _text("verdict", "What is certain; undecided where the gaps are too large to tell.")

SENTENCES = TableSpec(
    name="Sweep",
    meaning="What there is to say of the sweep.",
    columns=(_text("sentence", "One thing, in words."),),
)

CASES = TableSpec(
    name="Cases",
    meaning="Every case of the sweep, and how it ended.",
    key=("case", "plan"),
    columns=(
        Column(name="number", kind=Kind.INTEGER, meaning="Place in the sweep; 0 is the base case."),
        _CASE,
        _PLAN,
        _text("changed", "What is changed, in words."),
        _STATUS,
        _COST,
        _BOUND,
        _number("gap", "share of cost", "Relative gap between cost and bound."),
        _LESS,
        _MORE,
        _number("seconds", "s", "From the changed cells to the audited plan."),
        _text("settled", "What it took: a bound alone, a re-solve, or building again."),
        _REASON,
    ),
)

LACKING = TableSpec(
    name="WithoutPlan",
    meaning="Cases that have no plan, and why.",
    columns=(_CASE, _PLAN, _STATUS, _REASON),
)

DIFFERENCES = TableSpec(
    name="Differences",
    meaning="What each case costs more than the base case.",
    columns=(
        _CHANGE,
        _VALUE,
        _CASE,
        _COST,
        _BOUND,
        _number("difference", "M", "Its cost less that of the base case."),
        _LESS,
        _MORE,
        _VERDICT,
    ),
)

OVER_CHANGES = TableSpec(
    name="OverChanges",
    meaning="Cost over what each change is set to.",
    columns=(
        _CHANGE,
        _VALUE,
        Column(name="amount", kind=Kind.NUMBER, meaning="The value as a number, if it is one."),
        _number("share", "share of its range", "Where in its range a sample lies."),
        _CASE,
        _COST,
        _BOUND,
        _LESS,
        _MORE,
        _STATUS,
    ),
)

INPUTS = TableSpec(
    name="Inputs",
    meaning="What is changed in each case.",
    columns=(
        Column(name="number", kind=Kind.INTEGER, meaning="Place in the sweep."),
        _CASE,
        _CHANGE,
        _VALUE,
        Column(name="amount", kind=Kind.NUMBER, meaning="The value as a number, if it is one."),
        _number("share", "share of its range", "Where in its range a sample lies."),
    ),
)

GRID = TableSpec(
    name="Grid",
    meaning="Cost of each combination of two changes.",
    across="across",
    spread=("objective", "less"),
    shaded=True,
    columns=(
        _text("down", "The first change."),
        _text("across", "The second change."),
        _CASE,
        _COST,
        _BOUND,
        _LESS,
        _text("word", "Cost and noise, or why there is no plan."),
    ),
)


def grid_of(down: str, across: str) -> TableSpec:
    """The table of a grid of these two changes."""
    columns = tuple(
        _text(c.name, {"down": f"{down}.", "across": f"{across}."}[c.name])
        if c.name in ("down", "across")
        else c
        for c in GRID.columns
    )
    return TableSpec(
        name=GRID.name,
        meaning=f"Cost of each combination: {down} down, {across} across.",
        across=GRID.across,
        spread=GRID.spread,
        shaded=True,
        columns=columns,
    )


def side_of(cases: Sequence[str]) -> TableSpec:
    """The table of key figures of these cases."""
    return TableSpec(
        name="SideBySide",
        meaning="Key figures of the plan of each case.",
        columns=(
            _text("figure", "What it is."),
            _text("unit", "Its unit."),
            *(_text(case, "Its value in this case.") for case in cases),
        ),
    )


REGRET = TableSpec(
    name="Regret",
    meaning="What it costs in each case to have held a plan's early decisions.",
    columns=(
        _text("plan", "Plan whose early decisions are held."),
        _CASE,
        _number("cost_held", "M", "Cost with its early decisions held."),
        _number("bound_held", "M", "What that is at least."),
        _number("cost_best", "M", "Cost with nothing held."),
        _number("bound_best", "M", "What that is at least."),
        _number("regret", "M", "Cost held less best cost."),
        _number("at_least", "M", "The true regret is no less."),
        _number("at_most", "M", "The true regret is no more."),
        _LESS,
        _MORE,
        _VERDICT,
    ),
)


def _measure(name: str, unit: str, meaning: str, *, confidence: bool = True) -> list[Column]:
    columns = []
    for end, source in (("", "from the costs found"), ("_at_bound", "from their bounds")):
        columns.append(_number(f"{name}{end}", unit, f"{meaning}, {source}."))
        if confidence:
            half = "Half the width of its 95 % confidence interval."
            columns.append(_number(f"{name}{end}_confidence", unit, half))
    return columns


_OF_VARIANCE = "share of variance"
SOBOL = TableSpec(
    name="Indices",
    meaning="Sobol indices of cost, at both ends of what is known of it.",
    columns=(
        _CHANGE,
        *_measure("S1", _OF_VARIANCE, "What is due to the change alone"),
        *_measure("ST", _OF_VARIANCE, "What is due to it together with all others"),
    ),
)
MORRIS = TableSpec(
    name="Indices",
    meaning="Morris effects on cost over the whole range, at both ends of what is known of it.",
    columns=(
        _CHANGE,
        *_measure("mu_star", "M", "Mean absolute effect"),
        *_measure("mu", "M", "Mean effect", confidence=False),
        *_measure("sigma", "M", "Standard deviation of the effect", confidence=False),
    ),
)


def core_of(table: str, noun: str, unit: str, begun: str, done: str) -> tuple[TableSpec, TableSpec]:
    """Tables of how often, and in which case, each member of a timeline is there."""
    member = _text("member", f"The {noun}.")
    often = TableSpec(
        name=f"{table}Often",
        meaning=f"How often each {noun} is built, over the cases with a plan, and when.",
        columns=(
            member,
            Column(name="built_in", kind=Kind.INTEGER, unit="cases", meaning="Plans that build."),
            Column(name="of", kind=Kind.INTEGER, unit="cases", meaning="Cases with a plan."),
            _number("share", "share of cases", "One of the other."),
            _number("least", unit, "Least of those that build."),
            _number("median", unit, "Half of those that build have no more."),
            _number("most", unit, "Most of those that build."),
            _day("begun_first", f"Earliest first step ({begun} or the first step known)."),
            _day("begun_last", "Latest first step."),
            _day("done_first", f"Earliest last step ({done})."),
            _day("done_last", "Latest last step."),
            _number("none", "share of cases", "Zero: a count has no noise of its own."),
        ),
    )
    when = TableSpec(
        name=f"{table}ByCase",
        meaning=f"When each {noun} is built in the plan of each case.",
        across="case",
        spread=("begun", "done", "size"),
        columns=(
            member,
            _CASE,
            _day("begun", f"First step: {begun}, or the first known."),
            _day("done", f"Last step: {done}; blank where the plan does not come to that."),
            _number("size", unit, "How much."),
            _text("word", "Both, for the picture."),
        ),
    )
    return often, when
