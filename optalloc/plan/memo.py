"""What families say of a plan, kept from plan to plan where all that they read is alike.

A family's tables are worked out from the values of a solution and the dataset, its audit from the
tables and the dataset. Many cases of a sweep have the same plan at other prices, and most of what
is said of it is then the same, to be compared column by column with what was read before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.memo import Reading, Source
from optalloc.modelling.solution import Solution

__all__ = ["Ask", "anew", "replayed"]

Frames = Mapping[str, pd.DataFrame]
# Asks a hook of a family about a dataset and a plan: its values, or its tables.
Ask = Callable[[Callable[[Dataset, Any], dict[str, pd.DataFrame]], Dataset, Any], Frames]


def anew(
    hook: Callable[[Dataset, Any], dict[str, pd.DataFrame]], data: Dataset, plan: Any
) -> Frames:
    """Ask, whatever is known."""
    return hook(data, plan)


def replayed(
    hook: Callable[[Dataset, Any], dict[str, pd.DataFrame]],
    data: Dataset,
    plan: Solution | Frames,
) -> Frames:
    """Ask, unless it was asked of an earlier dataset and plan in which all that it read was alike.

    Parameters
    ----------
    hook : callable
        `Family.tables`, `Family.audit` or `Family.recompute`.
    data : Dataset
        It keeps what is said, for datasets that recall from it.
    plan : Solution, or mapping of str to pandas.DataFrame
        What the hook is asked about.

    Returns
    -------
    mapping of str to pandas.DataFrame
        Not to be changed.
    """
    lent = _LentTables(plan) if isinstance(plan, Mapping) else _LentValues(plan)
    key = hook, "plan"

    def frame_of(source: Source) -> pd.DataFrame:
        return lent.frame_of(source) if isinstance(source, tuple) else data.frame_of(source)

    for earlier in data.earlier:
        held = earlier.get(key)
        if held is not None and held.holds(frame_of, data.alike):
            break
    else:
        with Reading() as lent.reading:
            value = hook(data, lent)
        held = lent.reading.held(value)
    data.derived[key] = held
    found: Frames = held.value
    return found


class _LentTables(Mapping[str, pd.DataFrame]):
    """Tables of a plan that note which of their columns are read."""

    reading: Reading

    def __init__(self, tables: Frames) -> None:
        self._tables = tables

    def frame_of(self, source: Any) -> pd.DataFrame:
        (name,) = source
        if name is None:
            return pd.DataFrame(index=list(self._tables))
        return self._tables.get(name, pd.DataFrame())

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            self._note_names()
        return self.reading.lend((name,), self._tables[name])

    def __iter__(self) -> Iterator[str]:
        self._note_names()
        return iter(self._tables)

    def __len__(self) -> int:
        self._note_names()
        return len(self._tables)

    def _note_names(self) -> None:
        self.reading.note((None,), self.frame_of((None,)))


class _LentValues:
    """Values of a solution that note which variables and ledgers are read."""

    reading: Reading

    def __init__(self, values: Solution) -> None:
        self._values = values

    def frame_of(self, source: Any) -> pd.DataFrame:
        kind, *which = source
        if kind == "variable":
            return self._values.variable(*which)
        # What else a plan tells is never known to be alike: a frame of its own kind each time.
        return self._values.ledger(*which) if kind == "ledger" else pd.DataFrame({id(self): []})

    def variable(self, name: str, keys: Sequence[str]) -> pd.DataFrame:
        source = "variable", name, tuple(keys)
        return self.reading.lend(source, self.frame_of(source))

    def ledger(self, name: str) -> pd.DataFrame:
        source = "ledger", name
        return self.reading.lend(source, self.frame_of(source))

    def __getattr__(self, name: str) -> Any:
        self.reading.note(("other",), self.frame_of(("other",)))
        return getattr(self._values, name)
