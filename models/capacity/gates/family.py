"""The record of gates."""

from __future__ import annotations

from optalloc.modelling.exhibits import Listing
from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit
from optalloc.modelling.reports import Report

from .._period_ends import CODES
from .audit import audit, recompute
from .checks import notices
from .concessions import concessions
from .sheets import GATES
from .tables import GATES_HELD, tables


def _limit(name: str, done: str, unit: str, marginal: str, formula: str) -> Limit:
    return Limit(
        name=f"{name}_after_gate",
        over=("gate", "site", "period"),
        cells=("Gates.opens",),
        conflict=f"nothing is {done} at {{site}} in {{period}}, before {{gate}} opens",
        unit=unit,
        sense="<=",
        sentence=f"{{gate}} is shut in {{period}}: nothing is {done} at {{site}}",
        lasting=f"{{gate}} is shut: nothing is {done} at {{site}} {{when}}",
        marginal=marginal,
        formula=f"{formula} <= 0, begin(p) < opens[g]",
    )


RULES = formulation(__package__)

FAMILY = Family(
    name="gates",
    title="Gates",
    order=87,
    sheets=(GATES,),
    idle_without=("Gates",),
    limits=(
        _limit(
            *("committed", "committed", "sites"),
            "saving from a site that is committed before the gate opens",
            "committed[i,p]",
        ),
        _limit(
            *("started", "started", "MW IT"),
            "saving from one MW that is started before the gate opens",
            "started_mw[i,p]",
        ),
        _limit(
            *("energised", "put into service", "MW IT"),
            "saving from one MW in service before the gate opens",
            "energised[i,p]",
        ),
    ),
    outputs=(GATES_HELD,),
    report=Report(
        exhibits=(
            Listing(
                title="Gates",
                order=535,
                note="From when gates are open, and from when the plan does what they hold.",
                table="GatesHeld",
            ),
        ),
    ),
    codes={
        **CODES,
        "gate-holds-nothing": "a gate at no site that could do what it holds (notice)",
        "gate-stays-shut": "a gate that opens after the last period has begun (notice)",
    },
    notices=notices,
    concessions=concessions,
    same_in_all=("Gates.gate", "Gates.holds", "Gates.site", "Gates.jurisdiction"),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
