"""The record of generation on site."""

from __future__ import annotations

from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit

from .audit import audit
from .tables import GENERATED, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="generation",
    title="On-site generation",
    order=52,
    sheets=(),
    idle_without=("Contracts",),
    needed_with=("Slices",),
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
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
)
