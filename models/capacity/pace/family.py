"""The record of pace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.exhibits import Use
from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Cause, Limit, Relax
from optalloc.modelling.reports import Report

from .._standing_capacity import standing_at
from .audit import audit
from .derived import members
from .sheets import PACE


def _standing_grown(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
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

RULES = formulation(__package__)

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
            lasting="{pace}: no more sites may be committed {when}",
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
            lasting="{pace}: no more may be started {when}",
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
            causes=_standing_grown,
            relax=Relax.PRICED,
            conflict="pace {pace}: in {period} capacity grows by {max_growth_per_year} a year and {value} MW at most",
            unit="MW IT",
            sense="<=",
            sentence="{pace}: capacity cannot grow faster in {period}: {used} of {allowed} MW",
            lasting="{pace}: capacity cannot grow faster {when}",
            marginal="saving from one more MW of growth",
            formula="sum_i online[i,p] <= (1 + max_growth[k])^years[p] sum_i online[i,p-1] + growth_allowance[k]",
        ),
    ),
    report=REPORT,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    audit=audit,
)
