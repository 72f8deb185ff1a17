"""The sheets on uncertainty, which any model has: what may come, when it is known, and attitude.

Nobody annotates stages: an uncertainty has the day on which its outcome becomes known, and each
decision may use what is known on the day on which it is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from optalloc.data.dataset import Dataset
from optalloc.data.schema import FREE_TEXT, Column, Kind, Missing, Sheet
from optalloc.scenarios.range_sheet import RANGES
from optalloc.scenarios.sheet import BLANK, SWEEPS, Operation, first_amount

__all__ = [
    "ACROSS",
    "ALWAYS",
    "AS_IT_STANDS",
    "ATTITUDE",
    "HOLDS",
    "IN_MOST",
    "IN_TAIL",
    "MEASURES",
    "ON_AVERAGE",
    "OUTCOMES",
    "SCENARIOS",
    "UNCERTAINTIES",
    "UNCERTAINTY_SHEETS",
    "as_it_stands",
    "uncertainty_sheets_of",
]

# Said by everything that solves a workbook without the uncertainties that it has.
AS_IT_STANDS = (
    "The workbook is taken as it stands, without its uncertainties; optalloc solve makes a policy "
    "of them."
)

# The words of `optalloc.mip.attitude.Measure`, which this side does not know.
MEASURES = ("expected", "mean and tail", "worst", "regret")

# The words of `optalloc.mip.stochastic.Holds`, likewise.
HOLDS = ("in every future", "on average", "in the tail on average", "in most futures")
ALWAYS, ON_AVERAGE, IN_TAIL, IN_MOST = HOLDS

_QUESTION = RANGES.question

UNCERTAINTIES = Sheet(
    name="Uncertainties",
    ordered=True,
    question=_QUESTION,
    meaning="One outcome of an uncertainty, its probability, and the day on which it is known.",
    key=("uncertainty", "outcome", "given"),
    columns=(
        Column(
            name="uncertainty",
            kind=Kind.TEXT,
            names="uncertainty",
            meaning="Name of what is uncertain; the rows of its outcomes follow each other.",
            example="demand",
        ),
        Column(
            name="outcome",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Name of one way in which it may come out. What it changes is on the sheet "
            "Outcomes; an outcome without a row there leaves the workbook as it stands.",
            example="fast",
        ),
        Column(
            name="probability",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Probability of the outcome. Those of all outcomes of an uncertainty, or of "
            "all with the same condition, add to 1.",
            blank=None,
            blank_means="as the sheet Scenarios says, which then has rows",
            above=0,
            at_most=1,
        ),
        Column(
            name="revealed",
            kind=Kind.DATE,
            meaning="Day on which its outcome becomes known. Decisions taken from that day on may "
            "depend on it; earlier ones are the same whatever the outcome.",
            blank=None,
            blank_means="as in the uncertainty's first row",
            example="2027-04-01",
        ),
        Column(
            name="given",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Condition under which the outcome has this probability: uncertainty=outcome "
            "of an uncertainty listed above, several joined by a semicolon.",
            blank="",
            blank_means="independent of all others",
        ),
    ),
)

OUTCOMES = Sheet(
    name="Outcomes",
    ordered=True,
    question=_QUESTION,
    meaning="One change of one column that comes with an outcome of an uncertainty. Where outcomes "
    "change the same cells they do so one after another, by the order of their uncertainties.",
    columns=(
        Column(
            name="uncertainty",
            kind=Kind.TEXT,
            names="uncertainty",
            meaning="Uncertainty whose outcome makes the change.",
            example="demand",
        ),
        Column(
            name="outcome",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Its outcome.",
            example="fast",
        ),
        *(SWEEPS.by_name[name] for name in ("sheet", "rows")),
        Column(
            name="column",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Column whose cells are changed, over the whole horizon: what is to change "
            "only later stands on a sheet with a row for each period.",
        ),
        Column(
            name="operation",
            kind=Kind.CHOICE,
            meaning="As on the sheet Sweeps: set, add, multiply or shift.",
            choices=tuple(Operation),
            blank=str(Operation.SET),
        ),
        Column(
            name="value",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning=f"The value. {BLANK} empties the cell, which is not zero.",
        ),
    ),
)

SCENARIOS = Sheet(
    name="Scenarios",
    question=_QUESTION,
    meaning="One combination of outcomes; where there are rows, no other combination comes.",
    key=("scenario",),
    columns=(
        Column(
            name="scenario",
            kind=Kind.TEXT,
            names="scenario",
            meaning="Name of the combination.",
            example="boom",
        ),
        Column(
            name="outcomes",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="uncertainty=outcome of every uncertainty, joined by semicolons.",
            example="demand=fast",
        ),
        Column(
            name="probability",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Probability of the combination; all add to 1.",
            above=0,
            at_most=1,
            example=1,
        ),
    ),
)

ATTITUDE = Sheet(
    name="Attitude",
    question=_QUESTION,
    meaning="Which plan is best where the future is uncertain: one record.",
    vertical=True,
    missing=Missing.BLANK,
    columns=(
        Column(
            name="measure",
            kind=Kind.CHOICE,
            meaning="What is least: the expected cost; a weighted sum of it and the mean cost of "
            "the worst scenarios; the cost of the worst scenario; or the greatest regret, which is "
            "what a scenario costs more than its own best plan.",
            choices=MEASURES,
            blank=MEASURES[0],
        ),
        Column(
            name="tail_share",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Probability of the worst scenarios whose mean counts: 0.1 for the worst "
            "tenth; with mean and tail.",
            blank=0.1,
            above=0,
            at_most=1,
        ),
        Column(
            name="tail_weight",
            kind=Kind.NUMBER,
            unit="share",
            meaning="Weight of that mean; the expected cost has the rest; with mean and tail.",
            blank=0.5,
            at_least=0,
            at_most=1,
        ),
        Column(
            name="worst_slack",
            kind=Kind.NUMBER,
            unit="share of cost",
            meaning="How much worse than the least worst cost, or regret, the plan may be in "
            "return for a lower expected cost; with worst and regret.",
            blank=None,
            blank_means="the gap at which the solve stops",
            at_least=0,
            at_most=1,
        ),
    ),
)

ACROSS = Sheet(
    name="Across",
    question=_QUESTION,
    meaning="A limit that need not hold in every scenario; one without a row does. A scenario "
    "without the limit counts as one that just keeps it.",
    columns=(
        Column(
            name="limit",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Name of a limit, as on the sheet Limits of a plan; one that may be relaxed "
            "where there is no plan.",
        ),
        SWEEPS.by_name["rows"],
        Column(
            name="holds",
            kind=Kind.CHOICE,
            meaning="In which scenarios it holds. On average: what is beyond the limit in some is "
            "left in others. In the tail on average: so in the scenarios in which it is most "
            "beyond the limit. In most futures: all rows of this line hold together in scenarios "
            "of so much probability, and in the others need not.",
            choices=HOLDS,
            blank=ALWAYS,
            example=IN_MOST,
        ),
        Column(
            name="share",
            kind=Kind.NUMBER,
            unit="share of probability",
            meaning="Probability of the tail, or the least probability with which it holds; in the "
            "tail on average and in most futures.",
            blank=None,
            blank_means="none, as where it holds in every future or on average",
            above=0,
            at_most=1,
            example=0.9,
        ),
    ),
)

UNCERTAINTY_SHEETS = {
    sheet.name: sheet for sheet in (UNCERTAINTIES, OUTCOMES, SCENARIOS, ATTITUDE, RANGES, ACROSS)
}


def as_it_stands(data: Dataset) -> tuple[str, ...]:
    """The sentence `AS_IT_STANDS` if a workbook has uncertainties, else nothing."""
    return (AS_IT_STANDS,) if len(data[UNCERTAINTIES.name]) else ()


def uncertainty_sheets_of(
    sheets: Iterable[Sheet], fixed: Collection[str], limits: Iterable[str] = ()
) -> dict[str, Sheet]:
    """The sheets with an example that changes the first amount which a model requires.

    Parameters
    ----------
    sheets : iterable of Sheet
    fixed : collection of str
        ``"Sheet"`` or ``"Sheet.column"`` that no outcome may change.
    limits : iterable of str
        Limits that need not hold in every scenario.
    """
    found = first_amount(sheets, fixed)
    change = {"operation": str(Operation.MULTIPLY), "value": "1.2"}
    change |= dict(zip(("sheet", "column"), found, strict=True)) if found else {}
    limit = next(iter(limits), None)
    changed = change if found else {}
    examples = [(OUTCOMES, changed), (RANGES, changed), (ACROSS, {"limit": limit} if limit else {})]
    return UNCERTAINTY_SHEETS | {sheet.name: _with(sheet, own) for sheet, own in examples}


def _with(sheet: Sheet, example: Mapping[str, str]) -> Sheet:
    """The sheet with other examples of some columns."""
    columns = [replace(c, example=example.get(c.name, c.example)) for c in sheet.columns]
    return replace(sheet, columns=tuple(columns))
