"""Sheet of regions and where they lie."""

from __future__ import annotations

from optalloc.data.schema import Column, Kind, Missing, Sheet

REGIONS = Sheet(
    name="Regions",
    meaning="Where the regions of Demand lie on the map of the report.",
    advisory=True,
    key=("region",),
    missing=Missing.BLANK,
    columns=(
        Column(
            name="region",
            kind=Kind.TEXT,
            meaning="Region of Demand.",
            refers_to="Demand.region",
            of_each=True,
            example="Japan",
        ),
        Column(
            name="latitude",
            kind=Kind.NUMBER,
            unit="degrees",
            meaning="Of its middle.",
            blank=None,
            blank_means="not on the map",
            at_least=-90,
            at_most=90,
            example=35.7,
        ),
        Column(
            name="longitude",
            kind=Kind.NUMBER,
            unit="degrees",
            meaning="Of its middle.",
            blank=None,
            blank_means="not on the map",
            at_least=-180,
            at_most=180,
            example=139.7,
        ),
    ),
)
