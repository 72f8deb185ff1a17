"""Sub-MIPs: some columns of a program with all others fixed, and rows that may be violated.

The one place where columns are fixed, programs are restricted to some of their columns, and slack
is added: for neighbourhoods, relax-and-fix, restricted master problems and elastic programs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows, Labels
from optalloc.mip.tolerances import ROUNDING

__all__ = ["SubMip", "unused", "with_slack"]


def unused(arrays: Arrays) -> np.ndarray:
    """Values of columns that are not in use: zero, or the bound next to it."""
    return np.asarray(np.clip(0.0, arrays.col_lower, arrays.col_upper))


def with_slack(
    arrays: Arrays,
    slack: sp.csc_array,
    penalty: np.ndarray,
    *,
    upper: np.ndarray | None = None,
    costs: bool = False,
) -> Arrays:
    """The elastic program: rows are relaxed by slack columns, at a penalty.

    Parameters
    ----------
    arrays : Arrays
    slack : scipy.sparse.csc_array, shape (rows, slacks)
        What one unit of each slack adds to each row.
    penalty : numpy.ndarray, shape (slacks,)
        Of one unit of each.
    upper : numpy.ndarray, shape (slacks,), optional
        Bounds; unbounded by default.
    costs : bool
        False drops the costs of the program, so that only slack costs anything.

    Returns
    -------
    Arrays
        Its last columns are the slacks, from 0 up.
    """
    count = len(penalty)
    cost = arrays.cost if costs else np.zeros(len(arrays.cost))
    upper = np.full(count, np.inf) if upper is None else upper
    return replace(
        arrays,
        matrix=sp.csc_array(sp.hstack([arrays.matrix, slack])) if count else arrays.matrix,
        col_lower=np.concatenate([arrays.col_lower, np.zeros(count)]),
        col_upper=np.concatenate([arrays.col_upper, upper]),
        cost=np.concatenate([cost, penalty]),
        integer=np.concatenate([arrays.integer, np.zeros(count, dtype=bool)]),
        offset=arrays.offset if costs else 0.0,
        columns=Labels.of(()),
        separate=None,
        parts=None,
    )


@dataclass(frozen=True)
class SubMip:
    """A program over some columns of another, the full program; the others are fixed.

    Parameters
    ----------
    program : Arrays
        Its first columns are those that are free; slack comes after them.
    columns, rows : numpy.ndarray of int
        Numbers of its columns and rows in the full program.
    fixed : numpy.ndarray, shape (columns of the full program,)
        Where the others are fixed.
    """

    program: Arrays
    columns: np.ndarray
    rows: np.ndarray
    fixed: np.ndarray

    @staticmethod
    def of(arrays: Arrays, free: np.ndarray, fixed: np.ndarray | None = None) -> SubMip:
        """Fix all columns but those of a mask.

        Parameters
        ----------
        arrays : Arrays
        free : numpy.ndarray of bool, shape (columns,)
        fixed : numpy.ndarray, shape (columns,), optional
            Where the others are fixed; `unused` by default.

        Returns
        -------
        SubMip
            Without rows that no free column is in, unless the fixed columns violate them.
        """
        fixed = unused(arrays) if fixed is None else fixed
        columns = np.flatnonzero(free)
        if len(columns) == len(fixed):
            return SubMip(arrays, columns, np.arange(len(arrays.row_lower)), fixed)
        matrix = sp.csc_array(arrays.matrix[:, columns])
        activity = arrays.matrix @ np.where(free, 0.0, fixed)
        lower, upper = arrays.row_lower - activity, arrays.row_upper - activity
        rows = np.flatnonzero(_touched(matrix) | (lower > 0) | (upper < 0))
        return _projected(arrays, columns, matrix, rows, (lower, upper), fixed)

    @staticmethod
    def around(
        arrays: Arrays, free: np.ndarray, point: np.ndarray, violations: np.ndarray
    ) -> SubMip:
        """Fix all columns but those of a mask at a point, which may violate rows.

        Parameters
        ----------
        arrays : Arrays
        free : numpy.ndarray of bool, shape (columns,)
        point : numpy.ndarray, shape (columns,)
        violations : numpy.ndarray, shape (rows,)
            Of the rows at this point (`Arrays.violations`).

        Returns
        -------
        SubMip
            Without rows that no free column is in; rows that the point violates by rounding are
            loosened to it, others that it violates need slack (`with_slack`).
        """
        columns = np.flatnonzero(free)
        matrix = sp.csc_array(arrays.matrix[:, columns])
        whole, inner = arrays.matrix @ point, matrix @ point[columns]
        kept = violations == 0
        lower = np.where(kept, np.minimum(arrays.row_lower, whole), arrays.row_lower)
        upper = np.where(kept, np.maximum(arrays.row_upper, whole), arrays.row_upper)
        fixed_activity = whole - inner
        limits = lower - fixed_activity, upper - fixed_activity
        rows = np.flatnonzero(_touched(matrix))
        return _projected(arrays, columns, matrix, rows, limits, point)

    def with_slack(
        self,
        below: np.ndarray,
        above: np.ndarray,
        penalty: np.ndarray,
        upper: np.ndarray | None = None,
    ) -> SubMip:
        """Let rows be violated at a penalty, their costs as they are.

        Parameters
        ----------
        below, above : numpy.ndarray of int
            Numbers of rows of this program that may fall below their lower limit, and that may
            exceed their upper one.
        penalty, upper : numpy.ndarray, shape (len(below) + len(above),)
            By unit of violation, and what it is at most.
        """
        row, count = np.concatenate([below, above]), len(below) + len(above)
        sign = np.repeat([1.0, -1.0], [len(below), len(above)])
        shape = (self.program.matrix.shape[0], count)
        slack = sp.csc_array((sign, (row, np.arange(count))), shape=shape)
        if upper is not None:
            upper = upper * (1 + ROUNDING)
        program = with_slack(self.program, slack, penalty, upper=upper, costs=True)
        return replace(self, program=program)

    def full(self, values: np.ndarray) -> np.ndarray:
        """The full solution that a solution of this program belongs to."""
        solution = self.fixed.copy()
        solution[self.columns] = values[: len(self.columns)]
        return solution

    def restricted(self, values: np.ndarray, slack: np.ndarray | None = None) -> np.ndarray:
        """A full solution restricted to this program, its slack zero unless given."""
        count = len(self.program.cost) - len(self.columns)
        slack = np.zeros(count) if slack is None else slack
        return np.concatenate([values[self.columns], slack])

    def outside(self, values: np.ndarray) -> np.ndarray:
        """Mask of the columns of a full solution that are fixed here at another value."""
        away = values != self.fixed
        away[self.columns] = False
        return np.asarray(away)

    def extra(self, rows: ExtraRows) -> ExtraRows:
        """Further rows of the full program, as rows of this."""
        outside = self.fixed.copy()
        outside[self.columns] = 0.0
        matrix = sp.csr_array(rows.matrix)
        upper = rows.upper - matrix @ outside
        return ExtraRows(sp.csr_array(matrix[:, self.columns]), upper, rows.names)


def _touched(matrix: sp.csc_array) -> np.ndarray:
    """Mask of the rows that have an entry."""
    return np.asarray(np.bincount(matrix.indices, minlength=matrix.shape[0]) > 0)


def _projected(
    arrays: Arrays,
    columns: np.ndarray,
    matrix: sp.csc_array,
    rows: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
    fixed: np.ndarray,
) -> SubMip:
    """The sub-MIP of some columns and of all rows that they are in, and maybe others."""
    place = np.zeros(matrix.shape[0], dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    entries = (matrix.data, place[matrix.indices], matrix.indptr)
    held = float(arrays.cost @ fixed - arrays.cost[columns] @ fixed[columns])
    program = replace(
        arrays,
        matrix=sp.csc_array(entries, shape=(len(rows), len(columns))),
        row_lower=limits[0][rows],
        row_upper=limits[1][rows],
        col_lower=arrays.col_lower[columns],
        col_upper=arrays.col_upper[columns],
        cost=arrays.cost[columns],
        integer=arrays.integer[columns],
        strengthening=arrays.strengthening[rows],
        offset=arrays.offset + held,
        rows=Labels.of(()),
        columns=Labels.of(()),
        separate=None,
        parts=arrays.parts and arrays.parts.of_columns(columns).of_rows(rows),
        source=None,
    )
    return SubMip(program, columns, rows, fixed)
