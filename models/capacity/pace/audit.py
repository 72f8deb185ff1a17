"""Limits of pace restated from the Build table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites
from .._calendar import calendar
from .sheets import KEYS


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each row restated from the Build table, site by site."""
    cal, sites = calendar(data), active_sites(data, "is_open", "market", "jurisdiction")
    order = list(cal.index)
    status = sites["is_open"].to_dict()
    build = tables["Build"].set_index(["site", "period"]).to_dict("index")
    found: dict[str, list[tuple[str, str, float, float]]] = {
        "sites_per_period": [],
        "mw_started_per_period": [],
        "growth": [],
    }
    for row in data["Pace"].to_dict("records"):
        scope = [
            site
            for site, at in sites.iterrows()
            if (pd.isna(row["market"]) or at["market"] == row["market"])
            and (pd.isna(row["jurisdiction"]) or at["jurisdiction"] == row["jurisdiction"])
        ]
        for n, period in enumerate(order):
            if not pd.isna(row["period"]) and row["period"] != period:
                continue
            now = [build[site, period] for site in scope]
            was = [build[site, order[n - 1]] for site in scope] if n else []
            key = (row["pace"], period)
            new = sum(
                bool(at["committed"]) and not status[site] and not (n and was[k]["committed"])
                for k, (site, at) in enumerate(zip(scope, now, strict=True))
            )
            started = sum(at["started_mw"] for at in now)
            if not pd.isna(row["max_sites"]):
                found["sites_per_period"].append((*key, float(new), row["max_sites"]))
            if not pd.isna(row["max_start_mw"]):
                found["mw_started_per_period"].append((*key, started, row["max_start_mw"]))
            if n and not pd.isna(row["max_growth_per_year"]):
                years = cal["months"].iloc[n - 1] / 12
                base = sum(at["online_mw"] for at in was)
                most = base * (1 + row["max_growth_per_year"]) ** years
                online = sum(at["online_mw"] for at in now)
                found["growth"].append((*key, online, most + row["growth_allowance_mw"]))
    return {
        name: pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"]).astype(
            {"used": float, "allowed": float}
        )
        for name, rows in found.items()
    }
