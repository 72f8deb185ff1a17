"""A safe dual bound from any dual prices, without an exact linear program.

For any dual prices y with the signs that the rows allow, every plan costs at least ``y b + sum over
columns of the least of (c - A'y) x within its bounds``. So those of an interior-point method
without crossover, or of a run that was cut short, give a proven bound. Columns need bounds for it,
which are tightened first. Source: Neumaier and Shcherbina (2004,
doi:10.1007/s10107-003-0433-3).
"""

from __future__ import annotations

import numpy as np

from optalloc.mip.arrays import Arrays

__all__ = ["safe_bound", "sign_feasible"]

EPS = float(np.finfo(float).eps)


def sign_feasible(arrays: Arrays, duals: np.ndarray) -> np.ndarray:
    """Dual prices with zero in place of those whose sign, or size, a row does not allow."""
    y = np.where(np.isinf(arrays.row_lower), np.minimum(duals, 0.0), duals)
    y = np.where(np.isinf(arrays.row_upper), np.maximum(y, 0.0), y)
    return np.where(np.isfinite(y), y, 0.0)


def safe_bound(
    arrays: Arrays, duals: np.ndarray, bounds: tuple[np.ndarray, np.ndarray] | None = None
) -> float:
    """A lower bound on the cost of every plan; minus infinity where the dual prices give none.

    Parameters
    ----------
    arrays : Arrays
    duals : numpy.ndarray, shape (rows,)
        Dual prices; a sign that a row does not allow is taken as zero.
    bounds : tuple of numpy.ndarray, optional
        Lower and upper bounds of columns (`dominated_bounds`); those of the program by default.
    """
    lower, upper = bounds if bounds is not None else (arrays.col_lower, arrays.col_upper)
    y = sign_feasible(arrays, duals)
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
