"""Limits of resilience restated from the plan's tables, by maximum flow where load is re-routed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .derived import events_by_period, lost_sites, reach
from .sheets import DELIVERABLE, EVENT_KEYS, MEMBER_KEYS


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same from the Build and Load tables, by joins of who fails, who may serve and what is there.

    The table itself is made event by event from the ledgers (tables.py).
    """
    routes = reach(data)
    sites = routes[["event", "site"]].drop_duplicates()
    online = sites.merge(tables["Build"][["site", "period", "online_mw"]], on="site")
    total = online.groupby(["event", "period"])["online_mw"].sum().rename("total")
    fails = lost_sites(data)[["event", "member", "site"]].drop_duplicates()
    failed = fails.merge(online, on=["event", "site"])
    gone = failed.groupby(MEMBER_KEYS)["online_mw"].sum().rename("gone")
    pairs = routes[["event", "workload", "region"]].drop_duplicates()
    served = pairs.merge(tables["Load"], on=["workload", "region"])
    load = served.groupby(["event", "period"])["served_mw"].sum().rename("load")
    found = events_by_period(data).merge(fails[["event", "member"]].drop_duplicates(), on="event")
    for part, keys in (
        (total, ["event", "period"]),
        (gone, MEMBER_KEYS),
        (load, ["event", "period"]),
    ):
        found = found.merge(part.reset_index(), on=keys, how="left")
    found = found.fillna({"total": 0.0, "gone": 0.0, "load": 0.0})
    lost = found["share_lost"] * found["gone"]
    return {
        "Losses": found[MEMBER_KEYS].assign(
            lost_mw=lost,
            left_mw=found["total"] - lost,
            needed_mw=found["share_covered"] * found["load"],
        )
    }


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The worst member of each event; for deliverable events the most that can be re-routed."""
    found = recompute(data, tables)["Losses"]
    worst = found.sort_values("left_mw").drop_duplicates(EVENT_KEYS).sort_index()
    totals = worst[MEMBER_KEYS].assign(used=worst["needed_mw"], allowed=worst["left_mw"])
    strength = data.column("LossEvents", "strength", by="event")
    routed = found[found["event"].map(strength).eq(DELIVERABLE)].reset_index(drop=True)
    most = [_most_rerouted(data, tables, row) for row in routed.to_dict("records")]
    return {
        "survives_loss": totals.reset_index(drop=True),
        "delivers_after_loss": routed[MEMBER_KEYS].assign(
            used=routed["needed_mw"], allowed=pd.Series(most, dtype=float)
        ),
    }


def _most_rerouted(
    data: Dataset, tables: Mapping[str, pd.DataFrame], row: Mapping[Any, Any]
) -> float:
    """Greatest flow from what is left to what was served, along the arcs that are allowed."""
    event, q = data["LossEvents"].set_index("event").loc[row["event"]], row["period"]
    own = reach(data)[reach(data)["event"] == row["event"]]
    members = lost_sites(data)
    fails = members[(members["event"] == row["event"]) & (members["member"] == row["member"])]
    build = tables["Build"][tables["Build"]["period"] == q].set_index("site")["online_mw"]
    load = tables["Load"][tables["Load"]["period"] == q]
    served = load.groupby(["workload", "region"])["served_mw"].sum()
    left = build * (1.0 - event["share_lost"] * build.index.isin(fails["site"]))
    return maximum_flow(left.to_dict(), served.to_dict(), own)


def maximum_flow(
    left: Mapping[Any, float], served: Mapping[Any, float], routes: pd.DataFrame
) -> float:
    """Maximum flow from sites with so much left to demands of such size, as a linear program."""
    pairs = [
        (site, (workload, region))
        for workload, region, site in routes[["workload", "region", "site"]].itertuples(
            index=False, name=None
        )
        if (workload, region) in served and site in left
    ]
    if not pairs:
        return 0.0
    import scipy.sparse as sp  # noqa: PLC0415  (a workbook without events needs none)
    from scipy.optimize import linprog  # noqa: PLC0415

    sites = {site: k for k, site in enumerate({site for site, _ in pairs})}
    demands = {pair: len(sites) + k for k, pair in enumerate({pair for _, pair in pairs})}
    columns = np.arange(len(pairs))
    rows = np.concatenate([[sites[s] for s, _ in pairs], [demands[d] for _, d in pairs]])
    matrix = sp.csr_array(
        (np.ones(2 * len(pairs)), (rows, np.concatenate([columns, columns]))),
        shape=(len(sites) + len(demands), len(pairs)),
    )
    most = [max(left[s], 0.0) for s in sites] + [max(served[d], 0.0) for d in demands]
    found = linprog(-np.ones(len(pairs)), A_ub=matrix, b_ub=most, method="highs")
    return float(-found.fun)
