"""Sheet of pace."""

from __future__ import annotations

from optalloc.data.rules import AtLeastOne
from optalloc.data.schema import Kind, Missing, Sheet

from .. import _plausible
from .._columns import amount, limit, named, reference

PACE = Sheet(
    name="Pace",
    question="How fast may capacity be built?",
    meaning="How many sites and MW may be begun in a period, and how fast capacity may grow.",
    key=("pace",),
    missing=Missing.UNLIMITED,
    rules=(AtLeastOne(("max_sites", "max_start_mw", "max_growth_per_year")),),
    columns=(
        named("pace", "Name of the row, for the report.", example="all sites"),
        reference(
            "Sites.market",
            "Sites of one market only.",
            blank_means="sites of every market",
            of_each=True,
        ),
        reference(
            "Sites.jurisdiction",
            "Sites of one jurisdiction only.",
            blank_means="sites of every jurisdiction",
            of_each=True,
        ),
        reference("Periods.period", "One period only.", blank_means="every period"),
        limit(
            "max_sites",
            "sites",
            "Most sites that may be committed in the period.",
            kind=Kind.INTEGER,
            example=2,
        ),
        limit(
            "max_start_mw",
            "MW IT",
            "Most capacity that may be started in the period.",
            plausible=_plausible.GRID_MW,
            example=400,
        ),
        limit(
            "max_growth_per_year",
            "share per year",
            "Most growth of online capacity in a year, from the period before; the first period is free.",
            plausible=_plausible.GROWTH_PER_YEAR,
            example=0.8,
        ),
        amount(
            "growth_allowance_mw",
            "MW IT",
            "What may come online in the period besides the growth.",
            blank=0,
            example=100,
        ),
    ),
)

KEYS = ["pace", "period"]
