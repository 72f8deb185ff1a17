"""Person-months on offer, which follow from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites
from .._calendar import calendar, carried_forward
from .sheets import POOL, SOURCE_KEYS


@derived
def sources(data: Dataset) -> pd.DataFrame:
    """Each pool and tier of a market with sites, by trade and period: offered and wage.

    Columns: labour_market, trade, source, period, offered (person-months), wage.
    """
    markets = active_sites(data, "labour_market")["labour_market"].dropna().unique()
    cal = calendar(data)
    pools = carried_forward(data["LabourPools"], cal, ["labour_market", "trade"])
    pools = pools[pools["labour_market"].isin(markets)]
    tiers = data["LabourTiers"].rename(columns={"tier": "source"})
    extra = pools.drop(columns="workers").merge(tiers, on=["labour_market", "trade"])
    extra["wage_per_person_month"] *= 1.0 + extra["premium_share"]
    both = pd.concat(
        [pools.assign(source=POOL), extra.drop(columns="premium_share")], ignore_index=True
    )
    months = cal["months"].reindex(both["period"]).to_numpy()
    both = both.assign(offered=both["workers"] * months, wage=both["wage_per_person_month"])
    return both[[*SOURCE_KEYS, "offered", "wage"]]
