"""Temporal aggregation: the relaxation with several stages as one, small and with all blocks.

In each stretch of stages a series has one value, and the rows of a series are added up. Its cost is
neither a bound nor that of a plan, but it tells which columns are in use, and rough dual prices.
Source: aggregation of columns and rows (Zipkin, 1980, doi:10.1287/opre.28.6.1406).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, Labels

__all__ = ["Aggregation"]


@dataclass(frozen=True)
class Aggregation:
    """The aggregated program, and its column and row for each of the full program.

    Parameters
    ----------
    program : Arrays
        Without integers.
    column : numpy.ndarray of int, shape (columns,)
    row : numpy.ndarray of int, shape (rows,)
    """

    program: Arrays
    column: np.ndarray
    row: np.ndarray

    @staticmethod
    def of(arrays: Arrays, stretches: int) -> Aggregation:
        """Aggregate a program.

        Parameters
        ----------
        arrays : Arrays
            With `parts`.
        stretches : int
            Into which all stages are cut, of about as many stages each.
        """
        parts = arrays.parts
        assert parts is not None

        def numbered(series: np.ndarray, stage: np.ndarray) -> tuple[np.ndarray, int]:
            stretch = np.where(stage >= 0, stage * stretches // max(parts.stages, 1), -1)
            code = series.astype(np.int64) * (stretches + 1) + stretch + 1
            distinct, number = np.unique(code, return_inverse=True)
            return number, len(distinct)

        column, columns = numbered(parts.series, parts.stage)
        row, rows = numbered(parts.row_series, parts.row_stage)
        spread = _membership(column, columns)
        summed = _membership(row, rows).T
        lower, upper = np.full(columns, -np.inf), np.full(columns, np.inf)
        np.maximum.at(lower, column, arrays.col_lower)
        np.minimum.at(upper, column, arrays.col_upper)
        program = replace(
            arrays,
            matrix=sp.csc_array(summed @ arrays.matrix @ spread),
            row_lower=summed @ arrays.row_lower,
            row_upper=summed @ arrays.row_upper,
            col_lower=lower,
            col_upper=np.maximum(lower, upper),
            cost=spread.T @ arrays.cost,
            integer=np.zeros(columns, dtype=bool),
            strengthening=np.zeros(rows, dtype=bool),
            rows=Labels.of(()),
            columns=Labels.of(()),
            parts=None,
        )
        return Aggregation(program, column, row)


def _membership(number: np.ndarray, count: int) -> sp.csr_array:
    """Shape (members, groups): 1 where a member is of a group."""
    each = np.arange(len(number))
    return sp.csr_array((np.ones(len(each)), (each, number)), shape=(len(each), count))
