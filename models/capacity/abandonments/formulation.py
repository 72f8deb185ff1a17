"""Abandonments: sites that are committed and given up before anything there goes into service.

In words
    A site that was committed may be abandoned while nothing there is in service: permitted or not,
    under construction or not. All that was started there is given up with it. On the day a sum is
    due, and another comes back, of the site and of each MW that was started. What was due by then is
    paid; payments due later end, of the site, of building and of components, and so does its fixed
    cost a year; and nothing of it is worth anything at the end of the horizon. An abandoned site is
    not committed again. Workers and equipment that were booked for what is given up stay booked,
    grid that was reserved stays reserved, and leases stay. What is in service is not abandoned: it
    is retired where its life ends.
Data
    Abandonments; the costs, leads and lives of Sites, and Components. ``room[i]``: the most of what
    is started, or in service, at a site, as under Sites and building. ``left[i,c,p]``: 1 where the
    commitment with the permit ``c`` is given up in p. ``d``: a day on which building begins. ``P``: the last period in which a site may be
    abandoned.
Time
    A site is abandoned on the first day of a period, a candidate in a later one than it is committed
    in. Payments that are spread evenly end on that day, and one that is due on it is paid.
Decides
    ``abandoned[site, period]`` (1 from the period in which it is abandoned on), of which follow
    ``left[site, permit, period]`` and ``dropped_mw[site, start, begins, period]`` (MW begun on a day
    that are given up in a period).
Limits
    ``abandoned[i,p-1] <= abandoned[i,p]``; of a candidate
    ``sum_c left[i,c,p] = abandoned[i,p] - abandoned[i,p-1]`` over the commitments before p, with
    ``left[i,c,p] <= permitted[i,c] - permitted[i,c-1]``;
    ``energised[i,p] <= room[i] (1 - abandoned[i,P])``;
    ``dropped_mw[i,s,d,p] <= room[i] (abandoned[i,p] - abandoned[i,p-1])`` and
    ``beginning[i,s,d] - room[i] (1 - abandoned[i,P]) <= sum_p dropped_mw[i,s,d,p] <= beginning[i,s,d]``
    over the periods after the start.
Reads and posts
    Reads ``permitted`` and ``beginning_mw``; posts ``installed_mw``, ``capital_spending`` and ``cost``.
Source
    Planner's convention; abandonment as an option of an investment: Trigeorgis (1996), Real Options,
    ch. 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set

from .._abandonments import DROP_KEYS, LEFT_KEYS, drops, left, possible_abandonments
from .._building import BEGINNING_KEYS, KEYS
from .._calendar import calendar
from .._money import CASH, RESIDUAL
from .._posting import post_cost, post_spending
from .derived import charges


@dataclass(frozen=True)
class Parameters:
    """Possible abandonments, what each gives up, and charges by item."""

    abandonments: pd.DataFrame
    left: pd.DataFrame
    drops: pd.DataFrame
    charges: Mapping[str, pd.DataFrame]
    periods: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    periods = calendar(data).reset_index()[["period", "position", "begin", "end"]]
    return Parameters(possible_abandonments(data), left(data), drops(data), charges(data), periods)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Variables of sites abandoned and of all that is given up with them, and postings of cost."""
    m.ABANDONMENTS = index_set(p.abandonments[KEYS])
    m.abandoned = pyo.Var(m.ABANDONMENTS, domain=pyo.Binary)
    earlier = p.abandonments.dropna(subset=["before"])
    m.ABANDONED_BEFORE = indexed_set(m.ABANDONMENTS, earlier, KEYS, ["before"])
    m.abandoning = pyo.Expression(
        m.ABANDONMENTS,
        rule=lambda m, i, q: (
            m.abandoned[i, q] - sum(m.abandoned[i, r] for r in m.ABANDONED_BEFORE[i, q])
        ),
    )
    m.LEFT = index_set(p.left[LEFT_KEYS])
    m.left = pyo.Var(m.LEFT, domain=pyo.NonNegativeReals, bounds=(0, 1))
    m.DROPS = index_set(p.drops[DROP_KEYS])
    m.dropped_mw = pyo.Var(
        m.DROPS,
        domain=pyo.NonNegativeReals,
        bounds=lambda m, i, s, d, q: (0, m.start_mw[i]),
    )
    _post_installed(m, p, ledgers)
    activities: dict[str, tuple[list[str], Callable[..., Any]]] = {
        "site": (LEFT_KEYS, lambda m, *key: m.left[key]),
        "building": (DROP_KEYS, lambda m, *key: m.dropped_mw[key]),
        "component": (["component", *DROP_KEYS], lambda m, k, *key: m.dropped_mw[key]),
    }
    for item, (keys, activity) in activities.items():
        paid = {name: part for name, part in p.charges.items() if name.startswith(item)}
        post_spending(m, ledgers, f"{item}_cancelled", paid, p.periods, keys, activity)
        for name, part in paid.items():
            kind = RESIDUAL if name.endswith("_residual") else CASH
            post_cost(m, ledgers, name, part, keys, activity, kind=kind)
    for name in ("abandonment", "abandonment_recovered"):
        post_cost(m, ledgers, name, p.charges[name], KEYS, lambda m, *key: m.abandoning[key])
        own = p.charges[f"{name}_per_mw"]
        post_cost(m, ledgers, f"{name}_per_mw", own, DROP_KEYS, lambda m, *k: m.dropped_mw[k])
    fixed = p.charges["fixed_ended"]
    m.FIXED_ENDED = index_set(fixed[KEYS])
    m.ENDED_BY_ABANDONING = indexed_set(m.FIXED_ENDED, fixed, KEYS, ["by"])
    post_cost(
        m,
        ledgers,
        "fixed_ended",
        fixed.drop(columns="by"),
        KEYS,
        lambda m, i, q: sum(m.abandoned[i, r] for r in m.ENDED_BY_ABANDONING[i, q]),
    )


def _post_installed(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Take MW that are delivered and given up from what is installed."""
    columns = [*DROP_KEYS, "position", "online_position", "gone_position"]
    both = p.drops[columns].merge(
        p.periods[["period", "position"]].rename(columns={"period": "in", "position": "at"}),
        how="cross",
    )
    since = both[["position", "online_position"]].max(axis=1)
    both = both[(both["at"] >= since) & (both["at"] < both["gone_position"])]
    m.DROPPED_BY = indexed_set(
        m.SITE_PERIODS, both.rename(columns={"in": "felt"}), ["site", "felt"], DROP_KEYS
    )
    ledgers.post(
        "installed_mw",
        "dropped",
        lambda m, i, q: -sum(m.dropped_mw[key] for key in m.DROPPED_BY[i, q]),
    )


def constrain(m: Any, p: Parameters) -> None:
    """A site abandoned was committed, serves nothing, and gives up all that was started."""
    later = p.abandonments.dropna(subset=["before"])[[*KEYS, "before"]]
    m.LATER_ABANDONMENTS = index_set(later)
    m.abandonment_kept = pyo.Constraint(
        m.LATER_ABANDONMENTS, rule=lambda m, i, q, r: m.abandoned[i, r] <= m.abandoned[i, q]
    )
    m.OF_CANDIDATES = index_set(p.abandonments.loc[~p.abandonments["is_open"], KEYS])
    m.LEFT_IN = indexed_set(m.OF_CANDIDATES, p.left, KEYS, ["permit"])
    m.abandoned_after_commitment = pyo.Constraint(
        m.OF_CANDIDATES,
        rule=lambda m, i, q: sum(m.left[i, k, q] for k in m.LEFT_IN[i, q]) == m.abandoning[i, q],
    )
    m.left_of_commitment = pyo.Constraint(
        m.LEFT,
        rule=lambda m, i, k, q: (
            m.left[i, k, q]
            <= m.permitted[i, k] - sum(m.permitted[i, r] for r in m.PERMIT_BEFORE[i, k])
        ),
    )
    last = p.abandonments.groupby("site")["period"].last().rename("last").reset_index()
    m.MAY_SERVE = index_set(frame_of(m.SERVICE, KEYS).merge(last, on="site"))
    m.served_if_kept = pyo.Constraint(
        m.MAY_SERVE,
        rule=lambda m, i, q, r: (
            m.energised[i, q] + m.service_mw[i] * m.abandoned[i, r] <= m.service_mw[i]
        ),
    )
    m.dropped_with_site = pyo.Constraint(
        m.DROPS,
        rule=lambda m, i, s, d, q: m.dropped_mw[i, s, d, q] <= m.start_mw[i] * m.abandoning[i, q],
    )
    begun = frame_of(m.BEGINNINGS, BEGINNING_KEYS).merge(last, on="site")
    m.MAY_BE_DROPPED = index_set(begun)
    dropped = p.drops.drop(columns="begin").rename(columns={"period": "in", "start": "period"})
    dropped = dropped.merge(last, on="site")
    m.DROPPED_IN = indexed_set(m.MAY_BE_DROPPED, dropped, [*BEGINNING_KEYS, "last"], ["in"])
    m.dropped_of_started = pyo.Constraint(
        m.MAY_BE_DROPPED,
        rule=lambda m, i, s, d, r: (
            sum(m.dropped_mw[i, s, d, q] for q in m.DROPPED_IN[i, s, d, r])
            <= m.beginning_mw[i, s, d]
        ),
    )
    m.all_dropped = pyo.Constraint(
        m.MAY_BE_DROPPED,
        rule=lambda m, i, s, d, r: (
            m.beginning_mw[i, s, d] + m.start_mw[i] * m.abandoned[i, r]
            <= m.start_mw[i] + sum(m.dropped_mw[i, s, d, q] for q in m.DROPPED_IN[i, s, d, r])
        ),
    )
