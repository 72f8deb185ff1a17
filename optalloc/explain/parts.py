"""What is said of a plan: one function a part, each from the solved workbook to an Explanation."""

from __future__ import annotations

from collections.abc import Callable

from optalloc.explain.binding import what_binds
from optalloc.explain.choices import why_these
from optalloc.explain.explanation import Explanation
from optalloc.explain.solved import Solved
from optalloc.explain.unmet import what_is_unmet

__all__ = ["PARTS", "Part"]

Part = Callable[[Solved], Explanation]


def _quality(solved: Solved) -> Explanation:
    """How good the plan is proven to be, before anything is said about it."""
    plan = solved.plan
    gap = "" if plan.gap == 0 else f", within {100 * plan.gap:.3g} % of the best there can be"
    said = f"The plan costs {plan.cost:,.6g} M and is {plan.outcome.quality}{gap}."
    return Explanation("The plan", (said,))


# In the order in which they are said.
PARTS: tuple[Part, ...] = (_quality, what_is_unmet, what_binds, why_these)
