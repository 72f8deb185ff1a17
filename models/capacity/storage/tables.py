"""Tables of storage ordered, in service and used."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Series, Trend, Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._calendar import TINY_MONTHS, calendar

KEYS = ["storage", "period"]
USE_KEYS = ["storage", "site", "period", "slice"]
_STORAGE = Column(name="storage", kind=Kind.TEXT, meaning="Storage.")
_PERIOD = Column(name="period", kind=Kind.TEXT, meaning="Period.")

BUILT = TableSpec(
    name="StorageBuilt",
    meaning="Storage ordered, and in service.",
    key=("storage", "period"),
    across="period",
    spread=("ordered_mw", "ordered_mwh", "ready_mw", "held_mwh"),
    columns=(
        _STORAGE,
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="Site at which it stands; blank where that is a zone.",
        ),
        Column(
            name="zone",
            kind=Kind.TEXT,
            meaning="Grid zone in which it stands; blank where that is a site.",
        ),
        _PERIOD,
        Column(name="ordered_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Power ordered."),
        Column(name="ordered_mwh", kind=Kind.NUMBER, unit="MWh", meaning="Energy ordered."),
        Column(name="ready_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Power in service."),
        Column(name="held_mwh", kind=Kind.NUMBER, unit="MWh", meaning="Energy that it holds."),
    ),
)

USE = TableSpec(
    name="StorageUse",
    meaning="Energy that storage takes from each site that it serves and gives it in each slice.",
    key=("storage", "site", "period", "slice"),
    across="period",
    spread=("charged_gwh", "discharged_gwh"),
    columns=(
        _STORAGE,
        Column(
            name="site", kind=Kind.TEXT, meaning="Site whose energy it takes, or that it serves."
        ),
        _PERIOD,
        Column(name="slice", kind=Kind.TEXT, meaning="Slice of the year."),
        Column(name="charged_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy taken."),
        Column(name="discharged_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy given."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Storage by period, its use by slice, and orders as dated actions."""
    orders = values.variable("ordered_mw", KEYS).rename(columns={"value": "ordered_mw"})
    held = values.variable("ordered_mwh", KEYS).rename(columns={"value": "ordered_mwh"})
    orders = orders.merge(held, on=KEYS)
    built = in_service(data, orders)
    charged, discharged = (
        values.variable(name, USE_KEYS).rename(columns={"value": f"{name}_gwh"})
        for name in ("charged", "discharged")
    )
    use = charged.merge(discharged, on=USE_KEYS)
    use = use[(use["charged_gwh"] > 0) | (use["discharged_gwh"] > 0)]
    return {
        "StorageBuilt": built[[column.name for column in BUILT.columns]],
        "StorageUse": use[[column.name for column in USE.columns]],
        "Actions": actions(data, built),
    }


def in_service(data: Dataset, orders: pd.DataFrame) -> pd.DataFrame:
    """Each storage in each period, with what is in service of what was ordered before."""
    terms = data.columns("Storage", "storage", "site", "zone", "lead_months")
    cal = calendar(data).reset_index()[["period", "begin"]]
    every = terms[terms["storage"].isin(orders["storage"])].merge(cal, how="cross")
    every = every.merge(orders, on=KEYS, how="left")
    both = every[["storage", "period", "begin"]].merge(
        every[["storage", "begin", "lead_months", "ordered_mw", "ordered_mwh"]],
        on="storage",
        suffixes=("", "_ordered"),
    )
    ready = both["begin_ordered"] + both["lead_months"] <= both["begin"] + TINY_MONTHS
    sums = (
        both[ready].groupby(KEYS, as_index=False).agg({"ordered_mw": "sum", "ordered_mwh": "sum"})
    )
    sums = sums.rename(columns={"ordered_mw": "ready_mw", "ordered_mwh": "held_mwh"})
    frame = every.merge(sums, on=KEYS, how="left")
    values = ["ordered_mw", "ordered_mwh", "ready_mw", "held_mwh"]
    return frame.assign(**{name: frame[name].astype(float).fillna(0.0) for name in values})


def actions(data: Dataset, built: pd.DataFrame) -> pd.DataFrame:
    """Orders, dated."""
    ordered = built[built["ordered_mw"] > 0]
    return pd.DataFrame(
        {
            "date": ordered["period"].map(calendar(data)["date"]),
            "period": ordered["period"],
            "action": "order storage",
            "subject": ordered["storage"],
            "mw": ordered["ordered_mw"],
        }
    )


REPORT = Report(
    exhibits=(
        Trend(
            title="Storage in service",
            order=446,
            y_title="MW grid",
            series=(Series(table="StorageBuilt", value="ready_mw", label="In service"),),
            stacked=True,
            by="storage",
        ),
        Use(
            title="Storage against its limits",
            order=447,
            limits=("storage_within_max", "given_within_held"),
        ),
    ),
)
