"""Relaxation enforced neighbourhood search (RENS): integers restricted around a relaxed point.

An integer that the relaxation has integral stays so, any other is rounded down or up; the sub-MIP
that is left has most of a good plan decided. Where it is infeasible, further steps are allowed.
Source: Berthold (2014, doi:10.1016/j.orl.2014.05.003).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.tolerances import RELAXATION_INTEGRALITY

__all__ = ["fixed_by_reduced_cost", "rens"]


def rens(
    arrays: Arrays,
    point: np.ndarray,
    steps: int = 0,
    *,
    fixed: np.ndarray | None = None,
    plan: np.ndarray | None = None,
) -> Arrays:
    """The program with its integers restricted to those next to a point.

    Parameters
    ----------
    arrays : Arrays
    point : numpy.ndarray, shape (columns,)
        A solution of the relaxation.
    steps : int
        By how many integers they may lie further off than the two around the point.
    fixed : numpy.ndarray of bool, shape (columns,), optional
        Integers that may not lie further off.
    plan : numpy.ndarray, shape (columns,), optional
        A plan that is to stay feasible.

    Returns
    -------
    Arrays
        Each of its plans is one of the program given.
    """
    integer = arrays.integer
    further = steps if fixed is None else np.where(fixed, 0, steps)
    least = np.floor(point + RELAXATION_INTEGRALITY) - further
    most = np.ceil(point - RELAXATION_INTEGRALITY) + further
    if plan is not None:
        least, most = np.minimum(least, np.round(plan)), np.maximum(most, np.round(plan))
    least = np.clip(least, arrays.col_lower, arrays.col_upper)
    most = np.clip(np.maximum(most, least), arrays.col_lower, arrays.col_upper)
    return replace(
        arrays,
        col_lower=np.where(integer, least, arrays.col_lower),
        col_upper=np.where(integer, most, arrays.col_upper),
    )


def fixed_by_reduced_cost(
    arrays: Arrays, point: np.ndarray, duals: np.ndarray, objective: float, share: float
) -> np.ndarray:
    """Mask of columns at their lower bound whose reduced cost speaks against raising them.

    Parameters
    ----------
    arrays : Arrays
    point : numpy.ndarray, shape (columns,)
        A solution of the relaxation.
    duals : numpy.ndarray, shape (rows,)
        Its dual prices.
    objective : float
        Of a plan.
    share : float
        Reduced costs above this share of the distance between plan and relaxation fix a column
        (`Rens.reduced_cost_share`); with all of it a better plan could not raise the column.
    """
    reduced = arrays.cost - arrays.matrix.T @ duals
    distance = max(objective - arrays.objective(point), 0.0)
    at_bound = point <= arrays.col_lower + RELAXATION_INTEGRALITY
    return np.asarray(at_bound & (reduced > share * distance))
