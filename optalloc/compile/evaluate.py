"""Templates evaluated for all rows at once.

The result is `Linear`: a constant per row, and terms as triplets. A variable is a look-up of a
whole column, as a parameter is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pyomo.core.base.expression import NamedExpressionData
from pyomo.core.base.param import Param
from pyomo.core.base.var import Var, VarData
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr.numvalue import native_types

from optalloc.compile import symbolic as sy
from optalloc.compile.deferred_components import is_deferred, template_of
from optalloc.compile.evaluate_numbers import NumberEvaluator, applied, handler_of, operands
from optalloc.compile.keys import Coded, KeyTable
from optalloc.compile.linear import (
    Frame,
    Linear,
    NonLinearError,
    Term,
    Variables,
    runs,
    summed,
)
from optalloc.compile.tables import Tables, UntemplatedError

__all__ = ["Evaluator"]


class Evaluator(NumberEvaluator):
    """Evaluates templates, and ordinary expressions, on frames.

    Parameters
    ----------
    tables : Tables
    variables : Variables
    sampled : bool
        Cut every sum to the few members of a sample of a rule.
    constants : bool
        Leave out all terms in variables, for the constant part alone.
    """

    def __init__(
        self,
        tables: Tables,
        variables: Variables,
        *,
        sampled: bool = False,
        constants: bool = False,
    ) -> None:
        super().__init__(tables, sampled=sampled)
        self.variables, self.constants = variables, constants

    def linear(self, node: Any, frame: Frame) -> Linear:
        """Evaluate an expression that may hold variables.

        Raises
        ------
        NonLinearError
            If a term is not linear.
        UntemplatedError
            If it cannot be evaluated for all rows at once.
        """
        if node.__class__ in native_types or not _varies(node):
            return Linear(self.number(node, frame))
        evaluate = handler_of(_LINEAR, node)
        if evaluate is None:
            raise UntemplatedError(f"{type(node).__name__} is not known to the compiler")
        found: Linear = evaluate(self, node, frame)
        return found

    def whole(self, component: Any) -> tuple[KeyTable, Linear]:
        """Evaluate a named expression at all its keys."""
        table = self.tables.index_of(component)
        if not component.is_indexed():
            return table, self.linear(component, Frame(1))
        everywhere = np.arange(len(table))
        template = template_of(component) if is_deferred(component) else None
        if template is None:
            return table, _from_entries(self, component, everywhere)
        places = [table.column(place) for place in range(table.arity)]
        return table, _from_template(self, component, template, everywhere, places, len(table))


def _varies(node: Any) -> bool:
    return bool(node.varies if isinstance(node, sy.Node) else node.is_potentially_variable())


def _sum(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    parts = [evaluator.linear(part, frame) for part in operands(node)]
    constant: Any = 0.0
    for part in parts:
        constant = constant + part.constant
    return Linear(constant, tuple(term for part in parts for term in part.terms))


def _product(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    first, second = (evaluator.linear(part, frame) for part in operands(node))
    if first.terms and second.terms:
        raise NonLinearError(f"{node} is not linear")
    if first.terms:
        first, second = second, first
    return second.scaled(first.constant)


def _division(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    above, below = (evaluator.linear(part, frame) for part in operands(node))
    if below.terms:
        raise NonLinearError(f"{node} is not linear")
    if np.any(np.asarray(below.constant) == 0):
        raise UntemplatedError(f"{node} divides by zero")
    return above.scaled(1.0 / below.constant)


def _negation(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    return evaluator.linear(operands(node)[0], frame).scaled(-1.0)


def _power(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    base, exponent = (evaluator.linear(part, frame) for part in operands(node))
    if not exponent.terms and np.all(np.asarray(exponent.constant) == 1):
        return base
    if base.terms or exponent.terms:
        raise NonLinearError(f"{node} is not linear")
    return Linear(base.constant**exponent.constant)


def _function(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    (inner,) = (evaluator.linear(part, frame) for part in operands(node))
    if inner.terms:
        raise NonLinearError(f"{node} is not linear")
    return Linear(applied(node, inner.constant))


def _total(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    inner = evaluator.expanded(node, frame)
    body = evaluator.linear(node.term, inner)
    terms = tuple(
        Term(inner.span if t.rows is None else inner.span[t.rows], t.columns, t.coefficients)
        for t in body.terms
    )
    return Linear(summed(body.constant, inner, frame), terms)


def _item(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    component = node.component
    if component.ctype is Var:
        if evaluator.constants:
            positions = evaluator.positions(node, frame)
            fixed = evaluator.variables.fixed_of(component, positions)
            return Linear(0.0 if fixed is None else np.nan_to_num(fixed))
        return _variable(evaluator, component, evaluator.positions(node, frame))
    if component.ctype is Param:
        return Linear(evaluator.number(node, frame))
    if not node.places:
        return _named(evaluator, component, frame)
    return _expression(evaluator, component, node, frame)


def _variable(evaluator: Evaluator, component: Any, positions: np.ndarray) -> Linear:
    columns = evaluator.variables.columns_of(component, positions)
    fixed = evaluator.variables.fixed_of(component, positions)
    if fixed is None or np.isnan(fixed).all():
        return Linear(0.0, (Term(None, columns, 1.0),))
    free = np.flatnonzero(np.isnan(fixed))
    terms = (Term(free, columns[free], 1.0),) if len(free) else ()
    return Linear(np.nan_to_num(fixed), terms)


def _expression(evaluator: Evaluator, component: Any, node: Any, frame: Frame) -> Linear:
    """Evaluate a named expression where it is used, its symbols bound to the keys there."""
    positions = evaluator.positions(node, frame)
    template = template_of(component) if is_deferred(component) else None
    if template is None:
        return _from_entries(evaluator, component, positions)
    places = [evaluator.coded(place, frame) for place in node.places]
    return _from_template(evaluator, component, template, positions, places, frame.rows)


def _from_template(
    evaluator: Evaluator,
    component: Any,
    template: Any,
    positions: np.ndarray,
    places: list[Coded],
    rows: int,
) -> Linear:
    """Take entries from a template, or where they have been made, from their present value."""
    table = evaluator.tables.index_of(component)
    # A sample is compared with the rule as it was declared.
    held_by_hand = () if evaluator.sampled else component._data
    looked_at = np.array([table.position(key) for key in held_by_hand], dtype=np.int64)
    symbols = [id(symbol) for symbol in template.indices]
    held = np.isin(positions, looked_at) if len(looked_at) else np.zeros(rows, dtype=bool)
    if not held.any():
        own = dict(zip(symbols, places, strict=True))
        return evaluator.linear(template.expression, Frame(rows, own))
    by_hand, rest = np.flatnonzero(held), np.flatnonzero(~held)
    own = {
        symbol: (dimension, np.broadcast_to(codes, (rows,))[rest])
        for symbol, (dimension, codes) in zip(symbols, places, strict=True)
    }
    constant, terms = np.zeros(rows), []
    for part, at in (
        (evaluator.linear(template.expression, Frame(len(rest), own)), rest),
        (_from_entries(evaluator, component, positions[by_hand]), by_hand),
    ):
        constant[at] = part.constant
        terms += [Term(at[t.row_numbers()], t.columns, t.coefficients) for t in part.terms]
    return Linear(constant, tuple(terms))


def _from_entries(evaluator: Evaluator, component: Any, positions: np.ndarray) -> Linear:
    """Look up entries of an expression that was expanded entry by entry."""
    table = evaluator.tables.index_of(component)
    used, back = np.unique(positions, return_inverse=True)
    entries = [evaluator.linear(component[table.key(int(at))].expr, Frame(1)) for at in used]
    constants = np.array([float(np.asarray(entry.constant).sum()) for entry in entries])
    flat = [(k, term) for k, entry in enumerate(entries) for term in entry.terms]
    owner = np.repeat([k for k, _ in flat], [len(t.columns) for _, t in flat]).astype(np.int64)
    columns = np.concatenate([*(t.columns for _, t in flat), np.empty(0)]).astype(np.int64)
    values = [np.broadcast_to(t.coefficients, t.columns.shape) for _, t in flat]
    coefficients = np.concatenate([*values, np.empty(0)])
    order = np.argsort(owner, kind="stable")
    count = np.bincount(owner, minlength=len(used))
    start = np.cumsum(count) - count
    pointer, taken = runs(start[back], count[back])
    taken = order[taken]
    terms = (Term(pointer, columns[taken], coefficients[taken]),) if len(taken) else ()
    return Linear(constants[back] if len(used) else 0.0, terms)


def _named(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    """A scalar expression, or one entry of an indexed one."""
    template = template_of(node)
    inner = template.expression if template and is_deferred(node) else node.args[0]
    alone = Frame(1)
    row = evaluator.linear(inner, alone)
    if frame.rows == 1:
        return row
    constant = row.constant[0] if isinstance(row.constant, np.ndarray) else row.constant
    terms = tuple(
        Term(
            np.repeat(np.arange(frame.rows), len(t.columns)),
            np.tile(t.columns, frame.rows),
            np.tile(np.broadcast_to(t.coefficients, t.columns.shape), frame.rows),
        )
        for t in row.terms
    )
    return Linear(constant, terms)


def _single(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    """A scalar variable, or one entry of an indexed one."""
    component = node.parent_component()
    position = (
        evaluator.tables.index_of(component).position(node.index())
        if (component.is_indexed())
        else 0
    )
    if evaluator.constants and not node.fixed:
        return Linear(0.0)
    return _variable(evaluator, component, np.full(frame.rows, position, dtype=np.int64))


_LINEAR: dict[type, Callable[[Evaluator, Any, Frame], Any]] = {
    ne.SumExpression: _sum,
    ne.LinearExpression: _sum,
    ne.ProductExpression: _product,
    ne.MonomialTermExpression: _product,
    ne.DivisionExpression: _division,
    ne.NegationExpression: _negation,
    ne.PowExpression: _power,
    ne.UnaryFunctionExpression: _function,
    ne.AbsExpression: _function,
    sy.Addition: _sum,
    sy.Product: _product,
    sy.Division: _division,
    sy.Negation: _negation,
    sy.Power: _power,
    sy.Absolute: _function,
    sy.Total: _total,
    sy.Item: _item,
    NamedExpressionData: _named,
    VarData: _single,
}
