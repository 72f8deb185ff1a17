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
    Components; the cost columns of Sites; rates, escalation and life of Settings; lead_months and
    exercise_price of Options on land, in place of the site's own lead and cost.
Time
    Even spending is an integral: cash divided by the lead, discounted at each instant of it. Cost
    escalates from the base date to the first day of the lead and is fixed then. The k-th renewal, at
    a life L, is the same purchase k L years later: its lead begins k L years after the first, it
    escalates until then, and it is made where online + k L lies before the end of the horizon. A
    component at a site whose buildings are retired is renewed only before they leave service, with
    the last period that lies wholly within their life, and is credited for no longer than they
    last; the site's own cost is not renewed there. With residual_value the last life is credited
    at the end of the horizon, discounted from there: as an annuity, its present value, compounded to
    the day from which that life counts, times the share under Source, age counted from that day; in
    a straight line, what was paid for it, not compounded, times (L-age)/L. What costs a year is due
    for each period in full.
Decides
    Nothing.
Reads and posts
    Reads ``permitted``, ``beginning_mw`` and ``online_mw``; owns and posts ``capital_spending``; posts
    ``cost``.
Source
    Capital, compounded to its online date at rate r, is credited at an age with
    ``(1-(1+r)^-(L-age)) / (1-(1+r)^-L)`` of itself, what is left of a level annuity over the life
    L (planner's convention; Brealey, Myers and Allen, Principles of Corporate Finance, ch. 6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset, recalled
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._beginnings import PERMIT_KEYS
from .._building import (
    BEGINNING_KEYS,
    KEYS,
    open_by,
    site_costs,
    site_periods,
    useful_commitments,
)
from .._calendar import calendar
from .._capital_of_sites import (
    COMPONENT_KEYS,
    charges_of_buildings,
    charges_of_commitments,
    charges_of_components,
)
from .._money import CASH, RESIDUAL
from .._posting import post_cost, post_spending
from .._running_costs import yearly_charges

CAPITAL = ("site", "building", "component")
# Keys of what each item of capital is paid for.
SPENT_BY = {"site": PERMIT_KEYS, "building": BEGINNING_KEYS, "component": COMPONENT_KEYS}

# What a charge is multiplied by, and the ledgers that this reads.
_Activity = tuple[Callable[..., Any], tuple[str, ...]]


def parameters(data: Dataset) -> dict[str, pd.DataFrame]:
    """Charges by item of cost: for a commitment, a start, an open site and a MW online."""
    # Each recalled by itself, as a sweep changes the price of one of them.
    return {
        **recalled(charges_of_commitments, data),
        **recalled(charges_of_buildings, data),
        **recalled(charges_of_components, data),
        "fixed": recalled(_fixed, data),
        "running": recalled(_running, data),
        "open_by": recalled(_open_by, data),
        "periods": calendar(data).reset_index()[["period", "begin", "end"]],
    }


def _fixed(data: Dataset) -> pd.DataFrame:
    is_open = site_periods(data, "is_open")["is_open"]
    return _yearly(data, "fixed_cost_per_year").assign(is_open=is_open)


def _running(data: Dataset) -> pd.DataFrame:
    return _yearly(data, "cost_per_mw_year")


def _yearly(data: Dataset, cost: str) -> pd.DataFrame:
    """Charges of a yearly cost of sites, for each site and period."""
    keys = site_periods(data, *KEYS)
    per_year = site_costs(data, cost)[cost].reindex(keys["site"]).set_axis(keys.index)
    growth = data.one("Settings").running_cost_escalation
    return yearly_charges(data, keys, per_year, growth)


def _open_by(data: Dataset) -> pd.DataFrame:
    return open_by(data, useful_commitments(data))


def declare(m: Any, p: dict[str, pd.DataFrame], ledgers: Ledgers) -> None:
    """Postings of cost."""

    def committing(m: Any, i: Any, k: Any) -> Any:
        return m.permitted[i, k] - sum(m.permitted[i, r] for r in m.PERMIT_BEFORE[i, k])

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
        "site": (committing, ("permitted",)),
        "building": (beginning, ("beginning_mw",)),
        "component": (lambda m, k, i, s, d: m.beginning_mw[i, s, d], ("beginning_mw",)),
        "fixed": (being_open, ()),
        "running": (online, ("online_mw",)),
    }
    m.SPENDING = index_set(p["periods"][["period"]])
    ledgers.open("capital_spending", m.SPENDING)
    for item in CAPITAL:
        paid = {name: part for name, part in p.items() if name.split("_")[0] == item}
        post_spending(m, ledgers, item, paid, p["periods"], SPENT_BY[item], *activities[item])
    for item, charges in p.items():
        if item in ("open_by", "periods"):
            continue
        activity, reads = activities[item.split("_")[0]]
        kind = RESIDUAL if item.endswith("_residual") else CASH
        keys = SPENT_BY.get(item.split("_")[0], KEYS)
        post_cost(m, ledgers, item, charges, keys, activity, kind=kind, reads=reads)


def constrain(m: Any, p: dict[str, pd.DataFrame]) -> None:
    """Nothing is limited here."""
