"""The record of departures."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit

from .._money import PENALTY
from .audit import audit, recompute
from .checks import check
from .sheets import APPROVED_ACTIONS, DEPARTURE_COSTS
from .tables import DEPARTURES, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="departures",
    title="Departures from the approved plan",
    order=95,
    sheets=(APPROVED_ACTIONS, DEPARTURE_COSTS),
    idle_without=("ApprovedActions",),
    costs=(
        CostTerm(
            item="departed_sites",
            kind=PENALTY,
            formula="sum over approved or planned commitments k, cost_per_site departed[k]",
            paid="on the first day of the period",
            escalation="no",
        ),
        CostTerm(
            item="departed_starts",
            kind=PENALTY,
            formula="sum over approved or planned starts k, cost_per_mw_started departed[k]",
            paid="on the first day of the period",
            escalation="no",
        ),
        CostTerm(
            item="departed_signings",
            kind=PENALTY,
            formula="sum over approved or planned signings k, cost_per_mw_signed departed[k]",
            paid="on the first day of the period",
            escalation="no",
        ),
    ),
    limits=(
        Limit(
            name="departure_counted",
            over=(
                "action",
                "subject",
                "period",
            ),
            cells=("ApprovedActions.mw", "DepartureCosts.last_period"),
            conflict="departing from {action} {subject} in {period} is counted",
            unit="sites or MW",
            sense="<=",
            sentence="{action}, {subject}: {period} departs from the approved plan by {used}",
            lasting="{action}, {subject}, departs from the approved plan {when}",
            marginal="none: a departure has its price",
            formula="departed[k] >= |planned[k] - approved[k]|",
        ),
    ),
    outputs=(DEPARTURES,),
    codes={
        "departures-free": "an approved plan without prices, or prices without one (notice)",
        "not-compared": "an approved action that the plan is not held to (notice)",
        "approved-action": "an approved action spelled almost as a plan spells it",
        "approved-period": "an approved action in a period that is not there",
        "approved-date": "an approved action whose date is not that of its period",
        "approved-mw": "an approved start or signing without MW, or a commitment with them",
        "approved-subject": "an approved action of a site or contract that is not there",
    },
    check=check,
    within=("departed_mw",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
