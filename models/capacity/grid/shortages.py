"""Demand and existing capacity that grid zones and connections cannot carry in any plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites, pue_of_sites
from .._calendar import calendar, positions
from .._contracts import GENERATION, SITE_KEYS, sums_at
from .._interruptible import interruptible_offers
from .._options import reserved_at_most
from .._shortages import COLUMNS, Cell, capped, joined, most_online, short_of
from .._standing_capacity import exceeding
from .derived import online_before, ramp
from .sheets import ZONE_KEYS

# A sentence names no more cells than these.
MOST_CELLS = 4


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against what zones and connections let its sites have in service by then."""
    sites, cal = active_sites(data), calendar(data)
    own = sites[["site", "grid_zone"]].assign(pue=pue_of_sites(data)).reset_index(drop=True)
    most = most_online(data).merge(own, on="site")
    given = most.merge(ramp(data), on=SITE_KEYS, how="left")["energised_mw"]
    given += _interruptible_at_most(data, most)
    # What is covered on site needs no grid.
    free = set(data["Contracts"].loc[data["Contracts"]["kind"] == GENERATION, "site"].dropna())
    given = given.mask(most["site"].isin(free)) / most["pue"]
    most["most_mw"] = np.fmin(most["most_mw"], given)
    zones = _zone_caps(data, cal)
    zones = zones[~zones["grid_zone"].isin(sites.loc[sites["site"].isin(free), "grid_zone"])]
    most = most.merge(zones, on=["grid_zone", "period"], how="left")

    def groups(own: pd.DataFrame) -> pd.Series:
        # In IT MW at the best PUE among the zone's sites.
        best = own.groupby("grid_zone", dropna=False)["pue"].transform("min")
        return capped(own.assign(cap=own["cap"] / best), "grid_zone", "cap")

    def cells(within: set[str], period: str) -> list[Cell]:
        named = sites.loc[sites["site"].isin(within)]
        rows, steps = data["GridZones"], data["PowerRamp"]
        zoned = rows[rows["zone"].isin(named["grid_zone"]) & (rows["period"] == period)]
        until = positions(steps["period"], cal) <= cal.at[period, "position"]
        reached = steps[steps["site"].isin(within) & until].drop_duplicates("site", keep="last")
        found: list[Cell] = [("PowerRamp", row, "energised_mw") for row in reached.index]
        for row, at in zoned.iterrows():
            column = "max_total_mw" if pd.notna(at["max_total_mw"]) else "max_new_mw"
            found.append(("GridZones", row, column))
        return found[:MOST_CELLS]

    reached = short_of(data, "zone_total", "reachable energised capacity", most, cells, groups)
    return joined([reached, _standing_beyond(data, free)])


def _standing_beyond(data: Dataset, free: set[str]) -> pd.DataFrame:
    """Zones and connections that capacity which stands already overloads by itself."""
    sites = active_sites(data)
    # What is covered on site needs no grid.
    needing = pue_of_sites(data).where(~sites["site"].isin(free), 0.0)
    zones = data["GridZones"]
    caps = zones.rename(columns={"zone": "group", "max_total_mw": "cap"})
    caps["cap"] += caps["group"].map(reserved_at_most(data)).astype(float).fillna(0.0)
    caps["cap"] += _interruptible_of_zones(data, zones)
    rows = [
        (
            "zone_total",
            f"{zone} {period}: what stands draws {used:,.6g} MW of grid power, the zone can carry {cap:,.6g} MW",
            used,
            cap,
            "MW grid",
            [
                *cells,
                ("GridZones", _row(zones, ["zone", "period"], zone, period), "max_total_mw"),
            ],
        )
        for zone, period, used, cap, cells in exceeding(
            data, caps[["group", "period", "cap"]].dropna(), sites["grid_zone"], needing
        )
    ]
    steps = ramp(data)
    steps["energised_mw"] += _interruptible_at_most(data, steps)
    steps = steps.rename(columns={"site": "group", "energised_mw": "cap"})
    rows += [
        (
            "connection",
            f"{site} {period}: what stands draws {used:,.6g} MW of grid power, the connection gives {cap:,.6g} MW",
            used,
            cap,
            "MW grid",
            [*cells, *_steps(data, site, period)],
        )
        for site, period, used, cap, cells in exceeding(
            data, steps[["group", "period", "cap"]], sites["site"], needing
        )
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(frame: pd.DataFrame, names: list[str], *values: str) -> int:
    """Label of the row with a key."""
    return int(frame.index[(frame[names] == list(values)).all(axis=1)][0])


def _steps(data: Dataset, site: str, period: str) -> list[Cell]:
    """The step of a site's connection that holds in a period."""
    steps, at = data["PowerRamp"], calendar(data)["position"]
    own = steps[(steps["site"] == site) & (steps["period"].map(at) <= at[period])]
    last = own["period"].map(at).sort_values().index[-1:]
    return [("PowerRamp", int(row), "energised_mw") for row in last]


def _zone_caps(data: Dataset, cal: pd.DataFrame) -> pd.DataFrame:
    """Grid MW that a zone can carry in each period, also by what it may have energised by then."""
    zones = data["GridZones"].assign(at=positions(data["GridZones"]["period"], cal))
    zones = zones.sort_values("at")
    new = zones["max_new_mw"].astype(float).fillna(np.inf).groupby(zones["zone"]).cumsum()
    stood = online_before(data).groupby(active_sites(data, "grid_zone")["grid_zone"]).sum()
    new += zones["zone"].map(stood).astype(float).fillna(0.0)
    cap = np.fmin(zones["max_total_mw"].astype(float), new)
    cap += zones["zone"].map(reserved_at_most(data)).astype(float).fillna(0.0)
    cap += _interruptible_of_zones(data, zones)
    return zones.assign(cap=cap, grid_zone=zones["zone"])[["grid_zone", "period", "cap"]]


def _interruptible_at_most(data: Dataset, keys: pd.DataFrame) -> pd.Series:
    """Most MW that a site may draw on interruptible terms, for each site and period of a frame."""
    offers = interruptible_offers(data).set_index(SITE_KEYS)["max_mw"]
    return pd.Series(sums_at(offers, keys[SITE_KEYS]), keys.index, dtype=float)


def _interruptible_of_zones(data: Dataset, zones: pd.DataFrame) -> pd.Series:
    """The same over the sites of the zone, for each zone and period of a frame."""
    offers = interruptible_offers(data)
    zone = offers["site"].map(active_sites(data, "grid_zone")["grid_zone"])
    by_zone = offers.groupby([zone.rename("zone"), "period"])["max_mw"].sum()
    return pd.Series(sums_at(by_zone, zones[ZONE_KEYS]), zones.index, dtype=float)
