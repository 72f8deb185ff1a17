"""Generation: plant at a site that stands behind its meter and takes peak off the grid.

In words
    On-site generation is signed like a contract, with its own lead, and delivers energy to its own
    site. Its active MW may also cover peak there, so that the site draws less from the grid: zone
    caps, connection and capacity contracts see what is left. It covers no more than the site
    draws; nothing is fed into the grid.
Data
    Contracts and SignedContracts of kind generation; PUE of Sites.
Decides
    ``offset[contract, period]``, the MW of peak covered on site.
Limits
    ``offset[c,p] <= contracted[c,p]`` for each plant; ``sum_c offset[c,p] <= pue[i] online[i,p]``,
    and what storage draws at the peak, at its site, that is ``grid[i,p] >= 0``.
Reads and posts
    Reads ``contracted_mw``; posts ``grid_mw``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set

from .._building import site_periods
from .._contracts import GENERATION, KEYS, SITE_KEYS, reach


@dataclass(frozen=True)
class Parameters:
    """Every site and period, and the generation that stands there."""

    site_periods: pd.DataFrame
    plants: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    return Parameters(site_periods(data, *SITE_KEYS), reach(data, GENERATION))


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Peak covered on site is not drawn from the grid."""
    m.GENERATING = index_set(p.plants[KEYS])
    m.offset = pyo.Var(m.GENERATING, domain=pyo.NonNegativeReals)
    m.MAY_GENERATE = index_set(p.site_periods)
    m.GENERATING_AT = indexed_set(m.MAY_GENERATE, p.plants, SITE_KEYS, ["contract"])
    ledgers.post(
        "grid_mw",
        "on_site",
        lambda m, i, q: -sum(m.offset[c, q] for c in m.GENERATING_AT[i, q]),
    )


def constrain(m: Any, p: Parameters) -> None:
    """Offset peak: at most what is active, and what there is."""
    m.offset_within_contract = pyo.Constraint(
        m.GENERATING, rule=lambda m, c, q: m.offset[c, q] <= m.contracted_mw[c, q]
    )
    m.OFFSET_SITES = index_set(p.plants[SITE_KEYS].drop_duplicates())
    m.offset_within_peak = pyo.Constraint(m.OFFSET_SITES, rule=lambda m, i, q: m.grid_mw[i, q] >= 0)
