"""The record of carbon."""

from __future__ import annotations

from optalloc.modelling.exhibits import Use
from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.reports import Report

from .audit import audit, recompute
from .checks import check
from .sheets import CARBON
from .tables import EMISSIONS, tables

REPORT = Report(
    exhibits=(
        Use(
            title="Carbon",
            order=450,
            limits=("emissions_within_cap", "clean_energy"),
        ),
    ),
)


RULES = formulation(__package__)

FAMILY = Family(
    name="carbon",
    title="Carbon",
    order=60,
    sheets=(CARBON,),
    idle_without=("Contracts", "PowerPrices", "Carbon"),
    limits=(
        Limit(
            name="emissions_within_cap",
            over=("period",),
            cells=("Carbon.max_tco2",),
            relax=Relax.PRICED,
            conflict="emissions in {period} are at most {value} tCO2",
            unit="tCO2",
            sense="<=",
            sentence="{period} emits all it may: {used} of {allowed} tCO2",
            lasting="all is emitted that may be {when}",
            marginal="saving from one more tCO2 allowed",
            formula="sum_ci tco2[c] drawn[c,i,p] + sum_i tco2[z,p] spot[i,p] <= max_tco2[p]",
        ),
        Limit(
            name="clean_energy",
            over=("period",),
            cells=("Carbon.min_clean_share",),
            relax=Relax.PRICED,
            conflict="at least {value} of the energy in {period} is clean",
            unit="GWh",
            sense="<=",
            floor=True,
            sentence="{period} draws no more clean energy than it must: {used} of {allowed} GWh",
            lasting="no more clean energy is drawn than must be {when}",
            marginal="saving from one more GWh of clean energy",
            formula="min_clean_share[p] energy[p] <= clean[p]",
        ),
    ),
    outputs=(EMISSIONS,),
    codes={
        "emissions-unstated": "a source of energy that does not say what it emits",
        "carbon-without-energy": "limits on emissions where energy has no source",
    },
    check=check,
    report=REPORT,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
