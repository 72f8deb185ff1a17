"""Values that families return of a plan, kept and recalled where all that they read is equal.

A family's tables follow from the values of a solution and the dataset, its audit from the tables
and the dataset. Many cases of a sweep have the same plan at other prices, and most of what
families return of it is then the same: what they read of the dataset is compared by column, the
variables, ledgers and tables that they take as wholes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.memory import ALL, NotedFrames, Notes, Source
from optalloc.modelling.ledgers import Posting
from optalloc.modelling.solution import Solution

__all__ = ["evaluated"]

Frames = Mapping[str, pd.DataFrame]


def evaluated(
    hook: Callable[[Dataset, Any], dict[str, pd.DataFrame]],
    data: Dataset,
    plan: Solution | Frames,
    *,
    recall: bool,
) -> Frames:
    """Return what a hook returns of a dataset and a plan.

    Parameters
    ----------
    hook : callable
        `Family.tables`, `Family.audit` or `Family.recompute`.
    data : Dataset
    plan : Solution, or mapping of str to pandas.DataFrame
        What the hook is given.
    recall : bool
        Whether the dataset keeps the value, for datasets that recall from it, and recalls one
        itself.

    Returns
    -------
    mapping of str to pandas.DataFrame
        Not to be changed.
    """
    if not recall:
        return hook(data, plan)
    notes, key = Notes(hook), (hook, "plan")
    noted = NotedTables(plan, notes) if isinstance(plan, Mapping) else NotedSolution(plan, notes)

    def frame_of(source: Source) -> pd.DataFrame:
        return noted.frame_of(source) if isinstance(source, tuple) else data.frame_of(source)

    kept = data.memory.recalled(key, frame_of)
    if kept is None:
        kept = notes.kept(hook(replace(data, frames=NotedFrames(data.frames, notes)), noted))
    data.memory.kept[key] = kept
    frames: Frames = kept.value
    return frames


class NotedTables(Mapping[str, pd.DataFrame]):
    """Tables of a plan, as one hook is handed them."""

    def __init__(self, tables: Frames, notes: Notes) -> None:
        self._tables, self._notes = tables, notes

    def frame_of(self, source: Any) -> pd.DataFrame:
        """A table, or the names of all."""
        (name,) = source
        if name is None:
            return pd.DataFrame(index=list(self._tables))
        return self._tables.get(name, pd.DataFrame())

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            self._note_names()
        table = self._tables[name]
        # As it is now: whoever alters the table in place alters no copy of it.
        self._notes.add((name,), table.copy(deep=False), [ALL])
        return table.copy(deep=False)

    def __iter__(self) -> Iterator[str]:
        self._note_names()
        return iter(self._tables)

    def __len__(self) -> int:
        self._note_names()
        return len(self._tables)

    def _note_names(self) -> None:
        self._notes.add((None,), self.frame_of((None,)))


class NotedSolution:
    """Values of variables and ledgers, as one hook is handed them."""

    def __init__(self, values: Solution, notes: Notes) -> None:
        self._values, self._notes = values, notes

    def frame_of(self, source: Any) -> pd.DataFrame:
        """Values of a variable or a ledger."""
        kind, *which = source
        if kind == "variable":
            return self._values.variable(*which)
        # Postings are never known to be equal: a frame of its own kind each time.
        return self._values.ledger(*which) if kind == "ledger" else pd.DataFrame({id(self): []})

    def _taken(self, *source: Any) -> pd.DataFrame:
        frame = self.frame_of(source)
        self._notes.add(source, frame, [ALL])
        return frame

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
