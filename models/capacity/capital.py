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
    Reads ``starting_mw`` and ``online_mw``; owns and posts ``capital_spending``; posts ``cost``.
Source
    Capital, compounded to its online date at rate r, is credited at an age with
    ``(1-(1+r)^-(L-age)) / (1-(1+r)^-L)`` of itself, what is left of a level annuity over the life
    L (planner's convention; Brealey, Myers and Allen, Principles of Corporate Finance, ch. 6).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
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
from ._calendar import TINY_MONTHS, calendar, first_position_at
from ._money import (
    CASH,
    RESIDUAL,
    charge_rows,
    discount,
    escalated,
    post_cost,
    residual_share,
    spending_span,
    spread_discount,
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
        **_capital(data, "site", commits, "site_cost", "site_lead_months", ready),
        **_capital(data, "building", starts, "build_cost_per_mw", "block_lead_months", built),
        "fixed": fixed.assign(is_open=frame["is_open"]),
        "running": yearly_charges(data, frame[KEYS], frame["cost_per_mw_year"], growth),
        "open_by": open_by(data, commits),
        "periods": cal.reset_index()[["period", "begin", "end"]],
    }


def spending_by_period(charges: pd.DataFrame, periods: pd.DataFrame) -> pd.DataFrame:
    """Cash of each charge by the period it falls in: evenly over its span, or at a moment.

    Parameters
    ----------
    charges : pandas.DataFrame
        KEYS, cash, first_month and last_month; what falls beyond the horizon is left out.
    periods : pandas.DataFrame
        period, begin and end in months from the base date.

    Returns
    -------
    pandas.DataFrame
        spent_in, site, period and cash in M, each key once.
    """
    pairs = charges.merge(periods.rename(columns={"period": "spent_in"}), how="cross")
    span = pairs["last_month"] - pairs["first_month"]
    overlap = pairs[["last_month", "end"]].min(axis=1) - pairs[["first_month", "begin"]].max(axis=1)
    at_once = (pairs["first_month"] >= pairs["begin"]) & (pairs["first_month"] < pairs["end"])
    share = (overlap.clip(lower=0) / span.where(span > 0)).fillna(at_once.astype(float))
    pairs["cash"] *= share
    spent = pairs[pairs["cash"] != 0].groupby(["spent_in", *KEYS], sort=False)["cash"].sum()
    return spent.reset_index()


def _capital(
    data: Dataset, item: str, frame: pd.DataFrame, unit_cost: str, lead: str, online: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Charges of an item of capital: its first life, its renewals, and its credit at the end."""
    settings, horizon = data.one("Settings"), calendar(data)["end"].iloc[-1]
    rate = settings.discount_rate
    charges = {}
    credit = pd.Series(0.0, index=frame.index)
    for life in itertools.count():
        later = 12.0 * life * frame["life_years"]
        since = online + later
        now = frame.assign(begin=frame["begin"] + later)[since < horizon - TINY_MONTHS]
        if now.empty:
            break
        since = since[now.index]
        span = spending_span(now, lead)
        cash = now[unit_cost] * escalated(settings.build_cost_escalation, now["begin"])
        value = cash * spread_discount(rate, span["first_month"], span["last_month"])
        name = f"{item}_renewal_{life}" if life else item
        charges[name] = span.join(now[KEYS]).assign(cash=cash, present_value=value)
        left = residual_share(rate, (horizon - since) / 12.0, now["life_years"])
        credit[now.index] -= value / discount(rate, since) * left
    if settings.residual_value:
        charges[f"{item}_residual"] = frame[KEYS].assign(
            cash=credit,
            present_value=credit * discount(rate, credit * 0.0 + horizon),
            first_month=horizon,
            last_month=horizon,
        )
    return charges


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
    _post_spending(m, p, ledgers, committing)
    for item, charges in p.items():
        if item in ("open_by", "periods"):
            continue
        activity, reads = activities[item.split("_")[0]]
        kind = RESIDUAL if item.endswith("_residual") else CASH
        post_cost(m, ledgers, item, charges, KEYS, activity, kind=kind, reads=reads)


def _post_spending(
    m: Any, p: dict[str, pd.DataFrame], ledgers: Ledgers, committing: Callable[..., Any]
) -> None:
    """Capital cash by the period in which it is paid."""
    m.SPENDING = index_set(p["periods"][["period"]])
    ledgers.open("capital_spending", m.SPENDING)
    activities: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
        "site": (committing, ()),
        "building": (lambda m, i, s: m.starting_mw[i, s], ("starting_mw",)),
    }
    for item, (activity, reads) in activities.items():
        parts = [
            charges
            for name, charges in p.items()
            if name.split("_")[0] == item and not name.endswith("_residual")
        ]
        columns = [*KEYS, "cash", "first_month", "last_month"]
        charges = pd.concat([part[columns] for part in parts]) if parts else None
        if charges is None or charges.empty:
            continue
        spent = spending_by_period(charges, p["periods"])
        keys = ["spent_in", *KEYS]
        index = index_set(spent[keys])
        m.add_component(f"{item}_spending_keys", index)
        cash = parameter(index, spent.set_index(keys)["cash"])
        m.add_component(f"{item}_spending", cash)
        own = indexed_set(m.SPENDING, spent, ["spent_in"], KEYS)
        m.add_component(f"{item}_spent_in", own)
        ledgers.post(
            "capital_spending",
            item,
            lambda m, q, own=own, cash=cash, activity=activity: sum(
                cash[q, i, s] * activity(m, i, s) for i, s in own[q]
            ),
            reads=reads,
        )


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
                *_lives("site", taken, at, at["site_lead_months"], both, when, cal, settings),
                *_lives("building", built, at, lead, lead, when, cal, settings),
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


def _lives(
    item: str,
    amount: float,
    at: pd.Series,
    lead: float,
    to_online: float,
    when: pd.Series,
    cal: pd.DataFrame,
    settings: Any,
) -> Iterator[dict[str, object]]:
    """Payments of capital, life after life to the horizon, and the credit of the last one."""
    if amount == 0:
        return
    rate, end, life = settings.discount_rate, cal["end"].iloc[-1], at["life_years"]
    online = cal["begin"][cal["begin"] >= when["begin"] + to_online - TINY_MONTHS]
    since = online.iloc[0] if len(online) else end
    lives = max(1, math.ceil((end - since - TINY_MONTHS) / (12 * life)))
    for k in range(lives):
        begin = when["begin"] + 12 * life * k
        first = begin + (lead if at["spend_profile"] == "at_end" else 0.0)
        last = begin + (0.0 if at["spend_profile"] == "at_start" else lead)
        cash = amount * (1 + settings.build_cost_escalation) ** (begin / 12)
        spread = (last - first) / 12
        factor = (1 - (1 + rate) ** -spread) / (spread * math.log(1 + rate)) if spread * rate else 1
        value = cash * (1 + rate) ** (-first / 12) * factor
        yield {
            "item": f"{item}_renewal_{k}" if k else item,
            "kind": CASH,
            "cash": cash,
            "present_value": value,
            "first_month": first,
            "last_month": last,
        }
    if settings.residual_value:
        left = life * lives - (end - since) / 12
        share = (1 - (1 + rate) ** -left) / (1 - (1 + rate) ** -life) if rate else left / life
        # Compounded to the online date of the last life, and so much of it credited at the end.
        credit = value * (1 + rate) ** (since / 12 + life * (lives - 1)) * share
        yield {
            "item": f"{item}_residual",
            "kind": RESIDUAL,
            "cash": -credit,
            "present_value": -credit * (1 + rate) ** (-end / 12),
            "first_month": end,
            "last_month": end,
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
            meaning="Capital paid in the period, before discounting: sites, building, renewals.",
        ),
    ),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    recompute=recompute,
)
