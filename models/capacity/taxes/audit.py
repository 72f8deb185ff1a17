"""Limits of taxes restated, and taxes recomputed, from the Cost table and the tables of decisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._beginnings import arrivals_in_plan, building_dates_in_plan
from .._building import KEYS, RETIRED, active_sites
from .._calendar import TINY_MONTHS, calendar
from .._capital import CAPITAL_ITEMS, whole_periods_of
from .._leases import leases_on_offer
from .._money import CASH, charge_rows
from .derived import NEED_KEYS, NONE_NAMED, ORDER_KEYS, PLACE_KEYS, belongs
from .plain import Law, Purchase, Row, bought, deducted, integral, written_off
from .tables import bridge

LIFE = re.compile(r"(?P<item>.+?)(?:_renewal_(?P<life>\d+))?")
# From costs to the jurisdiction of each.
_Where = Callable[[pd.DataFrame], pd.Series]
# Families whose costs are capital at sites, and given up where a site is abandoned.
AT_SITES = "capital"


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Units assigned against those ordered and those needed, from the plan's tables."""
    assigned = tables["EquipmentPlaces"]
    by_order = assigned.groupby(ORDER_KEYS)["assigned_units"].sum()
    ordered = tables["Orders"].set_index(ORDER_KEYS)["ordered_units"]
    where, home = data.column("Sites", "jurisdiction", by="site"), belongs(data).home
    use = tables["EquipmentUse"]
    use = use.assign(jurisdiction=use["site"].map(where).fillna(home or NONE_NAMED))
    needed = use.groupby(NEED_KEYS)["needed_units"].sum()
    by_need = assigned.groupby(NEED_KEYS)["assigned_units"].sum()
    return {
        "equipment_assigned": _frame(by_order, ordered, ORDER_KEYS),
        "assigned_to_need": _frame(by_need, needed, NEED_KEYS),
    }


def _frame(used: pd.Series, allowed: pd.Series, keys: list[str]) -> pd.DataFrame:
    both = pd.concat([used.rename("used"), allowed.rename("allowed")], axis=1).astype(float)
    return both.fillna(0.0).rename_axis(keys).reset_index()


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Taxes, payment by payment and purchase by purchase, in plain arithmetic."""
    where, laws = belongs(data).of, cache(partial(Law, data))
    cost = tables["Cost"]
    cost = cost[(cost["kind"] == CASH) & (cost["family"] != "taxes")]
    of_capital = cost["item"].astype(str).str.startswith(CAPITAL_ITEMS)
    rows: list[Row] = []
    running = cost[~of_capital & ~cost["item"].astype(str).str.startswith(("deposit", "rent"))]
    running = pd.concat(
        [part for part in (running, _rents(data, tables)) if len(part)] or [running]
    )
    for place, row in zip(where(running), running.to_dict("records"), strict=True):
        if pd.notna(place):
            rows += deducted(laws(place), row)
    for place, own in _purchases(data, tables, cost[of_capital], where):
        rows += bought(laws(place), own)
    abandoned = {row["site"]: row["period"] for row in tables["Abandoned"].to_dict("records")}
    begin = calendar(data)["begin"]
    at_sites = cost[of_capital & (cost["family"] == AT_SITES) & cost["site"].isin(list(abandoned))]
    for place, own in _purchases(data, tables, at_sites, where):
        period = abandoned[own.whose["site"]]
        rows += written_off(laws(place), own, begin[period], period)
    found = charge_rows("taxes", pd.DataFrame(rows))
    return {"Cost": found, "TaxBridge": bridge(data, tables["Cost"], tables["EquipmentPlaces"])}


def _rents(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rent of each signing in each period: signings of one lease end on days of their own."""
    leases, cal, rate = leases_on_offer(data).to_dict("index"), calendar(data), _rate(data)
    rows = []
    for signed in tables["Leasing"].to_dict("records"):
        at = leases[signed["lease"]]
        since = cal["begin"][signed["period"]] + at["lead_months"]
        until = since + (np.inf if pd.isna(at["term_months"]) else at["term_months"])
        q = 1 + at["rent_escalation"]
        for period, begin, end in cal[["begin", "end"]].itertuples(name=None):
            first, last = max(since, begin), min(until, end)
            if signed["signed_mw"] and last > first + TINY_MONTHS:
                yearly = at["rent_per_mw_year"] * signed["signed_mw"]
                rows.append({
                    "item": "rent", "kind": CASH, "subject": signed["lease"], "site": at["site"],
                    "period": period, "cash": yearly * integral(q, first, last),
                    "present_value": yearly * integral(q / (1 + rate), first, last),
                    "first_month": first, "last_month": last, "growth": at["rent_escalation"],
                })  # fmt: skip
    return pd.DataFrame(rows)


def _rate(data: Dataset) -> float:
    return float(data.one("Settings").discount_rate)


def _purchases(
    data: Dataset, tables: Mapping[str, pd.DataFrame], cost: pd.DataFrame, where: _Where
) -> Iterator[tuple[str, Purchase]]:
    """Purchases of capital with their jurisdiction, from rows of the Cost table."""
    cal = calendar(data)
    begins, end = cal["begin"].to_numpy(), cal["end"].to_numpy()[-1]
    service = _service(data, tables)
    shares = _installed(data, tables)
    cost = cost[~cost["item"].astype(str).str.contains("_cancelled")]
    for place, row in zip(where(cost), cost.to_dict("records"), strict=True):
        named = LIFE.fullmatch(row["item"])
        assert named is not None
        word = named["item"].partition("_")[0]
        ready, life, lasts = service[word](row)
        online = begins[begins >= ready - TINY_MONTHS]
        since = online[0] if len(online) else end
        # Buildings and what is part of them leave service with a period; a site's own cost does not.
        stands = lasts if word == "site" else whole_periods_of(since, lasts, cal)
        k = int(named["life"] or 0)
        online_k = since + 12 * life * k
        years = min(life, stands - life * k)
        serves = online_k < end - TINY_MONTHS and 12 * years > TINY_MONTHS
        whose = {name: row[name] for name in ("subject", "site", "period")}
        shared = shares.get((row["subject"], row["period"]), {}) if word == "equipment" else {}
        split = [
            (j, share, duty, f"{row['subject']} for {j}") for j, (share, duty) in shared.items()
        ]
        if word != "equipment":
            split = [(place, 1.0, 0.0, row["subject"])]
        for jurisdiction, share, duty, subject in split:
            if pd.notna(jurisdiction):
                yield (
                    jurisdiction,
                    Purchase(
                        {**whose, "subject": subject},
                        row["item"],
                        row["cash"] * share,
                        row["present_value"] * share,
                        row["first_month"],
                        row["last_month"],
                        online_k,
                        years if serves else 0.0,
                        duty,
                    ),
                )


_Service = Callable[[Mapping[Any, Any]], tuple[float, float, float]]


def _service(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, _Service]:
    """By the first word of an item, from a row to when it is ready, its life, and how long it lasts."""
    begin, sites = calendar(data)["begin"], active_sites(data).to_dict("index")
    days = building_dates_in_plan(data, tables).set_index(KEYS)["begin"].to_dict()
    arrives, plain = arrivals_in_plan(data, tables), data.one("Settings").life_years
    storage = data["Storage"].set_index("storage").to_dict("index")
    needs = data["EquipmentNeeds"].set_index("equipment").to_dict("index")
    ordered = {
        f"{k} from {f}": k
        for k, f in tables["Orders"][["equipment", "supplier"]].itertuples(index=False, name=None)
    }
    own_life: dict[Any, float] = {
        (at["component"], at["site"] if pd.notna(at["site"]) else None): at["life_years"]
        for at in data["Components"].to_dict("records")
    }

    def of_site(row: Mapping[Any, Any]) -> tuple[float, float, float]:
        at = sites[row["site"]]
        stands = at["life_years"] if at["end_of_life"] == RETIRED else np.inf
        # What is paid for and never begun is for other checks to refuse: it serves at no time.
        ready = arrives.get(row["site"], np.inf) + at["block_lead_months"]
        return ready, at["life_years"], stands

    def of_building(row: Mapping[Any, Any]) -> tuple[float, float, float]:
        at = sites[row["site"]]
        stands = at["life_years"] if at["end_of_life"] == RETIRED else np.inf
        day = days.get((row["site"], row["period"]), np.inf)
        return day + at["block_lead_months"], at["life_years"], stands

    def of_component(row: Mapping[Any, Any]) -> tuple[float, float, float]:
        ready, life, stands = of_building(row)
        named = (row["subject"], row["site"])
        own = own_life[named] if named in own_life else own_life[row["subject"], None]
        return ready, life if pd.isna(own) else own, stands

    def of_storage(row: Mapping[Any, Any]) -> tuple[float, float, float]:
        at = storage[row["subject"]]
        life = plain if pd.isna(at["life_years"]) else at["life_years"]
        return begin[row["period"]] + at["lead_months"], life, np.inf

    def of_equipment(row: Mapping[Any, Any]) -> tuple[float, float, float]:
        at = needs[ordered[row["subject"]]]
        life = plain if pd.isna(at["life_years"]) else at["life_years"]
        return begin[row["period"]] + at["months_before_online"], life, np.inf

    return {
        "site": of_site,
        "building": of_building,
        "component": of_component,
        "storage": of_storage,
        "equipment": of_equipment,
    }


def _installed(
    data: Dataset, tables: Mapping[str, pd.DataFrame]
) -> dict[tuple[Any, Any], dict[str, tuple[float, float]]]:
    """Share of each order that is installed in each jurisdiction, and its duty there."""
    duty = data["Duties"].set_index(["equipment", "jurisdiction"])["duty_share"].to_dict()
    found: dict[tuple[Any, Any], dict[str, tuple[float, float]]] = {}
    rows = tables["EquipmentPlaces"]
    for (k, f, period), own in rows.groupby(ORDER_KEYS, sort=False):
        units = own["assigned_units"].sum()
        here = found.setdefault((f"{k} from {f}", period), {})
        for j, amount in own[[PLACE_KEYS[2], "assigned_units"]].itertuples(index=False, name=None):
            here[j] = (amount / units, duty.get((k, j), 0.0))
    return found
