"""Resilience: what still stands when a site, zone, jurisdiction or a named set of them is lost.

In words
    For every event, whichever of its members fails, what is left covers the stated share of the
    demand that is served: in total, over the sites that may serve it (strength ``capacity``), or
    re-routed within latency and residency (strength ``deliverable``).
Data
    LossEvents, LossMembers; grid_zone and jurisdiction of Sites.
Decides
    ``lost_mw[event, period]``, no less than what any member loses.
Limits
    For an event ``e`` and each of its members ``k``, over the sites and demands of its reach:
    ``share_covered[e] sum_wri served[w,r,i,p] + lost[e,p] <= sum_i online[i,p]`` with
    ``share_lost[e] sum_{i in k} online[i,p] <= lost[e,p]``. Deliverable: for every set ``U`` of
    demands, ``share_covered[e] sum_wr served[w,r,p] <= sum_{wr not in U} served[w,r,p] +
    sum_{i reaching U} left[e,k,i] online[i,p]``, where ``left[e,k,i]`` is 1, less share_lost[e] where
    i fails with k; by max-flow min-cut this says that the share can be re-routed. There are too many
    sets to list: the least cut of each network that cannot carry its load is added when it is found.
Reads and posts
    Reads ``online_mw`` and ``served_mw``.
Source
    N-1 planning of power systems, on sites of an event's reach; Ford and Fulkerson (1956),
    doi:10.4153/CJM-1956-045-5, and Benders cuts of network design (Magnanti and Wong, 1984,
    doi:10.1287/trsc.18.1.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.cuts import Cuts
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter
from optalloc.modelling.solution import Solution

from .._minimum_cut import Routes, least_cut
from .derived import events_by_period, lost_sites, reach
from .sheets import DELIVERABLE, EVENT_KEYS, MEMBER_KEYS

SITE_KEYS = ["site", "period"]
LOAD_KEYS = ["workload", "region", "period"]


@dataclass(frozen=True)
class Parameters:
    """Events by period; the members, sites and demands of each."""

    events: pd.DataFrame
    members: pd.DataFrame
    reach: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    within = reach(data)[["event", "site"]].drop_duplicates()
    return Parameters(events_by_period(data), lost_sites(data).merge(within), reach(data))


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Variables of lost capacity."""
    m.LOSSES = index_set(p.events[EVENT_KEYS])
    m.lost_mw = pyo.Var(m.LOSSES, domain=pyo.NonNegativeReals)


def constrain(m: Any, p: Parameters) -> None:
    """Enough is left in total; `separate` finds where it cannot be re-routed."""
    events = p.events.set_index(EVENT_KEYS)
    m.share_lost = parameter(m.LOSSES, events["share_lost"])
    m.share_covered = parameter(m.LOSSES, events["share_covered"])
    m.EVENTS = index_set(p.events[["event"]].drop_duplicates())
    m.REACH_OF = indexed_set(
        m.EVENTS, p.reach[["event", "site"]].drop_duplicates(), ["event"], ["site"]
    )
    demands = p.reach[["event", "workload", "region"]].drop_duplicates()
    placed = demands.merge(frame_of(m.PLACED, ["workload", "region", "period"]))
    m.DEMANDS_OF = indexed_set(m.LOSSES, placed, EVENT_KEYS, ["workload", "region"])
    counted = p.events[EVENT_KEYS].merge(p.members[["event", "member"]].drop_duplicates())
    m.LOSS_MEMBERS = index_set(counted[MEMBER_KEYS])
    m.FAILING = index_set(p.members[["event", "member"]].drop_duplicates())
    m.SITES_LOST = indexed_set(m.FAILING, p.members, ["event", "member"], ["site"])
    m.loss_counted = pyo.Constraint(
        m.LOSS_MEMBERS,
        rule=lambda m, e, k, q: (
            m.share_lost[e, q] * sum(m.online_mw[i, q] for i in m.SITES_LOST[e, k])
            <= m.lost_mw[e, q]
        ),
    )
    m.survives_loss = pyo.Constraint(
        m.LOSSES,
        rule=lambda m, e, q: (
            m.share_covered[e, q] * sum(m.served_mw[w, r, q] for w, r in m.DEMANDS_OF[e, q])
            + m.lost_mw[e, q]
            <= sum(m.online_mw[i, q] for i in m.REACH_OF[e])
        ),
    )


def separates(data: Dataset) -> bool:
    """Return True if an event asks that what is left can be re-routed."""
    return bool((data.column("LossEvents", "strength") == DELIVERABLE).any())


def separate(data: Dataset, values: Solution) -> Iterator[Cuts]:
    """Cuts of the networks that cannot carry what a deliverable event asks for."""
    online, served = values.ledger("online_mw"), values.ledger("served_mw")
    capacity = online.set_index(SITE_KEYS)["value"].clip(lower=0.0).to_dict()
    load = served.set_index(LOAD_KEYS)["value"].clip(lower=0.0).to_dict()
    keys: list[tuple[Any, ...]] = []
    sites: list[tuple[Any, ...]] = []
    loads: list[tuple[Any, ...]] = []
    for event, member, q, routes, left in networks(data):
        asked = {pair: load[(*pair, q)] for pair in routes if (*pair, q) in load}
        given = {site: share * capacity[site, q] for site, share in left.items()}
        needed = event["share_covered"] * sum(asked.values())
        crossed = least_cut(given, asked, routes)
        if needed <= sum(given[i] for i in crossed.sites) + sum(asked[d] for d in crossed.demands):
            continue
        cut = len(keys)
        keys.append((event["event"], member, q))
        sites += [(cut, site, q, -left[site]) for site in crossed.sites]
        loads += [
            (cut, *pair, q, event["share_covered"] - (pair in crossed.demands)) for pair in asked
        ]
    terms = {
        "online_mw": pd.DataFrame(sites, columns=["cut", *SITE_KEYS, "coefficient"]),
        "served_mw": pd.DataFrame(loads, columns=["cut", *LOAD_KEYS, "coefficient"]),
    }
    names = pd.DataFrame(keys, columns=MEMBER_KEYS)
    yield Cuts(limit="delivers_after_loss", keys=names, at_most=np.zeros(len(keys)), terms=terms)


def networks(data: Dataset) -> Iterator[tuple[Any, str, str, Routes, dict[str, float]]]:
    """Each member of a deliverable event in each period: its routes, and the share left of sites."""
    members = lost_sites(data).groupby(["event", "member"])["site"].agg(set)
    by_event = {
        str(event): {
            (str(workload), str(region)): set(rows["site"])
            for (workload, region), rows in own.groupby(["workload", "region"])
        }
        for event, own in reach(data).groupby("event")
    }
    events = events_by_period(data)
    for event in events[events["strength"] == DELIVERABLE].to_dict("records"):
        routes = by_event.get(event["event"], {})
        within = set[str]().union(*routes.values())
        for member, gone in members.get(event["event"], pd.Series(dtype=object)).items():
            if within & gone:
                left = {i: 1.0 - event["share_lost"] * (i in gone) for i in sorted(within)}
                yield event, str(member), event["period"], routes, left
