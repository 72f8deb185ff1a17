"""Explanation of a plan by its binding limits and choices, or of why there is none.

`explain` is the entry point (run.py); what it returns is an `Explanation` (explanation.py). A plan
is explained by the parts that sections.py lists; where there is no plan, infeasible.py goes from
sums over the workbook to the cheapest changes that give one.
"""

from optalloc.analysis.explain.explanation import Explanation
from optalloc.analysis.explain.repair_table import relaxed, write_relaxed
from optalloc.analysis.explain.solve_and_explain import explain

__all__ = ["Explanation", "explain", "relaxed", "write_relaxed"]
