"""Expressions without variables evaluated for all rows at once: numbers, keys and sums.

A `Frame` is a table of rows with one column of codes per symbol of a template. A sum makes a
longer frame, each row of which points to the row it belongs to. A parameter is a look-up of a
whole column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from pyomo.core.base.param import Param, ParamData
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr.numvalue import native_numeric_types, native_types

from optalloc.compile import symbolic as sy
from optalloc.compile.keys import Coded, Dimension
from optalloc.compile.linear import Frame, Spanning, runs, summed
from optalloc.compile.tables import Tables, UntemplatedError
from optalloc.compile.views import SAMPLED_MEMBERS, picked

__all__ = ["NumberEvaluator", "applied", "handler_of", "operands"]

_Handler = TypeVar("_Handler")


class NumberEvaluator:
    """Evaluates expressions without variables on frames.

    Parameters
    ----------
    tables : Tables
    sampled : bool
        Cut every sum to the few members of a sample of a rule.
    """

    def __init__(self, tables: Tables, *, sampled: bool = False) -> None:
        self.tables, self.sampled = tables, sampled

    def number(self, node: Any, frame: Frame) -> Any:
        """Evaluate an expression without variables: a number, or an array with one per row."""
        if node.__class__ in native_numeric_types:
            return float(node)
        evaluate = handler_of(_NUMBER, node)
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

    def expanded(self, node: Any, frame: Frame) -> Spanning:
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
        if self.sampled:
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
            own[id(symbol)] = dimension, codes if whole and not self.sampled else codes[taken]
        return Frame(len(pointer), own, frame, pointer)


def _whole(numbers: Any) -> list[Any]:
    return [int(v) if float(v).is_integer() else float(v) for v in np.asarray(numbers).tolist()]


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


def handler_of(handlers: dict[type, _Handler], node: Any) -> _Handler | None:
    """Handler of a node's class or of the nearest base of it; None if there is none."""
    kind = type(node)
    found = handlers.get(kind)
    if found is None:
        found = next((handlers[base] for base in kind.__mro__ if base in handlers), None)
        if found is not None:
            handlers[kind] = found
    return found


def operands(node: Any) -> Sequence[Any]:
    """Operands of an operation, of symbols or of Pyomo's own."""
    return node.parts() if isinstance(node, sy.Node) else node.args


def applied(node: Any, value: Any) -> Any:
    """Value of a function of one operand, element by element."""
    absolute = sy.Absolute, ne.AbsExpression, ne.NPV_AbsExpression
    function = np.abs if isinstance(node, absolute) else node._fcn
    return function(value) if function is np.abs else np.vectorize(function, otypes=[float])(value)


def _number_item(evaluator: NumberEvaluator, node: Any, frame: Frame) -> Any:
    component = node.component
    values = evaluator.tables.values_of(component)
    if isinstance(values, list):
        raise UntemplatedError(f"{component.name} holds values that are not numbers")
    found = values[evaluator.positions(node, frame)] if node.places else float(values[0])
    if np.isnan(found).any():
        raise UntemplatedError(f"{component.name} has no value at some index")
    return found


def _number_index(evaluator: NumberEvaluator, node: Any, frame: Frame) -> Any:
    dimension, codes = frame.column(node)
    try:
        return dimension.numbers[codes].astype(float)
    except TypeError as error:
        raise UntemplatedError(str(error)) from error


def _number_sum(evaluator: NumberEvaluator, node: Any, frame: Frame) -> Any:
    inner = evaluator.expanded(node, frame)
    return summed(evaluator.number(node.term, inner), inner, frame)


def _numbers(operation: Callable[..., Any]) -> Callable[[NumberEvaluator, Any, Frame], Any]:
    def evaluate(evaluator: NumberEvaluator, node: Any, frame: Frame) -> Any:
        return operation(*(evaluator.number(part, frame) for part in operands(node)))

    return evaluate


def _divided(above: Any, below: Any) -> Any:
    if np.any(np.asarray(below) == 0):
        raise UntemplatedError("a rule divides by zero")
    return above / below


def _number_param(evaluator: NumberEvaluator, node: Any, frame: Frame) -> Any:
    component = node.parent_component()
    if not component.is_indexed():
        return float(evaluator.tables.values_of(component)[0])
    position = evaluator.tables.index_of(component).position(node.index())
    return float(evaluator.tables.values_of(component)[position])


_NUMBER: dict[type, Callable[[NumberEvaluator, Any, Frame], Any]] = {
    ne.SumExpression: _numbers(lambda *parts: sum(parts)),
    ne.LinearExpression: _numbers(lambda *parts: sum(parts)),
    ne.ProductExpression: _numbers(lambda a, b: a * b),
    ne.MonomialTermExpression: _numbers(lambda a, b: a * b),
    ne.DivisionExpression: _numbers(_divided),
    ne.NegationExpression: _numbers(lambda a: -a),
    ne.PowExpression: _numbers(lambda a, b: a**b),
    ne.UnaryFunctionExpression: lambda e, n, f: applied(n, e.number(n.args[0], f)),
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
