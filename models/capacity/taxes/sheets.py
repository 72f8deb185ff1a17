"""Sheets of taxes and import duties, and the checks and notices on them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rules import FilledUnless
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._columns import named, reference
from .._money import STRAIGHT_LINE
from .derived import costs_of_no_single, homeless_taxes

DECLINING_BALANCE = "declining_balance"
_QUESTION = "Which taxes, depreciation and duties hold where?"

TAXES = Sheet(
    name="Taxes",
    question=_QUESTION,
    meaning="Taxes of a jurisdiction from a date on, until its next row; with rows here the plan costs least after tax.",
    key=("jurisdiction", "since"),
    missing=Missing.ZERO,
    rules=(
        FilledUnless(
            ("depreciation_years",),
            other="depreciation",
            values=(STRAIGHT_LINE,),
            action="Give the years over which the balance declines.",
        ),
    ),
    columns=(
        named("jurisdiction", "Jurisdiction, as on Sites.", example="Japan"),
        Column(
            name="since",
            kind=Kind.DATE,
            meaning="First day on which the row holds.",
            blank=None,
            blank_means="from the beginning",
        ),
        Column(
            name="corporate_rate",
            kind=Kind.NUMBER,
            unit="share of income",
            meaning="Tax on income, of all levels of government together.",
            plausible=_plausible.TAX_RATE,
            adjustable=True,
            blank=0.0,
            at_least=0,
            at_most=1,
            example=0.3,
        ),
        Column(
            name="depreciation",
            kind=Kind.CHOICE,
            meaning="How capital is depreciated from the day it serves: evenly, or each year by a share of what is left.",
            choices=(STRAIGHT_LINE, DECLINING_BALANCE),
            blank=STRAIGHT_LINE,
            example=STRAIGHT_LINE,
        ),
        Column(
            name="depreciation_years",
            kind=Kind.NUMBER,
            unit="years",
            meaning="Years over which capital is depreciated; what is left where its life ends before is written off then.",
            plausible=_plausible.DEPRECIATION_YEARS,
            blank=None,
            blank_means="as long as what is depreciated stands, its life at most",
            above=0,
            at_most=100,
            example=15,
        ),
        Column(
            name="declining_factor",
            kind=Kind.NUMBER,
            unit="times the straight line",
            meaning="Of a declining balance, the share written off in a year, in parts of depreciation_years: 2 is the double declining balance.",
            blank=2.0,
            above=0,
            at_most=10,
        ),
        Column(
            name="capital_credit_share",
            kind=Kind.NUMBER,
            unit="share of capital",
            adjustable=True,
            meaning="Tax credits and grants for what is built or bought, paid out in full; they lower what is depreciated.",
            blank=0.0,
            at_least=0,
            at_most=1,
            example=0.05,
        ),
        Column(
            name="credit_after_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="When credits are paid, from the day on which the capital serves.",
            blank=0.0,
            at_least=0,
            at_most=600,
            example=12,
        ),
        Column(
            name="property_tax_rate",
            kind=Kind.NUMBER,
            unit="share of book value per year",
            meaning="Yearly tax on the book value of what was built or bought.",
            plausible=_plausible.PROPERTY_TAX_RATE,
            adjustable=True,
            blank=0.0,
            at_least=0,
            at_most=1,
            example=0.014,
        ),
    ),
)

DUTIES = Sheet(
    name="Duties",
    question=_QUESTION,
    meaning="Import duty on a class of equipment that is installed in a jurisdiction; it is capital, as the equipment is.",
    key=("equipment", "jurisdiction"),
    missing=Missing.ZERO,
    columns=(
        reference("EquipmentNeeds.equipment", example="accelerator racks"),
        named("jurisdiction", "Jurisdiction in which it is installed.", example="Japan"),
        Column(
            name="duty_share",
            kind=Kind.NUMBER,
            unit="share of cost",
            meaning="Duty over the cost of the equipment.",
            at_least=0,
            at_most=5,
            plausible=_plausible.DUTY_SHARE,
            adjustable=True,
            example=0.03,
        ),
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """A balance that declines does so by less than all of it in a year."""
    rows = data.known("Taxes", "depreciation", "depreciation_years", "declining_factor")
    fast = (rows["depreciation"] == DECLINING_BALANCE) & (
        rows["declining_factor"] >= rows["depreciation_years"]
    )
    for row, at in rows[fast].iterrows():
        yield data.problem(
            "Taxes",
            row,
            "declining_factor",
            f"declining_factor must be below depreciation_years, {at['depreciation_years']:g}, or "
            "all is written off at once",
            "Lower it, or depreciate in a straight line over fewer years.",
            "declines-at-once",
            reads=("depreciation", "depreciation_years"),
        )


def notices(data: Dataset) -> Iterator[Problem]:
    """Taxes where nothing stands, lives that end first, and costs that belong to no jurisdiction."""
    yield from _without_sites(data)
    yield from _beyond_life(data)
    if not len(data["Taxes"]):
        return
    home = data.one("Settings").home_jurisdiction
    several, taxed = costs_of_no_single(data), set(data["Taxes"]["jurisdiction"])
    if several and pd.isna(home):
        yield data.notice(
            "Settings",
            data.rows("Settings").index[0],
            "home_jurisdiction",
            f"home_jurisdiction says where costs of no single jurisdiction are deducted: {several[0]}",
            "Name it; left blank, they are not deducted.",
            "deducted-nowhere",
        )
    if pd.notna(home) and home not in taxed:
        yield data.notice(
            "Settings",
            data.rows("Settings").index[0],
            "home_jurisdiction",
            "home_jurisdiction should have a row on Taxes, or nothing is deducted there",
            "Give its taxes, or leave it blank.",
            "home-untaxed",
        )


def _without_sites(data: Dataset) -> Iterator[Problem]:
    home = data.one("Settings").home_jurisdiction
    for sheet in ("Taxes", "Duties"):
        rows = data.columns(sheet, "jurisdiction")
        for row, name in homeless_taxes(data, rows["jurisdiction"], home).items():
            yield data.notice(
                sheet,
                row,
                "jurisdiction",
                f"no site lies in {name!r}, so that the row is of no use",
                "Correct the name here or on Sites, or take the row out.",
                "taxed-without-site",
            )


def _beyond_life(data: Dataset) -> Iterator[Problem]:
    rows = data.columns("Taxes", "jurisdiction", "depreciation_years")
    sites = data.columns("Sites", "jurisdiction", "life_years")
    life = sites["life_years"].fillna(data.one("Settings").life_years)
    longest = life.groupby(sites["jurisdiction"]).max()
    lives = rows["jurisdiction"].map(longest).astype(float)
    for row in rows.index[rows["depreciation_years"] > lives]:
        yield data.notice(
            "Taxes",
            row,
            "depreciation_years",
            f"what stands there lives {lives[row]:g} years at most: what is not depreciated by then "
            "is written off",
            "Correct depreciation_years, or life_years on Sites or Settings.",
            "depreciated-beyond-life",
        )
