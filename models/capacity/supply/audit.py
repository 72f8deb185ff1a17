"""Limits of supply restated, and needs, stocks and cost recomputed, from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._beginnings import building_dates_in_plan
from .._building import KEYS as START_KEYS
from .._building import active_sites
from .._calendar import TINY_MONTHS, calendar, periods_within
from .._capital import Terms, lives
from .._money import charge_rows, to_workbook_currency
from .sheets import EXPORT_KEYS, MOST, NEED_KEYS, ORDER_KEYS, PAIR, USE_KEYS
from .tables import actions


def _needed(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Units needed by class, site and period, start by start from the Build table."""
    build = tables["Build"]
    cal, lead = calendar(data), active_sites(data, "block_lead_months")["block_lead_months"]
    days = building_dates_in_plan(data, tables).set_index(START_KEYS)["begin"].to_dict()
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


def _delivered(data: Dataset, held: pd.DataFrame) -> dict[tuple[Any, ...], float]:
    """Units that slots deliver, by class, supplier and period."""
    about = data.columns("Options", "option", "equipment", "supplier").dropna()
    pairs = {option: tuple(pair) for option, *pair in about.itertuples(index=False, name=None)}
    sums: dict[tuple[Any, ...], float] = {}
    for row in held[held["delivered_units"] > 0].to_dict("records"):
        key = (*pairs[row["option"]], row["period"])
        sums[key] = sums.get(key, 0.0) + row["delivered_units"]
    return sums


def _stock(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Stock and price of each supplier in each period, order by order.

    Columns: ORDER_KEYS, ordered_units, available_units and unit_cost.
    """
    offers = to_workbook_currency(data, data["Equipment"], ["unit_cost"])
    by_key: dict[Any, Any] = offers.set_index(ORDER_KEYS).to_dict("index")
    reserved = _delivered(data, tables["OptionsHeld"])
    taken: dict[Any, float] = tables["Orders"].set_index(ORDER_KEYS)["ordered_units"].to_dict()
    rows: list[tuple[Any, ...]] = []
    for pair in dict.fromkeys(offers[PAIR].itertuples(index=False, name=None)):
        left, carries, price, offered = 0.0, False, 0.0, False
        for period in calendar(data).index:
            offer = by_key.get((*pair, period))
            left = left if carries else 0.0
            if offer is not None:
                left, carries = left + offer["available_units"], bool(offer["carries_over"])
                price, offered = offer["unit_cost"], True
            # Before its first row a supplier has no price.
            left += reserved.get((*pair, period), 0.0) if offered else 0.0
            ordered = taken.pop((*pair, period), 0.0)
            rows.append((*pair, period, ordered, left, price))
            left -= ordered
    # Orders of what is on no row of Equipment.
    rows += [(*key, ordered, 0.0, 0.0) for key, ordered in taken.items()]
    columns = [*ORDER_KEYS, "ordered_units", "available_units", "unit_cost"]
    return pd.DataFrame(rows, columns=columns)


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Needs restated from the Build table, stocks walked through the Orders table."""
    needed, stock = _needed(data, tables), _stock(data, tables)
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
    where = needed["site"].map(active_sites(data, "jurisdiction")["jurisdiction"])
    groups, cal = data["JurisdictionGroups"], calendar(data)
    in_period: list[tuple[Any, ...]] = []
    in_all: list[tuple[Any, ...]] = []
    for row in data["ExportLimits"].to_dict("records"):
        countries = {row["jurisdiction"]}
        if pd.notna(row["group"]):
            countries = {*groups.loc[groups["group"] == row["group"], "jurisdiction"]}
        own = needed[(needed["equipment"] == row["equipment"]) & where.isin(countries)]
        units = {
            period: own.loc[own["period"] == period, "needed_units"].sum()
            for period in periods_within(cal, row["first_period"], row["last_period"])
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
    stock = _stock(data, tables)
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
        "EquipmentUse": _needed(data, tables),
        "Actions": actions(data, tables["Orders"]),
        "Cost": charge_rows("supply", pd.DataFrame(rows)),
    }
