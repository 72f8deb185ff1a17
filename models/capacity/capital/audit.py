"""Cost of sites recomputed from the Build table."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset

from .._beginnings import building_dates_in_plan
from .._building import KEYS, RETIRED, active_sites, site_costs
from .._calendar import calendar
from .._capital import Terms, lives
from .._money import charge_rows
from .._options import exercised_on_land
from .._running_costs import running_rows


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cost of sites from the Build table alone, one decision at a time, in plain arithmetic."""
    settings, cal = data.one("Settings"), calendar(data)
    sites, costs, periods = active_sites(data), site_costs(data), cal.to_dict("index")
    days = building_dates_in_plan(data, tables).set_index(KEYS)["begin"].to_dict()
    by_option = exercised_on_land(data, tables)
    leads, prices = (by_option[name].dropna() for name in ("lead_months", "exercise_price"))
    rows: list[dict[str, object]] = []
    running: list[dict[str, object]] = []
    for name, own in tables["Build"].groupby("site", sort=False):
        at: Any = sites.loc[str(name)]
        cost: Any = costs.loc[str(name)]
        lead, permit = at["block_lead_months"], leads.get(str(name), at["site_lead_months"])
        life, profile, growth = (
            at["life_years"],
            at["spend_profile"],
            settings.build_cost_escalation,
        )
        stands = life if at["end_of_life"] == RETIRED else math.inf
        land = Terms(permit, permit + lead, profile, life, stands, growth)
        shell = Terms(lead, lead, profile, life, stands, growth)
        parts = _components_of(data, str(name), shell)
        held = at["is_open"]
        for record in own.to_dict("records"):
            when = periods[record["period"]]
            day = {**when, "begin": days.get((name, record["period"]), when["begin"])}
            taken = prices.get(str(name), cost["site_cost"]) * (record["committed"] and not held)
            held, started = record["committed"], record["started_mw"]
            here = [
                *lives("site", taken, land, when, cal, settings),
                *lives("building", cost["build_cost_per_mw"] * started, shell, day, cal, settings),
            ]
            for part, price, terms in parts:
                bought = lives("component", price * started, terms, day, cal, settings)
                here += [{"subject": part, **row} for row in bought]
            whose = {"subject": name, "site": name, "period": record["period"]}
            rows += [{**whose, **row} for row in here]
            growth, years = settings.running_cost_escalation, when["years"]
            running += [
                {**whose, "item": item, "growth": growth, "amount": per_year * years}
                for item, per_year in (
                    ("fixed", cost["fixed_cost_per_year"] * held),
                    ("running", cost["cost_per_mw_year"] * record["online_mw"]),
                )
            ]
    paid = [
        charge_rows("capital", pd.DataFrame(rows)),
        running_rows(data, "capital", pd.DataFrame(running)),
    ]
    return {"Cost": pd.concat([part for part in paid if len(part)] or paid[:1])}


def _components_of(data: Dataset, site: str, shell: Terms) -> list[tuple[str, float, Terms]]:
    """Components of a MW built at a site: name, price in the workbook's currency, and terms."""
    rates = dict(data.columns("Currencies", "currency", "per_workbook_currency").to_numpy())
    chosen: dict[str, dict[Hashable, Any]] = {}
    for row in data["Components"].to_dict("records"):
        if row["site"] == site or (pd.isna(row["site"]) and row["component"] not in chosen):
            chosen[row["component"]] = row
    found = []
    for name, row in chosen.items():
        terms = replace(
            shell,
            profile=shell.profile if pd.isna(row["spend_profile"]) else row["spend_profile"],
            life=shell.life if pd.isna(row["life_years"]) else row["life_years"],
            growth=shell.growth if pd.isna(row["escalation"]) else row["escalation"],
        )
        found.append((name, row["cost_per_mw"] / rates.get(row["currency"], 1.0), terms))
    return found
