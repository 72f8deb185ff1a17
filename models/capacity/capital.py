"""Capital and running cost of sites, and what capital is still worth at the end of the horizon.

In words
    Committing a site and building on it are paid over their leads. An open site costs a fixed sum
    a year and every MW online a yearly sum. Capital whose life ends within the horizon is renewed
    at its cost; what outlives the horizon is credited at its end, so that building late looks
    neither bad nor good only because the horizon ends. What stands already is not renewed.
Data
    The cost columns of Sites; rates, escalation and life of Settings.
Decides
    Nothing.
Reads and posts
    Reads ``starting_mw`` and ``online_mw``; posts ``cost``.
Source
    Capital, compounded to its online date at rate r, is credited at an age with
    ``(1-(1+r)^-(L-age)) / (1-(1+r)^-L)`` of itself, what is left of a level annuity over the life
    L (planner's convention; Brealey, Myers and Allen, Principles of Corporate Finance, ch. 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from optalloc.dataset import Dataset
from optalloc.family import Family, Ledger
from optalloc.program import Ledgers, index_set, indexed_set, parameter

from ._building import (
    KEYS,
    active_sites,
    open_by,
    possible_starts,
    site_periods,
    useful_commitments,
)
from ._calendar import calendar, first_position_at
from ._capital import capital_charges, lives, post_spending
from ._money import (
    CASH,
    RESIDUAL,
    charge_rows,
    post_cost,
    yearly_charges,
)


def parameters(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges by item of cost: for a commitment, a start, an open site and a MW online."""
    starts = possible_starts(data)
    commits = useful_commitments(data, starts)
    settings, cal = data.one("Settings"), calendar(data)
    begins = cal["begin"].to_numpy()
    lead = commits["site_lead_months"] + commits["block_lead_months"]
    ready = begins[first_position_at(cal, commits["begin"] + lead)]
    built = begins[starts["online_position"].to_numpy()]
    frame, growth = site_periods(data), settings.running_cost_escalation
    fixed = yearly_charges(data, frame[KEYS], frame["fixed_cost_per_year"], growth)
    return {
        **capital_charges(data, "site", commits, KEYS, "site_cost", "site_lead_months", ready),
        **capital_charges(
            data, "building", starts, KEYS, "build_cost_per_mw", "block_lead_months", built
        ),
        "fixed": fixed.assign(is_open=frame["is_open"]),
        "running": yearly_charges(data, frame[KEYS], frame["cost_per_mw_year"], growth),
        "open_by": open_by(data, commits),
        "periods": cal.reset_index()[["period", "begin", "end"]],
    }


def declare(m: Any, p: dict[str, pd.DataFrame], ledgers: Ledgers) -> None:
    """Postings of cost."""

    def committing(m: Any, i: Any, c: Any) -> Any:
        return m.committed[i, c] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, c])

    def starting(m: Any, i: Any, s: Any) -> Any:
        return m.starting_mw[i, s]

    def being_open(m: Any, i: Any, q: Any) -> Any:
        return m.always_open[i, q] + sum(m.committed[i, c] for c in m.OPEN_BY[i, q])

    def online(m: Any, i: Any, q: Any) -> Any:
        return m.online_mw[i, q]

    m.FIXED_COSTS = index_set(p["fixed"][KEYS])
    m.always_open = parameter(m.FIXED_COSTS, p["fixed"].set_index(KEYS)["is_open"])
    m.OPEN_BY = indexed_set(m.FIXED_COSTS, p["open_by"], KEYS, ["commit"])
    activities = {
        "site": (committing, ()),
        "building": (starting, ("starting_mw",)),
        "fixed": (being_open, ()),
        "running": (online, ("online_mw",)),
    }
    m.SPENDING = index_set(p["periods"][["period"]])
    ledgers.open("capital_spending", m.SPENDING)
    for item in ("site", "building"):
        charges = {name: part for name, part in p.items() if name.split("_")[0] == item}
        post_spending(m, ledgers, item, charges, p["periods"], KEYS, *activities[item])
    for name, part in p.items():
        if name in ("open_by", "periods"):
            continue
        activity, reads = activities[name.split("_")[0]]
        kind = RESIDUAL if name.endswith("_residual") else CASH
        post_cost(m, ledgers, name, part, KEYS, activity, kind=kind, reads=reads)


def constrain(m: Any, p: dict[str, pd.DataFrame]) -> None:
    """Nothing is limited here."""


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cost of sites from the Build table alone, one decision at a time, in plain arithmetic."""
    settings, cal = data.one("Settings"), calendar(data)
    sites = active_sites(data)
    rows: list[dict[str, object]] = []
    for name, own in tables["Build"].groupby("site", sort=False):
        at: Any = sites.loc[str(name)]
        lead, both = at["block_lead_months"], at["site_lead_months"] + at["block_lead_months"]
        held = at["is_open"]
        for record in own.to_dict("records"):
            when = cal.loc[record["period"]]
            taken = at["site_cost"] * (record["committed"] and not held)
            held = record["committed"]
            built = at["build_cost_per_mw"] * record["started_mw"]
            here = [
                *lives("site", taken, at, at["site_lead_months"], both, when, cal, settings),
                *lives("building", built, at, lead, lead, when, cal, settings),
                _running("fixed", at["fixed_cost_per_year"] * held, when, settings),
                _running("running", at["cost_per_mw_year"] * record["online_mw"], when, settings),
            ]
            rows += [
                {"subject": name, "site": name, "period": record["period"], **row} for row in here
            ]
    return {"Cost": charge_rows("capital", pd.DataFrame(rows))}


def _running(item: str, per_year: float, when: pd.Series, settings: Any) -> dict[str, object]:
    cash = per_year * when["years"] * (1 + settings.running_cost_escalation) ** (when["mid"] / 12)
    return {
        "item": item,
        "kind": CASH,
        "cash": cash,
        "present_value": cash * (1 + settings.discount_rate) ** (-when["mid"] / 12),
        "first_month": when["begin"],
        "last_month": when["end"],
    }


FAMILY = Family(
    name="capital",
    title="Capital and running cost",
    order=25,
    sheets=(),
    ledgers=(
        Ledger(
            name="capital_spending",
            unit="M",
            over=("period",),
            meaning="Capital paid in the period, before discounting: sites, building, equipment, renewals.",
        ),
    ),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    recompute=recompute,
)
