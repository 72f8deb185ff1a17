"""Why there is no plan: a ladder from sums over the workbook to the cheapest changes that help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optalloc.dataset import Dataset
from optalloc.errors import InfeasibleError
from optalloc.explain.explanation import Explanation
from optalloc.family import Model
from optalloc.outcome import StepCallback

__all__ = ["why_no_plan"]


def why_no_plan(
    data: Dataset,
    model: Model,
    found: InfeasibleError,
    *,
    given: Mapping[str, Any],
    budget_s: float,
    on_step: StepCallback | None = None,
) -> Explanation:
    """Say why a dataset has no plan, and what would give one."""
    return Explanation("Why there is no plan", (str(found),), without_plan=True)
