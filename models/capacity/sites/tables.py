"""Table of what is built, the actions that follow, and the key figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.solution import Solution

from .._beginnings import arrivals_of, building_dates
from .._building import KEYS, active_sites, standing_mw
from .._calendar import calendar

BUILD = TableSpec(
    name="Build",
    meaning="What is committed, started and online at each site, period by period.",
    key=("site", "period"),
    across="period",
    spread=("committed", "started_mw", "installed_mw", "online_mw"),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="jurisdiction", kind=Kind.TEXT, meaning="Jurisdiction of the site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="committed", kind=Kind.FLAG, meaning="Whether the site is committed by now."),
        Column(
            name="started_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity whose building starts in the period, on the day that Actions say.",
        ),
        Column(
            name="installed_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity whose building began a block lead ago or more, existing and leased included; what is retired is not.",
        ),
        Column(
            name="online_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity in service, existing and leased included.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Tables of commitments, starts and capacity online, and of the actions that follow."""
    sites = active_sites(data)
    build = standing_mw(data, *KEYS)
    for ledger, column in (
        ("online_mw", "online_mw"),
        ("installed_mw", "installed_mw"),
        ("starting_mw", "started_mw"),
    ):
        build = build.merge(
            values.ledger(ledger).rename(columns={"value": column}), on=KEYS, how="left"
        )
    committed = values.variable("committed", KEYS).rename(columns={"value": "committed"})
    build = build.merge(committed, on=KEYS, how="left").fillna({"started_mw": 0.0})
    # Past its last useful commitment a site stays as it was.
    build["committed"] = build.groupby("site")["committed"].ffill().fillna(0.0) > 0.5
    build["committed"] |= build["site"].map(sites["is_open"]).astype(bool)
    build.insert(1, "jurisdiction", build["site"].map(sites["jurisdiction"]))
    build = build[[column.name for column in BUILD.columns]]
    return {
        "Build": build,
        "Actions": actions(data, build, arrivals_of(data, values)),
        "Summary": key_figures(data, build),
    }


def actions(data: Dataset, build: pd.DataFrame, arrives: Mapping[str, float]) -> pd.DataFrame:
    """Commitments and starts, dated, by the moment at which each site's permit arrives."""
    sites, dates = active_sites(data), calendar(data)["date"]
    candidate = ~build["site"].map(sites["is_open"]).astype(bool)
    # Of a column of objects ~ would give integers.
    before = build.groupby("site")["committed"].shift(1, fill_value=False).astype(bool)
    commit = build[build["committed"].astype(bool) & ~before & candidate].assign(
        action="commit site", mw=np.nan
    )
    commit["date"] = commit["period"].map(dates)
    start = build[build["started_mw"] > 0].assign(action="start building")
    start["mw"] = start["started_mw"]
    start = start.merge(building_dates(data, start, arrives)[[*KEYS, "date"]], on=KEYS)
    both = pd.concat([f for f in (commit, start) if len(f)] or [commit])
    return pd.DataFrame(
        {
            "date": both["date"],
            "period": both["period"],
            "action": both["action"],
            "subject": both["site"],
            "mw": both["mw"].astype(float),
        }
    )


def key_figures(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary about building."""
    last = build[build["period"] == calendar(data).index[-1]]
    started = build.groupby("site")["started_mw"].sum()
    rows = [
        ("sites built on", int((started > 0).sum()), "sites"),
        ("MW started", float(started.sum()), "MW IT"),
        ("MW online at the end", float(last["online_mw"].sum()), "MW IT"),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])
