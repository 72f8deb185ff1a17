"""Sheets of grid zones and connections, and the check on them."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible

GRID_ZONES = Sheet(
    name="GridZones",
    meaning="What the grid of a zone can take in a period; a zone named here needs every period.",
    key=("zone", "period"),
    missing=Missing.ERROR,
    columns=(
        Column(
            name="zone",
            kind=Kind.TEXT,
            meaning="Grid zone; a zone that is not named is not limited.",
            refers_to="Sites.grid_zone",
            of_each=True,
            example="Kanto",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="max_new_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Most that can be energised in the period, over all sites of the zone.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=150,
        ),
        Column(
            name="max_total_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Most that can be drawn in the period, existing sites included.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=400,
        ),
    ),
)

POWER_RAMP = Sheet(
    name="PowerRamp",
    meaning="Grid power energised at a site from a period on: zero before a named site's first row, then carried forward; a site that is not named is not limited.",
    key=("site", "period"),
    missing=Missing.CARRY,
    columns=(
        Column(
            name="site",
            kind=Kind.TEXT,
            meaning="From Sites.",
            refers_to="Sites.site",
            example="Kanto North",
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="From Periods.",
            refers_to="Periods.period",
            example="2027H1",
        ),
        Column(
            name="energised_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Most grid power the site can draw from this period on.",
            plausible=_plausible.GRID_MW,
            at_least=0,
            example=120,
        ),
    ),
)

ZONE_KEYS = ["zone", "period"]


def check(data: Dataset) -> Iterator[Problem]:
    """A zone that is limited is limited in every period, or says that it is not."""
    zones = data["GridZones"].dropna(subset=ZONE_KEYS)
    periods = data["Periods"]["period"].dropna().tolist()
    for zone, own in zones.groupby("zone", sort=False):
        given = set(own["period"])
        missing = [
            period
            for period in periods
            if period not in given and not data.might_hold("GridZones", zone=zone, period=period)
        ]
        if missing:
            yield data.problem(
                "GridZones",
                own.index[-1],
                "period",
                f"zone {zone!r} must have a row for every period",
                f"Add rows for {', '.join(missing)}; leave a limit blank where there is none.",
                "missing-period",
                found=f"none for {len(missing)} of {len(periods)}",
            )
