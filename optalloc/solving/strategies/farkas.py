"""A proof that a large program has no plan: multipliers by which its rows contradict each other.

The least total violation of the rows is a linear program, and the multipliers of an interior point
without crossover are enough: they prove by themselves that there is no plan where the bound that
follows from them is above zero. Whoever has them can check that without a solver. Source: the lemma
of Farkas (1902), by the bounds of Neumaier and Shcherbina (2004, doi:10.1007/s10107-003-0433-3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.bounds import DEFAULT, enough_bounds
from optalloc.mip.parameters import BoundTightening
from optalloc.mip.tolerances import FEASIBILITY
from optalloc.solving.elastic import any_row_gives
from optalloc.solving.strategies.safe_bound import safe_bound

__all__ = ["Contradiction", "contradiction", "is_proof"]


@dataclass(frozen=True)
class Contradiction:
    """Multipliers of the rows, and by how much each row is violated at the least in total."""

    duals: np.ndarray
    amounts: np.ndarray


def is_proof(arrays: Arrays, duals: np.ndarray, tightening: BoundTightening = DEFAULT) -> bool:
    """Whether multipliers, shape (rows,), prove that no point of the relaxation keeps all rows."""
    free = replace(arrays, cost=np.zeros(len(arrays.cost)), offset=0.0)
    return safe_bound(free, duals, enough_bounds(arrays, tightening)) > FEASIBILITY


def contradiction(
    arrays: Arrays,
    solve: Callable[[Arrays], tuple[np.ndarray | None, np.ndarray | None]],
) -> Contradiction | None:
    """Prove that the relaxation has no solution; None where it has one, or time was short.

    Parameters
    ----------
    arrays : Arrays
    solve : callable
        Solves a linear program, such as by an interior point: its values and multipliers, None for
        none. Over all columns at once M (190,000 entries) takes 4 s of one core by it, 12 s by the
        simplex method, and 14 to 18 s where columns are added as they are found to be of use.
    """
    elastic, scale = any_row_gives(arrays)
    values, duals = solve(elastic)
    if values is None or duals is None or not is_proof(arrays, duals):
        return None
    slack = values[len(arrays.cost) :]
    return Contradiction(duals, (slack[: len(scale)] + slack[len(scale) :]) * scale)
