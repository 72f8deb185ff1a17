"""Parameters that the constants and the coefficients of a template depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyomo.core.base.expression import Expression
from pyomo.core.base.param import Param, ParamData
from pyomo.core.base.var import Var
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr.numvalue import native_types
from pyomo.core.expr.relational_expr import RelationalExpression

from optalloc.compile import symbolic as sy
from optalloc.compile.deferred_components import is_deferred, template_of
from optalloc.compile.templates import Template

__all__ = ["Dependence", "Dependences"]

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Dependence:
    """Names of parameters, and whether an expression has terms and a constant part.

    ``plain`` are parameters whose values are plain numbers in the expression, or decide which entry
    is looked up; ``opaque`` are expressions that were expanded entry by entry, whose dependence is
    unknown.
    """

    terms: bool = False
    constant: bool = False
    constants: frozenset[str] = _NONE
    coefficients: frozenset[str] = _NONE
    plain: frozenset[str] = _NONE
    opaque: frozenset[str] = _NONE

    def __or__(self, other: Dependence) -> Dependence:
        return Dependence(
            self.terms or other.terms,
            self.constant or other.constant,
            self.constants | other.constants,
            self.coefficients | other.coefficients,
            self.plain | other.plain,
            self.opaque | other.opaque,
        )


class Dependences:
    """Dependence of templates, expressions and relations, none of which is evaluated.

    That of a template is found once: no entry of an expression may be looked at meanwhile.
    """

    def __init__(self) -> None:
        # With the template, so that no other comes to have the same address.
        self._known: dict[int, tuple[Template, Dependence]] = {}

    def of(self, node: Any) -> Dependence:
        """Find the dependence of a template, an expression or a relation."""
        if isinstance(node, Template):
            if id(node) not in self._known:
                self._known[id(node)] = node, self._of_template(node)
            return self._known[id(node)][1]
        if isinstance(node, (sy.Node, sy.Relation)):
            return self._of_node(node)
        if node.__class__ in native_types or not hasattr(node, "is_expression_type"):
            return Dependence(constant=True)
        if isinstance(node, ParamData):
            return Dependence(constant=True, constants=frozenset([node.parent_component().name]))
        if node.is_expression_type():
            return self._of_expression(node)
        return Dependence(terms=True) if node.is_variable_type() else Dependence(constant=True)

    def _of_template(self, template: Template) -> Dependence:
        expression = template.expression
        found = Dependence(plain=template.plain)
        for part in expression if isinstance(expression, tuple) else (expression,):
            found = found | self.of(part)
        return found

    def _of_node(self, node: sy.Node | sy.Relation) -> Dependence:
        if isinstance(node, sy.Item):
            return self._of_item(node)
        if isinstance(node, sy.Symbol):
            return Dependence(constant=True)
        if isinstance(node, sy.Total):
            looked_up = (loop.members for loop in node.loops if isinstance(loop.members, sy.Item))
            keys = frozenset[str]().union(*(self._of_places(members) for members in looked_up))
            return self.of(node.term) | Dependence(plain=keys)
        parts = [self.of(part) for part in node.parts()]
        if isinstance(node, (sy.Product, sy.Division)):
            return _of_product(*parts)
        if isinstance(node, (sy.Addition, sy.Negation, sy.Relation)):
            return _of_sum(parts)
        return _of_constants(parts)

    def _of_places(self, node: sy.Item) -> frozenset[str]:
        """Names of the parameters that decide which entry is looked up."""
        needs = [self.of(place) for place in node.places]
        return frozenset[str]().union(*(need.constants | need.plain for need in needs))

    def _of_item(self, node: sy.Item) -> Dependence:
        component, keys = node.component, self._of_places(node)
        kind = component.ctype
        if kind is Param:
            return Dependence(constant=True, constants=frozenset([component.name]), plain=keys)
        if kind is Var:
            return Dependence(terms=True, plain=keys)
        template = template_of(component)
        if kind is Expression and template is not None and is_deferred(component):
            found = self.of(template)
            looked_at = component.is_indexed() and component._data
            opaque = frozenset([component.name]) if looked_at else _NONE
            return found | Dependence(plain=keys, opaque=opaque)
        if kind is Expression and not len(component.index_set()):
            return Dependence(plain=keys)
        return Dependence(True, True, plain=keys, opaque=frozenset([component.name]))

    def _of_expression(self, node: Any) -> Dependence:
        if node.is_named_expression_type():
            template = template_of(node)
            if template is not None and is_deferred(node):
                return self.of(template)
            return Dependence(True, True, opaque=frozenset([node.name]))
        parts = [self.of(part) for part in node.args]
        if isinstance(node, (ne.ProductExpression, ne.DivisionExpression)):
            return _of_product(*parts)
        if isinstance(node, (ne.SumExpression, ne.NegationExpression, RelationalExpression)):
            return _of_sum(parts)
        return _of_constants(parts)


def _of_sum(parts: Sequence[Dependence]) -> Dependence:
    found = parts[0]
    for part in parts[1:]:
        found = found | part
    return found


def _of_constants(parts: Sequence[Dependence]) -> Dependence:
    return Dependence(
        constant=True,
        constants=frozenset().union(*(p.constants for p in parts)),
        plain=frozenset().union(*(p.plain for p in parts)),
        opaque=frozenset().union(*(p.opaque for p in parts)),
    )


def _of_product(first: Dependence, second: Dependence) -> Dependence:
    if second.terms:
        first, second = second, first
    constant = first.constant and second.constant
    return Dependence(
        first.terms,
        constant,
        first.constants | second.constants if constant else _NONE,
        first.coefficients | second.constants if first.terms else _NONE,
        first.plain | second.plain,
        first.opaque | second.opaque,
    )
