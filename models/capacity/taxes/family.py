"""The record of taxes."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation

from .._money import CASH, RESIDUAL
from .audit import audit, recompute
from .limits import LIMITS
from .sheets import DUTIES, TAXES, check, notices
from .tables import EQUIPMENT_PLACES, REPORT, TAX_BRIDGE, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="taxes",
    title="Taxes",
    order=28,
    sheets=(TAXES, DUTIES),
    idle_without=("Taxes", "Duties"),
    costs=(
        CostTerm(
            item="tax_of",
            kind=CASH,
            formula="- sum over cash costs c, tau[j(c),t] c(t)",
            paid="as the cost that is deducted",
            escalation="as that cost",
        ),
        CostTerm(
            item="tax_depreciation_of",
            kind=CASH,
            formula="- sum over purchases, tau[j,t] B / n, or tau[j,t] B lambda exp(-lambda a) with lambda = -ln(1 - f/n)",
            paid="from the day on which it serves, over depreciation_years or its life",
            escalation="no",
        ),
        CostTerm(
            item="tax_write_off_of",
            kind=CASH,
            formula="- sum over purchases, tau[j,t] B (1 - e/n), or tau[j,t] B exp(-lambda e), e = min(n, L); of what is abandoned, - tau[j,t] times what was paid",
            paid="as its depreciation or its life ends, or as it is abandoned",
            escalation="no",
        ),
        CostTerm(
            item="credit_of",
            kind=CASH,
            formula="- sum over purchases, capital_credit_share[j] C (1 + d)",
            paid="credit_after_months after it serves",
            escalation="no",
        ),
        CostTerm(
            item="property_tax",
            kind=CASH,
            formula="sum over purchases, property_tax_rate[j,t] times the book value",
            paid="evenly while it is depreciated",
            escalation="no",
        ),
        CostTerm(
            item="duty_of",
            kind=CASH,
            formula="sum over assigned equipment, duty_share[k,j] C",
            paid="with the equipment; what is left is credited as the equipment is",
            escalation="as the equipment",
        ),
        CostTerm(
            item="tax_residual_of",
            kind=RESIDUAL,
            formula="sum over purchases, S' - s S",
            paid="at the end of the horizon",
            escalation="no",
        ),
    ),
    limits=LIMITS,
    outputs=(TAX_BRIDGE, EQUIPMENT_PLACES),
    codes={
        "declines-at-once": "a declining balance of which all is written off in a year",
        "taxed-without-site": "taxes or duties where no site lies",
        "depreciated-beyond-life": "depreciation that is longer than the life",
        "deducted-nowhere": "costs of several jurisdictions, and no home jurisdiction",
        "home-untaxed": "a home jurisdiction without a row on Taxes",
    },
    check=check,
    notices=notices,
    report=REPORT,
    parameters=RULES.parameters,
    declare=RULES.declare,
    follow=RULES.follow,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
