"""Interruptible connections: more grid power, or sooner, on terms that cut it off at times.

In words
    Where the grid is short at some hours alone, it connects a site sooner or with more MW, if it may
    cut these off. They come on top of what the connection gives and the zone carries and takes on.
    In the slices in which they are cut off the site draws from the grid no more than the rest;
    load there waits, is served from storage at the site or covered there, or is served elsewhere
    all year. What storage of the zone gives the site comes through the grid. MW of storage at the site
    that do not count at the peak are drawn besides, through its firm connection, where there is one.
Data
    Interruptible, Interruptions; Slices. ``max_mw[i,p]`` is carried forward from period to period,
    ``cut_share[i,t]`` is 0 where Interruptions has no row. ``share[t]``: hours of a slice over those of
    the year. On-site generation draws nothing from the grid. ``ready[k,p]``: MW of storage in service.
    ``firm[i,p]`` is 0 where PowerRamp gives the site or GridZones its zone nothing, and else 1.
Time
    A slice has ``share[t] hours[p]`` of a period's hours, ``hours[p]`` thousands of them; within a
    slice power is even. The fee is paid evenly over the period.
Decides
    ``interruptible[site, period]``, MW of what a site draws from the grid that are on such terms.
Limits
    ``interruptible[i,p] <= max_mw[i,p]``; ``interruptible[i,p] <= grid[i,p]``; and where ``cut_share[i,t]``
    is above 0, over all contracts that are not on site,
    ``sum_c drawn_in_slice[c,i,p,t] + spot_in_slice[i,p,t] - zone_stored[i,p,t] <= share[t] hours[p]
    (grid[i,p] + firm[i,p] sum_k (1 - peak_share[k]) ready[k,p] - cut_share[i,t] interruptible[i,p])``
    with the storage ``k`` at the site.
Reads and posts
    Reads ``grid_mw`` and ``zone_stored_gwh``; posts ``interruptible_mw`` and ``cost``.
Source
    Planner's convention; flexible connections as grid companies offer them (Anaya and Pollitt,
    Options for allocating and releasing distribution system capacity, Applied Energy 144, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._contracts import DELIVERS, GENERATION, SITE_KEYS, reach, spot_prices
from .._interruptible import cut_shares, interruptible_offers, storage_beside_peak
from .._posting import post_cost
from .._running_costs import yearly_charges
from .._slices import SLICE_KEYS, slice_hours


@dataclass(frozen=True)
class Parameters:
    """MW on offer, the slices in which they are cut off, who delivers there and stores, and the fee."""

    offers: pd.DataFrame
    cut: pd.DataFrame
    feeds: pd.DataFrame
    spot: pd.DataFrame
    storage: pd.DataFrame
    charges: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    offers, cut = interruptible_offers(data), cut_shares(data)
    cut = cut.assign(hours=slice_hours(data, cut) / 1000)
    through_grid = [kind for kind in DELIVERS if kind != GENERATION]
    feeds = cut[SLICE_KEYS].merge(reach(data, *through_grid), on=SITE_KEYS)
    spot = cut[SLICE_KEYS].merge(spot_prices(data)[SITE_KEYS], on=SITE_KEYS)
    keys = offers[SITE_KEYS].assign(subject=offers["site"])
    growth = data.one("Settings").running_cost_escalation
    fee = yearly_charges(data, keys, offers["fee_per_mw_year"], growth)
    storage = cut[SLICE_KEYS].merge(storage_beside_peak(data), on=SITE_KEYS)
    return Parameters(offers, cut, feeds, spot, storage, fee)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """MW on interruptible terms, what they add to connections and zones, and their fee."""
    m.INTERRUPTIBLE = index_set(p.offers[SITE_KEYS])
    m.interruptible = pyo.Var(m.INTERRUPTIBLE, domain=pyo.NonNegativeReals)
    offered = p.offers.assign(same=p.offers["period"])
    m.INTERRUPTIBLE_HERE = indexed_set(m.GRID_PERIODS, offered, SITE_KEYS, ["same"])
    ledgers.post(
        "interruptible_mw",
        "interruptible",
        lambda m, i, q: sum(m.interruptible[i, r] for r in m.INTERRUPTIBLE_HERE[i, q]),
    )
    post_cost(
        m, ledgers, "interruptible", p.charges, SITE_KEYS, lambda m, *key: m.interruptible[key]
    )


def constrain(m: Any, p: Parameters) -> None:
    """No more is interruptible than is offered and drawn, and while it is cut off the rest is left."""
    m.max_interruptible_mw = parameter(m.INTERRUPTIBLE, p.offers.set_index(SITE_KEYS)["max_mw"])
    m.interruptible_within_offer = pyo.Constraint(
        m.INTERRUPTIBLE,
        rule=lambda m, i, q: m.interruptible[i, q] <= m.max_interruptible_mw[i, q],
    )
    m.interruptible_within_draw = pyo.Constraint(
        m.INTERRUPTIBLE, rule=lambda m, i, q: m.interruptible[i, q] <= m.grid_mw[i, q]
    )
    cut = p.cut.set_index(SLICE_KEYS)
    m.CUT_OFF = index_set(p.cut[SLICE_KEYS])
    m.cut_share = parameter(m.CUT_OFF, cut["cut_share"])
    m.hours_cut_off = parameter(m.CUT_OFF, cut["hours"])
    m.FED_WHILE_CUT_OFF = indexed_set(m.CUT_OFF, p.feeds, SLICE_KEYS, ["contract"])
    spot = p.spot.assign(same=p.spot["slice"])
    m.SPOT_WHILE_CUT_OFF = indexed_set(m.CUT_OFF, spot, SLICE_KEYS, ["same"])
    storage = p.storage.drop_duplicates(["storage", *SITE_KEYS])
    m.BESIDE_PEAK = index_set(storage[["storage", "period"]])
    beside = storage.set_index(["storage", "period"])["beside_share"]
    m.beside_share = parameter(m.BESIDE_PEAK, beside)
    m.STORED_BESIDE_PEAK = indexed_set(m.CUT_OFF, p.storage, SLICE_KEYS, ["storage"])
    m.drawn_while_cut_off = pyo.Constraint(
        m.CUT_OFF,
        rule=lambda m, i, q, t: (
            sum(m.drawn_in_slice[c, i, q, t] for c in m.FED_WHILE_CUT_OFF[i, q, t])
            + sum(m.spot_in_slice[i, q, u] for u in m.SPOT_WHILE_CUT_OFF[i, q, t])
            - m.zone_stored_gwh[i, q, t]
            <= m.hours_cut_off[i, q, t]
            * (
                m.grid_mw[i, q]
                + sum(
                    m.beside_share[k, q] * m.storage_ready_mw[k, q]
                    for k in m.STORED_BESIDE_PEAK[i, q, t]
                )
                - m.cut_share[i, q, t] * m.interruptible[i, q]
            )
        ),
    )
