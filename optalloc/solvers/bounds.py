"""Bounds of columns that follow from rows and the bounds of the others."""

from __future__ import annotations

import numpy as np

from optalloc.arrays import Arrays

__all__ = ["implied_bounds"]


def implied_bounds(arrays: Arrays, rounds: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Work out lower and upper bounds that every plan keeps, row by row, some rounds long.

    What a row leaves for one column, all others being at the bound that leaves most, bounds it
    (activity-based bound tightening: Savelsbergh, 1994, doi:10.1287/ijoc.6.4.445).

    Returns
    -------
    numpy.ndarray, numpy.ndarray, shape (columns,)
        No looser than those of the arrays, and not tightened where they are finite already.
    """
    rows = arrays.matrix.tocsr()
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    column, weight = rows.indices, rows.data
    row, column, weight = (part[rows.data != 0] for part in (row, column, weight))
    lower, upper = arrays.col_lower.copy(), arrays.col_upper.copy()
    for _ in range(rounds):
        before = np.isinf(lower).sum() + np.isinf(upper).sum()
        # A row from above, and the same row from below with its signs turned.
        for sign, most in ((1.0, arrays.row_upper), (-1.0, -arrays.row_lower)):
            a = sign * weight
            least = np.where(a > 0, a * lower[column], a * upper[column])
            endless = np.isinf(least)
            count = np.bincount(row, endless, len(most))
            total = np.bincount(row, np.where(endless, 0.0, least), len(most))
            # Of the others: all are finite, whether or not this one is.
            finite = np.isfinite(most[row]) & (count[row] - endless == 0)
            rest = total[row] - np.where(endless, 0.0, least)
            room = np.where(finite, (most[row] - rest) / a, np.where(a > 0, np.inf, -np.inf))
            high, low = np.full(len(upper), np.inf), np.full(len(lower), -np.inf)
            np.minimum.at(high, column[a > 0], room[a > 0])
            np.maximum.at(low, column[a < 0], room[a < 0])
            upper = np.where(np.isinf(upper), np.maximum(high, lower), upper)
            lower = np.where(np.isinf(lower), np.minimum(low, upper), lower)
        if np.isinf(lower).sum() + np.isinf(upper).sum() in (0, before):
            break
    return lower, upper
