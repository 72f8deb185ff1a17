"""Demand beyond what the workers of any plan can have built."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites
from .._calendar import calendar, positions
from .._shortages import Cell, most_online, short_of
from .derived import sources
from .sheets import KEYS

# A sentence names no more cells than these.
MOST_CELLS = 4


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against what the workers of each market can have built by then."""
    cal, needs = calendar(data), data.column("LabourNeeds", "person_months_per_mw", by="trade")
    offered = sources(data)
    offered = offered[offered["trade"].map(needs).fillna(0.0) > 0]
    offered = offered.assign(at=positions(offered["period"], cal)).sort_values("at")
    by_trade = offered.groupby([*KEYS, "at"])["offered"].sum().reset_index().sort_values("at")
    months = by_trade.groupby(["labour_market", "trade"])["offered"].cumsum()
    by_trade["built"] = months / by_trade["trade"].map(needs).astype(float)
    # What takes time to build is built before the period in which it is in service.
    sites = active_sites(data, "site", "labour_market", "block_lead_months").reset_index(drop=True)
    lead = by_trade["labour_market"].map(sites.groupby("labour_market")["block_lead_months"].min())
    before = by_trade.groupby(["labour_market", "trade"])["built"].shift(1).fillna(0.0)
    by_trade["built"] = by_trade["built"].where(lead.astype(float) <= 0, before)
    built = by_trade.groupby(["labour_market", "period"], as_index=False)["built"].min()
    sites = sites.drop(columns="block_lead_months")
    most = most_online(data).merge(sites, on="site")
    most = most.merge(built, on=["labour_market", "period"], how="left")

    def groups(own: pd.DataFrame) -> pd.Series:
        by_market = own.groupby("labour_market", dropna=False)
        new = np.minimum(by_market["new_mw"].sum(), by_market["built"].first().fillna(np.inf))
        return by_market["ready_mw"].sum() + new

    def cells(within: set[str], period: str) -> list[Cell]:
        markets = sites.loc[sites["site"].isin(within), "labour_market"]
        rows = data["LabourPools"]
        until = positions(rows["period"], cal) <= cal.at[period, "position"]
        named = rows.index[rows["labour_market"].isin(markets) & until]
        return [("LabourPools", row, "workers") for row in named[:MOST_CELLS]]

    what = "what workers can have built by then"
    return short_of(data, "labour_within_pool", what, most, cells, groups)
