"""Supply chain: equipment that building needs, who can deliver it when, and where it may go.

In words
    Every megawatt started needs so many units of each class of equipment, so many months before it
    goes online. They are ordered for the period in which that moment lies, from suppliers that have
    so many in the period; what is not ordered is gone, unless it carries over to the next. Of a
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
    needed in p; ``sum_q ordered[k,f,q] <= sum_q available[k,f,q]`` over p and the periods before
    it from which units carry over to p; ``sum_is units_per_mw[k] starting[i,s] <= max_units`` over the
    sites of an export limit, in a period or in all.
Reads and posts
    Reads ``beginning_mw``; owns and posts ``equipment_units`` and ``equipment_needed_units``; posts
    ``cost`` and ``capital_spending``.
Source
    Planner's convention. A unit is paid for on the first day of the period it is ordered for; its
    life begins with the first period at least ``months_before_online`` later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset, remembered
from optalloc.errors import Problem
from optalloc.exhibits import Report, Use
from optalloc.family import CostTerm, Family, Ledger, Limit, Relax, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.values import Values

from . import _plausible
from ._building import (
    BEGINNING_KEYS,
    SERVICE_COLUMNS,
    active_sites,
    begun,
    begun_in_plan,
    commitments_made,
    possible_beginnings,
)
from ._building import (
    KEYS as START_KEYS,
)
from ._calendar import (
    TINY_MONTHS,
    calendar,
    carried_forward,
    first_position_at,
    last_position_by,
    within_window,
)
from ._capital import Terms, capital_charges, lives, post_spending
from ._money import CASH, RESIDUAL, charge_rows, post_cost, to_workbook_currency

EQUIPMENT_NEEDS = Sheet(
    name="EquipmentNeeds",
    meaning="Classes of equipment that every start needs, at all sites; a class that is not named is not limited.",
    key=("equipment",),
    columns=(
        Column(
            name="equipment",
            kind=Kind.TEXT,
            names="class of equipment",
            meaning="Class of equipment, in the planner's own word: transformers, generators.",
            example="accelerator racks",
        ),
        Column(
            name="units_per_mw",
            kind=Kind.NUMBER,
            unit="units per MW IT",
            meaning="Units needed for each MW started.",
            above=0,
            example=7,
        ),
        Column(
            name="months_before_online",
            kind=Kind.NUMBER,
            unit="months",
            meaning="How long before the MW go online the units are needed; no start may need them before the first period.",
            at_least=0,
            at_most=600,
            example=3,
        ),
        Column(
            name="life_years",
            kind=Kind.NUMBER,
            unit="years",
            meaning="Life of a unit: renewed at its cost where it ends within the horizon.",
            plausible=_plausible.LIFE_YEARS,
            blank=None,
            blank_means="Settings life_years",
            at_least=1,
            at_most=100,
            example=5,
        ),
    ),
)

SUPPLIERS = Sheet(
    name="Suppliers",
    meaning="One supplier of equipment a row.",
    key=("supplier",),
    columns=(
        Column(
            name="supplier",
            kind=Kind.TEXT,
            names="supplier",
            meaning="Name of the supplier.",
            example="Rack maker",
        ),
        Column(
            name="supplier_group",
            kind=Kind.TEXT,
            names="group of suppliers",
            meaning="Group of suppliers it belongs to, such as one owner or one country of origin.",
            blank=None,
            blank_means="no group",
            example="Rack makers of the strait",
        ),
    ),
)

EQUIPMENT = Sheet(
    name="Equipment",
    meaning="What a supplier has of a class in a period; a period without a row adds no units, and those that carry over into it keep the price of the row before.",
    key=("equipment", "supplier", "period"),
    missing=Missing.ZERO,
    columns=(
        Column(
            name="equipment",
            kind=Kind.TEXT,
            meaning="From EquipmentNeeds.",
            refers_to="EquipmentNeeds.equipment",
            example="accelerator racks",
        ),
        Column(
            name="supplier",
            kind=Kind.TEXT,
            meaning="From Suppliers.",
            refers_to="Suppliers.supplier",
            of_each=True,
            example="Rack maker",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="available_units",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Most units that can be ordered for the period, besides what carries over into it.",
            at_least=0,
            example=400,
        ),
        Column(
            name="unit_cost",
            kind=Kind.NUMBER,
            unit="M per unit",
            meaning="Price of a unit ordered for the period, paid on its first day, before escalation.",
            plausible=_plausible.UNIT_COST,
            blank=0.0,
            at_least=0,
            example=3.5,
        ),
        Column(
            name="carries_over",
            kind=Kind.FLAG,
            meaning="Whether what is left at the end of the period, units carried into it included, can be ordered in the next.",
            blank=False,
            example="no",
        ),
        Column(
            name="currency",
            kind=Kind.TEXT,
            names="currency",
            meaning="Currency of this row's cost, from Currencies.",
            blank=None,
            blank_means="the workbook's currency",
        ),
    ),
)

EXPORT_LIMITS = Sheet(
    name="ExportLimits",
    meaning="Most units of a class for the sites of a jurisdiction or group; 0 bars them.",
    key=("limit",),
    missing=Missing.UNLIMITED,
    columns=(
        Column(
            name="limit",
            kind=Kind.TEXT,
            names="export limit",
            meaning="Name of the row, for the report.",
            example="racks to Japan",
        ),
        Column(
            name="equipment",
            kind=Kind.TEXT,
            meaning="From EquipmentNeeds.",
            refers_to="EquipmentNeeds.equipment",
            example="accelerator racks",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="Jurisdiction whose sites it is about; fill in jurisdiction or group, not both.",
            blank=None,
            blank_means="it is about a group",
            refers_to="Sites.jurisdiction",
            example="Japan",
        ),
        Column(
            name="group",
            kind=Kind.TEXT,
            meaning="Group of jurisdictions whose sites it is about, together.",
            blank=None,
            blank_means="it is about a jurisdiction",
            refers_to="JurisdictionGroups.group",
        ),
        Column(
            name="first_period",
            kind=Kind.TEXT,
            meaning="First period in which it holds.",
            blank=None,
            blank_means="from the first period on",
            refers_to="Periods.period",
        ),
        Column(
            name="last_period",
            kind=Kind.TEXT,
            meaning="Last period in which it holds.",
            blank=None,
            blank_means="to the last period",
            refers_to="Periods.period",
        ),
        Column(
            name="max_units_per_period",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Most units needed there in each of the periods.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=300,
        ),
        Column(
            name="max_units_in_all",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Most units needed there in all of the periods together.",
            blank=None,
            blank_means="no limit",
            at_least=0,
        ),
    ),
)

PAIR = ["equipment", "supplier"]
NEED_KEYS = ["equipment", "period"]
ORDER_KEYS = [*PAIR, "period"]
USE_KEYS = ["equipment", "site", "period"]
EXPORT_KEYS = ["limit", "period"]
MOST = ("max_units_per_period", "max_units_in_all")

ORDERS = TableSpec(
    name="Orders",
    meaning="Units ordered of each class from each supplier, and what the supplier has.",
    key=("equipment", "supplier", "period"),
    across="period",
    spread=("ordered_units", "available_units"),
    columns=(
        Column(name="equipment", kind=Kind.TEXT, meaning="Class of equipment."),
        Column(name="supplier", kind=Kind.TEXT, meaning="Supplier."),
        Column(name="period", kind=Kind.TEXT, meaning="Period the units are ordered for."),
        Column(name="ordered_units", kind=Kind.NUMBER, unit="units", meaning="Units to order."),
        Column(
            name="available_units",
            kind=Kind.NUMBER,
            unit="units",
            meaning="Units that could be ordered, what carries over into the period included.",
        ),
    ),
)

EQUIPMENT_USE = TableSpec(
    name="EquipmentUse",
    meaning="Units that each site needs of each class, by the period they are needed in.",
    key=("equipment", "site", "period"),
    across="period",
    spread=("needed_units",),
    columns=(
        Column(name="equipment", kind=Kind.TEXT, meaning="Class of equipment."),
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period in which the units are needed."),
        Column(name="needed_units", kind=Kind.NUMBER, unit="units", meaning="Units needed."),
    ),
)


@remembered
def uses(data: Dataset) -> pd.DataFrame:
    """Which beginning needs which class when: equipment, site, start, begins, period, jurisdiction.

    ``start`` is the period of the start, ``period`` the one in which its units are needed: the one
    that contains the moment so many months before its capacity can be online.
    """
    cal = calendar(data)
    columns = [*BEGINNING_KEYS, "jurisdiction", "online_position"]
    starts = possible_beginnings(data)[columns].rename(columns={"period": "start"})
    online = cal["begin"].to_numpy()[starts["online_position"].to_numpy(int)]
    starts = starts[["site", "start", "begins", "jurisdiction"]].assign(online=online)
    needs = data["EquipmentNeeds"][["equipment", "units_per_mw", "months_before_online"]]
    pairs = needs.merge(starts, how="cross")
    needed = last_position_by(cal, pairs["online"] - pairs["months_before_online"])
    return pairs.assign(period=cal.index.to_numpy()[needed])


@remembered
def supply(data: Dataset) -> pd.DataFrame:
    """What each supplier has of a class, in every period from its first row on.

    Columns: ORDER_KEYS, unit_cost, chain (runs of periods from which units carry over into the
    next), and window_units: all units of the chain up to the period.
    """
    cal, given = calendar(data), to_workbook_currency(data, data["Equipment"], ["unit_cost"])
    frame = carried_forward(given.drop(columns="available_units"), cal, PAIR)
    frame = frame.merge(given[[*ORDER_KEYS, "available_units"]], on=ORDER_KEYS, how="left")
    carries = frame["carries_over"].astype(bool)
    begins = ~carries.groupby([frame[name] for name in PAIR]).shift(1, fill_value=False)
    frame["chain"] = begins.cumsum()
    units = frame["available_units"].fillna(0.0)
    frame["window_units"] = units.groupby(frame["chain"]).cumsum()
    return frame[[*ORDER_KEYS, "unit_cost", "chain", "window_units"]]


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
    orders = supply(data)
    orders = orders[orders["window_units"] > 0].merge(needed[NEED_KEYS].drop_duplicates())
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
    placed = counted.assign(position=counted["period"].map(cal["position"]))
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
    """What is needed is ordered, from what there is, and goes where it may."""
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
            sum(m.equipment_units[k, f, r] for r in m.ORDERED_UP_TO[k, f, q])
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


def check(data: Dataset) -> Iterator[Problem]:
    """Every class has a supplier and can be there in time; export limits say what they limit."""
    needs = data["EquipmentNeeds"]
    offered = set(data["Equipment"]["equipment"].dropna())
    for row, name in needs.loc[~needs["equipment"].isin(offered), "equipment"].items():
        if not data.might_hold("Equipment", equipment=name):
            yield data.problem(
                "EquipmentNeeds",
                row,
                "equipment",
                "a class that starts need must be on sheet Equipment",
                "Add what suppliers have of it, or take the row out.",
                "equipment-without-supplier",
            )
    yield from _check_time(data)
    yield from _check_exports(data)


def _check_time(data: Dataset) -> Iterator[Problem]:
    """No start needs equipment before the first period, for which nothing can be ordered."""
    needs = data["EquipmentNeeds"]
    known = data.sound("Settings", "base_date", "life_years") and data.sound("Periods")
    if needs.empty or not known:
        return
    cal, starts = calendar(data), possible_beginnings(data)
    starts = starts[starts["site"].isin(data.known("Sites", *SERVICE_COLUMNS)["site"])]
    begins = cal["begin"].to_numpy()
    months = begins[starts["online_position"].to_numpy(int)] - begins[0]
    if not len(months):
        return
    soonest = starts.iloc[int(np.argmin(months))]
    for row in needs.index[needs["months_before_online"] > months.min() + TINY_MONTHS]:
        yield data.problem(
            "EquipmentNeeds",
            row,
            "months_before_online",
            f"months_before_online must be at most {months.min():g}, as a start at "
            f"{soonest['site']!r} can be online {months.min():g} months after the first period begins",
            "Lower it, or give the site a longer lead or a later earliest_start.",
            "needed-too-early",
        )


def _check_exports(data: Dataset) -> Iterator[Problem]:
    position = calendar(data)["position"]
    for row, at in data.rows("ExportLimits").iterrows():
        if pd.isna(at["jurisdiction"]) == pd.isna(at["group"]):
            yield data.problem(
                "ExportLimits",
                row,
                "jurisdiction",
                "jurisdiction or group must be filled in, one of the two",
                "Fill in one and empty the other.",
                "one-of-two",
                found="neither" if pd.isna(at["group"]) else "both",
                reads=("group",),
            )
        if all(pd.isna(at[column]) for column in MOST):
            yield data.problem(
                "ExportLimits",
                row,
                MOST[0],
                "a row must limit something",
                f"Fill in one of {', '.join(MOST)}, 0 to bar the class, or take the row out.",
                "no-limit",
                reads=MOST,
            )
        first, last = at["first_period"], at["last_period"]
        if position.get(first, 0) > position.get(last, len(position)):
            yield data.problem(
                "ExportLimits",
                row,
                "last_period",
                "last_period must not be before first_period",
                "Correct one of the two.",
                "periods-reversed",
                reads=("first_period",),
            )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What is ordered, who needs it, and the actions that follow."""
    pairs = data["Equipment"][PAIR].drop_duplicates()
    orders = pairs.merge(calendar(data).reset_index()[["period"]], how="cross")
    ordered = values.ledger("equipment_units").rename(columns={"value": "ordered_units"})
    orders = orders.merge(ordered, on=ORDER_KEYS, how="left").fillna({"ordered_units": 0.0})
    # What the chain has up to the period, less what was ordered of it before.
    orders = orders.merge(supply(data), on=ORDER_KEYS, how="left")
    taken = orders.groupby("chain")["ordered_units"].cumsum() - orders["ordered_units"]
    orders["available_units"] = (orders["window_units"] - taken).fillna(0.0)
    orders = orders[[column.name for column in ORDERS.columns]]
    started = values.ledger("starting_mw")
    started = started[started["value"] > 0]
    committed = values.variable("committed", START_KEYS)
    made = commitments_made(data, committed[committed["value"] > 0.5])
    started = started.merge(begun(data, started, made)[BEGINNING_KEYS], on=START_KEYS)
    started = started.rename(columns={"period": "start"})
    use = uses(data).merge(started, on=["site", "start", "begins"])
    use["needed_units"] = use["units_per_mw"] * use["value"]
    by_period = use.groupby(USE_KEYS, sort=False)["needed_units"].sum().reset_index()
    return {"Orders": orders, "EquipmentUse": by_period, "Actions": actions(data, orders)}


def actions(data: Dataset, orders: pd.DataFrame) -> pd.DataFrame:
    """Orders, dated."""
    placed = orders[orders["ordered_units"] > 0]
    return pd.DataFrame(
        {
            "date": placed["period"].map(calendar(data)["date"]),
            "period": placed["period"],
            "action": "order equipment",
            "subject": placed["equipment"] + " from " + placed["supplier"],
            "mw": np.nan,
            "units": placed["ordered_units"],
        }
    )


def _needed(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """Units needed by class, site and period, start by start from the Build table."""
    cal, lead = calendar(data), active_sites(data)["block_lead_months"]
    days = begun_in_plan(data, build).set_index(START_KEYS)["begin"].to_dict()
    rows: dict[tuple[Any, ...], float] = {}
    for start in build[build["started_mw"] > 0].to_dict("records"):
        ready = days[start["site"], start["period"]] + lead[start["site"]]
        after = [begin for begin in cal["begin"] if begin >= ready - TINY_MONTHS]
        online = min(after, default=cal["end"].iloc[-1])
        for need in data["EquipmentNeeds"].to_dict("records"):
            moment = online - need["months_before_online"] + TINY_MONTHS
            begun = [period for period, begin in cal["begin"].items() if begin <= moment]
            key = (need["equipment"], start["site"], begun[-1] if begun else cal.index[0])
            rows[key] = rows.get(key, 0.0) + need["units_per_mw"] * start["started_mw"]
    found = [(*key, units) for key, units in rows.items()]
    return pd.DataFrame(found, columns=[*USE_KEYS, "needed_units"])


def _stock(data: Dataset, orders: pd.DataFrame) -> pd.DataFrame:
    """What each supplier has in each period and at what price, order by order.

    Columns: ORDER_KEYS, ordered_units, available_units and unit_cost.
    """
    offers = to_workbook_currency(data, data["Equipment"], ["unit_cost"])
    by_key: dict[Any, Any] = offers.set_index(ORDER_KEYS).to_dict("index")
    taken: dict[Any, float] = orders.set_index(ORDER_KEYS)["ordered_units"].to_dict()
    rows: list[tuple[Any, ...]] = []
    for pair in dict.fromkeys(offers[PAIR].itertuples(index=False, name=None)):
        left, carries, price = 0.0, False, 0.0
        for period in calendar(data).index:
            offer = by_key.get((*pair, period))
            left = left if carries else 0.0
            if offer is not None:
                left, carries = left + offer["available_units"], bool(offer["carries_over"])
                price = offer["unit_cost"]
            ordered = taken.pop((*pair, period), 0.0)
            rows.append((*pair, period, ordered, left, price))
            left -= ordered
    # Orders of what is on no row of Equipment.
    rows += [(*key, ordered, 0.0, 0.0) for key, ordered in taken.items()]
    columns = [*ORDER_KEYS, "ordered_units", "available_units", "unit_cost"]
    return pd.DataFrame(rows, columns=columns)


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Needs restated from the Build table, stocks walked through the Orders table."""
    needed, stock = _needed(data, tables["Build"]), _stock(data, tables["Orders"])
    due = needed.groupby(NEED_KEYS)["needed_units"].sum().rename("used")
    ordered = stock.groupby(NEED_KEYS)["ordered_units"].sum().rename("allowed")
    return {
        "equipment_ordered": due.to_frame().join(ordered, how="outer").fillna(0.0).reset_index(),
        "equipment_available": stock[ORDER_KEYS].assign(
            used=stock["ordered_units"], allowed=stock["available_units"]
        ),
        **_exports(data, needed),
    }


def _exports(data: Dataset, needed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Units needed at the sites of each export limit, limit by limit."""
    where = needed["site"].map(active_sites(data)["jurisdiction"])
    groups, order = data["JurisdictionGroups"], list(calendar(data).index)
    in_period: list[tuple[Any, ...]] = []
    in_all: list[tuple[Any, ...]] = []
    for row in data["ExportLimits"].to_dict("records"):
        countries = {row["jurisdiction"]}
        if pd.notna(row["group"]):
            countries = {*groups.loc[groups["group"] == row["group"], "jurisdiction"]}
        first = 0 if pd.isna(row["first_period"]) else order.index(row["first_period"])
        last = len(order) - 1 if pd.isna(row["last_period"]) else order.index(row["last_period"])
        own = needed[(needed["equipment"] == row["equipment"]) & where.isin(countries)]
        units = {
            period: own.loc[own["period"] == period, "needed_units"].sum()
            for period in order[first : last + 1]
        }
        per_period, together = (row[column] for column in MOST)
        if pd.notna(per_period):
            in_period += [(row["limit"], q, here, per_period) for q, here in units.items()]
        if pd.notna(together):
            in_all.append((row["limit"], sum(units.values()), together))
    numbers = {"used": float, "allowed": float}
    return {
        "export_in_period": pd.DataFrame(in_period, columns=[*EXPORT_KEYS, *numbers]).astype(
            numbers
        ),
        "export_in_all": pd.DataFrame(in_all, columns=["limit", *numbers]).astype(numbers),
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Units available and needed, actions and cost, from the Orders and Build tables."""
    settings, cal = data.one("Settings"), calendar(data)
    needs = data["EquipmentNeeds"].set_index("equipment").to_dict("index")
    stock = _stock(data, tables["Orders"])
    rows: list[dict[str, object]] = []
    for order in stock.to_dict("records"):
        need = needs[order["equipment"]]
        life = settings.life_years if pd.isna(need["life_years"]) else need["life_years"]
        growth = settings.build_cost_escalation
        terms = Terms(0.0, need["months_before_online"], "at_start", life, np.inf, growth)
        amount = order["unit_cost"] * order["ordered_units"]
        when = cal.loc[order["period"]]
        subject = f"{order['equipment']} from {order['supplier']}"
        rows += [
            {"subject": subject, "period": order["period"], **row}
            for row in lives("equipment", amount, terms, when, cal, settings)
        ]
    return {
        "Orders": stock[[*ORDER_KEYS, "available_units"]],
        "EquipmentUse": _needed(data, tables["Build"]),
        "Actions": actions(data, tables["Orders"]),
        "Cost": charge_rows("supply", pd.DataFrame(rows)),
    }


LIMITS = (
    Limit(
        name="equipment_ordered",
        over=(
            "equipment",
            "period",
        ),
        cells=("EquipmentNeeds.units_per_mw",),
        conflict="building takes {value} units of {equipment} a MW",
        unit="units",
        sense="==",
        sentence="{equipment}, {period}: {used} units are needed and {allowed} ordered",
        marginal="cost of one more unit needed in the period",
        formula="sum_is units_per_mw[k] starting[i,s] = sum_f ordered[k,f,p], starts (i,s) that need k in p",
    ),
    Limit(
        name="equipment_available",
        over=(
            "equipment",
            "supplier",
            "period",
        ),
        cells=("Equipment.available_units",),
        relax=Relax.PRICED,
        conflict="{supplier} has at most {value} units of {equipment} for {period}, beside what is carried over",
        unit="units",
        sense="<=",
        sentence="{supplier} has no more {equipment} for {period}: {used} of {allowed} units are ordered",
        marginal="saving from one more unit that the supplier has",
        formula="sum_q ordered[k,f,q] <= sum_q available[k,f,q], q up to p from which units carry over",
    ),
    Limit(
        name="export_in_period",
        over=(
            "limit",
            "period",
        ),
        cells=("ExportLimits.max_units_per_period",),
        relax=Relax.PRICED,
        conflict="export limit {limit}: at most {value} units in {period}",
        unit="units",
        sense="<=",
        sentence="{limit}: no more units may go there for {period}: {used} of {allowed} do",
        marginal="saving from one more unit that may go there in the period",
        formula="sum_is units_per_mw[k] starting[i,s] <= max_units_per_period[x], starts (i,s) at sites of x that need k in p",
    ),
    Limit(
        name="export_in_all",
        over=("limit",),
        cells=("ExportLimits.max_units_in_all",),
        relax=Relax.PRICED,
        conflict="export limit {limit}: at most {value} units in all",
        unit="units",
        sense="<=",
        sentence="{limit}: no more units may go there: {used} of {allowed} do",
        marginal="saving from one more unit that may go there",
        formula="sum_is units_per_mw[k] starting[i,s] <= max_units_in_all[x], starts (i,s) at sites of x",
    ),
)

REPORT = Report(
    exhibits=(
        Use(
            title="Equipment",
            order=510,
            note="Units ordered of what suppliers have, and what may be exported.",
            limits=("equipment_available", "export_in_period", "export_in_all"),
        ),
    ),
)


FAMILY = Family(
    name="supply",
    title="Supply chain",
    order=65,
    sheets=(EQUIPMENT_NEEDS, SUPPLIERS, EQUIPMENT, EXPORT_LIMITS),
    idle_without=(
        "EquipmentNeeds",
        "Equipment",
    ),
    needed_with=("LossEvents",),
    ledgers=(
        Ledger(
            name="equipment_units",
            unit="units",
            over=("equipment", "supplier", "period"),
            meaning="Units ordered of a class from a supplier for the period.",
        ),
        Ledger(
            name="equipment_needed_units",
            unit="units",
            over=("equipment", "period"),
            meaning="Units of a class that starts need in the period.",
        ),
    ),
    costs=(
        CostTerm(
            item="equipment",
            kind=CASH,
            formula="sum over classes k and suppliers f, sum_p unit_cost[k,f,p] ordered[k,f,p]",
            paid="on the first day of the period it is ordered for, and of each renewal",
            escalation="`build_cost_escalation` of Settings, to the day it is paid",
        ),
    ),
    limits=LIMITS,
    outputs=(ORDERS, EQUIPMENT_USE),
    codes={
        "equipment-without-supplier": "a class that starts need and nobody supplies",
        "needed-too-early": "equipment that a start would need before the first period",
        "one-of-two": "two columns of which exactly one must be filled in",
        "no-limit": "a row of limits without a limit",
        "periods-reversed": "a last period before the first",
    },
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
