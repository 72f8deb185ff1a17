"""Tables of energy by site and contract, and how the report shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Series, Trend
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._building import pue_of_sites
from .._calendar import calendar
from .._contracts import DELIVERS, HOURS_PER_MONTH, KEYS, SITE_KEYS, USE_KEYS

POWER = TableSpec(
    name="Power",
    meaning="Peak and energy of each site, and where its energy comes from.",
    key=("site", "period"),
    across="period",
    spread=("peak_mw", "grid_mw", "energy_gwh", "contract_gwh", "spot_gwh"),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="peak_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Capacity in service times PUE.",
        ),
        Column(
            name="grid_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="What the grid carries of the peak; generation covers the rest on site.",
        ),
        Column(
            name="energy_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Energy its load takes, and that storage takes there less what storage gives it.",
        ),
        Column(
            name="contract_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Drawn from contracts and on-site generation.",
        ),
        Column(name="spot_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Bought at spot."),
    ),
)

DELIVERIES = TableSpec(
    name="Deliveries",
    meaning="Which contract or generation feeds which site.",
    key=("contract", "site", "period"),
    across="period",
    spread=("drawn_gwh",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="drawn_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy drawn."),
    ),
)

BILLING = TableSpec(
    name="Billing",
    meaning="Energy that each contract or generation delivers at most, that is drawn, sold, and billed.",
    key=("contract", "period"),
    across="period",
    spread=("deliverable_gwh", "drawn_gwh", "sold_gwh", "billed_gwh"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract of energy or generation."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="deliverable_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Most that its active MW deliver.",
        ),
        Column(name="drawn_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy drawn."),
        Column(
            name="sold_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Energy that no site draws and that is sold.",
        ),
        Column(
            name="billed_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Drawn and sold, or the take-or-pay share of what is deliverable if that is more.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Energy by site and by contract."""
    drawn = values.variable("drawn", USE_KEYS).rename(columns={"value": "drawn_gwh"})
    deliveries = drawn[drawn["drawn_gwh"] > 0]
    spot = values.variable("spot", SITE_KEYS).rename(columns={"value": "spot_gwh"})
    online, load = values.ledger("online_mw"), values.ledger("mean_load_mw")
    active = values.ledger("contracted_mw").rename(columns={"value": "active_mw"})
    sold = values.ledger("sold_gwh").rename(columns={"value": "sold_gwh"})
    grid = values.ledger("grid_mw").rename(columns={"value": "grid_mw"})
    lost = values.ledger("losses_gwh").rename(columns={"value": "lost_gwh"})
    return {
        "Power": by_site(
            data, online, load, grid.merge(lost, on=SITE_KEYS, how="left"), deliveries, spot
        ),
        "Deliveries": deliveries,
        "Billing": billing(data, active.merge(sold, on=KEYS), deliveries),
    }


def by_site(
    data: Dataset,
    online: pd.DataFrame,
    load: pd.DataFrame,
    grid: pd.DataFrame,
    deliveries: pd.DataFrame,
    spot: pd.DataFrame,
) -> pd.DataFrame:
    """Peak and energy by site, from MW online and of load, what the grid carries and storage loses,
    energy drawn and spot.
    """
    drawn = deliveries.groupby(SITE_KEYS, as_index=False)["drawn_gwh"].sum()
    frame = online.rename(columns={"value": "peak_mw"})
    for other in (grid, load.rename(columns={"value": "energy_gwh"}), drawn, spot):
        frame = frame.merge(other, on=SITE_KEYS, how="left")
    frame = frame.rename(columns={"drawn_gwh": "contract_gwh"}).fillna(
        {"energy_gwh": 0.0, "contract_gwh": 0.0, "spot_gwh": 0.0, "lost_gwh": 0.0}
    )
    pue = frame["site"].map(pue_of_sites(data)).astype(float)
    months = frame["period"].map(calendar(data)["months"]).astype(float)
    frame["peak_mw"] *= pue
    frame["energy_gwh"] *= pue * months * HOURS_PER_MONTH / 1000
    frame["energy_gwh"] += frame["lost_gwh"]
    return frame[[column.name for column in POWER.columns]]


def billing(data: Dataset, active: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """Deliverable, drawn and billed by energy contract, from active MW with energy sold, and drawn."""
    drawn = deliveries.groupby(KEYS, as_index=False)["drawn_gwh"].sum()
    energy = data.columns("Contracts", "contract", "kind", "availability", "take_or_pay_share")
    energy = energy[energy["kind"].isin(DELIVERS)]
    frame = active[[*KEYS, "active_mw", "sold_gwh"]].merge(energy, on="contract")
    frame = frame.merge(drawn, on=KEYS, how="left").fillna({"drawn_gwh": 0.0})
    months = frame["period"].map(calendar(data)["months"]).astype(float)
    frame["deliverable_gwh"] = (
        frame["active_mw"] * frame["availability"] * months * HOURS_PER_MONTH / 1000
    )
    firm = frame["take_or_pay_share"] * frame["deliverable_gwh"]
    frame["billed_gwh"] = np.maximum(frame["drawn_gwh"] + frame["sold_gwh"], firm)
    return frame[[column.name for column in BILLING.columns]]


REPORT = Report(
    exhibits=(
        Trend(
            title="Where energy comes from",
            order=430,
            y_title="GWh drawn per year",
            per_year=True,
            series=(
                Series(table="Power", value="contract_gwh", label="From contracts and generation"),
                Series(table="Power", value="spot_gwh", label="At spot prices"),
            ),
            stacked=True,
        ),
    ),
)
