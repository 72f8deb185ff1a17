"""Placement: at which site each workload of each region runs.

In words
    A region is served only from sites that its latency, residency and trust allow, when something
    stands there, can be in service or may be leased. What a site serves, with its reserve, stays
    within its capacity in service.
    A workload that cannot be scattered runs in no less than its minimum at any one site.
Data
    Network, Residency; latency, reserve, trust and minimum of Workloads; trust and groups of
    jurisdictions.
Decides
    ``served[workload, region, site, period]``, which exists only for allowed arcs;
    ``hosts[workload, site, period]`` (1 where a site serves it), only for workloads with a minimum.
Limits
    ``sum_wr (1 + reserve[w]) served[w,r,i,p] <= online[i,p]``. With ``least[w,p]`` the lesser of
    min_mw_at_one_site and the demand of all regions, and ``most[w,i,p]`` what the site can hold or its
    arcs ask for, ``least[w,p] hosts[w,i,p] <= sum_r served[w,r,i,p] <= most[w,i,p] hosts[w,i,p]``; what
    is re-routed after a loss need not keep to it. Capacity installed within reach of confined
    demands covers them: implied by the rest, but it lets the solver round.
Reads and posts
    Reads ``online_mw``, ``installed_mw``, ``required_mw``; owns and posts ``served_mw`` and
    ``mean_load_mw``; posts ``cost``.
Source
    Capacitated facility location; the links ``served <= demand committed`` are those of
    Leung and Magnanti (1989, doi:10.1007/BF01582288), taken only where the relaxation breaks them;
    they hold only where nothing serves without a commitment. Links ``served <= demand hosts`` and
    ``hosts <= committed`` were tried and do not pay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import Problem
from optalloc.exhibits import Periods, Report, Series, Trend
from optalloc.family import Chart, CostTerm, Family, Ledger, Limit, TableSpec
from optalloc.program import Ledgers, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet
from optalloc.tolerance import exceeds
from optalloc.values import Values

from . import _plausible
from ._building import SERVICE_COLUMNS, active_sites, possible_service, site_periods, standing_mw
from ._calendar import TERM, calendar
from ._concessions import farther
from ._demand import asked, asked_above_nought
from ._leases import most_leased
from ._money import CASH, post_cost
from ._network import arcs, covers, network
from ._running import running_rows, yearly_charges
from ._shortages import Cell, cells_of_sites, most_online, short_of

NETWORK = Sheet(
    name="Network",
    meaning="Latency and cost between a site (or all sites of a market) and a region.",
    required=True,
    key=("site", "market", "region"),
    missing=Missing.ERROR,
    columns=(
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="From Sites; fill in site or market, not both. A site's own row goes before its market's.",
            blank=None,
            blank_means="the row is for a market",
            refers_to="Sites.site",
            example="Kanto North",
        ),
        Column(
            name="market",
            kind=Kind.TEXT,
            meaning="From Sites; every site of the market.",
            blank=None,
            blank_means="the row is for a site",
            refers_to="Sites.market",
        ),
        Column(
            name="region",
            kind=Kind.TEXT,
            meaning="From Demand.",
            refers_to="Demand.region",
            example="Japan",
        ),
        Column(
            name="latency_ms",
            kind=Kind.NUMBER,
            unit="ms",
            meaning="Round trip.",
            plausible=_plausible.LATENCY_MS,
            at_least=0,
            example=8,
        ),
        Column(
            name="cost_per_mw_year",
            kind=Kind.NUMBER,
            unit="M per MW-year",
            meaning="Cost of carrying the traffic of one MW served for a year.",
            plausible=_plausible.NETWORK_COST_PER_MW_YEAR,
            blank=0.0,
            at_least=0,
            example=0.02,
        ),
    ),
)

RESIDENCY = Sheet(
    name="Residency",
    meaning="Where a workload of a region may run; one allowed jurisdiction or group a row.",
    key=("workload", "region", "jurisdiction", "group"),
    columns=(
        Column(
            name="workload",
            kind=Kind.TEXT,
            meaning="From Workloads.",
            refers_to="Workloads.workload",
            example="inference",
        ),
        Column(
            name="region",
            kind=Kind.TEXT,
            meaning="From Demand.",
            blank=None,
            blank_means="every region",
            refers_to="Demand.region",
            example="Japan",
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="From Jurisdictions; fill in jurisdiction or group, not both.",
            blank=None,
            blank_means="the row allows a group",
            refers_to="Jurisdictions.jurisdiction",
            example="Japan",
        ),
        Column(
            name="group",
            kind=Kind.TEXT,
            meaning="From JurisdictionGroups.",
            blank=None,
            blank_means="the row allows a jurisdiction",
            refers_to="JurisdictionGroups.group",
        ),
    ),
)

KEYS = ["workload", "region", "site", "period"]
DEMAND_KEYS = ["workload", "region", "period"]
SITE_KEYS = ["site", "period"]
CLUSTER_KEYS = ["workload", "site", "period"]
# Load below this, in MW, is noise of the solver's arithmetic and hosts nothing.
TINY_MW = 1e-6

LOAD = TableSpec(
    name="Load",
    meaning="What each site serves; only what is served has a row.",
    key=("workload", "region", "site", "period"),
    across="period",
    spread=("served_mw", "taken_mw"),
    columns=(
        Column(name="workload", kind=Kind.TEXT, meaning="Workload."),
        Column(name="region", kind=Kind.TEXT, meaning="Region served."),
        Column(name="site", kind=Kind.TEXT, meaning="Site that serves it."),
        Column(name="latency_ms", kind=Kind.NUMBER, unit="ms", meaning="Round trip between them."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="served_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load served."),
        Column(
            name="taken_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity that it takes, reserve included.",
        ),
    ),
)

BALANCE = TableSpec(
    name="Balance",
    meaning="Capacity against demand, over all sites and regions.",
    key=("period",),
    columns=(
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="start", kind=Kind.DATE, meaning="First day of the period."),
        Column(name="months", kind=Kind.NUMBER, unit="months", meaning="Its length."),
        Column(name="demand_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load asked for."),
        Column(name="served_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Peak load served."),
        Column(
            name="with_reserve_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Capacity that the load served takes, reserve included.",
        ),
        Column(name="online_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Capacity in service."),
        Column(name="installed_mw", kind=Kind.NUMBER, unit="MW IT", meaning="Capacity delivered."),
    ),
)


@dataclass(frozen=True)
class Parameters:
    """Arcs by period with everything their rules need, and the charges."""

    arcs: pd.DataFrame
    sites: pd.DataFrame
    demands: pd.DataFrame
    confined: pd.DataFrame
    covering: pd.DataFrame
    links: pd.DataFrame
    charges: pd.DataFrame
    clusters: pd.DataFrame


def placements(data: Dataset) -> pd.DataFrame:
    """Arcs in every period in which something is asked for and the site can have capacity.

    Adds it_mw, ready_mw (what stands or may be leased), and where new capacity is possible room_mw
    and ripe, the commitment it needs.
    """
    cal = calendar(data)
    demand = asked_above_nought(data)[[*DEMAND_KEYS, "it_mw"]]
    service = possible_service(data)
    ripe = pd.Series(cal.index.to_numpy()[service["ripe_position"]], index=service.index)
    service["ripe"] = ripe.mask(service["is_open"])
    standing = standing_mw(data)
    somewhere = standing.merge(service[[*SITE_KEYS, "ripe", "room_mw"]], on=SITE_KEYS, how="left")
    somewhere = somewhere.merge(most_leased(data), on=SITE_KEYS, how="left")
    somewhere["ready_mw"] = somewhere["standing_mw"] + somewhere["leased_mw"].fillna(0.0)
    somewhere["ready_made"] = somewhere["ready_mw"] > 0
    somewhere = somewhere[somewhere["ready_made"] | somewhere["room_mw"].notna()]
    return arcs(data).merge(demand, on=["workload", "region"]).merge(somewhere, on=SITE_KEYS)


def clusters(data: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """Where a workload with a minimum may run, with the least and most MW of it there.

    `frame` is that of `placements`. The most is what the arcs ask for or what the site can hold.
    """
    total = asked(data).groupby(["workload", "period"])["it_mw"].sum().rename("total_mw")
    own = frame.dropna(subset=["min_mw_at_one_site"])
    own = own.assign(
        holds_mw=(own["ready_mw"] + own["room_mw"].fillna(0.0)) / (1.0 + own["reserve_share"])
    )
    own = own.groupby(CLUSTER_KEYS, sort=False, as_index=False).agg(
        {"it_mw": "sum", "holds_mw": "first", "min_mw_at_one_site": "first"}
    )
    own = own.join(total, on=["workload", "period"])
    return own[CLUSTER_KEYS].assign(
        least_mw=own[["min_mw_at_one_site", "total_mw"]].min(axis=1),
        most_mw=own[["it_mw", "holds_mw"]].min(axis=1),
    )


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    frame = placements(data)
    charges = yearly_charges(
        data,
        frame[KEYS],
        frame["cost_per_mw_year"],
        data.one("Settings").running_cost_escalation,
    )
    # Where something stands already, or is leased, a link would not hold.
    links = frame[frame["ripe"].notna() & ~frame["ready_made"]]
    most = np.minimum(links["it_mw"], links["room_mw"] / (1.0 + links["reserve_share"]))
    loaded = site_periods(data)[SITE_KEYS].merge(frame[SITE_KEYS].drop_duplicates(), on=SITE_KEYS)
    return Parameters(
        frame,
        loaded,
        asked_above_nought(data)[DEMAND_KEYS],
        *covers(data),
        links[[*KEYS, "ripe"]].assign(most_mw=most),
        charges,
        clusters(data, frame),
    )


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Arcs, what is served on them, its cost, and what hosts a workload with a minimum."""
    m.ARCS = index_set(p.arcs[KEYS])
    m.served = pyo.Var(m.ARCS, domain=pyo.NonNegativeReals)
    m.PLACED = index_set(p.demands[DEMAND_KEYS])
    m.LOADED = index_set(p.sites[SITE_KEYS])
    m.CLUSTERS = index_set(p.clusters[CLUSTER_KEYS])
    m.hosts = pyo.Var(m.CLUSTERS, domain=pyo.Binary)
    m.SERVED_FROM = indexed_set(m.PLACED, p.arcs, DEMAND_KEYS, ["site"])
    m.SERVES = indexed_set(m.LOADED, p.arcs, SITE_KEYS, ["workload", "region"])
    of_workload = p.arcs.drop_duplicates("workload").set_index("workload")
    m.WORKLOADS = index_set(of_workload.index.to_frame(index=False))
    m.with_reserve = parameter(m.WORKLOADS, 1.0 + of_workload["reserve_share"])
    m.load_factor = parameter(m.WORKLOADS, of_workload["load_factor"])
    ledgers.open("served_mw", m.PLACED)
    ledgers.open("mean_load_mw", m.LOADED)
    ledgers.post(
        "served_mw",
        "placed",
        lambda m, w, r, q: sum(m.served[w, r, i, q] for i in m.SERVED_FROM[w, r, q]),
    )
    ledgers.post(
        "mean_load_mw",
        "placed",
        lambda m, i, q: sum(m.load_factor[w] * m.served[w, r, i, q] for w, r in m.SERVES[i, q]),
    )
    post_cost(m, ledgers, "network", p.charges, KEYS, lambda m, *key: m.served[key])


def constrain(m: Any, p: Parameters) -> None:
    """Load stays within capacity in service, and clusters are not scattered."""
    _constrain_clusters(m, p)
    m.load_within_online = pyo.Constraint(
        m.LOADED,
        rule=lambda m, i, q: (
            sum(m.with_reserve[w] * m.served[w, r, i, q] for w, r in m.SERVES[i, q])
            <= m.online_mw[i, q]
        ),
    )
    confined = p.confined.merge(p.demands, on=["workload", "region"])
    m.REACHED_DEMANDS = index_set(confined[["cover", "period"]].drop_duplicates())
    m.CONFINED_DEMANDS = indexed_set(
        m.REACHED_DEMANDS, confined, ["cover", "period"], ["workload", "region"]
    )
    m.REACHES = index_set(p.covering[["cover"]].drop_duplicates())
    m.REACHED_SITES = indexed_set(m.REACHES, p.covering, ["cover"], ["site"])
    m.capacity_covers_demand = pyo.Constraint(
        m.REACHED_DEMANDS,
        rule=lambda m, k, q: (
            sum(m.required_mw[w, r, q] for w, r in m.CONFINED_DEMANDS[k, q])
            <= sum(m.installed_mw[i, q] for i in m.REACHED_SITES[k])
        ),
    )
    m.LINKS = index_set(p.links[[*KEYS, "ripe"]])
    m.most_mw = parameter(m.LINKS, p.links.set_index([*KEYS, "ripe"])["most_mw"])
    m.served_if_committed = pyo.Constraint(
        m.LINKS,
        rule=lambda m, w, r, i, q, c: (
            m.served[w, r, i, q] <= m.most_mw[w, r, i, q, c] * m.committed[i, c]
        ),
    )


def _constrain_clusters(m: Any, p: Parameters) -> None:
    m.HOSTED = indexed_set(m.CLUSTERS, p.arcs, CLUSTER_KEYS, ["region"])
    sizes = p.clusters.set_index(CLUSTER_KEYS)
    m.least_hosted_mw = parameter(m.CLUSTERS, sizes["least_mw"])
    m.most_hosted_mw = parameter(m.CLUSTERS, sizes["most_mw"])
    m.cluster_large_enough = pyo.Constraint(
        m.CLUSTERS,
        rule=lambda m, w, i, q: (
            m.least_hosted_mw[w, i, q] * m.hosts[w, i, q]
            <= sum(m.served[w, r, i, q] for r in m.HOSTED[w, i, q])
        ),
    )
    m.cluster_hosted = pyo.Constraint(
        m.CLUSTERS,
        rule=lambda m, w, i, q: (
            sum(m.served[w, r, i, q] for r in m.HOSTED[w, i, q])
            <= m.most_hosted_mw[w, i, q] * m.hosts[w, i, q]
        ),
    )


# What decides which sites may serve any demand.
REACH = {
    "Sites": ("site", "market", "jurisdiction", "status"),
    "Network": ("region",),
    "Residency": ("workload",),
    "Jurisdictions": ("jurisdiction", "trusted"),
    "JurisdictionGroups": (),
}
# What decides which sites may serve the demand of one region, or of one workload.
REACH_OF_REGION = ("site", "market", "region", "latency_ms")
REACH_OF_WORKLOAD = {
    "Workloads": ("max_latency_ms", "trusted_only", "unmet_penalty_per_mw_year"),
    "Residency": ("region", "jurisdiction", "group"),
}
# What decides, beside that, how much of any demand a site can hold, and how much of a workload's.
HOLDING = {
    "Settings": ("base_date", "life_years"),
    "Periods": (),
    "Sites": SERVICE_COLUMNS,
    "ComputeUnits": (),
    "Leases": ("lease", "site", "max_mw", *TERM),
    "Demand": ("workload",),
}
HOLDING_OF_WORKLOAD = {
    "Workloads": ("min_mw_at_one_site", "reserve_share"),
    "Demand": ("region", "period", "it_mw", "units"),
}

# Of two columns, each row must fill in exactly one.
EITHER = {"Network": ("site", "market"), "Residency": ("jurisdiction", "group")}


def check(data: Dataset) -> Iterator[Problem]:
    """Every site has a latency to every region, and every demand has a site that may serve it."""
    for sheet, (first, second) in EITHER.items():
        for row, at in _unclear(data, sheet).iterrows():
            yield data.problem(
                sheet,
                row,
                first,
                f"{first} or {second} must be filled in, one of the two",
                "Fill in one and empty the other.",
                "one-of-two",
                found="neither" if pd.isna(at[first]) else "both",
                reads=(second,),
            )
    regions = data["Demand"]["region"].dropna().unique()
    missing = _missing_latency(data, set(regions))
    for row, lacking in missing.items():
        yield data.problem(
            "Sites",
            row,
            "site",
            f"latency from {data['Sites'].at[row, 'site']!r} to every region of Demand must be on "
            "sheet Network",
            f"Add rows for {', '.join(sorted(lacking))}.",
            "latency-missing",
            found=f"none to {len(lacking)} of {len(regions)}",
            reads=("status", "market"),
        )
    yield from _check_reach(data, set[str]().union(*missing.values()))


def _unclear(data: Dataset, sheet: str) -> pd.DataFrame:
    """Rows that fill in both or neither of the two columns: none can tell whom they are about."""
    rows, (first, second) = data.rows(sheet), EITHER[sheet]
    return rows[rows[first].notna() == rows[second].notna()]


def _missing_latency(data: Dataset, regions: set[str]) -> dict[int, set[str]]:
    """Regions that a site has no latency to, by row of Sites."""
    known = network(data).groupby("site")["region"].agg(set)
    # An unclear row may be the one that is missing.
    wanted = regions - set(_unclear(data, "Network")["region"])
    active = active_sites(data).index
    missing = {
        int(row): {
            region
            for region in wanted - known.get(site, set())
            if not data.might_hold("Network", site=site, region=region)
            and not data.might_hold("Network", market=market, region=region)
        }
        for row, site, market in data["Sites"][["site", "market"]].itertuples(name=None)
        if site in active
    }
    return {row: lacking for row, lacking in missing.items() if lacking}


def _in_doubt(data: Dataset, sheet: str, name: str, columns: Iterable[str]) -> set[object]:
    """Names of a column in whose rows something that decides could not be read."""
    rows = data.rows(sheet)
    return set(rows.loc[~rows.index.isin(data.known(sheet, *columns).index), name])


def _check_reach(data: Dataset, lost: set[str]) -> Iterator[Problem]:
    """Demand that must be served can be, in the regions but those whose rows have messages."""
    known_reach = all(data.sound(sheet, *columns) for sheet, columns in REACH.items())
    if active_sites(data).empty or not known_reach:
        return
    reached = pd.MultiIndex.from_frame(arcs(data)[["workload", "region"]])
    demand = asked(data)
    demand = demand.merge(data["Workloads"], on="workload", how="left").set_axis(demand.index)
    must = demand[
        (demand["it_mw"] > 0)
        & demand["unmet_penalty_per_mw_year"].isna()
        & demand["workload"].isin(data["Workloads"]["workload"])
    ]
    # What an unclear row allows cannot be told.
    must = must[~must["region"].isin(lost | set(_unclear(data, "Network")["region"]))]
    must = must[~must["workload"].isin(_unclear(data, "Residency")["workload"])]
    must = must[~must["region"].isin(_in_doubt(data, "Network", "region", REACH_OF_REGION))]
    for sheet, columns in REACH_OF_WORKLOAD.items():
        must = must[~must["workload"].isin(_in_doubt(data, sheet, "workload", columns))]
    alone = must[~pd.MultiIndex.from_frame(must[["workload", "region"]]).isin(reached)]
    for row, at in alone.drop_duplicates(["workload", "region"]).iterrows():
        yield data.problem(
            "Demand",
            row,
            "region",
            f"some site must be allowed to serve {at['workload']!r} in {at['region']!r}",
            "Check max_latency_ms, Network, Residency and trust, or give the workload an unmet penalty.",
            "unreachable-demand",
            reads=("workload", "it_mw", "units"),
        )
    if all(_unclear(data, sheet).empty for sheet in EITHER):
        yield from _check_clusters(data)


def _check_clusters(data: Dataset) -> Iterator[Problem]:
    """A workload that must be served has, for each demand, a site that can hold its minimum."""
    workloads = data["Workloads"]
    must = workloads["min_mw_at_one_site"].notna() & workloads["unmet_penalty_per_mw_year"].isna()
    known = all(data.sound(sheet, *columns) for sheet, columns in HOLDING.items())
    if not must.any() or not known or _in_doubt(data, "Network", "region", REACH_OF_REGION):
        return
    for of_workload in (REACH_OF_WORKLOAD, HOLDING_OF_WORKLOAD):
        for sheet, columns in of_workload.items():
            must &= ~workloads["workload"].isin(_in_doubt(data, sheet, "workload", columns))
    frame = placements(data)
    sizes = frame.merge(clusters(data, frame), on=CLUSTER_KEYS)
    best = sizes.groupby(DEMAND_KEYS, sort=False)[["least_mw", "most_mw"]].max()
    small = best[exceeds(best["least_mw"], best["most_mw"])].reset_index()
    for row, name in workloads.loc[must, "workload"].items():
        own = small[small["workload"] == name]
        for at in own.nsmallest(1, "most_mw").to_dict("records"):
            yield data.problem(
                "Workloads",
                row,
                "min_mw_at_one_site",
                f"min_mw_at_one_site must be at most the {at['most_mw']:.12g} MW of {name!r} that one site can serve where {at['region']!r} is served in {at['period']}",
                "Lower it, give a site more room, or give the workload an unmet penalty.",
                "cluster-too-large",
            )


def tables(data: Dataset, values: Values) -> dict[str, pd.DataFrame]:
    """What runs where, and capacity against demand."""
    served = values.variable("served", KEYS).rename(columns={"value": "served_mw"})
    latency = network(data)[["site", "region", "latency_ms"]]
    load = served[served["served_mw"] > 0].merge(latency, on=["site", "region"])
    load["taken_mw"] = taken_mw(data, load)
    load = load[[column.name for column in LOAD.columns]]
    totals = {
        "demand_mw": asked(data).groupby("period")["it_mw"].sum(),
        "online_mw": values.ledger("online_mw").groupby("period")["value"].sum(),
        "installed_mw": values.ledger("installed_mw").groupby("period")["value"].sum(),
    }
    return {"Load": load, "Balance": balance(data, load, totals)}


def taken_mw(data: Dataset, load: pd.DataFrame) -> pd.Series:
    """Capacity that load takes, with its workload's reserve."""
    reserve = data["Workloads"].set_index("workload")["reserve_share"]
    return load["served_mw"] * (1.0 + load["workload"].map(reserve).astype(float))


def balance(data: Dataset, load: pd.DataFrame, totals: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Capacity against demand by period."""
    cal = calendar(data)
    names = cal.index
    taken = taken_mw(data, load).groupby(load["period"]).sum()
    columns = {
        **totals,
        "served_mw": load.groupby("period")["served_mw"].sum(),
        "with_reserve_mw": taken,
    }
    frame = pd.DataFrame(
        {k: v.reindex(names).fillna(0.0).astype(float) for k, v in columns.items()}
    )
    frame = frame.rename_axis("period").reset_index()
    frame.insert(1, "start", cal["date"].to_numpy())
    frame.insert(2, "months", cal["months"].to_numpy(float))
    return frame[[column.name for column in BALANCE.columns]]


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Load against capacity, minima, latency, residency and trust, from Load, Build and Service."""
    load = tables["Load"].merge(data["Workloads"], on="workload")
    taken = (
        (load["served_mw"] * (1.0 + load["reserve_share"]))
        .groupby([load["site"], load["period"]])
        .sum()
    )
    build = tables["Build"].set_index(SITE_KEYS)
    within = pd.DataFrame({"used": taken, "allowed": build["online_mw"]}).dropna(subset=["used"])
    within = within.rename_axis(SITE_KEYS).fillna({"allowed": 0.0}).reset_index()
    timed = load[load["max_latency_ms"].notna()]
    where = load["site"].map(data["Sites"].set_index("site")["jurisdiction"])
    trusted = data["Jurisdictions"].loc[data["Jurisdictions"]["trusted"], "jurisdiction"]
    trusting = load[load["trusted_only"]]
    broken = ~where[load["trusted_only"]].isin(trusted)
    return {
        "load_within_online": within,
        "cluster_large_enough": _cluster_audit(load, tables["Service"]),
        "capacity_covers_demand": _cover_audit(data, load, tables["Build"]),
        "latency_within_limit": timed[KEYS].assign(
            used=timed["latency_ms"], allowed=timed["max_latency_ms"]
        ),
        "trusted_where_required": trusting[KEYS].assign(
            used=broken * trusting["served_mw"], allowed=0.0
        ),
        "resident_where_required": _residency_audit(data, load, where),
        "served_not_negative": load[KEYS].assign(used=-load["served_mw"], allowed=0.0),
    }


def _cluster_audit(load: pd.DataFrame, service: pd.DataFrame) -> pd.DataFrame:
    """What each site serves of a workload with a minimum, against it or all that is asked for."""
    rows = []
    clustered = load[load["min_mw_at_one_site"].notna()]
    for (workload, site, period), own in clustered.groupby(CLUSTER_KEYS, sort=False):
        here = (service["workload"] == workload) & (service["period"] == period)
        least = min(own["min_mw_at_one_site"].iloc[0], service.loc[here, "demand_mw"].sum())
        mw = own["served_mw"].sum()
        if mw > TINY_MW:
            rows.append((workload, site, period, least, mw))
    return pd.DataFrame(rows, columns=[*CLUSTER_KEYS, "used", "allowed"])


def _cover_audit(data: Dataset, load: pd.DataFrame, build: pd.DataFrame) -> pd.DataFrame:
    """Load with reserve of the demands confined to a set of sites, against what is installed there."""
    confined, covering = covers(data)
    keys = ["cover", "period"]
    taken = load.assign(used=load["served_mw"] * (1.0 + load["reserve_share"]))
    used = taken.merge(confined, on=["workload", "region"]).groupby(keys)["used"].sum()
    installed = build.merge(covering, on="site").groupby(keys)["installed_mw"].sum()
    both = pd.concat([used, installed.rename("allowed")], axis=1).dropna(subset=["used"])
    return both.rename_axis(keys).fillna({"allowed": 0.0}).reset_index()


def _residency_audit(data: Dataset, load: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
    """Load of each restricted workload and region that runs where no Residency row allows it."""
    rules = data["Residency"].to_dict("records")
    members = data["JurisdictionGroups"].groupby("group")["jurisdiction"].agg(set).to_dict()
    rows = []
    for record, place in zip(load.to_dict("records"), where, strict=True):
        own = [
            r
            for r in rules
            if r["workload"] == record["workload"]
            and (pd.isna(r["region"]) or r["region"] == record["region"])
        ]
        ok = any(r["jurisdiction"] == place or place in members.get(r["group"], ()) for r in own)
        if own:
            rows.append((*(record[k] for k in KEYS), 0.0 if ok else record["served_mw"], 0.0))
    return pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"])


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Latency, balance and network cost from what is served and built."""
    load, build, settings = tables["Load"], tables["Build"], data.one("Settings")
    by_period = build.groupby("period")[["online_mw", "installed_mw"]].sum()
    asked_for = tables["Service"].groupby("period")["demand_mw"].sum()
    rows = load.merge(network(data), on=["site", "region"], suffixes=("_told", ""))
    years = rows["period"].map(calendar(data)["years"]).astype(float)
    cost = rows.assign(
        item="network",
        subject=rows["site"],
        amount=rows["served_mw"] * rows["cost_per_mw_year"] * years,
        growth=settings.running_cost_escalation,
    )
    return {
        "Load": rows[[*KEYS, "latency_ms"]].assign(taken_mw=taken_mw(data, rows)),
        "Balance": balance(data, load, {**by_period, "demand_mw": asked_for}),
        "Cost": running_rows(data, "placement", cost),
    }


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against all that can be in service by then at the sites that may serve it."""

    def cells(sites: set[str], period: str) -> list[Cell]:
        return cells_of_sites(data, sites, period)

    what = "reachable capacity in service by then"
    return short_of(data, "load_within_online", what, most_online(data), cells)


LIMITS = (
    Limit(
        name="load_within_online",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.max_mw",),
        conflict="{site} serves no more in {period} than it has in service, {value} MW when it is full",
        unit="MW IT",
        sense="<=",
        sentence="{site}, {period}: all {allowed} MW in service are taken by load and reserve",
        marginal="saving from one more MW in service",
        formula="sum_wr (1 + reserve[w]) served[w,r,i,p] <= online[i,p]",
    ),
    Limit(
        name="cluster_large_enough",
        over=(
            "workload",
            "site",
            "period",
        ),
        cells=("Workloads.min_mw_at_one_site",),
        conflict="{workload} runs at {site} in {period} in {value} MW or more, or not at all",
        unit="MW IT",
        sense="<=",
        floor=True,
        sentence="{site}, {period}: {workload} runs there in no more than the least allowed at one site, {used} MW",
        marginal="saving from a minimum one MW smaller",
        formula="least[w,p] hosts[w,i,p] <= sum_r served[w,r,i,p] <= most[w,i,p] hosts[w,i,p], least = min(min_mw_at_one_site[w], sum_r demand[w,r,p])",
    ),
    Limit(
        name="capacity_covers_demand",
        over=(
            "cover",
            "period",
        ),
        implied=True,
        unit="MW IT",
        sense="<=",
        sentence="{period}, {cover}: all {allowed} MW installed are needed",
        marginal="none: it follows from the other limits",
        formula="sum_{(w,r) confined to S} required[w,r,p] <= sum_{i in S} installed[i,p] for sets of sites S",
    ),
    Limit(
        name="latency_within_limit",
        over=(
            "workload",
            "region",
            "site",
            "period",
        ),
        cells=("Workloads.max_latency_ms",),
        conflict="{workload} must be served within {value} ms",
        unit="ms",
        sense="<=",
        enforced="sets",
        sentence="{workload} in {region} is served from {site} at its longest latency, {used} ms",
        marginal="none: it has no row",
        formula="served[w,r,i,p] exists only where latency[i,r] <= max_latency[w]",
    ),
    Limit(
        name="trusted_where_required",
        over=(
            "workload",
            "region",
            "site",
            "period",
        ),
        cells=("Workloads.trusted_only",),
        conflict="{workload} may run only in trusted jurisdictions",
        unit="MW IT",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{workload} in {region} is served from a trusted place",
        marginal="none: it has no row",
        formula="served[w,r,i,p] of a trusted-only workload exists only at trusted sites",
    ),
    Limit(
        name="resident_where_required",
        over=(
            "workload",
            "region",
            "site",
            "period",
        ),
        cells=("Residency.workload",),
        conflict="{workload} in {region} may run only where Residency allows it",
        unit="MW IT",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{workload} in {region} is served where Residency allows it",
        marginal="none: it has no row",
        formula="served[w,r,i,p] exists only where Residency allows the jurisdiction of i",
    ),
    Limit(
        name="served_not_negative",
        unit="MW IT",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{workload} in {region} is served",
        marginal="none: it has no row",
        formula="served[w,r,i,p] >= 0",
    ),
)

REPORT = Report(
    periods=Periods(table="Balance", period="period", start="start", months="months"),
    exhibits=(
        Trend(
            title="Capacity against demand",
            order=300,
            note="Demand is peak load; what is in service must hold the load served and its reserve.",
            y_title="MW IT",
            series=(
                Series(table="Service", value="demand_mw", label="Demand", dash="dot"),
                Series(table="Load", value="served_mw", label="Served"),
                Series(table="Load", value="taken_mw", label="Served, with reserve", dash="dash"),
                Series(table="Build", value="online_mw", label="In service"),
                Series(table="Build", value="installed_mw", label="Delivered", dash="dashdot"),
            ),
        ),
        Trend(
            title="Capacity by site",
            order=310,
            note="Capacity in service, leased included.",
            y_title="MW IT in service",
            series=(Series(table="Build", value="online_mw", label="In service"),),
            stacked=True,
            by="site",
        ),
    ),
)


FAMILY = Family(
    name="placement",
    title="Placement",
    order=40,
    sheets=(NETWORK, RESIDENCY),
    ledgers=(
        Ledger(
            name="served_mw",
            unit="MW IT",
            over=("workload", "region", "period"),
            meaning="Load served.",
        ),
        Ledger(
            name="mean_load_mw",
            unit="MW IT",
            over=("site", "period"),
            meaning="Mean load at a site, for its energy.",
        ),
    ),
    costs=(
        CostTerm(
            item="network",
            kind=CASH,
            formula="sum_wrip cost_per_mw_year[i,r] years(p) served[w,r,i,p]",
            paid="evenly over the period",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
    ),
    limits=LIMITS,
    outputs=(LOAD, BALANCE),
    charts=(
        Chart(
            title="Capacity against demand",
            table="Balance",
            kind="line",
            x="period",
            series=("demand_mw", "with_reserve_mw", "online_mw", "installed_mw"),
            x_title="Period",
            y_title="MW IT",
        ),
    ),
    codes={
        "one-of-two": "two columns of which exactly one must be filled in",
        "latency-missing": "a site without latency to a region",
        "unreachable-demand": "demand that no site may serve",
        "cluster-too-large": "a minimum at one site that no site within reach can hold",
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
    concessions=farther,
    strengthening=("served_if_committed",),
)
