"""Comparison of two workbooks, or of two plans.

`diff` is the entry point (compare.py). Two inputs are compared cell by cell (inputs.py), two plans
by what they decide (plans.py) and what that costs (bridge.py). It returns `Findings`.
"""

from optalloc.analysis.diff.compare import diff

__all__ = ["diff"]
