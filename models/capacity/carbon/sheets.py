"""Sheet of carbon."""

from __future__ import annotations

from optalloc.data.schema import Column, Kind, Missing, Sheet

from .._columns import limit, reference

CARBON = Sheet(
    name="Carbon",
    question="Is there a target for emissions or clean power?",
    meaning="Most that all energy drawn in a period may emit, and least share of it that is clean.",
    key=("period",),
    missing=Missing.UNLIMITED,
    columns=(
        reference("Periods.period", example="2027H1"),
        limit(
            "max_tco2", "tCO2", "Most that the energy drawn in the period may emit.", example=150000
        ),
        Column(
            name="min_clean_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Least share of the energy drawn that comes from sources with a tco2_per_mwh of 0.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            at_most=1,
            example=0.5,
        ),
        Column(
            name="min_clean_share_in_slice",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Least clean share of the energy drawn in every slice of the year; it needs the sheet Slices.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            at_most=1,
            example=0.5,
        ),
    ),
)
