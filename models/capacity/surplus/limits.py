"""The limits of surplus."""

from __future__ import annotations

from optalloc.modelling.limits import Limit, Relax

LIMITS = (
    Limit(
        name="for_load_within_drawn",
        over=("contract", "site", "period"),
        unit="GWh",
        sense="<=",
        reported=False,
        sentence="{site} runs on all it draws from {contract} in {period}",
        marginal="none: what load runs on is part of what is drawn",
        formula="drawn_for_load[c,i,p] <= drawn[c,i,p]",
    ),
    Limit(
        name="for_load_within_load",
        over=("site", "period"),
        unit="GWh",
        sense="<=",
        reported=False,
        sentence="{site} runs in {period} on contracts that may sell surplus alone",
        marginal="none: what storage loses serves no load",
        formula="sum_c drawn_for_load[c,i,p] <= pue[i] hours[p] mean_load[i,p]",
    ),
    Limit(
        name="sold_within_share",
        over=("contract", "period"),
        cells=("Contracts.max_surplus_share",),
        relax=Relax.PRICED,
        conflict="at most {value} of what is taken from {contract} in {period} is sold",
        unit="GWh",
        sense="<=",
        sentence="{contract}, {period}: all the surplus that may be sold is, {used} of {allowed} GWh",
        lasting="all the surplus of {contract} that may be sold is {when}",
        marginal="saving from one more GWh that may be sold",
        formula=(
            "sum_t sold[c,p,t] <= "
            "max_surplus_share[c] / (1 - max_surplus_share[c]) sum_i drawn_for_load[c,i,p]"
        ),
    ),
    Limit(
        name="sold_where_offered",
        over=("contract", "period", "slice"),
        unit="GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{contract} sells surplus in {slice} of {period}",
        marginal="none: it has no row",
        formula="sold[c,p,t] exists only where the contract may sell and its zone has a price",
    ),
)
