"""The limits of supply."""

from __future__ import annotations

from optalloc.modelling.limits import Limit, Relax

LIMITS = (
    Limit(
        name="equipment_ordered",
        over=(
            "equipment",
            "period",
        ),
        cells=("EquipmentNeeds.units_per_mw",),
        conflict="building takes {value} units of {equipment} a MW",
        unit="units",
        sense="==",
        sentence="{equipment}, {period}: {used} units are needed and {allowed} ordered",
        marginal="cost of one more unit needed in the period",
        formula="sum_is units_per_mw[k] starting[i,s] = sum_f ordered[k,f,p], starts (i,s) that need k in p",
    ),
    Limit(
        name="equipment_available",
        over=(
            "equipment",
            "supplier",
            "period",
        ),
        cells=("Equipment.available_units",),
        relax=Relax.PRICED,
        conflict="{supplier} has at most {value} units of {equipment} for {period}, beside what is carried over",
        unit="units",
        sense="<=",
        sentence="{supplier} has no more {equipment} for {period}: {used} of {allowed} units are ordered",
        lasting="{supplier} has no more {equipment} {when}",
        marginal="saving from one more unit that the supplier has",
        formula="sum_q ordered[k,f,q] <= sum_q (available[k,f,q] + reserved[k,f,q]), q up to p from which units carry over",
    ),
    Limit(
        name="export_in_period",
        over=(
            "limit",
            "period",
        ),
        cells=("ExportLimits.max_units_per_period",),
        relax=Relax.PRICED,
        conflict="export limit {limit}: at most {value} units in {period}",
        unit="units",
        sense="<=",
        sentence="{limit}: no more units may go there for {period}: {used} of {allowed} do",
        lasting="{limit}: no more units may go there {when}",
        marginal="saving from one more unit that may go there in the period",
        formula="sum_is units_per_mw[k] starting[i,s] <= max_units_per_period[x], starts (i,s) at sites of x that need k in p",
    ),
    Limit(
        name="export_in_all",
        over=("limit",),
        cells=("ExportLimits.max_units_in_all",),
        relax=Relax.PRICED,
        conflict="export limit {limit}: at most {value} units in all",
        unit="units",
        sense="<=",
        sentence="{limit}: no more units may go there: {used} of {allowed} do",
        marginal="saving from one more unit that may go there",
        formula="sum_is units_per_mw[k] starting[i,s] <= max_units_in_all[x], starts (i,s) at sites of x",
    ),
)
