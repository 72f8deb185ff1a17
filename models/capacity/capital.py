"""Capital and running cost of sites, and what capital is still worth at the end of the horizon.

In words
    Committing a site and building on it are paid over their leads. An open site costs a fixed sum
    a year and every MW online a yearly sum. Capital that outlives the horizon is credited, so that
    building late looks neither bad nor good only because the horizon ends.
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

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset
from optalloc.family import Family
from optalloc.program import Ledgers, index_set, indexed_set

from ._building import (
    KEYS,
    active_sites,
    open_by,
    possible_starts,
    site_periods,
    useful_commitments,
)
from ._calendar import calendar, first_position_at
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
)


def parameters(data: Dataset) -> dict[str, pd.DataFrame]:
    """What a commitment, a start, an open year and a MW-year online cost, and the credits."""
    starts = possible_starts(data)
    commits = useful_commitments(data, starts)
    settings = data.one("Settings")
    cal = calendar(data)
    rate, horizon = settings.discount_rate, cal["end"].iloc[-1]

    def capital(frame: pd.DataFrame, unit_cost: str, lead: str, online: pd.Series) -> pd.DataFrame:
        span = spending_span(frame, lead)
        cash = frame[unit_cost] * escalated(settings.build_cost_escalation, frame["begin"])
        value = cash * spread_discount(rate, span["first_month"], span["last_month"])
        left = residual_share(rate, (horizon - online) / 12.0, frame["life_years"])
        credit = -value / discount(rate, online) * left
        return span.assign(
            site=frame["site"],
            period=frame["period"],
            cash=cash,
            present_value=value,
            credit=credit,
        )

    def credited(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(
            cash=frame["credit"],
            present_value=frame["credit"] * discount(rate, [horizon])[0],
            first_month=horizon,
            last_month=horizon,
        )

    begins = np.append(cal["begin"].to_numpy(), horizon)
    build = capital(
        starts,
        "build_cost_per_mw",
        "block_lead_months",
        pd.Series(begins[starts["online_position"].to_numpy()]),
    )
    ready = commits["begin"] + commits["site_lead_months"] + commits["block_lead_months"]
    site = capital(
        commits,
        "site_cost",
        "site_lead_months",
        pd.Series(begins[first_position_at(cal, ready)]),
    )
    frame = site_periods(data)
    growth = escalated(settings.running_cost_escalation, frame["mid"]) * frame["years"]
    yearly = frame[[*KEYS, "is_open"]].assign(first_month=frame["begin"], last_month=frame["end"])
    factor = discount(rate, frame["mid"])
    out = {"building": build, "site": site, "open_by": open_by(data, commits)}
    if settings.residual_value:
        out |= {"building_residual": credited(build), "site_residual": credited(site)}
    for name, column in (("fixed", "fixed_cost_per_year"), ("running", "cost_per_mw_year")):
        cash = frame[column] * growth
        out[name] = yearly.assign(cash=cash, present_value=cash * factor)
    return out


def declare(m: Any, p: dict[str, pd.DataFrame], ledgers: Ledgers) -> None:
    """Postings of cost."""

    def committing(m: Any, i: Any, c: Any) -> Any:
        return m.committed[i, c] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, c])

    def starting(m: Any, i: Any, s: Any) -> Any:
        return m.starting_mw[i, s]

    post_cost(m, ledgers, "site", p["site"], KEYS, committing)
    post_cost(m, ledgers, "building", p["building"], KEYS, starting, reads=("starting_mw",))
    if "site_residual" in p:
        post_cost(m, ledgers, "site_residual", p["site_residual"], KEYS, committing, kind=RESIDUAL)
        post_cost(
            m,
            ledgers,
            "building_residual",
            p["building_residual"],
            KEYS,
            starting,
            kind=RESIDUAL,
            reads=("starting_mw",),
        )
    fixed = p["fixed"]
    candidates = fixed.merge(p["open_by"][KEYS], on=KEYS)
    post_cost(m, ledgers, "fixed_open", fixed[fixed["is_open"]], KEYS, lambda m, i, q: 1.0)
    m.FIXED_COST_PERIODS = index_set(p["open_by"][KEYS])
    m.OPEN_BY = indexed_set(m.FIXED_COST_PERIODS, p["open_by"], KEYS, ["commit"])
    post_cost(
        m,
        ledgers,
        "fixed",
        candidates,
        KEYS,
        lambda m, i, q: sum(m.committed[i, c] for c in m.OPEN_BY[i, q]),
    )
    post_cost(
        m,
        ledgers,
        "running",
        p["running"],
        KEYS,
        lambda m, i, q: m.online_mw[i, q],
        reads=("online_mw",),
    )


def constrain(m: Any, p: dict[str, pd.DataFrame]) -> None:
    """Nothing is limited here."""


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cost of sites from the Build table alone, one decision at a time."""
    settings = data.one("Settings")
    cal = calendar(data)
    sites = active_sites(data)
    build = tables["Build"]
    rows: list[dict[str, object]] = []
    for site, own in build.groupby("site", sort=False):
        was_committed = False
        for record in own.to_dict("records"):
            period = cal.loc[record["period"]]
            at = sites.loc[site]
            here = {"subject": site, "site": site, "period": record["period"]}
            if record["committed"] and not was_committed and not at["is_open"]:
                rows += _capital_rows(
                    "site",
                    at["site_cost"],
                    at["site_lead_months"],
                    at["site_lead_months"] + at["block_lead_months"],
                    period,
                    at,
                    cal,
                    settings,
                    here,
                )
            was_committed = bool(record["committed"])
            if record["started_mw"]:
                rows += _capital_rows(
                    "building",
                    at["build_cost_per_mw"] * record["started_mw"],
                    at["block_lead_months"],
                    at["block_lead_months"],
                    period,
                    at,
                    cal,
                    settings,
                    here,
                )
            yearly = at["cost_per_mw_year"] * record["online_mw"]
            growth = (1 + settings.running_cost_escalation) ** (period["mid"] / 12)
            value = (1 + settings.discount_rate) ** (-period["mid"] / 12)
            span = {"first_month": period["begin"], "last_month": period["end"]}
            fixed = "fixed_open" if at["is_open"] else "fixed"
            for item, sum_per_year in (
                (fixed, at["fixed_cost_per_year"] * was_committed),
                ("running", yearly),
            ):
                cash = sum_per_year * growth * period["years"]
                rows.append(
                    {
                        **here,
                        "item": item,
                        "kind": CASH,
                        "cash": cash,
                        "present_value": cash * value,
                        **span,
                    }
                )
    return {"Cost": charge_rows("capital", pd.DataFrame(rows))}


def _capital_rows(
    item: str,
    amount: float,
    lead: float,
    to_online: float,
    period: pd.Series,
    at: pd.Series,
    cal: pd.DataFrame,
    settings: Any,
    here: dict[str, object],
) -> list[dict[str, object]]:
    """One payment of capital and its credit at the horizon, in plain arithmetic."""
    rate = settings.discount_rate
    begin, end = period["begin"], cal["end"].iloc[-1]
    first = begin + (lead if at["spend_profile"] == "at_end" else 0.0)
    last = begin + (0.0 if at["spend_profile"] == "at_start" else lead)
    cash = amount * (1 + settings.build_cost_escalation) ** (begin / 12)
    spread = (last - first) / 12
    mean = (1 - (1 + rate) ** -spread) / (spread * np.log(1 + rate)) if spread * rate > 0 else 1.0
    value = cash * (1 + rate) ** (-first / 12) * mean
    paid = {
        **here,
        "item": item,
        "kind": CASH,
        "cash": cash,
        "present_value": value,
        "first_month": first,
        "last_month": last,
    }
    if not settings.residual_value:
        return [paid]
    later = cal["begin"][cal["begin"] >= begin + to_online - 1e-6]
    online = later.iloc[0] if len(later) else end
    life, left = at["life_years"], max(at["life_years"] - (end - online) / 12, 0.0)
    share = left / life if rate == 0 else (1 - (1 + rate) ** -left) / (1 - (1 + rate) ** -life)
    credit = -value * (1 + rate) ** (online / 12) * share
    return [
        paid,
        {
            **here,
            "item": f"{item}_residual",
            "kind": RESIDUAL,
            "cash": credit,
            "present_value": credit * (1 + rate) ** (-end / 12),
            "first_month": end,
            "last_month": end,
        },
    ]


FAMILY = Family(
    name="capital",
    title="Capital and running cost",
    order=25,
    sheets=(),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    recompute=recompute,
)
