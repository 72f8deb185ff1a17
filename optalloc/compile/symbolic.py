"""Algebra over index symbols: results of a rule that is called once for all keys.

`Symbol` stands for one place of a key, `Item` for an entry of a component at symbolic places, and
`Total` for a sum over the members of a set. Pyomo's own templates replace ``sum`` and the
iteration of sets in the whole process; here a sum is recognised by its addition alone (`sums.py`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from pyomo.common.errors import TemplateExpressionError
from pyomo.core.expr.numvalue import native_numeric_types, native_types

__all__ = [
    "Absolute",
    "Addition",
    "Division",
    "Item",
    "Loop",
    "Negation",
    "Node",
    "OpenLoop",
    "Power",
    "Product",
    "Relation",
    "Symbol",
    "Total",
    "Trace",
    "has_symbols",
    "places_of",
    "trace_of",
]


class Trace:
    """Record of one call of a rule with symbols: its open loops and plainly read parameters."""

    def __init__(self) -> None:
        self.plain: set[str] = set()
        self.open: list[OpenLoop] = []
        self._symbols = 0

    def symbols(self, count: int) -> tuple[Symbol, ...]:
        """Make new symbols, one per place of a key."""
        self._symbols += count
        return tuple(Symbol(self, f"i{self._symbols - count + k + 1}") for k in range(count))

    def addition(self, left: Any, right: Any, frame: FrameType) -> Any:
        """Add two terms, and note it for the loops whose generator that frame iterates."""
        if right.__class__ in native_numeric_types and right == 0:
            return left
        node = Addition(self, left, right)
        for loop in self.open:
            if loop.caller == id(frame):
                loop.additions.append(node)
        return node

    def insist_on_closed(self) -> None:
        """Refuse a rule that left a set before its end."""
        if self.open:
            raise TemplateExpressionError(
                None, f"the rule goes through {self.open[0].loop.members} other than in a sum"
            )


class Node:
    """Expression in symbols. Pyomo's own expressions take it for a leaf."""

    __slots__ = ("trace", "varies")
    # NumPy leaves operations with its numbers to this class.
    __array_ufunc__ = None

    def __init__(self, trace: Trace, *parts: Any) -> None:
        self.trace = trace
        self.varies = any(_varies(part) for part in parts)

    def parts(self) -> tuple[Any, ...]:
        """Operands, or places of an item."""
        return ()

    def is_numeric_type(self) -> bool:
        """State, as of every Pyomo expression, that it stands for a number."""
        return True

    def is_expression_type(self, _system: Any = None) -> bool:
        """State that Pyomo need not look into it."""
        return False

    def is_variable_type(self) -> bool:
        """State that it is not a variable itself."""
        return False

    def is_potentially_variable(self) -> bool:
        """State that it may hold variables; ``varies`` is True if it does."""
        return True

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Refuse to have a value."""
        raise TemplateExpressionError(self, f"the rule asks for the value of {self}")

    def __bool__(self) -> bool:
        raise TemplateExpressionError(self, f"the rule branches on {self}")

    def __add__(self, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return self.trace.addition(self, other, sys._getframe(1))

    def __radd__(self, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return self.trace.addition(other, self, sys._getframe(1))

    def __sub__(self, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return Addition(self.trace, self, -other)

    def __rsub__(self, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return Addition(self.trace, other, Negation(self.trace, self))

    def __mul__(self, other: Any) -> Any:
        return self._times(self, other, other)

    def __rmul__(self, other: Any) -> Any:
        return self._times(other, self, other)

    def _times(self, left: Any, right: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        if other.__class__ in native_numeric_types:
            if other == 0:
                return 0
            if other == 1:
                return self
        return Product(self.trace, left, right)

    def __truediv__(self, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        if other.__class__ in native_numeric_types and other == 1:
            return self
        return Division(self.trace, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return Division(self.trace, other, self) if _is_operand(other) else NotImplemented

    def __pow__(self, other: Any) -> Any:
        return Power(self.trace, self, other) if _is_operand(other) else NotImplemented

    def __rpow__(self, other: Any) -> Any:
        return Power(self.trace, other, self) if _is_operand(other) else NotImplemented

    def __neg__(self) -> Any:
        return Negation(self.trace, self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return Absolute(self.trace, self)

    def __le__(self, other: Any) -> Any:
        return self._related(self, other, other, equal=False)

    def __ge__(self, other: Any) -> Any:
        return self._related(other, self, other, equal=False)

    def __eq__(self, other: object) -> Any:
        return self._related(self, other, other, equal=True)

    def __ne__(self, other: object) -> Any:
        raise self._compared(other)

    def __lt__(self, other: Any) -> Any:
        raise self._compared(other)

    def __gt__(self, other: Any) -> Any:
        raise self._compared(other)

    # Python would look for a symbol by identity, and find it nowhere.
    __hash__ = None  # type: ignore[assignment]

    def _related(self, left: Any, right: Any, other: Any, *, equal: bool) -> Any:
        if isinstance(other, (Symbol, str, tuple)) or not _is_operand(other):
            raise self._compared(other)
        return Relation(left, right, equal=equal)

    def _compared(self, other: Any) -> TemplateExpressionError:
        return TemplateExpressionError(
            self, f"the rule compares the index or value {self} with {other}"
        )

    def __str__(self) -> str:
        return f"{type(self).__name__.lower()}({', '.join(str(part) for part in self.parts())})"


class Symbol(Node):
    """One place of a key."""

    __slots__ = ("name",)

    def __init__(self, trace: Trace, name: str) -> None:
        super().__init__(trace)
        self.name = name

    def _related(self, left: Any, right: Any, other: Any, *, equal: bool) -> Any:
        if other.__class__ in native_types:
            raise self._compared(other)
        return super()._related(left, right, other, equal=equal)

    def __str__(self) -> str:
        return self.name


class Item(Node):
    """Entry of a component at places of which some are symbols; no places for a scalar."""

    __slots__ = ("component", "places")

    def __init__(
        self, trace: Trace, component: Any, places: tuple[Any, ...], *, varies: bool
    ) -> None:
        self.trace, self.component, self.places, self.varies = trace, component, places, varies

    def parts(self) -> tuple[Any, ...]:
        """Places of the key."""
        return self.places

    def __str__(self) -> str:
        return f"{self.component.name}[{','.join(str(place) for place in self.places)}]"


class _Binary(Node):
    __slots__ = ("left", "right")

    def __init__(self, trace: Trace, left: Any, right: Any) -> None:
        super().__init__(trace, left, right)
        self.left, self.right = left, right

    def parts(self) -> tuple[Any, ...]:
        """Both operands."""
        return self.left, self.right


class Addition(_Binary):
    """Two terms; the right one becomes a `Total` where a generator turns out to have ended."""

    __slots__ = ()

    def parts(self) -> tuple[Any, ...]:
        """All terms of a chain of additions, in their order."""
        found: list[Any] = []
        node: Any = self
        while isinstance(node, Addition):
            found.append(node.right)
            node = node.left
        return (node, *reversed(found))


class Product(_Binary):
    """Two factors."""

    __slots__ = ()


class Division(_Binary):
    """Numerator and denominator."""

    __slots__ = ()


class Power(_Binary):
    """Base and exponent."""

    __slots__ = ()


class _Unary(Node):
    __slots__ = ("inner",)

    def __init__(self, trace: Trace, inner: Any) -> None:
        super().__init__(trace, inner)
        self.inner = inner

    def parts(self) -> tuple[Any, ...]:
        """The operand."""
        return (self.inner,)


class Negation(_Unary):
    """An expression with its sign turned."""

    __slots__ = ()


class Absolute(_Unary):
    """Absolute value."""

    __slots__ = ()


class Loop:
    """Symbols that run over the members of a set, or of an indexed set at some symbolic key."""

    __slots__ = ("members", "symbols")

    def __init__(self, members: Any, symbols: tuple[Symbol, ...]) -> None:
        self.members, self.symbols = members, symbols


@dataclass(eq=False)
class OpenLoop:
    """A loop whose generator has not ended: who iterates it, and what that frame added since."""

    loop: Loop
    caller: int
    additions: list[Addition] = field(default_factory=list)


class Total(Node):
    """Sum of a term over loops, the last running fastest."""

    __slots__ = ("generator", "loops", "term")

    def __init__(self, term: Any, loops: tuple[Loop, ...], trace: Trace, generator: int) -> None:
        super().__init__(trace, term)
        self.term, self.loops, self.generator = term, loops, generator

    def parts(self) -> tuple[Any, ...]:
        """The term, and the keys at which indexed sets are looked up."""
        return (self.term, *(loop.members for loop in self.loops if isinstance(loop.members, Item)))


class Relation:
    """Lesser and greater side of a limit, or both sides of an equality."""

    __slots__ = ("equal", "left", "right")

    def __init__(self, left: Any, right: Any, *, equal: bool) -> None:
        self.left, self.right, self.equal = left, right, equal

    def parts(self) -> tuple[Any, ...]:
        """Both sides."""
        return self.left, self.right

    def __bool__(self) -> bool:
        raise TemplateExpressionError(None, f"the rule branches on {self}")

    def __str__(self) -> str:
        return f"{self.left} {'==' if self.equal else '<='} {self.right}"


def _is_operand(thing: Any) -> bool:
    if thing.__class__ in native_types:
        return thing.__class__ in native_numeric_types
    return bool(getattr(thing, "is_numeric_type", bool)())


def _varies(part: Any) -> bool:
    if isinstance(part, Node):
        return part.varies
    return part.__class__ not in native_types and bool(part.is_potentially_variable())


def places_of(key: Any) -> tuple[Any, ...]:
    """Places of a key, tuples within it laid out flat as Pyomo does."""
    if not isinstance(key, tuple):
        return (key,)
    if not any(isinstance(place, tuple) for place in key):
        return key
    return tuple(inner for place in key for inner in places_of(place))


def trace_of(key: Any) -> Trace | None:
    """Trace of the first symbol in a key; None if it has none."""
    if isinstance(key, Node):
        return key.trace
    if isinstance(key, tuple):
        for place in key:
            found = trace_of(place)
            if found is not None:
                return found
    return None


def has_symbols(key: Any) -> bool:
    """Report whether a key has a symbolic place."""
    return trace_of(key) is not None
