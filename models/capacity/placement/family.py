"""The record of placement."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation
from optalloc.modelling.outputs import Chart

from .._concessions import farther
from .._money import CASH
from .audit import audit, recompute
from .checks import check
from .limits import LIMITS
from .sheets import NETWORK, RESIDENCY
from .shortages import shortages
from .tables import BALANCE, LOAD, REPORT, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="placement",
    title="Placement",
    order=40,
    sheets=(NETWORK, RESIDENCY),
    ledgers=(
        Ledger(
            name="served_mw",
            unit="MW IT",
            over=("workload", "region", "period"),
            meaning="Load served.",
        ),
        Ledger(
            name="hosted_mw",
            unit="MW IT",
            over=("workload", "site", "period"),
            meaning="Load of a workload that a site serves, of all regions.",
        ),
        Ledger(
            name="mean_load_mw",
            unit="MW IT",
            over=("site", "period"),
            meaning="Mean load at a site, for its energy.",
        ),
    ),
    costs=(
        CostTerm(
            item="network",
            kind=CASH,
            formula="sum_wrip cost_per_mw_year[i,r] years(p) served[w,r,i,p]",
            paid="evenly over the period",
            escalation="`running_cost_escalation` of Settings, from instant to instant",
        ),
    ),
    limits=LIMITS,
    outputs=(LOAD, BALANCE),
    charts=(
        Chart(
            title="Capacity against demand",
            table="Balance",
            kind="line",
            x="period",
            series=("demand_mw", "with_reserve_mw", "online_mw", "installed_mw"),
            x_title="Period",
            y_title="MW IT",
        ),
    ),
    codes={
        "latency-missing": "a site without latency to a region",
        "unreachable-demand": "demand that no site may serve",
        "cluster-too-large": "a minimum at one site that no site within reach can hold",
    },
    check=check,
    report=REPORT,
    within=("served",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
    shortages=shortages,
    concessions=farther,
    strengthening=("served_if_committed",),
)
