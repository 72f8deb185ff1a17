"""A model as a rule sees it: with symbols in place of members, or with a few members of each set.

A rule reaches the model through its first argument. The view that is passed in place of the block
gives, for each component, the object that the purpose needs; the model itself is not changed. A set
that a rule reaches in another way is iterated as it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import TemplateExpressionError
from pyomo.core.base.block import Block, BlockData
from pyomo.core.base.component import Component
from pyomo.core.base.set import SetData
from pyomo.core.expr.numvalue import native_types

from optalloc.compile.components import TableIndexedSet, TableSet, item_of
from optalloc.compile.sums import iterated
from optalloc.compile.symbolic import Item, Trace, has_symbols, places_of

__all__ = ["SAMPLED_MEMBERS", "Sampled", "Symbolic", "picked"]

SAMPLED_MEMBERS = 4


def picked(count: int, most: int) -> np.ndarray:
    """Positions of at most so many members, first and last among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).astype(np.int64))


class _View(ABC):
    """A purpose for which a rule is called."""

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}

    def of(self, thing: Any) -> Any:
        """Give the substitute of a part of a model; anything else is given as it is."""
        if isinstance(thing, BlockData):
            return self._blocks.setdefault(id(thing), _Block(self, thing))
        if isinstance(thing, SetData):
            return _Members(self, thing)
        if not isinstance(thing, Component):
            return thing
        if not thing.is_indexed():
            return self.scalar(thing)
        return _Indexed(self, thing)

    @abstractmethod
    def scalar(self, component: Any) -> Any:
        """Give a component without an index."""

    @abstractmethod
    def entry(self, component: Any, key: Any) -> Any:
        """Give an entry of an indexed component."""

    @abstractmethod
    def members(self, members: Any) -> Iterator[Any]:
        """Iterate over a set."""


class Symbolic(_View):
    """Symbols in place of keys and members."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace

    def scalar(self, component: Any) -> Any:
        """Give a symbolic item, or an immutable parameter as it is."""
        found = item_of(self.trace, component, ())
        return component if found is None else found

    def entry(self, component: Any, key: Any) -> Any:
        """Give a symbolic item; a plain number only where an immutable parameter has one."""
        symbols = has_symbols(key)
        if component.ctype is pyo.Set:
            found = Item(self.trace, component, places_of(key), varies=False) if symbols else None
            return _Members(self, component[key] if found is None else found)
        if component.ctype is Block and not symbols:
            return self.of(component[key])
        if component.ctype is pyo.Param and not symbols:
            found = component[key]
            if found.__class__ in native_types:
                self.trace.plain.add(component.name)
                return found
        item = item_of(self.trace, component, places_of(key))
        if item is None or any(place is ... or isinstance(place, slice) for place in item.places):
            raise TemplateExpressionError(None, f"the rule looks up {component.name} by {key}")
        return item

    def members(self, members: Any) -> Iterator[Any]:
        """Iterate over a set once, with symbols."""
        arity = _arity(members)
        if arity is None:
            raise TemplateExpressionError(None, f"{members} has no fixed dimension")
        return iterated(self.trace, members, arity)


class Sampled(_View):
    """A few members of each set."""

    def scalar(self, component: Any) -> Any:
        """Give the component itself."""
        return component

    def entry(self, component: Any, key: Any) -> Any:
        """Give the entry itself; of a deferred expression the result of its rule, not kept."""
        if getattr(component, "deferred", False) and component.ctype is pyo.Expression:
            return component._rule(self.of(component.parent_block()), key)
        found = component[key]
        return self.of(found) if component.ctype in (pyo.Set, Block) else found

    def members(self, members: Any) -> Iterator[Any]:
        """Iterate over few members, the first and the last among them."""
        every: Any = members.table if isinstance(members, TableSet) else list(members)
        return iter([every[int(at)] for at in picked(len(every), SAMPLED_MEMBERS)])


def _arity(members: Any) -> int | None:
    """Places of a member; None where it is unknown."""
    if isinstance(members, Item):
        if isinstance(members.component, TableIndexedSet):
            return members.component.groups.members.arity
        known = (inner.dimen for inner in members.component.values())
        return next((dimen for dimen in known if isinstance(dimen, int)), None)
    return members.dimen if isinstance(members.dimen, int) else None


class _Seen:
    """Stands for a part of a model; what it does not know is asked of the part."""

    def __init__(self, view: _View, part: Any) -> None:
        self._view, self._part = view, part

    def __str__(self) -> str:
        return str(self._part)


class _Block(_Seen):
    """A block, its components seen likewise."""

    def __getattr__(self, name: str) -> Any:
        found = self._view.of(getattr(self._part, name))
        # A rule asks for the same components again and again.
        self.__dict__[name] = found
        return found

    def component(self, name: str) -> Any:
        """Component of that name; None if there is none."""
        return getattr(self, name) if self._part.component(name) is not None else None

    def find_component(self, name: Any) -> Any:
        """Component of that name, in blocks too; None if there is none."""
        return self._view.of(self._part.find_component(name))

    def model(self) -> Any:
        """Model that the block belongs to."""
        return self._view.of(self._part.model())

    def parent_block(self) -> Any:
        """Block around it."""
        return self._view.of(self._part.parent_block())


class _Members(_Seen):
    """A set, or the set that an indexed set has at a symbolic key."""

    def __iter__(self) -> Iterator[Any]:
        return self._view.members(self._part)

    def __len__(self) -> int:
        self._insist_on_known()
        return len(self._part)

    def __contains__(self, key: Any) -> bool:
        self._insist_on_known()
        if has_symbols(key):
            raise TemplateExpressionError(None, f"the rule asks whether a key is in {self._part}")
        return key in self._part

    def __getattr__(self, name: str) -> Any:
        self._insist_on_known()
        return getattr(self._part, name)

    def _insist_on_known(self) -> None:
        if isinstance(self._part, Item):
            raise TemplateExpressionError(self._part, f"the rule looks into {self._part}")


class _Indexed(_Seen):
    """An indexed component."""

    def __getitem__(self, key: Any) -> Any:
        return self._view.entry(self._part, key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())

    def __contains__(self, key: Any) -> bool:
        return key in self._keys()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)

    def index_set(self) -> Any:
        """Index, gone through like any set."""
        return self._view.of(self._part.index_set())

    def keys(self) -> Iterator[Any]:
        """Go through the keys of all entries."""
        return iter(self)

    def values(self) -> Iterator[Any]:
        """Go through all entries."""
        return (self[key] for key in self._keys())

    def items(self) -> Iterator[Any]:
        """Go through all keys and entries."""
        return ((key, self[key]) for key in self._keys())

    def _keys(self) -> Any:
        part = self._part
        if not getattr(part, "deferred", False) and len(part) != len(part.index_set()):
            raise TemplateExpressionError(None, f"{part.name} has no entry for some keys")
        return self.index_set()
