"""Constraints and the objective as triplets: from templates, or row for row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.relational_expr import (
    EqualityExpression,
    InequalityExpression,
    RangedExpression,
)
from pyomo.repn import generate_standard_repn

from optalloc.compile.columns import Columns
from optalloc.compile.deferred_components import is_deferred, template_of
from optalloc.compile.evaluate import Evaluator
from optalloc.compile.keys import KeyTable
from optalloc.compile.linear import Frame, Linear, NonLinearError
from optalloc.compile.symbolic import Relation
from optalloc.compile.tables import Tables, UntemplatedError
from optalloc.compile.templates import SAMPLED_ROWS, Template
from optalloc.compile.views import picked
from optalloc.mip.tolerances import ROUNDING

__all__ = [
    "Rows",
    "Triplets",
    "active_constraints",
    "check_objective",
    "coefficients_alone",
    "expanded_objective",
    "expanded_rows",
    "has_template",
    "joined",
    "limits_alone",
    "templated_rows",
    "triplets",
]

# Rows, columns and coefficients, in pieces that are joined once.
Triplets = list[tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass
class Rows:
    """Rows of one constraint: triplets by row number, bounds, and a mask of those that count."""

    component: Any
    table: KeyTable
    triplets: Triplets
    lower: np.ndarray
    upper: np.ndarray
    template: Template | None = None
    present: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))

    def empty(self) -> np.ndarray:
        """Mask of the rows without any variable."""
        without = np.ones(len(self.lower), dtype=bool)
        for rows, _, _ in self.triplets:
            without[rows] = False
        return without


def templated_rows(component: Any, tables: Tables, columns: Columns) -> Rows:
    """Evaluate a constraint's template for all rows at once.

    Rows that have been made are read as they are now; they may have been altered.

    Raises
    ------
    UntemplatedError
        With the reason, if it has to be expanded row for row.
    NonLinearError
        If a term is not linear.
    """
    template = template_of(component)
    assert template is not None
    table = tables.index_of(component)
    evaluator = Evaluator(tables, columns)
    body, lower, upper = _sides(template.expression, evaluator, _frame(table, template))
    _check_samples(component, template, table, tables, columns)
    rows = Rows(
        component, table, triplets(body), *_limits(body, lower, upper, len(table)), template
    )
    rows.present = np.ones(len(table), dtype=bool)
    if component._data and component.is_indexed():
        return _with_rows_looked_at(rows, component, tables, columns)
    return rows


def _frame(table: KeyTable, template: Template) -> Frame:
    return Frame.of_index(table, template.indices)


def _sides(expression: Any, evaluator: Evaluator, frame: Frame) -> tuple[Linear, Any, Any]:
    """Body of a relation, with all variable terms, and its bounds."""
    if isinstance(expression, RangedExpression):
        low, middle, high = expression.args
        body = evaluator.linear(middle, frame)
        return body, evaluator.number(low, frame), evaluator.number(high, frame)
    symbolic = isinstance(expression, Relation)
    sides = expression.parts() if symbolic else expression.args
    left, right = (evaluator.linear(side, frame) for side in sides)
    body = left + right.scaled(-1.0)
    if expression.equal if symbolic else isinstance(expression, EqualityExpression):
        return body, 0.0, 0.0
    if symbolic:
        return body, -math.inf, 0.0
    if not isinstance(expression, InequalityExpression) or expression._strict:
        raise UntemplatedError(f"{type(expression).__name__} is not a limit")
    return body, -math.inf, 0.0


def _limits(body: Linear, lower: Any, upper: Any, rows: int) -> tuple[np.ndarray, np.ndarray]:
    # One number stands for all rows where they share it.
    low, high = (
        np.broadcast_to(np.asarray(side - body.constant, dtype=float), (rows,))
        for side in (lower, upper)
    )
    return low, high


def triplets(body: Linear) -> Triplets:
    """Rows, columns and coefficients of all terms, a piece for each."""
    return [
        (
            term.row_numbers(),
            term.columns,
            np.broadcast_to(np.asarray(term.coefficients, dtype=float), term.columns.shape),
        )
        for term in body.terms
    ]


def joined(pieces: Triplets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pieces in one: rows, columns, coefficients."""
    none = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    rows, columns, coefficients = (np.concatenate(part) for part in zip(*pieces, none, strict=True))
    return rows, columns, coefficients


def coefficients_alone(
    template: Template, table: KeyTable, tables: Tables, columns: Columns
) -> Triplets:
    """Triplets of all rows."""
    evaluator = Evaluator(tables, columns)
    return triplets(_sides(template.expression, evaluator, _frame(table, template))[0])


def limits_alone(
    template: Template, table: KeyTable, tables: Tables, columns: Columns
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each row, without evaluating its coefficients."""
    evaluator = Evaluator(tables, columns, constants=True)
    body, lower, upper = _sides(template.expression, evaluator, _frame(table, template))
    return _limits(body, lower, upper, len(table))


def _with_rows_looked_at(rows: Rows, component: Any, tables: Tables, columns: Columns) -> Rows:
    own = {rows.table.position(key): entry for key, entry in component._data.items()}
    rows.lower, rows.upper = rows.lower.copy(), rows.upper.copy()
    parts: Triplets = []
    for number, column, value in rows.triplets:
        untouched = ~np.isin(number, list(own))
        parts.append((number[untouched], column[untouched], value[untouched]))
    for at, entry in own.items():
        if entry.active and component.active:
            found, values, rows.lower[at], rows.upper[at] = _row(entry, tables, columns)
            parts.append((np.full(len(found), at), found, values))
        else:
            rows.present[at] = False
    rows.triplets = parts
    return rows


def expanded_rows(component: Any, tables: Tables, columns: Columns) -> Rows:
    """Read a constraint row for row, through Pyomo's own expansion.

    Raises
    ------
    NonLinearError
        With the name of the row and the term.
    """
    entries = [(key, entry) for key, entry in component.items() if entry.active]
    keys = [key for key, _ in entries]
    arities = {len(key) if isinstance(key, tuple) else 1 for key in keys}
    if not component.is_indexed():
        table = KeyTable(()) if entries else KeyTable((), length=0)
    elif len(arities) > 1:
        table = KeyTable.of_members([(key,) for key in keys], 1)
    else:
        table = KeyTable.of_members(keys, arities.pop() if arities else 1)
    read = [_row(entry, tables, columns) for _, entry in entries]
    number = np.repeat(np.arange(len(read)), [len(row[0]) for row in read])
    found = np.concatenate([*(row[0] for row in read), np.empty(0, np.int64)])
    values = np.concatenate([*(row[1] for row in read), np.empty(0)])
    return Rows(
        component,
        table,
        [(number.astype(np.int64), found, values)],
        np.array([row[2] for row in read], dtype=float),
        np.array([row[3] for row in read], dtype=float),
        present=np.ones(len(read), dtype=bool),
    )


def _row(
    entry: Any, tables: Tables, columns: Columns
) -> tuple[np.ndarray, np.ndarray, float, float]:
    low, body, high = entry.to_bounded_expression(evaluate_bounds=True)
    found, values, constant = _expanded(body, entry.name, tables, columns)
    lower = -math.inf if low is None else low - constant
    upper = math.inf if high is None else high - constant
    return found, values, lower, upper


def _expanded(
    body: Any, name: str, tables: Tables, columns: Columns
) -> tuple[np.ndarray, np.ndarray, float]:
    form = generate_standard_repn(body, compute_values=True, quadratic=False)
    if form.nonlinear_expr is not None:
        raise NonLinearError(f"{name}: {form.nonlinear_expr} is not linear")
    found = [_column(variable, tables, columns) for variable in form.linear_vars]
    return (
        np.array(found, dtype=np.int64),
        np.array(form.linear_coefs, dtype=float),
        float(form.constant),
    )


def _column(variable: Any, tables: Tables, columns: Columns) -> int:
    component = variable.parent_component()
    part = columns.part(component)
    position = part.table.position(variable.index()) if component.is_indexed() else 0
    return int(columns.columns_of(component, np.array([position]))[0])


def expanded_objective(
    objective: Any, tables: Tables, columns: Columns
) -> tuple[np.ndarray, np.ndarray, float]:
    """Columns, coefficients and constant of an objective, through Pyomo's own expansion."""
    return _expanded(objective.expr, objective.name, tables, columns)


def _check_samples(
    component: Any, template: Template, table: KeyTable, tables: Tables, columns: Columns
) -> None:
    """Compare sampled rows of the template with the results of the rule itself at those indices.

    Raises
    ------
    UntemplatedError
        If they differ: the rule branched on an index undetected.
    """
    evaluator = Evaluator(tables, columns, sampled=True)
    at = picked(len(table), SAMPLED_ROWS)
    frame = _frame(table.take(at) if table.arity else table, template)
    body, lower, upper = _sides(template.expression, evaluator, frame)
    limits = _limits(body, lower, upper, len(at))
    rows, found, values = joined(triplets(body))
    for k, sample in enumerate(template.samples):
        mine = rows == k
        given = (*_added_up(found[mine], values[mine]), *(side[[k]] for side in limits))
        if not _same_row(sample.expression, given, evaluator):
            raise UntemplatedError(f"at {sample.key} the rule gives another row than its template")


def _same_row(expression: Any, given: tuple[np.ndarray, ...], evaluator: Evaluator) -> bool:
    """True if a rule's own expression is the row given: columns, coefficients and limits."""
    if isinstance(expression, (bool, np.bool_)):
        columns, _, lower, upper = given
        return (
            not len(columns) and bool(lower[0] <= ROUNDING and upper[0] >= -ROUNDING) == expression
        )
    own, low, high = _sides(expression, evaluator, Frame(1))
    expected = (*_added_up(*joined(triplets(own))[1:]), *_limits(own, low, high, 1))
    # Pyomo puts a constant side of an equality last, which turns all signs.
    pairs = zip(_turned(*expected), _turned(*given), strict=True)
    return all(_equal(a, b) for a, b in pairs)


def _turned(
    columns: np.ndarray, values: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Write the same row with its first coefficient positive."""
    if len(values) and values[0] < 0:
        return columns, -values, -upper, -lower
    return columns, values, lower, upper


def check_objective(template: Template, tables: Tables, columns: Columns) -> None:
    """Compare an objective's template with the rule itself, every sum cut to a few members."""
    evaluator = Evaluator(tables, columns, sampled=True)
    own, other = (
        evaluator.linear(expression, Frame(1))
        for expression in (template.expression, template.samples[0].expression)
    )
    same = zip(
        _added_up(*joined(triplets(own))[1:]), _added_up(*joined(triplets(other))[1:]), strict=True
    )
    if not all(_equal(a, b) for a, b in same) or not _equal(
        np.ravel(own.constant), np.ravel(other.constant)
    ):
        raise UntemplatedError("the rule gives something else than its template")


def _added_up(columns: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, back = np.unique(columns, return_inverse=True)
    total = np.bincount(back, weights=values, minlength=len(distinct))
    kept = np.abs(total) > ROUNDING
    return distinct[kept], total[kept]


def _equal(first: np.ndarray, second: np.ndarray) -> bool:
    return first.shape == second.shape and bool(
        np.allclose(first, second, rtol=ROUNDING, atol=ROUNDING)
    )


def active_constraints(m: Any) -> Iterator[Any]:
    """Active constraints of a model and its blocks."""
    yield from m.component_objects(pyo.Constraint, active=True, descend_into=True)


def has_template(component: Any) -> bool:
    """True if a constraint can be evaluated from its template."""
    return template_of(component) is not None and is_deferred(component)
