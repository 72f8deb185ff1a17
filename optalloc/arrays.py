"""A mixed-integer program as arrays, with names kept lazily."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = ["Arrays"]


@dataclass(frozen=True)
class Arrays:
    """``min cost x + offset`` with ``row_lower <= matrix x <= row_upper`` and column bounds.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, shape (rows, columns)
    row_lower, row_upper : numpy.ndarray, shape (rows,)
    col_lower, col_upper, cost : numpy.ndarray, shape (columns,)
    integer : numpy.ndarray of bool, shape (columns,)
    strengthening : numpy.ndarray of bool, shape (rows,)
        Rows that cut off no plan and only tighten the relaxation: the solve step takes those that
        help and may leave out the rest.
    offset : float
    rows, columns : sequence
        The Pyomo component data behind each row and column.
    """

    matrix: Any
    row_lower: np.ndarray
    row_upper: np.ndarray
    col_lower: np.ndarray
    col_upper: np.ndarray
    cost: np.ndarray
    integer: np.ndarray
    strengthening: np.ndarray
    offset: float
    rows: Sequence[Any]
    columns: Sequence[Any]

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.row_lower), len(self.cost)):
            raise ValueError("matrix and bounds differ in shape")

    @property
    def size(self) -> dict[str, int]:
        """Rows, columns, integer columns and non-zeros."""
        return {
            "rows": int(self.matrix.shape[0]),
            "columns": int(self.matrix.shape[1]),
            "integers": int(self.integer.sum()),
            "non_zeros": int(self.matrix.nnz),
        }

    def row_name(self, row: int) -> str:
        """Name of a row, such as ``demand_met[inference,Japan,2027H1]``."""
        return str(self.rows[row].name)

    def column_name(self, column: int) -> str:
        """Name of a column, such as ``committed[Kanto North,2027H1]``."""
        return str(self.columns[column].name)

    def with_rows(self, mask: np.ndarray) -> Arrays:
        """Give the same program with only the rows that the mask keeps."""
        kept = np.flatnonzero(mask).tolist()
        return Arrays(
            sp.csr_array(self.matrix[kept]),
            self.row_lower[kept],
            self.row_upper[kept],
            self.col_lower,
            self.col_upper,
            self.cost,
            self.integer,
            self.strengthening[kept],
            self.offset,
            [self.rows[i] for i in kept],
            self.columns,
        )
