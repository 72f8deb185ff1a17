"""Index sets as integer-coded tables, on which templates are evaluated.

A `Dimension` is the list of distinct values in one place of a key; a `KeyTable` holds, for every
member of a set, one small integer per place. Looking up a million keys is then arithmetic.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Coded", "Dimension", "Groups", "KeyTable"]

# Beyond this many combinations keys are looked up by the members themselves.
_MOST_COMBINATIONS = 2**62
_DENSE_PER_MEMBER = 8
_BLANK = object()


class Dimension:
    """The distinct values of one place of a key, each with its code.

    Parameters
    ----------
    values : sequence
    dtype : numpy or pandas dtype
        Of a column of a frame with these values.
    """

    def __init__(self, values: Sequence[Any], dtype: Any = object) -> None:
        self.values, self.dtype = values, dtype

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def codes(self) -> dict[Hashable, int]:
        """Code of each value."""
        return {value: code for code, value in enumerate(self.values)}

    def recode(self, other: Dimension) -> np.ndarray:
        """Give, for each own code, the other dimension's code of the same value, or -1."""
        find = other.codes.get
        return np.fromiter((find(v, -1) for v in self.values), dtype=np.int32, count=len(self))

    @cached_property
    def numbers(self) -> np.ndarray:
        """Values as numbers, for arithmetic on an index; TypeError if one is not a number."""
        if not all(isinstance(v, (int, float, np.number)) for v in self.values):
            raise TypeError("arithmetic on an index that is not a number")
        return np.asarray(self.values)


# A column of keys: its dimension and a code per row (or one code for all rows).
Coded = tuple[Dimension, Any]


class KeyTable(Sequence[Any]):
    """Members of a set, in order, as codes; a sequence of scalars or tuples when read.

    Parameters
    ----------
    dimensions : sequence of Dimension
    codes : sequence of numpy.ndarray, optional
        One integer array of equal length per dimension; without it the table is the full product
        of its dimensions, in lexicographic order.
    length : int, optional
        Number of members of a table without dimensions (the index of a scalar: 1).
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        codes: Sequence[np.ndarray] | None = None,
        length: int | None = None,
    ) -> None:
        self.dimensions = tuple(dimensions)
        self.is_product = codes is None
        self._codes: list[np.ndarray | None] = list(codes) if codes else [None] * len(dimensions)
        sizes = [len(d) for d in self.dimensions]
        self.combinations = 1
        for size in sizes:
            self.combinations *= size
        self._strides = np.ones(len(sizes), dtype=object)
        for place in range(len(sizes) - 2, -1, -1):
            self._strides[place] = self._strides[place + 1] * sizes[place + 1]
        if length is not None:
            self._length = length
        else:
            self._length = len(codes[0]) if codes else self.combinations

    @staticmethod
    def scalar() -> KeyTable:
        """The index of a component that has none: one member, an empty key."""
        return KeyTable((), length=1)

    @staticmethod
    def of_members(members: Iterable[Any], arity: int) -> KeyTable:
        """Code the members of a set: scalars for one dimension, tuples for several."""
        members = list(members)
        columns = [members] if arity == 1 else list(zip(*members, strict=True)) or [()] * arity
        coded = [_factorized(column) for column in columns]
        return KeyTable([d for d, _ in coded], [c for _, c in coded])

    @staticmethod
    def of_frame(frame: pd.DataFrame, names: Sequence[str] | None = None) -> KeyTable:
        """Code the rows of a frame, or of these columns of it; a blank has code -1.

        Categorical columns cost nothing.
        """
        columns = [frame[name] for name in (frame.columns if names is None else names)]
        # Many tables have no row, where a model has no data of a kind.
        if not len(frame):
            nothing = np.empty(0, dtype=np.int32)
            empty = [Dimension([], column.dtype) for column in columns]
            return KeyTable(empty, [nothing] * len(empty))
        dimensions, codes = [], []
        for column in columns:
            if isinstance(column.dtype, pd.CategoricalDtype):
                values = column.cat.categories
                dimensions.append(Dimension(values.tolist(), values.dtype))
                codes.append(column.cat.codes.to_numpy().astype(np.int32))
            else:
                found, distinct = pd.factorize(column)
                dimensions.append(Dimension(distinct.tolist(), column.dtype))
                codes.append(found.astype(np.int32))
        return KeyTable(dimensions, codes)

    @staticmethod
    def of_index(index: pd.Index) -> KeyTable:
        """Code the labels of rows, which have one place or the levels of a MultiIndex."""
        if not isinstance(index, pd.MultiIndex):
            return KeyTable.of_frame(index.to_frame(index=False))
        levels = [Dimension(level.tolist(), level.dtype) for level in index.levels]
        return KeyTable(levels, [np.asarray(codes, dtype=np.int32) for codes in index.codes])

    @staticmethod
    def product(tables: Sequence[KeyTable]) -> KeyTable:
        """Cartesian product, the last table running fastest."""
        dimensions = [d for table in tables for d in table.dimensions]
        if all(table.is_product for table in tables):
            return KeyTable(dimensions)
        total, codes, inner = 1, [], 1
        for table in tables:
            total *= len(table)
        inner = total
        for table in tables:
            inner //= max(len(table), 1)
            position = (np.arange(total) // max(inner, 1)) % max(len(table), 1)
            codes += [table.codes(d)[position] for d in range(len(table.dimensions))]
        return KeyTable(dimensions, codes)

    def __len__(self) -> int:
        return self._length

    @property
    def arity(self) -> int:
        """Number of places of a key."""
        return len(self.dimensions)

    @property
    def has_blanks(self) -> bool:
        """True if a member has a blank in some place."""
        return not self.is_product and any((self.codes(k) < 0).any() for k in range(self.arity))

    def codes(self, place: int) -> np.ndarray:
        """Codes of all members in one place."""
        found = self._codes[place]
        if found is None:
            size, stride = len(self.dimensions[place]), int(self._strides[place])
            outer = self._length // max(size * stride, 1)
            found = np.tile(np.repeat(np.arange(size, dtype=np.int32), stride), outer)
            self._codes[place] = found
        return found

    def column(self, place: int) -> Coded:
        """Dimension and codes of one place."""
        return self.dimensions[place], self.codes(place)

    def positions(self, columns: Sequence[Coded], rows: int) -> np.ndarray:
        """Position of each row's key among the members, -1 where it is not one or has a blank.

        Parameters
        ----------
        columns : sequence of Coded
            One per place, each with `rows` codes or a single one.
        rows : int
        """
        if not self.arity:
            return np.zeros(rows, dtype=np.int32)
        if rows == self._length and all(
            dimension is own and codes is held
            for (dimension, codes), own, held in zip(
                columns, self.dimensions, self._codes, strict=True
            )
        ):
            return np.arange(rows, dtype=np.int32)
        if self.combinations >= _MOST_COMBINATIONS:
            return self._positions_by_member(columns, rows)
        # Half the memory where the numbers are small.
        kind: Any = np.int32 if self.combinations < 2**31 else np.int64
        flat: Any = kind(0)
        missing: Any = None
        for (dimension, codes), own, stride in zip(
            columns, self.dimensions, self._strides, strict=True
        ):
            local = codes
            if np.size(codes) and np.min(codes) < 0:
                # As an index -1 would be the last value.
                blank = np.asarray(codes) < 0
                missing = blank if missing is None else missing | blank
                local = codes = np.maximum(codes, 0)
            table = None if dimension is own else dimension.recode(own)
            if table is not None and not np.array_equal(table, np.arange(len(table))):
                if len(table) and table.min() < 0:
                    lost = table[codes] < 0
                    missing = lost if missing is None else missing | lost
                    table = np.maximum(table, 0)
                local = table[codes] if len(table) else np.zeros(rows, dtype=kind)
            flat = flat + np.asarray(local, dtype=kind) * kind(stride)
        flat = np.broadcast_to(flat, (rows,))
        found = flat if self._is_in_order else self._found(flat)
        return found if missing is None else np.where(missing, -1, found)

    @cached_property
    def _is_in_order(self) -> bool:
        """True if the members are all combinations, the last place running fastest."""
        if self.is_product or self._length != self.combinations:
            return self.is_product
        return bool(np.array_equal(self._flat, np.arange(self._length)))

    def _found(self, flat: np.ndarray) -> np.ndarray:
        if not self._length:
            return np.full(len(flat), -1, dtype=np.int32)
        if self._dense is not None:
            return np.asarray(self._dense[flat])
        order, keys = self._sorted
        at = np.minimum(np.searchsorted(keys, flat), self._length - 1)
        return np.where(keys[at] == flat, order[at], -1)

    @cached_property
    def _flat(self) -> np.ndarray:
        kind: Any = np.int32 if self.combinations < 2**31 else np.int64
        flat: np.ndarray = np.zeros(self._length, dtype=kind)
        for place, stride in enumerate(self._strides):
            flat += self.codes(place).astype(kind, copy=False) * kind(stride)
        return flat

    def has_repeats(self) -> bool:
        """True if a member is there twice."""
        if self._is_in_order:
            return False
        if self.combinations >= _MOST_COMBINATIONS:
            return len(self._by_member) < self._length
        if self._dense is not None:
            return int((self._dense >= 0).sum()) < self._length
        return bool((np.diff(self._sorted[1]) == 0).any())

    @cached_property
    def _dense(self) -> np.ndarray | None:
        if self.combinations > max(_DENSE_PER_MEMBER * self._length, 65536):
            return None
        table = np.full(self.combinations, -1, dtype=np.int32)
        table[self._flat] = np.arange(self._length, dtype=np.int32)
        return table

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self._flat, kind="stable")
        return order, self._flat[order]

    def _positions_by_member(self, columns: Sequence[Coded], rows: int) -> np.ndarray:
        wide = [
            np.broadcast_to(
                # The blank that is appended is no value of a member.
                np.asarray([*dimension.values, _BLANK], dtype=object)[codes],
                (rows,),
            ).tolist()
            for dimension, codes in columns
        ]
        find = self._by_member.get
        return np.fromiter((find(key, -1) for key in zip(*wide, strict=True)), np.int64, rows)

    @cached_property
    def _by_member(self) -> dict[Any, int]:
        wide = [self.values(place) for place in range(self.arity)]
        return {key: position for position, key in enumerate(zip(*wide, strict=True))}

    def position(self, key: Any) -> int:
        """Position of one key, a scalar or a tuple, or -1."""
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) != self.arity:
            return -1
        found = [d.codes.get(part, -1) for d, part in zip(self.dimensions, parts, strict=True)]
        if -1 in found:
            return -1
        if self.combinations >= _MOST_COMBINATIONS:
            return self._by_member.get(parts, -1)
        flat = sum(code * stride for code, stride in zip(found, self._strides, strict=True))
        return int(flat) if self._is_in_order else int(self._found(np.array([flat]))[0])

    def values(self, place: int) -> list[Any]:
        """Values of all members in one place."""
        values = self.dimensions[place].values
        return [values[code] for code in self.codes(place).tolist()]

    def frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Members as a frame with these columns, of the dtypes of their dimensions."""
        columns = {}
        for place, name in enumerate(names):
            values = pd.Series(self.dimensions[place].values, dtype=self.dimensions[place].dtype)
            columns[name] = values.array[self.codes(place)]
        frame = pd.DataFrame(columns, index=pd.RangeIndex(self._length))
        frame.columns = pd.Index(names, dtype=object)
        return frame

    def key(self, position: int) -> Any:
        """Member at a position: a tuple for several dimensions, None for an empty key."""
        if not self.arity:
            return None
        if self.is_product:
            codes = [
                position // int(stride) % len(d)
                for stride, d in zip(self._strides, self.dimensions, strict=True)
            ]
        else:
            codes = [int(self.codes(place)[position]) for place in range(self.arity)]
        parts = tuple(d.values[c] for d, c in zip(self.dimensions, codes, strict=True))
        return parts[0] if self.arity == 1 else parts

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self.key(at) for at in range(*position.indices(self._length))]
        if not -self._length <= position < self._length:
            raise IndexError(position)
        return self.key(position % self._length)

    def __iter__(self) -> Iterator[Any]:
        if self.arity == 1:
            return iter(self.values(0))
        wide = [self.values(place) for place in range(self.arity)]
        return iter(zip(*wide, strict=True)) if wide else iter([None] * self._length)

    def __contains__(self, key: object) -> bool:
        return self.position(key) >= 0

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Position of a member; ValueError if it is none."""
        found = self.position(value)
        if found < start or (stop is not None and found >= stop):
            raise ValueError(f"{value!r} is not a member")
        return found

    def same_as(self, other: KeyTable) -> bool:
        """True if another table has the same members in the same order."""
        if self is other:
            return True
        if self.arity != other.arity or self._length != other._length:
            return False
        return all(self._same_place(other, place) for place in range(self.arity))

    def _same_place(self, other: KeyTable, place: int) -> bool:
        own, others = self.dimensions[place].values, other.dimensions[place].values
        if own is others or own == others:
            return np.array_equal(self.codes(place), other.codes(place))
        return self.values(place) == other.values(place)

    def take(self, positions: np.ndarray) -> KeyTable:
        """Give the members at these positions."""
        return KeyTable(
            self.dimensions,
            [self.codes(place)[positions] for place in range(self.arity)],
            length=len(positions),
        )


class Groups:
    """An indexed set: for each key of `index`, a run of rows of `members`.

    Parameters
    ----------
    index, members : KeyTable
    start, count : numpy.ndarray, shape (len(index),)
        Start of each key's run in `members`, and its length.
    """

    def __init__(
        self, index: KeyTable, members: KeyTable, start: np.ndarray, count: np.ndarray
    ) -> None:
        self.index, self.members, self.start, self.count = index, members, start, count

    @staticmethod
    def of_rows(index: KeyTable, owner: np.ndarray, members: KeyTable) -> Groups:
        """Group members by the position of the key that each belongs to (-1: to none)."""
        order = np.argsort(owner, kind="stable")
        order = order[owner[order] >= 0]
        count = np.bincount(owner[order], minlength=len(index)).astype(np.int64)
        start = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
        return Groups(index, members.take(order), start[: len(index)], count)

    def same_as(self, other: Groups) -> bool:
        """True if another indexed set has the same members under the same keys."""
        return (
            self.index.same_as(other.index)
            and self.members.same_as(other.members)
            and np.array_equal(self.start, other.start)
            and np.array_equal(self.count, other.count)
        )

    def group(self, position: int) -> KeyTable:
        """Members of one key."""
        begin = int(self.start[position])
        return self.members.take(np.arange(begin, begin + int(self.count[position])))


def _factorized(column: Sequence[Any]) -> tuple[Dimension, np.ndarray]:
    distinct: dict[Any, int] = {}
    codes = np.fromiter(
        (distinct.setdefault(value, len(distinct)) for value in column), np.int32, len(column)
    )
    return Dimension(list(distinct)), codes
