"""The record of interruptible connections."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import audit, recompute
from .limits import LIMITS
from .sheets import INTERRUPTIBLE, INTERRUPTIONS, check, notices
from .tables import INTERRUPTIBLE_USE, REPORT, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="interruptible",
    title="Interruptible connections",
    order=58,
    sheets=(INTERRUPTIBLE, INTERRUPTIONS),
    idle_without=("Interruptible",),
    costs=(
        CostTerm(
            item="interruptible",
            kind=CASH,
            formula="sum_ip fee_per_mw_year[i,p] years(p) interruptible[i,p]",
            paid="evenly over the period",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
    ),
    limits=LIMITS,
    outputs=(INTERRUPTIBLE_USE,),
    codes={
        "interruptible-without-slices": "an interruptible connection in a year that is whole",
        "interruptible-without-energy": "an interruptible connection where no energy is priced",
        "interruptible-unlimited": "an interruptible connection where firm MW are not limited",
        "never-cut-off": "an interruptible connection that is cut off in no slice",
    },
    check=check,
    notices=notices,
    report=REPORT,
    within=("interruptible",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
