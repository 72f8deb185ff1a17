"""Sets and parameters of a model as arrays, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.set import FiniteRangeSetData, SetProduct

from optalloc.compile.components import TableIndexedSet, TableParam, TableSet
from optalloc.compile.keys import Dimension, Groups, KeyTable

__all__ = ["Tables", "UntemplatedError"]


class UntemplatedError(Exception):
    """A rule that has a template, but that cannot be evaluated for all rows at once."""


class Tables:
    """Index sets, indexed sets and parameters as arrays.

    Parameters
    ----------
    overrides : mapping of str to array, optional
        Values to use in place of those that a parameter holds, by its name, in index order.
    """

    def __init__(self, overrides: Mapping[str, np.ndarray] | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._sets: dict[int, tuple[Any, KeyTable]] = {}
        self._indices: dict[int, tuple[Any, KeyTable]] = {}
        self._groups: dict[int, tuple[Any, Groups]] = {}
        self._params: dict[int, tuple[Any, Any]] = {}

    def with_values(self, overrides: Mapping[str, np.ndarray]) -> Tables:
        """Give the same tables with other values of some parameters."""
        other = Tables(self._overrides | dict(overrides))
        other._sets, other._groups, other._indices = self._sets, self._groups, self._indices
        other._params = {
            key: entry for key, entry in self._params.items() if entry[0].name not in overrides
        }
        return other

    def set_index(self, component: Any, table: KeyTable) -> None:
        """Set the table of a component's index."""
        self._indices[id(component)] = component, table

    def of_set(self, members: Any) -> KeyTable:
        """Members of a set as codes."""
        entry = self._sets.get(id(members))
        if entry is None:
            entry = self._sets[id(members)] = members, self._table(members)
        return entry[1]

    def _table(self, members: Any) -> KeyTable:
        if isinstance(members, TableSet):
            return members.table
        if isinstance(members, SetProduct) and type(members.dimen) is int:
            return KeyTable.product([self.of_set(part) for part in members.subsets()])
        if not members.isfinite() or not isinstance(members.dimen, int):
            if len(members):
                raise UntemplatedError(f"set {members.name} has no fixed dimension")
            return KeyTable([Dimension([])], [np.empty(0, np.int32)])
        if isinstance(members, FiniteRangeSetData) or members.dimen == 1:
            values = list(members)
            return KeyTable([Dimension(values)])
        return KeyTable.of_members(members, members.dimen)

    def index_of(self, component: Any) -> KeyTable:
        """Index of a component as codes; one empty key for a scalar."""
        known = self._indices.get(id(component))
        if known is not None:
            return known[1]
        if not component.is_indexed():
            return KeyTable.scalar()
        members = component.index_set()
        if members.isfinite() and isinstance(members.dimen, int):
            return self.of_set(members)
        keys = list(component.keys())
        arities = {len(key) if isinstance(key, tuple) else 1 for key in keys}
        if len(arities) > 1:
            raise UntemplatedError(f"index of {component.name} has no fixed dimension")
        table = KeyTable.of_members(keys, arities.pop() if arities else 1)
        self.set_index(component, table)
        return table

    def groups_of(self, indexed_set: Any) -> Groups:
        """Members of an indexed set, key after key."""
        if isinstance(indexed_set, TableIndexedSet):
            return indexed_set.groups
        entry = self._groups.get(id(indexed_set))
        if entry is None:
            index = self.index_of(indexed_set)
            sets = {key: indexed_set[key] for key in indexed_set}
            runs = [list(sets[key]) if key in sets else [] for key in index]
            arities = {s.dimen for s in sets.values() if isinstance(s.dimen, int) and len(s)}
            if len(arities) > 1 or any(s.dimen is None for s in sets.values()):
                raise UntemplatedError(f"sets of {indexed_set.name} differ in dimension")
            arity = arities.pop() if arities else 1
            members = KeyTable.of_members([m for run in runs for m in run], arity)
            count = np.array([len(run) for run in runs], dtype=np.int64)
            start = (np.cumsum(count) - count).astype(np.int64)
            absent = np.array([key not in sets for key in index], dtype=bool)
            entry = indexed_set, Groups(index, members, start, np.where(absent, -1, count))
            self._groups[id(indexed_set)] = entry
        return entry[1]

    def values_of(self, param: Any) -> Any:
        """Values of a parameter in the order of its index: an array, or a list if not numbers.

        An entry without a value is NaN.
        """
        entry = self._params.get(id(param))
        if entry is None:
            entry = self._params[id(param)] = param, self._values(param)
        return entry[1]

    def _values(self, param: Any) -> Any:
        if param.name in self._overrides:
            return np.asarray(self._overrides[param.name], dtype=float)
        if isinstance(param, TableParam):
            return param.array
        if not param.is_indexed():
            return np.array([pyo.value(param)], dtype=float)
        known = param.extract_values()
        found = [known.get(key) for key in self.index_of(param)]
        if any(isinstance(v, (str, tuple)) for v in found):
            return found
        numbers = [np.nan if v is None or v is pyo.Param.NoValue else pyo.value(v) for v in found]
        return np.array(numbers, dtype=float)
