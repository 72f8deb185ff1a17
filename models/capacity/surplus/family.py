"""The record of surplus energy."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit, Relax

from .._money import CASH
from .audit import audit, recompute
from .sheets import SURPLUS_SLICES, check, notices
from .tables import REPORT, SURPLUS, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="surplus",
    title="Surplus energy",
    order=59,
    sheets=(SURPLUS_SLICES,),
    idle_without=("SurplusSlices",),
    costs=(
        CostTerm(
            item="contract_energy_for_sale",
            kind=CASH,
            formula="sum_cpt price_per_mwh[c] / 1000 sold[c,p,t]",
            paid="evenly over the period; contracts without a take-or-pay share",
            escalation="its own `price_escalation`, from instant to instant",
        ),
        CostTerm(
            item="contract_surplus_sold",
            kind=CASH,
            formula="- sum_cpt surplus_factor[z,t] spot_price_per_mwh[z,p] / 1000 sold[c,p,t]",
            paid="evenly over the period",
            escalation="no; the price is given for each period",
        ),
    ),
    limits=(
        Limit(
            name="sold_within_share",
            over=("contract", "period"),
            cells=("Contracts.max_surplus_share",),
            relax=Relax.PRICED,
            conflict="at most {value} of what is taken from {contract} in {period} is sold",
            unit="GWh",
            sense="<=",
            sentence="{contract}, {period}: all the surplus that may be sold is, {used} of {allowed} GWh",
            lasting="all the surplus of {contract} that may be sold is {when}",
            marginal="saving from one more GWh that may be sold",
            formula=(
                "sum_t sold[c,p,t] <= "
                "max_surplus_share[c] / (1 - max_surplus_share[c]) sum_i drawn[c,i,p]"
            ),
        ),
        Limit(
            name="sold_where_offered",
            over=("contract", "period", "slice"),
            unit="GWh",
            sense="<=",
            enforced="sets",
            reported=False,
            sentence="{contract} sells surplus in {slice} of {period}",
            marginal="none: it has no row",
            formula="sold[c,p,t] exists only where the contract may sell and its zone has a price",
        ),
    ),
    outputs=(SURPLUS,),
    codes={
        "surplus-without-slices": "surplus sold in a year that is whole",
        "surplus-unused": "a price of surplus that no contract may sell at",
        "surplus-unpriced": "a contract that may sell surplus where nobody pays for it",
        "surplus-of-unpriced-zone": "surplus priced by a spot price that is not there",
        "surplus-for-profit": "surplus that sells above what it costs",
    },
    check=check,
    notices=notices,
    report=REPORT,
    within=("sold",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
