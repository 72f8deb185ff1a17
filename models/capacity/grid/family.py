"""The record of the grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.exhibits import Use
from optalloc.modelling.family import Family, Ledger
from optalloc.modelling.folders import formulation
from optalloc.modelling.limits import Cause, Limit, Relax
from optalloc.modelling.reports import Report

from .._building import active_sites, pue_of_sites
from .._rows_per_period import CODES
from .._standing_capacity import standing_at
from .audit import audit
from .sheets import GRID_ZONES, POWER_RAMP, check
from .shortages import shortages

REPORT = Report(
    exhibits=(
        Use(
            title="Grid",
            order=440,
            note="What grid zones carry and take on, and what sites are energised with.",
            limits=("zone_total", "zone_energisation", "connection"),
        ),
    ),
)


def _standing_of_zone(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Capacity in service at the sites of a zone."""
    sites = active_sites(data)
    inside = sites.loc[sites["grid_zone"] == key["zone"], "site"]
    yield from standing_at(data, inside, key["period"], pue_of_sites(data), "MW of grid power")


def _standing_of_site(data: Dataset, key: Mapping[str, Any]) -> Iterator[Cause]:
    """Capacity in service at a site."""
    pue = pue_of_sites(data)
    yield from standing_at(data, [key["site"]], key["period"], pue, "MW of grid power")


RULES = formulation(__package__)

FAMILY = Family(
    name="grid",
    title="Grid",
    order=45,
    sheets=(GRID_ZONES, POWER_RAMP),
    idle_without=(
        "GridZones",
        "PowerRamp",
    ),
    needed_with=("Sites",),
    ledgers=(
        Ledger(
            name="grid_mw",
            unit="MW grid",
            over=("site", "period"),
            meaning="Peak of the capacity in service, less what is covered on site.",
        ),
        Ledger(
            name="reserved_mw",
            unit="MW grid",
            over=("zone", "period"),
            meaning="What a zone carries beside its own limits, as it was reserved and is connected.",
        ),
        Ledger(
            name="zone_mw",
            unit="MW grid",
            over=("zone", "period"),
            meaning="Peak of what stands in a zone and at no site.",
        ),
        Ledger(
            name="interruptible_mw",
            unit="MW grid",
            over=("site", "period"),
            meaning="Peak that is drawn on interruptible terms, beside connections and zones.",
        ),
    ),
    limits=(
        Limit(
            name="zone_energisation",
            over=(
                "zone",
                "period",
            ),
            cells=("GridZones.max_new_mw",),
            causes=_standing_of_zone,
            relax=Relax.PRICED,
            conflict="grid zone {zone} can energise at most {value} MW in {period}",
            unit="MW grid",
            sense="<=",
            sentence="grid zone {zone} energises all it can in {period}: {used} of {allowed} MW",
            lasting="grid zone {zone} energises all it can {when}",
            marginal="saving from one more MW energised in the period",
            formula="sum_{i in z} (firm[i,p] - firm[i,p-1]) + zone[z,p] - zone[z,p-1] <= max_new[z,p] + reserved[z,p] - reserved[z,p-1]",
        ),
        Limit(
            name="zone_total",
            over=(
                "zone",
                "period",
            ),
            cells=("GridZones.max_total_mw",),
            causes=_standing_of_zone,
            relax=Relax.PRICED,
            conflict="grid zone {zone} can carry at most {value} MW in {period}",
            unit="MW grid",
            sense="<=",
            sentence="grid zone {zone} is full in {period}: {used} of {allowed} MW",
            lasting="grid zone {zone} is full {when}",
            marginal="saving from one more MW in the zone",
            formula="sum_{i in z} firm[i,p] + zone[z,p] <= max_total[z,p] + reserved[z,p]",
        ),
        Limit(
            name="connection",
            over=(
                "site",
                "period",
            ),
            cells=("PowerRamp.energised_mw",),
            causes=_standing_of_site,
            relax=Relax.PRICED,
            conflict="the connection of {site} gives at most {value} MW in {period}",
            unit="MW grid",
            sense="<=",
            sentence="{site} draws all its connection gives in {period}: {used} of {allowed} MW",
            lasting="{site} draws all its connection gives {when}",
            marginal="saving from one more MW energised at the site",
            formula="firm[i,p] <= connection[i,p]",
        ),
    ),
    codes=CODES,
    check=check,
    report=REPORT,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    audit=audit,
    shortages=shortages,
)
