"""Sites and building: where capacity stands, what is committed and started, and when it is online.

In words
    A site is committed once and for good, and its permit arrives a site lead later; one that is
    committed or existing already has it. Building of a start begins on a day: the latest of the first
    day of its period, the site's earliest start, and the day on which the permit arrives. Spending,
    work and equipment follow that day. It is delivered a block lead later, and online from the first
    period that begins then or later. What is online may be energised at once or later, and stays
    energised; where what is built is retired, in the periods that lie wholly within its life.
    Capacity may be leased ready-made besides.
Data
    Sites. ``room[i]``: max_mw less what stands or is under construction, in whole blocks where a
    site has blocks, and no more than can be needed there (``_capacity_bounds.py``): of what is in service, the
    demand with reserve that may be served there or what limits on capacity ask beyond it; of what
    is started, that in whole blocks and no less than the minimum. ``started_mw[i,s]``: started times
    block_mw, or started itself where a site has no blocks.
Time
    ``online(s)`` of what is started is the first day of the first period that begins a block lead or
    more after building begins: life and age count from it, payment does not. Sites that are
    committed or existing are open from the first period on: they have no site lead and their site
    cost is behind them. What stands or is under construction has no life: it is neither renewed nor
    retired nor credited. Capacity under construction serves from the first period that begins on its
    date or later. A start that could serve no whole period within its life and the horizon has no
    variable, nor has a commitment that is too late for every start.
Decides
    ``committed[site, period]`` (1 from the period of commitment on), ``started[site, period]``
    (cumulative whole blocks, or MW where a site has no blocks), ``energised[site, period]`` (MW of
    new capacity in service), ``late_mw[site, permit]`` (MW started in the period in which that
    permit arrives, that begin on the day it does), ``begun[site, period]`` (1 once
    something is started, where the first start has a minimum, or has one in another scenario).
Limits
    With ``permit(c) = begin(c) + site_lead`` and ``soonest(s)`` the later of begin(s) and the site's
    earliest start, which lies before end(s): ``L(s)``, the late permits of a start in s, are those
    with soonest(s) < permit(c) < end(s), and q is the latest with permit(q) <= soonest(s).
    ``started_mw[i,s] - sum_{c in L(s)} late_mw[i,c] <= room[i] permitted[i,q]``;
    ``late_mw[i,c] <= room[i] (permitted[i,c] - permitted[i,c-1])``;
    ``sum_{c in L(s)} late_mw[i,c] <= started_mw[i,s] - started_mw[i,s-1]``;
    ``energised[i,p] <= delivered[i,p] - expired[i,p]``, where ``delivered[i,p]`` is started_mw[i,s] less
    ``late_mw[i,c]`` of the c in L(s) with permit(c) + block_lead > begin(p), s the latest with
    soonest(s) + block_lead <= begin(p); ``energised[i,p] <= room[i] permitted[i,q]``, q the latest
    with both leads before begin(p);
    ``energised[i,p-1] - (expired[i,p] - expired[i,p-1]) <= energised[i,p]``. ``expired[i,p]`` is what
    was started so early that its life ends before end(p), where what is built is retired; else 0.
    In a plan one c has ``permitted[i,c] - permitted[i,c-1] = 1``, so that all of a start begins on one
    day, and ``late_mw`` says no more than committed and started do. ``permitted[i,c]`` is
    ``committed[i,c]``. By exercising an option on land a site is committed with another lead: those
    permits have a ``permitted`` of their own, which the site's own lacks, and right-hand sides are sums
    over the latest of each kind.
    A first start is at least the site's minimum, and a period starts at most so many blocks. What
    cannot serve one period within the horizon has no variable. Cumulative variables give a far
    tighter relaxation than one variable per period of start.
Reads and posts
    Owns and posts ``permitted``, from which and to which options post; owns and posts
    ``online_mw``, ``installed_mw``, ``starting_mw`` and ``beginning_mw``.
Source
    Capacitated facility location in periods (Melo, Nickel and Saldanha-da-Gama, 2009,
    doi:10.1016/j.ejor.2008.05.007), with planner's conventions for leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._beginnings import (
    PERMIT_KEYS,
    late_permits,
    permits,
    permits_on_time,
    possible_beginnings,
)
from .._building import (
    BEGINNING_KEYS,
    KEYS,
    active_sites,
    possible_starts,
    standing_mw,
    useful_commitments,
)
from .._calendar import calendar
from .._capacity_bounds import useful_sites
from .._service import possible_service, ripe_permits, undelivered, unexpired


@dataclass(frozen=True)
class Parameters:
    """Frames from which the rules are built; each has one row per member of a Pyomo set."""

    sites: pd.DataFrame
    standing: pd.DataFrame
    commits: pd.DataFrame
    permits: pd.DataFrame
    on_time: pd.DataFrame
    starts: pd.DataFrame
    late: pd.DataFrame
    beginnings: pd.DataFrame
    service: pd.DataFrame
    ripe: pd.DataFrame
    undelivered: pd.DataFrame
    unexpired: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    names = calendar(data).index.to_numpy()
    sizes = ["block_mw", "max_blocks_per_period", "min_mw"]
    starts = possible_starts(data, *KEYS, "previous", "is_open", *sizes)
    beginnings = possible_beginnings(data, *BEGINNING_KEYS, "is_late")
    needed = ["start", "previous", "expired", "ripe_position", "ripe_needed"]
    service = possible_service(data, *KEYS, *needed)
    service["ripe"] = names[service["ripe_position"].astype(int)]
    commits = useful_commitments(data, *KEYS, "previous")
    sites = active_sites(data, "site", "block_mw").reset_index(drop=True)
    sites = sites.merge(useful_sites(data), on="site")
    return Parameters(
        sites,
        standing_mw(data),
        commits,
        permits(data, *PERMIT_KEYS, "option", "period", "before"),
        permits_on_time(data),
        starts,
        late_permits(data, *BEGINNING_KEYS, "permit"),
        beginnings,
        service,
        ripe_permits(data, *KEYS, "permit"),
        undelivered(data),
        unexpired(data),
    )


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Sets, variables, and postings of capacity."""
    m.SITES = index_set(p.sites[["site"]])
    m.SITE_PERIODS = index_set(p.standing[KEYS])
    m.COMMITS = index_set(p.commits[KEYS])
    m.STARTS = index_set(p.starts[KEYS])
    m.SERVICE = index_set(p.service[KEYS])
    sites = p.sites.set_index("site")
    m.start_mw = parameter(m.SITES, sites["start_mw"])
    m.service_mw = parameter(m.SITES, sites["service_mw"])
    # Of a block larger than all that can be in service, so much and no more counts.
    counts = (sites["service_mw"] / sites["block_mw"]).clip(upper=1.0)
    m.share_of_use = parameter(m.SITES, counts.fillna(1.0))
    m.standing_mw = parameter(m.SITE_PERIODS, p.standing.set_index(KEYS)["standing_mw"])
    m.committed = pyo.Var(m.COMMITS, domain=pyo.Binary)
    m.energised = pyo.Var(
        m.SERVICE, domain=pyo.NonNegativeReals, bounds=lambda m, i, q: (0, m.service_mw[i])
    )
    # One unit is one block, or one MW where a site has no blocks.
    whole = sites["block_mw"].notna()
    domains = whole.map({True: pyo.NonNegativeIntegers, False: pyo.NonNegativeReals})
    m.unit_mw = parameter(m.SITES, sites["block_mw"].fillna(1.0))
    m.start_units = parameter(m.SITES, sites["start_units"])
    m.started = pyo.Var(
        m.STARTS,
        domain=lambda m, i, s: domains[i],
        bounds=lambda m, i, s: (0, m.start_units[i]),
    )
    m.started_mw = pyo.Expression(m.STARTS, rule=lambda m, i, s: m.unit_mw[i] * m.started[i, s])
    _declare_permits(m, p)

    # Sets of at most one member stand in for "if there is one", which a rule must not ask.
    m.START_BEFORE = indexed_set(m.STARTS, p.starts.dropna(subset=["previous"]), KEYS, ["previous"])
    m.COMMIT_BEFORE = indexed_set(
        m.COMMITS, p.commits.dropna(subset=["previous"]), KEYS, ["previous"]
    )
    m.IN_SERVICE = indexed_set(
        m.SITE_PERIODS, p.service.assign(same=p.service["period"]), KEYS, ["same"]
    )
    m.DELIVERED_BY = indexed_set(m.SITE_PERIODS, p.service, KEYS, ["start"])
    m.EXPIRED_BY = indexed_set(
        m.SITE_PERIODS, p.service.dropna(subset=["expired"]), KEYS, ["expired"]
    )
    m.delivered_mw = pyo.Expression(
        m.SITE_PERIODS,
        rule=lambda m, i, q: (
            sum(m.started_mw[i, s] for s in m.DELIVERED_BY[i, q])
            - sum(m.late_mw[i, k] for k in m.UNDELIVERED[i, q])
        ),
    )
    m.expired_mw = pyo.Expression(
        m.SITE_PERIODS,
        rule=lambda m, i, q: (
            sum(m.started_mw[i, s] for s in m.EXPIRED_BY[i, q])
            - sum(m.late_mw[i, k] for k in m.UNEXPIRED[i, q])
        ),
    )
    m.BEGINNINGS = index_set(p.beginnings[BEGINNING_KEYS])
    soon = p.beginnings[~p.beginnings["is_late"].astype(bool)]
    m.BEGINS_LATE = indexed_set(m.BEGINNINGS, p.late, BEGINNING_KEYS, ["permit"])
    m.BEGINS_SOON = indexed_set(
        m.BEGINNINGS, soon.assign(same=soon["period"]), BEGINNING_KEYS, ["same"]
    )

    ledgers.open("permitted", m.PERMITS)
    ledgers.post(
        "permitted",
        "committed",
        lambda m, i, k: sum(m.committed[i, c] for c in m.COMMITS_FOR[i, k]),
    )
    ledgers.open("online_mw", m.SITE_PERIODS)
    ledgers.open("installed_mw", m.SITE_PERIODS)
    ledgers.open("starting_mw", m.STARTS)
    ledgers.post("online_mw", "standing", lambda m, i, q: m.standing_mw[i, q])
    ledgers.post(
        "online_mw", "new", lambda m, i, q: sum(m.energised[i, r] for r in m.IN_SERVICE[i, q])
    )
    ledgers.post("installed_mw", "standing", lambda m, i, q: m.standing_mw[i, q])
    ledgers.post(
        "installed_mw",
        "new",
        lambda m, i, q: m.delivered_mw[i, q] - m.expired_mw[i, q],
    )
    ledgers.post(
        "starting_mw",
        "new",
        lambda m, i, s: m.started_mw[i, s] - sum(m.started_mw[i, r] for r in m.START_BEFORE[i, s]),
    )
    ledgers.open("beginning_mw", m.BEGINNINGS)
    ledgers.post(
        "beginning_mw",
        "new",
        lambda m, i, s, d: (
            sum(m.late_mw[i, k] for k in m.BEGINS_LATE[i, s, d])
            + sum(
                m.starting_mw[i, r] - sum(m.late_mw[i, k] for k in m.LATE_IN[i, r])
                for r in m.BEGINS_SOON[i, s, d]
            )
        ),
        reads=("starting_mw",),
    )


def _declare_permits(m: Any, p: Parameters) -> None:
    m.LATE = index_set(p.late[PERMIT_KEYS])
    m.late_mw = pyo.Var(
        m.LATE, domain=pyo.NonNegativeReals, bounds=lambda m, i, k: (0, m.start_mw[i])
    )
    m.LATE_IN = indexed_set(m.STARTS, p.late, KEYS, ["permit"])
    m.UNDELIVERED = indexed_set(m.SITE_PERIODS, p.undelivered, KEYS, ["permit"])
    m.UNEXPIRED = indexed_set(m.SITE_PERIODS, p.unexpired, KEYS, ["permit"])
    m.PERMITS = index_set(p.permits[PERMIT_KEYS])
    plain, later = p.permits[p.permits["option"].isna()], p.permits.dropna(subset=["before"])
    m.COMMITS_FOR = indexed_set(m.PERMITS, plain, PERMIT_KEYS, ["period"])
    m.PERMIT_BEFORE = indexed_set(m.PERMITS, later, PERMIT_KEYS, ["before"])


def constrain(m: Any, p: Parameters) -> None:
    """Limits on what is committed, started and in service."""
    later = p.starts.dropna(subset=["previous"])
    m.LATER_STARTS = index_set(later[[*KEYS, "previous"]])
    m.starts_kept = pyo.Constraint(
        m.LATER_STARTS, rule=lambda m, i, s, r: m.started_mw[i, r] <= m.started_mw[i, s]
    )
    m.LATER_COMMITS = index_set(p.commits.dropna(subset=["previous"])[[*KEYS, "previous"]])
    m.commitment_kept = pyo.Constraint(
        m.LATER_COMMITS, rule=lambda m, i, c, r: m.committed[i, r] <= m.committed[i, c]
    )
    m.NEED_PERMIT = index_set(p.starts.loc[~p.starts["is_open"], KEYS])
    m.ON_TIME = indexed_set(m.NEED_PERMIT, p.on_time, KEYS, ["permit"])
    m.starts_on_committed_site = pyo.Constraint(
        m.NEED_PERMIT,
        rule=lambda m, i, s: (
            m.started_mw[i, s] - sum(m.late_mw[i, k] for k in m.LATE_IN[i, s])
            <= m.start_mw[i] * sum(m.permitted[i, k] for k in m.ON_TIME[i, s])
        ),
    )
    m.late_on_committed_site = pyo.Constraint(
        m.LATE,
        rule=lambda m, i, k: (
            m.late_mw[i, k]
            <= m.start_mw[i]
            * (m.permitted[i, k] - sum(m.permitted[i, r] for r in m.PERMIT_BEFORE[i, k]))
        ),
    )
    m.LATE_STARTS = index_set(p.late[KEYS].drop_duplicates())
    m.late_within_start = pyo.Constraint(
        m.LATE_STARTS,
        rule=lambda m, i, s: sum(m.late_mw[i, k] for k in m.LATE_IN[i, s]) <= m.starting_mw[i, s],
    )
    m.service_after_block_lead = pyo.Constraint(
        m.SERVICE,
        rule=lambda m, i, q: (
            m.energised[i, q] <= m.share_of_use[i] * (m.delivered_mw[i, q] - m.expired_mw[i, q])
        ),
    )
    needed = p.service.loc[p.service["ripe_needed"], [*KEYS, "ripe"]]
    m.RIPE = index_set(needed)
    m.RIPE_PERMITS = indexed_set(m.RIPE, needed.merge(p.ripe), [*KEYS, "ripe"], ["permit"])
    m.service_after_both_leads = pyo.Constraint(
        m.RIPE,
        rule=lambda m, i, q, c: (
            m.energised[i, q]
            <= m.service_mw[i] * sum(m.permitted[i, k] for k in m.RIPE_PERMITS[i, q, c])
        ),
    )
    m.HELD = index_set(p.service.dropna(subset=["previous"])[[*KEYS, "previous"]])
    m.service_kept = pyo.Constraint(
        m.HELD,
        rule=lambda m, i, q, r: (
            m.energised[i, r] + m.expired_mw[i, r] <= m.energised[i, q] + m.expired_mw[i, q]
        ),
    )
    _constrain_sizes(m, p)


def _constrain_sizes(m: Any, p: Parameters) -> None:
    paced = p.starts[p.starts["max_blocks_per_period"].notna() & p.starts["block_mw"].notna()]
    m.PACED = index_set(paced[KEYS])
    m.pace_mw = parameter(
        m.PACED,
        (paced["max_blocks_per_period"] * paced["block_mw"]).set_axis(
            pd.MultiIndex.from_frame(paced[KEYS])
        ),
    )
    m.blocks_per_period = pyo.Constraint(
        m.PACED, rule=lambda m, i, s: m.starting_mw[i, s] <= m.pace_mw[i, s]
    )
    # A whole block that is no smaller than the minimum meets it by itself.
    greatest = p.starts["site"].map(p.sites.set_index("site")["greatest_min_mw"])
    floor = p.starts[greatest > p.starts["block_mw"].fillna(0.0)]
    m.FIRST_STARTS = index_set(floor[KEYS])
    m.first_mw = parameter(m.FIRST_STARTS, floor.set_index(KEYS)["min_mw"])
    m.begun = pyo.Var(m.FIRST_STARTS, domain=pyo.Binary)
    m.first_start_large_enough = pyo.Constraint(
        m.FIRST_STARTS, rule=lambda m, i, s: m.first_mw[i, s] * m.begun[i, s] <= m.started_mw[i, s]
    )
    m.start_marked = pyo.Constraint(
        m.FIRST_STARTS, rule=lambda m, i, s: m.started_mw[i, s] <= m.start_mw[i] * m.begun[i, s]
    )
    # Beside a minimum larger than all that can be in service, what is in service says it better.
    delivered = p.service[[*KEYS, "start"]].merge(
        floor[["site", "period", "min_mw"]].rename(columns={"period": "start"})
    )
    most = delivered["site"].map(p.sites.set_index("site")["service_mw"])
    m.SMALL_SERVICE = index_set(delivered.loc[delivered["min_mw"] > most, [*KEYS, "start"]])
    m.service_begun = pyo.Constraint(
        m.SMALL_SERVICE,
        rule=lambda m, i, q, s: m.energised[i, q] <= m.service_mw[i] * m.begun[i, s],
    )
