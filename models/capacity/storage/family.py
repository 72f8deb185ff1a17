"""The record of storage."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import audit, recompute
from .limits import LIMITS
from .sheets import STORAGE, check, notices
from .tables import BUILT, REPORT, USE, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="storage",
    title="Storage",
    order=57,
    sheets=(STORAGE,),
    idle_without=("Storage",),
    costs=(
        CostTerm(
            item="storage",
            kind=CASH,
            formula="sum_ks cost_per_mw[k] ordered_mw[k,s]",
            paid="evenly over its lead; renewed at the end of its life; what is left is credited at the end of the horizon",
            escalation="`build_cost_escalation` of Settings, to the order",
        ),
        CostTerm(
            item="storage_energy",
            kind=CASH,
            formula="sum_ks cost_per_mwh[k] ordered_mwh[k,s]",
            paid="as that of its power",
            escalation="`build_cost_escalation` of Settings, to the order",
        ),
        CostTerm(
            item="running_storage",
            kind=CASH,
            formula="sum_kp running_cost_per_mw_year[k] years(p) ready[k,p]",
            paid="evenly over the period",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
    ),
    limits=LIMITS,
    outputs=(BUILT, USE),
    codes={
        "storage-never-ready": "storage that can be in service in no period",
        "storage-without-slices": "storage where no type of day has two slices",
    },
    check=check,
    notices=notices,
    report=REPORT,
    within=("charged", "discharged"),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
