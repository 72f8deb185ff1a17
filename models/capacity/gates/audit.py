"""Limits of gates restated from the plan's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .sheets import COMMIT, ENERGISE, KEYS, START
from .tables import GATES_HELD, TINY


def _done(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, Any, Any, Any]]:
    """Amounts that gates hold, by site and period, from the Build table: holds, site, period, amount.

    Starts up to the period; in service, what neither stood nor was under construction or leased.
    """
    sites = data.columns(
        *("Sites", "site", "status", "existing_mw", "under_construction_mw"),
        "under_construction_online",
    )
    known = sites.set_index("site").to_dict("index")
    dates = calendar(data)["date"].to_dict()
    leased = tables["Leasing"].groupby(KEYS[1:])["active_mw"].sum().to_dict()
    started: dict[Any, float] = {}
    order = list(dates)
    for row in sorted(tables["Build"].to_dict("records"), key=lambda at: order.index(at["period"])):
        site, period = row["site"], row["period"]
        at = known[site]
        stands = at["existing_mw"] + leased.get((site, period), 0.0)
        if at["under_construction_online"] <= dates[period]:
            stands += at["under_construction_mw"]
        started[site] = started.get(site, 0.0) + row["started_mw"]
        yield COMMIT, site, period, float(row["committed"] and at["status"] == "candidate")
        yield START, site, period, started[site]
        yield ENERGISE, site, period, row["online_mw"] - stands


def _is_for(gate: Mapping[Any, Any], site: Any, jurisdiction: Any) -> bool:
    """True if a site, which may have no jurisdiction, has the gate."""
    named = pd.notna(gate["site"]), pd.notna(gate["jurisdiction"])
    return bool(
        (named[0] and gate["site"] == site) or (named[1] and gate["jurisdiction"] == jurisdiction)
    )


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Amounts at each site of a gate before the day on which it opens, from the Build table."""
    names = {COMMIT: "committed", START: "started", ENERGISE: "energised"}
    found: dict[str, list[tuple[Any, ...]]] = {holds: [] for holds in names}
    gates, dates = data["Gates"].to_dict("records"), calendar(data)["date"].to_dict()
    where = data.column("Sites", "jurisdiction", by="site").to_dict()
    for holds, site, period, amount in _done(data, tables):
        for gate in gates:
            whose = _is_for(gate, site, where[site])
            is_shut = pd.isna(gate["opens"]) or dates[period] < gate["opens"]
            if gate["holds"] == holds and whose and is_shut:
                found[holds].append((gate["gate"], site, period, amount, 0.0))
    return {
        f"{name}_after_gate": pd.DataFrame(found[holds], columns=[*KEYS, "used", "allowed"]).astype(
            {"used": float, "allowed": float}
        )
        for holds, name in names.items()
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The table of gates, gate by gate from the Build table."""
    dates = calendar(data)["date"].to_dict()
    sites = data.columns("Sites", "site", "status", "jurisdiction").to_dict("records")
    first: dict[tuple[str, Any], Any] = {}
    for holds, site, period, amount in _done(data, tables):
        if amount > TINY:
            first.setdefault((holds, site), period)
    rows = []
    for gate in data["Gates"].to_dict("records"):
        since = [period for period, day in dates.items() if day >= gate["opens"]]
        for at in sites:
            whose = _is_for(gate, at["site"], at["jurisdiction"])
            may = "candidate" if gate["holds"] == COMMIT else at["status"]
            if whose and at["status"] == may and may != "excluded":
                done = first.get((gate["holds"], at["site"]))
                opened = since[0] if since else None
                rows.append((gate["gate"], at["site"], gate["holds"], gate["opens"], opened, done))
    named = [column.name for column in GATES_HELD.columns]
    return {"GatesHeld": pd.DataFrame(rows, columns=named)}
