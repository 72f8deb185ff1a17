"""Tables of orders and of equipment in use, the actions that follow, and how the report shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._beginnings import arrivals_of, building_dates
from .._building import BEGINNING_KEYS
from .._building import KEYS as START_KEYS
from .._calendar import calendar
from .._equipment import uses
from .derived import supply
from .sheets import ORDER_KEYS, PAIR, USE_KEYS

ORDERS = TableSpec(
    name="Orders",
    meaning="Units ordered of each class from each supplier, and what the supplier has.",
    key=("equipment", "supplier", "period"),
    across="period",
    spread=("ordered_units", "available_units"),
    columns=(
        Column(name="equipment", kind=Kind.TEXT, meaning="Class of equipment."),
        Column(name="supplier", kind=Kind.TEXT, meaning="Supplier."),
        Column(name="period", kind=Kind.TEXT, meaning="Period the units are ordered for."),
        Column(name="ordered_units", kind=Kind.NUMBER, unit="units", meaning="Units to order."),
        Column(
            name="available_units",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Units that could be ordered, what carries over into the period included.",
        ),
    ),
)

EQUIPMENT_USE = TableSpec(
    name="EquipmentUse",
    meaning="Units that each site needs of each class, by the period they are needed in.",
    key=("equipment", "site", "period"),
    across="period",
    spread=("needed_units",),
    columns=(
        Column(name="equipment", kind=Kind.TEXT, meaning="Class of equipment."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period in which the units are needed."),
        Column(name="needed_units", kind=Kind.NUMBER, unit="units", meaning="Units needed."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Tables of orders, of who needs them, and of the actions that follow."""
    pairs = data["Equipment"][PAIR].drop_duplicates()
    orders = pairs.merge(calendar(data).reset_index()[["period"]], how="cross")
    ordered = values.ledger("equipment_units").rename(columns={"value": "ordered_units"})
    orders = orders.merge(ordered, on=ORDER_KEYS, how="left").fillna({"ordered_units": 0.0})
    # What the chain has up to the period, less what was ordered of it before.
    orders = orders.merge(supply(data), on=ORDER_KEYS, how="left")
    reserved = values.ledger("reserved_units").rename(columns={"value": "reserved_units"})
    orders = orders.merge(reserved, on=ORDER_KEYS, how="left").fillna({"reserved_units": 0.0})
    chains = orders.groupby("chain")
    taken = chains["ordered_units"].cumsum() - orders["ordered_units"]
    there = orders["window_units"] + chains["reserved_units"].cumsum()
    orders["available_units"] = (there - taken).fillna(0.0)
    orders = orders[[column.name for column in ORDERS.columns]]
    started = values.ledger("starting_mw")
    started = started[started["value"] > 0]
    dates = building_dates(data, started, arrivals_of(data, values))
    started = started.merge(dates[BEGINNING_KEYS], on=START_KEYS)
    started = started.rename(columns={"period": "start"})
    use = uses(data).merge(started, on=["site", "start", "begins"])
    use["needed_units"] = use["units_per_mw"] * use["value"]
    by_period = use.groupby(USE_KEYS, sort=False)["needed_units"].sum().reset_index()
    return {"Orders": orders, "EquipmentUse": by_period, "Actions": actions(data, orders)}


def actions(data: Dataset, orders: pd.DataFrame) -> pd.DataFrame:
    """Orders, dated."""
    placed = orders[orders["ordered_units"] > 0]
    return pd.DataFrame(
        {
            "date": placed["period"].map(calendar(data)["date"]),
            "period": placed["period"],
            "action": "order equipment",
            "subject": placed["equipment"] + " from " + placed["supplier"],
            "mw": np.nan,
            "units": placed["ordered_units"],
        }
    )


REPORT = Report(
    exhibits=(
        Use(
            title="Equipment",
            order=510,
            note="Units ordered of what suppliers have, and what may be exported.",
            limits=("equipment_available", "export_in_period", "export_in_all"),
        ),
    ),
)
