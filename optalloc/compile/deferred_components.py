"""Components of Pyomo whose rule is kept as a template; a row is made on access."""

from __future__ import annotations

from typing import Any

from pyomo.core.base.constraint import (
    ConstraintData,
    IndexedConstraint,
    ScalarConstraint,
)
from pyomo.core.base.expression import ExpressionData, IndexedExpression, ScalarExpression
from pyomo.core.base.initializer import ScalarCallInitializer
from pyomo.core.base.objective import ObjectiveData, ScalarObjective
from pyomo.core.base.var import IndexedVar

from optalloc.compile.components import OnDemand
from optalloc.compile.templates import Template, samples_of, template_from
from optalloc.errors import ModelError

__all__ = [
    "Declared",
    "DeferredConstraint",
    "DeferredExpression",
    "DeferredScalarConstraint",
    "DeferredScalarExpression",
    "DeferredScalarObjective",
    "DeferredVar",
    "is_deferred",
    "reason_of",
    "template_of",
]


class Declared:
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
                self.template = template_from(
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
        now = samples_of(component._rule, component.parent_block(), index_set, component.ctype)
        if [str(s.expression) for s in now] != [str(s.expression) for s in self.template.samples]:
            raise ModelError(
                f"the rule of {component.name} gives something else now than when it was declared; "
                "bind what it uses from outside (a loop variable, for example) as a default "
                "argument"
            )
        self._is_same = True


class _Indexed(OnDemand, Declared):
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


class DeferredVar(OnDemand, Declared, IndexedVar):  # type: ignore[misc]
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


class _Scalar(Declared):
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


def template_of(component: Any) -> Template | None:
    """Template of a component, where its rule has become one."""
    return component.template if isinstance(component, Declared) else None


def reason_of(component: Any) -> str:
    """Why a component has no template."""
    return component.reason if isinstance(component, Declared) else Declared.reason


def is_deferred(component: Any) -> bool:
    """True while the template defines the component: nothing of it was set by hand."""
    return isinstance(component, Declared) and component.deferred


def _can_be_coded(index_set: Any) -> bool:
    """True if a set has members, all of one known dimension."""
    return index_set.isfinite() and isinstance(index_set.dimen, int) and len(index_set) > 0
