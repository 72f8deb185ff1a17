"""Grid: how much power a zone can take on and a site is energised with, period by period.

In words
    Capacity online draws its MW times the site's PUE from the grid, less what is covered on site.
    A zone can energise only so much in a period, beyond what stood online before the first, and
    carry only so much in all; a site can draw what its connection gives. Peak that comes back to
    the grid because less is covered on site counts as new.
Data
    GridZones, PowerRamp; PUE and grid_zone of Sites; generation of SignedContracts, which covered
    peak before the first period. ``connection[i,p]``: energised_mw of PowerRamp, carried forward. ``on_site[i,p]``: the
    peak that generation at a site covers there.
Time
    What exists before the first period is existing_mw and what is under construction with a date
    before its first day (on that day it is new); less the generation signed before at the site,
    whatever its last day, and never below 0.
Decides
    Nothing.
Limits
    With ``grid[i,p] = pue[i] online[i,p] - on_site[i,p]``, over the sites of a zone ``z``:
    ``sum_i (grid[i,p] - grid[i,p-1]) <= max_new[z,p]`` and ``sum_i grid[i,p] <= max_total[z,p]``;
    at a site ``grid[i,p] <= connection[i,p]``. Before the first period stands what exists then.
Reads and posts
    Reads ``online_mw``; owns and posts ``grid_mw``, from which on-site generation takes.
Source
    Planner's convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem
from optalloc.exhibits import Report, Use
from optalloc.family import Family, Ledger, Limit, Relax, Standing
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet

from . import _plausible
from ._building import active_sites, site_periods
from ._calendar import TINY_MONTHS, calendar, carried_forward
from ._contracts import GENERATION, SITE_KEYS, grid_draw
from ._shortages import COLUMNS, Cell, capped, joined, most_online, short_of
from ._standing import exceeding, standing_at

GRID_ZONES = Sheet(
    name="GridZones",
    meaning="What the grid of a zone can take in a period; a zone named here needs every period.",
    key=("zone", "period"),
    missing=Missing.ERROR,
    columns=(
        Column(
            name="zone",
            kind=Kind.TEXT,
            meaning="Grid zone; a zone that is not named is not limited.",
            refers_to="Sites.grid_zone",
            of_each=True,
            example="Kanto",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="max_new_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Most that can be energised in the period, over all sites of the zone.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=150,
        ),
        Column(
            name="max_total_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Most that can be drawn in the period, existing sites included.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=400,
        ),
    ),
)

POWER_RAMP = Sheet(
    name="PowerRamp",
    meaning="Grid power energised at a site from a period on: zero before a named site's first row, then carried forward; a site that is not named is not limited.",
    key=("site", "period"),
    missing=Missing.CARRY,
    columns=(
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="From Sites.",
            refers_to="Sites.site",
            example="Kanto North",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="energised_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Most grid power the site can draw from this period on.",
            plausible=_plausible.GRID_MW,
            at_least=0,
            example=120,
        ),
    ),
)

ZONE_KEYS = ["zone", "period"]
# A sentence names no more cells than these.
MOST_CELLS = 4


@dataclass(frozen=True)
class Parameters:
    """PUE by site and period, the sites of zones, what is set for them, and what stood before."""

    pue: pd.DataFrame
    new: pd.DataFrame
    total: pd.DataFrame
    ramp: pd.DataFrame
    members: pd.DataFrame


def ramp(data: Dataset) -> pd.DataFrame:
    """Energised MW of each named active site in every period; nought before its first row."""
    named = site_periods(data)[SITE_KEYS]
    named = named[named["site"].isin(data["PowerRamp"]["site"])]
    given = carried_forward(data["PowerRamp"], calendar(data), ["site"])
    return named.merge(given, on=SITE_KEYS, how="left").fillna({"energised_mw": 0.0})


def online_before(data: Dataset) -> pd.Series:
    """Grid MW by site of what was online before the first period, and so is not new in it.

    What generation signed before covered on site was not on the grid.
    """
    sites = active_sites(data)
    done = sites["built_online"] < calendar(data)["begin"].iloc[0] - TINY_MONTHS
    online = sites["existing_mw"] + sites["under_construction_mw"].where(done, 0.0)
    contracts = data["Contracts"]
    plants = contracts[contracts["kind"] == GENERATION].merge(data["SignedContracts"])
    on_site = plants.groupby("site")["signed_mw"].sum().reindex(sites.index, fill_value=0.0)
    return (online * sites["pue"] - on_site).clip(lower=0.0)


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    sites, first = active_sites(data), calendar(data).index[0]
    zones = data["GridZones"]
    zones = zones[zones["zone"].isin(sites["grid_zone"])]
    stood = online_before(data).groupby(sites["grid_zone"]).sum()
    # What stood before counts once, in the first period.
    zones = zones.assign(
        stood_mw=zones["zone"].map(stood).astype(float).where(zones["period"] == first, 0.0)
    )
    return Parameters(
        site_periods(data)[[*SITE_KEYS, "pue"]],
        zones.dropna(subset=["max_new_mw"]),
        zones.dropna(subset=["max_total_mw"]),
        ramp(data),
        sites[["grid_zone", "site"]].dropna(),
    )


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Grid MW of what is online, the sites of zones, and what is set for them."""
    m.GRID_PERIODS = index_set(p.pue[SITE_KEYS])
    m.pue = parameter(m.GRID_PERIODS, p.pue.set_index(SITE_KEYS)["pue"])
    m.NEW_LIMITED = index_set(p.new[ZONE_KEYS])
    m.max_new_mw = parameter(m.NEW_LIMITED, p.new.set_index(ZONE_KEYS)["max_new_mw"])
    m.stood_mw = parameter(m.NEW_LIMITED, p.new.set_index(ZONE_KEYS)["stood_mw"])
    m.TOTAL_LIMITED = index_set(p.total[ZONE_KEYS])
    m.max_total_mw = parameter(m.TOTAL_LIMITED, p.total.set_index(ZONE_KEYS)["max_total_mw"])
    m.RAMPED = index_set(p.ramp[SITE_KEYS])
    m.energised_mw = parameter(m.RAMPED, p.ramp.set_index(SITE_KEYS)["energised_mw"])
    m.ZONES = index_set(p.members[["grid_zone"]].drop_duplicates())
    m.SITES_IN_ZONE = indexed_set(m.ZONES, p.members, ["grid_zone"], ["site"])
    ledgers.open("grid_mw", m.GRID_PERIODS)
    ledgers.post(
        "grid_mw",
        "online",
        lambda m, i, q: m.pue[i, q] * m.online_mw[i, q],
        reads=("online_mw",),
    )


def constrain(m: Any, p: Parameters) -> None:
    """Zones and connections are not overloaded."""
    m.zone_energisation = pyo.Constraint(
        m.NEW_LIMITED,
        rule=lambda m, z, q: (
            sum(m.grid_mw[i, q] for i in m.SITES_IN_ZONE[z])
            - sum(m.grid_mw[i, r] for i in m.SITES_IN_ZONE[z] for r in m.PERIOD_BEFORE[q])
            - m.stood_mw[z, q]
            <= m.max_new_mw[z, q]
        ),
    )
    m.zone_total = pyo.Constraint(
        m.TOTAL_LIMITED,
        rule=lambda m, z, q: (
            sum(m.grid_mw[i, q] for i in m.SITES_IN_ZONE[z]) <= m.max_total_mw[z, q]
        ),
    )
    m.connection = pyo.Constraint(
        m.RAMPED, rule=lambda m, i, q: m.grid_mw[i, q] <= m.energised_mw[i, q]
    )


def check(data: Dataset) -> Iterator[Problem]:
    """A zone that is limited is limited in every period, or says that it is not."""
    zones = data["GridZones"].dropna(subset=ZONE_KEYS)
    periods = data["Periods"]["period"].dropna().tolist()
    for zone, own in zones.groupby("zone", sort=False):
        given = set(own["period"])
        missing = [
            period
            for period in periods
            if period not in given and not data.might_hold("GridZones", zone=zone, period=period)
        ]
        if missing:
            yield data.problem(
                "GridZones",
                own.index[-1],
                "period",
                f"zone {zone!r} must have a row for every period",
                f"Add rows for {', '.join(missing)}; leave a limit blank where there is none.",
                "missing-period",
                found=f"none for {len(missing)} of {len(periods)}",
            )


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Grid MW by zone and site from the Build and Generation tables, against what is set."""
    sites, cal = active_sites(data), calendar(data)
    build = grid_draw(data, tables).merge(cal.reset_index(), on="period").sort_values("position")
    build = build.rename(columns={"grid_zone": "zone"})
    early = sites["under_construction_online"] < cal["date"].iloc[0]
    stood = (sites["existing_mw"] + early * sites["under_construction_mw"]) * sites["pue"]
    for plant in data["Contracts"].query("kind == @GENERATION").to_dict("records"):
        signed = data["SignedContracts"].query("contract == @plant['contract']")["signed_mw"].sum()
        stood[plant["site"]] = max(stood.get(plant["site"], 0.0) - signed, 0.0)
    before = build.groupby("site")["grid_mw"].shift(1)
    build["new_mw"] = build["grid_mw"] - before.fillna(build["site"].map(stood))
    by_zone = build.groupby(ZONE_KEYS)[["grid_mw", "new_mw"]].sum().reset_index()
    zones = data["GridZones"].merge(by_zone, on=ZONE_KEYS)
    last: dict[str, float] = {}
    given = data["PowerRamp"].set_index(SITE_KEYS)["energised_mw"].to_dict()
    rows = []
    for row in build[build["site"].isin(data["PowerRamp"]["site"])].to_dict("records"):
        key = (row["site"], row["period"])
        last[row["site"]] = given.get(key, last.get(row["site"], 0.0))
        rows.append((*key, row["grid_mw"], last[row["site"]]))
    return {
        "zone_energisation": _restated(zones, "new_mw", "max_new_mw"),
        "zone_total": _restated(zones, "grid_mw", "max_total_mw"),
        "connection": pd.DataFrame(rows, columns=[*SITE_KEYS, "used", "allowed"]),
    }


def _restated(zones: pd.DataFrame, used: str, allowed: str) -> pd.DataFrame:
    named = zones.dropna(subset=[allowed])
    return named[ZONE_KEYS].assign(used=named[used], allowed=named[allowed])


REPORT = Report(
    exhibits=(
        Use(
            title="Grid",
            order=440,
            note="What grid zones carry and take on, and what sites are energised with.",
            limits=("zone_total", "zone_energisation", "connection"),
        ),
    ),
)


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against what zones and connections let its sites have in service by then."""
    sites, cal = active_sites(data), calendar(data)
    most = most_online(data).merge(
        sites[["site", "grid_zone", "pue"]].reset_index(drop=True), on="site"
    )
    given = most.merge(ramp(data), on=SITE_KEYS, how="left")["energised_mw"]
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
        until = steps["period"].map(cal["position"]) <= cal.at[period, "position"]
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
    needing = sites["pue"].where(~sites["site"].isin(free), 0.0)
    zones = data["GridZones"]
    caps = zones.rename(columns={"zone": "group", "max_total_mw": "cap"})
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
    steps = ramp(data).rename(columns={"site": "group", "energised_mw": "cap"})
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


def _standing_of_zone(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """Capacity in service at the sites of a zone."""
    sites = active_sites(data)
    inside = sites.loc[sites["grid_zone"] == key["zone"], "site"]
    yield from standing_at(data, inside, key["period"], sites["pue"], "MW of grid power")


def _standing_of_site(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """Capacity in service at a site."""
    pue = active_sites(data)["pue"]
    yield from standing_at(data, [key["site"]], key["period"], pue, "MW of grid power")


def _zone_caps(data: Dataset, cal: pd.DataFrame) -> pd.DataFrame:
    """Grid MW that a zone can carry in each period, also by what it may have energised by then."""
    zones = data["GridZones"].assign(at=data["GridZones"]["period"].map(cal["position"]))
    zones = zones.sort_values("at")
    new = zones["max_new_mw"].astype(float).fillna(np.inf).groupby(zones["zone"]).cumsum()
    stood = online_before(data).groupby(active_sites(data)["grid_zone"]).sum()
    new += zones["zone"].map(stood).astype(float).fillna(0.0)
    cap = np.fmin(zones["max_total_mw"].astype(float), new)
    return zones.assign(cap=cap, grid_zone=zones["zone"])[["grid_zone", "period", "cap"]]


FAMILY = Family(
    name="grid",
    title="Grid",
    order=45,
    sheets=(GRID_ZONES, POWER_RAMP),
    idle_without=(
        "GridZones",
        "PowerRamp",
    ),
    needed_with=("Sites",),
    ledgers=(
        Ledger(
            name="grid_mw",
            unit="MW grid",
            over=("site", "period"),
            meaning="Peak of the capacity in service, less what is covered on site.",
        ),
    ),
    limits=(
        Limit(
            name="zone_energisation",
            over=(
                "zone",
                "period",
            ),
            cells=("GridZones.max_new_mw",),
            standing=_standing_of_zone,
            relax=Relax.PRICED,
            conflict="grid zone {zone} can energise at most {value} MW in {period}",
            unit="MW grid",
            sense="<=",
            sentence="grid zone {zone} energises all it can in {period}: {used} of {allowed} MW",
            marginal="saving from one more MW energised in the period",
            formula="sum_{i in z} (grid[i,p] - grid[i,p-1]) <= max_new[z,p]",
        ),
        Limit(
            name="zone_total",
            over=(
                "zone",
                "period",
            ),
            cells=("GridZones.max_total_mw",),
            standing=_standing_of_zone,
            relax=Relax.PRICED,
            conflict="grid zone {zone} can carry at most {value} MW in {period}",
            unit="MW grid",
            sense="<=",
            sentence="grid zone {zone} is full in {period}: {used} of {allowed} MW",
            marginal="saving from one more MW in the zone",
            formula="sum_{i in z} grid[i,p] <= max_total[z,p]",
        ),
        Limit(
            name="connection",
            over=(
                "site",
                "period",
            ),
            cells=("PowerRamp.energised_mw",),
            standing=_standing_of_site,
            relax=Relax.PRICED,
            conflict="the connection of {site} gives at most {value} MW in {period}",
            unit="MW grid",
            sense="<=",
            sentence="{site} draws all its connection gives in {period}: {used} of {allowed} MW",
            marginal="saving from one more MW energised at the site",
            formula="grid[i,p] <= connection[i,p]",
        ),
    ),
    codes={"missing-period": "a keyed sheet without a row for every period"},
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    audit=audit,
    shortages=shortages,
)
