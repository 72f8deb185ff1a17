"""Rules kept as symbolic templates instead of one Pyomo expression per row.

Within ``deferred_rules()`` the constraints, expressions, objectives and variables of a model are
declared as always. A rule that Pyomo can turn into a template is called once, with symbols for
its indices, and a few times with true indices, so that the compiler can check what it makes of
the template. Rows come into being only if somebody looks at them. A rule that branches on an
index, or does anything else that symbols cannot go through, is expanded by Pyomo at once; the
reason is kept.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
from pyomo.common.errors import TemplateExpressionError
from pyomo.core.base.constraint import Constraint, IndexedConstraint, ScalarConstraint
from pyomo.core.base.expression import Expression, IndexedExpression, ScalarExpression
from pyomo.core.base.initializer import ScalarCallInitializer
from pyomo.core.base.objective import Objective, ScalarObjective
from pyomo.core.base.param import Param, ParamData, ScalarParam
from pyomo.core.base.set import _FiniteSetMixin
from pyomo.core.base.var import IndexedVar, Var
from pyomo.core.expr import template_expr
from pyomo.core.expr.numvalue import native_types
from pyomo.core.expr.relational_expr import RelationalExpression, tuple_to_relational_expr
from pyomo.core.expr.template_expr import GetItemExpression, IndexTemplate, templatize_rule

from optalloc.compile.components import OnDemand, TableIndexedSet
from optalloc.errors import ModelError

__all__ = [
    "Sample",
    "Template",
    "alone",
    "deferred_rules",
    "is_deferred",
    "numbers_taken",
    "picked",
    "reason_of",
    "template_of",
]

SAMPLED_ROWS = 8
SAMPLED_MEMBERS = 4
# Held by whoever builds or compiles: what is replaced in Pyomo meanwhile is seen by every thread.
_LOCK = threading.RLock()
_P = ParamSpec("_P")
_R = TypeVar("_R")
_TEMPLATE, _REASON = "_optalloc_template", "_optalloc_reason"


def alone(work: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let one thread at a time build or compile."""

    @functools.wraps(work)
    def locked(*args: _P.args, **options: _P.kwargs) -> _R:
        with _LOCK:
            return work(*args, **options)

    return locked


@dataclass(frozen=True)
class Sample:
    """What a rule gives at one index when every set it goes through is cut to a few members."""

    key: Any
    expression: Any


@dataclass(frozen=True)
class Template:
    """A rule as one symbolic expression over the indices, with samples of the rule itself.

    ``plain`` names the parameters of which the rule took a plain number.
    """

    expression: Any
    indices: tuple[Any, ...]
    samples: tuple[Sample, ...]
    plain: frozenset[str] = frozenset()


def template_of(component: Any) -> Template | None:
    """Template of a component, where its rule has become one."""
    return getattr(component, "__dict__", {}).get(_TEMPLATE)


def reason_of(component: Any) -> str:
    """Why a component has no template."""
    return str(component.__dict__.get(_REASON, "declared outside deferred_rules()"))


def picked(count: int, most: int) -> np.ndarray:
    """Positions of at most so many members, first and last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


class _Deferred(OnDemand):
    """Component with a template; a row is made by its rule when somebody looks at it."""

    __slots__ = ()
    _rule: Any

    def _make(self, index: Any) -> None:
        try:
            self._getitem_when_not_present(index)
        except KeyError:  # the rule skips this index
            return

    def _getitem_when_not_present(self, index: Any) -> Any:
        _insist_on_same_rule(self)
        return super()._getitem_when_not_present(index)


class DeferredConstraint(_Deferred, IndexedConstraint):  # type: ignore[misc]
    """Indexed Constraint with a template."""

    __slots__ = ()

    def deactivate(self) -> None:
        """Deactivate the constraint, without bringing its rows into being."""
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


class DeferredExpression(_Deferred, IndexedExpression):  # type: ignore[misc]
    """Indexed Expression with a template."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        # A sampled sum is cut short; it must not be kept.
        if _sampling:
            return self._rule(self.parent_block(), index)
        return super().__getitem__(index)


class DeferredVar(OnDemand, IndexedVar):  # type: ignore[misc]
    """Indexed Var whose members are made when asked for."""

    __slots__ = ()


class _DeferredScalar:
    """Scalar component with a template, whose rule is expanded when its expression is asked for."""

    __slots__ = ()
    _stock: type
    _slot: str

    def _expanded(self) -> Any:
        _insist_on_same_rule(self)
        rule, block, slot = self._rule, self.parent_block(), self._slot  # type: ignore[attr-defined]
        self.__class__ = self._stock
        self.set_value(rule(block, None))  # type: ignore[attr-defined]
        return getattr(self, slot)

    def _replaced(self, expression: Any) -> None:
        slot = self._slot
        self.__class__ = self._stock
        setattr(self, slot, expression)


class DeferredScalarConstraint(ScalarConstraint, _DeferredScalar):  # type: ignore[misc]
    """Scalar Constraint with a template."""

    __slots__ = ()
    _stock, _slot = ScalarConstraint, "_expr"
    _expr = property(_DeferredScalar._expanded, _DeferredScalar._replaced)


class DeferredScalarExpression(ScalarExpression, _DeferredScalar):  # type: ignore[misc]
    """Scalar Expression with a template."""

    __slots__ = ()
    _stock, _slot = ScalarExpression, "_args_"
    _args_ = property(_DeferredScalar._expanded, _DeferredScalar._replaced)


class DeferredScalarObjective(ScalarObjective, _DeferredScalar):  # type: ignore[misc]
    """Scalar Objective with a template."""

    __slots__ = ()
    _stock, _slot = ScalarObjective, "_args_"
    _args_ = property(_DeferredScalar._expanded, _DeferredScalar._replaced)


def is_deferred(component: Any) -> bool:
    """Whether the template still speaks for the component: nothing of it was set by hand."""
    return isinstance(component, (_Deferred, _DeferredScalar))


_sampling = False


@contextmanager
def _sampled_sets() -> Iterator[None]:
    """Let every set that is gone through give only a few of its members."""
    global _sampling
    stock = _FiniteSetMixin.__iter__

    def few(members: Any) -> Iterator[Any]:
        table = getattr(members, "_ref", None)
        held: Any = table if hasattr(table, "key") else list(members._iter_impl())
        return iter([held[int(at)] for at in picked(len(held), SAMPLED_MEMBERS)])

    _FiniteSetMixin.__iter__, _sampling = few, True
    try:
        yield
    finally:
        _FiniteSetMixin.__iter__, _sampling = stock, False


@contextmanager
def numbers_taken() -> Iterator[set[str]]:
    """Gather the names of parameters of which a plain number is taken meanwhile."""
    taken: set[str] = set()

    def value_of(stock: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *args: Any, **options: Any) -> Any:
            taken.add(self.parent_component().name)
            return stock(self, *args, **options)

        return call

    def entry_of(stock: Callable[..., Any]) -> Callable[..., Any]:
        def getitem(self: Any, index: Any) -> Any:
            found = stock(self, index)
            if found.__class__ in native_types:
                taken.add(self.name)
            return found

        return getitem

    with _replaced(
        (ParamData, "__call__", value_of(ParamData.__call__)),
        (ScalarParam, "__call__", value_of(ScalarParam.__call__)),
        (Param, "__getitem__", entry_of(Param.__getitem__)),
    ):
        yield taken


@contextmanager
def _replaced(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """Give classes and modules other attributes for a while."""
    held = [(owner, name, owner.__dict__.get(name)) for owner, name, _ in changes]
    for owner, name, new in changes:
        setattr(owner, name, new)
    try:
        yield
    finally:
        for owner, name, stock in reversed(held):
            if stock is None:
                delattr(owner, name)
            else:
                setattr(owner, name, stock)


def _samples(rule: Any, block: Any, index_set: Any, kind: type) -> tuple[Sample, ...]:
    keys: Any = [None]
    if index_set is not None:
        members: Any = getattr(index_set, "_ref", None)
        keys = members if hasattr(members, "key") else list(index_set)
    chosen = [keys[int(at)] for at in picked(len(keys), SAMPLED_ROWS)]
    with _sampled_sets():
        return tuple(Sample(key, _shaped(rule(block, key), kind)) for key in chosen)


def _shaped(expression: Any, kind: type) -> Any:
    """Give a rule's result in the one form that its kind of component has.

    A row without any variable comes as a bool.
    """
    if kind is Constraint:
        if type(expression) is tuple:
            expression = tuple_to_relational_expr(expression)
        if not isinstance(expression, (RelationalExpression, bool, np.bool_)):
            raise TemplateExpressionError(expression, f"the rule gives {expression!s:.60}")
    return expression


def _insist_on_same_rule(component: Any) -> None:
    """Refuse to expand a rule that has changed since its template was made."""
    template = template_of(component)
    if template is None or not template.samples or component.__dict__.get("_optalloc_same"):
        return
    index_set = component.index_set() if component.is_indexed() else None
    now = _samples(component._rule, component.parent_block(), index_set, component.ctype)
    if [str(s.expression) for s in now] != [str(s.expression) for s in template.samples]:
        raise ModelError(
            f"the rule of {component.name} gives something else now than when it was declared; "
            "bind what it uses from outside (a loop variable, for example) as a default argument"
        )
    component._optalloc_same = True


def _templatized(rule: Any, block: Any, index_set: Any, kind: type) -> Template:
    """Template of a rule; raises whatever the rule raises when symbols go through it."""
    with numbers_taken() as plain:
        expression, indices = templatize_rule(block, rule, index_set)
    samples = _samples(rule, block, index_set, kind)
    if isinstance(expression, bool):
        raise TemplateExpressionError(None, f"the rule gives {expression}")
    shaped = _shaped(expression, kind)
    return Template(shaped, indices if index_set is not None else (), samples, frozenset(plain))


def _indexed(stock: Callable[..., None], deferred: type, templates: bool) -> Callable[..., None]:
    def construct(self: Any, data: Any = None) -> None:
        rule = self._rule
        ready = (
            not self._constructed
            and rule is not None
            and not rule.constant()
            and not rule.contains_indices()
            and self.index_set().isfinite()
            and isinstance(self.index_set().dimen, int)
        )
        if not ready or not len(self.index_set()):
            return stock(self, data)
        for members in self._anonymous_sets or ():
            members.construct()
        if templates:
            try:
                template = _templatized(rule, self.parent_block(), self.index_set(), self.ctype)
            except Exception as error:
                setattr(self, _REASON, _said(error))
                return stock(self, data)
            setattr(self, _TEMPLATE, template)
        self.__class__ = deferred
        self._constructed = True

    return construct


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _scalar(stock: Callable[..., None], deferred: type, templates: bool) -> Callable[..., None]:
    def construct(self: Any, data: Any = None) -> None:
        rule = self._rule
        if self._constructed or not isinstance(rule, ScalarCallInitializer):
            return stock(self, data)
        block = self.parent_block()
        if templates:
            try:
                template = _templatized(rule, block, None, self.ctype)
            except Exception as error:
                setattr(self, _REASON, _said(error))
                return stock(self, data)
            setattr(self, _TEMPLATE, template)
        self._constructed = True
        self._data[None] = self
        if self.ctype is Objective:
            self.set_sense(self._init_sense(block, None))
        self.__class__ = deferred

    return construct


def _var_construct(stock: Callable[..., None], templates: bool) -> Callable[..., None]:
    def construct(self: Any, data: Any = None) -> None:
        bounds = self._rule_bounds
        ready = (
            not self._constructed
            and type(self) is IndexedVar
            and self.index_set().isfinite()
            and isinstance(self.index_set().dimen, int)
            and (self._rule_init is None or not self._rule_init.contains_indices())
        )
        if not ready or not len(self.index_set()):
            return stock(self, data)
        if bounds is not None and not bounds.constant():
            if bounds.contains_indices():
                return stock(self, data)
            if templates:
                try:
                    template = _templatized(bounds, self.parent_block(), self.index_set(), Var)
                except Exception as error:
                    setattr(self, _REASON, _said(error))
                    return stock(self, data)
                setattr(self, _TEMPLATE, template)
        for members in self._anonymous_sets or ():
            members.construct()
        self.__class__ = DeferredVar
        self._constructed = True

    return construct


def _refuse_comparison(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Let an index or a looked-up value be compared with Pyomo expressions only.

    Python compares a symbol with 'a' by identity, and would take one branch for every row.
    """

    def compare(self: Any, other: Any) -> Any:
        with_symbol = isinstance(other, (IndexTemplate, str, tuple))
        if with_symbol or (self.__class__ is IndexTemplate and other.__class__ in native_types):
            raise TemplateExpressionError(
                self, f"the rule compares the index or value {self} with {other}"
            )
        return stock(self, other)

    return compare


def _dimension_known(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Spare Pyomo the search for a member when it only asks for the dimension of a set."""

    @dataclass(frozen=True)
    class OfDimension:
        dimen: int

    def reduce(expression: Any) -> Any:
        if isinstance(expression, GetItemExpression):
            owner = expression._args_[0]
            if isinstance(owner, TableIndexedSet):
                return OfDimension(owner.groups.members.arity)
        return stock(expression)

    return reduce


@contextmanager
def deferred_rules(*, templates: bool = True) -> Iterator[None]:
    """Keep the rules of what is declared meanwhile as templates, wherever that can be done.

    Without `templates` no rule is called at all: what is declared can be compared with another
    model, and a row is made when somebody looks at it.

    Examples
    --------
    >>> import pyomo.environ as pyo
    >>> from optalloc.compile import compile_model, deferred_rules
    >>> m = pyo.ConcreteModel()
    >>> with deferred_rules():
    ...     m.SITES = pyo.Set(initialize=["Kanto", "Texas"])
    ...     m.built = pyo.Var(m.SITES, bounds=(0, 300))
    ...     m.enough = pyo.Constraint(rule=lambda m: sum(m.built[i] for i in m.SITES) >= 400)
    ...     m.least = pyo.Objective(rule=lambda m: sum(m.built[i] for i in m.SITES))
    >>> compile_model(m).size["non_zeros"]
    2
    """
    with _LOCK, _rules_deferred(templates):
        yield


@contextmanager
def _rules_deferred(templates: bool) -> Iterator[None]:
    symbols = (IndexTemplate, GetItemExpression, *GetItemExpression.__subclasses__())
    comparisons = [
        (kind, name, _refuse_comparison(getattr(kind, name)))
        for kind in symbols
        for name in ("__eq__", "__ne__")
    ]
    reduce = template_expr._reduce_template_to_component
    quiet, silence = (
        logging.getLogger("pyomo.core.expr.template_expr"),
        _SilenceOf("templatizing the rule"),
    )
    quiet.addFilter(silence)
    try:
        with _replaced(
            (
                IndexedConstraint,
                "construct",
                _indexed(Constraint.construct, DeferredConstraint, templates),
            ),
            (
                IndexedExpression,
                "construct",
                _indexed(Expression.construct, DeferredExpression, templates),
            ),
            (
                ScalarConstraint,
                "construct",
                _scalar(Constraint.construct, DeferredScalarConstraint, templates),
            ),
            (
                ScalarExpression,
                "construct",
                _scalar(Expression.construct, DeferredScalarExpression, templates),
            ),
            (
                ScalarObjective,
                "construct",
                _scalar(Objective.construct, DeferredScalarObjective, templates),
            ),
            (IndexedVar, "construct", _var_construct(Var.construct, templates)),
            *comparisons,
            (template_expr, "_reduce_template_to_component", _dimension_known(reduce)),
        ):
            yield
    finally:
        quiet.removeFilter(silence)


class _SilenceOf(logging.Filter):
    """Pyomo logs an error for a rule that cannot be a template; here that is only a reason."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def filter(self, record: logging.LogRecord) -> bool:
        return self._words not in record.getMessage()
