"""Slices of the year: energy balanced slice by slice, as sun and wind do not deliver evenly.

In words
    A year may be divided into slices, such as the nights of winter. In each of them a site's load
    takes its own energy, contracts and on-site generation deliver by their own availability, and
    spot has its own price. What is drawn in a year is the sum of what is drawn in its slices, so
    that all that is said of a year, take-or-pay and shares of spot among it, holds as without them.
    A share of a load may be put off to another slice of the same type of day, within the capacity
    in service. A floor of the clean share may hold in every slice. Plant on site that delivers less
    in some slice than on average covers less of the peak.
Data
    Slices, WorkloadSlices, ContractSlices, SpotSlices, whose figures are scaled so that their mean
    over the hours of the year is that of the year; Carbon; availability of Contracts, load
    factor of Workloads, spot prices of PowerPrices, PUE of Sites. ``share[t]``: hours of a slice
    over those of the year. ``taken[i,p,t]`` is what a site takes from all sources in a slice, and
    ``clean[i,p,t]`` what it takes from those that emit nothing. ``mean_available[c]`` is availability of Contracts, ``least_available[c]``
    the least of its slices.
Time
    A slice has ``share[t] hours[p]`` of a period's hours, ``hours[p]`` thousands of them: each
    period has all slices, in the same shares. Spot prices do not escalate.
Decides
    ``drawn_in_slice[contract, site, period, slice]`` and ``spot_in_slice[site, period, slice]``, and
    the load of other slices of a type of day that a slice takes, ``shifted[site, period, slice]``,
    negative where its own is put off, all in GWh.
Limits
    ``drawn[c,i,p] = sum_t drawn_in_slice[c,i,p,t]``; ``spot[i,p] = sum_t spot_in_slice[i,p,t]``;
    ``pue[i] share[t] hours[p] sum_w load[w,t] hosted[w,i,p] + shifted[i,p,t] + stored[i,p,t] =
    sum_c drawn_in_slice[c,i,p,t] + spot_in_slice[i,p,t]``;
    ``sum_i drawn_in_slice[c,i,p,t] + sold_in_slice[c,p,t] <= available[c,t] share[t] hours[p]
    contracted[c,p]``;
    ``-shifted[i,p,t] <= pue[i] share[t] hours[p] sum_w shiftable_share[w,t] load[w,t] hosted[w,i,p]``;
    over the slices ``t`` of a type of day, ``sum_t shifted[i,p,t] = 0``;
    ``pue[i] share[t] hours[p] sum_w load[w,t] hosted[w,i,p] + shifted[i,p,t] <= pue[i] share[t]
    hours[p] online[i,p]``;
    ``min_clean_share_in_slice[p] sum_i (taken[i,p,t] - stored[i,p,t]) <= sum_i (clean[i,p,t] -
    stored[i,p,t])`` where that share is above 0: what is stored counts as clean, where it is taken and
    where it is given;
    ``offset[c,p] <= least_available[c] / mean_available[c] contracted[c,p]``.
Reads and posts
    Reads ``hosted_mw``, ``contracted_mw`` and ``online_mw``; owns ``stored_gwh``,
    ``zone_stored_gwh`` and ``sold_in_slice_gwh``; posts ``cost``.
Source
    Planner's convention; slices as in energy system models (Loulou et al., Documentation for the
    TIMES Model, 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._building import pue_of_sites
from .._contracts import DELIVERS, KEYS, SITE_KEYS, USE_KEYS, reach, spot_prices
from .._posting import post_cost
from .._running_costs import running_charges
from .._slices import (
    SLICE_KEYS,
    availability_in_slices,
    load_in_slices,
    price_factors,
    slice_hours,
    slices,
)
from .derived import clean_floors, firm_shares

FEED_KEYS = [*USE_KEYS, "slice"]
CONTRACT_KEYS = [*KEYS, "slice"]
DAY_KEYS = [*SITE_KEYS, "day_type"]
LOAD_KEYS = ["workload", *SITE_KEYS]


@dataclass(frozen=True)
class Parameters:
    """Who is fed from what in which slice, GWh per MW, and what a GWh at spot costs beyond."""

    sites: pd.DataFrame
    feeds: pd.DataFrame
    spot: pd.DataFrame
    deliverable: pd.DataFrame
    loads: pd.DataFrame
    shifts: pd.DataFrame
    charges: pd.DataFrame
    floors: pd.DataFrame
    firm: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    each = slices(data)
    names = each[["slice"]]
    contracts = data.columns("Contracts", "contract", "tco2_per_mwh")
    feeds = reach(data, *DELIVERS).merge(contracts, on="contract").merge(names, how="cross")
    prices = spot_prices(data).rename(columns={"grid_zone": "zone"}).merge(names, how="cross")
    sites = pd.concat([feeds[SLICE_KEYS], prices[SLICE_KEYS]]).drop_duplicates()
    hours = slice_hours(data, sites)
    sites = sites.assign(gwh_per_mw=sites["site"].map(pue_of_sites(data)) * hours / 1000)
    deliverable = feeds[CONTRACT_KEYS].drop_duplicates()
    deliverable = deliverable.merge(availability_in_slices(data), on=["contract", "slice"])
    deliverable["gwh"] = deliverable["available"] * slice_hours(data, deliverable) / 1000
    factors = prices.merge(price_factors(data), on=["zone", "slice"], how="left")
    beyond = factors["spot_price_per_mwh"] * (factors["price_factor"] - 1.0) / 1000
    keys = factors[SLICE_KEYS].assign(subject=factors["site"])
    loads = load_in_slices(data)
    return Parameters(
        sites,
        feeds,
        prices,
        deliverable,
        loads,
        _shifts(sites.merge(each, on="slice"), loads),
        running_charges(data, keys, beyond),
        clean_floors(data).merge(names, how="cross"),
        firm_shares(data),
    )


def _shifts(sites: pd.DataFrame, loads: pd.DataFrame) -> pd.DataFrame:
    """Slices of types of day in which load can be put off from one to another."""
    shiftable = loads.loc[loads["shiftable_share"] * loads["load"] > 0, "slice"]
    by_day = sites.assign(may_put_off=sites["slice"].isin(shiftable)).groupby(DAY_KEYS)
    return sites[(by_day["slice"].transform("size") > 1) & by_day["may_put_off"].transform("any")]


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Energy drawn, bought at spot and shifted in each slice, and what spot costs beyond."""
    m.SLICED_SITES = index_set(p.sites[SLICE_KEYS])
    m.SLICED_FEEDS = index_set(p.feeds[FEED_KEYS])
    m.drawn_in_slice = pyo.Var(m.SLICED_FEEDS, domain=pyo.NonNegativeReals)
    m.SLICED_SPOT = index_set(p.spot[SLICE_KEYS])
    m.spot_in_slice = pyo.Var(m.SLICED_SPOT, domain=pyo.NonNegativeReals)
    m.SHIFTS = index_set(p.shifts[SLICE_KEYS])
    m.shifted = pyo.Var(m.SHIFTS, domain=pyo.Reals)
    ledgers.open("stored_gwh", m.SLICED_SITES)
    ledgers.open("zone_stored_gwh", m.SLICED_SITES)
    m.SLICED_CONTRACTS = index_set(p.deliverable[CONTRACT_KEYS])
    ledgers.open("sold_in_slice_gwh", m.SLICED_CONTRACTS)
    post_cost(
        m,
        ledgers,
        "spot_energy_in_slices",
        p.charges,
        SLICE_KEYS,
        lambda m, *key: m.spot_in_slice[key],
    )


def _where_there_is(index: Any, frame: pd.DataFrame) -> Any:
    """For each key its own slice where the frame has it, and nothing elsewhere."""
    return indexed_set(index, frame.assign(same=frame["slice"]), SLICE_KEYS, ["same"])


def constrain(m: Any, p: Parameters) -> None:
    """Slices make up the year, each load gets its energy in each, and nothing is overdrawn."""
    _constrain_years(m, p)
    m.gwh_per_mw_in_slice = parameter(m.SLICED_SITES, p.sites.set_index(SLICE_KEYS)["gwh_per_mw"])
    hosted = frame_of(m.HOSTED_LOADS, LOAD_KEYS)
    by_load = p.loads.set_index(["workload", "slice"])
    m.LOADS_IN_SLICES = index_set(p.loads[["workload", "slice"]])
    m.load_in_slice = parameter(m.LOADS_IN_SLICES, by_load["load"])
    m.shiftable_load = parameter(m.LOADS_IN_SLICES, by_load["load"] * by_load["shiftable_share"])
    m.HOSTED_HERE = indexed_set(
        m.SLICED_SITES, p.sites.merge(hosted, on=SITE_KEYS), SLICE_KEYS, ["workload"]
    )
    m.FED_IN_SLICE = indexed_set(m.SLICED_SITES, p.feeds, SLICE_KEYS, ["contract"])
    m.SPOT_IN_SLICE = _where_there_is(m.SLICED_SITES, p.spot)
    m.SHIFTED_HERE = _where_there_is(m.SLICED_SITES, p.shifts)
    m.load_gwh_in_slice = pyo.Expression(
        m.SLICED_SITES,
        rule=lambda m, i, q, t: (
            m.gwh_per_mw_in_slice[i, q, t]
            * sum(m.load_in_slice[w, t] * m.hosted_mw[w, i, q] for w in m.HOSTED_HERE[i, q, t])
        ),
    )
    m.taken_gwh_in_slice = pyo.Expression(
        m.SLICED_SITES,
        rule=lambda m, i, q, t: (
            sum(m.drawn_in_slice[c, i, q, t] for c in m.FED_IN_SLICE[i, q, t])
            + sum(m.spot_in_slice[i, q, u] for u in m.SPOT_IN_SLICE[i, q, t])
        ),
    )
    m.energy_met_in_slice = pyo.Constraint(
        m.SLICED_SITES,
        rule=lambda m, i, q, t: (
            m.load_gwh_in_slice[i, q, t]
            + sum(m.shifted[i, q, u] for u in m.SHIFTED_HERE[i, q, t])
            + m.stored_gwh[i, q, t]
            == m.taken_gwh_in_slice[i, q, t]
        ),
    )
    _constrain_contracts(m, p)
    _constrain_shifts(m, p)
    _constrain_clean(m, p)


def _constrain_years(m: Any, p: Parameters) -> None:
    """Energy drawn and bought in a period is the sum over its slices."""
    m.YEARLY_FEEDS = index_set(p.feeds[USE_KEYS].drop_duplicates())
    m.FEED_SLICES = indexed_set(m.YEARLY_FEEDS, p.feeds, USE_KEYS, ["slice"])
    m.drawn_in_slices = pyo.Constraint(
        m.YEARLY_FEEDS,
        rule=lambda m, c, i, q: (
            m.drawn[c, i, q] == sum(m.drawn_in_slice[c, i, q, t] for t in m.FEED_SLICES[c, i, q])
        ),
    )
    m.YEARLY_SPOT = index_set(p.spot[SITE_KEYS].drop_duplicates())
    m.SPOT_SLICES = indexed_set(m.YEARLY_SPOT, p.spot, SITE_KEYS, ["slice"])
    m.spot_in_slices = pyo.Constraint(
        m.YEARLY_SPOT,
        rule=lambda m, i, q: (
            m.spot[i, q] == sum(m.spot_in_slice[i, q, t] for t in m.SPOT_SLICES[i, q])
        ),
    )


def _constrain_contracts(m: Any, p: Parameters) -> None:
    """Contracts deliver by their availability in each slice, and cover peak by the least of it."""
    deliverable = p.deliverable.set_index(CONTRACT_KEYS)["gwh"]
    m.deliverable_in_slice = parameter(m.SLICED_CONTRACTS, deliverable)
    m.SITES_FED_IN_SLICE = indexed_set(m.SLICED_CONTRACTS, p.feeds, CONTRACT_KEYS, ["site"])
    m.drawn_within_slice = pyo.Constraint(
        m.SLICED_CONTRACTS,
        rule=lambda m, c, q, t: (
            sum(m.drawn_in_slice[c, i, q, t] for i in m.SITES_FED_IN_SLICE[c, q, t])
            + m.sold_in_slice_gwh[c, q, t]
            <= m.deliverable_in_slice[c, q, t] * m.contracted_mw[c, q]
        ),
    )
    m.FIRM_IN_PART = index_set(p.firm[KEYS])
    m.firm_share = parameter(m.FIRM_IN_PART, p.firm.set_index(KEYS)["firm_share"])
    m.offset_within_least_output = pyo.Constraint(
        m.FIRM_IN_PART,
        rule=lambda m, c, q: m.offset[c, q] <= m.firm_share[c, q] * m.contracted_mw[c, q],
    )


def _constrain_shifts(m: Any, p: Parameters) -> None:
    """Load put off is made up within its type of day, up to its share, within capacity."""
    m.put_off_within_share = pyo.Constraint(
        m.SHIFTS,
        rule=lambda m, i, q, t: (
            -m.shifted[i, q, t]
            <= m.gwh_per_mw_in_slice[i, q, t]
            * sum(m.shiftable_load[w, t] * m.hosted_mw[w, i, q] for w in m.HOSTED_HERE[i, q, t])
        ),
    )
    m.SHIFTING_DAYS = index_set(p.shifts[DAY_KEYS].drop_duplicates())
    m.SLICES_OF_DAY = indexed_set(m.SHIFTING_DAYS, p.shifts, DAY_KEYS, ["slice"])
    m.put_off_made_up = pyo.Constraint(
        m.SHIFTING_DAYS,
        rule=lambda m, i, q, d: sum(m.shifted[i, q, t] for t in m.SLICES_OF_DAY[i, q, d]) == 0,
    )
    m.made_up_within_online = pyo.Constraint(
        m.SHIFTS,
        rule=lambda m, i, q, t: (
            m.load_gwh_in_slice[i, q, t] + m.shifted[i, q, t]
            <= m.gwh_per_mw_in_slice[i, q, t] * m.online_mw[i, q]
        ),
    )


def _constrain_clean(m: Any, p: Parameters) -> None:
    """Enough of what is taken in every slice is clean."""
    keys = ["period", "slice"]
    m.CLEAN_SLICES = index_set(p.floors[keys])
    m.min_clean_in_slice = parameter(m.CLEAN_SLICES, p.floors.set_index(keys)["share"])
    m.TAKING_IN_SLICE = indexed_set(m.CLEAN_SLICES, p.sites, keys, ["site"])
    feeds, spot = (frame[frame["tco2_per_mwh"] == 0] for frame in (p.feeds, p.spot))
    m.CLEAN_FEEDS_IN_SLICE = indexed_set(m.CLEAN_SLICES, feeds, keys, ["contract", "site"])
    m.CLEAN_SPOT_IN_SLICE = indexed_set(m.CLEAN_SLICES, spot, keys, ["site"])
    m.clean_energy_in_slice = pyo.Constraint(
        m.CLEAN_SLICES,
        rule=lambda m, q, t: (
            m.min_clean_in_slice[q, t]
            * sum(
                m.taken_gwh_in_slice[i, q, t] - m.stored_gwh[i, q, t]
                for i in m.TAKING_IN_SLICE[q, t]
            )
            <= sum(m.drawn_in_slice[c, i, q, t] for c, i in m.CLEAN_FEEDS_IN_SLICE[q, t])
            + sum(m.spot_in_slice[i, q, t] for i in m.CLEAN_SPOT_IN_SLICE[q, t])
            - sum(m.stored_gwh[i, q, t] for i in m.TAKING_IN_SLICE[q, t])
        ),
    )
