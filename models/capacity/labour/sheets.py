"""Sheets of labour needs, pools and tiers, and the checks on them."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._calendar import calendar
from .._columns import amount, named, reference

_QUESTION = "Are there workers enough to build?"

LABOUR_NEEDS = Sheet(
    name="LabourNeeds",
    question=_QUESTION,
    meaning="Work of a trade per MW built, and permanent staff per MW online.",
    key=("trade",),
    columns=(
        named("trade", "Name of the trade.", example="electricians"),
        amount(
            "person_months_per_mw",
            "person-months per MW IT",
            "Work to build one MW, spread evenly over the block lead.",
            blank=0.0,
            plausible=_plausible.PERSON_MONTHS_PER_MW,
            example=60,
        ),
        amount(
            "staff_per_mw",
            "workers per MW IT",
            "Permanent staff for each MW online.",
            blank=0.0,
            plausible=_plausible.STAFF_PER_MW,
            example=0.3,
        ),
    ),
)

LABOUR_POOLS = Sheet(
    name="LabourPools",
    question=_QUESTION,
    meaning="Workers of a trade that a labour market offers from a period on; the last row carries forward, the first must be for the first period, and a trade needed in a market must be named.",
    key=("labour_market", "trade", "period"),
    missing=Missing.CARRY,
    columns=(
        reference("Sites.labour_market", of_each=True, example="Kanto trades"),
        reference("LabourNeeds.trade", example="electricians"),
        reference("Periods.period", example="2027H1"),
        amount("workers", "workers", "Workers available at the wage.", example=400),
        amount(
            "wage_per_person_month",
            "per person-month",
            "Wage in plain currency units of the workbook.",
            blank=0.0,
            plausible=_plausible.WAGE_PER_PERSON_MONTH,
            example=7500,
        ),
    ),
)

LABOUR_TIERS = Sheet(
    name="LabourTiers",
    question=_QUESTION,
    meaning="Further workers at a premium, such as travelling crews, in every period.",
    key=("labour_market", "trade", "tier"),
    columns=(
        reference("Sites.labour_market", example="Kanto trades"),
        reference("LabourNeeds.trade", example="electricians"),
        named("tier", "Name of the tier.", of="labour tier", example="travelling"),
        amount("workers", "workers", "Further workers available at the premium.", example=200),
        Column(
            name="premium_share",
            kind=Kind.NUMBER,
            unit="share of wage",
            meaning="What they cost above the wage; 0.5 is half as much again.",
            plausible=_plausible.PREMIUM_SHARE,
            adjustable=True,
            at_least=0,
            at_most=20,
            example=0.5,
        ),
    ),
)

POOL = "pool"

KEYS = ["labour_market", "trade", "period"]

SOURCE_KEYS = ["labour_market", "trade", "source", "period"]


def check(data: Dataset) -> Iterator[Problem]:
    """Every trade needed in a market with sites has a pool from the first period on."""
    pools = data.columns("LabourPools", *KEYS)
    sites = data.columns("Sites", "status", "labour_market")
    first = next(iter(calendar(data).index), "")
    begun = pools[pools["period"] == first].groupby("labour_market")["trade"].agg(set)
    markets = sites.loc[sites["status"] != "excluded", "labour_market"].dropna()
    trades = data.column("LabourNeeds", "trade").dropna()
    for row, market in markets.drop_duplicates().items() if data.sound("Periods") else ():
        missing = [
            trade
            for trade in trades[~trades.isin(begun.get(market, set()))]
            if not data.might_hold("LabourPools", labour_market=market, trade=trade, period=first)
        ]
        if missing:
            yield data.problem(
                "Sites",
                row,
                "labour_market",
                f"LabourPools must say what {market!r} offers from {first} on",
                f"Add rows for {', '.join(missing)}; 0 where there are no workers.",
                "missing-pool",
                found=f"nothing for {len(missing)} of {len(trades)} trades",
                reads=("status",),
            )
    tiers = data.rows("LabourTiers")["tier"]
    for row in tiers.index[tiers == POOL]:
        yield data.problem(
            "LabourTiers",
            row,
            "tier",
            f"a tier must not be named {POOL!r}, which the plan calls the pool itself",
            "Give it another name.",
            "tier-name",
        )
