"""Comparison of two models up to the values of their parameters.

No rule of the other model needs to have been called. A rule gives the same template if its code is
the same and it holds equal values: parts of its own model by name, numbers by value.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from pyomo.core.base.component import ComponentBase
from pyomo.core.base.initializer import InitializerBase, ScalarCallInitializer

from optalloc.compile.assemble import Source
from optalloc.compile.components import TableIndexedSet
from optalloc.compile.deferred_components import is_deferred
from optalloc.compile.keys import Groups, KeyTable
from optalloc.compile.tables import Tables, UntemplatedError
from optalloc.mip.arrays import Arrays

__all__ = ["OtherModelError", "changed_values"]

_RULES = ("_rule", "_rule_bounds", "_rule_domain", "_rule_init", "_init_sense")
_PLAIN = (int, float, str, bytes, bool, type(None), np.generic, pd.Timestamp)


class OtherModelError(Exception):
    """The two models differ in more than the values of parameters."""


def changed_values(
    arrays: Arrays, other: Any, among: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """Give the values, by parameter, that make a program of another model with the same sets.

    Parameters
    ----------
    arrays : Arrays
        As compiled or refreshed.
    other : pyomo.environ.ConcreteModel
        Declared by the same code, within ``deferred_rules(templates=False)`` or not.
    among : collection of str, optional
        Names of components to compare the other with; all by default.

    Returns
    -------
    dict of str to numpy.ndarray
        Input of `refresh`: the values of those parameters that differ.

    Raises
    ------
    OtherModelError
        If sets, variables or rules differ, or a rule holds another number or an object
        that cannot be compared.
    """
    source: Source = arrays.source
    here = {
        component.name: component
        for component in _components(source.model)
        if among is None or component.name.partition(".")[0] in among
    }
    there = {component.name: component for component in _components(other)}
    if here.keys() != there.keys():
        odd = sorted(here.keys() ^ there.keys())
        raise OtherModelError(f"{odd[0]} is in one of the two models only")
    tables = Tables()
    values: dict[str, np.ndarray] = {}
    for name, new in there.items():
        old = here[name]
        if old.ctype is not new.ctype:
            raise OtherModelError(f"{name} is another kind of component")
        try:
            if new.ctype is pyo.Param:
                values |= _values(source.tables, tables, old, new)
            elif isinstance(old, pyo.Set) or new.ctype in (pyo.Set, pyo.RangeSet, pyo.SetOf):
                if not _same_set(source.tables, tables, old, new):
                    raise OtherModelError(f"set {name} has other members")
            else:
                _insist_on_same(source.tables, tables, old, new)
        except UntemplatedError as error:
            raise OtherModelError(str(error)) from error
    return values


def _components(m: Any) -> Any:
    return (c for c in m.component_objects(descend_into=True) if c.ctype is not pyo.Block)


def _values(old: Tables, new: Tables, was: Any, now: Any) -> dict[str, np.ndarray]:
    if not _same_index(old, new, was, now):
        raise OtherModelError(f"parameter {now.name} has other keys")
    before, after = old.values_of(was), new.values_of(now)
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        return {} if np.array_equal(before, after, equal_nan=True) else {now.name: after}
    if not isinstance(before, list) or before != after:
        raise OtherModelError(f"parameter {now.name} has other words")
    return {}


def _same_set(old: Tables, new: Tables, was: Any, now: Any) -> bool:
    if isinstance(was, TableIndexedSet) and isinstance(now, TableIndexedSet):
        return was.groups.same_as(now.groups)
    if was.is_indexed() or now.is_indexed():
        return {k: list(was[k]) for k in was} == {k: list(now[k]) for k in now}
    return old.of_set(was).same_as(new.of_set(now))


def _same_index(old: Tables, new: Tables, was: Any, now: Any) -> bool:
    return was.is_indexed() == now.is_indexed() and old.index_of(was).same_as(new.index_of(now))


def _insist_on_same(old: Tables, new: Tables, was: Any, now: Any) -> None:
    if not _same_index(old, new, was, now):
        raise OtherModelError(f"{now.name} has other keys")
    if was.active != now.active or _is_altered(was) or _is_altered(now):
        raise OtherModelError(f"entries of {now.name} may have been altered one by one")
    for rule in _RULES:
        if not _equivalent(getattr(was, rule, None), getattr(now, rule, None)):
            raise OtherModelError(f"a rule of {now.name} holds other numbers")


def _is_altered(component: Any) -> bool:
    """True if an entry was fixed, or was made so that it may have been altered."""
    if component.ctype is pyo.Var:
        return any(entry.fixed for entry in component._data.values())
    if component.is_indexed():
        return bool(component._data)
    return isinstance(component._rule, ScalarCallInitializer) and not is_deferred(component)


def _equivalent(a: Any, b: Any) -> bool:
    """True if two values have the same effect inside a rule; False where that is unknown."""
    if a is b:
        return True
    if isinstance(a, ComponentBase):
        return isinstance(b, ComponentBase) and _same_place(a, b)
    if type(a) is not type(b):
        return False
    if isinstance(a, _PLAIN):
        return bool(a == b)
    for kind, compare in _COMPARISONS:
        if isinstance(a, kind):
            return compare(a, b)
    return False


def _same_place(a: Any, b: Any) -> bool:
    """True if two components have the same name, each in its own model."""
    return all(c.parent_block() is not None for c in (a, b)) and a.name == b.name


def _same_function(a: FunctionType, b: FunctionType) -> bool:
    return a.__code__ is b.__code__ and all(
        _equivalent(one, other)
        for one, other in (
            (a.__defaults__, b.__defaults__),
            (a.__kwdefaults__, b.__kwdefaults__),
            (_captured(a), _captured(b)),
        )
    )


def _captured(function: FunctionType) -> tuple[Any, ...]:
    return tuple(cell.cell_contents for cell in function.__closure__ or ())


def _same_initializer(a: Any, b: Any) -> bool:
    slots = [name for kind in type(a).__mro__ for name in getattr(kind, "__slots__", ())]
    return all(_equivalent(getattr(a, name), getattr(b, name)) for name in slots)


def _same_sequence(a: Any, b: Any) -> bool:
    return len(a) == len(b) and all(map(_equivalent, a, b))


def _same_mapping(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> bool:
    return list(a) == list(b) and all(_equivalent(a[key], b[key]) for key in a)


def _same_array(a: np.ndarray, b: np.ndarray) -> bool:
    if object in (a.dtype, b.dtype):
        return a.shape == b.shape and _same_sequence(a.ravel().tolist(), b.ravel().tolist())
    return a.dtype == b.dtype and np.array_equal(a, b)


def _same_series(a: pd.Series, b: pd.Series) -> bool:
    return a.index.equals(b.index) and _same_array(a.to_numpy(), b.to_numpy())


def _same_frame(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    return a.columns.equals(b.columns) and all(_same_series(a[name], b[name]) for name in a)


def _same_partial(a: functools.partial[Any], b: functools.partial[Any]) -> bool:
    return _equivalent((a.func, a.args, a.keywords), (b.func, b.args, b.keywords))


_COMPARISONS: tuple[tuple[Any, Callable[[Any, Any], bool]], ...] = (
    (FunctionType, _same_function),
    (functools.partial, _same_partial),
    (InitializerBase, _same_initializer),
    ((tuple, list), _same_sequence),
    (dict, _same_mapping),
    (np.ndarray, _same_array),
    (pd.Series, _same_series),
    (pd.DataFrame, _same_frame),
    (KeyTable, KeyTable.same_as),
    (Groups, Groups.same_as),
)
