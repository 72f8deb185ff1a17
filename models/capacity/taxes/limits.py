"""The limits of taxes: where equipment is installed."""

from __future__ import annotations

from optalloc.modelling.limits import Limit

LIMITS = (
    Limit(
        name="equipment_assigned",
        over=("equipment", "supplier", "period"),
        unit="units",
        sense="==",
        reported=False,
        sentence="{equipment} of {supplier} for {period}: {allowed} units are installed somewhere",
        marginal="none: all that is ordered is installed",
        formula="sum_j assigned[k,f,j,p] = ordered[k,f,p]",
    ),
    Limit(
        name="assigned_to_need",
        over=("equipment", "jurisdiction", "period"),
        unit="units",
        sense="==",
        reported=False,
        sentence="{equipment} for {period}: {allowed} units are needed in {jurisdiction}",
        marginal="none: what is needed there is installed there",
        formula="sum_f assigned[k,f,j,p] = sum_is units_per_mw[k] starting[i,s]",
    ),
)
