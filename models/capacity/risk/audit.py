"""Limits of risk restated, and exposure and its cost recomputed, from the plan's tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._money import EXPECTED_LOSS, PENALTY
from .._running_costs import running_rows
from .._scores import scores
from .derived import members, periods_of
from .limits import LIMITS
from .sheets import KEYS, MW_KINDS, SITE_KEYS


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Exposed MW against what the limit allows of all MW, from the Build and Load tables."""
    found: dict[str, list[tuple[Any, ...]]] = {limit.name: [] for limit in LIMITS}
    where = data.column("Sites", "jurisdiction", by="site")
    excess = tables["Risk"].set_index(KEYS)["excess_mw"]
    build, load = tables["Build"], tables["Load"]
    for limit in data["RiskLimits"].to_dict("records"):
        what = "concentration" if limit["kind"] == "max_hhi" else "exposure"
        if pd.isna(limit["workload"]):
            name, mw = f"online_{what}", build.rename(columns={"online_mw": "mw"})
        else:
            own = load[load["workload"] == limit["workload"]]
            name, mw = f"served_{what}", own.rename(columns={"served_mw": "mw"})
        place, value = mw["site"].map(where), limit["value"]
        score = place.map(scores(data, limit["risk_class"])) if "score" in limit["kind"] else 0.0
        mw = mw.assign(inside=mw["mw"] * place.isin(members(data, limit)), scored=mw["mw"] * score)
        for q in periods_of(calendar(data), limit):
            now = mw[mw["period"] == q]
            total, inside, scored = now[["mw", "inside", "scored"]].sum()
            length = math.hypot(*now.groupby(place)["mw"].sum())
            used, allowed = {
                "max_mean_score": (scored, value * total),
                "max_share": (inside, value * total),
                "min_share": (value * total, inside),
                "max_mw": (inside, value),
                "max_hhi": (length, math.sqrt(value) * total),
                "barred": (inside, 0.0),
            }[limit["kind"]]
            soft = pd.notna(limit["penalty_per_mw_year"])
            beyond = excess.get((limit["limit"], q), 0.0) if soft else 0.0
            floor = limit["kind"] == "min_share"
            found[name].append((limit["limit"], q, used, allowed + beyond, floor))
    columns = [*KEYS, "used", "allowed", "is_floor"]
    return {name: pd.DataFrame(rows, columns=columns) for name, rows in found.items()}


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Exposure, excess and its penalty from what is online and served."""
    risk = _exposure(data, tables)
    bound = risk["value"].where(risk["kind"] != "barred", 0.0)
    sign = risk["kind"].map({"min_share": -1.0}).fillna(1.0)
    scale = risk["total"].where(~risk["kind"].isin(MW_KINDS), 1.0)
    # Concentration is limited by its root, the length of the vector of MW.
    root = risk["kind"] == "max_hhi"
    exposed = risk["exposure"].where(~root, np.sqrt(risk["exposure"]))
    bound = bound.where(~root, np.sqrt(bound))
    over = (sign * (exposed - bound) * scale).clip(lower=0.0).fillna(0.0)
    price = data.column("RiskLimits", "penalty_per_mw_year", by="limit")
    price = risk["limit"].map(price).astype(float)
    risk = risk.assign(excess_mw=over.where(price.notna(), 0.0))
    years = risk["period"].map(calendar(data)["years"]).astype(float)
    excess = risk[KEYS].merge(tables["Risk"], on=KEYS)["excess_mw"]
    cost = risk.assign(item="risk_excess", subject=risk["limit"], amount=excess * price * years)
    costs = [
        running_rows(data, "risk", cost.dropna(subset=["amount"]), kind=PENALTY),
        running_rows(data, "risk", _expected(data, tables["Build"]), kind=EXPECTED_LOSS),
    ]
    return {
        "Risk": risk.drop(columns="total"),
        "Exposure": _by_jurisdiction(data, tables["Build"]),
        "Cost": pd.concat([rows for rows in costs if len(rows)] or costs[:1]),
    }


def _exposure(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Score, share or MW of each limit and period, and the MW it is about, added up site by site.

    The table itself is made by grouping frames of the solution (tables.py).
    """
    where = _jurisdictions(data)
    online = tables["Build"][["site", "period", "online_mw"]]
    loads = tables["Load"][["site", "period", "served_mw", "workload"]]
    rows = []
    for limit in data["RiskLimits"].to_dict("records"):
        kind, inside = limit["kind"], members(data, limit)
        score = scores(data, limit["risk_class"]) if kind == "max_mean_score" else None
        if pd.isna(limit["workload"]):
            found = online.itertuples(index=False, name=None)
        else:
            own = loads[loads["workload"] == limit["workload"]].drop(columns="workload")
            found = own.itertuples(index=False, name=None)
        by_place: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for site, period, mw in found:
            by_place[period][where.get(site, "")] += mw
        for q in periods_of(calendar(data), limit):
            here = by_place.get(q, {})
            total = math.fsum(here.values())
            if kind == "max_hhi":
                shares = [mw / total for j, mw in here.items() if j] if total > 0 else [math.nan]
                amount = math.fsum(share**2 for share in shares)
            else:
                amount = math.fsum(
                    mw * float(score[j] if score is not None else j in inside)
                    for j, mw in here.items()
                    if j
                )
                if kind not in MW_KINDS:
                    amount = amount / total if total > 0 else math.nan
            rows.append((limit["limit"], kind, limit["value"], q, amount, total))
    columns = ["limit", "kind", "value", "period", "exposure", "total"]
    return pd.DataFrame(rows, columns=columns).astype({"exposure": float})


def _by_jurisdiction(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """Capacity in service and its share by jurisdiction and period, added up site by site."""
    columns = ["jurisdiction", "period", "online_mw", "share"]
    if data["Jurisdictions"].empty or build.empty:
        return pd.DataFrame(columns=columns)
    where = _jurisdictions(data)
    sums: dict[tuple[str, str], float] = defaultdict(float)
    totals: dict[str, float] = defaultdict(float)
    for site, period, mw in build[["site", "period", "online_mw"]].itertuples(
        index=False, name=None
    ):
        if site in where:
            sums[where[site], period] += mw
            totals[period] += mw
    rows = [
        (*key, mw, mw / totals[key[1]] if totals[key[1]] > 0 else math.nan)
        for key, mw in sums.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def _jurisdictions(data: Dataset) -> dict[str, str]:
    """Jurisdiction of each site that has one."""
    known = data.columns("Sites", "site", "jurisdiction").dropna(subset=["jurisdiction"])
    return dict(zip(known["site"], known["jurisdiction"], strict=True))


def _expected(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """Expected loss of each site and period, jurisdiction by jurisdiction."""
    years = calendar(data)["years"]
    rows = [
        (
            "expected_loss",
            at["jurisdiction"],
            row["site"],
            row["period"],
            row["online_mw"] * at["expected_loss_per_mw_year"] * years[row["period"]],
        )
        for at in data["Jurisdictions"].to_dict("records")
        for row in build[build["jurisdiction"] == at["jurisdiction"]].to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["item", "subject", *SITE_KEYS, "amount"])
