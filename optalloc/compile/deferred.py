"""Rules kept as symbolic templates instead of one Pyomo expression per row.

Within ``deferred_rules()`` the constraints, expressions, objectives and variables of the model that
it gives are declared as usual. A rule that works with symbols is called once, with symbols for its
indices, and a few times with true indices, so that the compiler can check its evaluation of the
template. Rows are made only on access. A rule that branches on an index, or has another operation
that symbols do not support, is expanded by Pyomo at once; the reason is kept.

All this is confined to one model: it replaces declared components by its own, and passes a view of
itself to rules. No class of Pyomo is changed, so that models may be built in several threads at
once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import TemplateExpressionError
from pyomo.core.base.constraint import (
    AbstractScalarConstraint,
    Constraint,
    ConstraintData,
    IndexedConstraint,
    ScalarConstraint,
)
from pyomo.core.base.expression import ExpressionData, IndexedExpression, ScalarExpression
from pyomo.core.base.initializer import ScalarCallInitializer
from pyomo.core.base.objective import (
    AbstractScalarObjective,
    ObjectiveData,
    ScalarObjective,
)
from pyomo.core.base.var import IndexedVar
from pyomo.core.expr.relational_expr import RelationalExpression, tuple_to_relational_expr

from optalloc.compile.components import OnDemand, TableSet
from optalloc.compile.symbolic import Relation, Symbol, Trace
from optalloc.compile.views import Sampled, Symbolic, picked
from optalloc.errors import ModelError

__all__ = [
    "DeferringModel",
    "Sample",
    "Template",
    "deferred_rules",
    "is_deferred",
    "reason_of",
    "template_of",
]

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


class _Declared:
    """Mixin of a component whose rule may be kept as a template.

    Attributes
    ----------
    deferred : bool
        True while the template defines the component: nothing of it was set by hand.
    template : Template or None
    reason : str
        Why it has no template.
    templates : bool
        True if its rule may be called to make one.
    """

    deferred = False
    template: Template | None = None
    reason = "declared outside deferred_rules()"
    templates = True
    _is_same = False

    @classmethod
    def of(cls, declared: Any, *, templates: bool) -> Any:
        """Make such a component of one that Pyomo has not constructed yet."""
        component: Any = cls()
        vars(component).update(vars(declared))
        component.templates = templates
        return component

    def _take_template(self, rule: Any) -> bool:
        """Make a template of a rule; False, with the reason kept, where that cannot be done."""
        component: Any = self
        index_set = component.index_set() if component.is_indexed() else None
        if self.templates:
            try:
                self.template = _templatized(
                    rule, component.parent_block(), index_set, component.ctype
                )
            except Exception as error:
                words = " ".join(str(error).split())[:160]
                self.reason = f"{type(error).__name__}: {words}"
                return False
        for members in component._anonymous_sets or ():
            members.construct()
        self.deferred = component._constructed = True
        return True

    def _insist_on_same_rule(self) -> None:
        """Refuse to expand a rule that has changed since its template was made."""
        if self.template is None or not self.template.samples or self._is_same:
            return
        component: Any = self
        index_set = component.index_set() if component.is_indexed() else None
        now = _samples(component._rule, component.parent_block(), index_set, component.ctype)
        if [str(s.expression) for s in now] != [str(s.expression) for s in self.template.samples]:
            raise ModelError(
                f"the rule of {component.name} gives something else now than when it was declared; "
                "bind what it uses from outside (a loop variable, for example) as a default "
                "argument"
            )
        self._is_same = True


class _Indexed(OnDemand, _Declared):
    """Component with a template; a row is made by its rule on first access."""

    __slots__ = ()
    _rule: Any

    def construct(self, data: Any = None) -> None:
        """Make a template of the rule, or else all rows."""
        rule = self._rule
        ready = (
            not self._constructed
            and rule is not None
            and not rule.constant()
            and not rule.contains_indices()
            and _can_be_coded(self.index_set())
        )
        if not ready or not self._take_template(rule):
            super().construct(data)

    def _make(self, index: Any) -> None:
        try:
            self._getitem_when_not_present(index)
        except KeyError:  # the rule skips this index
            return

    def _getitem_when_not_present(self, index: Any) -> Any:
        self._insist_on_same_rule()
        return super()._getitem_when_not_present(index)


class DeferredConstraint(_Indexed, IndexedConstraint):  # type: ignore[misc]
    """Indexed Constraint with a template."""

    __slots__ = ()

    def deactivate(self) -> None:
        """Deactivate the constraint, without making its rows."""
        self._active = False
        for row in self._data.values():
            row.deactivate()

    def activate(self) -> None:
        """Activate the constraint and all its rows."""
        self._active = True
        for row in self._data.values():
            row.activate()

    def _getitem_when_not_present(self, index: Any) -> Any:
        row = super()._getitem_when_not_present(index)
        if row is not None and not self._active:
            row._active = False
        return row


class DeferredExpression(_Indexed, IndexedExpression):  # type: ignore[misc]
    """Indexed Expression with a template."""

    __slots__ = ()


class DeferredVar(OnDemand, _Declared, IndexedVar):  # type: ignore[misc]
    """Indexed Var whose members are made on first access."""

    __slots__ = ()
    _constructed: bool

    def construct(self, data: Any = None) -> None:
        """Make a template of the bounds if they are a rule; if that fails, make all members."""
        bounds, start = self._rule_bounds, self._rule_init
        ready = (
            not self._constructed
            and _can_be_coded(self.index_set())
            and (start is None or not start.contains_indices())
            and (bounds is None or not bounds.contains_indices())
        )
        if ready and (bounds is None or bounds.constant()):
            for members in self._anonymous_sets or ():
                members.construct()
            self.deferred = self._constructed = True
        elif not ready or not self._take_template(bounds):
            super().construct(data)


class _Scalar(_Declared):
    """Scalar component with a template, whose rule is expanded when its expression is read."""

    __slots__ = ()

    def construct(self, data: Any = None) -> None:
        """Make a template of the rule, or else the expression."""
        component: Any = self
        rule = component._rule
        ready = not component._constructed and isinstance(rule, ScalarCallInitializer)
        if not ready or not self._take_template(rule):
            super().construct(data)  # type: ignore[misc]
            return
        component._data[None] = component

    def _expand(self) -> None:
        component: Any = self
        self._insist_on_same_rule()
        expression = component._rule(component.parent_block(), None)
        self.deferred = False
        component.set_value(expression)


class DeferredScalarConstraint(_Scalar, ScalarConstraint):  # type: ignore[misc]
    """Scalar Constraint with a template."""

    __slots__ = ()

    @property
    def _expr(self) -> Any:
        if self.deferred:
            self._expand()
        return ConstraintData._expr.__get__(self)

    @_expr.setter
    def _expr(self, expression: Any) -> None:
        self.deferred = False
        ConstraintData._expr.__set__(self, expression)


class DeferredScalarExpression(_Scalar, ScalarExpression):  # type: ignore[misc]
    """Scalar Expression with a template."""

    __slots__ = ()

    @property
    def _args_(self) -> Any:
        if self.deferred:
            self._expand()
        return ExpressionData._args_.__get__(self)

    @_args_.setter
    def _args_(self, expression: Any) -> None:
        self.deferred = False
        ExpressionData._args_.__set__(self, expression)


class DeferredScalarObjective(_Scalar, ScalarObjective):  # type: ignore[misc]
    """Scalar Objective with a template."""

    __slots__ = ()

    def construct(self, data: Any = None) -> None:
        """Make a template of the rule, or else the expression."""
        super().construct(data)
        if self.deferred:
            self.set_sense(self._init_sense(self.parent_block(), None))

    @property
    def _args_(self) -> Any:
        if self.deferred:
            self._expand()
        return ObjectiveData._args_.__get__(self)

    @_args_.setter
    def _args_(self, expression: Any) -> None:
        self.deferred = False
        ObjectiveData._args_.__set__(self, expression)


# Replacement of each declared component in a model that defers; by exact class, as a list of
# constraints and a reference are indexed components too.
_IN_PLACE_OF: dict[type, type[_Declared]] = {
    IndexedConstraint: DeferredConstraint,
    IndexedExpression: DeferredExpression,
    IndexedVar: DeferredVar,
    AbstractScalarConstraint: DeferredScalarConstraint,
    ScalarConstraint: DeferredScalarConstraint,
    ScalarExpression: DeferredScalarExpression,
    AbstractScalarObjective: DeferredScalarObjective,
    ScalarObjective: DeferredScalarObjective,
}


class DeferringModel(pyo.ConcreteModel):  # type: ignore[misc]
    """Concrete Pyomo model that keeps rules as templates while it is being declared.

    Components declared on a block within it, or after ``deferred_rules()`` has ended, are expanded
    as usual. A component must be read from the model and not from the variable that it was assigned
    from: the model may have replaced it.
    """

    def __init__(self, **options: Any) -> None:
        # Pyomo adds components while it makes the model.
        self.__dict__["_defers"], self.__dict__["_templates"] = False, True
        super().__init__(**options)

    def add_component(self, name: str, val: Any) -> None:
        """Add a component, or one that defers its rule in its place."""
        kind = _IN_PLACE_OF.get(type(val)) if self._defers else None
        if kind is not None and not val._constructed and val._parent is None:
            val = kind.of(val, templates=self._templates)
        super().add_component(name, val)

    def defer(self, defers: bool, *, templates: bool = True) -> None:
        """Begin or end to defer the rules of components declared from now on."""
        self.__dict__["_defers"], self.__dict__["_templates"] = defers, templates


@contextmanager
def deferred_rules(
    m: DeferringModel | None = None, *, templates: bool = True
) -> Iterator[DeferringModel]:
    """Give a model that keeps the rules of components declared meanwhile as templates.

    Parameters
    ----------
    m : DeferringModel, optional
        A new one by default.
    templates : bool
        False calls no rule at all: the declarations can be compared with another model, and a
        row is made on first access.

    Examples
    --------
    >>> import pyomo.environ as pyo
    >>> from optalloc.compile import compile_model, deferred_rules
    >>> with deferred_rules() as m:
    ...     m.SITES = pyo.Set(initialize=["Kanto", "Texas"])
    ...     m.built = pyo.Var(m.SITES, bounds=(0, 300))
    ...     m.enough = pyo.Constraint(rule=lambda m: sum(m.built[i] for i in m.SITES) >= 400)
    ...     m.least = pyo.Objective(rule=lambda m: sum(m.built[i] for i in m.SITES))
    >>> compile_model(m).size["non_zeros"]
    2
    """
    m = DeferringModel() if m is None else m
    m.defer(True, templates=templates)
    try:
        yield m
    finally:
        m.defer(False)


def template_of(component: Any) -> Template | None:
    """Template of a component, where its rule has become one."""
    return component.template if isinstance(component, _Declared) else None


def reason_of(component: Any) -> str:
    """Why a component has no template."""
    return component.reason if isinstance(component, _Declared) else _Declared.reason


def is_deferred(component: Any) -> bool:
    """True while the template defines the component: nothing of it was set by hand."""
    return isinstance(component, _Declared) and component.deferred


def _can_be_coded(index_set: Any) -> bool:
    """True if a set has members, all of one known dimension."""
    return index_set.isfinite() and isinstance(index_set.dimen, int) and len(index_set) > 0


def _templatized(rule: Any, block: Any, index_set: Any, kind: type) -> Template:
    """Template of a rule; raises any error of the rule on symbols."""
    trace = Trace()
    indices = () if index_set is None else trace.symbols(index_set.dimen)
    expression = rule(Symbolic(trace).of(block), indices)
    trace.insist_on_closed()
    samples = _samples(rule, block, index_set, kind)
    if isinstance(expression, bool):
        raise TemplateExpressionError(None, f"the rule gives {expression}")
    return Template(_shaped(expression, kind), indices, samples, frozenset(trace.plain))


def _samples(rule: Any, block: Any, index_set: Any, kind: type) -> tuple[Sample, ...]:
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
