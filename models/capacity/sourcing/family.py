"""The record of sourcing."""

from __future__ import annotations

from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit, Relax

from .audit import audit

RULES = formulation(__package__)

FAMILY = Family(
    name="sourcing",
    title="Loss of suppliers",
    order=76,
    sheets=(),
    idle_without=("LossEvents",),
    limits=(
        Limit(
            name="survives_supplier_loss",
            over=(
                "event",
                "member",
                "equipment",
                "period",
            ),
            cells=("LossEvents.share_covered",),
            relax=Relax.PRICED,
            conflict="after the loss {event} of {member}, orders cover {value} of the {equipment} needed in {period}",
            unit="units",
            sense="<=",
            floor=True,
            sentence="{event}, {period}: without {member} the other suppliers deliver {allowed} of the {used} units of {equipment} that must be covered",
            lasting="{event}: without {member} the others deliver no more {equipment} than must be covered {when}",
            marginal="saving from one unit less to be covered",
            formula="share_covered[e] equipment_needed[n,p] <= sum_f left[e,k,f] ordered[n,f,p]",
        ),
    ),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    audit=audit,
)
