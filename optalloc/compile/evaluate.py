"""Templates evaluated for all rows at once.

A `Frame` is a table of rows with one column of codes per symbol of a template. A sum makes a
longer frame, each row of which points to the row it belongs to. A parameter or variable is a
look-up of a whole column. The result is `Linear`: a constant per row, and terms as triplets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pyomo.core.base.expression import NamedExpressionData
from pyomo.core.base.param import Param, ParamData
from pyomo.core.base.var import Var, VarData
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr.numvalue import native_numeric_types, native_types

from optalloc.compile import symbolic as sy
from optalloc.compile.deferred import is_deferred, template_of
from optalloc.compile.keys import Coded, Dimension, KeyTable
from optalloc.compile.linear import (
    Frame,
    Linear,
    NonLinearError,
    Spanning,
    Term,
    Variables,
    runs,
    summed,
)
from optalloc.compile.tables import Tables, UntemplatedError
from optalloc.compile.views import SAMPLED_MEMBERS, picked

__all__ = ["Evaluator"]


class Evaluator:
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
        self.tables, self.variables = tables, variables
        self._sampled, self._constants = sampled, constants

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
        evaluate = _handler(_LINEAR, node)
        if evaluate is None:
            raise UntemplatedError(f"{type(node).__name__} is not known to the compiler")
        found: Linear = evaluate(self, node, frame)
        return found

    def number(self, node: Any, frame: Frame) -> Any:
        """Evaluate an expression without variables: a number, or an array with one per row."""
        if node.__class__ in native_numeric_types:
            return float(node)
        evaluate = _handler(_NUMBER, node)
        if evaluate is None:
            if hasattr(node, "is_fixed") and not node.is_expression_type() and node.is_fixed():
                return float(node())
            raise UntemplatedError(f"{type(node).__name__} is not known to the compiler")
        return evaluate(self, node, frame)

    def coded(self, node: Any, frame: Frame) -> Coded:
        """Evaluate one place of a key."""
        if node.__class__ in native_types or not hasattr(node, "is_expression_type"):
            return Dimension([node]), np.int64(0)
        if isinstance(node, sy.Symbol):
            return frame.column(node)
        if isinstance(node, sy.Item) and node.component.ctype is Param:
            return self._coded_values(node, frame)
        symbols = _symbols(node)
        if len(symbols) == 1:
            # Arithmetic on one index is done once per distinct value.
            dimension, codes = frame.column(symbols[0])
            try:
                alone = Frame(
                    len(dimension), {id(symbols[0]): (dimension, np.arange(len(dimension)))}
                )
                numbers = np.broadcast_to(self.number(node, alone), (len(dimension),))
            except TypeError as error:
                raise UntemplatedError(str(error)) from error
            return Dimension(_whole(numbers)), codes
        numbers = np.broadcast_to(np.asarray(self.number(node, frame)), (frame.rows,))
        distinct, codes = np.unique(numbers, return_inverse=True)
        return Dimension(_whole(distinct)), codes

    def _coded_values(self, node: Any, frame: Frame) -> Coded:
        values = self.tables.values_of(node.component)
        positions = self.positions(node, frame)
        whole = values if isinstance(values, list) else _whole(values)
        distinct: dict[Any, int] = {}
        codes = np.array([distinct.setdefault(v, len(distinct)) for v in whole], dtype=np.int64)
        return Dimension(list(distinct)), codes[positions]

    def positions(self, node: Any, frame: Frame) -> np.ndarray:
        """Position of each row's key in the index of the component that is looked up."""
        component, places = node.component, node.places
        table = self.tables.index_of(component)
        if len(places) != table.arity:
            raise UntemplatedError(f"{component.name} has {table.arity} indices, not {len(places)}")
        found = table.positions([self.coded(place, frame) for place in places], frame.rows)
        if len(found) and found.min() < 0:
            raise UntemplatedError(f"{component.name} is looked up where it has no member")
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

    def expanded(self, node: Any, frame: Frame) -> Frame:
        """Frame of a sum's terms, each pointing to its row in the given frame."""
        inner = frame
        pointer: np.ndarray | None = None
        for loop in node.loops:
            inner = self._joined(loop, inner)
            assert inner.pointer is not None
            pointer = inner.pointer if pointer is None else pointer[inner.pointer]
        assert pointer is not None
        # The last frame points only to its parent; the sum needs a pointer to the outermost one.
        return Spanning(inner, pointer)

    def _joined(self, loop: sy.Loop, frame: Frame) -> Frame:
        members = loop.members
        if isinstance(members, sy.Item):
            groups = self.tables.groups_of(members.component)
            at = self.positions(members, frame)
            count, start, table = groups.count[at], groups.start[at], groups.members
            if len(count) and count.min() < 0:
                raise UntemplatedError(f"{members} is looked up where there is no set")
        else:
            table = self.tables.of_set(members)
            count = np.full(frame.rows, len(table), dtype=np.int64)
            start = np.zeros(frame.rows, dtype=np.int64)
        if len(loop.symbols) != table.arity and len(table):
            raise UntemplatedError(f"members of {members} have {table.arity} places")
        if self._sampled:
            chosen = [picked(int(c), SAMPLED_MEMBERS) if c else np.empty(0, int) for c in count]
            pointer = np.repeat(np.arange(frame.rows, dtype=np.int32), [len(c) for c in chosen])
            taken = np.concatenate([*chosen, np.empty(0, int)]).astype(np.int64) + start[pointer]
        else:
            pointer, taken = runs(start, count)
        whole = len(taken) == len(table) and frame.rows == 1
        own: dict[int, Coded] = {}
        for place, symbol in enumerate(loop.symbols):
            # A set without members may have no known dimension.
            dimension, codes = table.column(place) if len(table) else (Dimension([]), taken)
            own[id(symbol)] = dimension, codes if whole and not self._sampled else codes[taken]
        return Frame(len(pointer), own, frame, pointer)


def _whole(numbers: Any) -> list[Any]:
    return [int(v) if float(v).is_integer() else float(v) for v in np.asarray(numbers).tolist()]


def _varies(node: Any) -> bool:
    return bool(node.varies if isinstance(node, sy.Node) else node.is_potentially_variable())


def _symbols(node: Any) -> list[Any]:
    found: dict[int, Any] = {}
    stack = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, sy.Symbol):
            found[id(at)] = at
        elif isinstance(at, sy.Node):
            stack += at.parts()
        elif at.__class__ not in native_types and at.is_expression_type():
            stack += list(at.args)
    return list(found.values())


_Handler = Callable[[Evaluator, Any, Frame], Any]
_LINEAR: dict[type, _Handler] = {}
_NUMBER: dict[type, _Handler] = {}


def _handler(handlers: dict[type, _Handler], node: Any) -> _Handler | None:
    kind = type(node)
    found = handlers.get(kind)
    if found is None:
        found = next((handlers[base] for base in kind.__mro__ if base in handlers), None)
        if found is not None:
            handlers[kind] = found
    return found


def _operands(node: Any) -> Sequence[Any]:
    """Operands of an operation, of symbols or of Pyomo's own."""
    return node.parts() if isinstance(node, sy.Node) else node.args


def _sum(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    parts = [evaluator.linear(part, frame) for part in _operands(node)]
    constant: Any = 0.0
    for part in parts:
        constant = constant + part.constant
    return Linear(constant, tuple(term for part in parts for term in part.terms))


def _product(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    first, second = (evaluator.linear(part, frame) for part in _operands(node))
    if first.terms and second.terms:
        raise NonLinearError(f"{node} is not linear")
    if first.terms:
        first, second = second, first
    return second.scaled(first.constant)


def _division(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    above, below = (evaluator.linear(part, frame) for part in _operands(node))
    if below.terms:
        raise NonLinearError(f"{node} is not linear")
    if np.any(np.asarray(below.constant) == 0):
        raise UntemplatedError(f"{node} divides by zero")
    return above.scaled(1.0 / below.constant)


def _negation(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    return evaluator.linear(_operands(node)[0], frame).scaled(-1.0)


def _power(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    base, exponent = (evaluator.linear(part, frame) for part in _operands(node))
    if not exponent.terms and np.all(np.asarray(exponent.constant) == 1):
        return base
    if base.terms or exponent.terms:
        raise NonLinearError(f"{node} is not linear")
    return Linear(base.constant**exponent.constant)


def _function(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    (inner,) = (evaluator.linear(part, frame) for part in _operands(node))
    if inner.terms:
        raise NonLinearError(f"{node} is not linear")
    return Linear(_applied(node, inner.constant))


def _applied(node: Any, value: Any) -> Any:
    absolute = sy.Absolute, ne.AbsExpression, ne.NPV_AbsExpression
    function = np.abs if isinstance(node, absolute) else node._fcn
    return function(value) if function is np.abs else np.vectorize(function, otypes=[float])(value)


def _total(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    inner = evaluator.expanded(node, frame)
    assert isinstance(inner, Spanning)
    body = evaluator.linear(node.term, inner)
    terms = tuple(
        Term(inner.span if t.rows is None else inner.span[t.rows], t.columns, t.coefficients)
        for t in body.terms
    )
    return Linear(summed(body.constant, inner, frame), terms)


def _item(evaluator: Evaluator, node: Any, frame: Frame) -> Linear:
    component = node.component
    if component.ctype is Var:
        if evaluator._constants:
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
    held_by_hand = () if evaluator._sampled else component._data
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
    if evaluator._constants and not node.fixed:
        return Linear(0.0)
    return _variable(evaluator, component, np.full(frame.rows, position, dtype=np.int64))


def _number_item(evaluator: Evaluator, node: Any, frame: Frame) -> Any:
    component = node.component
    values = evaluator.tables.values_of(component)
    if isinstance(values, list):
        raise UntemplatedError(f"{component.name} holds values that are not numbers")
    found = values[evaluator.positions(node, frame)] if node.places else float(values[0])
    if np.isnan(found).any():
        raise UntemplatedError(f"{component.name} has no value at some index")
    return found


def _number_index(evaluator: Evaluator, node: Any, frame: Frame) -> Any:
    dimension, codes = frame.column(node)
    try:
        return dimension.numbers[codes].astype(float)
    except TypeError as error:
        raise UntemplatedError(str(error)) from error


def _number_sum(evaluator: Evaluator, node: Any, frame: Frame) -> Any:
    inner = evaluator.expanded(node, frame)
    assert isinstance(inner, Spanning)
    return summed(evaluator.number(node.term, inner), inner, frame)


def _numbers(operation: Callable[..., Any]) -> _Handler:
    def evaluate(evaluator: Evaluator, node: Any, frame: Frame) -> Any:
        return operation(*(evaluator.number(part, frame) for part in _operands(node)))

    return evaluate


def _divided(above: Any, below: Any) -> Any:
    if np.any(np.asarray(below) == 0):
        raise UntemplatedError("a rule divides by zero")
    return above / below


def _number_param(evaluator: Evaluator, node: Any, frame: Frame) -> Any:
    component = node.parent_component()
    if not component.is_indexed():
        return float(evaluator.tables.values_of(component)[0])
    position = evaluator.tables.index_of(component).position(node.index())
    return float(evaluator.tables.values_of(component)[position])


_LINEAR.update(
    {
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
)
_NUMBER.update(
    {
        ne.SumExpression: _numbers(lambda *parts: sum(parts)),
        ne.LinearExpression: _numbers(lambda *parts: sum(parts)),
        ne.ProductExpression: _numbers(lambda a, b: a * b),
        ne.MonomialTermExpression: _numbers(lambda a, b: a * b),
        ne.DivisionExpression: _numbers(_divided),
        ne.NegationExpression: _numbers(lambda a: -a),
        ne.PowExpression: _numbers(lambda a, b: a**b),
        ne.UnaryFunctionExpression: lambda e, n, f: _applied(n, e.number(n.args[0], f)),
        ne.AbsExpression: _numbers(np.abs),
        sy.Addition: _numbers(lambda *parts: sum(parts)),
        sy.Product: _numbers(lambda a, b: a * b),
        sy.Division: _numbers(_divided),
        sy.Negation: _numbers(lambda a: -a),
        sy.Power: _numbers(lambda a, b: a**b),
        sy.Absolute: _numbers(np.abs),
        sy.Total: _number_sum,
        sy.Item: _number_item,
        sy.Symbol: _number_index,
        ParamData: _number_param,
    }
)
