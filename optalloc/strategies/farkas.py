"""A proof that a large program has no plan: multipliers by which its rows contradict each other.

The least total violation of the rows is worked out over a few columns, and those whose reduced cost
lowers it are added until none does. Its multipliers prove by themselves that there is no plan where
the bound that follows from them is above zero: whoever has them can check that without a solver.
Source: phase one of column generation (Desaulniers, Desrosiers and Solomon, 2005,
doi:10.1007/b135457) and the lemma of Farkas (1902).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from optalloc.arrays import Arrays
from optalloc.bounds import enough_bounds
from optalloc.elastic import any_row_gives
from optalloc.strategies.narrow import Narrow, at_rest
from optalloc.strategies.safe import safe_bound
from optalloc.tighten import FEASIBILITY

__all__ = ["Contradiction", "contradiction", "is_proof"]

# More rounds than these add columns that hardly matter.
ROUNDS = 20
# A reduced cost nearer to zero than this is rounding.
NEAR = 1e-7
# The least violation is known well enough once it is this near its bound, against itself.
CLOSE = 0.01


@dataclass(frozen=True)
class Contradiction:
    """Multipliers of the rows, and by how much each row is violated at the least in total."""

    duals: np.ndarray
    amounts: np.ndarray


def is_proof(arrays: Arrays, duals: np.ndarray) -> bool:
    """Whether multipliers, shape (rows,), prove that no point of the relaxation keeps all rows."""
    return safe_bound(_free(arrays), duals, enough_bounds(arrays)) > FEASIBILITY


def _free(arrays: Arrays) -> Arrays:
    """The program whose columns cost nothing."""
    return replace(arrays, cost=np.zeros(len(arrays.cost)), offset=0.0)


def contradiction(
    arrays: Arrays,
    columns: np.ndarray,
    solve: Callable[[Arrays], tuple[np.ndarray | None, np.ndarray | None]],
) -> Contradiction | None:
    """Prove that the relaxation has no solution; None where it has one, or time was short.

    Parameters
    ----------
    arrays : Arrays
    columns : numpy.ndarray of bool, shape (columns,)
        Where to begin.
    solve : callable
        Solves a linear program: its values and multipliers, None for none.
    """
    rest, count, found = at_rest(arrays), len(arrays.row_lower), None
    free, bounds = _free(arrays), enough_bounds(arrays)
    for _ in range(ROUNDS):
        few = Narrow.of(free, columns)
        elastic, scale = any_row_gives(few.program)
        values, multipliers = solve(elastic)
        if values is None or multipliers is None:
            break
        duals, amounts = np.zeros(count), np.zeros(count)
        duals[few.rows] = multipliers
        slack = values[len(few.columns) :]
        amounts[few.rows] = (slack[: len(scale)] + slack[len(scale) :]) * scale
        violation, bound = float(slack.sum()), safe_bound(free, duals, bounds)
        if bound > FEASIBILITY:
            found = Contradiction(duals, amounts)
        reduced = -(arrays.matrix.T @ duals)
        lowers = ((reduced < -NEAR) & (arrays.col_upper > rest)) | (
            (reduced > NEAR) & (arrays.col_lower < rest)
        )
        near = violation <= max(bound * (1 + CLOSE), FEASIBILITY)
        if near or not (lowers & ~columns).any():
            break
        columns = columns | lowers
    return found
