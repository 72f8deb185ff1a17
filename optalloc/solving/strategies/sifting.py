"""Sifting: the relaxation of a large program by a restricted master problem and pricing.

It begins with the columns that a temporal aggregation uses. Each round solves the relaxation over
the columns taken so far, the restricted master problem, in which a row that blocks share may be
violated at a penalty somewhat above its last dual price. That keeps dual prices from oscillating.
At these prices each group of blocks is solved by itself over all of its columns: together a bound,
and the columns in use there are added. Where bound and relaxation meet, no other column matters.
Source: the boxstep method (Marsten, Hogan and Blankenship, 1975, doi:10.1287/opre.23.3.389) on the
decomposition of Dantzig and Wolfe (1960, doi:10.1287/opre.8.1.101).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays
from optalloc.mip.bounds import dominated_bounds
from optalloc.mip.parameters import Parameters, Sifting
from optalloc.mip.tolerances import VALUE_IN_USE
from optalloc.solving.strategies.aggregation import Aggregation
from optalloc.solving.strategies.lagrangian import (
    group_of_columns,
    groups_of_rows,
    lagrangian_programs,
)
from optalloc.solving.strategies.safe_bound import safe_bound
from optalloc.solving.submip import SubMip

__all__ = ["SiftingRound", "SolveLinear", "sift"]

logger = logging.getLogger(__name__)

DEFAULT = Parameters()

# From a linear program to its values and dual prices, None for none.
SolveLinear = Callable[[Arrays], tuple[np.ndarray | None, np.ndarray | None]]


@dataclass(frozen=True)
class SiftingRound:
    """A round of sifting.

    Parameters
    ----------
    columns : numpy.ndarray of bool, shape (columns,)
        Those taken so far, with those that this round brings in.
    rows : numpy.ndarray of bool, shape (rows,)
        Rows of its restricted master problem.
    values : numpy.ndarray, shape (columns,)
        Its point.
    duals : numpy.ndarray, shape (rows,)
        Its dual prices, zero for other rows.
    cost : float
        Cost of its point, penalties included.
    reduced : numpy.ndarray, shape (columns,)
        Reduced costs, within the group of each column.
    bound : float
        Of the full program.
    done : bool
        True where another round brings nothing.
    violated : bool
        True where its point violates rows in spite of the penalty.
    """

    columns: np.ndarray
    rows: np.ndarray
    values: np.ndarray
    duals: np.ndarray
    cost: float
    reduced: np.ndarray
    bound: float
    done: bool
    violated: bool


def sift(
    arrays: Arrays,
    group: np.ndarray,
    roughly: SolveLinear,
    exactly: SolveLinear,
    parameters: Parameters = DEFAULT,
) -> Iterator[SiftingRound]:
    """Round after round of sifting, as long as another is asked for.

    Parameters
    ----------
    arrays : Arrays
        With `parts`.
    group : numpy.ndarray of int, shape (blocks,)
        Blocks that are solved together (`RelatedBlocks.partition`).
    roughly, exactly : callable
        Solve a large linear program, such as by an interior point, and a small one.

    Yields
    ------
    SiftingRound
        Until a linear program has no solution, such as when it was cancelled.
    """
    master = _Master.of(arrays, group, roughly, parameters)
    while (found := master.solved(roughly, exactly)) is not None:
        logger.info(
            "sifting: bound %.8g, relaxation %.8g, %d of %d columns",
            *(found.bound, found.cost, np.count_nonzero(found.columns), len(found.columns)),
        )
        yield found


@dataclass
class _Master:
    """The restricted master problem from round to round."""

    arrays: Arrays
    parameters: Sifting
    shared: np.ndarray
    column_group: np.ndarray
    bounds: tuple[np.ndarray, np.ndarray]
    columns: np.ndarray
    rows: np.ndarray
    duals: np.ndarray

    @staticmethod
    def of(
        arrays: Arrays, group: np.ndarray, roughly: SolveLinear, parameters: Parameters
    ) -> _Master:
        """The master problem over the columns that a temporal aggregation uses."""
        rows = ~arrays.strengthening
        own = arrays.with_rows(rows)
        assert own.parts is not None
        least, most = groups_of_rows(sp.csr_array(arrays.matrix), own.parts.block)
        columns, duals = _first(own, roughly, parameters.sifting.stretches)
        return _Master(
            arrays,
            parameters.sifting,
            least != most,
            group_of_columns(own, group),
            dominated_bounds(own, parameters.bound_tightening),
            columns,
            rows,
            _spread(duals, rows),
        )

    def solved(self, roughly: SolveLinear, exactly: SolveLinear) -> SiftingRound | None:
        """Solve the relaxation, price by groups, and take the columns and rows that are missing."""
        arrays, rows, gap = self.arrays, self.rows, self.parameters.gap
        program = arrays.with_rows(rows)
        master = SubMip.of(program, self.columns)
        mine = np.flatnonzero(rows)[master.rows]
        penalty = _penalties(self.duals, self.shared, self.parameters.penalty_factor)[mine]
        elastic = _elastic(master, self.shared[mine], penalty)
        values, prices = roughly(elastic)
        if values is None or prices is None:
            return None
        # Rows without a column of the master problem keep their last dual prices.
        self.duals = np.where(rows, self.duals, 0.0)
        self.duals[mine] = prices
        cost, count = elastic.objective(values), len(master.columns)
        penalised = float(elastic.cost[count:] @ values[count:])
        point = master.full(values)
        grouped = _grouped(program, self.duals[rows], self.column_group, self.bounds, exactly)
        if grouped is None:
            return None
        bound, used, reduced = grouped
        new = _with_integers(used & ~self.columns, arrays) & ~self.columns
        missing = _violated_strengthening(
            arrays, point, rows, self.parameters.strengthening_violation
        )
        close = cost - bound <= gap * abs(cost)
        done = not missing.any() and (not new.any() or close)
        self.columns, self.rows = self.columns | new, rows | missing
        violated = penalised > gap * abs(cost)
        return SiftingRound(
            self.columns, rows, point, self.duals, cost, reduced, bound, done, violated
        )


def _first(own: Arrays, roughly: SolveLinear, stretches: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns that a temporal aggregation uses, or all; and the dual prices that it gives."""
    assert own.parts is not None
    coarse = Aggregation.of(own, stretches)
    values, duals = roughly(coarse.program)
    if values is None or duals is None:
        return np.ones(len(own.cost), dtype=bool), np.zeros(len(own.row_lower))
    series = own.parts.series
    used = np.zeros(int(series.max(initial=-1)) + 1, dtype=bool)
    used[series[abs(values[coarse.column]) > VALUE_IN_USE]] = True
    columns = used[series] | (own.parts.block < 0) | (own.col_lower > 0) | (own.col_upper < 0)
    return _with_integers(columns, own), duals[coarse.row]


def _with_integers(columns: np.ndarray, arrays: Arrays) -> np.ndarray:
    """Columns, and all integers of the blocks that have one among them."""
    assert arrays.parts is not None
    block = arrays.parts.block
    begun = np.zeros(arrays.parts.blocks + 1, dtype=bool)
    begun[block[columns & arrays.integer & (block >= 0)]] = True
    return np.asarray(columns | (arrays.integer & begun[block]))


def _spread(duals: np.ndarray, rows: np.ndarray) -> np.ndarray:
    whole = np.zeros(len(rows))
    whole[rows] = duals
    return whole


def _penalties(duals: np.ndarray, shared: np.ndarray, factor: float) -> np.ndarray:
    """Penalty of each shared row, by unit of violation."""
    prices = abs(duals)
    known = prices[shared & (prices > VALUE_IN_USE)]
    usual = float(np.median(known)) if len(known) else math.inf
    return np.asarray(factor * np.maximum(prices, usual))


def _elastic(master: SubMip, shared: np.ndarray, penalty: np.ndarray) -> Arrays:
    """The relaxed master problem whose shared rows may be violated at a penalty."""
    may = shared & np.isfinite(penalty)
    below = np.flatnonzero(may & np.isfinite(master.program.row_lower))
    above = np.flatnonzero(may & np.isfinite(master.program.row_upper))
    program = master.with_slack(below, above, penalty[np.concatenate([below, above])]).program
    return replace(program, integer=np.zeros(len(program.cost), dtype=bool))


def _grouped(
    program: Arrays,
    duals: np.ndarray,
    column_group: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    exactly: SolveLinear,
) -> tuple[float, np.ndarray, np.ndarray] | None:
    """The bound by the relaxation of each group, the columns in use there, and reduced costs."""
    fixed, programs = lagrangian_programs(program, duals, column_group, bounds)
    found, used = [fixed], np.zeros(len(program.cost), dtype=bool)
    reduced = np.zeros(len(program.cost))
    for number, part in enumerate(programs):
        values, prices = exactly(part.program)
        if values is None or prices is None:
            return None
        found.append(safe_bound(part.program, prices))
        columns = np.flatnonzero(column_group == number)
        used[columns[abs(values) > VALUE_IN_USE]] = True
        reduced[columns] = part.program.cost - part.program.matrix.T @ prices
    return math.fsum(found), used, reduced


def _violated_strengthening(
    arrays: Arrays, point: np.ndarray, rows: np.ndarray, violation: float
) -> np.ndarray:
    """Mask of strengthening rows, not among those given, that a point violates."""
    over = arrays.matrix @ point - arrays.row_upper
    under = arrays.row_lower - arrays.matrix @ point
    return np.asarray(arrays.strengthening & ~rows & (np.maximum(over, under) > violation))
