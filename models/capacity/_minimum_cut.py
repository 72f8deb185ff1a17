"""Least cuts of a network from sites to demands: what shows that load cannot be carried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

# Which sites reach each demand, a pair of workload and region.
Routes = Mapping[tuple[str, str], set[str]]
# Flows are whole numbers: megawatts by this much. Any cut is valid, so that rounding costs nothing.
PARTS_PER_MW = 1000
MOST = 2**30


@dataclass(frozen=True)
class Cut:
    """Sites and demands whose capacity and load bound what can be carried."""

    sites: frozenset[str]
    demands: frozenset[tuple[str, str]]


def least_cut(
    given: Mapping[str, float], asked: Mapping[tuple[str, str], float], routes: Routes
) -> Cut:
    """Give the cut of least capacity between sites and demands.

    Parameters
    ----------
    given : mapping
        MW that each site can give.
    asked : mapping
        MW of each demand.
    routes : mapping
        Sites that reach each demand.
    """
    sites = {site: 1 + k for k, site in enumerate(given)}
    demands = {pair: 1 + len(sites) + k for k, pair in enumerate(asked)}
    sink = 1 + len(sites) + len(demands)
    edges = [(0, at, _parts(given[site])) for site, at in sites.items()]
    edges += [(at, sink, _parts(asked[pair])) for pair, at in demands.items()]
    edges += [(sites[i], at, MOST) for pair, at in demands.items() for i in routes[pair]]
    tails, heads, capacity = (np.array(part, dtype=np.int32) for part in zip(*edges, strict=True))
    network = sp.csr_array((capacity, (tails, heads)), shape=(sink + 1, sink + 1))
    left = network - maximum_flow(network, 0, sink).flow
    left.eliminate_zeros()
    reached = set(breadth_first_order(left, 0, return_predecessors=False).tolist())
    full = frozenset(pair for pair, at in demands.items() if at in reached)
    reaching = set[str]().union(*(routes[pair] for pair in asked if pair not in full))
    return Cut(frozenset(reaching), full)


def _parts(megawatts: float) -> int:
    return min(round(megawatts * PARTS_PER_MW), MOST)
