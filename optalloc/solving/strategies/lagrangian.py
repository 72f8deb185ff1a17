"""The Lagrangian bound by groups of blocks: shared rows are relaxed, each group is a small MIP.

Rows within one group of blocks stay, the others are taken into the cost at the dual prices of the
relaxation. The bounds of all groups add up to a bound of the full program. It is no lower than that
of the relaxation, and the higher, the more rows stay.
Source: Lagrangian relaxation (Geoffrion, 1974, doi:10.1007/BFb0120690).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, Labels
from optalloc.solving.strategies.safe_bound import sign_feasible

__all__ = ["GroupProgram", "group_of_columns", "groups_of_rows", "lagrangian_programs"]


@dataclass(frozen=True)
class GroupProgram:
    """The program of one group, and its rows in the full program."""

    program: Arrays
    rows: np.ndarray


def group_of_columns(arrays: Arrays, group: np.ndarray) -> np.ndarray:
    """Group of each column: that of its block, or that of most rows of a column without block.

    Parameters
    ----------
    arrays : Arrays
        With `parts`.
    group : numpy.ndarray of int, shape (blocks,)

    Returns
    -------
    numpy.ndarray of int, shape (columns,)
        -1 for a column that none of the groups has rows in common with.
    """
    assert arrays.parts is not None
    block = arrays.parts.block
    found = np.where(block >= 0, group[block], -1)
    matrix, groups = arrays.matrix, int(group.max(initial=-1)) + 1
    own = np.flatnonzero(found >= 0)
    member = sp.csr_array((np.ones(len(own)), (found[own], own)), shape=(groups, len(found)))
    pattern = sp.csc_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    has = (sp.csr_array(pattern) @ member.T).toarray() > 0
    alone = has & (has.sum(axis=1) == 1)[:, None]
    others = np.flatnonzero(found < 0)
    votes = pattern[:, others].T @ alone.astype(float)
    found[others] = np.where(votes.max(axis=1, initial=0) > 0, votes.argmax(axis=1), -1)
    return found


def groups_of_rows(matrix: sp.csr_array, column_group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest group of each row's columns; these are one where it is of one alone."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    of_entry = column_group[matrix.indices]
    least = np.full(matrix.shape[0], np.iinfo(np.int64).max)
    most = np.full(matrix.shape[0], -1)
    np.minimum.at(least, row, of_entry)
    np.maximum.at(most, row, of_entry)
    return least, most


def lagrangian_programs(
    arrays: Arrays,
    duals: np.ndarray,
    column_group: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> tuple[float, list[GroupProgram]]:
    """The program of each group with the rows that groups share in its cost, and the constant.

    Parameters
    ----------
    arrays : Arrays
    duals : numpy.ndarray, shape (rows,)
        Any dual prices; a sign that a row does not allow is taken as zero.
    column_group : numpy.ndarray of int, shape (columns,)
        Groups from 0 on; a column of group -1 is by itself.
    bounds : tuple of numpy.ndarray
        Lower and upper bounds of columns (`dominated_bounds`).

    Returns
    -------
    float, list of GroupProgram
        No plan costs less than this number and the least costs of all these programs together.
    """
    matrix = sp.csr_array(arrays.matrix)
    least, most = groups_of_rows(matrix, column_group)
    inner = (least == most) & (most >= 0)
    y = np.where(inner, 0.0, sign_feasible(arrays, duals))
    reduced = arrays.cost - arrays.matrix.T @ y
    side = np.where(y > 0, arrays.row_lower, arrays.row_upper)
    fixed = arrays.offset + float((y[y != 0] * side[y != 0]).sum())
    lower, upper = bounds
    alone = column_group < 0
    place = np.where(reduced > 0, lower, upper)
    # An unbounded column that costs nothing takes nothing from the bound.
    counts = alone & (reduced != 0)
    fixed += float(np.multiply(reduced, place, out=np.zeros(len(place)), where=counts).sum())
    programs = []
    for number in range(int(column_group.max(initial=-1)) + 1):
        rows, columns = np.flatnonzero(inner & (most == number)), column_group == number
        part = _of(arrays, matrix[rows], rows, columns, reduced, bounds)
        programs.append(GroupProgram(part, rows))
    return fixed, programs


def _of(
    arrays: Arrays,
    own: sp.csr_array,
    rows: np.ndarray,
    columns: np.ndarray,
    reduced: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> Arrays:
    return Arrays(
        matrix=sp.csc_array(own[:, np.flatnonzero(columns)]),
        row_lower=arrays.row_lower[rows],
        row_upper=arrays.row_upper[rows],
        col_lower=bounds[0][columns],
        col_upper=bounds[1][columns],
        cost=reduced[columns],
        integer=arrays.integer[columns],
        strengthening=np.zeros(len(rows), dtype=bool),
        offset=0.0,
        rows=Labels.of(()),
        columns=Labels.of(()),
    )
