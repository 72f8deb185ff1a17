"""Limits of placement restated, and balance and network cost recomputed, from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._network import covers, network
from .._running_costs import running_rows
from .sheets import CLUSTER_KEYS, KEYS, SITE_KEYS
from .tables import balance, taken_mw

# Load below this, in MW, is noise of the solver's arithmetic and hosts nothing.
TINY_MW = 1e-6


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Load against capacity, minima, latency, residency and trust, from Load, Build and Service."""
    load = tables["Load"].merge(data["Workloads"], on="workload")
    taken = (
        (load["served_mw"] * (1.0 + load["reserve_share"]))
        .groupby([load["site"], load["period"]])
        .sum()
    )
    build = tables["Build"].set_index(SITE_KEYS)
    within = pd.DataFrame({"used": taken, "allowed": build["online_mw"]}).dropna(subset=["used"])
    within = within.rename_axis(SITE_KEYS).fillna({"allowed": 0.0}).reset_index()
    timed = load[load["max_latency_ms"].notna()]
    where = load["site"].map(data.column("Sites", "jurisdiction", by="site"))
    trusted = data["Jurisdictions"].loc[data["Jurisdictions"]["trusted"], "jurisdiction"]
    trusting = load[load["trusted_only"]]
    broken = ~where[load["trusted_only"]].isin(trusted)
    return {
        "load_within_online": within,
        "cluster_large_enough": _cluster_audit(load, tables["Service"]),
        "capacity_covers_demand": _cover_audit(data, load, tables["Build"]),
        "latency_within_limit": timed[KEYS].assign(
            used=timed["latency_ms"], allowed=timed["max_latency_ms"]
        ),
        "trusted_where_required": trusting[KEYS].assign(
            used=broken * trusting["served_mw"], allowed=0.0
        ),
        "resident_where_required": _residency_audit(data, load, where),
        "served_not_negative": load[KEYS].assign(used=-load["served_mw"], allowed=0.0),
    }


def _cluster_audit(load: pd.DataFrame, service: pd.DataFrame) -> pd.DataFrame:
    """Load of each site of a workload with a minimum, against it or against all its demand."""
    rows = []
    clustered = load[load["min_mw_at_one_site"].notna()]
    for (workload, site, period), own in clustered.groupby(CLUSTER_KEYS, sort=False):
        here = (service["workload"] == workload) & (service["period"] == period)
        least = min(own["min_mw_at_one_site"].iloc[0], service.loc[here, "demand_mw"].sum())
        mw = own["served_mw"].sum()
        if mw > TINY_MW:
            rows.append((workload, site, period, least, mw))
    return pd.DataFrame(rows, columns=[*CLUSTER_KEYS, "used", "allowed"])


def _cover_audit(data: Dataset, load: pd.DataFrame, build: pd.DataFrame) -> pd.DataFrame:
    """Load with reserve of the demands confined to a set of sites, against what is installed there."""
    confined, covering = covers(data)
    keys = ["cover", "period"]
    taken = load.assign(used=load["served_mw"] * (1.0 + load["reserve_share"]))
    used = taken.merge(confined, on=["workload", "region"]).groupby(keys)["used"].sum()
    installed = build.merge(covering, on="site").groupby(keys)["installed_mw"].sum()
    both = pd.concat([used, installed.rename("allowed")], axis=1).dropna(subset=["used"])
    return both.rename_axis(keys).fillna({"allowed": 0.0}).reset_index()


def _residency_audit(data: Dataset, load: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
    """Load of each restricted workload and region that runs where no Residency row allows it."""
    rules = data["Residency"].to_dict("records")
    members = data["JurisdictionGroups"].groupby("group")["jurisdiction"].agg(set).to_dict()
    rows = []
    for record, place in zip(load.to_dict("records"), where, strict=True):
        own = [
            r
            for r in rules
            if r["workload"] == record["workload"]
            and (pd.isna(r["region"]) or r["region"] == record["region"])
        ]
        ok = any(r["jurisdiction"] == place or place in members.get(r["group"], ()) for r in own)
        if own:
            rows.append((*(record[k] for k in KEYS), 0.0 if ok else record["served_mw"], 0.0))
    return pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"])


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Latency, balance and network cost from what is served and built."""
    load, build, settings = tables["Load"], tables["Build"], data.one("Settings")
    by_period = build.groupby("period")[["online_mw", "installed_mw"]].sum()
    asked_for = tables["Service"].groupby("period")["demand_mw"].sum()
    rows = load.merge(network(data), on=["site", "region"], suffixes=("_reported", ""))
    years = rows["period"].map(calendar(data)["years"]).astype(float)
    cost = rows.assign(
        item="network",
        subject=rows["site"],
        amount=rows["served_mw"] * rows["cost_per_mw_year"] * years,
        growth=settings.running_cost_escalation,
    )
    return {
        "Load": rows[[*KEYS, "latency_ms"]].assign(taken_mw=taken_mw(data, rows)),
        "Balance": balance(data, load, {**by_period, "demand_mw": asked_for}),
        "Cost": running_rows(data, "placement", cost),
    }
