"""Sheet of pace."""

from __future__ import annotations

from optalloc.data.rules import AtLeastOne
from optalloc.data.schema import Column, Kind, Missing, Sheet

from .. import _plausible

PACE = Sheet(
    name="Pace",
    meaning="How many sites and MW may be begun in a period, and how fast capacity may grow.",
    key=("pace",),
    missing=Missing.UNLIMITED,
    rules=(AtLeastOne(("max_sites", "max_start_mw", "max_growth_per_year")),),
    columns=(
        Column(
            name="pace",
            kind=Kind.TEXT,
            names="pace",
            meaning="Name of the row, for the report.",
            example="all sites",
        ),
        Column(
            name="market",
            kind=Kind.TEXT,
            meaning="Sites of one market only.",
            blank=None,
            blank_means="sites of every market",
            refers_to="Sites.market",
            of_each=True,
        ),
        Column(
            name="jurisdiction",
            kind=Kind.TEXT,
            meaning="Sites of one jurisdiction only.",
            blank=None,
            blank_means="sites of every jurisdiction",
            refers_to="Sites.jurisdiction",
            of_each=True,
        ),
        Column(
            name="period",
            kind=Kind.TEXT,
            meaning="One period only.",
            blank=None,
            blank_means="every period",
            refers_to="Periods.period",
        ),
        Column(
            name="max_sites",
            kind=Kind.INTEGER,
            unit="sites",
            meaning="Most sites that may be committed in the period.",
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=2,
        ),
        Column(
            name="max_start_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Most capacity that may be started in the period.",
            plausible=_plausible.GRID_MW,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=400,
        ),
        Column(
            name="max_growth_per_year",
            kind=Kind.NUMBER,
            unit="share per year",
            meaning="Most growth of online capacity in a year, from the period before; the first period is free.",
            plausible=_plausible.GROWTH_PER_YEAR,
            blank=None,
            blank_means="no limit",
            at_least=0,
            example=0.8,
        ),
        Column(
            name="growth_allowance_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="What may come online in the period besides the growth.",
            blank=0,
            at_least=0,
            example=100,
        ),
    ),
)

KEYS = ["pace", "period"]
