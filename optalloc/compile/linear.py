"""Linear expressions for all rows of a frame at once: a constant per row, and terms as triplets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from optalloc.compile.keys import Coded, KeyTable
from optalloc.compile.tables import UntemplatedError
from optalloc.errors import ModelError

__all__ = ["Frame", "Linear", "NonLinearError", "Spanning", "Term", "Variables", "runs", "summed"]


class NonLinearError(ModelError):
    """A term that is not linear."""


class Variables(Protocol):
    """Places of variables among the columns."""

    def columns_of(self, component: Any, positions: np.ndarray) -> np.ndarray:
        """Column of each entry of a variable, by its position in the index."""

    def fixed_of(self, component: Any, positions: np.ndarray) -> np.ndarray | None:
        """Value at which each entry is fixed, NaN where it is free; None if all are free."""


@dataclass(frozen=True)
class Term:
    """Coefficients of columns; ``rows`` is None where there is one for every row, in order."""

    rows: np.ndarray | None
    columns: np.ndarray
    coefficients: Any

    def row_numbers(self) -> np.ndarray:
        """Row of each coefficient."""
        if self.rows is None:
            return np.arange(len(self.columns), dtype=np.int32)
        return self.rows

    def scaled(self, factor: Any) -> Term:
        """Multiply row by row."""
        if isinstance(factor, np.ndarray) and self.rows is not None:
            factor = factor[self.rows]
        return Term(self.rows, self.columns, self.coefficients * factor)


@dataclass(frozen=True)
class Linear:
    """A linear expression for every row of a frame."""

    constant: Any
    terms: tuple[Term, ...] = ()

    def __add__(self, other: Linear) -> Linear:
        return Linear(self.constant + other.constant, self.terms + other.terms)

    def scaled(self, factor: Any) -> Linear:
        """Multiply row by row."""
        zero = not isinstance(self.constant, np.ndarray) and self.constant == 0.0
        constant = 0.0 if zero else self.constant * factor
        return Linear(constant, tuple(term.scaled(factor) for term in self.terms))


class Frame:
    """Rows over which a template is evaluated, with the codes of each symbol."""

    def __init__(
        self,
        rows: int,
        own: dict[int, Coded] | None = None,
        parent: Frame | None = None,
        pointer: np.ndarray | None = None,
    ) -> None:
        self.rows, self._own, self._parent, self.pointer = rows, own or {}, parent, pointer

    @staticmethod
    def of_index(table: KeyTable, indices: Sequence[Any]) -> Frame:
        """Rows of an index set, its places bound to the symbols of a template."""
        own = {id(symbol): table.column(place) for place, symbol in enumerate(indices)}
        return Frame(len(table), own)

    def column(self, symbol: Any) -> Coded:
        """Dimension and codes of a symbol."""
        found = self._own.get(id(symbol))
        if found is None:
            if self._parent is None:
                raise UntemplatedError(f"index {symbol} comes from outside the rule")
            dimension, codes = self._parent.column(symbol)
            if isinstance(codes, np.ndarray) and codes.ndim and self.pointer is not None:
                codes = codes[self.pointer]
            found = self._own[id(symbol)] = dimension, codes
        return found


class Spanning(Frame):
    """The innermost frame of nested sums, pointing past the frames between."""

    def __init__(self, inner: Frame, pointer: np.ndarray) -> None:
        super().__init__(inner.rows, parent=inner, pointer=None)
        self.span = pointer


def summed(values: Any, inner: Spanning, frame: Frame) -> Any:
    """Add up the terms of sums, row by row of the frame that they belong to."""
    if not isinstance(values, np.ndarray) and values == 0.0:
        return 0.0
    weights = np.broadcast_to(np.asarray(values, dtype=float), (inner.rows,))
    return np.bincount(inner.span, weights=weights, minlength=frame.rows)


def runs(start: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write out runs of numbers one after the other: the run of each, and the number."""
    pointer = np.repeat(np.arange(len(count), dtype=np.int32), count)
    ends = np.cumsum(count)
    first = (ends - count - start).astype(np.int32)
    return pointer, np.arange(len(pointer), dtype=np.int32) - np.repeat(first, count)
