"""The record of sites and building."""

from __future__ import annotations

from optalloc.modelling.family import Family, Ledger
from optalloc.modelling.folders import formulation

from .._building import building_terms, terms_compared
from .._capacity_bounds import most_of_all
from .._choices import SITE_CHOICE
from .._concessions import in_service
from .._period_ends import CODES
from .._site_need import needed_at_sites
from .audit import audit, recompute
from .checks import check
from .limits import LIMITS
from .sheets import SITES
from .tables import BUILD, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="sites",
    title="Sites and building",
    order=20,
    sheets=(SITES,),
    blocks="Sites.site",
    ledgers=(
        Ledger(
            name="permitted",
            unit="share",
            over=("site", "permit"),
            meaning="1 once a site is committed, by the lead with which its permit arrives.",
        ),
        Ledger(
            name="online_mw", unit="MW IT", over=("site", "period"), meaning="Capacity in service."
        ),
        Ledger(
            name="installed_mw",
            unit="MW IT",
            over=("site", "period"),
            meaning="Capacity delivered and not retired, in service or not.",
        ),
        Ledger(
            name="starting_mw",
            unit="MW IT",
            over=("site", "period"),
            meaning="Capacity whose building starts in the period.",
        ),
        Ledger(
            name="beginning_mw",
            unit="MW IT",
            over=("site", "period", "begins"),
            meaning="Of what starts in the period, the capacity whose building begins on a day.",
        ),
    ),
    limits=LIMITS,
    outputs=(BUILD,),
    choices=(SITE_CHOICE,),
    codes={
        "site-too-small": "more stands at a site than max_mw",
        "construction-date": "capacity under construction without a date, or the other way round",
        "blocks-without-size": "a limit on blocks where blocks have no size",
        "no-site": "every site is excluded",
        "beyond-tolerance": "a block or minimum a million times smaller or larger than what can be needed",
        **CODES,
    },
    check=check,
    follows=("late_mw",),
    zero_where_absent=("started", "begun", "energised"),
    shared=((needed_at_sites, most_of_all), (building_terms, terms_compared)),
    same_in_all=("Sites.status", "Sites.block_mw"),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
    concessions=in_service,
)
