"""What if: what changes from one workbook to another, or from one plan to another.

`diff` is the entry point (compare.py). Two inputs are compared cell by cell (inputs.py), two plans
by what they decide (plans.py) and what that costs (bridge.py). What it gives is an `Findings`.
"""

from optalloc.analysis.diff.compare import diff

__all__ = ["diff"]
