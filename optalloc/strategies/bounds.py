"""A bound from any multipliers: what no plan can cost less than, without an exact linear program.

For any multipliers y of the rows, with the signs that the rows allow, every plan costs at least
``y b + sum over columns of the least of (c - A'y) x within its bounds``. So multipliers of an
interior-point run without crossover, or of a run that was cut short, give a proven bound. Columns
need bounds for it, which are drawn from the rows first. Source: Neumaier and Shcherbina (2004,
doi:10.1007/s10107-003-0433-3).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from optalloc.arrays import Arrays

__all__ = ["allowed", "implied_bounds", "safe_bound"]

ROUNDS = 4
# Slack given to a bound that is worked out, against its own size.
SLACK = 1e-9
EPS = float(np.finfo(float).eps)


def implied_bounds(arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of columns that the rows imply, or that some plan of least cost keeps.

    Returns
    -------
    lower, upper : numpy.ndarray, shape (columns,)
        No tighter than at least one plan of least cost allows, and no wider than those given.
    """
    matrix = sp.csr_array(arrays.matrix, copy=True)
    matrix.eliminate_zeros()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    lower, upper = arrays.col_lower.astype(float), arrays.col_upper.astype(float)
    # Sums with what is infinite say nothing, and are no fault.
    with np.errstate(invalid="ignore"):
        for _ in range(ROUNDS):
            before = np.isinf(upper).sum() + np.isinf(lower).sum()
            reach = _activities(matrix, row, lower, upper)
            lower, upper = _tightened(arrays, matrix, row, reach, (lower, upper))
            if np.isinf(upper).sum() + np.isinf(lower).sum() == before:
                break
        reach = _activities(matrix, row, lower, upper)
        enough = _enough(arrays, matrix, row, reach, (lower, upper))
    return lower, np.where(np.isinf(upper), enough, upper)


Parts = tuple[np.ndarray, np.ndarray]
Activity = tuple[np.ndarray, np.ndarray, np.ndarray]


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


def _tightened(
    arrays: Arrays,
    matrix: sp.csr_array,
    row: np.ndarray,
    activities: tuple[Activity, Activity],
    bounds: Parts,
) -> Parts:
    """Bounds that follow from each row by the least and the most that its other columns add."""
    data, column = matrix.data, matrix.indices
    above = arrays.row_upper[row] - _others(activities[0], row, -np.inf)
    below = arrays.row_lower[row] - _others(activities[1], row, np.inf)
    positive = data > 0
    most = np.where(positive, above, below) / data
    least = np.where(positive, below, above) / data
    lower, upper = bounds[0].copy(), bounds[1].copy()
    np.fmin.at(upper, column, most + SLACK * np.maximum(1.0, abs(most)))
    np.fmax.at(lower, column, least - SLACK * np.maximum(1.0, abs(least)))
    # Only where there was none: a bound that is moved a little is of no use here.
    lower = np.where(np.isinf(bounds[0]), lower, bounds[0])
    return lower, np.where(np.isinf(bounds[1]), np.maximum(upper, lower), bounds[1])


def _enough(
    arrays: Arrays,
    matrix: sp.csr_array,
    row: np.ndarray,
    activities: tuple[Activity, Activity],
    bounds: Parts,
) -> np.ndarray:
    """For columns that cost something and only help every row: as much as any row can need."""
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
    np.maximum.at(most, column, need + SLACK * np.maximum(1.0, abs(need)))
    most = np.where(arrays.integer, np.ceil(most), most)
    return np.where(hindered | (arrays.cost < 0), np.inf, most)


def allowed(arrays: Arrays, duals: np.ndarray) -> np.ndarray:
    """Multipliers with nought in place of those whose sign, or size, a row does not allow."""
    y = np.where(np.isinf(arrays.row_lower), np.minimum(duals, 0.0), duals)
    y = np.where(np.isinf(arrays.row_upper), np.maximum(y, 0.0), y)
    return np.where(np.isfinite(y), y, 0.0)


def safe_bound(
    arrays: Arrays, duals: np.ndarray, bounds: tuple[np.ndarray, np.ndarray] | None = None
) -> float:
    """What every plan costs at least, by any multipliers; minus infinity where they say nothing.

    Parameters
    ----------
    arrays : Arrays
    duals : numpy.ndarray, shape (rows,)
        Multipliers; a sign that a row does not allow is taken as nought.
    bounds : tuple of numpy.ndarray, optional
        Lower and upper bounds of columns (`implied_bounds`); those of the program by default.
    """
    lower, upper = bounds if bounds is not None else (arrays.col_lower, arrays.col_upper)
    y = allowed(arrays, duals)
    transposed = arrays.matrix.T
    reduced = arrays.cost - transposed @ y
    side = np.where(y > 0, arrays.row_lower, arrays.row_upper)
    from_rows = np.multiply(y, side, out=np.zeros(len(y)), where=y != 0)
    place = np.where(reduced > 0, lower, upper)
    from_columns = np.multiply(reduced, place, out=np.zeros(len(place)), where=reduced != 0)
    total = float(from_rows.sum() + from_columns.sum() + arrays.offset)
    if not np.isfinite(total):
        return -np.inf
    # Rounding of the reduced costs and of the sums, by the sizes of their terms.
    sizes = abs(arrays.cost) + abs(transposed) @ abs(y)
    touched = np.where(np.isfinite(place), abs(place), 0.0)
    noise = float(sizes @ touched + abs(from_rows).sum() + abs(arrays.offset))
    return total - 64 * EPS * noise
