"""Trimming: quantities of a plan that are higher than any row needs, lowered one by one.

Where parts of a plan were optimised one after another, a quantity may be left higher than any row
needs any more.
"""

from __future__ import annotations

import math

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.tolerances import ROUNDING

__all__ = ["trimmed"]


def trimmed(arrays: Arrays, values: np.ndarray) -> np.ndarray:
    """The point with each continuous column that costs something lowered as far as rows allow.

    Parameters
    ----------
    arrays : Arrays
    values : numpy.ndarray, shape (columns,)

    Returns
    -------
    numpy.ndarray, shape (columns,)
        It violates no row by more than the point given does.
    """
    matrix, found = arrays.matrix, values.copy()
    activity = matrix @ values
    below = np.maximum(activity - arrays.row_lower, 0.0)
    above = np.maximum(arrays.row_upper - activity, 0.0)
    costly = ~arrays.integer & (arrays.cost > ROUNDING * abs(arrays.cost).max(initial=0.0))
    costly &= (found > arrays.col_lower) & np.isfinite(arrays.col_lower)
    # A column in a row without room does not come down.
    room = np.where(matrix.data > 0, below[matrix.indices], above[matrix.indices])
    tight = room <= ROUNDING * np.maximum(1.0, abs(activity[matrix.indices]))
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    costly[column[tight & (matrix.data != 0)]] = False
    for j in np.flatnonzero(costly):
        entries = slice(matrix.indptr[j], matrix.indptr[j + 1])
        rows, data = matrix.indices[entries], matrix.data[entries]
        way = np.where(data > 0, below[rows], above[rows]) / np.maximum(abs(data), ROUNDING)
        by = min(float(way.min(initial=math.inf)), float(found[j] - arrays.col_lower[j]))
        found[j] -= by
        below[rows] = np.maximum(below[rows] - by * data, 0.0)
        above[rows] = np.maximum(above[rows] + by * data, 0.0)
    return found
