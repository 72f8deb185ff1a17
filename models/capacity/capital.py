"""Capital and running cost of sites, and what capital is still worth at the end of the horizon.

In words
    Committing a site and building on it are paid over their leads, and so are the components that
    every MW built needs, each with a price, a life and an escalation of its own. An open site
    costs a fixed sum a year and every MW online a yearly sum. Capital whose life ends within the
    horizon is renewed at its cost; what outlives the horizon is credited at its end, so that
    building late looks neither bad nor good only because the horizon ends. What stands already is
    not renewed. Where what is built is retired, nothing is renewed but components, and they last no
    longer than what they are part of.
Data
    Components; the cost columns of Sites; rates, escalation and life of Settings.
Time
    Even spending is an integral: cash divided by the lead, discounted at each instant of it. Cost
    escalates from the base date to the first day of the lead and is fixed then. The k-th renewal, at
    a life L, is the same purchase k L years later: its lead begins k L years after the first, it
    escalates until then, and it is made where online + k L lies before the end of the horizon. A
    component at a site whose buildings are retired is renewed only before they leave service, with
    the last period that lies wholly within their life, and is credited for no longer than they
    last; the site's own cost is not renewed there. With residual_value the last life is credited
    at the end of the horizon, discounted from there: its present value, compounded to the day from
    which that life counts, times the share under Source, age counted from that day. What costs a
    year is due for each period in full.
Decides
    Nothing.
Reads and posts
    Reads ``beginning_mw`` and ``online_mw``; owns and posts ``capital_spending``; posts ``cost``.
Source
    Capital, compounded to its online date at rate r, is credited at an age with
    ``(1-(1+r)^-(L-age)) / (1-(1+r)^-L)`` of itself, what is left of a level annuity over the life
    L (planner's convention; Brealey, Myers and Allen, Principles of Corporate Finance, ch. 6).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from optalloc.dataset import Dataset
from optalloc.family import CostTerm, Family, Ledger
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Sheet

from . import _plausible
from ._building import (
    BEGINNING_KEYS,
    KEYS,
    RETIRED,
    active_sites,
    begun_in_plan,
    open_by,
    possible_beginnings,
    site_periods,
    useful_commitments,
)
from ._calendar import calendar, first_position_at
from ._capital import Terms, capital_charges, lives, post_spending
from ._money import CASH, RESIDUAL, charge_rows, post_cost, to_workbook_currency
from ._running import running_rows, yearly_charges

COMPONENTS = Sheet(
    name="Components",
    meaning="What every MW built needs besides the site's build cost, with a price and a life of its own.",
    key=("component", "site"),
    columns=(
        Column(
            name="component",
            kind=Kind.TEXT,
            names="component",
            meaning="Name of the component.",
            example="accelerators",
        ),
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="From Sites. A site's own row goes before the one for every site.",
            blank=None,
            blank_means="every site",
            refers_to="Sites.site",
        ),
        Column(
            name="cost_per_mw",
            kind=Kind.NUMBER,
            unit="M per MW IT",
            meaning="Cost of it for one MW built, and of each renewal, at the base date.",
            plausible=_plausible.COMPONENT_COST_PER_MW,
            at_least=0,
            example=25,
        ),
        Column(
            name="life_years",
            kind=Kind.NUMBER,
            unit="years",
            meaning="Life of it: renewed where it ends within the horizon, credited at the end where it lasts longer.",
            plausible=_plausible.LIFE_YEARS,
            blank=None,
            blank_means="the site's life_years",
            at_least=1,
            at_most=100,
            example=5,
        ),
        Column(
            name="escalation",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of its cost from the base date; below 0 where it becomes cheaper.",
            plausible=_plausible.ESCALATION,
            blank=None,
            blank_means="Settings build_cost_escalation",
            above=-1,
            at_most=1,
            example=-0.05,
        ),
        Column(
            name="spend_profile",
            kind=Kind.CHOICE,
            meaning="When it is paid: evenly over the block lead, all at its start, or all at its end.",
            choices=("even", "at_start", "at_end"),
            blank=None,
            blank_means="the site's spend_profile",
            example="at_end",
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
COMPONENT_KEYS = ["component", *BEGINNING_KEYS]
CAPITAL = ("site", "building", "component")
# What a charge is multiplied by, and the ledgers that this reads.
_Activity = tuple[Callable[..., Any], tuple[str, ...]]


def parameters(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges by item of cost: for a commitment, a start, an open site and a MW online."""
    beginnings = possible_beginnings(data)
    commits = useful_commitments(data)
    settings, cal = data.one("Settings"), calendar(data)
    begins = cal["begin"].to_numpy()
    lead = commits["site_lead_months"] + commits["block_lead_months"]
    site = commits.assign(
        unit_cost=commits["site_cost"],
        growth=settings.build_cost_escalation,
        lead_months=commits["site_lead_months"],
        online=begins[first_position_at(cal, commits["begin"] + lead)],
    )
    building = beginnings.assign(
        unit_cost=beginnings["build_cost_per_mw"],
        growth=settings.build_cost_escalation,
        lead_months=beginnings["block_lead_months"],
        online=begins[beginnings["online_position"].to_numpy(int)],
    )
    parts = component_starts(data, building)
    subjects = parts[COMPONENT_KEYS].assign(subject=parts["component"])
    frame, growth = site_periods(data), settings.running_cost_escalation
    fixed = yearly_charges(data, frame[KEYS], frame["fixed_cost_per_year"], growth)
    return {
        **capital_charges(data, "site", site[KEYS], site),
        **capital_charges(data, "building", building[BEGINNING_KEYS], building),
        **capital_charges(data, "component", subjects, parts),
        "fixed": fixed.assign(is_open=frame["is_open"]),
        "running": yearly_charges(data, frame[KEYS], frame["cost_per_mw_year"], growth),
        "open_by": open_by(data, commits),
        "periods": cal.reset_index()[["period", "begin", "end"]],
    }


def component_starts(data: Dataset, building: pd.DataFrame) -> pd.DataFrame:
    """Each beginning with each component it needs: a site's own row before that for every site.

    Parameters
    ----------
    building : pandas.DataFrame
        The beginnings, with the columns of `capital_charges`; a blank of the component leaves its own.
    """
    rows = to_workbook_currency(data, data["Components"], ["cost_per_mw"])
    rows = rows[["component", "site", "cost_per_mw", "life_years", "escalation", "spend_profile"]]
    sites = active_sites(data)[["site"]].reset_index(drop=True)
    shared = rows[rows["site"].isna()].drop(columns="site").merge(sites, how="cross")
    both = pd.concat([rows[rows["site"].notna()], shared]).drop_duplicates(["component", "site"])
    parts = both.merge(building, on="site", suffixes=("_own", ""))
    return parts.assign(
        unit_cost=parts["cost_per_mw"],
        growth=parts["escalation"].fillna(parts["growth"]),
        life_years=parts["life_years_own"].fillna(parts["life_years"]),
        spend_profile=parts["spend_profile_own"].fillna(parts["spend_profile"]),
    )


def declare(m: Any, p: dict[str, pd.DataFrame], ledgers: Ledgers) -> None:
    """Postings of cost."""

    def committing(m: Any, i: Any, c: Any) -> Any:
        return m.committed[i, c] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, c])

    def beginning(m: Any, i: Any, s: Any, d: Any) -> Any:
        return m.beginning_mw[i, s, d]

    def being_open(m: Any, i: Any, q: Any) -> Any:
        return m.always_open[i, q] + sum(m.committed[i, c] for c in m.OPEN_BY[i, q])

    def online(m: Any, i: Any, q: Any) -> Any:
        return m.online_mw[i, q]

    m.FIXED_COSTS = index_set(p["fixed"][KEYS])
    m.always_open = parameter(m.FIXED_COSTS, p["fixed"].set_index(KEYS)["is_open"])
    m.OPEN_BY = indexed_set(m.FIXED_COSTS, p["open_by"], KEYS, ["commit"])
    activities: dict[str, _Activity] = {
        "site": (committing, ()),
        "building": (beginning, ("beginning_mw",)),
        "component": (lambda m, k, i, s, d: m.beginning_mw[i, s, d], ("beginning_mw",)),
        "fixed": (being_open, ()),
        "running": (online, ("online_mw",)),
    }
    m.SPENDING = index_set(p["periods"][["period"]])
    ledgers.open("capital_spending", m.SPENDING)
    for item in CAPITAL:
        paid = {name: part for name, part in p.items() if name.split("_")[0] == item}
        keys = {"component": COMPONENT_KEYS, "building": BEGINNING_KEYS}.get(item, KEYS)
        post_spending(m, ledgers, item, paid, p["periods"], keys, *activities[item])
    for item, charges in p.items():
        if item in ("open_by", "periods"):
            continue
        activity, reads = activities[item.split("_")[0]]
        kind = RESIDUAL if item.endswith("_residual") else CASH
        keys = [name for name in COMPONENT_KEYS if name in charges]
        post_cost(m, ledgers, item, charges, keys, activity, kind=kind, reads=reads)


def constrain(m: Any, p: dict[str, pd.DataFrame]) -> None:
    """Nothing is limited here."""


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cost of sites from the Build table alone, one decision at a time, in plain arithmetic."""
    settings, cal = data.one("Settings"), calendar(data)
    sites, periods = active_sites(data), cal.to_dict("index")
    days = begun_in_plan(data, tables["Build"]).set_index(KEYS)["begin"].to_dict()
    rows: list[dict[str, object]] = []
    running: list[dict[str, object]] = []
    for name, own in tables["Build"].groupby("site", sort=False):
        at: Any = sites.loc[str(name)]
        lead, both = at["block_lead_months"], at["site_lead_months"] + at["block_lead_months"]
        life, profile, growth = (
            at["life_years"],
            at["spend_profile"],
            settings.build_cost_escalation,
        )
        stands = life if at["end_of_life"] == RETIRED else math.inf
        land = Terms(at["site_lead_months"], both, profile, life, stands, growth)
        shell = Terms(lead, lead, profile, life, stands, growth)
        parts = _components_of(data, str(name), shell)
        held = at["is_open"]
        for record in own.to_dict("records"):
            when = periods[record["period"]]
            day = {**when, "begin": days.get((name, record["period"]), when["begin"])}
            taken = at["site_cost"] * (record["committed"] and not held)
            held, started = record["committed"], record["started_mw"]
            here = [
                *lives("site", taken, land, when, cal, settings),
                *lives("building", at["build_cost_per_mw"] * started, shell, day, cal, settings),
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
                    ("fixed", at["fixed_cost_per_year"] * held),
                    ("running", at["cost_per_mw_year"] * record["online_mw"]),
                )
            ]
    paid = [
        charge_rows("capital", pd.DataFrame(rows)),
        running_rows(data, "capital", pd.DataFrame(running)),
    ]
    return {"Cost": pd.concat([part for part in paid if len(part)] or paid[:1])}


def _components_of(data: Dataset, site: str, shell: Terms) -> list[tuple[str, float, Terms]]:
    """Components of a MW built at a site: name, price in the workbook's currency, and terms."""
    rates = dict(data["Currencies"][["currency", "per_workbook_currency"]].to_numpy())
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


FAMILY = Family(
    name="capital",
    title="Capital and running cost",
    order=25,
    sheets=(COMPONENTS,),
    ledgers=(
        Ledger(
            name="capital_spending",
            unit="M",
            over=("period",),
            meaning="Capital paid in the period, before discounting: sites, building, components, equipment, renewals.",
        ),
    ),
    costs=(
        CostTerm(
            item="site",
            kind=CASH,
            formula="sum_ip site_cost[i] (committed[i,p] - committed[i,p-1])",
            paid="by the spend profile over the site lead from the period's first day; of candidates alone",
            escalation="`build_cost_escalation` of Settings, to the first day of the lead",
        ),
        CostTerm(
            item="building",
            kind=CASH,
            formula="sum_is build_cost_per_mw[i] starting[i,s]",
            paid="by the spend profile over the block lead from the day on which building begins; renewals and residual as under Capital and running cost",
            escalation="`build_cost_escalation` of Settings, to the first day of the lead of that life",
        ),
        CostTerm(
            item="component",
            kind=CASH,
            formula="sum over components k, sum_is cost_per_mw[k,i] starting[i,s]",
            paid="as building, with a profile and life of its own",
            escalation="its own `escalation`, or else `build_cost_escalation`, to the first day of the lead of that life",
        ),
        CostTerm(
            item="fixed",
            kind=CASH,
            formula="sum_ip fixed_cost_per_year[i] years(p) open[i,p]",
            paid="evenly over the period; of an open site from the first period on, of a candidate from its commitment",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
        CostTerm(
            item="running",
            kind=CASH,
            formula="sum_ip cost_per_mw_year[i] years(p) online[i,p]",
            paid="evenly over the period",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
    ),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    recompute=recompute,
)
