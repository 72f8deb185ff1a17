"""Rules called once with symbols: templates, and samples of the rules to check them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.common.errors import TemplateExpressionError
from pyomo.core.base.constraint import Constraint
from pyomo.core.expr.relational_expr import RelationalExpression, tuple_to_relational_expr

from optalloc.compile.components import TableSet
from optalloc.compile.symbolic import Relation, Symbol, Trace
from optalloc.compile.views import Sampled, Symbolic, picked

__all__ = ["SAMPLED_ROWS", "Sample", "Template", "samples_of", "template_from"]

SAMPLED_ROWS = 8


@dataclass(frozen=True)
class Sample:
    """Result of a rule at one index, with every set that it iterates cut to a few members."""

    key: Any
    expression: Any


@dataclass(frozen=True)
class Template:
    """A rule as one symbolic expression over the indices, with samples of the rule itself.

    ``plain`` names the parameters of which the rule read a plain number.
    """

    expression: Any
    indices: tuple[Symbol, ...]
    samples: tuple[Sample, ...]
    plain: frozenset[str] = frozenset()


def template_from(rule: Any, block: Any, index_set: Any, kind: type) -> Template:
    """Make a template of a rule; raises any error of the rule on symbols."""
    trace = Trace()
    indices = () if index_set is None else trace.symbols(index_set.dimen)
    expression = rule(Symbolic(trace).of(block), indices)
    trace.insist_on_closed()
    samples = samples_of(rule, block, index_set, kind)
    if isinstance(expression, bool):
        raise TemplateExpressionError(None, f"the rule gives {expression}")
    return Template(_shaped(expression, kind), indices, samples, frozenset(trace.plain))


def samples_of(rule: Any, block: Any, index_set: Any, kind: type) -> tuple[Sample, ...]:
    """Results of a rule at a few indices, with every set that it iterates cut to a few members."""
    keys: Any = [None]
    if index_set is not None:
        keys = index_set.table if isinstance(index_set, TableSet) else list(index_set)
    seen = Sampled().of(block)
    chosen = [keys[int(at)] for at in picked(len(keys), SAMPLED_ROWS)]
    return tuple(Sample(key, _shaped(rule(seen, key), kind)) for key in chosen)


def _shaped(expression: Any, kind: type) -> Any:
    """Give a rule's result in the one form that its kind of component has.

    A row without any variable comes as a bool.
    """
    if kind is Constraint:
        if type(expression) is tuple:
            expression = tuple_to_relational_expr(expression)
        if not isinstance(expression, (Relation, RelationalExpression, bool, np.bool_)):
            raise TemplateExpressionError(expression, f"the rule gives {expression!s:.60}")
    return expression
