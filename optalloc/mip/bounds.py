"""Bounds of columns that rows imply, given those of the others.

What a row leaves for one column, all others being where they leave the most, bounds it. Source:
bound strengthening (Savelsbergh, 1994, doi:10.1287/ijoc.6.4.445).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays
from optalloc.mip.parameters import BoundTightening
from optalloc.mip.tolerances import INTEGRALITY, ROUNDING

__all__ = ["dominated_bounds", "implied_bounds", "tighten_integer_bounds"]

DEFAULT = BoundTightening()

Bounds = tuple[np.ndarray, np.ndarray]
Activity = tuple[np.ndarray, np.ndarray, np.ndarray]


def implied_bounds(arrays: Arrays, tightening: BoundTightening = DEFAULT) -> Bounds:
    """Bounds that every plan keeps, from the rows where there were none.

    Returns
    -------
    lower, upper : numpy.ndarray, shape (columns,)
        Those of the arrays where these are finite; infinite where the rows imply none.
    """
    matrix, row = _entries(arrays)
    lower, upper = arrays.col_lower.astype(float), arrays.col_upper.astype(float)
    # Sums with infinite terms imply nothing.
    with np.errstate(invalid="ignore"):
        for _ in range(tightening.rounds):
            before = np.isinf(upper).sum() + np.isinf(lower).sum()
            reach = _activities(matrix, row, lower, upper)
            least, most = _from_rows(arrays, matrix, row, reach, (lower, upper))
            # Only where there was none: a bound that moves a little is of no use here.
            lower = np.where(np.isinf(lower), least, lower)
            upper = np.where(np.isinf(upper), np.maximum(most, lower), upper)
            if np.isinf(upper).sum() + np.isinf(lower).sum() in (0, before):
                break
    return lower, upper


def dominated_bounds(arrays: Arrays, tightening: BoundTightening = DEFAULT) -> Bounds:
    """Bounds that the rows imply, or where they do not, that some optimal plan keeps.

    Returns
    -------
    lower, upper : numpy.ndarray, shape (columns,)
        No tighter than at least one optimal plan allows, and no wider than those given.
    """
    matrix, row = _entries(arrays)
    lower, upper = implied_bounds(arrays, tightening)
    with np.errstate(invalid="ignore"):
        reach = _activities(matrix, row, lower, upper)
        enough = _sufficient(arrays, matrix, row, reach, (lower, upper))
    least = lower - ROUNDING * np.maximum(1.0, abs(lower))
    most = upper + ROUNDING * np.maximum(1.0, abs(upper))
    lower = np.where(np.isinf(arrays.col_lower), least, lower)
    upper = np.where(np.isinf(arrays.col_upper), most, upper)
    return lower, np.where(np.isinf(upper), enough, upper)


def tighten_integer_bounds(arrays: Arrays, tightening: BoundTightening = DEFAULT) -> Arrays:
    """The program with the bounds of its integers tightened as far as single rows imply.

    A unit that needs more of a resource in one stage than there is cannot be chosen: the
    relaxation, in which it is fractional, does not know, nor does a search that may violate rows.
    Chains of rows pass the bound on from stage to stage.

    Returns
    -------
    Arrays
        Each of its plans is one of the program given, and the other way round; that program itself
        where the rows are infeasible.
    """
    lower, upper = implied_bounds(arrays, tightening)
    whole = arrays.matrix[:, np.flatnonzero(arrays.integer)].indices
    few = arrays.with_rows(np.bincount(whole, minlength=len(arrays.row_lower)) > 0)
    matrix, row = _entries(few)
    with np.errstate(invalid="ignore"):
        for _ in range(tightening.integer_rounds):
            reach = _activities(matrix, row, lower, upper)
            least, most = _from_rows(few, matrix, row, reach, (lower, upper))
            least, most = np.ceil(least - INTEGRALITY), np.floor(most + INTEGRALITY)
            nearer = arrays.integer & ((least > lower) | (most < upper))
            if not nearer.any():
                break
            lower = np.where(nearer, np.maximum(least, lower), lower)
            upper = np.where(nearer, np.minimum(most, upper), upper)
            if (lower > upper).any():
                return arrays
    return replace(
        arrays,
        col_lower=np.where(arrays.integer, lower, arrays.col_lower),
        col_upper=np.where(arrays.integer, upper, arrays.col_upper),
    )


def _entries(arrays: Arrays) -> tuple[sp.csr_array, np.ndarray]:
    """The matrix by rows without zeros, and the row of each of its entries."""
    matrix = sp.csr_array(arrays.matrix, copy=True)
    matrix.eliminate_zeros()
    return matrix, np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _activities(
    matrix: sp.csr_array, row: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[Activity, Activity]:
    """Least and most of each entry; the finite part of each row's sum, and what is infinite."""
    rows, data = matrix.shape[0], matrix.data
    low, high = lower[matrix.indices], upper[matrix.indices]
    smallest = np.where(data > 0, data * low, data * high)
    largest = np.where(data > 0, data * high, data * low)

    def summed(entries: np.ndarray) -> Activity:
        endless = np.isinf(entries)
        finite = np.where(endless, 0.0, entries)
        total = np.bincount(row, weights=finite, minlength=rows)
        count = np.bincount(row, weights=endless, minlength=rows)
        return entries, total, count

    return summed(smallest), summed(largest)


def _others(activity: Activity, row: np.ndarray, endless: float) -> np.ndarray:
    """For each entry the sum of the others in its row."""
    entries, total, count = activity
    mine = np.isinf(entries)
    alone = count[row] - mine
    return np.where(alone > 0, endless, total[row] - np.where(mine, 0.0, entries))


def _from_rows(
    arrays: Arrays,
    matrix: sp.csr_array,
    row: np.ndarray,
    activities: tuple[Activity, Activity],
    bounds: Bounds,
) -> Bounds:
    """Bounds that follow from each row by the least and the most that its other columns add."""
    data, column = matrix.data, matrix.indices
    above = arrays.row_upper[row] - _others(activities[0], row, -np.inf)
    below = arrays.row_lower[row] - _others(activities[1], row, np.inf)
    positive = data > 0
    most = np.where(positive, above, below) / data
    least = np.where(positive, below, above) / data
    lower, upper = bounds[0].copy(), bounds[1].copy()
    np.fmin.at(upper, column, most)
    np.fmax.at(lower, column, least)
    return lower, upper


def _sufficient(
    arrays: Arrays,
    matrix: sp.csr_array,
    row: np.ndarray,
    activities: tuple[Activity, Activity],
    bounds: Bounds,
) -> np.ndarray:
    """For columns that cost something and only help rows: the most that any row can need."""
    data, column = matrix.data, matrix.indices
    up, down = arrays.row_upper[row], arrays.row_lower[row]
    helps = np.where(data > 0, np.isinf(up), np.isinf(down))
    hindered = np.zeros(len(arrays.cost), dtype=bool)
    hindered[column[~helps]] = True
    short = down - _others(activities[0], row, -np.inf)
    over = up - _others(activities[1], row, np.inf)
    need = np.where(data > 0, short, over) / data
    most = bounds[0].copy()
    need = np.where(np.isneginf(need), most[column], need)
    finite = np.isfinite(need)
    need[finite] += ROUNDING * np.maximum(1.0, abs(need[finite]))
    np.maximum.at(most, column, need)
    most = np.where(arrays.integer, np.ceil(most), most)
    # A column that nothing needs and that has no lower bound may be anywhere.
    return np.where(hindered | (arrays.cost < 0) | np.isneginf(most), np.inf, most)
