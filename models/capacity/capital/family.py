"""The record of capital and running cost."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import recompute
from .sheets import COMPONENTS

RULES = formulation(__package__)

FAMILY = Family(
    name="capital",
    title="Capital and running cost",
    order=25,
    sheets=(COMPONENTS,),
    ledgers=(
        Ledger(
            name="capital_spending",
            unit="M",
            over=("period",),
            meaning="Capital paid in the period, before discounting: sites, building, components, equipment and its duty, renewals.",
        ),
    ),
    costs=(
        CostTerm(
            item="site",
            kind=CASH,
            formula="sum_ip site_cost[i] (committed[i,p] - committed[i,p-1])",
            paid="by the spend profile over the site lead from the period's first day; of candidates alone",
            escalation="`build_cost_escalation` of Settings, to the first day of the lead",
        ),
        CostTerm(
            item="building",
            kind=CASH,
            formula="sum_is build_cost_per_mw[i] starting[i,s]",
            paid="by the spend profile over the block lead from the day on which building begins; renewals and residual as under Capital and running cost",
            escalation="`build_cost_escalation` of Settings, to the first day of the lead of that life",
        ),
        CostTerm(
            item="component",
            kind=CASH,
            formula="sum over components k, sum_is cost_per_mw[k,i] starting[i,s]",
            paid="as building, with a profile and life of its own",
            escalation="its own `escalation`, or else `build_cost_escalation`, to the first day of the lead of that life",
        ),
        CostTerm(
            item="fixed",
            kind=CASH,
            formula="sum_ip fixed_cost_per_year[i] years(p) open[i,p]",
            paid="evenly over the period; of an open site from the first period on, of a candidate from its commitment",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
        CostTerm(
            item="running",
            kind=CASH,
            formula="sum_ip cost_per_mw_year[i] years(p) online[i,p]",
            paid="evenly over the period",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
    ),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    recompute=recompute,
)
