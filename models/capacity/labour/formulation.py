"""Labour: the trades that build and run capacity, from pools that all sites of a market share.

In words
    Building one MW takes person-months of each trade, spread evenly over the block lead from the day
    on which it begins (part months as days over 30.4375; all at once without a lead). Each MW online
    takes permanent staff. Wages are paid evenly over the period. All sites of a labour market draw
    on one pool; past the pool, further workers come in tiers at a rising premium.
Data
    LabourNeeds, LabourPools, LabourTiers.
Time
    Building takes its work from the day on which it begins to a block lead later; with no lead, in
    the period of the start. Capacity already under construction needs no further building work, and
    staff once it is online. Wages do not escalate: each row gives its own.
Decides
    ``hired[market, trade, source, period]`` in person-months, from the pool or a tier.
Limits
    For a labour market ``k``, a trade ``t`` and a source ``u`` of workers, which is the pool or a
    tier: ``person_months[k,t,p] = sum_u hired[k,t,u,p]`` and
    ``hired[k,t,u,p] <= workers[k,t,u,p] months[p]``.
Reads and posts
    Reads ``beginning_mw`` and ``online_mw``; owns and posts ``person_months``; posts ``cost``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset, derived
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._beginnings import possible_beginnings
from .._building import BEGINNING_KEYS, site_periods
from .._calendar import calendar
from .._posting import post_cost
from .._running_costs import running_charges
from .derived import sources
from .sheets import KEYS, SOURCE_KEYS

WORK_KEYS = ["site", "start", "begins", "period"]


@dataclass(frozen=True)
class Parameters:
    """Sources of workers, work by start and period, needs by trade, and wages."""

    sources: pd.DataFrame
    work: pd.DataFrame
    staffed: pd.DataFrame
    needs: pd.DataFrame
    charges: pd.DataFrame


@derived
def work_shares(data: Dataset) -> pd.DataFrame:
    """Share of a beginning's work that falls in each period: site, start, begins, period, share."""
    columns = [*BEGINNING_KEYS, "begin", "block_lead_months", "labour_market"]
    frame = possible_beginnings(data)[columns]
    frame = frame.rename(columns={"period": "start", "begin": "from"}).dropna(
        subset=["labour_market"]
    )
    frame = frame.merge(calendar(data).reset_index()[["period", "begin", "end"]], how="cross")
    lead = frame["block_lead_months"]
    until = np.minimum(frame["from"] + lead, frame["end"])
    months = np.maximum(until - np.maximum(frame["from"], frame["begin"]), 0.0)
    at_once = (frame["start"] == frame["period"]).astype(float)
    frame["share"] = (months / lead).where(lead > 0, at_once)
    return frame.loc[frame["share"] > 0, ["labour_market", *WORK_KEYS, "share"]].reset_index(
        drop=True
    )


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    needs = data["LabourNeeds"].set_index("trade", drop=False)
    offered = sources(data)
    staffed = site_periods(data).dropna(subset=["labour_market"])
    staffed = staffed[["labour_market", "site", "period"]]
    subject = offered["labour_market"] + ", " + offered["trade"] + ", " + offered["source"]
    keys = offered[SOURCE_KEYS].assign(subject=subject)
    charges = running_charges(data, keys, offered["wage"] / 1e6)
    return Parameters(offered, work_shares(data), staffed, needs, charges)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Work needed in each pool and period, and who is hired for it."""
    pools = p.sources[KEYS].drop_duplicates()
    pools = pools[pools["trade"].isin(p.needs["trade"])]
    m.POOLS = index_set(pools)
    m.SOURCES = index_set(p.sources[SOURCE_KEYS])
    m.TRADES = index_set(p.needs[["trade"]])
    m.build_work = parameter(m.TRADES, p.needs["person_months_per_mw"])
    m.staff = parameter(m.TRADES, p.needs["staff_per_mw"])
    m.offered = parameter(m.SOURCES, p.sources.set_index(SOURCE_KEYS)["offered"])
    m.hired = pyo.Var(m.SOURCES, domain=pyo.NonNegativeReals)
    m.SOURCES_OF = indexed_set(m.POOLS, p.sources, KEYS, ["source"])
    m.WORK = index_set(p.work[WORK_KEYS])
    m.work_share = parameter(m.WORK, p.work.set_index(WORK_KEYS)["share"])
    markets = p.sources[["labour_market", "period"]].drop_duplicates()
    m.MARKET_PERIODS = index_set(markets)
    m.WORK_IN = indexed_set(
        m.MARKET_PERIODS, p.work, ["labour_market", "period"], ["site", "start", "begins"]
    )
    m.STAFFED = indexed_set(m.MARKET_PERIODS, p.staffed, ["labour_market", "period"], ["site"])
    ledgers.open("person_months", m.POOLS)
    ledgers.post(
        "person_months",
        "building",
        lambda m, k, t, q: sum(
            m.build_work[t] * m.work_share[i, s, d, q] * m.beginning_mw[i, s, d]
            for i, s, d in m.WORK_IN[k, q]
        ),
        reads=("beginning_mw",),
    )
    ledgers.post(
        "person_months",
        "staff",
        lambda m, k, t, q: sum(
            m.staff[t] * m.period_months[q] * m.online_mw[i, q] for i in m.STAFFED[k, q]
        ),
        reads=("online_mw",),
    )
    post_cost(m, ledgers, "wages", p.charges, SOURCE_KEYS, lambda m, *key: m.hired[key])


def constrain(m: Any, p: Parameters) -> None:
    """The work is done, by workers that there are."""
    m.work_done = pyo.Constraint(
        m.POOLS,
        rule=lambda m, k, t, q: (
            m.person_months[k, t, q] == sum(m.hired[k, t, u, q] for u in m.SOURCES_OF[k, t, q])
        ),
    )
    m.labour_within_pool = pyo.Constraint(
        m.SOURCES, rule=lambda m, *key: m.hired[key] <= m.offered[key]
    )
