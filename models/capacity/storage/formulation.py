"""Storage: energy moved between slices of a day, by batteries and the like at a site or in a zone.

In words
    Storage is ordered in MW and MWh, stands after its lead and is renewed at the end of its life.
    In each type of day it gives what it takes times its efficiency. It takes and gives no more than
    its MW do in the hours of a slice, and in a day no more than it holds: it is filled once a day.
    Its MW, or a share of them, count against the grid's peak. What it loses is energy of its site.
    Storage of a zone takes energy of any site of the zone and gives it to any of them, through the
    grid: beside no site's connection, while interruptible MW are cut off within what is left, and
    never more from a site than that draws from the grid. In a slice it takes in some hours and
    gives in others, so that the two share its MW. It counts against the peak of its zone.
Data
    Storage; Slices. ``k`` is a storage, ``i`` a site that it serves, its own or one of its zone, ``d`` a type of day. ``hours[t,p]``: thousands of hours of a slice in a period, ``days[d,p]``:
    thousands of days of a type of day in a period, of 24 hours. ``ready[k,p]`` and ``held[k,p]`` are
    the MW and MWh in service: of all orders ``s`` with ``begin(s) + lead_months[k] <= begin(p)``.
Decides
    ``ordered_mw[storage, period]`` and ``ordered_mwh[storage, period]``;
    ``charged[storage, site, period, slice]`` and ``discharged[storage, site, period, slice]`` in GWh,
    for types of day with several slices.
Limits
    ``sum_s ordered_mw[k,s] <= max_mw[k]``; ``ordered_mwh[k,s] <= max_hours[k] ordered_mw[k,s]``;
    at a site ``charged[k,i,p,t] <= hours[t,p] ready[k,p]`` and ``discharged[k,i,p,t] <= hours[t,p]
    ready[k,p]``, of a zone ``sum_i (charged[k,i,p,t] + discharged[k,i,p,t]) <= hours[t,p] ready[k,p]``;
    over the slices of a type of day ``sum_it discharged[k,i,p,t] = efficiency[k] sum_it
    charged[k,i,p,t]`` and ``sum_it discharged[k,i,p,t] <= days[d,p] held[k,p]``; over all contracts
    that are not on site ``zone_stored[i,p,t] <= sum_c drawn_in_slice[c,i,p,t] + spot_in_slice[i,p,t]``.
Reads and posts
    Reads ``zone_stored_gwh``; posts it, ``stored_gwh``, ``losses_gwh``, ``grid_mw``, ``zone_mw``,
    ``capital_spending`` and ``cost``.
Source
    Planner's convention; one cycle a day as in models of representative days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._building import site_periods
from .._calendar import (
    TINY_MONTHS,
    begins_or_end,
    calendar,
    first_position_at,
    within_window,
)
from .._capital import CAPITAL_ITEMS, capital_charges
from .._contracts import DELIVERS, GENERATION, SITE_KEYS, reach, sites_served, sources, spot_prices
from .._money import CASH, RESIDUAL, to_workbook_currency
from .._posting import post_cost, post_spending
from .._running_costs import yearly_charges
from .._slices import SLICE_KEYS, slice_hours, slices

KEYS = ["storage", "period"]
RUN_KEYS = [*KEYS, "slice"]
USE_KEYS = ["storage", *SLICE_KEYS]
DAY_KEYS = [*KEYS, "day_type"]
MONEY = ["cost_per_mw", "cost_per_mwh", "running_cost_per_mw_year"]
# Of each item of cost, by the names under which it is posted: renewals and residuals too.
Charges = dict[str, dict[str, pd.DataFrame]]


@dataclass(frozen=True)
class Parameters:
    """Orders and what they are ready for, use by slice, and charges by item."""

    offered: pd.DataFrame
    orders: pd.DataFrame
    ready: pd.DataFrame
    runs: pd.DataFrame
    use: pd.DataFrame
    days: pd.DataFrame
    stands: pd.DataFrame
    places: pd.DataFrame
    names: pd.DataFrame
    through_grid: pd.DataFrame
    feeds: pd.DataFrame
    spot: pd.DataFrame
    charges: Charges
    periods: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    settings, cal = data.one("Settings"), calendar(data)
    periods = cal.reset_index()[["period", "position", "begin", "end"]]
    serves = sites_served(data, data.columns("Storage", "storage", "site", "zone"), "storage")
    offered = to_workbook_currency(data, data["Storage"], MONEY)
    offered = offered[offered["storage"].isin(serves["storage"])].reset_index(drop=True)
    offered["life_years"] = offered["life_years"].fillna(settings.life_years)
    every = offered.merge(periods, how="cross")
    orders = every[within_window(every, cal)].reset_index(drop=True)
    ready = orders.rename(columns={"period": "ordered"})[
        ["storage", "ordered", "begin", "lead_months"]
    ]
    ready = ready.merge(periods[["period", "begin"]], how="cross", suffixes=("_ordered", ""))
    on_time = ready["begin_ordered"] + ready["lead_months"] <= ready["begin"] + TINY_MONTHS
    runs = every[[*KEYS, "zone", "efficiency"]].merge(slices(data), how="cross")
    runs = runs[runs.groupby(DAY_KEYS)["slice"].transform("size") > 1]
    runs = runs.assign(hours=slice_hours(data, runs) / 1000)
    days = runs.groupby(DAY_KEYS, as_index=False, sort=False).agg(
        {"hours": "sum", "efficiency": "first"}
    )
    use = runs[[*RUN_KEYS, "zone"]].merge(serves, on=KEYS)
    through_grid = use.dropna(subset=["zone"])[SLICE_KEYS].drop_duplicates()
    through_grid = through_grid.merge(sources(data).drop_duplicates(), on=SITE_KEYS)
    from_grid = reach(data, *(kind for kind in DELIVERS if kind != GENERATION))
    return Parameters(
        offered,
        orders,
        ready.loc[on_time, ["storage", "period", "ordered"]],
        runs,
        use,
        days.assign(days=days["hours"] / 24),
        every[[*KEYS, "site", "zone", "peak_share"]],
        site_periods(data, "site", "period"),
        slices(data, "slice"),
        through_grid,
        through_grid.merge(from_grid, on=SITE_KEYS),
        through_grid.merge(spot_prices(data)[SITE_KEYS], on=SITE_KEYS),
        _charges(data, orders, every),
        periods,
    )


def _charges(data: Dataset, orders: pd.DataFrame, every: pd.DataFrame) -> Charges:
    """Charges of a MW and of a MWh ordered, life after life, and of a MW in service."""
    settings, cal = data.one("Settings"), calendar(data)
    ready = orders["begin"] + orders["lead_months"]
    capital = orders.assign(
        growth=settings.build_cost_escalation,
        online=begins_or_end(cal)[first_position_at(cal, ready)],
        spend_profile="even",
        lasts_years=float("inf"),
    )
    keys = orders[[*KEYS, "site"]].assign(subject=orders["storage"])
    running = every[[*KEYS, "site"]].assign(subject=every["storage"])
    per_year = every["running_cost_per_mw_year"]
    return {
        "storage": capital_charges(
            data, "storage", keys, capital.assign(unit_cost=orders["cost_per_mw"])
        ),
        "storage_energy": capital_charges(
            data, "storage_energy", keys, capital.assign(unit_cost=orders["cost_per_mwh"])
        ),
        "running_storage": {
            "running_storage": yearly_charges(
                data, running, per_year, settings.running_cost_escalation
            )
        },
    }


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Storage ordered, in service and used, what it adds to energy and peak, and its cost."""
    m.STORAGE_ORDERS = index_set(p.orders[KEYS])
    m.ordered_mw = pyo.Var(m.STORAGE_ORDERS, domain=pyo.NonNegativeReals)
    m.ordered_mwh = pyo.Var(m.STORAGE_ORDERS, domain=pyo.NonNegativeReals)
    m.STORAGE_PERIODS = index_set(p.stands[KEYS])
    m.STORAGE_READY_BY = indexed_set(m.STORAGE_PERIODS, p.ready, KEYS, ["ordered"])
    m.storage_ready_mw = pyo.Expression(
        m.STORAGE_PERIODS,
        rule=lambda m, k, q: sum(m.ordered_mw[k, s] for s in m.STORAGE_READY_BY[k, q]),
    )
    m.storage_held_mwh = pyo.Expression(
        m.STORAGE_PERIODS,
        rule=lambda m, k, q: sum(m.ordered_mwh[k, s] for s in m.STORAGE_READY_BY[k, q]),
    )
    m.STORAGE_USE = index_set(p.use[USE_KEYS])
    m.charged = pyo.Var(m.STORAGE_USE, domain=pyo.NonNegativeReals)
    m.discharged = pyo.Var(m.STORAGE_USE, domain=pyo.NonNegativeReals)
    _post_energy(m, p, ledgers)
    _post_peak(m, p, ledgers)
    _post_charges(m, p, ledgers)


def _post_charges(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Cost of what is ordered and in service; of orders also what is spent of a budget."""
    for item, amount in (
        ("storage", "ordered_mw"),
        ("storage_energy", "ordered_mwh"),
        ("running_storage", "storage_ready_mw"),
    ):

        def activity(m: Any, *key: Any, of: str = amount) -> Any:
            return m.component(of)[key]

        for name, charges in p.charges[item].items():
            kind = RESIDUAL if name.endswith("_residual") else CASH
            post_cost(m, ledgers, name, charges, KEYS, activity, kind=kind)
        if item.startswith(CAPITAL_ITEMS):
            post_spending(m, ledgers, item, p.charges[item], p.periods, KEYS, activity)


def _post_energy(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    # Ledgers have keys of sites without storage, too.
    m.STORING = index_set(p.places.merge(p.names, how="cross")[SLICE_KEYS])
    m.STORAGE_HERE = indexed_set(m.STORING, p.use, SLICE_KEYS, ["storage"])
    of_zones = p.use.dropna(subset=["zone"])
    m.ZONE_STORAGE_HERE = indexed_set(m.STORING, of_zones, SLICE_KEYS, ["storage"])
    for name, here in (("stored_gwh", "STORAGE_HERE"), ("zone_stored_gwh", "ZONE_STORAGE_HERE")):
        ledgers.post(
            name,
            "storage",
            lambda m, i, q, t, here=here: sum(
                m.charged[k, i, q, t] - m.discharged[k, i, q, t] for k in m.component(here)[i, q, t]
            ),
        )
    m.LOSING = index_set(p.places[SITE_KEYS])
    m.LOST_IN = indexed_set(m.LOSING, p.use, SITE_KEYS, ["storage", "slice"])
    ledgers.post(
        "losses_gwh",
        "storage",
        lambda m, i, q: sum(
            m.charged[k, i, q, t] - m.discharged[k, i, q, t] for k, t in m.LOST_IN[i, q]
        ),
    )


def _post_peak(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Count storage in service at the peak of its site, or of its zone where that is limited."""
    at_peak = p.stands[p.stands["peak_share"] > 0]
    m.STORAGES = index_set(p.offered[["storage"]])
    shares = p.offered.set_index("storage")["peak_share"]
    m.peak_share_of_storage = parameter(m.STORAGES, shares)
    m.STORAGE_AT = indexed_set(m.LOSING, at_peak, SITE_KEYS, ["storage"])
    ledgers.post(
        "grid_mw",
        "storage",
        lambda m, i, q: sum(
            m.peak_share_of_storage[k] * m.storage_ready_mw[k, q] for k in m.STORAGE_AT[i, q]
        ),
    )
    m.STORAGE_IN_ZONE = indexed_set(m.ZONE_PERIODS, at_peak, ["zone", "period"], ["storage"])
    ledgers.post(
        "zone_mw",
        "storage",
        lambda m, z, q: sum(
            m.peak_share_of_storage[k] * m.storage_ready_mw[k, q] for k in m.STORAGE_IN_ZONE[z, q]
        ),
    )


def constrain(m: Any, p: Parameters) -> None:
    """Orders within what is on offer, use within what stands and holds."""
    m.most_storage_mw = parameter(m.STORAGES, p.offered.set_index("storage")["max_mw"])
    m.STORAGE_ORDERED_IN = indexed_set(m.STORAGES, p.orders, ["storage"], ["period"])
    m.storage_within_max = pyo.Constraint(
        m.STORAGES,
        rule=lambda m, k: (
            sum(m.ordered_mw[k, s] for s in m.STORAGE_ORDERED_IN[k]) <= m.most_storage_mw[k]
        ),
    )
    limited = p.orders.dropna(subset=["max_hours"])
    m.STORAGE_HOURS = index_set(limited[KEYS])
    m.max_storage_hours = parameter(m.STORAGE_HOURS, limited.set_index(KEYS)["max_hours"])
    m.storage_hours_within_max = pyo.Constraint(
        m.STORAGE_HOURS,
        rule=lambda m, k, s: m.ordered_mwh[k, s] <= m.max_storage_hours[k, s] * m.ordered_mw[k, s],
    )
    _constrain_power(m, p)
    _constrain_days(m, p)
    _constrain_through_grid(m, p)


def _constrain_power(m: Any, p: Parameters) -> None:
    """In the hours of a slice storage takes and gives no more than its MW do."""
    m.STORAGE_RUNS = index_set(p.runs[RUN_KEYS])
    m.storage_hours = parameter(m.STORAGE_RUNS, p.runs.set_index(RUN_KEYS)["hours"])
    m.STORAGE_SERVES = indexed_set(m.STORAGE_RUNS, p.use, RUN_KEYS, ["site"])
    for name, variable in (("taken_by_storage", "charged"), ("given_by_storage", "discharged")):
        every = pyo.Expression(
            m.STORAGE_RUNS,
            rule=lambda m, k, q, t, v=variable: sum(
                m.component(v)[k, i, q, t] for i in m.STORAGE_SERVES[k, q, t]
            ),
        )
        m.add_component(name, every)
    m.RUNS_AT_SITES = index_set(p.runs.loc[p.runs["zone"].isna(), RUN_KEYS])
    for name, used in (
        ("charged_within_power", "taken_by_storage"),
        ("given_within_power", "given_by_storage"),
    ):
        rows = pyo.Constraint(
            m.RUNS_AT_SITES,
            rule=lambda m, k, q, t, used=used: (
                m.component(used)[k, q, t] <= m.storage_hours[k, q, t] * m.storage_ready_mw[k, q]
            ),
        )
        m.add_component(name, rows)
    m.RUNS_OF_ZONES = index_set(p.runs.loc[p.runs["zone"].notna(), RUN_KEYS])
    m.used_within_power = pyo.Constraint(
        m.RUNS_OF_ZONES,
        rule=lambda m, k, q, t: (
            m.taken_by_storage[k, q, t] + m.given_by_storage[k, q, t]
            <= m.storage_hours[k, q, t] * m.storage_ready_mw[k, q]
        ),
    )


def _constrain_days(m: Any, p: Parameters) -> None:
    """In a type of day storage gives what it takes, less its losses, and no more than it holds."""
    m.STORAGE_DAYS = index_set(p.days[DAY_KEYS])
    m.storage_efficiency = parameter(m.STORAGE_DAYS, p.days.set_index(DAY_KEYS)["efficiency"])
    m.storage_days = parameter(m.STORAGE_DAYS, p.days.set_index(DAY_KEYS)["days"])
    m.SLICES_OF_STORAGE_DAY = indexed_set(m.STORAGE_DAYS, p.runs, DAY_KEYS, ["slice"])
    m.given_is_taken = pyo.Constraint(
        m.STORAGE_DAYS,
        rule=lambda m, k, q, d: (
            sum(m.given_by_storage[k, q, t] for t in m.SLICES_OF_STORAGE_DAY[k, q, d])
            == m.storage_efficiency[k, q, d]
            * sum(m.taken_by_storage[k, q, t] for t in m.SLICES_OF_STORAGE_DAY[k, q, d])
        ),
    )
    m.given_within_held = pyo.Constraint(
        m.STORAGE_DAYS,
        rule=lambda m, k, q, d: (
            sum(m.given_by_storage[k, q, t] for t in m.SLICES_OF_STORAGE_DAY[k, q, d])
            <= m.storage_days[k, q, d] * m.storage_held_mwh[k, q]
        ),
    )


def _constrain_through_grid(m: Any, p: Parameters) -> None:
    """A site puts into storage of its zone no more than it draws from the grid."""
    m.THROUGH_GRID = index_set(p.through_grid)
    m.GRID_FEEDS = indexed_set(m.THROUGH_GRID, p.feeds, SLICE_KEYS, ["contract"])
    m.GRID_SPOT = indexed_set(
        m.THROUGH_GRID, p.spot.assign(same=p.spot["slice"]), SLICE_KEYS, ["same"]
    )
    m.stored_from_grid = pyo.Constraint(
        m.THROUGH_GRID,
        rule=lambda m, i, q, t: (
            m.zone_stored_gwh[i, q, t]
            <= sum(m.drawn_in_slice[c, i, q, t] for c in m.GRID_FEEDS[i, q, t])
            + sum(m.spot_in_slice[i, q, u] for u in m.GRID_SPOT[i, q, t])
        ),
    )
