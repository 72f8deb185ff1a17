"""The day on which each variable is decided, from its key and what its family states."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optalloc.compile import KeyTable
from optalloc.data.dataset import Dataset
from optalloc.mip.arrays import Labels
from optalloc.modelling.model import Model

__all__ = [
    "END",
    "START",
    "components",
    "decision_days",
    "named_by",
    "numbered_columns",
    "reacting",
]

# Before anything is known, and when everything is.
START = np.datetime64("1678-01-01", "ns")
END = np.datetime64("2262-01-01", "ns")


def decision_days(model: Model, data: Dataset, columns: Labels) -> np.ndarray:
    """Day on which each column is decided, or by which it may react, as datetime64.

    A column is decided on the first day of the last step that its key names, or where its family
    says so by the end of it; before anything is known where it names none.
    """
    steps = model.steps(data)
    # What is known on the last day of a step was revealed before the next one begins.
    last = steps["end"] - pd.Timedelta(days=1)
    begin, end = (
        dict(zip(steps["step"], day.to_numpy("datetime64[ns]"), strict=True))
        for day in (steps["begin"], last)
    )
    within, follows = named_by(model, "within"), named_by(model, "follows")
    days = np.full(len(columns), START)
    for name, keys, at, place in components(columns):
        if name in follows:
            days[place] = END
        elif isinstance(keys, KeyTable):
            own = _last_steps(keys, end if name in within else begin)
            days[place] = own if at is None else own[at]
    return days


def named_by(model: Model, field: str) -> set[str]:
    """Variables that families name in one of their fields."""
    return {name for family in model.families for name in getattr(family, field)}


def reacting(model: Model) -> set[str]:
    """Variables that are no decisions taken on a day: operations, and what follows from others."""
    return named_by(model, "within") | named_by(model, "follows")


def components(labels: Labels) -> Iterator[tuple[str, Any, np.ndarray | None, slice]]:
    """Each component with a column: its name, its keys, which of them, and where they are."""
    for start, (name, keys, at) in zip(labels.starts, labels.components, strict=False):
        count = len(keys) if at is None else len(at)
        if count:
            yield name, keys, at, slice(int(start), int(start) + count)


def _last_steps(keys: KeyTable, days: Mapping[Hashable, np.datetime64]) -> np.ndarray:
    """Day of each key by the last of its places that names a step in every key."""
    for place in reversed(range(keys.arity)):
        dimension, codes = keys.column(place)
        if len(dimension) and all(value in days for value in dimension.values):
            found = np.array([days[value] for value in dimension.values])
            return np.broadcast_to(found[codes], len(keys))
    return np.full(len(keys), START)


def numbered_columns(columns: Sequence[Labels]) -> list[np.ndarray]:
    """A number for each column of each scenario, the same where component and key are the same."""
    first = columns[0]
    if all(own is first for own in columns):
        return [np.arange(len(first))] * len(columns)
    known: dict[tuple[str, Hashable], int] = {}
    return [
        np.array([known.setdefault(own[k], len(known)) for k in range(len(own))], dtype=int)
        for own in columns
    ]
