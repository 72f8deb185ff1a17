"""Pyomo's own standard form as rows and columns by name, to compare compiled arrays with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from optalloc.mip.arrays import Arrays

Row = tuple[dict[str, float], float, float]


@dataclass(frozen=True)
class Named:
    """A program by names: rows, columns with a coefficient or cost, costs and offset."""

    rows: dict[str, Row]
    columns: dict[str, tuple[float, float, bool]]
    cost: dict[str, float]
    offset: float


def of_pyomo(m: Any) -> Named:
    """Through `LinearStandardFormCompiler`, the two halves of a range put together again."""
    form = LinearStandardFormCompiler().write(m, mixed_form=True, set_sense=pyo.minimize)
    names = [_plain(variable.name) for variable in form.columns]
    matrix = form.A.tocsr()
    rows: dict[str, Row] = {}
    for k, (row, sense) in enumerate(form.rows):
        at = slice(matrix.indptr[k], matrix.indptr[k + 1])
        body = _coefficients(names, matrix.indices[at], matrix.data[at])
        lower = form.rhs[k] if sense <= 0 else -math.inf
        upper = form.rhs[k] if sense >= 0 else math.inf
        name = _plain(row.name)
        if name in rows:
            _, other_lower, other_upper = rows[name]
            lower, upper = max(lower, other_lower), min(upper, other_upper)
        rows[name] = body, lower, upper
    bounds = {
        _plain(v.name): (
            -math.inf if v.lb is None else v.lb,
            math.inf if v.ub is None else v.ub,
            not v.is_continuous(),
        )
        for v in form.columns
    }
    costs = np.asarray(form.c.todense()).ravel()
    return Named(
        {name: _turned(row) for name, row in rows.items()},
        bounds,
        _coefficients(names, np.arange(len(names)), costs),
        float(form.c_offset[0]),
    )


def of_arrays(arrays: Arrays) -> Named:
    """Without explicit zeros, and without columns that nothing uses."""
    names = [arrays.column_name(k) for k in range(len(arrays.cost))]
    matrix = arrays.matrix.tocsr()
    rows = {}
    for k in range(matrix.shape[0]):
        at = slice(matrix.indptr[k], matrix.indptr[k + 1])
        body = _coefficients(names, matrix.indices[at], matrix.data[at])
        rows[arrays.row_name(k)] = _turned((body, arrays.row_lower[k], arrays.row_upper[k]))
    kinds = zip(arrays.col_lower, arrays.col_upper, arrays.integer, strict=True)
    return Named(
        rows,
        dict(zip(names, kinds, strict=True)),
        _coefficients(names, np.arange(len(names)), arrays.cost),
        arrays.offset,
    )


def _plain(name: str) -> str:
    """A name without the quotes that Pyomo puts around an index such as '2028'."""
    return name.replace("'", "")


def _coefficients(names: list[str], columns: Any, values: Any) -> dict[str, float]:
    return {names[c]: float(v) for c, v in zip(columns, values, strict=True) if abs(v) > 1e-12}


def _turned(row: Row) -> Row:
    """A row's sign is a matter of taste: give the first coefficient by name a positive one."""
    body, lower, upper = row
    if body and body[min(body)] < 0:
        return {name: -value for name, value in body.items()}, -upper, -lower
    return row


def assert_same(compiled: Arrays, expected: Named) -> None:
    """The same rows, bounds, kinds and costs, up to order."""
    given = of_arrays(compiled)
    # A row whose coefficients are all zero says nothing.
    rows = {name: row for name, row in given.rows.items() if row[0]}
    wanted = {name: row for name, row in expected.rows.items() if row[0]}
    assert rows.keys() == wanted.keys()
    for name, (body, lower, upper) in wanted.items():
        mine, low, high = rows[name]
        assert mine.keys() == body.keys(), name
        np.testing.assert_allclose([mine[c] for c in body], list(body.values()), atol=1e-9)
        np.testing.assert_allclose([low, high], [lower, upper], atol=1e-9, err_msg=name)
    used = {column for body, _, _ in wanted.values() for column in body} | expected.cost.keys()
    for column in used:
        assert given.columns[column] == expected.columns[column], column
    assert given.cost.keys() == expected.cost.keys()
    np.testing.assert_allclose(
        [given.cost[c] for c in expected.cost], list(expected.cost.values()), atol=1e-9
    )
    np.testing.assert_allclose(given.offset, expected.offset, atol=1e-9)
