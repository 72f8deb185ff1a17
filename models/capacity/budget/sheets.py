"""Sheet of budgets."""

from __future__ import annotations

from optalloc.data.schema import Missing, Sheet

from .. import _plausible
from .._columns import limit, reference

BUDGETS = Sheet(
    name="Budgets",
    question="How much may be spent, and when?",
    meaning="Most capital that may be spent in a period, and from the first period up to it.",
    key=("period",),
    missing=Missing.UNLIMITED,
    columns=(
        reference("Periods.period", example="2027H1"),
        limit(
            "max_capital",
            "M",
            "Most capital paid in the period, before discounting.",
            plausible=_plausible.BUDGET,
            example=2500,
        ),
        limit(
            "max_capital_to_date",
            "M",
            "Most capital paid from the first period to the end of this one.",
            plausible=_plausible.BUDGET,
        ),
    ),
)
