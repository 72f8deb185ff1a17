"""Pyomo sets and parameters backed by arrays, whose members are made on first access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.indexed_component import IndexedComponent
from pyomo.core.base.param import IndexedParam
from pyomo.core.base.set import IndexedSet, InsertionOrderSetData, OrderedSetOf

from optalloc.compile.keys import Groups, KeyTable
from optalloc.compile.symbolic import Item, Trace, places_of, trace_of

__all__ = ["OnDemand", "TableIndexedSet", "TableParam", "TableSet", "item_of"]


def item_of(trace: Trace, component: Any, places: tuple[Any, ...]) -> Item | None:
    """Entry of a variable, expression or parameter at symbolic places.

    None for anything else, and for a scalar parameter that is an ordinary number.
    """
    kind = component.ctype
    if kind is pyo.Param and (component.is_indexed() or component.mutable):
        return Item(trace, component, places, varies=False)
    if kind in (pyo.Var, pyo.Expression):
        return Item(trace, component, places, varies=True)
    return None


class OnDemand(IndexedComponent):  # type: ignore[misc]
    """Mixin of an indexed Pyomo component: members are made on first access.

    Iteration gives all members, as of an ordinary component. With ``deferred`` False all members
    have been made.
    """

    deferred = False
    _data: dict[Any, Any]

    def fill(self) -> None:
        """Make all members, in the order of the index."""
        made = self._data
        if not self.deferred or len(made) == len(self._index_set):
            return
        for index in self._index_set:
            if index not in made:
                self._make(index)
        self._data = {index: made[index] for index in self._index_set if index in made}

    def _make(self, index: Any) -> None:
        self._getitem_when_not_present(index)

    def keys(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Iterate over the keys of all members."""
        self.fill()
        return super().keys(*args, **options)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        self.fill()
        return len(self._data)

    def __contains__(self, index: Any) -> bool:
        self.fill()
        return index in self._data

    def __getitem__(self, index: Any) -> Any:
        trace = trace_of(index)
        found = None if trace is None else item_of(trace, self, places_of(index))
        return super().__getitem__(index) if found is None else found


class TableSet(OrderedSetOf):  # type: ignore[misc]
    """Ordered Pyomo Set whose members are the rows of a KeyTable."""

    def __init__(self, table: KeyTable, **options: Any) -> None:
        options.setdefault("ctype", pyo.Set)
        super().__init__(table, **options)

    @property
    def table(self) -> KeyTable:
        """Members as codes."""
        table: KeyTable = self._ref
        return table

    @property
    def dimen(self) -> int:
        """Places of a member."""
        return self.table.arity


class TableIndexedSet(OnDemand, IndexedSet):  # type: ignore[misc]
    """Pyomo indexed Set over Groups: every key of the index has a set, which may be empty."""

    deferred = True

    def __init__(self, index: Any, groups: Groups, **options: Any) -> None:
        self.groups = groups
        self._ComponentDataClass = InsertionOrderSetData
        super().__init__(index, initialize=self._members_of, dimen=groups.members.arity, **options)

    def _members_of(self, _block: Any, *key: Any) -> list[Any]:
        position = self.groups.index.position(key if len(key) > 1 else key[0])
        return list(self.groups.group(position))

    def construct(self, data: Any = None) -> None:
        """Make no set: each is made on first access."""
        self._constructed = True


class TableParam(IndexedParam):  # type: ignore[misc]
    """Pyomo Param whose values are an array in the order of its index; not mutable."""

    def __init__(self, index: Any, values: np.ndarray, **options: Any) -> None:
        self.array = np.asarray(values, dtype=float)
        super().__init__(index, within=pyo.Reals, mutable=False, **options)
        if len(self.array) != len(index):
            raise ValueError(f"{len(self.array)} values for {len(index)} keys")

    def construct(self, data: Any = None) -> None:
        """Copy no value out of the array."""
        self._constructed = True

    def __getitem__(self, index: Any) -> Any:
        trace = trace_of(index)
        if trace is not None:
            return item_of(trace, self, places_of(index))
        return super().__getitem__(index)

    def _getitem_when_not_present(self, index: Any) -> float:
        return float(self.array[self._index_set.table.position(index)])

    def __len__(self) -> int:
        return len(self.array)

    def __contains__(self, index: Any) -> bool:
        return index in self._index_set
