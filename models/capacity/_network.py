"""Which demand which site may serve: latency, residency and trust; and what that confines."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset, derived
from optalloc.data.rounding import exceeds

from ._building import active_sites
from ._demand import asked, positive_demand

# More sets of sites than this cost the solver more than their cover rows are worth.
MOST_COVERS = 24


@derived
def network(data: Dataset) -> pd.DataFrame:
    """Latency and cost of each active site and region: a site's own row before its market's."""
    rows = data["Network"]
    sites = active_sites(data, "site", "market").reset_index(drop=True)
    columns = ["site", "region", "latency_ms", "cost_per_mw_year"]
    own = rows[rows["site"].notna()].drop(columns="market").merge(sites[["site"]], on="site")
    shared = (
        rows[rows["site"].isna()]
        .drop(columns="site")
        .merge(sites.dropna(subset=["market"]), on="market")
    )
    return (
        pd.concat([own[columns], shared[columns]])
        .drop_duplicates(["site", "region"])
        .reset_index(drop=True)
    )


@derived
def resident(data: Dataset) -> pd.DataFrame:
    """Allowed (workload, region, jurisdiction), where workload and region are restricted."""
    rows = data["Residency"]
    groups = data.columns("JurisdictionGroups", "group", "jurisdiction")
    by_group = rows[rows["group"].notna()].drop(columns="jurisdiction").merge(groups, on="group")
    allowed = pd.concat([rows[rows["group"].isna()], by_group])[
        ["workload", "region", "jurisdiction"]
    ]
    regions = pd.DataFrame({"region": data.column("Demand", "region").dropna().unique()})
    everywhere = (
        allowed[allowed["region"].isna()].drop(columns="region").merge(regions, how="cross")
    )
    return pd.concat(
        [allowed[allowed["region"].notna()], everywhere], ignore_index=True
    ).drop_duplicates()


@derived
def arcs(data: Dataset) -> pd.DataFrame:
    """Allowed (workload, region, site) with latency, network cost and the workload's columns."""
    pairs = positive_demand(data)[["workload", "region"]].drop_duplicates()
    sites = active_sites(data, "site", "jurisdiction").reset_index(drop=True)
    trusted = data.column("Jurisdictions", "trusted", by="jurisdiction")
    frame = (
        pairs.merge(data["Workloads"], on="workload")
        .merge(network(data), on="region")
        .merge(sites, on="site")
    )
    near = ~exceeds(frame["latency_ms"], frame["max_latency_ms"])
    known = frame["jurisdiction"].map(trusted).eq(True)
    allowed = resident(data)
    restricted = pd.MultiIndex.from_frame(frame[["workload", "region"]]).isin(
        pd.MultiIndex.from_frame(allowed[["workload", "region"]])
    )
    here = pd.MultiIndex.from_frame(frame[["workload", "region", "jurisdiction"]]).isin(
        pd.MultiIndex.from_frame(allowed)
    )
    return frame[near & (known | ~frame["trusted_only"]) & (here | ~restricted)].reset_index(
        drop=True
    )


def covers(data: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Demands that are confined to a set of sites, and the sites of each set.

    For each set of sites that some demand is confined to (and for all sites together): the
    demands that no site outside the set may serve. Sets that confine the most demand come first,
    and at most `MOST_COVERS` are taken.

    Returns
    -------
    pandas.DataFrame, pandas.DataFrame
        (cover, workload, region), and (cover, site); a cover is named after its largest demand.
    """
    allowed: dict[tuple[str, str], frozenset[str]] = {
        (str(workload), str(region)): frozenset(own["site"])
        for (workload, region), own in arcs(data).groupby(["workload", "region"])
    }
    size: dict[Any, float] = asked(data).groupby(["workload", "region"])["it_mw"].max().to_dict()
    everywhere = frozenset[str]().union(*allowed.values())
    reaches = set(allowed.values()) | ({everywhere} if allowed else set())
    inside = {reach: [pair for pair, own in allowed.items() if own <= reach] for reach in reaches}
    ranked = sorted(inside, key=lambda reach: (-sum(size[p] for p in inside[reach]), sorted(reach)))
    confined, covering = [], []
    for reach in ranked[:MOST_COVERS]:
        equal = [pair for pair in inside[reach] if allowed[pair] == reach] or inside[reach]
        workload, region = max(equal, key=lambda pair: (size[pair], pair))
        name = "everywhere" if reach == everywhere else f"within reach of {workload} in {region}"
        confined += [(name, *pair) for pair in inside[reach]]
        covering += [(name, site) for site in sorted(reach)]
    return (
        pd.DataFrame(confined, columns=["cover", "workload", "region"]),
        pd.DataFrame(covering, columns=["cover", "site"]),
    )
