"""A first plan near the relaxation: every whole number is held to the steps around its value there.

What the relaxation sets to a whole number stays so, all else may go one step down or up; the small
program that is left has most of a good plan decided already. Where it has no plan, further steps
are allowed. Source: relaxation enforced neighbourhood search (Berthold, 2014,
doi:10.1016/j.orl.2014.05.003), as a kernel that grows (Angelelli, Mansini and Speranza, 2010,
doi:10.1016/j.cor.2010.02.002).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.tolerances import RELAXATION_INTEGRALITY

__all__ = ["hopeless", "kernel"]


def kernel(
    arrays: Arrays,
    point: np.ndarray,
    steps: int,
    *,
    held: np.ndarray | None = None,
    plan: np.ndarray | None = None,
) -> Arrays:
    """The program with its whole numbers held near a point.

    Parameters
    ----------
    arrays : Arrays
    point : numpy.ndarray, shape (columns,)
        A solution of the relaxation.
    steps : int
        By how many whole numbers they may lie further off than the two around the point.
    held : numpy.ndarray of bool, shape (columns,), optional
        Whole numbers that may not lie further off.
    plan : numpy.ndarray, shape (columns,), optional
        A plan that is to stay one.

    Returns
    -------
    Arrays
        Each of its plans is one of the program given.
    """
    whole = arrays.integer
    further = steps if held is None else np.where(held, 0, steps)
    least, most = (
        np.floor(point + RELAXATION_INTEGRALITY) - further,
        np.ceil(point - RELAXATION_INTEGRALITY) + further,
    )
    if plan is not None:
        least, most = np.minimum(least, np.round(plan)), np.maximum(most, np.round(plan))
    least = np.clip(least, arrays.col_lower, arrays.col_upper)
    most = np.clip(np.maximum(most, least), arrays.col_lower, arrays.col_upper)
    return replace(
        arrays,
        col_lower=np.where(whole, least, arrays.col_lower),
        col_upper=np.where(whole, most, arrays.col_upper),
    )


def hopeless(
    arrays: Arrays, point: np.ndarray, duals: np.ndarray, objective: float, share: float
) -> np.ndarray:
    """Columns at their lower bound in the relaxation that a plan better than one hardly raises.

    Parameters
    ----------
    arrays : Arrays
    point : numpy.ndarray, shape (columns,)
    duals : numpy.ndarray, shape (rows,)
        Multipliers of the relaxation.
    objective : float
        Of a plan.
    share : float
        Of the distance between plan and relaxation (`Rens.reduced_cost_share`).
    """
    reduced = arrays.cost - arrays.matrix.T @ duals
    gap = objective - float(arrays.cost @ point + arrays.offset)
    return np.asarray(
        (point <= arrays.col_lower + RELAXATION_INTEGRALITY) & (reduced > share * max(gap, 0.0))
    )
