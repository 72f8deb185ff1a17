"""The record of slices of the year."""

from __future__ import annotations

from optalloc.modelling.family import CostTerm, Family, Ledger
from optalloc.modelling.folders import formulation

from .._money import CASH
from .audit import audit, recompute
from .limits import LIMITS
from .sheets import SHEETS, check, notices
from .tables import CHARTS, CLEAN_BY_SLICE, DELIVERIES_BY_SLICE, POWER_BY_SLICE, REPORT, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="slices",
    title="Slices of the year",
    order=56,
    sheets=SHEETS,
    idle_without=("Slices",),
    needed_with=("Storage", "Interruptible", "SurplusSlices"),
    ledgers=(
        Ledger(
            name="stored_gwh",
            unit="GWh",
            over=("site", "period", "slice"),
            meaning="Energy put into storage from a site in a slice, less what it gives there.",
        ),
        Ledger(
            name="zone_stored_gwh",
            unit="GWh",
            over=("site", "period", "slice"),
            meaning="The part of it that passes through the grid, to and from storage of the zone.",
        ),
        Ledger(
            name="sold_in_slice_gwh",
            unit="GWh",
            over=("contract", "period", "slice"),
            meaning="Energy taken from a contract in a slice that is sold and feeds no site.",
        ),
    ),
    costs=(
        CostTerm(
            item="spot_energy_in_slices",
            kind=CASH,
            formula=(
                "sum_ipt (price_factor[z,t] - 1) spot_price_per_mwh[z,p] / 1000 spot_in_slice[i,p,t]"
            ),
            paid="evenly over the period; beside the price of the period",
            escalation="no; the price is given for each period",
        ),
    ),
    limits=LIMITS,
    outputs=(POWER_BY_SLICE, DELIVERIES_BY_SLICE, CLEAN_BY_SLICE),
    charts=CHARTS,
    codes={
        "slices-not-a-year": "slices whose hours are not those of a year",
        "clean-without-slices": "a clean share in every slice of a year that is whole",
        "mean-of-slices": "slices whose mean is not the figure stated for the year",
        "type-of-day-named-as-slice": "a slice named as a type of day that it is not part of",
        "slices-of-capacity": "slices of a contract that delivers no energy",
        "slices-of-unpriced-zone": "slices of spot in a zone without a price",
        "nowhere-to-put-off": "load that may wait where no type of day has two slices",
        "slices-without-energy": "slices where no energy is priced",
        "no-energy-in-slice": "a site at which nothing delivers energy in some slice",
    },
    check=check,
    notices=notices,
    report=REPORT,
    within=("drawn_in_slice", "spot_in_slice", "shifted"),
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
