"""An explanation: findings about one plan, or about an infeasible workbook."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from optalloc.plan.plan import Plan
from optalloc.report.findings import Findings

__all__ = ["Explanation"]


@dataclass(frozen=True, repr=False)
class Explanation(Findings):
    """Findings, and the plan that they are about.

    Parameters
    ----------
    plan : Plan, optional
        None where there is no plan, or where its files are there already.
    """

    plan: Plan | None = field(default=None, compare=False)

    @staticmethod
    def of(found: Findings, plan: Plan | None = None) -> Explanation:
        """The findings about a plan, or without one."""
        own = {part.name: getattr(found, part.name) for part in fields(Findings)}
        return Explanation(**own, plan=plan)
