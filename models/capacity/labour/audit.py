"""Limits of labour restated, and wages recomputed, from the plan's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._beginnings import building_dates_in_plan
from .._building import KEYS as START_KEYS
from .._building import active_sites
from .._calendar import calendar
from .._running_costs import running_rows
from .sheets import KEYS, SOURCE_KEYS


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Work worked out start by start from the Build table, against who is hired."""
    labour = tables["Labour"]
    hired = labour.groupby(KEYS)["used_person_months"].sum()
    places = active_sites(data, "labour_market", "block_lead_months")
    cal, sites = calendar(data).to_dict("index"), places.to_dict("index")
    needs = data["LabourNeeds"].to_dict("records")
    days = building_dates_in_plan(data, tables).set_index(START_KEYS)["begin"].to_dict()
    work: defaultdict[Any, float] = defaultdict(float, dict.fromkeys(hired.index, 0.0))
    for build in tables["Build"].to_dict("records"):
        at, now = sites[build["site"]], cal[build["period"]]
        if pd.isna(at["labour_market"]):
            continue
        begin = days.get((build["site"], build["period"]), now["begin"])
        lead = at["block_lead_months"]
        for need in needs:
            here = (at["labour_market"], need["trade"])
            staff = need["staff_per_mw"] * build["online_mw"]
            work[(*here, build["period"])] += staff * now["months"]
            total = need["person_months_per_mw"] * build["started_mw"]
            for q, period in cal.items() if total else ():
                months = min(begin + lead, period["end"]) - max(begin, period["begin"])
                share = max(months, 0.0) / lead if lead else float(q == build["period"])
                work[(*here, q)] += total * share
    done = pd.DataFrame(
        [(*key, used, hired.get(key, 0.0)) for key, used in work.items()],
        columns=[*KEYS, "used", "allowed"],
    )
    within = labour[SOURCE_KEYS].assign(
        used=labour["used_person_months"], allowed=labour["available_person_months"]
    )
    negative = labour[SOURCE_KEYS].assign(used=-labour["used_person_months"], allowed=0.0)
    return {"work_done": done, "labour_within_pool": within, "hired_not_negative": negative}


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Pools and wages, recomputed from who is hired."""
    cal, labour = calendar(data), tables["Labour"]
    given = data["LabourPools"].merge(cal["position"], left_on="period", right_index=True)
    pools = {
        key: own.to_dict("records") for key, own in given.sort_values("position").groupby(KEYS[:2])
    }
    position = cal["position"].to_dict()
    tiers = data["LabourTiers"].set_index([*KEYS[:2], "tier"]).to_dict("index")
    workers, wages = [], []
    for market, trade, source, period in labour[SOURCE_KEYS].itertuples(index=False, name=None):
        own, now = pools[market, trade], position[period]
        pool = [row for row in own if row["position"] <= now][-1]
        tier = tiers.get(
            (market, trade, source), {"workers": pool["workers"], "premium_share": 0.0}
        )
        workers.append(tier["workers"])
        wages.append(pool["wage_per_person_month"] * (1 + tier["premium_share"]))
    months = labour["period"].map(cal["months"]).astype(float)
    subject = labour["labour_market"] + ", " + labour["trade"] + ", " + labour["source"]
    amount = labour["used_person_months"] * np.array(wages, float) / 1e6
    cost = labour[["period"]].assign(item="wages", subject=subject, amount=amount)
    offered = labour[SOURCE_KEYS].assign(available_person_months=np.array(workers, float) * months)
    return {"Labour": offered, "Cost": running_rows(data, "labour", cost)}
