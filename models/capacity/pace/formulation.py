"""Pace: how many sites and megawatts may be begun in a period, and how fast capacity may grow.

In words
    An organisation can open only so many sites at once, begin only so many megawatts, and grow
    only so fast; over all sites, or over those of one market or jurisdiction.
Data
    Pace; market and jurisdiction of Sites. ``years[p]``: years between the first days of two periods
    that follow each other.
Decides
    Nothing.
Limits
    Over the sites of the scope of a row ``k``, in its periods:
    ``sum_i (committed[i,p] - committed[i,p-1]) <= max_sites[k,p]``,
    ``sum_i starting[i,p] <= max_start_mw[k,p]`` and
    ``sum_i online[i,p] <= (1 + max_growth[k])^years[p] sum_i online[i,p-1] + growth_allowance[k]``.
Reads and posts
    Reads ``starting_mw`` and ``online_mw``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset, derived
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import frame_of, index_set, indexed_set, parameter

from .._calendar import calendar
from .derived import members
from .sheets import KEYS


@dataclass(frozen=True)
class Parameters:
    """Every row in each of its periods, and the sites it is about."""

    rows: pd.DataFrame
    members: pd.DataFrame


@derived
def rows_by_period(data: Dataset) -> pd.DataFrame:
    """Each row of Pace in every period it holds for, with the period before and the growth."""
    cal = calendar(data)
    periods = cal.reset_index()[["period"]].assign(
        before=cal.index.to_series().shift(1).to_numpy(),
        # From first day to first day is the length of the period before.
        years=cal["years"].shift(1).to_numpy(),
    )
    pace = data["Pace"].rename(columns={"period": "only"})
    rows = pace.merge(periods, how="cross")
    rows = rows[rows["only"].isna() | (rows["only"] == rows["period"])].reset_index(drop=True)
    growth = rows["max_growth_per_year"].astype(float)
    return rows.assign(factor=(1.0 + growth) ** rows["years"].astype(float))


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    return Parameters(rows_by_period(data), members(data))


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """Limits on starts in a period, and on growth over the period before."""
    # A period in which nothing can begin has no row.
    commits = p.members.merge(frame_of(m.COMMITS, ["site", "period"]), on="site")
    by_sites = p.rows.dropna(subset=["max_sites"]).merge(commits[KEYS].drop_duplicates())
    m.PACED_SITES = index_set(by_sites[KEYS])
    m.max_sites = parameter(m.PACED_SITES, by_sites.set_index(KEYS)["max_sites"])
    m.COMMITS_PACED = indexed_set(m.PACED_SITES, commits, KEYS, ["site", "period"])
    m.sites_per_period = pyo.Constraint(
        m.PACED_SITES,
        rule=lambda m, k, q: (
            sum(
                m.committed[i, c] - sum(m.committed[i, r] for r in m.COMMIT_BEFORE[i, c])
                for i, c in m.COMMITS_PACED[k, q]
            )
            <= m.max_sites[k, q]
        ),
    )
    starts = p.members.merge(frame_of(m.STARTS, ["site", "period"]), on="site")
    by_mw = p.rows.dropna(subset=["max_start_mw"]).merge(starts[KEYS].drop_duplicates())
    m.PACED_MW = index_set(by_mw[KEYS])
    m.max_start_mw = parameter(m.PACED_MW, by_mw.set_index(KEYS)["max_start_mw"])
    m.STARTS_PACED = indexed_set(m.PACED_MW, starts, KEYS, ["site", "period"])
    m.mw_started_per_period = pyo.Constraint(
        m.PACED_MW,
        rule=lambda m, k, q: (
            sum(m.starting_mw[i, s] for i, s in m.STARTS_PACED[k, q]) <= m.max_start_mw[k, q]
        ),
    )
    grown = p.rows.dropna(subset=["max_growth_per_year", "before"])
    m.GROWN = index_set(grown[[*KEYS, "before"]])
    by_key = grown.set_index([*KEYS, "before"])
    m.growth_factor = parameter(m.GROWN, by_key["factor"])
    m.growth_allowance_mw = parameter(m.GROWN, by_key["growth_allowance_mw"])
    m.GROWING = index_set(grown[["pace"]].drop_duplicates())
    m.SITES_GROWING = indexed_set(m.GROWING, p.members, ["pace"], ["site"])
    m.growth = pyo.Constraint(
        m.GROWN,
        rule=lambda m, k, q, r: (
            sum(m.online_mw[i, q] for i in m.SITES_GROWING[k])
            <= m.growth_factor[k, q, r] * sum(m.online_mw[i, r] for i in m.SITES_GROWING[k])
            + m.growth_allowance_mw[k, q, r]
        ),
    )
