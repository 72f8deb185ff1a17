"""The record of jurisdiction risk."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation

from .._money import EXPECTED_LOSS, PENALTY
from .audit import audit, recompute
from .checks import check
from .limits import LIMITS
from .sheets import JURISDICTION_GROUPS, JURISDICTIONS, RISK_LIMITS, RISK_WEIGHTS
from .shortages import shortages
from .tables import EXPOSURE, REPORT, RISK, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="risk",
    title="Jurisdiction risk",
    order=70,
    sheets=(JURISDICTIONS, JURISDICTION_GROUPS, RISK_WEIGHTS, RISK_LIMITS),
    idle_without=(
        "Jurisdictions",
        "RiskLimits",
    ),
    costs=(
        CostTerm(
            item="risk_excess",
            kind=PENALTY,
            formula="sum over limits x, sum_p penalty_per_mw_year[x] years(p) excess_mw[x,p]",
            paid="evenly over the period",
            escalation="no",
        ),
        CostTerm(
            item="expected_loss",
            kind=EXPECTED_LOSS,
            formula="sum_ip expected_loss_per_mw_year[i] years(p) online[i,p]",
            paid="evenly over the period",
            escalation="no",
        ),
    ),
    limits=LIMITS,
    outputs=(RISK, EXPOSURE),
    codes={
        "site-jurisdiction": "a site whose jurisdiction is not known",
        "risk-subject": "a risk limit that names no subject or several",
        "share-above-1": "a share or score above 1",
        "risk-weights": "a mean score over all classes without weights",
    },
    check=check,
    report=REPORT,
    within=("excess_mw",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
    shortages=shortages,
    separate=RULES.separate,
    separates=RULES.separates,
)
