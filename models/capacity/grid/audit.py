"""Limits of the grid restated from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites, pue_of_sites
from .._calendar import calendar
from .._contracts import GENERATION, SITE_KEYS, grid_draw, storage_peak, sums_at
from .sheets import ZONE_KEYS


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Firm grid MW by zone and site from the plan's tables, against what is set."""
    sites, cal = active_sites(data), calendar(data)
    build = grid_draw(data, tables).merge(cal.reset_index(), on="period").sort_values("position")
    build = build.rename(columns={"grid_zone": "zone"})
    interruptible = tables["InterruptibleUse"].set_index(SITE_KEYS)["interruptible_mw"]
    build["grid_mw"] -= sums_at(interruptible, build[SITE_KEYS])
    early = sites["under_construction_online"] < cal["date"].iloc[0]
    stood = (sites["existing_mw"] + early * sites["under_construction_mw"]) * pue_of_sites(data)
    contracts = data.columns("Contracts", "contract", "kind", "site")
    for plant in contracts[contracts["kind"] == GENERATION].to_dict("records"):
        signed = data["SignedContracts"].query("contract == @plant['contract']")["signed_mw"].sum()
        stood[plant["site"]] = max(stood.get(plant["site"], 0.0) - signed, 0.0)
    before = build.groupby("site")["grid_mw"].shift(1)
    build["new_mw"] = build["grid_mw"] - before.fillna(build["site"].map(stood))
    by_zone = build.groupby(ZONE_KEYS)[["grid_mw", "new_mw"]].sum().reset_index()
    zones = data["GridZones"].merge(by_zone, on=ZONE_KEYS)
    earlier = dict(zip(cal.index[1:], cal.index, strict=False))
    stood_before = zones[ZONE_KEYS].assign(period=zones["period"].map(earlier))
    stored = pd.Series(storage_peak(data, tables, zones[ZONE_KEYS]), zones.index, dtype=float)
    zones["grid_mw"] += stored
    zones["new_mw"] += stored - storage_peak(data, tables, stood_before)
    connected = _connected(data, tables["OptionsHeld"])
    at = zones["period"].map(cal["position"])
    now, before = (
        pd.Series(
            [connected.get(key, 0.0) for key in zip(zones["zone"], at - back, strict=True)],
            zones.index,
            dtype=float,
        )
        for back in (0, 1)
    )
    zones["max_total_mw"] += now
    zones["max_new_mw"] += now - before
    last: dict[str, float] = {}
    given = data["PowerRamp"].set_index(SITE_KEYS)["energised_mw"].to_dict()
    rows = []
    for row in build[build["site"].isin(data.column("PowerRamp", "site"))].to_dict("records"):
        key = (row["site"], row["period"])
        last[row["site"]] = given.get(key, last.get(row["site"], 0.0))
        rows.append((*key, row["grid_mw"], last[row["site"]]))
    return {
        "zone_energisation": _restated(zones, "new_mw", "max_new_mw"),
        "zone_total": _restated(zones, "grid_mw", "max_total_mw"),
        "connection": pd.DataFrame(rows, columns=[*SITE_KEYS, "used", "allowed"]),
    }


def _connected(data: Dataset, held: pd.DataFrame) -> dict[tuple[str, int], float]:
    """MW that are reserved and connected, by zone and position of the period."""
    zone = data.column("Options", "zone", by="option")
    at = calendar(data)["position"]
    sums: dict[tuple[str, int], float] = {}
    for row in held[held["connected_mw"] > 0].to_dict("records"):
        key = (zone[row["option"]], int(at[row["period"]]))
        sums[key] = sums.get(key, 0.0) + row["connected_mw"]
    return sums


def _restated(zones: pd.DataFrame, used: str, allowed: str) -> pd.DataFrame:
    named = zones.dropna(subset=[allowed])
    return named[ZONE_KEYS].assign(used=named[used], allowed=named[allowed])
