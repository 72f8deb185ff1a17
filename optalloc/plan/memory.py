"""Values that families return of a plan, kept and recalled where all that they read is equal.

A family's tables follow from the values of a solution and the dataset, its audit from the tables
and the dataset. Many cases of a sweep have the same plan at other prices, and most of what
families return of it is then the same: what they read of the dataset is compared by column, the
variables, ledgers and tables that they take as wholes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.memory import ALL, NotedFrames, Notes, Source
from optalloc.modelling.ledgers import Posting
from optalloc.modelling.solution import Solution

__all__ = ["SharedFrames", "evaluated"]

Frames = Mapping[str, pd.DataFrame]


def evaluated(
    hook: Callable[[Dataset, Any], dict[str, pd.DataFrame]],
    data: Dataset,
    plan: Solution | Frames | SharedFrames,
) -> Frames:
    """Return what a hook returns of a dataset and a plan.

    Parameters
    ----------
    hook : callable
        `Family.tables`, `Family.audit` or `Family.recompute`.
    data : Dataset
    plan : Solution, mapping of str to pandas.DataFrame, or SharedFrames of one of them
        What the hook is given. Of `SharedFrames` the dataset keeps the value, for datasets that
        recall from it, and recalls one itself.

    Returns
    -------
    mapping of str to pandas.DataFrame
        Not to be changed.
    """
    if not isinstance(plan, SharedFrames):
        return hook(data, plan)
    notes, key = Notes(hook), (hook, "plan")

    def frame_of(source: Source) -> pd.DataFrame:
        return plan.frame_of(source) if isinstance(source, tuple) else data.frame_of(source)

    kept = data.memory.recalled(key, frame_of)
    if kept is None:
        handed = replace(data, frames=NotedFrames(data.frames, notes))
        kept = notes.kept(hook(handed, plan.noted(notes)))
    data.memory.kept[key] = kept
    frames: Frames = kept.value
    return frames


class SharedFrames:
    """Frames of a plan for all hooks of one step, each read and compared once for all of them.

    Parameters
    ----------
    plan : Solution, or mapping of str to pandas.DataFrame
        Not altered while the step lasts.
    """

    def __init__(self, plan: Solution | Frames) -> None:
        self._plan = plan
        self._frames: dict[Source, pd.DataFrame] = {}

    def noted(self, notes: Notes) -> NotedTables | NotedSolution:
        """The plan as one hook is handed it."""
        if isinstance(self._plan, Mapping):
            return NotedTables(self._plan, self, notes)
        return NotedSolution(self._plan, self, notes)

    def frame_of(self, source: Source) -> pd.DataFrame:
        """A table, the names of all, or values of a variable or a ledger."""
        if source not in self._frames:
            self._frames[source] = self._read(source)
        return self._frames[source]

    def _read(self, source: Any) -> pd.DataFrame:
        kind, *which = source
        if kind == "names":
            assert isinstance(self._plan, Mapping)
            return _frame_of_names(tuple(self._plan))
        if kind == "table":
            # As it is now: whoever alters the table in place later alters no copy of it.
            assert isinstance(self._plan, Mapping)
            table = self._plan.get(which[0])
            return pd.DataFrame() if table is None else table.copy(deep=False)
        assert not isinstance(self._plan, Mapping)
        if kind == "variable":
            return self._plan.variable(*which)
        # Postings are never known to be equal: a frame of its own kind each time.
        return self._plan.ledger(*which) if kind == "ledger" else pd.DataFrame({object(): []})


@functools.lru_cache(maxsize=16)
def _frame_of_names(names: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(index=list(names))


class NotedTables(Mapping[str, pd.DataFrame]):
    """Tables of a plan, as one hook is handed them."""

    def __init__(self, tables: Frames, shared: SharedFrames, notes: Notes) -> None:
        self._tables, self._shared, self._notes = tables, shared, notes

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            self._note_names()
            raise KeyError(name)
        table = self._shared.frame_of(("table", name))
        self._notes.add(("table", name), table, [ALL])
        return table.copy(deep=False)

    def __iter__(self) -> Iterator[str]:
        self._note_names()
        return iter(self._tables)

    def __len__(self) -> int:
        self._note_names()
        return len(self._tables)

    def _note_names(self) -> None:
        self._notes.add(("names",), self._shared.frame_of(("names",)))


class NotedSolution:
    """Values of variables and ledgers, as one hook is handed them."""

    def __init__(self, values: Solution, shared: SharedFrames, notes: Notes) -> None:
        self._values, self._shared, self._notes = values, shared, notes

    def _taken(self, *source: Any) -> pd.DataFrame:
        frame = self._shared.frame_of(source)
        self._notes.add(source, frame, [ALL])
        return frame.copy(deep=False)

    def variable(self, name: str, keys: Sequence[str]) -> pd.DataFrame:
        """Return a variable's values: one row per key, the value in ``value``."""
        return self._taken("variable", name, tuple(keys))

    def ledger(self, name: str) -> pd.DataFrame:
        """Return a ledger's totals: its index columns and ``value``."""
        return self._taken("ledger", name)

    def postings(self, ledger: str) -> Iterator[tuple[Posting, np.ndarray]]:
        """Return each posting to a ledger, with its values in the order of its own keys."""
        self._taken("postings", ledger)
        return self._values.postings(ledger)
