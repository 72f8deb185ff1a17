"""The record of abandonments."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import audit, recompute
from .limits import LIMITS
from .sheets import ABANDONMENTS, CODES, notices
from .tables import ABANDONED, REPORT, tables

_ON_THE_DAY = "on the first day of the period"
_AS_PAID = "on the days on which it would be paid; none before the site is abandoned"

RULES = formulation(__package__)

FAMILY = Family(
    name="abandonments",
    title="Abandoned sites",
    order=89,
    sheets=(ABANDONMENTS,),
    idle_without=("Abandonments",),
    needed_with=("Decisions",),
    costs=(
        CostTerm(
            item="abandonment",
            kind=CASH,
            formula="sum_ip cost[i] (abandoned[i,p] - abandoned[i,p-1])",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="abandonment_per_mw",
            kind=CASH,
            formula="sum_isdp cost_per_mw[i] dropped_mw[i,s,d,p]",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="abandonment_recovered",
            kind=CASH,
            formula="- sum_ip recovered[i] (abandoned[i,p] - abandoned[i,p-1])",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="abandonment_recovered_per_mw",
            kind=CASH,
            formula="- sum_isdp recovered_per_mw[i] dropped_mw[i,s,d,p]",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="site_cancelled",
            kind=CASH,
            formula="- sum_icp (cost of committing by c that is due after begin(p)) left[i,c,p]",
            paid=_AS_PAID,
            escalation="as `site`",
        ),
        CostTerm(
            item="building_cancelled",
            kind=CASH,
            formula="- sum_isdp (cost of building begun on d that is due after begin(p)) dropped_mw[i,s,d,p]",
            paid=_AS_PAID,
            escalation="as `building`",
        ),
        CostTerm(
            item="component_cancelled",
            kind=CASH,
            formula="- sum_isdp (cost of components begun on d that is due after begin(p)) dropped_mw[i,s,d,p]",
            paid=_AS_PAID,
            escalation="as `component`",
        ),
        CostTerm(
            item="fixed_ended",
            kind=CASH,
            formula="- sum_ip fixed_cost_per_year[i] years(p) abandoned[i,p]",
            paid="evenly over the period",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
    ),
    limits=LIMITS,
    outputs=(ABANDONED,),
    report=REPORT,
    codes=CODES,
    notices=notices,
    follows=("left", "dropped_mw"),
    same_in_all=(*("Abandonments.site", "Abandonments.first_period", "Abandonments.last_period"),),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
