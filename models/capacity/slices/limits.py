"""The limits of slices."""

from __future__ import annotations

from optalloc.modelling.limits import Limit, Relax

LIMITS = (
    Limit(
        name="drawn_in_slices",
        over=("contract", "site", "period"),
        unit="GWh",
        sense="==",
        reported=False,
        sentence="{site} draws {used} GWh from {contract} in {period}, over all slices",
        marginal="none: the sum of the slices is the year",
        formula="drawn[c,i,p] = sum_t drawn_in_slice[c,i,p,t]",
    ),
    Limit(
        name="spot_in_slices",
        over=("site", "period"),
        unit="GWh",
        sense="==",
        reported=False,
        sentence="{site} buys {used} GWh at spot in {period}, over all slices",
        marginal="none: the sum of the slices is the year",
        formula="spot[i,p] = sum_t spot_in_slice[i,p,t]",
    ),
    Limit(
        name="energy_met_in_slice",
        over=("site", "period", "slice"),
        cells=("Slices.hours_per_year",),
        conflict="all energy of {site} in {slice} of {period} is drawn in that slice",
        unit="GWh",
        sense="==",
        sentence="{site}, {slice} of {period}: {used} GWh are delivered",
        marginal="cost of one more GWh in the slice",
        formula=(
            "pue[i] share[t] hours[p] sum_w load[w,t] hosted[w,i,p] + shifted[i,p,t] + stored[i,p,t] = "
            "sum_c drawn_in_slice[c,i,p,t] + spot_in_slice[i,p,t]"
        ),
    ),
    Limit(
        name="drawn_within_slice",
        over=("contract", "period", "slice"),
        cells=("ContractSlices.available", "Contracts.availability"),
        conflict="{contract} delivers in {slice} of {period} by an availability of {value}",
        unit="GWh",
        sense="<=",
        sentence="{contract}, {slice} of {period}: all {allowed} GWh that it delivers are taken",
        lasting="all that {contract} delivers in {slice} is taken {when}",
        marginal="saving from one more GWh delivered in the slice",
        formula=(
            "sum_i drawn_in_slice[c,i,p,t] + sold_in_slice[c,p,t] <= "
            "available[c,t] share[t] hours[p] contracted[c,p]"
        ),
    ),
    Limit(
        name="put_off_within_share",
        over=("site", "period", "slice"),
        cells=("Slices.hours_per_year",),
        conflict="{site} puts off no more of its load in {slice} of {period} than can be put off",
        unit="GWh",
        sense="<=",
        sentence="{site} puts off all the load it can in {slice} of {period}: {used} of {allowed} GWh",
        lasting="{site} puts off all the load it can in {slice} {when}",
        marginal="saving from one more GWh that can be put off",
        formula=(
            "-shifted[i,p,t] <= pue[i] share[t] hours[p] sum_w shiftable_share[w,t] load[w,t] "
            "hosted[w,i,p]"
        ),
    ),
    Limit(
        name="put_off_made_up",
        over=("site", "period", "day_type"),
        unit="GWh",
        sense="==",
        reported=False,
        sentence="{site} makes up in {day_type} of {period} what it puts off",
        marginal="none: what is put off is made up",
        formula="sum_{t in d} shifted[i,p,t] = 0",
    ),
    Limit(
        name="made_up_within_online",
        over=("site", "period", "slice"),
        cells=("Slices.hours_per_year",),
        conflict="{site} makes up no more load in {slice} of {period} than its capacity in service runs",
        unit="GWh",
        sense="<=",
        sentence="{site} runs at capacity in {slice} of {period}: {used} of {allowed} GWh",
        lasting="{site} runs at capacity in {slice} {when}",
        marginal="saving from one more GWh that capacity in service can run",
        formula=(
            "pue[i] share[t] hours[p] sum_w load[w,t] hosted[w,i,p] + shifted[i,p,t] "
            "<= pue[i] share[t] hours[p] online[i,p]"
        ),
    ),
    Limit(
        name="clean_energy_in_slice",
        over=("period", "slice"),
        cells=("Carbon.min_clean_share_in_slice",),
        relax=Relax.PRICED,
        conflict="at least {value} of the energy in {slice} of {period} is clean",
        unit="GWh",
        sense="<=",
        floor=True,
        sentence="{slice} of {period} draws no more clean energy than it must: {used} of {allowed} GWh",
        lasting="no more clean energy is drawn in {slice} than must be {when}",
        marginal="saving from one more GWh of clean energy in the slice",
        formula=(
            "min_clean_share_in_slice[p] sum_i (taken[i,p,t] - stored[i,p,t]) <= "
            "sum_i (clean[i,p,t] - stored[i,p,t])"
        ),
    ),
    Limit(
        name="offset_within_least_output",
        over=("contract", "period"),
        cells=("Contracts.availability",),
        conflict="{contract} covers peak in {period} only by what it delivers in its worst slice",
        unit="MW grid",
        sense="<=",
        sentence="{contract}, {period}: covers all the peak it can, {used} of {allowed} MW",
        lasting="{contract} covers all the peak it can {when}",
        marginal="saving from one more MW of firm output",
        formula="offset[c,p] <= least_available[c] / mean_available[c] contracted[c,p]",
    ),
    Limit(
        name="drawn_from_own_contracts_in_slice",
        unit="GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{contract} feeds {site} in {slice}",
        marginal="none: it has no row",
        formula="drawn_in_slice[c,i,p,t] exists only for sites that the contract serves",
    ),
)
