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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset, remembered
from optalloc.errors import Problem
from optalloc.exhibits import Report, Use
from optalloc.family import Family, Limit, Relax, Standing
from optalloc.program import Ledgers, frame_of, index_set, indexed_set, parameter
from optalloc.schema import Column, Kind, Missing, Sheet

from . import _plausible
from ._building import active_sites
from ._calendar import calendar
from ._standing import standing_at

PACE = Sheet(
    name="Pace",
    meaning="How many sites and MW may be begun in a period, and how fast capacity may grow.",
    key=("pace",),
    missing=Missing.UNLIMITED,
    columns=(
        Column(
            name="pace",
            kind=Kind.TEXT,
            names="pace",
            meaning="Name of the row, for the report.",
            example="all sites",
        ),
        Column(
            name="market",
            kind=Kind.TEXT,
            meaning="Sites of one market only.",
            blank=None,
            blank_means="sites of every market",
            refers_to="Sites.market",
            of_each=True,
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="Sites of one jurisdiction only.",
            blank=None,
            blank_means="sites of every jurisdiction",
            refers_to="Sites.jurisdiction",
            of_each=True,
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="One period only.",
            blank=None,
            blank_means="every period",
            refers_to="Periods.period",
        ),
        Column(
            name="max_sites",
            kind=Kind.INTEGER,
            unit="sites",
            meaning="Most sites that may be committed in the period.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=2,
        ),
        Column(
            name="max_start_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Most capacity that may be started in the period.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=400,
        ),
        Column(
            name="max_growth_per_year",
            kind=Kind.NUMBER,
            unit="share per year",
            meaning="Most growth of online capacity in a year, from the period before; the first period is free.",
            plausible=_plausible.GROWTH_PER_YEAR,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=0.8,
        ),
        Column(
            name="growth_allowance_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="What may come online in the period besides the growth.",
            blank=0,
            at_least=0,
            example=100,
        ),
    ),
)

KEYS = ["pace", "period"]
LIMITS = {"max_sites": "SITES", "max_start_mw": "STARTS", "max_growth_per_year": "GROWTH"}


@dataclass(frozen=True)
class Parameters:
    """Every row in each of its periods, and the sites it is about."""

    rows: pd.DataFrame
    members: pd.DataFrame


@remembered
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


@remembered
def members(data: Dataset) -> pd.DataFrame:
    """Which active sites each row is about."""
    sites = active_sites(data).reset_index(drop=True)[["site", "market", "jurisdiction"]]
    pairs = data["Pace"][["pace", "market", "jurisdiction"]].merge(
        sites, how="cross", suffixes=("_of_row", "")
    )
    for scope in ("market", "jurisdiction"):
        asked = pairs[f"{scope}_of_row"]
        pairs = pairs[asked.isna() | (asked == pairs[scope])]
    return pairs[["pace", "site"]].reset_index(drop=True)


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    return Parameters(rows_by_period(data), members(data))


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """What begins in a period, and what is online after the period before, is limited."""
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


def check(data: Dataset) -> Iterator[Problem]:
    """Every row limits something."""
    pace = data.rows("Pace")
    for row in pace.index[pace[list(LIMITS)].isna().all(axis=1)]:
        yield data.problem(
            "Pace",
            row,
            "pace",
            "a row must limit something",
            f"Fill in one of {', '.join(LIMITS)}, or take the row out.",
            "no-limit",
            reads=LIMITS,
        )


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each row restated from the Build table, site by site."""
    cal, sites = calendar(data), active_sites(data)[["is_open", "market", "jurisdiction"]]
    order = list(cal.index)
    status = sites["is_open"].to_dict()
    build = tables["Build"].set_index(["site", "period"]).to_dict("index")
    found: dict[str, list[tuple[str, str, float, float]]] = {
        "sites_per_period": [],
        "mw_started_per_period": [],
        "growth": [],
    }
    for row in data["Pace"].to_dict("records"):
        scope = [
            site
            for site, at in sites.iterrows()
            if (pd.isna(row["market"]) or at["market"] == row["market"])
            and (pd.isna(row["jurisdiction"]) or at["jurisdiction"] == row["jurisdiction"])
        ]
        for n, period in enumerate(order):
            if not pd.isna(row["period"]) and row["period"] != period:
                continue
            now = [build[site, period] for site in scope]
            was = [build[site, order[n - 1]] for site in scope] if n else []
            key = (row["pace"], period)
            new = sum(
                bool(at["committed"]) and not status[site] and not (n and was[k]["committed"])
                for k, (site, at) in enumerate(zip(scope, now, strict=True))
            )
            started = sum(at["started_mw"] for at in now)
            if not pd.isna(row["max_sites"]):
                found["sites_per_period"].append((*key, float(new), row["max_sites"]))
            if not pd.isna(row["max_start_mw"]):
                found["mw_started_per_period"].append((*key, started, row["max_start_mw"]))
            if n and not pd.isna(row["max_growth_per_year"]):
                years = cal["months"].iloc[n - 1] / 12
                base = sum(at["online_mw"] for at in was)
                most = base * (1 + row["max_growth_per_year"]) ** years
                online = sum(at["online_mw"] for at in now)
                found["growth"].append((*key, online, most + row["growth_allowance_mw"]))
    return {
        name: pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"]).astype(
            {"used": float, "allowed": float}
        )
        for name, rows in found.items()
    }


def _standing_grown(data: Dataset, key: Mapping[str, Any]) -> Iterator[Standing]:
    """Capacity in service at the sites of a row, in its period."""
    own = members(data)
    inside = own.loc[own["pace"] == key["pace"], "site"]
    yield from standing_at(data, inside, key["period"])


REPORT = Report(
    exhibits=(
        Use(
            title="Pace",
            order=530,
            limits=("sites_per_period", "mw_started_per_period", "growth"),
        ),
    ),
)


FAMILY = Family(
    name="pace",
    title="Pace",
    order=85,
    sheets=(PACE,),
    idle_without=("Pace",),
    limits=(
        Limit(
            name="sites_per_period",
            over=(
                "pace",
                "period",
            ),
            cells=("Pace.max_sites",),
            relax=Relax.PRICED,
            conflict="pace {pace}: at most {value} sites are committed in {period}",
            unit="sites",
            sense="<=",
            sentence="{pace}: no more sites may be committed in {period}: {used} of {allowed}",
            marginal="saving from one more site in the period",
            formula="sum_i (committed[i,p] - committed[i,p-1]) <= max_sites[k,p]",
        ),
        Limit(
            name="mw_started_per_period",
            over=(
                "pace",
                "period",
            ),
            cells=("Pace.max_start_mw",),
            relax=Relax.PRICED,
            conflict="pace {pace}: at most {value} MW are started in {period}",
            unit="MW IT",
            sense="<=",
            sentence="{pace}: no more may be started in {period}: {used} of {allowed} MW",
            marginal="saving from one more MW started in the period",
            formula="sum_i starting[i,p] <= max_start_mw[k,p]",
        ),
        Limit(
            name="growth",
            over=(
                "pace",
                "period",
            ),
            cells=("Pace.growth_allowance_mw",),
            standing=_standing_grown,
            relax=Relax.PRICED,
            conflict="pace {pace}: in {period} capacity grows by {max_growth_per_year} a year and {value} MW at most",
            unit="MW IT",
            sense="<=",
            sentence="{pace}: capacity cannot grow faster in {period}: {used} of {allowed} MW",
            marginal="saving from one more MW of growth",
            formula="sum_i online[i,p] <= (1 + max_growth[k])^years[p] sum_i online[i,p-1] + growth_allowance[k]",
        ),
    ),
    codes={"no-limit": "a row of limits without a limit"},
    check=check,
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    audit=audit,
)
