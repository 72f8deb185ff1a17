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
    site has blocks, and no more than can be needed there (``_need.py``): of what is in service, the
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
    new capacity in service), ``late_mw[site, commitment]`` (MW started in the period in which the
    permit of that commitment arrives, that begin on the day it does), ``begun[site, period]`` (1 once
    something is started, where the first start has a minimum).
Limits
    With ``permit(c) = begin(c) + site_lead`` and ``soonest(s)`` the later of begin(s) and the site's
    earliest start, which lies before end(s): ``L(s)``, the late commitments of a start in s, are those
    with soonest(s) < permit(c) < end(s), and q is the latest with permit(q) <= soonest(s).
    ``started_mw[i,s] - sum_{c in L(s)} late_mw[i,c] <= room[i] committed[i,q]``;
    ``late_mw[i,c] <= room[i] (committed[i,c] - committed[i,c-1])``;
    ``sum_{c in L(s)} late_mw[i,c] <= started_mw[i,s] - started_mw[i,s-1]``;
    ``energised[i,p] <= delivered[i,p] - expired[i,p]``, where ``delivered[i,p]`` is started_mw[i,s] less
    ``late_mw[i,c]`` of the c in L(s) with permit(c) + block_lead > begin(p), s the latest with
    soonest(s) + block_lead <= begin(p); ``energised[i,p] <= room[i] committed[i,q]``, q the latest
    with both leads before begin(p);
    ``energised[i,p-1] - (expired[i,p] - expired[i,p-1]) <= energised[i,p]``. ``expired[i,p]`` is what
    was started so early that its life ends before end(p), where what is built is retired; else 0.
    In a plan one c has ``committed[i,c] - committed[i,c-1] = 1``, so that all of a start begins on one
    day, and ``late_mw`` says no more than committed and started do.
    A first start is at least the site's minimum, and a period starts at most so many blocks. What
    cannot serve one period within the horizon has no variable. Cumulative variables give a far
    tighter relaxation than one variable per period of start.
Reads and posts
    Owns and posts ``online_mw``, ``installed_mw``, ``starting_mw`` and ``beginning_mw``.
Source
    Capacitated facility location in periods (Melo, Nickel and Saldanha-da-Gama, 2009,
    doi:10.1016/j.ejor.2008.05.007), with planner's conventions for leads.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem, Severity
from optalloc.family import Family, Ledger, Limit, Relax, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Sheet
from optalloc.tolerance import exceeds
from optalloc.values import Values

from . import _plausible
from ._building import (
    BEGINNING_KEYS,
    KEYS,
    RENEWED,
    RETIRED,
    SERVICE_COLUMNS,
    active_sites,
    begun_in_plan,
    late_permits,
    lives_of_starts,
    possible_beginnings,
    possible_service,
    possible_starts,
    standing_mw,
    undelivered,
    unexpired,
    useful_commitments,
)
from ._calendar import TINY_MONTHS, calendar
from ._choices import SITE_CHOICE
from ._concessions import in_service
from ._edges import CODE, CODES, inside_periods
from ._need import not_carried, site_need, useful_sites

SITES = Sheet(
    name="Sites",
    meaning="One site a row: a place where capacity stands or could be built.",
    required=True,
    key=("site",),
    columns=(
        Column(
            name="site",
            kind=Kind.TEXT,
            names="site",
            meaning="Name of the site.",
            example="Kanto North",
        ),
        Column(
            name="market",
            kind=Kind.TEXT,
            names="market",
            meaning="Market it lies in; Network may give latency by market.",
            blank=None,
            blank_means="no market",
            example="Tokyo",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            names="jurisdiction",
            meaning="Jurisdiction whose law applies.",
            blank=None,
            blank_means="none named",
            example="Japan",
        ),
        Column(
            name="grid_zone",
            kind=Kind.TEXT,
            names="grid zone",
            meaning="Grid zone it draws power from.",
            blank=None,
            blank_means="no zone: no zone limit applies",
            example="Kanto",
        ),
        Column(
            name="labour_market",
            kind=Kind.TEXT,
            names="labour market",
            meaning="Pool of trades it shares with other sites.",
            blank=None,
            blank_means="no labour limit applies",
            example="Kanto trades",
        ),
        Column(
            name="latitude",
            kind=Kind.NUMBER,
            unit="degrees",
            meaning="For the map.",
            blank=None,
            blank_means="not on the map",
            at_least=-90,
            at_most=90,
            example=36.1,
        ),
        Column(
            name="longitude",
            kind=Kind.NUMBER,
            unit="degrees",
            meaning="For the map.",
            blank=None,
            blank_means="not on the map",
            at_least=-180,
            at_most=180,
            example=139.8,
        ),
        Column(
            name="status",
            kind=Kind.CHOICE,
            meaning="candidate: may be committed; committed: decided, its site cost is spent; existing: in operation; excluded: left out.",
            choices=("candidate", "committed", "existing", "excluded"),
            example="candidate",
        ),
        Column(
            name="existing_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity online from the start.",
            plausible=_plausible.SITE_MW,
            blank=0.0,
            at_least=0,
            example=0,
        ),
        Column(
            name="under_construction_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity already being built and paid for.",
            plausible=_plausible.SITE_MW,
            blank=0.0,
            at_least=0,
            example=0,
        ),
        Column(
            name="under_construction_online",
            kind=Kind.DATE,
            meaning="Date on which the capacity under construction is ready: it serves from the first period that begins on that date or later.",
            blank=None,
            blank_means="nothing is under construction",
        ),
        Column(
            name="max_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Most the site can hold, what exists and is under construction included; leases apart.",
            plausible=_plausible.SITE_MW,
            at_least=0,
            example=200,
        ),
        Column(
            name="block_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Size of one block; only whole blocks are built.",
            plausible=_plausible.SITE_MW,
            blank=None,
            blank_means="any size",
            above=0,
            example=50,
        ),
        Column(
            name="min_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Least that the first start may be.",
            plausible=_plausible.SITE_MW,
            blank=0.0,
            at_least=0,
            example=50,
        ),
        Column(
            name="earliest_start",
            kind=Kind.DATE,
            meaning="Building begins no sooner than on this date; the site may be committed earlier.",
            blank=None,
            blank_means="from the first period",
        ),
        Column(
            name="site_lead_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="Permit, land and interconnection: from commitment to the first start.",
            plausible=_plausible.SITE_LEAD_MONTHS,
            blank=0.0,
            at_least=0,
            at_most=600,
            example=12,
        ),
        Column(
            name="block_lead_months",
            kind=Kind.NUMBER,
            unit="months",
            meaning="Construction and fit-out: from a start to capacity online.",
            plausible=_plausible.BLOCK_LEAD_MONTHS,
            blank=0.0,
            at_least=0,
            at_most=600,
            example=18,
        ),
        Column(
            name="site_cost",
            kind=Kind.NUMBER,
            unit="M",
            meaning="Cost of committing the site: land, permits, interconnection.",
            plausible=_plausible.SITE_COST,
            blank=0.0,
            at_least=0,
            example=40,
        ),
        Column(
            name="build_cost_per_mw",
            kind=Kind.NUMBER,
            unit="M per MW IT",
            meaning="Cost of building one MW, besides its Components.",
            plausible=_plausible.BUILD_COST_PER_MW,
            blank=0.0,
            at_least=0,
            example=11.5,
        ),
        Column(
            name="spend_profile",
            kind=Kind.CHOICE,
            meaning="When capital is paid: evenly over the lead, all at its start, or all at its end.",
            choices=("even", "at_start", "at_end"),
            blank="even",
            example="even",
        ),
        Column(
            name="life_years",
            kind=Kind.NUMBER,
            unit="years",
            meaning="Life of the site's cost and of what is built here; Components may have lives of their own.",
            plausible=_plausible.LIFE_YEARS,
            blank=None,
            blank_means="Settings life_years",
            at_least=1,
            at_most=100,
        ),
        Column(
            name="end_of_life",
            kind=Kind.CHOICE,
            meaning="renewed: at its cost on the day its life ends; retired: what is built here serves the periods that lie wholly within its life, counted from the first day of its first period in service; then nothing is paid for again, and its room stays taken. What stands already stays.",
            choices=(RENEWED, RETIRED),
            blank=RENEWED,
            example=RENEWED,
        ),
        Column(
            name="fixed_cost_per_year",
            kind=Kind.NUMBER,
            unit="M per year",
            meaning="Running cost of an open site, from commitment.",
            plausible=_plausible.FIXED_COST_PER_YEAR,
            blank=0.0,
            at_least=0,
            example=1.5,
        ),
        Column(
            name="cost_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Running cost of each MW online, leased ones included, power and labour apart.",
            plausible=_plausible.COST_PER_MW_YEAR,
            blank=0.0,
            at_least=0,
            example=0.12,
        ),
        Column(
            name="currency",
            kind=Kind.TEXT,
            names="currency",
            meaning="Currency of this row's costs, from Currencies.",
            blank=None,
            blank_means="the workbook's currency",
        ),
        Column(
            name="pue",
            kind=Kind.NUMBER,
            unit="grid MW per IT MW",
            meaning="Power usage effectiveness.",
            plausible=_plausible.PUE,
            blank=1.0,
            at_least=1,
            at_most=5,
            example=1.25,
        ),
        Column(
            name="max_blocks_per_period",
            kind=Kind.INTEGER,
            unit="blocks",
            meaning="Most blocks started in one period; needs block_mw.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=2,
        ),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Frames from which the rules are built; each has one row per member of a Pyomo set."""

    sites: pd.DataFrame
    standing: pd.DataFrame
    commits: pd.DataFrame
    starts: pd.DataFrame
    late: pd.DataFrame
    beginnings: pd.DataFrame
    service: pd.DataFrame
    undelivered: pd.DataFrame
    unexpired: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    names = calendar(data).index.to_numpy()
    sizes = ["block_mw", "max_blocks_per_period", "min_mw"]
    starts = possible_starts(data)[[*KEYS, "previous", "is_open", *sizes]]
    beginnings = possible_beginnings(data)[[*BEGINNING_KEYS, "commit", "on_time"]]
    needed = ["start", "previous", "expired", "ripe_position", "ripe_needed"]
    service = possible_service(data)[[*KEYS, *needed]]
    service["ripe"] = names[service["ripe_position"].astype(int)]
    commits = useful_commitments(data)[[*KEYS, "previous"]]
    sites = active_sites(data)[["site", "block_mw"]].reset_index(drop=True)
    sites = sites.merge(useful_sites(data), on="site")
    return Parameters(
        sites,
        standing_mw(data),
        commits,
        starts,
        late_permits(data)[[*KEYS, "commit", "before"]],
        beginnings,
        service,
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
    m.LATE = index_set(p.late[["site", "commit"]])
    m.late_mw = pyo.Var(
        m.LATE, domain=pyo.NonNegativeReals, bounds=lambda m, i, c: (0, m.start_mw[i])
    )

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
    m.LATE_IN = indexed_set(m.STARTS, p.late, KEYS, ["commit"])
    m.UNDELIVERED = indexed_set(m.SITE_PERIODS, p.undelivered, KEYS, ["commit"])
    m.UNEXPIRED = indexed_set(m.SITE_PERIODS, p.unexpired, KEYS, ["commit"])
    m.delivered_mw = pyo.Expression(
        m.SITE_PERIODS,
        rule=lambda m, i, q: (
            sum(m.started_mw[i, s] for s in m.DELIVERED_BY[i, q])
            - sum(m.late_mw[i, c] for c in m.UNDELIVERED[i, q])
        ),
    )
    m.expired_mw = pyo.Expression(
        m.SITE_PERIODS,
        rule=lambda m, i, q: (
            sum(m.started_mw[i, s] for s in m.EXPIRED_BY[i, q])
            - sum(m.late_mw[i, c] for c in m.UNEXPIRED[i, q])
        ),
    )
    m.BEGINNINGS = index_set(p.beginnings[BEGINNING_KEYS])
    late = p.beginnings.dropna(subset=["commit"])
    soon = p.beginnings[p.beginnings["commit"].isna()]
    m.BEGINS_LATE = indexed_set(m.BEGINNINGS, late, BEGINNING_KEYS, ["commit"])
    m.BEGINS_SOON = indexed_set(
        m.BEGINNINGS, soon.assign(same=soon["period"]), BEGINNING_KEYS, ["same"]
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
            sum(m.late_mw[i, c] for c in m.BEGINS_LATE[i, s, d])
            + sum(
                m.starting_mw[i, r] - sum(m.late_mw[i, c] for c in m.LATE_IN[i, r])
                for r in m.BEGINS_SOON[i, s, d]
            )
        ),
        reads=("starting_mw",),
    )


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
    on_time = p.beginnings.dropna(subset=["on_time"])
    m.ON_TIME = indexed_set(m.NEED_PERMIT, on_time, KEYS, ["on_time"])
    m.starts_on_committed_site = pyo.Constraint(
        m.NEED_PERMIT,
        rule=lambda m, i, s: (
            m.started_mw[i, s] - sum(m.late_mw[i, c] for c in m.LATE_IN[i, s])
            <= m.start_mw[i] * sum(m.committed[i, c] for c in m.ON_TIME[i, s])
        ),
    )
    m.late_on_committed_site = pyo.Constraint(
        m.LATE,
        rule=lambda m, i, c: (
            m.late_mw[i, c]
            <= m.start_mw[i]
            * (m.committed[i, c] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, c]))
        ),
    )
    m.LATE_STARTS = index_set(p.late[KEYS].drop_duplicates())
    m.late_within_start = pyo.Constraint(
        m.LATE_STARTS,
        rule=lambda m, i, s: sum(m.late_mw[i, c] for c in m.LATE_IN[i, s]) <= m.starting_mw[i, s],
    )
    m.service_after_block_lead = pyo.Constraint(
        m.SERVICE,
        rule=lambda m, i, q: (
            m.energised[i, q] <= m.share_of_use[i] * (m.delivered_mw[i, q] - m.expired_mw[i, q])
        ),
    )
    m.RIPE = index_set(p.service.loc[p.service["ripe_needed"], [*KEYS, "ripe"]])
    m.service_after_both_leads = pyo.Constraint(
        m.RIPE, rule=lambda m, i, q, c: m.energised[i, q] <= m.service_mw[i] * m.committed[i, c]
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
    floor = p.starts[p.starts["min_mw"] > p.starts["block_mw"].fillna(0.0)]
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


BUILD = TableSpec(
    name="Build",
    meaning="What is committed, started and online at each site, period by period.",
    key=("site", "period"),
    across="period",
    spread=("committed", "started_mw", "installed_mw", "online_mw"),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="jurisdiction", kind=Kind.TEXT, meaning="Jurisdiction of the site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="committed", kind=Kind.FLAG, meaning="Whether the site is committed by now."),
        Column(
            name="started_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity whose building starts in the period, on the day that Actions say.",
        ),
        Column(
            name="installed_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity whose building began a block lead ago or more, existing and leased included; what is retired is not.",
        ),
        Column(
            name="online_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity in service, existing and leased included.",
        ),
    ),
)


def check(data: Dataset) -> Iterator[Problem]:
    """Sizes that fit into each other, and capacity under construction that has a date."""
    sites = data["Sites"]
    for row, at in data.rows("Sites").iterrows():
        standing = at["existing_mw"] + at["under_construction_mw"]
        room, block = max(at["max_mw"] - standing, 0.0), at["block_mw"]
        most = room if pd.isna(block) else np.floor(room / block + 1e-9) * block
        if exceeds(standing, at["max_mw"]):
            yield data.problem(
                "Sites",
                row,
                "max_mw",
                f"max_mw must be at least what stands or is being built, {standing:.12g} MW",
                "Raise max_mw, or lower existing_mw or under_construction_mw.",
                "site-too-small",
            )
        elif at["status"] in ("candidate", "committed") and exceeds(
            np.fmax(block, at["min_mw"]), most
        ):
            column = "block_mw" if exceeds(block, room) else "min_mw"
            yield data.problem(
                "Sites",
                row,
                column,
                f"{column} must fit into the {room:.12g} MW that may still be built",
                f"Lower {column} or raise max_mw.",
                "min-above-max",
                reads=("status", "block_mw", "min_mw"),
            )
        if (at["under_construction_mw"] > 0) != pd.notna(at["under_construction_online"]):
            yield data.problem(
                "Sites",
                row,
                "under_construction_online",
                "under_construction_mw and its online date must be given together",
                "Fill in both or neither.",
                "construction-date",
                found="one without the other",
                reads=("under_construction_mw",),
            )
        if pd.notna(at["max_blocks_per_period"]) and pd.isna(at["block_mw"]):
            yield data.problem(
                "Sites",
                row,
                "max_blocks_per_period",
                "max_blocks_per_period needs block_mw",
                "Give block_mw, or empty this cell.",
                "blocks-without-size",
                reads=("block_mw",),
            )
    if data.sound("Sites", "site", "status") and (sites["status"] == "excluded").all():
        yield data.problem(
            "Sites",
            int(sites.index[0]),
            "status",
            "at least one site must not be excluded",
            "Change the status of one.",
            "no-site",
        )
    yield from _check_edges(data)
    yield from not_carried(data, "Sites", "site", site_need)


def _check_edges(data: Dataset) -> Iterator[Problem]:
    """Lives of what is retired and dates of what is under construction that miss a period's edge."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date", "life_years")):
        return
    sites = data.known("Sites", *SERVICE_COLUMNS)
    rows = pd.Series(sites.index, index=sites["site"])
    lives = lives_of_starts(data)
    lives = lives[lives["site"].isin(rows.index)]
    lives = lives.assign(row=lives["site"].map(rows))
    own = lives["row"].map(sites["life_years"].notna()).astype(bool)
    settings = data["Settings"].index[0]
    lives = lives.assign(
        sheet=np.where(own, "Sites", "Settings"), row=lives["row"].where(own, settings)
    )
    yield from inside_periods(
        data,
        lives.assign(column="life_years"),
        "what is retired serves only the periods that lie wholly within its life",
    )
    building = active_sites(data)
    building = building[np.isfinite(building["built_online"]) & building["site"].isin(rows.index)]
    building = building.reset_index(drop=True)
    yield from inside_periods(
        data,
        pd.DataFrame(
            {
                "sheet": "Sites",
                "row": building["site"].map(rows),
                "column": "under_construction_online",
                "from": building["built_online"],
                "to": np.inf,
            }
        ),
        "what is under construction serves from the first period that begins on its date or later",
    )
    for site in building.loc[building["built_online"] >= calendar(data)["end"].iloc[-1], "site"]:
        yield data.problem(
            "Sites",
            rows[site],
            "under_construction_online",
            "what is under construction serves within the horizon",
            "Nothing need be done, or plan further ahead.",
            CODE,
            severity=Severity.NOTICE,
        )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What is committed, started and online, and the actions that follow."""
    sites = active_sites(data)
    build = standing_mw(data)[KEYS]
    for ledger, column in (
        ("online_mw", "online_mw"),
        ("installed_mw", "installed_mw"),
        ("starting_mw", "started_mw"),
    ):
        build = build.merge(
            values.ledger(ledger).rename(columns={"value": column}), on=KEYS, how="left"
        )
    committed = values.variable("committed", KEYS).rename(columns={"value": "committed"})
    build = build.merge(committed, on=KEYS, how="left").fillna({"started_mw": 0.0})
    # Past its last useful commitment a site stays as it was.
    build["committed"] = build.groupby("site")["committed"].ffill().fillna(0.0) > 0.5
    build["committed"] |= build["site"].map(sites["is_open"]).astype(bool)
    build.insert(1, "jurisdiction", build["site"].map(sites["jurisdiction"]))
    build = build[[column.name for column in BUILD.columns]]
    return {"Build": build, "Actions": actions(data, build), "Summary": key_figures(data, build)}


def actions(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """Commitments and starts, dated."""
    sites, dates = active_sites(data), calendar(data)["date"]
    candidate = ~build["site"].map(sites["is_open"]).astype(bool)
    # Of a column of objects ~ would give integers.
    before = build.groupby("site")["committed"].shift(1, fill_value=False).astype(bool)
    commit = build[build["committed"].astype(bool) & ~before & candidate].assign(
        action="commit site", mw=np.nan
    )
    commit["date"] = commit["period"].map(dates)
    start = build[build["started_mw"] > 0].assign(action="start building")
    start["mw"] = start["started_mw"]
    start = start.merge(begun_in_plan(data, build)[[*KEYS, "date"]], on=KEYS)
    both = pd.concat([f for f in (commit, start) if len(f)] or [commit])
    return pd.DataFrame(
        {
            "date": both["date"],
            "period": both["period"],
            "action": both["action"],
            "subject": both["site"],
            "mw": both["mw"].astype(float),
        }
    )


def key_figures(data: Dataset, build: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary about building."""
    last = build[build["period"] == calendar(data).index[-1]]
    started = build.groupby("site")["started_mw"].sum()
    rows = [
        ("sites built on", int((started > 0).sum()), "sites"),
        ("MW started", float(started.sum()), "MW IT"),
        ("MW online at the end", float(last["online_mw"].sum()), "MW IT"),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"])


# A site's own columns of the Build table and the calendar, in order of time.
_Own = dict[str, np.ndarray]
_WALKED_SITE = [
    "site",
    "jurisdiction",
    "is_open",
    "existing_mw",
    "under_construction_mw",
    "built_online",
    "room_mw",
    "min_mw",
    "block_mw",
    "max_blocks_per_period",
    "earliest",
    "site_lead_months",
    "block_lead_months",
    "life_years",
    "end_of_life",
]
_WALKED = ["period", "committed", "started_mw", "online_mw", "begin", "end"]


def _walk(data: Dataset, build: pd.DataFrame) -> Iterator[tuple[dict[Hashable, Any], _Own]]:
    """Each site with its rows of the Build table and the calendar."""
    joined = build.merge(calendar(data).reset_index(), on="period").sort_values("position")
    for name, at in active_sites(data)[_WALKED_SITE].to_dict("index").items():
        rows = joined[joined["site"] == name]
        yield at, {column: rows[column].to_numpy() for column in _WALKED}


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every limit on building, walked site by site through the Build table."""
    found: dict[str, list[tuple[Any, ...]]] = {limit.name: [] for limit in LIMITS}
    standing = standing_mw(data).set_index(KEYS)["standing_mw"].to_dict()
    leased, begins = leased_mw(tables).to_dict(), _begins(data, tables["Build"])
    for at, own in _walk(data, tables["Build"]):
        built, began = own["started_mw"].cumsum(), own["begin"]
        days = [
            begins.get((at["site"], p), first)
            for p, first in zip(own["period"], began, strict=True)
        ]
        names = own["period"]
        given = [standing[at["site"], p] + leased.get((at["site"], p), 0.0) for p in names]
        ready = np.array(days) + at["block_lead_months"]
        new_online, gone = own["online_mw"] - given, _retired_mw(at, own, ready)
        for k, period in enumerate(names):
            key = (at["site"], period)
            here = own["started_mw"][ready <= began[k] + TINY_MONTHS].sum()
            permitted = own["committed"] & (
                began + at["site_lead_months"] < own["end"][k] - TINY_MONTHS
            )
            ripe = own["committed"] & (
                began + at["site_lead_months"] + at["block_lead_months"] <= began[k] + TINY_MONTHS
            )
            early = own["end"][k] <= at["earliest"] + TINY_MONTHS
            room = at["room_mw"]
            found["starts_on_committed_site"].append(
                (
                    *key,
                    built[k] if not early else own["started_mw"][k],
                    room * float((at["is_open"] or permitted.any()) and not early),
                )
            )
            found["service_after_block_lead"].append((*key, new_online[k], here - gone[k]))
            found["service_after_both_leads"].append(
                (*key, new_online[k], room * float(at["is_open"] or ripe.any()))
            )
            most = given[k] + here - gone[k]
            found["ready_by_construction_date"].append((*key, own["online_mw"][k], most))
            if at["end_of_life"] == RETIRED:
                found["served_within_life"].append((*key, new_online[k], here - gone[k]))
            found["starts_kept"].append((*key, -own["started_mw"][k], 0.0))
            held, in_service = (own["committed"][k - 1], new_online[k - 1]) if k else (False, 0.0)
            in_service -= gone[k] - gone[k - 1] if k else 0.0
            found["commitment_kept"].append((*key, float(held), float(own["committed"][k])))
            found["service_kept"].append((*key, in_service, new_online[k]))
            if pd.notna(at["block_mw"]):
                blocks = own["started_mw"][k] / at["block_mw"]
                found["whole_blocks"].append((*key, blocks, round(blocks)))
                if pd.notna(at["max_blocks_per_period"]):
                    found["blocks_per_period"].append(
                        (*key, own["started_mw"][k], at["max_blocks_per_period"] * at["block_mw"])
                    )
            if at["min_mw"] > 0 and built[k] > TINY_MONTHS:
                found["first_start_large_enough"].append((*key, at["min_mw"], built[k]))
    return {
        name: pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"]) for name, rows in found.items()
    }


def leased_mw(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Leased MW that are active, by site and period."""
    return tables["Leasing"].groupby(KEYS)["active_mw"].sum()


def _begins(data: Dataset, build: pd.DataFrame) -> dict[Any, float]:
    """Months from the base date to the day on which each start begins, by site and period."""
    return begun_in_plan(data, build).set_index(KEYS)["begin"].to_dict()


def _retired_mw(at: Mapping[Hashable, Any], own: _Own, ready: np.ndarray) -> list[float]:
    """MW of a site within whose life a period does not wholly lie, for each of its periods.

    `ready` is the month in which what is started in each period is delivered.
    """
    gone = [0.0] * len(own["begin"])
    if at["end_of_life"] != RETIRED:
        return gone
    for done, mw in zip(ready, own["started_mw"], strict=True):
        after = own["begin"][own["begin"] >= done - TINY_MONTHS]
        for k, until in enumerate(own["end"]):
            if len(after) and until > after[0] + 12 * at["life_years"] + TINY_MONTHS:
                gone[k] += mw
    return gone


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Installed MW, actions and key figures from what is committed, started and online."""
    build = tables["Build"]
    leased, days = leased_mw(tables).to_dict(), _begins(data, build)
    rows = []
    for at, own in _walk(data, build):
        keys = zip(own["period"], own["begin"], strict=True)
        ready = np.array([days.get((at["site"], p), first) for p, first in keys])
        ready = ready + at["block_lead_months"]
        gone = _retired_mw(at, own, ready)
        for k, begin in enumerate(own["begin"]):
            done = ready <= begin + TINY_MONTHS
            stands = at["existing_mw"] + at["under_construction_mw"] * (
                at["built_online"] <= begin + TINY_MONTHS
            )
            period = own["period"][k]
            stands += leased.get((at["site"], period), 0.0) - gone[k]
            built = own["started_mw"][done].sum()
            rows.append((at["site"], period, at["jurisdiction"], stands + built))
    installed = pd.DataFrame(rows, columns=[*KEYS, "jurisdiction", "installed_mw"])
    return {
        "Build": installed,
        "Actions": actions(data, build),
        "Summary": key_figures(data, build),
    }


LIMITS = (
    Limit(
        name="starts_kept",
        over=(
            "site",
            "period",
        ),
        unit="MW IT",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: nothing more is started",
        marginal="cost of building one MW earlier",
        formula="started_mw[i,s-1] <= started_mw[i,s]",
    ),
    Limit(
        name="commitment_kept",
        over=(
            "site",
            "period",
        ),
        unit="share",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: the site stays committed",
        marginal="cost of committing earlier",
        formula="committed[i,p-1] <= committed[i,p]",
    ),
    Limit(
        name="starts_on_committed_site",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.site_lead_months",),
        conflict="{site} starts nothing in {period} that does not follow its commitment by {value} months",
        unit="MW IT",
        sense="<=",
        sentence="{site} is full: {used} of {allowed} MW are started by {period}",
        marginal="saving from one more MW of room at the site",
        formula="started_mw[i,s] - sum_{c in L(s)} late_mw[i,c] <= room[i] committed[i,q], q latest with permit(q) <= soonest(s)",
    ),
    Limit(
        name="service_after_block_lead",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.block_lead_months",),
        conflict="what {site} has in service in {period} was started {value} months before",
        unit="MW IT",
        sense="<=",
        sentence="{site}, {period}: all {allowed} MW delivered by then and not retired are in service; more would have to be started a block lead earlier",
        marginal="saving from one more MW delivered by the period",
        formula="energised[i,p] <= delivered[i,p] - expired[i,p]",
    ),
    Limit(
        name="service_after_both_leads",
        over=(
            "site",
            "period",
        ),
        cells=(
            "Sites.site_lead_months",
            "Sites.block_lead_months",
        ),
        conflict="what {site} has in service in {period} was committed {site_lead_months} and {block_lead_months} months before",
        unit="MW IT",
        sense="<=",
        sentence="{site}, {period}: {used} of {allowed} MW allowed by the commitment are in service",
        marginal="saving from one more MW allowed by the commitment",
        formula="energised[i,p] <= room[i] committed[i,q], q latest with begin(q) + site_lead[i] + block_lead[i] <= begin(p)",
    ),
    Limit(
        name="service_kept",
        over=(
            "site",
            "period",
        ),
        unit="MW IT",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: what is in service stays in service",
        marginal="cost of keeping one MW in service",
        formula="energised[i,p-1] - (expired[i,p] - expired[i,p-1]) <= energised[i,p]",
    ),
    Limit(
        name="ready_by_construction_date",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.under_construction_online",),
        conflict="{under_construction_mw} MW under construction at {site} are ready on {value} and serve from the first period that begins then or later",
        unit="MW IT",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site}, {period}: all {allowed} MW that are ready are in service",
        marginal="none: it has no row",
        formula="online[i,p] holds under_construction[i] only where under_construction_online[i] <= begin(p)",
    ),
    Limit(
        name="served_within_life",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.life_years", "Settings.life_years"),
        conflict="what is built at {site} is retired and serves only whole periods within its life of {value} years",
        unit="MW IT",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site}, {period}: all {allowed} MW within whose life it lies are in service",
        marginal="none: it has no row",
        formula="expired[i,p] = started_mw[i,s], s latest with online(s) + life_years[i] < end(p)",
    ),
    Limit(
        name="blocks_per_period",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.max_blocks_per_period",),
        relax=Relax.PRICED,
        conflict="{site} starts at most {value} blocks in {period}",
        unit="MW IT",
        sense="<=",
        sentence="{site}, {period}: {used} of at most {allowed} MW are started",
        marginal="saving from starting one more MW in the period",
        formula="starting[i,s] <= max_blocks[i] block[i], where starting[i,s] = started_mw[i,s] - started_mw[i,s-1]",
    ),
    Limit(
        name="first_start_large_enough",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.min_mw",),
        conflict="{site} starts with {value} MW or more",
        unit="MW IT",
        sense="<=",
        floor=True,
        sentence="{site}, {period}: the first start is the least allowed, {used} MW",
        marginal="saving from a minimum one MW smaller",
        formula="min[i] begun[i,s] <= started_mw[i,s] <= room[i] begun[i,s]",
    ),
    Limit(
        name="whole_blocks",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.block_mw",),
        conflict="{site} is built in whole blocks of {value} MW",
        unit="blocks",
        sense="==",
        enforced="integers",
        sentence="{site}, {period}: {used} blocks",
        marginal="none: integrality has no price",
        formula="started_mw[i,s] = block[i] started[i,s], started whole",
    ),
)

FAMILY = Family(
    name="sites",
    title="Sites and building",
    order=20,
    sheets=(SITES,),
    blocks="Sites.site",
    ledgers=(
        Ledger(
            name="online_mw", unit="MW IT", over=("site", "period"), meaning="Capacity in service."
        ),
        Ledger(
            name="installed_mw",
            unit="MW IT",
            over=("site", "period"),
            meaning="Capacity delivered and not retired, in service or not.",
        ),
        Ledger(
            name="starting_mw",
            unit="MW IT",
            over=("site", "period"),
            meaning="Capacity whose building starts in the period.",
        ),
        Ledger(
            name="beginning_mw",
            unit="MW IT",
            over=("site", "period", "begins"),
            meaning="Of what starts in the period, the capacity whose building begins on a day.",
        ),
    ),
    limits=LIMITS,
    outputs=(BUILD,),
    choices=(SITE_CHOICE,),
    codes={
        "site-too-small": "more stands at a site than max_mw",
        "min-above-max": "a block or minimum that cannot fit the site",
        "construction-date": "capacity under construction without a date, or the other way round",
        "blocks-without-size": "a limit on blocks where blocks have no size",
        "no-site": "every site is excluded",
        "beyond-tolerance": "a block or minimum a million times smaller or larger than what can be needed",
        **CODES,
    },
    check=check,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
    concessions=in_service,
)
