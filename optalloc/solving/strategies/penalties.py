"""Penalties of violated rows, and sub-MIPs in which rows may stay violated at them."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.parameters import LargeNeighbourhood
from optalloc.mip.tolerances import ROUNDING
from optalloc.solving.submip import SubMip

__all__ = ["Penalties", "repairing", "shared_rows_relaxed"]


class Penalties:
    """Penalty of each row by unit of violation, against its largest coefficient.

    Parameters
    ----------
    arrays : Arrays
    duals : numpy.ndarray, shape (rows,), optional
        Dual prices of the relaxation, by which the penalty is set.
    parameters : LargeNeighbourhood
    """

    def __init__(
        self, arrays: Arrays, duals: np.ndarray | None, parameters: LargeNeighbourhood
    ) -> None:
        self._parameters, self._growths = parameters, 0
        self._scale = _largest_coefficients(arrays.matrix)
        self._level = parameters.penalty_factor * _highest_saving(arrays, duals, self._scale)

    @property
    def by_row(self) -> np.ndarray:
        """Of each row."""
        return np.asarray(self._level / self._scale)

    def total(self, violations: np.ndarray) -> float:
        """Total violation, each against the largest coefficient of its row."""
        return float((1.0 / self._scale) @ violations)

    def grow(self) -> bool:
        """Raise all; after `penalty_growths` times take that back, and return False."""
        ours = self._parameters
        if self._growths < ours.penalty_growths:
            self._growths += 1
            self._level *= ours.penalty_growth
            return True
        self._growths = 0
        self._level *= ours.penalty_growth**-ours.penalty_growths
        return False

    def add(self, rows: ExtraRows) -> None:
        """Take further rows, after the others."""
        self._scale = np.concatenate([self._scale, _largest_coefficients(rows.matrix)])


def _largest_coefficients(matrix: sp.csc_array | sp.csr_array) -> np.ndarray:
    largest = abs(matrix).max(axis=1).toarray().ravel()
    return np.asarray(np.maximum(largest, ROUNDING))


def _highest_saving(arrays: Arrays, duals: np.ndarray | None, scale: np.ndarray) -> float:
    """At least what violating a row by its largest coefficient can save, as far as is known."""
    if duals is not None and np.isfinite(duals).all() and duals.any():
        return float(np.max(abs(duals) * scale))
    most = abs(arrays.matrix).max(axis=0).toarray().ravel()
    return float(np.max(abs(arrays.cost) / np.maximum(most, 1.0), initial=1.0))


def repairing(
    arrays: Arrays,
    values: np.ndarray,
    violations: np.ndarray,
    free: np.ndarray,
    penalty: np.ndarray,
    small_share: float,
) -> tuple[SubMip, np.ndarray]:
    """The sub-MIP of free columns whose violated rows may stay violated by no more than they are.

    So it always has a solution. A row violated by less than `small_share` of its size is charged as
    if it were violated by that.

    Returns
    -------
    SubMip, numpy.ndarray
        And where the search is, restricted to it.
    """
    sub = SubMip.around(arrays, free, values, violations)
    over = violations[sub.rows]
    if not over.any():
        return sub, sub.restricted(values)
    size = arrays.row_sizes(values)[sub.rows]
    below, above = _violated_rows(arrays, values, sub, over)
    rows = np.concatenate([below, above])
    charged = penalty[sub.rows][rows] * np.maximum(1.0, small_share * size[rows] / over[rows])
    slacked = sub.with_slack(below, above, charged, over[rows])
    return slacked, slacked.restricted(values, over[rows])


def shared_rows_relaxed(
    arrays: Arrays, values: np.ndarray, free: np.ndarray, penalty: np.ndarray
) -> SubMip:
    """The sub-MIP of free columns whose shared rows may be violated without limit.

    Rows of its own that are violated may stay violated by no more than they are.
    """
    violations = arrays.violations(values)
    sub = SubMip.around(arrays, free, values, violations)
    over = violations[sub.rows]
    down, up = np.zeros(len(over)), np.zeros(len(over))
    below, above = _violated_rows(arrays, values, sub, over)
    down[below], up[above] = over[below], over[above]
    entries = np.bincount(arrays.matrix.indices, minlength=arrays.matrix.shape[0])[sub.rows]
    shared = entries > np.bincount(sub.program.matrix.indices, minlength=len(sub.rows))
    down = np.where(shared & np.isfinite(sub.program.row_lower), np.inf, down)
    up = np.where(shared & np.isfinite(sub.program.row_upper), np.inf, up)
    below, above = np.flatnonzero(down), np.flatnonzero(up)
    rows = np.concatenate([below, above])
    most = np.concatenate([down[below], up[above]])
    return sub.with_slack(below, above, penalty[sub.rows][rows], most)


def _violated_rows(
    arrays: Arrays, values: np.ndarray, sub: SubMip, over: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a sub-MIP below their lower limit, and above their upper one."""
    activity = (arrays.matrix @ values)[sub.rows]
    low = (over > 0) & (activity < arrays.row_lower[sub.rows])
    high = (over > 0) & (activity > arrays.row_upper[sub.rows])
    return np.flatnonzero(low), np.flatnonzero(high)
