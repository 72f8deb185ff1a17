"""The limits of energy."""

from __future__ import annotations

from optalloc.modelling.limits import Limit, Relax

LIMITS = (
    Limit(
        name="energy_met",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.pue",),
        conflict="all energy of {site} in {period} is under contract or bought at spot",
        unit="GWh",
        sense="==",
        sentence="{site}, {period}: {used} GWh are delivered",
        marginal="cost of one more GWh",
        formula="pue[i] hours[p] mean_load[i,p] + losses[i,p] = sum_c drawn[c,i,p] + spot[i,p]",
    ),
    Limit(
        name="drawn_within_contract",
        over=(
            "contract",
            "period",
        ),
        cells=("Contracts.availability",),
        conflict="{contract} delivers no more in {period} than is signed, at an availability of {value}",
        unit="GWh",
        sense="<=",
        sentence="{contract}, {period}: all {allowed} GWh it delivers are taken",
        lasting="all that {contract} delivers is taken {when}",
        marginal="saving from one more GWh delivered",
        formula="sum_i drawn[c,i,p] + sold[c,p] <= availability[c] hours[p] contracted[c,p]",
    ),
    Limit(
        name="spot_within_share",
        over=(
            "grid_zone",
            "period",
        ),
        named={"zone": "grid_zone"},
        cells=("PowerPrices.max_spot_share",),
        relax=Relax.PRICED,
        conflict="at most {value} of the energy of {grid_zone} may be bought at spot in {period}",
        unit="GWh",
        sense="<=",
        sentence="{grid_zone} buys all the spot power it may in {period}: {used} of {allowed} GWh",
        lasting="{grid_zone} buys all the spot power it may {when}",
        marginal="saving from one more GWh at spot",
        formula="sum_{i in z} spot[i,p] <= max_spot_share[z,p] sum_{i in z} (pue[i] hours[p] mean_load[i,p] + losses[i,p])",
    ),
    Limit(
        name="drawn_at_own_sites",
        unit="GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{contract} feeds {site}",
        marginal="none: it has no row",
        formula="drawn[c,i,p] exists only for sites that the contract serves",
    ),
    Limit(
        name="spot_only_where_priced",
        over=(
            "site",
            "period",
        ),
        cells=("Sites.grid_zone",),
        conflict="{site} can buy at spot in {period} only if its zone has a price",
        unit="GWh",
        sense="<=",
        enforced="sets",
        reported=False,
        sentence="{site}, {period}: spot is priced",
        marginal="none: it has no row",
        formula="spot[i,p] exists only where it is priced",
    ),
)
