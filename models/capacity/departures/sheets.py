"""Sheets of approved actions and the cost of departures."""

from __future__ import annotations

from optalloc.data.schema import Column, Kind, Sheet

from .._columns import named, reference

# The words of the Actions table.
COMMIT, START, SIGN = "commit site", "start building", "sign contract"

KEYS = ["action", "subject", "period"]

COST_COLUMNS = {
    COMMIT: "cost_per_site",
    START: "cost_per_mw_started",
    SIGN: "cost_per_mw_signed",
}

ITEMS = {COMMIT: "departed_sites", START: "departed_starts", SIGN: "departed_signings"}
UNITS = {COMMIT: "sites", START: "MW IT", SIGN: "MW grid"}

_QUESTION = "Must the plan stay near the one approved last?"

APPROVED_ACTIONS = Sheet(
    name="ApprovedActions",
    question=_QUESTION,
    meaning="What the plan approved last says is done and when; --approved fills it from a plan.xlsx. A decision that is not here counts as added.",
    key=("period", "action", "subject"),
    plan_table="Actions",
    columns=(
        Column(
            name="date",
            kind=Kind.DATE,
            meaning="A day of its period; tells a period of the past from one that is misspelt.",
            blank=None,
            blank_means="the period alone counts",
            example="2027-01-01",
        ),
        named("period", "Period of the action.", of="approved period", example="2027H1"),
        named(
            "action",
            "commit site, start building or sign contract; the plan is not held to others.",
            of="approved action",
            example=SIGN,
        ),
        named("subject", "Site or contract.", of="approved subject", example="Kanto wind"),
        Column(
            name="mw",
            kind=Kind.NUMBER,
            unit="MW",
            meaning="IT MW started or grid MW signed.",
            blank=None,
            blank_means="a commitment, which has none",
            at_least=0,
            example=20,
        ),
    ),
)


def _cost(name: str, unit: str, meaning: str, example: float) -> Column:
    return Column(
        name=name,
        kind=Kind.NUMBER,
        unit=unit,
        meaning=f"{meaning} A move to another period counts at both ends.",
        blank=0.0,
        blank_means="free",
        at_least=0,
        adjustable=True,
        example=example,
    )


DEPARTURE_COSTS = Sheet(
    name="DepartureCosts",
    question=_QUESTION,
    meaning="What a departure from the approved plan costs; without ApprovedActions nothing is compared.",
    vertical=True,
    columns=(
        _cost("cost_per_site", "M per site", "Each commitment that is added or dropped.", 5),
        _cost("cost_per_mw_started", "M per MW IT", "Each MW started more or less.", 0.5),
        _cost("cost_per_mw_signed", "M per MW grid", "Each MW signed more or less.", 0.05),
        reference(
            "Periods.period",
            "Last period that is compared, such as the last one that the approved plan covers.",
            name="last_period",
            blank_means="the last period",
        ),
    ),
)
