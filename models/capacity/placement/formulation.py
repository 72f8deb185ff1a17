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
    Reads ``online_mw``, ``installed_mw``, ``required_mw``; owns and posts ``served_mw``,
    ``hosted_mw`` and ``mean_load_mw``; posts ``cost``.
Source
    Capacitated facility location; the links ``served <= demand committed`` are those of
    Leung and Magnanti (1989, doi:10.1007/BF01582288), taken only where the relaxation breaks them;
    they hold only where nothing serves without a commitment. Links ``served <= demand hosts`` and
    ``hosts <= committed`` were tried and do not pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._building import site_periods
from .._demand import positive_demand
from .._network import covers
from .._posting import post_cost
from .._running_costs import yearly_charges
from .derived import clusters, placements
from .sheets import CLUSTER_KEYS, DEMAND_KEYS, KEYS, SITE_KEYS


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
    loaded = site_periods(data, *SITE_KEYS).merge(frame[SITE_KEYS].drop_duplicates(), on=SITE_KEYS)
    return Parameters(
        frame,
        loaded,
        positive_demand(data)[DEMAND_KEYS],
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
    m.HOSTED_LOADS = index_set(p.arcs[CLUSTER_KEYS].drop_duplicates())
    m.REGIONS_HOSTED = indexed_set(m.HOSTED_LOADS, p.arcs, CLUSTER_KEYS, ["region"])
    ledgers.open("hosted_mw", m.HOSTED_LOADS)
    ledgers.open("mean_load_mw", m.LOADED)
    ledgers.post(
        "served_mw",
        "placed",
        lambda m, w, r, q: sum(m.served[w, r, i, q] for i in m.SERVED_FROM[w, r, q]),
    )
    ledgers.post(
        "hosted_mw",
        "placed",
        lambda m, w, i, q: sum(m.served[w, r, i, q] for r in m.REGIONS_HOSTED[w, i, q]),
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
