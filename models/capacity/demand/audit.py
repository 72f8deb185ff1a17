"""Limits of demand restated, and demand and penalties recomputed, from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._money import PENALTY
from .._running_costs import running_rows
from .sheets import KEYS
from .shortfalls import shortfalls
from .tables import key_figures


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Served and unmet make up demand; unmet only where it has a price."""
    service = tables["Service"].merge(data["Workloads"], on="workload")
    keys = service[KEYS]
    must = service["unmet_penalty_per_mw_year"].isna()
    return {
        "demand_met": keys.assign(
            used=service["served_mw"] + service["unmet_mw"], allowed=service["demand_mw"]
        ),
        "unmet_only_at_a_price": keys.assign(
            used=service["unmet_mw"], allowed=service["demand_mw"].where(~must, 0.0)
        ),
        "unmet_not_negative": keys.assign(used=-service["unmet_mw"], allowed=0.0),
    }


def _converted(data: Dataset) -> pd.DataFrame:
    """Demand in MW, each unit at its workload's last MW per unit up to the period."""
    rows = data["Demand"]
    given = data["ComputeUnits"].to_dict("records")
    now: dict[str, float] = {}
    size: dict[tuple[str, str], float] = {}
    for period in calendar(data).index:
        now |= {at["workload"]: at["mw_per_unit"] for at in given if at["period"] == period}
        size |= {(workload, period): mw for workload, mw in now.items()}
    mw = [
        at["units"] * size[at["workload"], at["period"]] if pd.isna(at["it_mw"]) else at["it_mw"]
        for at in rows.to_dict("records")
    ]
    return rows[KEYS].assign(demand_mw=mw)


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Demand as read, served from the Load table, and the penalties."""
    load = tables["Load"].groupby(KEYS, as_index=False)["served_mw"].sum()
    service = _converted(data).merge(load, on=KEYS, how="left").fillna({"served_mw": 0.0})
    unmet = tables["Service"].merge(data["Workloads"], on="workload")
    years = unmet["period"].map(calendar(data)["years"]).astype(float)
    forgone = unmet[["unmet_penalty_per_mw_year", "value_per_mw_year"]].max(axis=1)
    priced = unmet["unmet_penalty_per_mw_year"].notna()
    per_mw = forgone.where(priced, 0.0) * years
    cost = pd.DataFrame(
        {
            "item": "unmet",
            "subject": unmet["workload"] + ", " + unmet["region"],
            "period": unmet["period"],
            "amount": unmet["unmet_mw"] * per_mw,
        }
    )
    return {
        "Service": service,
        "Shortfalls": shortfalls(data, tables["Service"]),
        "Cost": running_rows(data, "demand", cost, kind=PENALTY),
        "Summary": key_figures(data, tables["Service"]),
    }
