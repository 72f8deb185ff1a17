"""Rows that couple scenarios in the extensive form: limits on average, in the tail, in most.

Sources: integrated chance constraints (Klein Haneveld, 1986), the mean of a tail as a linear
program (Rockafellar, Uryasev, 2000, doi:10.21314/JOR.2000.038), and chance constraints over
scenarios by binary variables (Ruszczynski, 2002, doi:10.1007/s10107-002-0337-7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.bounds import dominated_bounds, implied_bounds
from optalloc.mip.stochastic import AcrossRows, Holds, StochasticProgram, lifted
from optalloc.mip.tolerances import ROUNDING

__all__ = ["unbounded_column", "with_across", "with_excess"]

Bounds = tuple[np.ndarray, np.ndarray]


def with_across(arrays: Arrays, program: StochasticProgram) -> Arrays:
    """The extensive form with the rows that couple scenarios, and their columns, after its own.

    Parameters
    ----------
    arrays : Arrays
        Its first columns are those of ``program.columns``.
    program : StochasticProgram
    """
    if not program.across:
        return arrays
    bounds = _bounds(arrays, program)
    for rows in program.across:
        if rows.holds is Holds.ON_AVERAGE:
            arrays = _on_average(arrays, program, rows)
        elif rows.holds is Holds.IN_TAIL:
            arrays = _in_tail(arrays, program, rows)
        else:
            arrays = _in_most(arrays, program, rows, bounds)
    return arrays


def with_excess(arrays: Arrays, program: StochasticProgram) -> Arrays:
    """The program with the mean excess of all rows across scenarios as its objective.

    Excess is what is beyond the limit; nothing where something is left.
    """
    arrays = replace(arrays, cost=np.zeros(len(arrays.cost)), offset=0.0)
    for rows in program.across:
        first, count = len(arrays.cost), len(rows.keys)
        beyond = _by_scenario(program, rows)
        zeros = np.zeros(len(beyond))
        arrays = arrays.with_columns(zeros, zeros + np.inf, False, ("beyond", beyond))
        cost = np.concatenate([arrays.cost[:first], np.repeat(program.probability, count)])
        own = sp.vstack(_lifted(arrays, program, rows))
        slack = sp.hstack([sp.csr_array((len(zeros), first)), sp.eye_array(len(zeros))])
        arrays = _with_rows(arrays, rows, own - slack, np.concatenate(rows.upper), beyond)
        arrays = replace(arrays, cost=cost)
    return arrays


def unbounded_column(
    arrays: Arrays, program: StochasticProgram, rows: AcrossRows
) -> tuple[int, int] | None:
    """A column without which rows that may be violated could be so by any amount.

    Parameters
    ----------
    arrays : Arrays
        The extensive form without rows across scenarios.
    program : StochasticProgram
    rows : AcrossRows

    Returns
    -------
    tuple of int or None
        Scenario and number of the column there; None where each violation is bounded.
    """
    terms, column = _largest_terms(arrays, program, rows, _bounds(arrays, program))
    endless = column[np.isinf(terms.data)]
    if not len(endless):
        return None
    scenario, own = program.first_owner[endless[0]]
    return int(scenario), int(own)


def _bounds(arrays: Arrays, program: StochasticProgram) -> Bounds:
    """Bounds of the columns that some optimal plan keeps, whatever rows across scenarios say.

    Where such a row is helped by more of a column, only bounds that every plan keeps.
    """
    lower, upper = implied_bounds(arrays)
    lacking = np.zeros(len(upper), dtype=bool)
    for rows in program.across:
        for part in _lifted(arrays, program, rows):
            lacking[part.indices[part.data < 0]] = True
    return lower, np.where(lacking, upper, dominated_bounds(arrays)[1])


def _largest_terms(
    arrays: Arrays, program: StochasticProgram, rows: AcrossRows, bounds: Bounds
) -> tuple[sp.coo_array, np.ndarray]:
    """The most that each entry of the rows of all scenarios can be, and its column."""
    entries = sp.coo_array(sp.vstack(_lifted(arrays, program, rows)))
    row, column = entries.coords
    data = entries.data
    largest = data * np.where(data > 0, bounds[1][column], bounds[0][column])
    return sp.coo_array((largest, (row, column)), shape=entries.shape), column


def _on_average(arrays: Arrays, program: StochasticProgram, rows: AcrossRows) -> Arrays:
    """``sum_s p_s excess_s <= 0`` for each row."""
    p = program.probability
    parts = _lifted(arrays, program, rows)
    matrix = sum(
        (share * part for share, part in zip(p[1:], parts[1:], strict=True)), p[0] * parts[0]
    )
    return _with_rows(arrays, rows, matrix, p @ np.stack(rows.upper), rows.keys)


def _in_tail(arrays: Arrays, program: StochasticProgram, rows: AcrossRows) -> Arrays:
    """``eta + sum_s p_s d_s / share <= 0``, ``excess_s - eta <= d_s``, ``d_s >= 0`` for each."""
    scenarios, count, first = len(program.names), len(rows.keys), len(arrays.cost)
    wide = arrays.with_columns(
        np.full(count, -np.inf), np.full(count, np.inf), False, ("threshold", rows.keys)
    )
    beyond = _by_scenario(program, rows)
    zeros = np.zeros(scenarios * count)
    wide = wide.with_columns(zeros, np.full(len(zeros), np.inf), False, ("beyond", beyond))
    size = len(wide.cost)
    each = sp.eye_array(count)
    left = sp.csr_array((count, first))
    weights = [share / rows.share * each for share in program.probability]
    wide = _with_rows(wide, rows, sp.hstack([left, each, *weights]), np.zeros(count), rows.keys)
    own = sp.vstack(_lifted(wide, program, rows))
    thresholds = sp.hstack([left, each, sp.csr_array((count, size - first - count))])
    slack = sp.hstack([sp.csr_array((len(zeros), first + count)), sp.eye_array(len(zeros))])
    matrix = own - sp.vstack([thresholds] * scenarios) - slack
    return _with_rows(wide, rows, matrix, np.concatenate(rows.upper), beyond)


def _in_most(
    arrays: Arrays, program: StochasticProgram, rows: AcrossRows, bounds: Bounds
) -> Arrays:
    """``excess_s <= most_s z_s`` for all rows, ``sum_s p_s z_s <= 1 - share``, ``z_s`` binary."""
    scenarios, count, first = len(program.names), len(rows.keys), len(arrays.cost)
    terms, _ = _largest_terms(arrays, program, rows, bounds)
    upper = np.concatenate(rows.upper)
    most = np.bincount(terms.coords[0], weights=terms.data, minlength=len(upper)) - upper
    if np.isinf(most).any():
        raise ModelError(f"{rows.limit} may fail in some scenarios, and nothing else bounds it")
    # What can never be beyond the limit needs no row.
    chosen = np.flatnonzero(most > 0.0)
    named = tuple((rows.limit, name) for name in program.names)
    wide = arrays.with_columns(np.zeros(scenarios), np.ones(scenarios), True, ("violated", named))
    own = sp.csr_array(sp.vstack(_lifted(wide, program, rows)))[chosen]
    places = np.arange(len(chosen)), first + chosen // count
    allowed = sp.csr_array((most[chosen], places), shape=own.shape)
    keys = _by_scenario(program, rows)
    beyond = own - allowed
    wide = _with_rows(wide, rows, beyond, upper[chosen], tuple(keys[k] for k in chosen))
    total = sp.hstack([sp.csr_array((1, first)), sp.csr_array(program.probability[None, :])])
    return _with_rows(wide, rows, total, np.array([1.0 - rows.share + ROUNDING]), ((),))


def _lifted(arrays: Arrays, program: StochasticProgram, rows: AcrossRows) -> list[sp.csr_array]:
    size = len(arrays.cost)
    pairs = zip(rows.matrices, program.columns, strict=True)
    return [sp.csr_array(lifted(matrix, own, size)) for matrix, own in pairs]


def _by_scenario(program: StochasticProgram, rows: AcrossRows) -> tuple[tuple[Any, ...], ...]:
    return tuple((*key, name) for name in program.names for key in rows.keys)


def _with_rows(
    arrays: Arrays, rows: AcrossRows, matrix: Any, upper: np.ndarray, keys: Any
) -> Arrays:
    """The program with further rows, which errors name as they name those of scenarios."""
    named = tuple((rows.limit, *key, str(rows.holds)) for key in keys)
    return arrays.with_extra(ExtraRows(sp.csr_array(matrix), upper, (("row", named),)))
