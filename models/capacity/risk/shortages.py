"""Demand and existing capacity beyond what limits on exposure allow in any plan."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites
from .._calendar import calendar
from .._shortages import COLUMNS, Cell, capped, joined, most_online, nothing_short, short_of
from .._standing_capacity import exceeding
from .derived import members, periods_of
from .sheets import MW_KINDS


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against the most that each hard limit on all capacity lets be in service by then."""
    limits, where = data["RiskLimits"], active_sites(data, "jurisdiction")["jurisdiction"]
    hard = limits[limits["workload"].isna() & limits["penalty_per_mw_year"].isna()]
    hard = hard[hard["kind"].isin((*MW_KINDS, "max_share", "min_share"))]
    records = hard.assign(row=hard.index).to_dict("records")
    return joined(_short_by(data, limit, where) for limit in records)


def _short_by(data: Dataset, limit: Mapping[Hashable, Any], where: pd.Series) -> pd.DataFrame:
    inside = where.isin(members(data, limit))
    most = most_online(data)
    member = most["site"].map(inside).astype(bool)
    if not inside.any():
        return nothing_short()
    value = 0.0 if limit["kind"] == "barred" else float(limit["value"])
    held = most["period"].isin(periods_of(calendar(data), limit))
    if limit["kind"] in MW_KINDS:
        most = most.assign(member=member, cap=np.where(member & held, value, np.inf))
    else:
        # Of a share v, all capacity is no more than what is outside over 1 - v, or inside over v.
        counted, share = (~member, 1.0 - value) if limit["kind"] == "max_share" else (member, value)
        total = most["most_mw"].where(counted, 0.0).groupby(most["period"]).sum()
        cap = most["period"].map(total) / share if share > 0 else np.inf
        most = most.assign(member=True, cap=np.where(held, cap, np.inf))
    what = f"capacity in service that {limit['limit']} allows"
    column = "kind" if limit["kind"] == "barred" else "value"
    cell = ("RiskLimits", limit["row"], column)
    served = short_of(
        data,
        "online_exposure",
        what,
        most,
        lambda sites, period: [cell],
        lambda own: capped(own, "member", "cap"),
    )
    if limit["kind"] not in MW_KINDS:
        return served
    return joined([served, _standing_beyond(data, limit, inside, value, cell)])


def _standing_beyond(
    data: Dataset, limit: Mapping[Hashable, Any], inside: pd.Series, value: float, cell: Cell
) -> pd.DataFrame:
    """Capacity that stands already and alone is more than a limit allows."""
    periods = periods_of(calendar(data), limit)
    cap = pd.DataFrame({"group": "all", "period": periods, "cap": value})
    found = exceeding(data, cap, pd.Series("all", index=inside.index), inside.astype(float))
    rows = [
        (
            "online_exposure",
            f"{limit['limit']}, {period}: {used:,.6g} MW stand there whatever is decided, {most:,.6g} MW are allowed",
            used,
            most,
            "MW IT",
            [*cells, cell],
        )
        for _, period, used, most, cells in found
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
