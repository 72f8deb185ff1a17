"""The record of surplus energy."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import audit, recompute
from .limits import LIMITS
from .sheets import SURPLUS_SLICES, check, notices
from .tables import REPORT, SURPLUS, SURPLUS_USE, tables

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
    limits=LIMITS,
    outputs=(SURPLUS, SURPLUS_USE),
    codes={
        "surplus-without-slices": "surplus sold in a year that is whole",
        "surplus-unused": "a price of surplus that no contract may sell at",
        "surplus-unpriced": "a contract that may sell surplus where nobody pays for it",
        "surplus-of-unpriced-zone": "surplus priced by a spot price that is not there",
        "surplus-for-profit": "surplus that sells above what it costs",
        "surplus-above-spot": "surplus that sells above the spot price of its slice",
    },
    check=check,
    notices=notices,
    report=REPORT,
    within=("sold", "drawn_for_load"),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
