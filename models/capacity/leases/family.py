"""The record of leases."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit

from .._building import terms_compared
from .._capacity_bounds import most_of_all, needed_of_leases
from .._leases import signing_terms_of_leases
from .._money import CASH
from .._period_ends import CODES
from .audit import audit, recompute
from .sheets import LEASES, check
from .tables import LEASING, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="leases",
    title="Leases",
    order=22,
    sheets=(LEASES,),
    idle_without=("Leases",),
    needed_with=("Decisions", "Options"),
    ledgers=(
        Ledger(
            name="leased_mw",
            unit="MW IT",
            over=("lease", "period"),
            meaning="Leased capacity that is active.",
        ),
    ),
    costs=(
        CostTerm(
            item="rent",
            kind=CASH,
            formula="sum over leases l, sum_s rent_per_mw_year[l] (years of the term within the horizon) leased[l,s]",
            paid="evenly over the term, periods that it does not serve included",
            escalation="its own `rent_escalation`, from instant to instant",
        ),
    ),
    limits=(
        Limit(
            name="lease_on_offer",
            over=(
                "lease",
                "period",
            ),
            cells=("Leases.last_period",),
            conflict="{lease} can be signed only while it is on offer",
            unit="MW IT",
            sense="<=",
            enforced="sets",
            sentence="{lease}, {period}: all {allowed} MW on offer are signed",
            lasting="all that is on offer of {lease} is signed {when}",
            marginal="none: it has no row",
            formula="leased[l,s] exists only within the signing window",
        ),
        Limit(
            name="lease_minimum",
            over=(
                "lease",
                "period",
            ),
            cells=("Leases.min_mw",),
            conflict="{lease} is signed for {value} MW or more",
            unit="MW IT",
            sense="<=",
            floor=True,
            sentence="{lease}, {period}: the least that may be signed, {used} MW, is signed",
            lasting="no more of {lease} is signed than must be {when}",
            marginal="saving from a minimum one MW smaller",
            formula="min[l] signs_lease[l,s] <= leased[l,s] <= max[l] signs_lease[l,s]",
        ),
        Limit(
            name="lease_within_max",
            over=(
                "lease",
                "period",
            ),
            cells=("Leases.max_mw",),
            conflict="{lease} has no more than {value} MW to lease",
            unit="MW IT",
            sense="<=",
            sentence="{lease} is used up in {period}: {used} of {allowed} MW are active",
            lasting="{lease} is used up {when}",
            marginal="saving from one more MW to lease",
            formula="sum_s leased[l,s] <= max[l], s whose signings are active in p",
        ),
    ),
    outputs=(LEASING,),
    codes={
        "lease-never-active": "a lease whose term holds no whole period",
        **CODES,
        "beyond-tolerance": "a block or minimum a million times smaller or larger than what can be needed",
    },
    check=check,
    zero_where_absent=("leased", "signs_lease"),
    shared=((needed_of_leases, most_of_all), (signing_terms_of_leases, terms_compared)),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
