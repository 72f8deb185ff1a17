"""Table of the surplus that is sold, and how the report shows it."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Series, Trend, Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._contracts import USE_KEYS
from .derived import SOLD_KEYS, surplus_offers

SURPLUS = TableSpec(
    name="Surplus",
    meaning="Energy of contracts that no site takes and that is sold, and its price.",
    key=("contract", "period", "slice"),
    across="period",
    spread=("sold_gwh",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="slice", kind=Kind.TEXT, meaning="Slice of the year."),
        Column(name="sold_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy sold."),
        Column(
            name="surplus_price_per_mwh",
            kind=Kind.NUMBER,
            unit="per MWh",
            meaning="Price that is paid for it, in plain currency units.",
        ),
    ),
)

SURPLUS_USE = TableSpec(
    name="SurplusUse",
    meaning="Of what a site draws from a contract that may sell surplus, what its load runs on.",
    key=("contract", "site", "period"),
    across="period",
    spread=("drawn_for_load_gwh",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="drawn_for_load_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Energy drawn that load runs on; what storage loses is not in it.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Give the surplus of each contract sold in each slice, with its price, and what it rests on."""
    used = values.variable("drawn_for_load", USE_KEYS)
    used = used.rename(columns={"value": "drawn_for_load_gwh"})
    sold = values.variable("sold", SOLD_KEYS).rename(columns={"value": "sold_gwh"})
    prices = surplus_offers(data, *SOLD_KEYS, "surplus_price_per_mwh")
    frame = sold[sold["sold_gwh"] > 0].merge(prices, on=SOLD_KEYS, how="left")
    return {
        "Surplus": frame[[column.name for column in SURPLUS.columns]],
        "SurplusUse": used[used["drawn_for_load_gwh"] > 0],
    }


REPORT = Report(
    exhibits=(
        Trend(
            title="Surplus energy sold",
            order=446,
            note="What contracts deliver and no site takes, where it is sold.",
            y_title="GWh sold per year",
            per_year=True,
            series=(Series(table="Surplus", value="sold_gwh", label="Sold"),),
            stacked=True,
            by="contract",
        ),
        Use(
            title="Surplus against its limit",
            order=447,
            limits=("sold_within_share",),
        ),
    ),
)
