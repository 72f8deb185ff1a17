"""Every tolerance of the numerical half, each once: feasibility, integrality, rounding, proofs.

"Relative" tolerances count against the size of what is compared, and at least against 1; for a row
that is the sum of the absolute values of its terms, halved, since terms of both signs meet at its
limit.
"""

from __future__ import annotations

__all__ = [
    "BOUND_CONTRADICTION",
    "BOUND_RISE",
    "FEASIBILITY",
    "INTEGRALITY",
    "LAZY_VIOLATION",
    "POLISHED_VIOLATION",
    "PROVEN_GAP",
    "RELAXATION_INTEGRALITY",
    "ROUNDING",
    "ROW_VIOLATION",
    "SECOND_ROUTE_FEASIBILITY",
    "SLACK_IN_USE",
    "SUBMIP_FEASIBILITY",
    "SUBMIP_IMPROVEMENT",
    "VALUE_IN_USE",
]

# Feasibility. Absolute: rows scaled by their largest coefficient, and bounds of columns (HiGHS:
# 1e-6 for integer programs).
FEASIBILITY = 1e-6
# Relative: a row of a plan is violated by more than this.
ROW_VIOLATION = 1e-6
# Relative: a lazy constraint is violated by more than this. Three times `ROW_VIOLATION`, so that a
# search that keeps its rows to that is never asked for the same row again.
LAZY_VIOLATION = 3e-6
# Relative: the same where a plan is completed or its prices are worked out, by linear programs
# alone.
POLISHED_VIOLATION = 1e-7
# Primal feasibility asked of HiGHS for sub-MIPs: violations add up over thousands of them.
SUBMIP_FEASIBILITY = 1e-7
# Feasibility and integrality asked of HiGHS where a proof is repeated (its defaults: 1e-6, and 1e-7
# for linear programs).
SECOND_ROUTE_FEASIBILITY = 1e-9

# Integrality. What lies this near an integer is one: in bounds drawn from rows, ...
INTEGRALITY = 1e-6
# ... and in a point of an interior-point method without crossover, which is less exact.
RELAXATION_INTEGRALITY = 1e-5

# Rounding of a sum of floating-point numbers, relative to it: bounds and sums of bounds are taken
# back by it.
ROUNDING = 1e-9

# Proofs. Relative gaps up to this are the solver's own arithmetic: the plan is optimal.
PROVEN_GAP = 1e-9
# Relative: a plan that costs less than a bound by more than this refutes the bound (its rows may be
# violated by `ROW_VIOLATION`); an audit takes costs that differ by less as equal.
BOUND_CONTRADICTION = 1e-5

# Relative: a bound that has risen by less than this has not risen.
BOUND_RISE = 1e-4
# Relative: a sub-MIP that saves less than this has improved nothing.
SUBMIP_IMPROVEMENT = 1e-8
# Absolute: a column of a relaxation above this is in use, a dual price above this is known.
VALUE_IN_USE = 1e-6
# Absolute: a slack of an elastic program above this is reported as a shortfall.
SLACK_IN_USE = 1e-7
