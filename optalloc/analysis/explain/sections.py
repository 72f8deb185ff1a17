"""Parts of the explanation of a plan: functions from a solved workbook to findings."""

from __future__ import annotations

from collections.abc import Callable

from optalloc.analysis.explain.binding import what_binds
from optalloc.analysis.explain.choices import why_these
from optalloc.analysis.explain.context import Solved
from optalloc.analysis.explain.unmet import what_is_unmet
from optalloc.report.findings import Findings

__all__ = ["PARTS", "Part"]

Part = Callable[[Solved], Findings]


def _quality(solved: Solved) -> Findings:
    """Proven quality of the plan."""
    plan = solved.plan
    gap = "" if plan.gap == 0 else f", within {100 * plan.gap:.3g} % of the best there can be"
    sentence = f"The plan costs {plan.cost:,.6g} M and is {plan.outcome.quality}{gap}."
    return Findings("The plan", (sentence,))


# In the order of the report.
PARTS: tuple[Part, ...] = (_quality, what_is_unmet, what_binds, why_these)
