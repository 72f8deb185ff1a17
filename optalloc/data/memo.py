"""What was worked out, with the columns that it was worked out from, and whether these are alike.

While something is worked out, each frame that it asks for is lent: a lent frame notes which of its
columns are read. A use that is not known to read only some of them counts as reading all, and so
does a frame that is still held when the work is done.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["ALL", "Alike", "Held", "Lent", "Reading", "Source", "current_reading"]

Source = Hashable
# The columns of a frame, once more than some of them were read; no column has this name.
ALL = object()
# Of these a lent frame tells without a column being read.
_OF_ROWS = frozenset({"columns", "index", "empty", "shape"})
# Operations that keep the columns that they do not read under their names.
_PRECISE = frozenset({"assign", "copy", "dropna", "loc", "reset_index", "set_index"})

_current: ContextVar[Reading | None] = ContextVar("what is being read", default=None)


def current_reading() -> Reading | None:
    """What notes the reads of what is being worked out right now, if anything is."""
    return _current.get()


@dataclass(frozen=True)
class Held:
    """A value, and by source the frame from which it was worked out and the columns read of it."""

    value: Any
    reads: Mapping[Source, tuple[pd.DataFrame, frozenset[object]]]

    def holds(self, frame_of: Callable[[Source], pd.DataFrame], alike: Alike) -> bool:
        """Whether all that was read is still so; in the order in which it was read."""
        for source, (before, columns) in self.reads.items():
            changed = alike.changed(before, frame_of(source))
            if changed and (ALL in changed or ALL in columns or changed & columns):
                return False
        return True


class Alike:
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
    pairs = zip(before.items(), after.items(), strict=True)
    return frozenset(
        name for (name, old), (_, new) in pairs if not (old.dtype == new.dtype and old.equals(new))
    )


class Reading:
    """Notes what is read while something is worked out."""

    def __init__(self) -> None:
        self.reads: dict[Source, tuple[pd.DataFrame, set[object]]] = {}
        self._lent: list[tuple[weakref.ref[Any], _Loan]] = []
        self._token: Any = None

    def __enter__(self) -> Reading:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

    def note(self, source: Source, frame: pd.DataFrame, columns: Iterable[object] = ()) -> None:
        """Columns of a source were read; none of them: only which rows there are."""
        self.reads.setdefault(source, (frame, set()))[1].update(columns)

    def note_held(self, held: Held) -> None:
        """What was worked out before was read, and with it all that it was worked out from."""
        for source, (frame, columns) in held.reads.items():
            self.note(source, frame, columns)

    def lend(self, source: Source, frame: pd.DataFrame) -> pd.DataFrame:
        """Give a frame that notes what is read of it, and that may be changed."""
        self.note(source, frame)
        return _lent(_Loan(self, source, frame, frame.copy(deep=False)))

    def lend_record(self, source: Source, frame: pd.DataFrame) -> Any:
        """Give the first row, its columns as attributes, each noted as it is read."""
        self.note(source, frame)
        return _LentRecord(_Loan(self, source, frame, frame))

    def keep(self, thing: Any, loan: _Loan) -> None:
        """Remember by what a loan can be read."""
        self._lent.append((weakref.ref(thing), loan))

    def held(self, value: Any) -> Held:
        """The value, with all that was read.

        What is lent and still there, such as in the value, may be read later: a frame becomes an
        ordinary one.
        """
        for reference, loan in self._lent:
            thing = reference()
            if thing is not None:
                loan.read_all()
            if isinstance(thing, Lent):
                object.__setattr__(thing, "__class__", pd.DataFrame)
                pd.DataFrame.__init__(thing, loan.frame)  # type: ignore[call-arg]
        self._lent.clear()
        return Held(value, {s: (f, frozenset(names)) for s, (f, names) in self.reads.items()})


@dataclass
class _Loan:
    """A frame on loan: columns of its name hold what they hold in the source, or what was noted."""

    reading: Reading
    source: Source
    original: pd.DataFrame
    frame: pd.DataFrame

    def read(self, names: Iterable[object]) -> None:
        # What has no column in the source was made of its rows, or of what was noted.
        own = self.original.columns
        self.reading.note(self.source, self.original, (name for name in names if name in own))

    def read_all(self) -> None:
        self.reading.note(self.source, self.original, [ALL])

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        return _lent(_Loan(self.reading, self.source, self.original, frame))


def _lent(loan: _Loan) -> pd.DataFrame:
    frame = object.__new__(Lent)
    object.__setattr__(frame, "_loan", loan)
    loan.reading.keep(frame, loan)
    return frame


def _named(key: object) -> list[str] | None:
    """Columns that a key names; None where it is no name or list of names."""
    if isinstance(key, str):
        return [key]
    if isinstance(key, list) and all(isinstance(name, str) for name in key):
        return key
    return None


def _is_mask(key: object) -> bool:
    """Whether a key chooses rows by a flag each."""
    return isinstance(key, (pd.Series, np.ndarray)) and key.ndim == 1 and key.dtype.kind == "b"


class Lent(pd.DataFrame):
    """A frame on loan. It has no data of its own: whatever pandas asks of it is asked of the loan.

    So nothing can be read of it that is not noted.
    """

    def __getattribute__(self, name: str) -> Any:
        if name in _PRECISE or name.startswith("__"):
            return object.__getattribute__(self, name)
        loan = _loan(self)
        if name not in _OF_ROWS:
            loan.read_all()
        return getattr(loan.frame, name)

    def __setattr__(self, name: str, value: Any) -> None:
        loan = _loan(self)
        loan.read_all()
        setattr(loan.frame, name, value)

    def __len__(self) -> int:
        return len(_loan(self).frame)

    def __iter__(self) -> Any:
        return iter(_loan(self).frame)

    def __contains__(self, key: Any) -> bool:  # type: ignore[misc]
        return key in _loan(self).frame

    def __getitem__(self, key: Any) -> Any:
        loan = _loan(self)
        names = _named(key)
        if names is not None:
            loan.read(names)
            return loan.frame[key]
        if _is_mask(key):
            return loan.of(loan.frame[key])
        loan.read_all()
        return loan.frame[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        loan = _loan(self)
        if not isinstance(key, str):
            loan.read_all()
        loan.frame[key] = value

    def assign(self, **columns: Any) -> Any:
        """As of a frame."""
        loan = _loan(self)
        if any(callable(value) for value in columns.values()):
            loan.read_all()
        return loan.of(loan.frame.assign(**columns))

    def copy(self, deep: bool = True) -> Any:  # type: ignore[misc]
        """As of a frame."""
        loan = _loan(self)
        return loan.of(loan.frame.copy(deep=deep))

    def dropna(self, **options: Any) -> Any:
        """As of a frame."""
        loan, names = _loan(self), _named(options.get("subset"))
        if names is None or options.keys() != {"subset"}:
            loan.read_all()
            return loan.frame.dropna(**options)
        loan.read(names)
        return loan.of(loan.frame.dropna(subset=names))

    def reset_index(self, level: Any = None, *, drop: bool = False, **options: Any) -> Any:
        """As of a frame."""
        loan = _loan(self)
        if level is not None or options:
            loan.read_all()
            return loan.frame.reset_index(level, drop=drop, **options)
        return loan.of(loan.frame.reset_index(drop=drop))

    def set_index(self, keys: Any, *, drop: bool = True, **options: Any) -> Any:
        """As of a frame."""
        loan, names = _loan(self), _named(keys)
        if names is None or options:
            loan.read_all()
            return loan.frame.set_index(keys, drop=drop, **options)
        loan.read(names)
        return loan.of(loan.frame.set_index(keys, drop=drop))

    @property
    def loc(self) -> Any:
        """As of a frame."""
        return _Located(_loan(self))


def _loan(frame: pd.DataFrame) -> _Loan:
    loan: _Loan = object.__getattribute__(frame, "_loan")
    return loan


class _Located:
    """``loc`` of a frame on loan."""

    def __init__(self, loan: _Loan) -> None:
        self.loan = loan
        loan.reading.keep(self, loan)

    def __getitem__(self, key: Any) -> Any:
        frame = self.loan.frame
        names = _named(key[1]) if isinstance(key, tuple) and len(key) == 2 else None
        if names is not None and frame.index.nlevels == 1 and not callable(key[0]):
            self.loan.read(names)
            return frame.loc[key]
        if _is_mask(key):
            return self.loan.of(frame.loc[key])
        self.loan.read_all()
        return frame.loc[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.loan.read_all()
        self.loan.frame.loc[key] = value


class _LentRecord:
    """The one row of a sheet on loan."""

    def __init__(self, loan: _Loan) -> None:
        self.__dict__["_loan"] = loan
        loan.reading.keep(self, loan)

    def __getattr__(self, name: str) -> Any:
        loan: _Loan = self.__dict__["_loan"]
        if name.startswith("__") or name not in loan.frame.columns:
            raise AttributeError(name)
        loan.read([name])
        return loan.frame[name].iloc[0]
