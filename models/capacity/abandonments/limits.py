"""The limits of abandonments."""

from __future__ import annotations

from optalloc.modelling.limits import Limit

LIMITS = (
    Limit(
        name="abandoned_within_window",
        over=("site", "period"),
        cells=("Abandonments.first_period", "Abandonments.last_period"),
        conflict="{site} is abandoned within its window",
        unit="sites",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site} is abandoned in {period}",
        marginal="none: it has no row",
        formula="abandoned[i,p] exists only within its window",
    ),
    Limit(
        name="abandonment_kept",
        over=("site", "period"),
        unit="sites",
        sense="<=",
        reported=False,
        sentence="{site}: it is abandoned once, and stays so",
        marginal="saving from taking up the site again",
        formula="abandoned[i,p-1] <= abandoned[i,p]",
    ),
    Limit(
        name="abandoned_after_commitment",
        over=("site", "period"),
        unit="sites",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: it was committed before it is abandoned",
        marginal="saving from abandoning what was not committed",
        formula="sum_c left[i,c,p] = abandoned[i,p] - abandoned[i,p-1]",
    ),
    Limit(
        name="served_if_kept",
        over=("site", "period"),
        unit="MW IT",
        sense="<=",
        reported=False,
        sentence="{site}, {period}: nothing is in service of a site that is abandoned",
        marginal="saving from one MW in service of a site that is abandoned",
        formula="energised[i,p] <= room[i] (1 - abandoned[i,P])",
    ),
    Limit(
        name="dropped_of_started",
        over=("site", "period"),
        unit="MW IT",
        sense="<=",
        reported=False,
        sentence="{site}: {used} of the {allowed} MW started by {period} are given up",
        marginal="saving from giving up one MW more than was started",
        formula="sum_p dropped_mw[i,s,d,p] <= beginning[i,s,d]",
    ),
    Limit(
        name="all_dropped",
        over=("site", "period"),
        unit="MW IT",
        sense="<=",
        reported=False,
        sentence="{site}: all {used} MW that are started are given up with it",
        marginal="saving from one MW that is kept of a site that is abandoned",
        formula="beginning[i,s,d] - room[i] (1 - abandoned[i,P]) <= sum_p dropped_mw[i,s,d,p]",
    ),
)
