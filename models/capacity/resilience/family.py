"""The record of resilience."""

from __future__ import annotations

from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Limit, Relax

from .audit import audit, recompute
from .sheets import LOSS_EVENTS, LOSS_MEMBERS, check
from .shortages import shortages
from .tables import LOSSES, REPORT, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="resilience",
    title="Resilience",
    order=75,
    sheets=(LOSS_EVENTS, LOSS_MEMBERS),
    idle_without=("LossEvents",),
    limits=(
        Limit(
            name="survives_loss",
            over=(
                "event",
                "period",
            ),
            cells=("LossEvents.share_covered",),
            relax=Relax.PRICED,
            conflict="after the loss {event} what is left covers {value} of the demand served in {period}",
            unit="MW IT",
            sense="<=",
            floor=True,
            sentence="{event}, {period}: without {member} {allowed} MW are left for the {used} that must be covered",
            lasting="{event}: without {member} no more is left than must be covered {when}",
            marginal="saving from one MW less to be covered",
            formula="share_covered[e] sum_wri served[w,r,i,p] + lost[e,p] <= sum_i online[i,p], share_lost[e] sum_{i in k} online[i,p] <= lost[e,p] for each member k",
        ),
        Limit(
            name="delivers_after_loss",
            over=(
                "event",
                "member",
                "period",
            ),
            cells=("LossEvents.share_covered",),
            relax=Relax.PRICED,
            conflict="after the loss {event} of {member}, {value} of the demand served in {period} can be re-routed",
            unit="MW IT",
            sense="<=",
            floor=True,
            sentence="{event}, {period}: without {member} {allowed} MW can be re-routed of the {used} that must be covered",
            lasting="{event}: without {member} no more can be re-routed than must be covered {when}",
            marginal="saving from one MW less to be covered",
            enforced="cuts",
            formula="share_covered[e] sum_wr served[w,r,p] <= sum_{wr not in U} served[w,r,p] + sum_{i reaching U} left[e,k,i] online[i,p] for each member k and all U",
        ),
    ),
    outputs=(LOSSES,),
    codes={
        "event-without-members": "an event that does not say what fails",
        "member-unclear": "a member that is not one thing",
        "member-of-any-one": "members listed for an event of any one",
    },
    check=check,
    report=REPORT,
    within=("lost_mw",),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    shortages=shortages,
    recompute=recompute,
    separate=RULES.separate,
    separates=RULES.separates,
)
