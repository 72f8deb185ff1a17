"""Sheet of building components."""

from __future__ import annotations

from optalloc.data.schema import Column, Kind, Sheet

from .. import _plausible
from .._columns import amount, currency, life_years, named, reference

COMPONENTS = Sheet(
    name="Components",
    question="Which parts have a price and a life of their own?",
    meaning="What every MW built needs besides the site's build cost, with a price and a life of its own.",
    key=("component", "site"),
    columns=(
        named("component", "Name of the component.", example="accelerators"),
        reference(
            "Sites.site",
            "From Sites. A site's own row goes before the one for every site.",
            blank_means="every site",
        ),
        amount(
            "cost_per_mw",
            "M per MW IT",
            "Cost of it for one MW built, and of each renewal, at the base date.",
            plausible=_plausible.COMPONENT_COST_PER_MW,
            example=25,
        ),
        life_years(
            "Life of it: renewed where it ends within the horizon, credited at the end where it lasts longer.",
            blank_means="the site's life_years",
            example=5,
        ),
        Column(
            name="escalation",
            kind=Kind.NUMBER,
            unit="per year",
            meaning="Yearly growth of its cost from the base date; below 0 where it becomes cheaper.",
            plausible=_plausible.ESCALATION,
            adjustable=True,
            blank=None,
            blank_means="Settings build_cost_escalation",
            above=-1,
            at_most=1,
            example=-0.05,
        ),
        Column(
            name="spend_profile",
            kind=Kind.CHOICE,
            meaning="When it is paid: evenly over the block lead, all at its start, or all at its end.",
            choices=("even", "at_start", "at_end"),
            blank=None,
            blank_means="the site's spend_profile",
            example="at_end",
        ),
        currency("cost"),
    ),
)
