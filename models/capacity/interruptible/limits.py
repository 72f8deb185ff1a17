"""The limits of interruptible connections."""

from __future__ import annotations

from optalloc.modelling.limits import Limit, Relax

LIMITS = (
    Limit(
        name="interruptible_within_offer",
        over=("site", "period"),
        cells=("Interruptible.max_mw",),
        relax=Relax.PRICED,
        conflict="{site} may draw at most {value} MW on interruptible terms in {period}",
        unit="MW grid",
        sense="<=",
        sentence="{site} draws all it may on interruptible terms in {period}: {used} of {allowed} MW",
        lasting="{site} draws all it may on interruptible terms {when}",
        marginal="saving from one more MW on these terms",
        formula="interruptible[i,p] <= max_mw[i,p]",
    ),
    Limit(
        name="interruptible_within_draw",
        over=("site", "period"),
        unit="MW grid",
        sense="<=",
        reported=False,
        sentence="{site} draws {used} MW on interruptible terms in {period}, and no more in all",
        marginal="none: what is interruptible is part of what is drawn",
        formula="interruptible[i,p] <= grid[i,p]",
    ),
    Limit(
        name="drawn_while_cut_off",
        over=("site", "period", "slice"),
        cells=("Interruptions.cut_share",),
        conflict="{site} is cut off from {value} of its interruptible MW in {slice} of {period}",
        unit="GWh",
        sense="<=",
        sentence="{site} draws all that is left to it while it is cut off, {slice} of {period}: {used} of {allowed} GWh",
        lasting="{site} draws all that is left to it while it is cut off, in {slice}, {when}",
        marginal="saving from one more GWh while it is cut off",
        formula=(
            "sum_{c not on site} drawn_in_slice[c,i,p,t] + spot_in_slice[i,p,t] - "
            "zone_stored[i,p,t] <= share[t] hours[p] (grid[i,p] + firm[i,p] sum_k "
            "(1 - peak_share[k]) ready[k,p] - cut_share[i,t] interruptible[i,p])"
        ),
    ),
)
