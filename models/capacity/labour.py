"""Labour: the trades that build and run capacity, from pools that all sites of a market share.

In words
    Building one MW takes person-months of each trade, spread evenly over the block lead from the day
    on which it begins (part months as days over 30.4375; all at once without a lead); a MW
    online takes permanent staff; who works in a period is paid evenly over it. All sites of a labour market draw on one pool at the same time;
    past the pool, further workers come at a rising premium.
Data
    LabourNeeds, LabourPools, LabourTiers.
Time
    Building takes its work from the day on which it begins to a block lead later; with no lead, in
    the period of the start. Capacity under construction takes no work to build, and staff once it is
    online. Wages do not escalate: each row gives its own.
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

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset, remembered
from optalloc.errors import Problem
from optalloc.exhibits import Report, Use
from optalloc.family import CostTerm, Family, Ledger, Limit, Relax, Standing, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.values import Values

from . import _plausible
from ._building import (
    BEGINNING_KEYS,
    active_sites,
    begun_in_plan,
    possible_beginnings,
    site_periods,
)
from ._building import (
    KEYS as START_KEYS,
)
from ._calendar import calendar, carried_forward
from ._money import CASH, post_cost
from ._running import running_charges, running_rows
from ._shortages import Cell, most_online, short_of
from ._standing import standing_at

LABOUR_NEEDS = Sheet(
    name="LabourNeeds",
    meaning="Work of a trade per MW built, and permanent staff per MW online.",
    key=("trade",),
    columns=(
        Column(
            name="trade",
            kind=Kind.TEXT,
            names="trade",
            meaning="Name of the trade.",
            example="electricians",
        ),
        Column(
            name="person_months_per_mw",
            kind=Kind.NUMBER,
            unit="person-months per MW IT",
            meaning="Work to build one MW, spread evenly over the block lead.",
            plausible=_plausible.PERSON_MONTHS_PER_MW,
            blank=0.0,
            at_least=0,
            example=60,
        ),
        Column(
            name="staff_per_mw",
            kind=Kind.NUMBER,
            unit="workers per MW IT",
            meaning="Permanent staff for each MW online.",
            plausible=_plausible.STAFF_PER_MW,
            blank=0.0,
            at_least=0,
            example=0.3,
        ),
    ),
)

LABOUR_POOLS = Sheet(
    name="LabourPools",
    meaning="Workers of a trade that a labour market offers from a period on; the last row carries forward, the first must be for the first period, and a trade needed in a market must be named.",
    key=("labour_market", "trade", "period"),
    missing=Missing.CARRY,
    columns=(
        Column(
            name="labour_market",
            kind=Kind.TEXT,
            meaning="From Sites.",
            refers_to="Sites.labour_market",
            of_each=True,
            example="Kanto trades",
        ),
        Column(
            name="trade",
            kind=Kind.TEXT,
            meaning="From LabourNeeds.",
            refers_to="LabourNeeds.trade",
            example="electricians",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="workers",
            kind=Kind.NUMBER,
            unit="workers",
            meaning="Workers available at the wage.",
            at_least=0,
            example=400,
        ),
        Column(
            name="wage_per_person_month",
            kind=Kind.NUMBER,
            unit="per person-month",
            meaning="Wage in plain currency units of the workbook.",
            plausible=_plausible.WAGE_PER_PERSON_MONTH,
            blank=0.0,
            at_least=0,
            example=7500,
        ),
    ),
)

LABOUR_TIERS = Sheet(
    name="LabourTiers",
    meaning="Further workers at a premium, such as travelling crews, in every period.",
    key=("labour_market", "trade", "tier"),
    columns=(
        Column(
            name="labour_market",
            kind=Kind.TEXT,
            meaning="From Sites.",
            refers_to="Sites.labour_market",
            example="Kanto trades",
        ),
        Column(
            name="trade",
            kind=Kind.TEXT,
            meaning="From LabourNeeds.",
            refers_to="LabourNeeds.trade",
            example="electricians",
        ),
        Column(
            name="tier",
            kind=Kind.TEXT,
            names="labour tier",
            meaning="Name of the tier.",
            example="travelling",
        ),
        Column(
            name="workers",
            kind=Kind.NUMBER,
            unit="workers",
            meaning="Further workers available at the premium.",
            at_least=0,
            example=200,
        ),
        Column(
            name="premium_share",
            kind=Kind.NUMBER,
            unit="share of wage",
            meaning="What they cost above the wage; 0.5 is half as much again.",
            plausible=_plausible.PREMIUM_SHARE,
            at_least=0,
            at_most=20,
            example=0.5,
        ),
    ),
)

POOL = "pool"
# A sentence names no more cells than these.
MOST_CELLS = 4
KEYS = ["labour_market", "trade", "period"]
WORK_KEYS = ["site", "start", "begins", "period"]
SOURCE_KEYS = ["labour_market", "trade", "source", "period"]

LABOUR = TableSpec(
    name="Labour",
    meaning="Person-months of each trade hired from each pool and tier.",
    key=("labour_market", "trade", "source", "period"),
    across="period",
    spread=("used_person_months", "available_person_months"),
    columns=(
        Column(name="labour_market", kind=Kind.TEXT, meaning="Labour market."),
        Column(name="trade", kind=Kind.TEXT, meaning="Trade."),
        Column(name="source", kind=Kind.TEXT, meaning="The pool, or a tier of further workers."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="used_person_months",
            kind=Kind.NUMBER,
            unit="person-months",
            meaning="Hired from it.",
        ),
        Column(
            name="available_person_months",
            kind=Kind.NUMBER,
            unit="person-months",
            meaning="What it offers.",
        ),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Sources of workers, work by start and period, needs by trade, and wages."""

    sources: pd.DataFrame
    work: pd.DataFrame
    staffed: pd.DataFrame
    needs: pd.DataFrame
    charges: pd.DataFrame


@remembered
def sources(data: Dataset) -> pd.DataFrame:
    """Each pool and tier of a market with sites, by trade and period: offered and wage.

    Columns: labour_market, trade, source, period, offered (person-months), wage.
    """
    markets = active_sites(data)["labour_market"].dropna().unique()
    cal = calendar(data)
    pools = carried_forward(data["LabourPools"], cal, ["labour_market", "trade"])
    pools = pools[pools["labour_market"].isin(markets)]
    tiers = data["LabourTiers"].rename(columns={"tier": "source"})
    extra = pools.drop(columns="workers").merge(tiers, on=["labour_market", "trade"])
    extra["wage_per_person_month"] *= 1.0 + extra["premium_share"]
    both = pd.concat(
        [pools.assign(source=POOL), extra.drop(columns="premium_share")], ignore_index=True
    )
    months = cal["months"].reindex(both["period"]).to_numpy()
    both = both.assign(offered=both["workers"] * months, wage=both["wage_per_person_month"])
    return both[[*SOURCE_KEYS, "offered", "wage"]]


@remembered
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


def check(data: Dataset) -> Iterator[Problem]:
    """Every trade needed in a market with sites has a pool from the first period on."""
    pools, sites = data["LabourPools"], data["Sites"]
    first = next(iter(calendar(data).index), "")
    begun = pools[pools["period"] == first].groupby("labour_market")["trade"].agg(set)
    markets = sites.loc[sites["status"] != "excluded", "labour_market"].dropna()
    trades = data["LabourNeeds"]["trade"].dropna()
    for row, market in markets.drop_duplicates().items() if data.sound("Periods") else ():
        missing = [
            trade
            for trade in trades[~trades.isin(begun.get(market, set()))]
            if not data.might_hold("LabourPools", labour_market=market, trade=trade, period=first)
        ]
        if missing:
            yield data.problem(
                "Sites",
                row,
                "labour_market",
                f"LabourPools must say what {market!r} offers from {first} on",
                f"Add rows for {', '.join(missing)}; 0 where there are no workers.",
                "missing-pool",
                found=f"nothing for {len(missing)} of {len(trades)} trades",
                reads=("status",),
            )
    tiers = data.rows("LabourTiers")["tier"]
    for row in tiers.index[tiers == POOL]:
        yield data.problem(
            "LabourTiers",
            row,
            "tier",
            f"a tier must not be named {POOL!r}, which the plan calls the pool itself",
            "Give it another name.",
            "tier-name",
        )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """Who is hired from where."""
    hired = values.variable("hired", SOURCE_KEYS).rename(columns={"value": "used_person_months"})
    hired = hired.merge(
        sources(data).rename(columns={"offered": "available_person_months"}), on=SOURCE_KEYS
    )
    return {"Labour": hired[[column.name for column in LABOUR.columns]]}


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Work worked out start by start from the Build table, against who is hired."""
    labour = tables["Labour"]
    hired = labour.groupby(KEYS)["used_person_months"].sum()
    places = active_sites(data)[["labour_market", "block_lead_months"]]
    cal, sites = calendar(data).to_dict("index"), places.to_dict("index")
    needs = data["LabourNeeds"].to_dict("records")
    days = begun_in_plan(data, tables["Build"]).set_index(START_KEYS)["begin"].to_dict()
    work: defaultdict[Any, float] = defaultdict(float, dict.fromkeys(hired.index, 0.0))
    for build in tables["Build"].to_dict("records"):
        at, now = sites[build["site"]], cal[build["period"]]
        if pd.isna(at["labour_market"]):
            continue
        begin = days.get((build["site"], build["period"]), now["begin"])
        lead = at["block_lead_months"]
        for need in needs:
            here = (at["labour_market"], need["trade"])
            staff = need["staff_per_mw"] * build["online_mw"]
            work[(*here, build["period"])] += staff * now["months"]
            total = need["person_months_per_mw"] * build["started_mw"]
            for q, period in cal.items() if total else ():
                months = min(begin + lead, period["end"]) - max(begin, period["begin"])
                share = max(months, 0.0) / lead if lead else float(q == build["period"])
                work[(*here, q)] += total * share
    done = pd.DataFrame(
        [(*key, used, hired.get(key, 0.0)) for key, used in work.items()],
        columns=[*KEYS, "used", "allowed"],
    )
    within = labour[SOURCE_KEYS].assign(
        used=labour["used_person_months"], allowed=labour["available_person_months"]
    )
    negative = labour[SOURCE_KEYS].assign(used=-labour["used_person_months"], allowed=0.0)
    return {"work_done": done, "labour_within_pool": within, "hired_not_negative": negative}


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What pools offer, and wages, from who is hired."""
    cal, labour = calendar(data), tables["Labour"]
    given = data["LabourPools"].merge(cal["position"], left_on="period", right_index=True)
    pools = {
        key: own.to_dict("records") for key, own in given.sort_values("position").groupby(KEYS[:2])
    }
    position = cal["position"].to_dict()
    tiers = data["LabourTiers"].set_index([*KEYS[:2], "tier"]).to_dict("index")
    workers, wages = [], []
    for market, trade, source, period in labour[SOURCE_KEYS].itertuples(index=False, name=None):
        own, now = pools[market, trade], position[period]
        pool = [row for row in own if row["position"] <= now][-1]
        tier = tiers.get(
            (market, trade, source), {"workers": pool["workers"], "premium_share": 0.0}
        )
        workers.append(tier["workers"])
        wages.append(pool["wage_per_person_month"] * (1 + tier["premium_share"]))
    months = labour["period"].map(cal["months"]).astype(float)
    subject = labour["labour_market"] + ", " + labour["trade"] + ", " + labour["source"]
    amount = labour["used_person_months"] * np.array(wages, float) / 1e6
    cost = labour[["period"]].assign(item="wages", subject=subject, amount=amount)
    offered = labour[SOURCE_KEYS].assign(available_person_months=np.array(workers, float) * months)
    return {"Labour": offered, "Cost": running_rows(data, "labour", cost)}


def _standing_staff(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """Capacity in service that takes permanent staff of the market's pool."""
    sites = active_sites(data)
    inside = sites.loc[sites["labour_market"] == key["labour_market"], "site"]
    staff = data["LabourNeeds"].set_index("trade")["staff_per_mw"].get(key["trade"], 0.0)
    if staff > 0:
        each = pd.Series(float(staff), index=sites.index)
        yield from standing_at(data, inside, key["period"], each, f"{key['trade']} all the time")


REPORT = Report(
    exhibits=(
        Use(
            title="Labour",
            order=500,
            note="Person-months that each pool and tier of workers gives.",
            limits=("labour_within_pool",),
        ),
    ),
)


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against what the workers of each market can have built by then."""
    cal, needs = calendar(data), data["LabourNeeds"].set_index("trade")["person_months_per_mw"]
    offered = sources(data)
    offered = offered[offered["trade"].map(needs).fillna(0.0) > 0]
    offered = offered.assign(at=offered["period"].map(cal["position"])).sort_values("at")
    by_trade = offered.groupby([*KEYS, "at"])["offered"].sum().reset_index().sort_values("at")
    months = by_trade.groupby(["labour_market", "trade"])["offered"].cumsum()
    by_trade["built"] = months / by_trade["trade"].map(needs).astype(float)
    # What takes time to build is built before the period in which it is in service.
    sites = active_sites(data)[["site", "labour_market", "block_lead_months"]].reset_index(
        drop=True
    )
    lead = by_trade["labour_market"].map(sites.groupby("labour_market")["block_lead_months"].min())
    before = by_trade.groupby(["labour_market", "trade"])["built"].shift(1).fillna(0.0)
    by_trade["built"] = by_trade["built"].where(lead.astype(float) <= 0, before)
    built = by_trade.groupby(["labour_market", "period"], as_index=False)["built"].min()
    sites = sites.drop(columns="block_lead_months")
    most = most_online(data).merge(sites, on="site")
    most = most.merge(built, on=["labour_market", "period"], how="left")

    def groups(own: pd.DataFrame) -> pd.Series:
        by_market = own.groupby("labour_market", dropna=False)
        new = np.minimum(by_market["new_mw"].sum(), by_market["built"].first().fillna(np.inf))
        return by_market["ready_mw"].sum() + new

    def cells(within: set[str], period: str) -> list[Cell]:
        markets = sites.loc[sites["site"].isin(within), "labour_market"]
        rows = data["LabourPools"]
        until = rows["period"].map(cal["position"]) <= cal.at[period, "position"]
        named = rows.index[rows["labour_market"].isin(markets) & until]
        return [("LabourPools", row, "workers") for row in named[:MOST_CELLS]]

    what = "what workers can have built by then"
    return short_of(data, "labour_within_pool", what, most, cells, groups)


FAMILY = Family(
    name="labour",
    title="Labour",
    order=60,
    sheets=(LABOUR_NEEDS, LABOUR_POOLS, LABOUR_TIERS),
    idle_without=(
        "LabourNeeds",
        "LabourPools",
        "LabourTiers",
    ),
    ledgers=(
        Ledger(
            name="person_months",
            unit="person-months",
            over=("labour_market", "trade", "period"),
            meaning="Work to be done, building and permanent.",
        ),
    ),
    costs=(
        CostTerm(
            item="wages",
            kind=CASH,
            formula="sum over markets k, trades t and sources u, sum_p wage[k,t,u,p] / 1e6 hired[k,t,u,p]",
            paid="evenly over the period",
            escalation="no; the wage is given for each period or carried forward",
        ),
    ),
    limits=(
        Limit(
            name="work_done",
            over=(
                "labour_market",
                "trade",
                "period",
            ),
            cells=("LabourNeeds.person_months_per_mw",),
            conflict="building takes {value} person-months of {trade} a MW",
            unit="person-months",
            sense="==",
            sentence="{labour_market}, {trade}, {period}: {used} person-months are done",
            marginal="cost of one more person-month of work",
            formula="person_months[k,t,p] = sum_u hired[k,t,u,p]",
        ),
        Limit(
            name="labour_within_pool",
            over=(
                "labour_market",
                "trade",
                "source",
                "period",
            ),
            named={"tier": "source"},
            cells=(
                "LabourTiers.workers",
                "LabourPools.workers",
            ),
            relax=Relax.PRICED,
            standing=_standing_staff,
            conflict="{labour_market} has at most {value} {trade} ({source}) in {period}",
            unit="person-months",
            sense="<=",
            sentence="{labour_market} has no {trade} left in {period}: all {allowed} person-months of its {source} are hired",
            marginal="saving from one more person-month on offer",
            formula="hired[k,t,u,p] <= workers[k,t,u,p] months[p]",
        ),
        Limit(
            name="hired_not_negative",
            unit="person-months",
            sense="<=",
            enforced="sets",
            reported=False,
            sentence="{labour_market}, {trade}, {period}: nobody is hired",
            marginal="none: it has no row",
            formula="hired[k,t,u,p] >= 0",
        ),
    ),
    outputs=(LABOUR,),
    codes={
        "missing-pool": "a trade needed in a market that no pool offers",
        "tier-name": "a tier that bears the name of the pool",
    },
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
    shortages=shortages,
)
