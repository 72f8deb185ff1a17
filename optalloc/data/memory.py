"""Values that follow from a dataset, kept and recalled in a changed one.

A function is handed a dataset that notes which columns of which sheets, and of which derived
frames, it hands over. What the function returns is kept with these, and is recalled in another
dataset in which they are all equal. Whoever asks for a sheet by its columns holds no others, so
that a column that was not noted is a `KeyError` and never a stale value; whoever asks for the
sheet as a whole is evaluated again when any column of it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from optalloc.errors import ModelError

__all__ = ["ALL", "Equality", "Kept", "Memory", "NotedFrames", "NotedRecord", "Notes", "Source"]

# A sheet by its name, a derived frame by its function.
Source = Hashable
# In place of the names of columns: all there are, and which they are.
ALL = object()


class Equality:
    """Which columns of two frames differ; each pair is compared once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Any, Any, frozenset[object]]] = {}

    def changed(self, before: pd.DataFrame, after: pd.DataFrame) -> frozenset[object]:
        """Names of the columns that differ; `ALL` where the rows or the columns are others."""
        if before is after:
            return frozenset()
        pair = id(before), id(after)
        if pair not in self._known:
            # The frames are kept with it, so that no other comes to have the same address.
            self._known[pair] = before, after, _changed(before, after)
        return self._known[pair][2]


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> frozenset[object]:
    if not (before.columns.identical(after.columns) and before.index.identical(after.index)):
        return frozenset([ALL])
    # One comparison of whole blocks, as most frames are equal.
    if before.equals(after):
        return frozenset()
    pairs = zip(before.items(), after.items(), strict=True)
    return frozenset(
        name for (name, old), (_, new) in pairs if not (old.dtype == new.dtype and old.equals(new))
    )


@dataclass(frozen=True)
class Kept:
    """A value, and by source the frame from which it was evaluated and the columns read of it."""

    value: Any
    reads: Mapping[Source, tuple[pd.DataFrame, frozenset[object]]]

    def holds(self, frame_of: Callable[[Source], pd.DataFrame], equality: Equality) -> bool:
        """Return True if all that was read is equal; compared in the order of reading."""
        for source, (before, columns) in self.reads.items():
            changed = equality.changed(before, frame_of(source))
            if changed and (ALL in changed or ALL in columns or changed & columns):
                return False
        return True


class Notes:
    """Reads of a function: by source the frame that it was handed, and the columns of it.

    Parameters
    ----------
    reader : callable
        The function. Once it has returned nothing else may be read.
    """

    def __init__(self, reader: Callable[..., Any]) -> None:
        self._reader, self._closed = reader, False
        self._reads: dict[Source, tuple[pd.DataFrame, set[object]]] = {}

    def add(self, source: Source, frame: pd.DataFrame, columns: Iterable[object] = ()) -> None:
        """Note columns of a source; none of them: only which rows there are."""
        read = self._reads.get(source)
        if self._closed:
            if read is None or not (ALL in read[1] or read[1].issuperset(columns)):
                name = getattr(source, "__name__", source)
                raise ModelError(f"{self._reader.__name__} has returned, and now reads {name}")
        elif read is None:
            self._reads[source] = frame, set(columns)
        else:
            read[1].update(columns)

    def add_kept(self, kept: Kept, frame_of: Callable[[Source], pd.DataFrame]) -> None:
        """Note a kept value, which stands for all that it was evaluated from.

        The frames are those of the dataset at hand: what it was evaluated from is equal to them in
        the columns read, and may differ in others that the reader reads as well.
        """
        for source, (_, columns) in kept.reads.items():
            self.add(source, frame_of(source), columns)

    def kept(self, value: Any) -> Kept:
        """The value that the function returned, with all that it was handed."""
        self._closed = True
        return Kept(value, {s: (frame, frozenset(own)) for s, (frame, own) in self._reads.items()})


@dataclass(frozen=True)
class NotedFrames(Mapping[str, pd.DataFrame]):
    """Frames by sheet, as one function is handed them; one taken by its name is read as a whole."""

    frames: Mapping[str, pd.DataFrame]
    notes: Notes

    def part(self, sheet: str, columns: Iterable[object]) -> pd.DataFrame:
        """A frame of which only these columns are read."""
        frame = self.frames[sheet]
        self.notes.add(sheet, frame, columns)
        return frame

    def __getitem__(self, sheet: str) -> pd.DataFrame:
        return self.part(sheet, [ALL])

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


class NotedRecord:
    """The single record of a sheet; each attribute is a column, noted when it is taken."""

    def __init__(self, sheet: str, frames: NotedFrames) -> None:
        self.__dict__.update(_sheet=sheet, _frames=frames)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._frames.frames[self._sheet].columns:
            raise AttributeError(name)
        return self._frames.part(self._sheet, [name])[name].iloc[0]


@dataclass
class Memory:
    """Values kept of one dataset, and of earlier ones from which it recalls.

    Several threads may use it: where two evaluate the same, both are given what is kept first.
    ``shared`` are values that are not the dataset's own (`Dataset.with_shared`); no other dataset
    recalls them.
    """

    shared: Mapping[Hashable, Kept] = field(default_factory=dict)
    kept: dict[Hashable, Kept] = field(default_factory=dict)
    earlier: list[Mapping[Hashable, Kept]] = field(default_factory=list)
    equality: Equality = field(default_factory=Equality)
    parts: dict[tuple[Source, tuple[str, ...]], pd.DataFrame] = field(default_factory=dict)

    def recall_from(self, other: Memory) -> None:
        """Recall from another dataset before any that it recalls from already."""
        known = {key: own for more in reversed(other.earlier) for key, own in more.items()}
        self.earlier.insert(0, known | other.kept)

    def recalled(self, key: Hashable, frame_of: Callable[[Source], pd.DataFrame]) -> Kept | None:
        """Value kept under a key of an earlier dataset that is equal in all that it reads."""
        for earlier in self.earlier:
            kept = earlier.get(key)
            if kept is not None and kept.holds(frame_of, self.equality):
                return kept
        return None

    def part(self, source: Source, frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
        """Some columns of a frame of this dataset, of which a copy may be changed."""
        known = source, columns
        if known not in self.parts:
            self.parts[known] = frame[list(columns)]
        return self.parts[known].copy(deep=False)
