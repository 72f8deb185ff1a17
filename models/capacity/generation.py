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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.family import Family
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.limits import Limit
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.sets import index_set, indexed_set
from optalloc.modelling.solution import Solution

from ._building import pue_of_sites, site_periods
from ._contracts import GENERATION, KEYS, SITE_KEYS, USE_KEYS, reach, storage_peak, sums_at

GENERATED = TableSpec(
    name="Generation",
    meaning="Peak that on-site generation covers at its site.",
    key=("contract", "site", "period"),
    across="period",
    spread=("offset_mw",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract of kind generation."),
        Column(name="site", kind=Kind.TEXT, meaning="Site at which it stands."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="offset_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Peak taken off the grid."
        ),
    ),
)


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


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Peak covered on site."""
    offset = values.variable("offset", KEYS).rename(columns={"value": "offset_mw"})
    offset["site"] = offset["contract"].map(data.column("Contracts", "site", by="contract"))
    return {"Generation": offset.loc[offset["offset_mw"] > 0, [*USE_KEYS, "offset_mw"]]}


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Peak covered by plant and by site, from the Generation, Procurement and Build tables."""
    offset, procurement = tables["Generation"], tables["Procurement"]
    plants = data.columns("Contracts", "contract", "site", "kind")
    plants = plants[plants["kind"] == GENERATION]
    active = procurement[procurement["contract"].isin(plants["contract"])]
    peaks = tables["Build"][tables["Build"]["site"].isin(plants["site"])]
    pue = peaks["site"].map(pue_of_sites(data)).astype(float)
    stored = storage_peak(data, tables, peaks[SITE_KEYS])
    stands_at = plants.set_index("contract")["site"]
    own = offset["contract"].map(stands_at) == offset["site"]
    return {
        "offset_within_contract": active[KEYS].assign(
            used=sums_at(offset.groupby(KEYS)["offset_mw"].sum(), active[KEYS]),
            allowed=active["active_mw"],
        ),
        "offset_within_peak": peaks[SITE_KEYS].assign(
            used=sums_at(offset.groupby(SITE_KEYS)["offset_mw"].sum(), peaks[SITE_KEYS]),
            allowed=peaks["online_mw"] * pue + stored,
        ),
        "offset_at_own_site": offset[USE_KEYS].assign(
            used=offset["offset_mw"].abs(), allowed=offset["offset_mw"].where(own, 0.0)
        ),
    }


FAMILY = Family(
    name="generation",
    title="On-site generation",
    order=52,
    sheets=(),
    idle_without=("Contracts",),
    limits=(
        Limit(
            name="offset_within_contract",
            over=(
                "contract",
                "period",
            ),
            cells=("Contracts.max_mw",),
            conflict="{contract} covers no more on site in {period} than is signed, {value} MW at most",
            unit="MW grid",
            sense="<=",
            sentence="{contract}, {period}: all {allowed} active MW cover peak on site",
            lasting="all that is active of {contract} covers peak on site {when}",
            marginal="saving from one more active MW",
            formula="offset[c,p] <= contracted[c,p]",
        ),
        Limit(
            name="offset_within_peak",
            over=(
                "site",
                "period",
            ),
            cells=("Sites.pue",),
            conflict="generation at {site} covers no more than its peak in {period}",
            unit="MW grid",
            sense="<=",
            sentence="{site}, {period}: the whole peak of {allowed} MW is covered on site",
            lasting="the whole peak of {site} is covered on site {when}",
            marginal="saving from one MW fed into the grid",
            formula="sum_c offset[c,p] <= pue[i] online[i,p]",
        ),
        Limit(
            name="offset_at_own_site",
            unit="MW grid",
            sense="<=",
            enforced="sets",
            reported=False,
            sentence="{contract} covers peak at {site}",
            marginal="none: it has no row",
            formula="offset[c,p] exists only for generation, at its own site",
        ),
    ),
    outputs=(GENERATED,),
    within=("offset",),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
)
