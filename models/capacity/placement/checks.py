"""Checks that latencies are known and that demand can be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rounding import exceeds
from optalloc.errors import Problem

from .._building import SERVICE_COLUMNS, active_sites
from .._calendar import TERM
from .._demand import asked
from .._network import arcs, network
from .derived import clusters, placements
from .sheets import CLUSTER_KEYS, DEMAND_KEYS, EITHER

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


def check(data: Dataset) -> Iterator[Problem]:
    """Every site has a latency to every region, and every demand has a site that may serve it."""
    regions = data["Demand"]["region"].dropna().unique()
    missing, sites = _missing_latency(data, set(regions)), data.column("Sites", "site")
    for row, lacking in missing.items():
        yield data.problem(
            "Sites",
            row,
            "site",
            f"latency from {sites[row]!r} to every region of Demand must be on sheet Network",
            f"Add rows for {', '.join(sorted(lacking))}.",
            "latency-missing",
            found=f"none to {len(lacking)} of {len(regions)}",
            reads=("status", "market"),
        )
    yield from _check_reach(data, set[str]().union(*missing.values()))


def _unclear(data: Dataset, sheet: str) -> pd.DataFrame:
    """Rows that fill in both or neither of the two columns: none can tell whom they are about."""
    rows, (first, second) = data.rows(sheet), EITHER[sheet].columns
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
        for row, site, market in data.columns("Sites", "site", "market").itertuples(name=None)
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
    # What an unclear row allows is not known.
    must = must[~must["region"].isin(lost | set(_unclear(data, "Network")["region"]))]
    must = must[~must["workload"].isin(_unclear(data, "Residency")["workload"])]
    must = must[~must["region"].isin(_in_doubt(data, "Network", "region", REACH_OF_REGION))]
    for sheet, columns in REACH_OF_WORKLOAD.items():
        must = must[~must["workload"].isin(_in_doubt(data, sheet, "workload", columns))]
    alone = must[~pd.MultiIndex.from_frame(must[["workload", "region"]]).isin(reached)]
    for row, at in alone.drop_duplicates(["workload", "region"]).to_dict("index").items():
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
