"""Sheet of regions and where they lie."""

from __future__ import annotations

from optalloc.data.schema import Missing, Sheet

from .._columns import place, reference

REGIONS = Sheet(
    name="Regions",
    question="Where do regions lie on the map?",
    meaning="Where the regions of Demand lie on the map of the report.",
    advisory=True,
    key=("region",),
    missing=Missing.BLANK,
    columns=(
        reference("Demand.region", "Region of Demand.", of_each=True, example="Japan"),
        *place("Of its middle.", latitude=35.7, longitude=139.7),
    ),
)
