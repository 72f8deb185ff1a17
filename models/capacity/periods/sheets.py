"""Sheets of settings, periods, currencies and sources, and the check on them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import FREE_TEXT, Column, Kind, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._columns import escalation, life_years, named
from .._money import ANNUITY, NO_RESIDUAL, STRAIGHT_LINE
from .._period_order import breaks

_QUESTION = "Where do figures come from, and which are assumed?"

SETTINGS = Sheet(
    name="Settings",
    meaning="One value a row: the workbook's name, money and solver defaults.",
    vertical=True,
    required=True,
    columns=(
        Column(
            name="name",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Name of the case, shown on every output.",
            example="Two sites",
        ),
        named("currency", "Currency of all money in the workbook.", example="USD"),
        Column(
            name="base_date",
            kind=Kind.DATE,
            meaning="Date to which all money is discounted and from which it escalates; not after the first period.",
            example="2027-01-01",
        ),
        Column(
            name="discount_rate",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Real or nominal rate, to match the prices; 0.08 is 8 %.",
            plausible=_plausible.DISCOUNT_RATE,
            adjustable=True,
            at_least=0,
            at_most=1,
            example=0.08,
        ),
        escalation("build_cost_escalation", "site and build costs", example=0.03),
        escalation("running_cost_escalation", "fixed and per-MW running costs", example=0.02),
        life_years(
            "Life of what is built: renewed where it ends within the horizon, credited where it lasts longer.",
            blank=20.0,
            example=20,
        ),
        Column(
            name="residual_value",
            kind=Kind.CHOICE,
            meaning="What capital that outlives the horizon is credited at its end: what is left of a level annuity over its life, of its cost in a straight line, or nothing. yes and no stand for annuity and none.",
            choices=(ANNUITY, STRAIGHT_LINE, NO_RESIDUAL),
            synonyms={"yes": ANNUITY, "no": NO_RESIDUAL},
            blank=ANNUITY,
            example=ANNUITY,
        ),
        named(
            "home_jurisdiction",
            "Jurisdiction of Taxes in which costs are deducted that belong to no single one: of contracts and workers that several share.",
            of="jurisdiction",
            blank_means="they are not deducted",
        ),
        Column(
            name="gap",
            kind=Kind.NUMBER,
            unit="share of cost",
            meaning="Proven relative gap at which the solver may stop.",
            plausible=_plausible.GAP,
            blank=0.0001,
            at_least=0,
            at_most=1,
            example=0.001,
        ),
        Column(
            name="time_limit_s",
            kind=Kind.NUMBER,
            unit="s",
            meaning="Seconds after which the solver gives the best plan so far.",
            blank=None,
            blank_means="no time limit",
            above=0,
            example=600,
        ),
        Column(
            name="threads",
            kind=Kind.INTEGER,
            meaning="Solver threads.",
            blank=None,
            blank_means="as many as the machine has",
            at_least=1,
            at_most=1024,
        ),
        Column(
            name="seed",
            kind=Kind.INTEGER,
            meaning="Random seed of the solver.",
            blank=0,
            at_least=0,
            at_most=2147483647,
        ),
    ),
)

PERIODS = Sheet(
    name="Periods",
    meaning="One period a row, in order of time; lengths may differ, without gap or overlap.",
    required=True,
    key=("period",),
    order="start",
    columns=(
        named("period", "Name of the period.", example="2027H1"),
        Column(
            name="start",
            kind=Kind.DATE,
            meaning="First day of the period, on which its decisions fall.",
            example="2027-01-01",
        ),
        Column(
            name="months",
            kind=Kind.INTEGER,
            unit="months",
            meaning="Length of the period.",
            at_least=1,
            at_most=600,
            example=6,
        ),
    ),
)

CURRENCIES = Sheet(
    name="Currencies",
    question="Are costs in several currencies?",
    meaning="Exchange rates; a row whose costs are in another currency names it in its currency column.",
    key=("currency",),
    columns=(
        named("currency", "Currency code used in a currency column.", example="JPY"),
        Column(
            name="per_workbook_currency",
            kind=Kind.NUMBER,
            unit="units per unit",
            meaning="Units of this currency that buy one unit of the workbook's currency.",
            above=0,
            example=150,
        ),
    ),
)

SOURCES = Sheet(
    name="Sources",
    question=_QUESTION,
    meaning="Where figures come from; carried into the plan unchanged and never used in the model.",
    advisory=True,
    columns=(
        Column(
            name="subject",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Sheet, column or key that the source is about.",
            example="Sites.build_cost_per_mw",
        ),
        Column(
            name="source",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Publication, date and place in it; or the word assumption.",
            example="assumption",
        ),
        Column(
            name="note",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="How the figure was derived.",
            blank=None,
            blank_means="no note",
        ),
    ),
)

# Sheet, rows, column and operation are stated as on the sheet Sweeps.
ASSUMPTIONS = Sheet(
    name="Assumptions",
    question=_QUESTION,
    meaning="Figures that are not known, each with the range that is plausible; carried into the plan unchanged and never used in the model.",
    advisory=True,
    columns=(
        Column(
            name="assumption",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Name of the assumption; rows of one name belong together.",
            example="life of the building",
        ),
        Column(
            name="basis",
            kind=Kind.CHOICE,
            meaning="assumed: no figure is published; published: the figure is, for another year, place or kind; given: the planner's own.",
            choices=("assumed", "published", "given"),
            example="assumed",
        ),
        Column(
            name="sheet",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Sheet of the cells.",
            example="Settings",
        ),
        Column(
            name="rows",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Which rows of it, as on the sheet Sweeps: column=value.",
            blank=None,
            blank_means="all rows",
        ),
        Column(
            name="column",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Column of the cells.",
            example="life_years",
        ),
        Column(
            name="operation",
            kind=Kind.CHOICE,
            meaning="set: the ends of the range are values of the cells; multiply: factors of what stands there.",
            choices=("set", "multiply"),
            example="set",
        ),
        Column(
            name="low",
            kind=Kind.NUMBER,
            unit="as the unit says",
            meaning="Low end of the range; of rows of one name, what belongs to the low end of the first.",
            example=15,
        ),
        Column(
            name="high",
            kind=Kind.NUMBER,
            unit="as the unit says",
            meaning="High end of the range; of rows of one name, what belongs to the high end of the first.",
            example=30,
        ),
        Column(
            name="unit",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Unit of low and high.",
            blank=None,
            blank_means="that of the column",
            example="years",
        ),
        Column(
            name="why",
            kind=Kind.TEXT,
            names=FREE_TEXT,
            meaning="Why this value and this range.",
            blank=None,
            blank_means="no reason given",
            example="Halls of this kind are 15 years old at most.",
        ),
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """Periods follow each other without gap or overlap, from the base date on; currencies exist."""
    settings, periods = data.one("Settings"), data.rows("Periods")
    # A row of another's name may be that row again, or lie in a gap.
    again = periods["period"].notna() & periods["period"].duplicated()
    periods = periods.assign(start=periods["start"].mask(again))
    wrong, starts = breaks(periods)
    for at in wrong:
        other = data.cell_name("Periods", *at.other)
        yield data.problem(
            "Periods",
            at.row,
            at.column,
            at.must,
            f"Close the {at.word}: correct this cell, or {other}.",
            f"period-{at.word}",
        )
    if len(starts) and pd.notna(settings.base_date) and starts.iloc[0] < settings.base_date:
        yield data.problem(
            "Settings",
            2,
            "base_date",
            "base_date must not be after the first period",
            f"Put it on or before {starts.iloc[0].date()}, when the first period starts.",
            "base-date",
        )
    if not data.sound("Settings", "currency"):
        return
    known_currencies = set(data.column("Currencies", "currency").dropna()) | {settings.currency}
    for name, sheet in data.sheets.items():
        if "currency" not in sheet.by_name or name in ("Settings", "Currencies"):
            continue
        named = data.rows(name, "currency")["currency"].dropna()
        for row, currency in named[~named.isin(known_currencies)].items():
            if data.might_hold("Currencies", currency=currency):
                continue
            yield data.problem(
                name,
                row,
                "currency",
                "a currency must be on sheet Currencies",
                "Add its exchange rate there, or correct the name.",
                "unknown-currency",
            )
