"""The record of budgets."""

from __future__ import annotations

from optalloc.modelling.exhibits import Use
from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.reports import Report

from .audit import audit
from .sheets import BUDGETS
from .shortages import shortages

REPORT = Report(
    exhibits=(
        Use(
            title="Budget",
            order=520,
            note="Capital spending.",
            limits=("capital_in_period", "capital_to_date"),
        ),
    ),
)


RULES = formulation(__package__)

FAMILY = Family(
    name="budget",
    title="Budget",
    order=80,
    sheets=(BUDGETS,),
    idle_without=("Budgets",),
    limits=(
        Limit(
            name="capital_in_period",
            over=("period",),
            cells=("Budgets.max_capital",),
            relax=Relax.PRICED,
            conflict="at most {value} M of capital may be spent in {period}",
            unit="M",
            sense="<=",
            sentence="the budget of {period} is spent: {used} of {allowed} M",
            lasting="the budget is spent {when}",
            marginal="saving from one more M of budget in the period",
            formula="capital_spending[p] <= max_capital[p]",
        ),
        Limit(
            name="capital_to_date",
            over=("period",),
            cells=("Budgets.max_capital_to_date",),
            relax=Relax.PRICED,
            conflict="at most {value} M of capital may be spent up to {period}",
            unit="M",
            sense="<=",
            sentence="the budget up to {period} is spent: {used} of {allowed} M",
            lasting="the budget to date is spent {when}",
            marginal="saving from one more M of budget up to the period",
            formula="sum_{q<=p} capital_spending[q] <= max_capital_to_date[p]",
        ),
    ),
    report=REPORT,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    audit=audit,
    shortages=shortages,
)
