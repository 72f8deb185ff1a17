"""Limits of risk restated, and exposure and its cost recomputed, from the plan's tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._money import EXPECTED_LOSS, PENALTY
from .._running import running_rows
from .._scores import scores
from .derived import members, periods_of
from .limits import LIMITS
from .sheets import KEYS, MW_KINDS, SITE_KEYS
from .tables import by_jurisdiction, exposure


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Exposed MW against what the limit allows of all MW, from the Build and Load tables."""
    found: dict[str, list[tuple[Any, ...]]] = {limit.name: [] for limit in LIMITS}
    where = data["Sites"].set_index("site")["jurisdiction"]
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
    online = tables["Build"].rename(columns={"online_mw": "value"})[["site", "period", "value"]]
    served = tables["Load"].rename(columns={"served_mw": "value"})
    risk = exposure(data, online, served)
    bound = risk["value"].where(risk["kind"] != "barred", 0.0)
    sign = risk["kind"].map({"min_share": -1.0}).fillna(1.0)
    scale = risk["total"].where(~risk["kind"].isin(MW_KINDS), 1.0)
    # Concentration is limited by its root, the length of the vector of MW.
    root = risk["kind"] == "max_hhi"
    exposed = risk["exposure"].where(~root, np.sqrt(risk["exposure"]))
    bound = bound.where(~root, np.sqrt(bound))
    over = (sign * (exposed - bound) * scale).clip(lower=0.0).fillna(0.0)
    price = data["RiskLimits"].set_index("limit")["penalty_per_mw_year"]
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
        "Exposure": by_jurisdiction(data, online),
        "Cost": pd.concat([rows for rows in costs if len(rows)] or costs[:1]),
    }


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
