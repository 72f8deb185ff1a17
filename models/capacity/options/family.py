"""The record of options."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation

from .._capacity_bounds import most_of_all
from .._money import CASH
from .audit import audit, recompute
from .checks import CODES, check, notices
from .choice import OPTION_CHOICE
from .derived import needed_of_options
from .limits import LIMITS
from .sheets import OPTIONS
from .tables import OPTIONS_HELD, REPORT, tables

_ON_THE_DAY = "on the first day of the period"

RULES = formulation(__package__)

FAMILY = Family(
    name="options",
    title="Options",
    order=88,
    sheets=(OPTIONS,),
    idle_without=("Options",),
    needed_with=("Decisions",),
    costs=(
        CostTerm(
            item="option_premium",
            kind=CASH,
            formula="sum_op premium[o] (bought[o,p] of land, else buys[o,p])",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="option_premium_by_size",
            kind=CASH,
            formula="sum_op (premium_per_mw[o] or premium_per_unit[o]) bought[o,p]",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="option_fee",
            kind=CASH,
            formula="sum_op (fee_per_year[o], fee_per_mw_year[o] or fee_per_unit_year[o]) years(p) kept[o,p]",
            paid="evenly over the period",
            escalation="no",
        ),
        CostTerm(
            item="option_exercise",
            kind=CASH,
            formula="sum_op exercise_price[o] (exercises[o,p] - exercises[o,p-1]); of land `site` has it",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="option_exercise_by_size",
            kind=CASH,
            formula="sum_op (exercise_price_per_mw[o] or exercise_price_per_unit[o]) (exercised[o,p] - exercised[o,p-1])",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="option_credit",
            kind=CASH,
            formula="- sum_op min(premium_credited[o] premium[o], price) (exercised[o,p] - exercised[o,p-1] of land, else exercises[o,p] - exercises[o,p-1])",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
        CostTerm(
            item="option_credit_by_size",
            kind=CASH,
            formula="- sum_op min(premium_credited[o] premium_per_mw[o], exercise_price_per_mw[o]), or both per unit, (exercised[o,p] - exercised[o,p-1])",
            paid=_ON_THE_DAY,
            escalation="no",
        ),
    ),
    limits=LIMITS,
    outputs=(OPTIONS_HELD,),
    report=REPORT,
    choices=(OPTION_CHOICE,),
    codes=CODES,
    check=check,
    notices=notices,
    shared=((needed_of_options, most_of_all),),
    same_in_all=(
        *("Options.option", "Options.kind", "Options.site", "Options.zone", "Options.contract"),
        *(
            "Options.lease",
            "Options.equipment",
            "Options.supplier",
            "Options.first_period",
            "Options.last_period",
            "Options.exercise_from",
        ),
        *("Options.exercise_until", "Options.needed_from"),
    ),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
