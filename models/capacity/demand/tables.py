"""Table of demand served and unmet, and how the report shows it."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Sentences, Series, Trend
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Filter, Report
from optalloc.modelling.slides import Slide
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .._demand import asked
from .sheets import KEYS
from .shortfalls import shortfalls

SERVICE = TableSpec(
    name="Service",
    meaning="Demand of each workload and region, and how much of it is served.",
    key=("workload", "region", "period"),
    across="period",
    spread=("demand_mw", "served_mw", "unmet_mw"),
    columns=(
        Column(name="workload", kind=Kind.TEXT, meaning="Workload."),
        Column(name="region", kind=Kind.TEXT, meaning="Region."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="demand_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load asked for."),
        Column(name="served_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load served."),
        Column(name="unmet_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load left unmet."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Demand, served and unmet, and the totals."""
    service = asked(data, *KEYS, "it_mw").rename(columns={"it_mw": "demand_mw"})
    served = values.ledger("served_mw").rename(columns={"value": "served_mw"})
    unmet = values.variable("unmet", KEYS).rename(columns={"value": "unmet_mw"})
    service = service.merge(served, on=KEYS, how="left").merge(unmet, on=KEYS, how="left")
    service = service.fillna({"served_mw": 0.0, "unmet_mw": 0.0})
    return {
        "Service": service,
        "Shortfalls": shortfalls(data, service),
        "Summary": key_figures(data, service),
    }


def key_figures(data: Dataset, service: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary about demand."""
    names = calendar(data).index
    total = service.groupby("period")[["demand_mw", "unmet_mw"]].sum()
    rows = [
        (f"demand in {names[0]}", total["demand_mw"].get(names[0], 0.0), "MW IT"),
        (f"demand in {names[-1]}", total["demand_mw"].get(names[-1], 0.0), "MW IT"),
        ("most demand unmet in a period", total["unmet_mw"].max(), "MW IT"),
    ]
    return pd.DataFrame(rows if len(names) > 1 else rows[1:], columns=["figure", "value", "unit"])


REPORT = Report(
    slides=(
        Trend(
            title="Demand left unmet",
            order=10,
            slide=Slide.RISKS,
            y_title="MW IT left unmet",
            series=(Series(table="Service", value="unmet_mw", label="Unmet"),),
            stacked=True,
            by="region",
        ),
    ),
    messages=(
        (
            Slide.RISKS,
            "At worst {most demand unmet in a period} of demand is left unmet in a period|; {limits that bind} bind|.",
        ),
    ),
    filters=(Filter(column="workload", title="Workload", table="Service"),),
    exhibits=(
        Sentences(
            title="Where demand is short",
            order=97,
            table="Shortfalls",
            sentence="in_words",
            more="against",
            note="What is left unmet, from when to when, at what penalty, and what stands against "
            "serving it; optalloc explain works out which changes would serve all of it, and what "
            "they cost.",
        ),
        Trend(
            title="Demand by region",
            order=320,
            y_title="MW IT asked for",
            series=(Series(table="Service", value="demand_mw", label="Demand"),),
            stacked=True,
            by="region",
        ),
    ),
)
