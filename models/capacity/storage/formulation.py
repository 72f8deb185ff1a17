"""Storage: energy moved between slices of a day, by batteries and the like at a site.

In words
    Storage is ordered in MW and MWh, stands after its lead and is renewed at the end of its life.
    In each type of day it gives what it takes times its efficiency. It takes and gives no more than
    its MW do in the hours of a slice, and in a day no more than it holds: it is filled once a day.
    Its MW, or a share of them, count against the grid's peak. What it loses is energy of its site.
Data
    Storage; Slices. ``k`` is a storage, ``d`` a type of day. ``hours[t,p]``: thousands of hours of a slice in a period, ``days[d,p]``:
    thousands of days of a type of day in a period, of 24 hours. ``ready[k,p]`` and ``held[k,p]`` are
    the MW and MWh in service: of all orders ``s`` with ``begin(s) + lead_months[k] <= begin(p)``.
Decides
    ``ordered_mw[storage, period]`` and ``ordered_mwh[storage, period]``;
    ``charged[storage, period, slice]`` and ``discharged[storage, period, slice]`` in GWh, for types of
    day with several slices.
Limits
    ``sum_s ordered_mw[k,s] <= max_mw[k]``; ``ordered_mwh[k,s] <= max_hours[k] ordered_mw[k,s]``;
    ``charged[k,p,t] <= hours[t,p] ready[k,p]``; ``discharged[k,p,t] <= hours[t,p] ready[k,p]``; over
    the slices of a type of day ``sum_t discharged[k,p,t] = efficiency[k] sum_t charged[k,p,t]`` and
    ``sum_t discharged[k,p,t] <= days[d,p] held[k,p]``.
Reads and posts
    Posts ``stored_gwh``, ``losses_gwh``, ``grid_mw``, ``capital_spending`` and ``cost``.
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
from .._money import CASH, RESIDUAL, to_workbook_currency
from .._posting import post_cost, post_spending
from .._running_costs import yearly_charges
from .._slices import SLICE_KEYS, slice_hours, slices

KEYS = ["storage", "period"]
USE_KEYS = [*KEYS, "slice"]
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
    use: pd.DataFrame
    days: pd.DataFrame
    sites: pd.DataFrame
    places: pd.DataFrame
    names: pd.DataFrame
    charges: Charges
    periods: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    settings, cal = data.one("Settings"), calendar(data)
    periods = cal.reset_index()[["period", "position", "begin", "end"]]
    stands = site_periods(data, "site")["site"].unique()
    offered = to_workbook_currency(data, data["Storage"], MONEY)
    offered = offered[offered["site"].isin(stands)].reset_index(drop=True)
    offered["life_years"] = offered["life_years"].fillna(settings.life_years)
    every = offered.merge(periods, how="cross")
    orders = every[within_window(every, cal)].reset_index(drop=True)
    ready = orders.rename(columns={"period": "ordered"})[
        ["storage", "ordered", "begin", "lead_months"]
    ]
    ready = ready.merge(periods[["period", "begin"]], how="cross", suffixes=("_ordered", ""))
    on_time = ready["begin_ordered"] + ready["lead_months"] <= ready["begin"] + TINY_MONTHS
    use = every[["storage", "site", "period", "efficiency"]].merge(slices(data), how="cross")
    use = use[use.groupby(DAY_KEYS)["slice"].transform("size") > 1]
    use = use.assign(hours=slice_hours(data, use) / 1000)
    days = use.groupby(DAY_KEYS, as_index=False, sort=False).agg(
        {"hours": "sum", "efficiency": "first"}
    )
    return Parameters(
        offered,
        orders,
        ready.loc[on_time, ["storage", "period", "ordered"]],
        use,
        days.assign(days=days["hours"] / 24),
        every[["storage", "site", "period", "peak_share"]],
        site_periods(data, "site", "period"),
        slices(data, "slice"),
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
    m.STORAGE_PERIODS = index_set(p.sites[KEYS])
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
    _post_charges(m, p, ledgers)


def _post_charges(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Cost of what is ordered and in service; of orders also what is spent of a budget."""
    for item, amount in (
        ("storage", m.ordered_mw),
        ("storage_energy", m.ordered_mwh),
        ("running_storage", m.storage_ready_mw),
    ):

        def activity(m: Any, *key: Any, of: Any = amount) -> Any:
            return of[key]

        for name, charges in p.charges[item].items():
            kind = RESIDUAL if name.endswith("_residual") else CASH
            post_cost(m, ledgers, name, charges, KEYS, activity, kind=kind)
        if item.startswith(CAPITAL_ITEMS):
            post_spending(m, ledgers, item, p.charges[item], p.periods, KEYS, activity)


def _post_energy(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    # Ledgers have keys of sites without storage, too.
    m.STORING = index_set(p.places.merge(p.names, how="cross")[SLICE_KEYS])
    m.STORAGE_HERE = indexed_set(m.STORING, p.use, SLICE_KEYS, ["storage"])
    ledgers.post(
        "stored_gwh",
        "storage",
        lambda m, i, q, t: sum(
            m.charged[k, q, t] - m.discharged[k, q, t] for k in m.STORAGE_HERE[i, q, t]
        ),
    )
    keys = ["site", "period"]
    m.LOSING = index_set(p.places[keys])
    m.LOST_IN = indexed_set(m.LOSING, p.use, keys, ["storage", "slice"])
    ledgers.post(
        "losses_gwh",
        "storage",
        lambda m, i, q: sum(m.charged[k, q, t] - m.discharged[k, q, t] for k, t in m.LOST_IN[i, q]),
    )
    at_peak = p.sites[p.sites["peak_share"] > 0]
    m.STORAGES = index_set(p.offered[["storage"]])
    shares = p.offered.set_index("storage")["peak_share"]
    m.peak_share_of_storage = parameter(m.STORAGES, shares)
    m.STORAGE_AT = indexed_set(m.LOSING, at_peak, keys, ["storage"])
    ledgers.post(
        "grid_mw",
        "storage",
        lambda m, i, q: sum(
            m.peak_share_of_storage[k] * m.storage_ready_mw[k, q] for k in m.STORAGE_AT[i, q]
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
    m.storage_hours = parameter(m.STORAGE_USE, p.use.set_index(USE_KEYS)["hours"])
    for name, variable in (
        ("charged_within_power", m.charged),
        ("given_within_power", m.discharged),
    ):
        rows = pyo.Constraint(
            m.STORAGE_USE,
            rule=lambda m, k, q, t, v=variable: (
                v[k, q, t] <= m.storage_hours[k, q, t] * m.storage_ready_mw[k, q]
            ),
        )
        m.add_component(name, rows)
    m.STORAGE_DAYS = index_set(p.days[DAY_KEYS])
    m.storage_efficiency = parameter(m.STORAGE_DAYS, p.days.set_index(DAY_KEYS)["efficiency"])
    m.storage_days = parameter(m.STORAGE_DAYS, p.days.set_index(DAY_KEYS)["days"])
    m.SLICES_OF_STORAGE_DAY = indexed_set(m.STORAGE_DAYS, p.use, DAY_KEYS, ["slice"])
    m.given_is_taken = pyo.Constraint(
        m.STORAGE_DAYS,
        rule=lambda m, k, q, d: (
            sum(m.discharged[k, q, t] for t in m.SLICES_OF_STORAGE_DAY[k, q, d])
            == m.storage_efficiency[k, q, d]
            * sum(m.charged[k, q, t] for t in m.SLICES_OF_STORAGE_DAY[k, q, d])
        ),
    )
    m.given_within_held = pyo.Constraint(
        m.STORAGE_DAYS,
        rule=lambda m, k, q, d: (
            sum(m.discharged[k, q, t] for t in m.SLICES_OF_STORAGE_DAY[k, q, d])
            <= m.storage_days[k, q, d] * m.storage_held_mwh[k, q]
        ),
    )
