"""Why: why there is no plan, what limits the plan there is, and why it takes the sites it takes.

`explain` is the entry point (run.py); what it gives is an `Explanation` (explanation.py). A plan is
explained by the parts that parts.py lists; where there is no plan, noplan.py climbs the ladder from
sums over the workbook to the cheapest changes that give one.
"""

from optalloc.explain.copies import write_relaxed
from optalloc.explain.edits import relaxed
from optalloc.explain.explanation import Explanation
from optalloc.explain.run import explain

__all__ = ["Explanation", "explain", "relaxed", "write_relaxed"]
