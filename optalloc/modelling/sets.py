"""Pyomo sets and parameters backed by arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.compile import Groups, KeyTable, TableIndexedSet, TableParam, TableSet
from optalloc.errors import ModelError

__all__ = ["aligned_parameter", "frame_of", "index_set", "indexed_set", "parameter"]


def index_set(frame: pd.DataFrame) -> TableSet:
    """Pyomo Set of a frame's rows, in their order: scalars for one column, tuples for several.

    Raises
    ------
    ModelError
        If a row is there twice, or has a blank.
    """
    table = KeyTable.of_frame(frame)
    if table.has_blanks:
        raise ModelError(f"the keys {', '.join(frame.columns)} have blanks")
    if table.has_repeats():
        raise ModelError(f"the keys {', '.join(frame.columns)} have rows that are the same")
    return TableSet(table)


def indexed_set(
    index: TableSet, frame: pd.DataFrame, by: list[str], member: list[str]
) -> TableIndexedSet:
    """Pyomo indexed Set: for each key of `index`, the `member` rows of the frame that have it.

    Keys without a row get an empty set, so that a sum over it is zero. Rows with a blank key belong
    to none.

    Raises
    ------
    ModelError
        If a member has a blank.
    """
    keys, members = KeyTable.of_frame(frame, by), KeyTable.of_frame(frame, member)
    if members.has_blanks:
        raise ModelError(f"the members {', '.join(member)} have blanks")
    owner = index.table.positions([keys.column(place) for place in range(len(by))], len(frame))
    return TableIndexedSet(index, Groups.of_rows(index.table, owner, members))


def parameter(index: TableSet, values: pd.Series) -> TableParam:
    """Pyomo Param over a set, from a series with the same index.

    Raises
    ------
    ModelError
        If a member has no value, or a value has a blank for its key.
    """
    keys = KeyTable.of_index(values.index)
    if keys.has_blanks:
        raise ModelError(f"parameter from {values.name!r} has blanks among its keys")
    columns = [index.table.column(place) for place in range(index.table.arity)]
    at = keys.positions(columns, len(index.table))
    found = values.to_numpy(dtype=float)[at] if len(values) else np.empty(len(at))
    if (at < 0).any() or np.isnan(found).any():
        raise ModelError(f"parameter from {values.name!r} has no value for some of its keys")
    return TableParam(index, found)


def aligned_parameter(index: TableSet, values: pd.Series) -> TableParam:
    """Pyomo Param over a set, from values in the order of its members.

    Raises
    ------
    ModelError
        If a value is missing.
    """
    found = values.to_numpy(dtype=float)
    if len(found) != len(index.table) or np.isnan(found).any():
        raise ModelError(f"parameter from {values.name!r} has no value for some of its keys")
    return TableParam(index, found)


def frame_of(index: TableSet, names: list[str]) -> pd.DataFrame:
    """Members of a set as a frame with these columns."""
    return index.table.frame(names)
