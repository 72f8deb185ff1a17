"""Table of the surplus that is sold, and how the report shows it."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Series, Trend, Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

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


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Give the surplus of each contract sold in each slice, with its price."""
    sold = values.variable("sold", SOLD_KEYS).rename(columns={"value": "sold_gwh"})
    prices = surplus_offers(data, *SOLD_KEYS, "surplus_price_per_mwh")
    frame = sold[sold["sold_gwh"] > 0].merge(prices, on=SOLD_KEYS, how="left")
    return {"Surplus": frame[[column.name for column in SURPLUS.columns]]}


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
