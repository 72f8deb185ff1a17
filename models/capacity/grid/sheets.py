"""Sheets of grid zones and connections, and the check on them."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Missing, Sheet
from optalloc.errors import Problem

from .. import _plausible
from .._columns import amount, limit, reference
from .._rows_per_period import missing_periods

_QUESTION = "Is my grid late, or too small?"

GRID_ZONES = Sheet(
    name="GridZones",
    question=_QUESTION,
    meaning="What the grid of a zone can take in a period; a zone named here needs every period.",
    key=("zone", "period"),
    missing=Missing.ERROR,
    columns=(
        reference(
            "Sites.grid_zone",
            "Grid zone; a zone that is not named is not limited.",
            name="zone",
            of_each=True,
            example="Kanto",
        ),
        reference("Periods.period", example="2027H1"),
        limit(
            "max_new_mw",
            "MW grid",
            "Most that can be energised in the period, over all sites of the zone.",
            plausible=_plausible.GRID_MW,
            example=150,
        ),
        limit(
            "max_total_mw",
            "MW grid",
            "Most that can be drawn in the period, existing sites included.",
            plausible=_plausible.GRID_MW,
            example=400,
        ),
    ),
)

POWER_RAMP = Sheet(
    name="PowerRamp",
    question=_QUESTION,
    meaning="Grid power energised at a site from a period on: zero before a named site's first row, then carried forward; a site that is not named is not limited.",
    key=("site", "period"),
    missing=Missing.CARRY,
    columns=(
        reference("Sites.site", example="Kanto North"),
        reference("Periods.period", example="2027H1"),
        amount(
            "energised_mw",
            "MW grid",
            "Most grid power the site can draw from this period on.",
            plausible=_plausible.GRID_MW,
            example=120,
        ),
    ),
)

ZONE_KEYS = ["zone", "period"]


def check(data: Dataset) -> Iterator[Problem]:
    """A zone that is limited is limited in every period, or says that it is not."""
    yield from missing_periods(
        data,
        "GridZones",
        ("zone",),
        "zone {zone!r} must have a row for every period",
        "leave a limit blank where there is none",
    )
