"""Tables of load by site and of the balance, and how the report shows them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Series, Trend
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Periods, Report
from optalloc.modelling.slides import Slide
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .._demand import asked
from .._network import network
from .sheets import KEYS

LOAD = TableSpec(
    name="Load",
    meaning="What each site serves; only what is served has a row.",
    key=("workload", "region", "site", "period"),
    across="period",
    spread=("served_mw", "taken_mw"),
    columns=(
        Column(name="workload", kind=Kind.TEXT, meaning="Workload."),
        Column(name="region", kind=Kind.TEXT, meaning="Region served."),
        Column(name="site", kind=Kind.TEXT, meaning="Site that serves it."),
        Column(name="latency_ms", kind=Kind.NUMBER, unit="ms", meaning="Round trip between them."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="served_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load served."),
        Column(
            name="taken_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity that it takes, reserve included.",
        ),
    ),
)

BALANCE = TableSpec(
    name="Balance",
    meaning="Capacity against demand, over all sites and regions.",
    key=("period",),
    columns=(
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="start", kind=Kind.DATE, meaning="First day of the period."),
        Column(name="months", kind=Kind.NUMBER, unit="months", meaning="Its length."),
        Column(name="demand_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load asked for."),
        Column(name="served_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load served."),
        Column(
            name="with_reserve_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity that the load served takes, reserve included.",
        ),
        Column(name="online_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Capacity in service."),
        Column(name="installed_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Capacity delivered."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Tables of load by site, and of capacity against demand."""
    served = values.variable("served", KEYS).rename(columns={"value": "served_mw"})
    latency = network(data)[["site", "region", "latency_ms"]]
    load = served[served["served_mw"] > 0].merge(latency, on=["site", "region"])
    load["taken_mw"] = taken_mw(data, load)
    load = load[[column.name for column in LOAD.columns]]
    totals = {
        "demand_mw": asked(data).groupby("period")["it_mw"].sum(),
        "online_mw": values.ledger("online_mw").groupby("period")["value"].sum(),
        "installed_mw": values.ledger("installed_mw").groupby("period")["value"].sum(),
    }
    return {"Load": load, "Balance": balance(data, load, totals)}


def taken_mw(data: Dataset, load: pd.DataFrame) -> pd.Series:
    """Capacity that load takes, with its workload's reserve."""
    reserve = data.column("Workloads", "reserve_share", by="workload")
    return load["served_mw"] * (1.0 + load["workload"].map(reserve).astype(float))


def balance(data: Dataset, load: pd.DataFrame, totals: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Capacity against demand by period."""
    cal = calendar(data)
    names = cal.index
    taken = taken_mw(data, load).groupby(load["period"]).sum()
    columns = {
        **totals,
        "served_mw": load.groupby("period")["served_mw"].sum(),
        "with_reserve_mw": taken,
    }
    frame = pd.DataFrame(
        {k: v.reindex(names).fillna(0.0).astype(float) for k, v in columns.items()}
    )
    frame = frame.rename_axis("period").reset_index()
    frame.insert(1, "start", cal["date"].to_numpy())
    frame.insert(2, "months", cal["months"].to_numpy(float))
    return frame[[column.name for column in BALANCE.columns]]


REPORT = Report(
    periods=Periods(table="Balance", period="period", start="start", months="months"),
    exhibits=(
        Trend(
            title="Capacity against demand",
            order=300,
            slide=Slide.TIMELINE,
            note="Demand is peak load; what is in service must hold the load served and its reserve.",
            y_title="MW IT",
            series=(
                Series(table="Service", value="demand_mw", label="Demand", dash="dot"),
                Series(table="Load", value="served_mw", label="Served"),
                Series(table="Load", value="taken_mw", label="Served, with reserve", dash="dash"),
                Series(table="Build", value="online_mw", label="In service"),
                Series(table="Build", value="installed_mw", label="Delivered", dash="dashdot"),
            ),
        ),
        Trend(
            title="Capacity by site",
            order=310,
            note="Capacity in service, leased included.",
            y_title="MW IT in service",
            series=(Series(table="Build", value="online_mw", label="In service"),),
            stacked=True,
            by="site",
        ),
    ),
)
