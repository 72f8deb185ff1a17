"""The record of terminations."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit

from .._money import CASH
from .audit import audit, recompute
from .tables import TERMINATIONS, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="terminations",
    title="Early termination",
    order=51,
    sheets=(),
    idle_without=("Contracts",),
    needed_with=("Decisions",),
    zero_where_absent=("terminated",),
    costs=(
        CostTerm(
            item="termination",
            kind=CASH,
            formula="sum_csp termination_fee_per_mw[c] terminated[c,s,p]",
            paid="on the first day of the period from which the MW are ended",
            escalation="no",
        ),
    ),
    limits=(
        Limit(
            name="ended_within_signed",
            over=(
                "contract",
                "signed",
            ),
            cells=("Contracts.max_mw",),
            conflict="no more of {contract} is ended than is signed",
            unit="MW grid",
            sense="<=",
            sentence="{contract}, signed {signed}: all {allowed} MW are ended early",
            marginal="saving from one more MW to end",
            formula="sum_p terminated[c,s,p] <= procured[c,s]",
        ),
        Limit(
            name="ended_within_term",
            unit="MW grid",
            sense="<=",
            enforced="sets",
            reported=False,
            sentence="{contract}, signed {signed}, is ended in {period}",
            marginal="none: it has no row",
            formula="terminated[c,s,p] exists only with a fee, in periods that s serves",
        ),
    ),
    outputs=(TERMINATIONS,),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
