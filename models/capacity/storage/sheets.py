"""Sheet of storage on offer, and the checks on it."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.rules import ExactlyOne, InOrder
from optalloc.data.schema import Column, Kind, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._calendar import TINY_MONTHS, calendar, reversed_windows, within_window
from .._columns import amount, currency, lead_months, life_years, named, reference, window
from .._slices import slices

STORAGE = Sheet(
    name="Storage",
    question="Are batteries on offer?",
    meaning=(
        "Storage on offer at a site or in a grid zone: how many MW and MWh of it to order in each "
        "period is decided. "
        "It moves energy between slices of the same type of day."
    ),
    key=("storage",),
    rules=(ExactlyOne(("site", "zone")), InOrder(("first_period", "last_period"))),
    columns=(
        named("storage", "Name of the storage.", example="Kanto battery"),
        reference(
            "Sites.site",
            "Site at which it stands, behind its connection.",
            blank_means="it stands in a zone",
            example="Kanto North",
        ),
        reference(
            "Sites.grid_zone",
            "Grid zone whose sites it serves through the grid, and whose peak it counts against.",
            name="zone",
            blank_means="it stands at a site",
        ),
        *window("in which it can be ordered"),
        lead_months(
            "lead_months",
            "From order to service.",
            plausible=_plausible.LEASE_LEAD_MONTHS,
            example=0,
        ),
        life_years(
            "How long it lives; it is renewed at its cost where that ends within the horizon.",
            blank_means="Settings life_years",
            example=15,
        ),
        amount(
            "max_mw",
            "MW grid",
            "Most that may be ordered in all.",
            plausible=_plausible.GRID_MW,
            example=100,
        ),
        Column(
            name="max_hours",
            kind=Kind.NUMBER,
            unit="hours",
            meaning="Most MWh for each MW.",
            blank=None,
            blank_means="no limit",
            above=0,
            at_most=1000,
            example=6,
        ),
        amount(
            "cost_per_mw",
            "M per MW grid",
            "Cost of its power, paid evenly over its lead.",
            plausible=_plausible.STORAGE_COST_PER_MW,
            example=0.2,
        ),
        amount(
            "cost_per_mwh",
            "M per MWh",
            "Cost of what it holds, paid evenly over its lead.",
            plausible=_plausible.STORAGE_COST_PER_MWH,
            example=0.15,
        ),
        amount(
            "running_cost_per_mw_year",
            "M per MW-year",
            "Cost of each MW in service in a year.",
            blank=0.0,
            plausible=_plausible.STORAGE_COST_PER_MW_YEAR,
            example=0.01,
        ),
        Column(
            name="efficiency",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Energy given over energy taken.",
            above=0,
            at_most=1,
            example=0.86,
        ),
        Column(
            name="peak_share",
            kind=Kind.NUMBER,
            unit="share of MW",
            meaning="Share of its MW that counts against the grid's peak; less than 1 where its connection may be cut off at peak.",
            blank=1.0,
            at_least=0,
            at_most=1,
            example=1,
        ),
        currency("costs"),
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """Storage that is ordered can be in service in some period."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    cal = calendar(data).reset_index()[["period", "position", "begin"]]
    rows = data.known("Storage", "storage", "first_period", "last_period", "lead_months")
    orders = rows.assign(row=rows.index).merge(cal, how="cross")
    orders = orders[within_window(orders, calendar(data))]
    ready = orders["begin"] + orders["lead_months"] <= cal["begin"].max() + TINY_MONTHS
    late = rows[~rows.index.isin(orders.loc[ready, "row"])]
    for row, at in late[~reversed_windows(late, calendar(data))].iterrows():
        yield data.problem(
            "Storage",
            row,
            "lead_months",
            f"{at['storage']!r} must be in service in some period, or it is of no use",
            "Shorten its lead, order it earlier, or take it out.",
            "storage-never-ready",
            reads=("first_period", "last_period"),
        )


def notices(data: Dataset) -> Iterator[Problem]:
    """Storage has something to do only between slices of one type of day."""
    rows, days = data.columns("Storage", "storage"), slices(data)["day_type"]
    if len(rows) and not days.duplicated().any():
        yield data.notice(
            "Storage",
            rows.index[0],
            "storage",
            "storage moves energy between slices of the same type of day, and no type of day has two",
            "Name the type of day of slices in the sheet Slices, or empty this sheet.",
            "storage-without-slices",
        )
