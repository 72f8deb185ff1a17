"""Supply chain: equipment that building needs, who can deliver it when, and where it may go.

In words
    Every megawatt started needs so many units of each class of equipment, so many months before it
    goes online. They are ordered for the period in which that moment lies, from suppliers that have
    so many in the period; what is not ordered is gone, unless it carries over to the next. Units that
    were reserved and are delivered come on top. Of a
    class, no more than a limit may go to the sites of a jurisdiction or group, in a period or in
    all. What stands or is under construction has its equipment, and a renewal at the end of its
    life is paid for at its cost but takes nothing from what suppliers have.
Data
    EquipmentNeeds, Suppliers, Equipment, ExportLimits; leads and jurisdiction of Sites.
Time
    A unit is escalated to the day on which it is paid, the first of the period it is ordered for.
    Flags and costs carry forward from a supplier's last row, units do not: a period without a row
    offers none, but what carries over passes through it. A renewal is paid each life after the
    first payment while its life begins before the end of the horizon, also where the buildings are
    retired.
Decides
    ``ordered[equipment, supplier, period]``, units; it exists only where there is something to
    order and a start that could need it.
Limits
    For a class of equipment ``k``, a supplier ``f`` and an export limit ``x``:
    ``sum_f ordered[k,f,p] = sum_is units_per_mw[k] starting[i,s]`` over the starts whose equipment is
    needed in p; ``sum_q ordered[k,f,q] <= sum_q (available[k,f,q] + reserved[k,f,q])`` over p and the periods before
    it from which units carry over to p; ``sum_is units_per_mw[k] starting[i,s] <= max_units`` over the
    sites of an export limit, in a period or in all.
Reads and posts
    Reads ``beginning_mw``; owns and posts ``equipment_units`` and ``equipment_needed_units``; owns
    ``reserved_units``, to which options post; posts ``cost`` and ``capital_spending``.
Source
    Planner's convention. A unit is paid for on the first day of the period it is ordered for; its
    life begins with the first period at least ``months_before_online`` later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._calendar import calendar, first_position_at, positions, within_window
from .._capital import capital_charges
from .._equipment import uses
from .._money import CASH, RESIDUAL
from .._option_periods import slots_ready
from .._posting import post_cost, post_spending
from .derived import supply
from .sheets import EXPORT_KEYS, NEED_KEYS, ORDER_KEYS, PAIR


@dataclass(frozen=True)
class Parameters:
    """Classes, uses of starts, what can be ordered and from which periods, exports, and charges."""

    classes: pd.DataFrame
    uses: pd.DataFrame
    orders: pd.DataFrame
    windows: pd.DataFrame
    exports: pd.DataFrame
    charges: dict[str, pd.DataFrame]
    periods: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    needed, cal = uses(data), calendar(data)
    orders = supply(data).merge(slots_ready(data), on=ORDER_KEYS, how="left", indicator="slot")
    orders = orders[(orders["window_units"] > 0) | (orders["slot"] == "both")]
    orders = orders.drop(columns="slot").merge(needed[NEED_KEYS].drop_duplicates())
    before = orders[[*PAIR, "chain", "period"]].rename(columns={"period": "ordered_in"})
    windows = orders[[*ORDER_KEYS, "chain"]].merge(before, on=[*PAIR, "chain"])
    position = cal["position"]
    until = windows["ordered_in"].map(position) <= windows["period"].map(position)
    return Parameters(
        data["EquipmentNeeds"],
        needed,
        orders,
        windows[until],
        exported(data),
        charges(data, orders),
        cal.reset_index()[["period", "begin", "end"]],
    )


def charges(data: Dataset, orders: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Charges of a unit of each order: its first life, its renewals, its credit at the end."""
    cal, needs = calendar(data), data["EquipmentNeeds"].set_index("equipment")
    ahead = orders["equipment"].map(needs["months_before_online"]).astype(float)
    life = orders["equipment"].map(needs["life_years"]).astype(float)
    frame = orders.assign(
        subject=orders["equipment"] + " from " + orders["supplier"],
        begin=orders["period"].map(cal["begin"]).astype(float),
        life_years=life.fillna(data.one("Settings").life_years),
        growth=data.one("Settings").build_cost_escalation,
        spend_profile="at_start",
        lead_months=0.0,
        lasts_years=np.inf,
    )
    frame["online"] = cal["begin"].to_numpy()[first_position_at(cal, frame["begin"] + ahead)]
    return capital_charges(data, "equipment", frame[[*ORDER_KEYS, "subject"]], frame)


def exported(data: Dataset) -> pd.DataFrame:
    """Uses that each export limit counts: limit, period, equipment, site, start, its maxima."""
    groups = data["JurisdictionGroups"].rename(columns={"jurisdiction": "where"})
    limits = data["ExportLimits"].merge(groups, on="group", how="left")
    limits["where"] = limits["where"].fillna(limits["jurisdiction"])
    counted = limits.drop(columns="jurisdiction").merge(
        uses(data), left_on=["equipment", "where"], right_on=["equipment", "jurisdiction"]
    )
    cal = calendar(data)
    placed = counted.assign(position=positions(counted["period"], cal))
    return counted[within_window(placed, cal)].reset_index(drop=True)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Orders, units needed, and what they cost."""
    m.EQUIPMENT = index_set(p.classes[["equipment"]])
    m.units_per_mw = parameter(m.EQUIPMENT, p.classes.set_index("equipment")["units_per_mw"])
    m.EQUIPMENT_NEEDED = index_set(p.uses[NEED_KEYS].drop_duplicates())
    m.STARTS_NEEDING = indexed_set(
        m.EQUIPMENT_NEEDED, p.uses, NEED_KEYS, ["site", "start", "begins"]
    )
    m.ORDERS = index_set(p.orders[ORDER_KEYS])
    m.ordered = pyo.Var(m.ORDERS, domain=pyo.NonNegativeReals)
    ledgers.open("equipment_units", m.ORDERS)
    ledgers.post("equipment_units", "ordered", lambda m, k, f, q: m.ordered[k, f, q])
    ledgers.open("reserved_units", m.ORDERS)
    ledgers.open("equipment_needed_units", m.EQUIPMENT_NEEDED)
    ledgers.post(
        "equipment_needed_units",
        "started",
        lambda m, k, q: (
            m.units_per_mw[k] * sum(m.beginning_mw[i, s, d] for i, s, d in m.STARTS_NEEDING[k, q])
        ),
        reads=("beginning_mw",),
    )

    def order(m: Any, k: Any, f: Any, q: Any) -> Any:
        return m.ordered[k, f, q]

    post_spending(m, ledgers, "equipment", p.charges, p.periods, ORDER_KEYS, order)
    for item, part in p.charges.items():
        kind = RESIDUAL if item.endswith("_residual") else CASH
        post_cost(m, ledgers, item, part, ORDER_KEYS, order, kind=kind)


def constrain(m: Any, p: Parameters) -> None:
    """Limits by which orders cover need, within stock, from suppliers that may deliver there."""
    m.SUPPLIERS_OF = indexed_set(m.EQUIPMENT_NEEDED, p.orders, NEED_KEYS, ["supplier"])
    m.equipment_ordered = pyo.Constraint(
        m.EQUIPMENT_NEEDED,
        rule=lambda m, k, q: (
            m.equipment_needed_units[k, q]
            == sum(m.equipment_units[k, f, q] for f in m.SUPPLIERS_OF[k, q])
        ),
    )
    m.window_units = parameter(m.ORDERS, p.orders.set_index(ORDER_KEYS)["window_units"])
    m.ORDERED_UP_TO = indexed_set(m.ORDERS, p.windows, ORDER_KEYS, ["ordered_in"])
    m.equipment_available = pyo.Constraint(
        m.ORDERS,
        rule=lambda m, k, f, q: (
            sum(
                m.equipment_units[k, f, r] - m.reserved_units[k, f, r]
                for r in m.ORDERED_UP_TO[k, f, q]
            )
            <= m.window_units[k, f, q]
        ),
    )
    _constrain_exports(m, p.exports)


def _constrain_exports(m: Any, exports: pd.DataFrame) -> None:
    # A limit on what no start can need has no row.
    by_period = exports.dropna(subset=["max_units_per_period"])
    rows = by_period.drop_duplicates(EXPORT_KEYS)
    m.EXPORTS = index_set(rows[EXPORT_KEYS])
    most = rows.set_index(EXPORT_KEYS)["max_units_per_period"]
    m.max_units_per_period = parameter(m.EXPORTS, most)
    counted = ["equipment", "site", "start", "begins"]
    m.EXPORTED_IN = indexed_set(m.EXPORTS, by_period, EXPORT_KEYS, counted)
    m.export_in_period = pyo.Constraint(
        m.EXPORTS,
        rule=lambda m, x, q: (
            sum(m.units_per_mw[k] * m.beginning_mw[i, s, d] for k, i, s, d in m.EXPORTED_IN[x, q])
            <= m.max_units_per_period[x, q]
        ),
    )
    in_all = exports.dropna(subset=["max_units_in_all"])
    rows = in_all.drop_duplicates("limit")
    m.EXPORTS_IN_ALL = index_set(rows[["limit"]])
    most = rows.set_index("limit")["max_units_in_all"]
    m.max_units_in_all = parameter(m.EXPORTS_IN_ALL, most)
    m.EXPORTED = indexed_set(m.EXPORTS_IN_ALL, in_all, ["limit"], counted)
    m.export_in_all = pyo.Constraint(
        m.EXPORTS_IN_ALL,
        rule=lambda m, x: (
            sum(m.units_per_mw[k] * m.beginning_mw[i, s, d] for k, i, s, d in m.EXPORTED[x])
            <= m.max_units_in_all[x]
        ),
    )
