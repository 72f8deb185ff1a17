"""Grid: how much power a zone can take on and a site is energised with, period by period.

In words
    Capacity online draws its MW times the site's PUE from the grid, less what is covered on site.
    A zone can energise only so much in a period, beyond what stood online before the first, and
    carry only so much in all; a site can draw what its connection gives. Peak that comes back to
    the grid because less is covered on site counts as new. What is reserved besides and connected
    comes on top, and so does what a site draws on interruptible terms. What stands in a zone and at no site
    counts there.
Data
    GridZones, PowerRamp; PUE and grid_zone of Sites; generation of SignedContracts, which covered
    peak before the first period. ``connection[i,p]``: energised_mw of PowerRamp, carried forward. ``on_site[i,p]``: the
    peak that generation at a site covers there. ``firm[i,p]``: peak that is not interruptible.
Time
    What exists before the first period is existing_mw and what is under construction with a date
    before its first day (on that day it is new); less the generation signed before at the site,
    whatever its last day, and never below 0.
Decides
    Nothing.
Limits
    With ``grid[i,p] = pue[i] online[i,p] - on_site[i,p]`` and
    ``firm[i,p] = grid[i,p] - interruptible[i,p]``, over the sites of a zone ``z``:
    ``sum_i (firm[i,p] - firm[i,p-1]) + zone[z,p] - zone[z,p-1] <= max_new[z,p] + reserved[z,p] -
    reserved[z,p-1]`` and ``sum_i firm[i,p] + zone[z,p] <= max_total[z,p] + reserved[z,p]``;
    at a site ``firm[i,p] <= connection[i,p]``. Before the first period stands what exists then.
Reads and posts
    Reads ``online_mw``; owns and posts ``grid_mw``, from which on-site generation takes; owns
    ``reserved_mw``, to which options post, ``zone_mw``, to which storage does, and ``interruptible_mw``,
    to which interruptible connections do.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._building import active_sites, pue_of_sites, site_periods
from .._calendar import calendar
from .._contracts import SITE_KEYS
from .derived import online_before, ramp
from .sheets import ZONE_KEYS


@dataclass(frozen=True)
class Parameters:
    """PUE by site and period, the sites of zones, what is set for them, and what stood before."""

    pue: pd.DataFrame
    zones: pd.DataFrame
    new: pd.DataFrame
    total: pd.DataFrame
    ramp: pd.DataFrame
    members: pd.DataFrame


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
    pue = site_periods(data, *SITE_KEYS)
    pue["pue"] = pue["site"].map(pue_of_sites(data)).astype(float)
    return Parameters(
        pue,
        zones[ZONE_KEYS],
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
    m.ZONE_PERIODS = index_set(p.zones)
    ledgers.open("reserved_mw", m.ZONE_PERIODS)
    ledgers.open("zone_mw", m.ZONE_PERIODS)
    m.ZONES = index_set(p.members[["grid_zone"]].drop_duplicates())
    m.SITES_IN_ZONE = indexed_set(m.ZONES, p.members, ["grid_zone"], ["site"])
    ledgers.open("interruptible_mw", m.GRID_PERIODS)
    ledgers.open("grid_mw", m.GRID_PERIODS)
    ledgers.post(
        "grid_mw",
        "online",
        lambda m, i, q: m.pue[i, q] * m.online_mw[i, q],
        reads=("online_mw",),
    )


def constrain(m: Any, p: Parameters) -> None:
    """Zones and connections are not overloaded by what is firm."""
    m.zone_energisation = pyo.Constraint(
        m.NEW_LIMITED,
        rule=lambda m, z, q: (
            sum(m.grid_mw[i, q] - m.interruptible_mw[i, q] for i in m.SITES_IN_ZONE[z])
            - sum(
                m.grid_mw[i, r] - m.interruptible_mw[i, r]
                for i in m.SITES_IN_ZONE[z]
                for r in m.PERIOD_BEFORE[q]
            )
            - m.stood_mw[z, q]
            + m.zone_mw[z, q]
            - m.reserved_mw[z, q]
            - sum(m.zone_mw[z, r] - m.reserved_mw[z, r] for r in m.PERIOD_BEFORE[q])
            <= m.max_new_mw[z, q]
        ),
    )
    m.zone_total = pyo.Constraint(
        m.TOTAL_LIMITED,
        rule=lambda m, z, q: (
            sum(m.grid_mw[i, q] - m.interruptible_mw[i, q] for i in m.SITES_IN_ZONE[z])
            + m.zone_mw[z, q]
            - m.reserved_mw[z, q]
            <= m.max_total_mw[z, q]
        ),
    )
    m.connection = pyo.Constraint(
        m.RAMPED,
        rule=lambda m, i, q: m.grid_mw[i, q] - m.interruptible_mw[i, q] <= m.energised_mw[i, q],
    )
