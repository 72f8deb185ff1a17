"""Some columns of a program: all others stay where they cost nothing to leave.

A large program has many columns that no sensible plan uses. What is searched without them is a
fraction of it, and each of its plans is one of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows, Labels

__all__ = ["Narrow", "at_rest"]


def at_rest(arrays: Arrays) -> np.ndarray:
    """Where columns stay that are not used: at nought, or the bound next to it."""
    return np.asarray(np.clip(0.0, arrays.col_lower, arrays.col_upper))


@dataclass(frozen=True)
class Narrow:
    """A program of some columns of another.

    Parameters
    ----------
    program : Arrays
    columns, rows : numpy.ndarray of int
        Numbers of its columns and rows in the whole program.
    rest : numpy.ndarray, shape (columns of the whole,)
        Where the others stay.
    """

    program: Arrays
    columns: np.ndarray
    rows: np.ndarray
    rest: np.ndarray

    @staticmethod
    def of(arrays: Arrays, chosen: np.ndarray) -> Narrow:
        """Take the columns of a mask; rows without one of them are left out unless broken."""
        rest = at_rest(arrays)
        columns = np.flatnonzero(chosen)
        if len(columns) == len(rest):
            return Narrow(arrays, columns, np.arange(len(arrays.row_lower)), rest)
        matrix = sp.csc_array(arrays.matrix[:, columns])
        held = arrays.matrix @ np.where(chosen, 0.0, rest)
        lower, upper = arrays.row_lower - held, arrays.row_upper - held
        touched = np.bincount(matrix.indices, minlength=matrix.shape[0]) > 0
        rows = np.flatnonzero(touched | (lower > 0) | (upper < 0))
        program = replace(
            arrays,
            matrix=sp.csc_array(sp.csr_array(matrix)[rows]),
            row_lower=lower[rows],
            row_upper=upper[rows],
            col_lower=arrays.col_lower[columns],
            col_upper=arrays.col_upper[columns],
            cost=arrays.cost[columns],
            integer=arrays.integer[columns],
            strengthening=arrays.strengthening[rows],
            offset=arrays.offset + float(arrays.cost @ np.where(chosen, 0.0, rest)),
            rows=Labels.of(()),
            columns=Labels.of(()),
            separate=None,
            parts=arrays.parts and arrays.parts.of_columns(columns).of_rows(rows),
            source=None,
        )
        return Narrow(program, columns, rows, rest)

    def widened(self, values: np.ndarray) -> np.ndarray:
        """A point of the whole program, of one of this."""
        whole = self.rest.copy()
        whole[self.columns] = values
        return whole

    def narrowed(self, values: np.ndarray) -> np.ndarray:
        """What this program has of a point of the whole."""
        return np.asarray(values[self.columns])

    def lacking(self, values: np.ndarray) -> np.ndarray:
        """Mask of the columns of the whole that a point uses and that are not here."""
        away = values != self.rest
        away[self.columns] = False
        return np.asarray(away)

    def extra(self, rows: ExtraRows) -> ExtraRows:
        """Further rows of the whole program, as rows of this."""
        outside = self.rest.copy()
        outside[self.columns] = 0.0
        matrix = sp.csr_array(rows.matrix)
        upper = rows.upper - matrix @ outside
        return ExtraRows(sp.csr_array(matrix[:, self.columns]), upper, rows.names)
