"""Limits of abandonments restated site by site, and what they cost, from the tables of a plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites, site_costs
from .._calendar import TINY_MONTHS, calendar
from .._money import CASH, charge_rows, to_workbook_currency
from .._running_costs import running_rows
from .limits import LIMITS
from .tables import actions

MONEY = ["cost", "cost_per_mw", "recovered", "recovered_per_mw"]
# Items of capital by the beginning of their name, of which what is due later ends.
ENDED = ("site", "building", "component")


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each abandonment against its window, its commitment, what is started and what serves."""
    found: dict[str, list[tuple[Any, ...]]] = {limit.name: [] for limit in LIMITS}
    order = {period: k for k, period in enumerate(calendar(data).index)}
    sites = active_sites(data).to_dict("index")
    rules = data["Abandonments"].set_index("site").to_dict("index")
    leased = tables["Leasing"].groupby(["site", "period"])["active_mw"].sum().to_dict()
    seen: set[str] = set()
    for row in tables["Abandoned"].to_dict("records"):
        site, key = row["site"], (row["site"], row["period"])
        at, rule, k = sites[site], rules.get(site), order[row["period"]]
        may = rule is not None and at["status"] != "existing"
        may = may and at["existing_mw"] + at["under_construction_mw"] <= 0
        if may and rule is not None:
            first, last = (rule[f"{end}_period"] for end in ("first", "last"))
            may = (pd.isna(first) or order[first] <= k) and (pd.isna(last) or k <= order[last])
        found["abandoned_within_window"].append((*key, 1.0, float(may)))
        found["abandonment_kept"].append((*key, float(site in seen), 0.0))
        seen.add(site)
        own = tables["Build"][tables["Build"]["site"] == site].set_index("period")
        before = [period for period, position in order.items() if position < k]
        held = at["is_open"] or bool(own["committed"].reindex(before).any())
        found["abandoned_after_commitment"].append((*key, 1.0, float(held)))
        started = own["started_mw"].reindex(before).sum()
        found["dropped_of_started"].append((*key, row["dropped_mw"], started))
        found["all_dropped"].append((*key, own["started_mw"].sum(), row["dropped_mw"]))
        for period, online in own["online_mw"].items():
            new = online - leased.get((site, period), 0.0)
            found["served_if_kept"].append((site, period, new, 0.0))
    columns = ["site", "period", "used", "allowed"]
    return {
        name: pd.DataFrame(rows, columns=columns).astype({"used": float, "allowed": float})
        for name, rows in found.items()
    }


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Payments on the day, and the parts of the rows of capital in the Cost table that end."""
    abandoned, cal = tables["Abandoned"], calendar(data)
    rules = to_workbook_currency(data, data["Abandonments"], MONEY).set_index("site")
    settings, years = data.one("Settings"), cal["years"].to_dict()
    rows: list[dict[str, Any]] = []
    running: list[dict[str, Any]] = []
    paid = []
    for row in abandoned.to_dict("records"):
        at, when = rules.loc[row["site"]], cal.loc[row["period"]]
        whose = {"subject": row["site"], "site": row["site"], "period": row["period"]}
        sums = {
            "abandonment": at["cost"],
            "abandonment_per_mw": at["cost_per_mw"] * row["dropped_mw"],
            "abandonment_recovered": -at["recovered"],
            "abandonment_recovered_per_mw": -at["recovered_per_mw"] * row["dropped_mw"],
        }
        paid.append(sum(sums.values()))
        factor = (1 + settings.discount_rate) ** (-when["begin"] / 12)
        rows += [
            {**whose, "item": item, "kind": CASH, "cash": cash, "present_value": cash * factor,
             "first_month": when["begin"], "last_month": when["begin"]}
            for item, cash in sums.items()
        ]  # fmt: skip
        due = tables["Cost"][(tables["Cost"]["site"] == row["site"])]
        due = due[(due["family"] == "capital") & due["item"].str.startswith(ENDED)]
        for cost in due.to_dict("records"):
            rows += [
                {**whose, **ended} for ended in _later(cost, when["begin"], settings.discount_rate)
            ]
        growth = settings.running_cost_escalation
        yearly = site_costs(data)["fixed_cost_per_year"][row["site"]]
        running += [
            {**whose, "period": period, "item": "fixed_ended", "growth": growth,
             "amount": -yearly * years[period]}
            for period in cal.index[cal["position"] >= when["position"]]
        ]  # fmt: skip
    columns = ["subject", "site", "period", "item", "growth", "amount"]
    parts = [
        charge_rows("abandonments", pd.DataFrame(rows)),
        running_rows(data, "abandonments", pd.DataFrame(running, columns=columns)),
    ]
    return {
        "Abandoned": abandoned[["site", "period"]].assign(paid=pd.Series(paid, dtype=float)),
        "Actions": actions(data, abandoned),
        "Cost": pd.concat([part for part in parts if len(part)] or parts[:1]),
    }


def _later(cost: Mapping[Any, Any], moment: float, rate: float) -> Iterator[dict[str, Any]]:
    """The part of a payment that is due after a moment, with its sign turned."""
    first, last, cash = cost["first_month"], cost["last_month"], cost["cash"]
    if last <= moment + TINY_MONTHS:
        return
    since = max(first, moment)
    ended = -cash * ((last - since) / (last - first) if last > first else 1.0)
    value = ended * (1 + rate) ** (-since / 12)
    if last > since and rate:
        steps = (last - since) / 12
        value *= (1 - (1 + rate) ** -steps) / (steps * math.log(1 + rate))
    item, _, rest = str(cost["item"]).partition("_")
    yield {
        "item": f"{item}_cancelled" + (f"_{rest}" if rest else ""),
        "kind": cost["kind"],
        "cash": ended,
        "present_value": value,
        "first_month": since,
        "last_month": last,
    }
