"""The relaxation of a large program over the columns that matter: fewer, but in the end enough.

It begins with what a coarse relaxation uses. Each round solves the relaxation of those columns,
where a row that blocks share may be broken at a price somewhat above what it was last worth. That
keeps multipliers from swinging. With them as prices each group of blocks is solved by itself over
all of its columns: together a bound of the whole, and the columns used there are added. Where
bound and relaxation meet, no other column matters. Source: the boxstep method (Marsten, Hogan and
Blankenship, 1975, doi:10.1287/opre.23.3.389) on the decomposition of Dantzig and Wolfe (1960,
doi:10.1287/opre.8.1.101).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays
from optalloc.mip.bounds import enough_bounds
from optalloc.mip.parameters import Parameters
from optalloc.mip.tolerances import VALUE_IN_USE
from optalloc.solving.elastic import with_slack
from optalloc.solving.strategies.aggregation import Coarse
from optalloc.solving.strategies.lagrangian import group_of_columns, groups_of_rows, priced
from optalloc.solving.strategies.restriction import Narrow
from optalloc.solving.strategies.safe_bound import safe_bound

__all__ = ["Sifted", "Solve", "sift"]

DEFAULT = Parameters()

# A linear program and whether its vertex matters: its values and multipliers, None for none.
Solve = Callable[[Arrays], tuple[np.ndarray | None, np.ndarray | None]]


@dataclass(frozen=True)
class Sifted:
    """What a round came to.

    Parameters
    ----------
    columns : numpy.ndarray of bool, shape (columns,)
        Those taken so far, with those that this round brings in.
    rows : numpy.ndarray of bool, shape (rows,)
        Those that its relaxation had.
    values : numpy.ndarray, shape (columns,)
        Its point.
    duals : numpy.ndarray, shape (rows,)
        Its multipliers, nought for rows that it did not have.
    cost : float
        What its point costs, with what is broken at a price.
    reduced : numpy.ndarray, shape (columns,)
        What a column costs more than it is worth, within its group.
    bound : float
        What no plan costs less than.
    done : bool
        Whether another round can bring anything.
    violated : bool
        Whether its point violates rows, in spite of their price.
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
    roughly: Solve,
    exactly: Solve,
    parameters: Parameters = DEFAULT,
) -> Iterator[Sifted]:
    """Go on round after round, as long as it is asked for another.

    Parameters
    ----------
    arrays : Arrays
        With `parts`.
    group : numpy.ndarray of int, shape (blocks,)
        Blocks that are solved together (`Neighbourhoods.partition`).
    roughly, exactly : callable
        Solve a large linear program, such as by an interior point, and a small one.

    Yields
    ------
    Sifted
        Nothing any more once a relaxation has no solution, such as when it was ended.
    """
    sifting = parameters.sifting
    rows = ~arrays.strengthening
    own = arrays.with_rows(rows)
    assert own.parts is not None
    bounds, column_group = (
        enough_bounds(own, parameters.bound_tightening),
        group_of_columns(own, group),
    )
    least, most = groups_of_rows(sp.csr_array(arrays.matrix), own.parts.block)
    shared = least != most
    columns, duals = _first(own, roughly, sifting.stretches)
    duals = _spread(duals, rows)
    while True:
        program = arrays.with_rows(rows)
        few = Narrow.of(program, columns)
        mine = np.flatnonzero(rows)[few.rows]
        elastic = _elastic(
            few.program, shared[mine], _prices(duals, shared, sifting.penalty_factor)[mine]
        )
        values, multipliers = roughly(elastic)
        if values is None or multipliers is None:
            return
        # Rows of columns that are not here keep what they were worth.
        duals = np.where(rows, duals, 0.0)
        duals[mine] = multipliers
        cost = float(elastic.cost @ values + elastic.offset)
        penalty = float(elastic.cost[len(few.columns) :] @ values[len(few.columns) :])
        point = few.widened(values[: len(few.columns)])
        grouped = _grouped(program, duals[rows], column_group, bounds, exactly)
        if grouped is None:
            return
        bound, used, reduced = grouped
        new = _with_whole_numbers(used & ~columns, arrays) & ~columns
        broken = _broken(arrays, point, rows, sifting.strengthening_violation)
        done = not (new.any() or broken.any()) or (
            not broken.any() and cost - bound <= sifting.gap * abs(cost)
        )
        columns = columns | new
        violated = penalty > sifting.gap * abs(cost)
        yield Sifted(columns, rows, point, duals, cost, reduced, bound, done, violated)
        rows = rows | broken


def _first(own: Arrays, roughly: Solve, stretches: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns that the coarse relaxation uses, or all; and what it says that rows are worth."""
    assert own.parts is not None
    coarse = Coarse.of(own, stretches)
    values, duals = roughly(coarse.program)
    if values is None or duals is None:
        return np.ones(len(own.cost), dtype=bool), np.zeros(len(own.row_lower))
    series = own.parts.series
    used = np.zeros(int(series.max(initial=-1)) + 1, dtype=bool)
    used[series[abs(values[coarse.column]) > VALUE_IN_USE]] = True
    columns = used[series] | (own.parts.block < 0) | (own.col_lower > 0) | (own.col_upper < 0)
    return _with_whole_numbers(columns, own), duals[coarse.row]


def _with_whole_numbers(columns: np.ndarray, arrays: Arrays) -> np.ndarray:
    """Columns, and all whole numbers of the blocks that have one among them."""
    assert arrays.parts is not None
    block = arrays.parts.block
    begun = np.zeros(arrays.parts.blocks + 1, dtype=bool)
    begun[block[columns & arrays.integer & (block >= 0)]] = True
    return np.asarray(columns | (arrays.integer & begun[block]))


def _spread(duals: np.ndarray, rows: np.ndarray) -> np.ndarray:
    whole = np.zeros(len(rows))
    whole[rows] = duals
    return whole


def _prices(duals: np.ndarray, shared: np.ndarray, factor: float) -> np.ndarray:
    """For how much each row may be broken."""
    worth = abs(duals)
    known = worth[shared & (worth > VALUE_IN_USE)]
    usual = float(np.median(known)) if len(known) else math.inf
    return np.asarray(factor * np.maximum(worth, usual))


def _elastic(program: Arrays, shared: np.ndarray, price: np.ndarray) -> Arrays:
    """The relaxation with a column for each side of a shared row that may be broken at a price."""
    may = shared & np.isfinite(price)
    below = np.flatnonzero(may & np.isfinite(program.row_lower))
    above = np.flatnonzero(may & np.isfinite(program.row_upper))
    row, count = np.concatenate([below, above]), len(below) + len(above)
    sign = np.repeat([1.0, -1.0], [len(below), len(above)])
    shape = (program.matrix.shape[0], count)
    slack = sp.csc_array((sign, (row, np.arange(count))), shape=shape)
    return replace(
        with_slack(program, slack, price[row]),
        cost=np.concatenate([program.cost, price[row]]),
        integer=np.zeros(len(program.cost) + count, dtype=bool),
        offset=program.offset,
        parts=None,
    )


def _grouped(
    program: Arrays,
    duals: np.ndarray,
    column_group: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    exactly: Solve,
) -> tuple[float, np.ndarray, np.ndarray] | None:
    """A bound by the relaxation of each group alone, the columns that these use, reduced costs."""
    fixed, programs = priced(program, duals, column_group, bounds)
    found, used = [fixed], np.zeros(len(program.cost), dtype=bool)
    reduced = np.zeros(len(program.cost))
    for number, part in enumerate(programs):
        values, multipliers = exactly(part.program)
        if values is None or multipliers is None:
            return None
        found.append(safe_bound(part.program, multipliers))
        columns = np.flatnonzero(column_group == number)
        used[columns[abs(values) > VALUE_IN_USE]] = True
        reduced[columns] = part.program.cost - part.program.matrix.T @ multipliers
    return math.fsum(found), used, reduced


def _broken(arrays: Arrays, point: np.ndarray, rows: np.ndarray, violation: float) -> np.ndarray:
    """Mask of strengthening rows, not among those given, that a point breaks."""
    over = arrays.matrix @ point - arrays.row_upper
    under = arrays.row_lower - arrays.matrix @ point
    return np.asarray(arrays.strengthening & ~rows & (np.maximum(over, under) > violation))
