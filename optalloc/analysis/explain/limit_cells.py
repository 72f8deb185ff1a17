"""From a row of a limit to the cell that it comes from, and to a sentence about it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, recalled
from optalloc.data.schema import Missing
from optalloc.modelling.limits import Limit
from optalloc.scenarios.edits import where

__all__ = ["Spot", "conflict_sentence", "named_key", "spot_of"]


@dataclass(frozen=True)
class Spot:
    """The cell that a limit's row comes from.

    Parameters
    ----------
    sheet, column : str
    row : int
        Label of the record; where `new` is filled, of one that is not there yet.
    value : float
        The cell's number; zero where there is no such row; NaN where it is no number.
    new : dict
        Key cells that a new row needs.
    """

    sheet: str
    row: int
    column: str
    value: float
    new: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int, str, tuple[Any, ...]]:
        """Identity of the cell."""
        return self.sheet, self.row, self.column, tuple(self.new.values())

    def address(self, data: Dataset) -> str:
        """Sheet and cell, or that the sheet lacks it."""
        return where(data, self.sheet, self.row, self.column)


def named_key(limit: Limit, key: Any) -> dict[str, Any]:
    """A row's key by the names of its places."""
    parts = key if isinstance(key, tuple) else (key,)
    return dict(zip(limit.over, parts, strict=False))


def spot_of(data: Dataset, limit: Limit, key: Mapping[str, Any]) -> Spot | None:
    """The cell that a limit's bound at a key comes from; None if it has none."""
    found = [_spot(data, limit, cell, key) for cell in limit.cells]
    there = [spot for spot in found if spot is not None and not spot.new]
    if len(there) == 1:
        return there[0]
    filled = [spot for spot in there if data[spot.sheet][spot.column].notna().at[spot.row]]
    known = [*filled, *there, *(spot for spot in found if spot is not None)]
    named = (_spot_by_reference(data, cell, key) for cell in limit.cells)
    return known[0] if known else next((spot for spot in named if spot is not None), None)


def _spot_by_reference(data: Dataset, cell: str, key: Mapping[str, Any]) -> Spot | None:
    """The first filled cell of rows that name what the key is about, as options name their site."""
    name, column = cell.split(".")
    frame = data[name]
    named = [own.name for own in data.sheets[name].columns if own.refers_to and own.name in key]
    rows = frame[frame[column].notna()]
    for own in named:
        rows = rows[rows[own] == key[own]]
    if rows.empty or not named:
        return None
    return Spot(name, int(rows.index[0]), column, _number(rows[column].iloc[0]))


def _spot(data: Dataset, limit: Limit, cell: str, key: Mapping[str, Any]) -> Spot | None:
    name, column = cell.split(".")
    sheet, frame = data.sheets[name], data[name]
    along = _carried_along(data, name) if sheet.missing is Missing.CARRY else ""
    wanted: dict[str, Any] = {}
    for own in sheet.key:
        called = limit.named.get(own, own)
        if called in key:
            wanted[own] = key[called]
        elif called != own or sheet.by_name[own].required:
            return None
    rows = _records(data, name, along)
    found = rows.of({k: v for k, v in wanted.items() if k != along})
    if along and along in wanted:
        last = rows.rank.get(wanted[along], -1)
        found = [row for row in found if row.at <= last]
    if found:
        row = found[-1].label
        return Spot(name, row, column, _number(frame.at[row, column]))
    # A new row would hold its key and this column alone.
    complete = all(c.name in (*sheet.key, column) for c in sheet.columns if c.required)
    if sheet.missing in (Missing.CARRY, Missing.ZERO) and not frame.empty and complete:
        return Spot(name, data.new_row(name), column, 0.0, wanted)
    return None


@dataclass(frozen=True)
class _Record:
    """One row of a sheet: its label, its key, and its rank in the order in which it is carried."""

    label: int
    key: Mapping[str, Any]
    at: int


@dataclass(frozen=True)
class _Records:
    """Rows of a sheet in the order in which they are carried along, by one of their key columns."""

    records: list[_Record]
    required: tuple[str, ...]
    rank: Mapping[Any, int]
    _groups: dict[tuple[str, ...], dict[Any, list[_Record]]] = field(default_factory=dict)

    def of(self, wanted: Mapping[str, Any]) -> list[_Record]:
        """Rows about these; one that leaves a name blank is about all of them."""
        names = tuple(name for name in wanted if name in self.required)
        if names not in self._groups:
            groups = self._groups[names] = {}
            for record in self.records:
                groups.setdefault(tuple(record.key[n] for n in names), []).append(record)
        found = self._groups[names].get(tuple(wanted[n] for n in names), [])
        others = [name for name in wanted if name not in self.required]
        return [one for one in found if all(one.key[n] in (None, wanted[n]) for n in others)]


def _records(data: Dataset, name: str, along: str) -> _Records:
    return recalled(_records_of(name, along), data)


@functools.cache
def _records_of(name: str, along: str) -> Callable[[Dataset], _Records]:
    """Function that lists a sheet's rows; one object for each sheet, as `recalled` needs."""

    def listed(data: Dataset) -> _Records:
        sheet, frame = data.sheets[name], data[name]
        names = [str(key) for key in sheet.key]
        rank: dict[Any, int] = {}
        if along:
            target, column = sheet.by_name[along].refers_to.split(".")
            ordered = data[target].sort_values(data.sheets[target].order)[column].tolist()
            rank = {entry: position for position, entry in enumerate(ordered)}
        keys = [
            {n: None if v is None or v != v else v for n, v in zip(names, row, strict=True)}
            for row in frame[names].itertuples(index=False, name=None)
        ]
        records = [
            _Record(int(label), key, rank.get(key.get(along), len(rank)) if along else 0)
            for label, key in zip(frame.index.tolist(), keys, strict=True)
        ]
        records.sort(key=lambda record: record.at)
        required = tuple(n for n in names if sheet.by_name[n].required)
        return _Records(records, required, rank)

    return listed


def _carried_along(data: Dataset, name: str) -> str:
    """Key column along which a sheet carries its values: the one that names ordered rows."""
    sheet = data.sheets[name]
    for own in sheet.key:
        target = sheet.by_name[own].refers_to.partition(".")[0]
        if target and data.sheets[target].order:
            return own
    return ""


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def conflict_sentence(data: Dataset, limit: Limit, key: Mapping[str, Any]) -> tuple[str, str]:
    """A sentence about a limit's row, and the address of its cell; empty where it has none."""
    spot = spot_of(data, limit, key)
    words = _Words()
    if spot is not None:
        frame = data[spot.sheet]
        if spot.row in frame.index:
            words.update({str(k): shown(v) for k, v in frame.loc[spot.row].items()})
            words["value"] = shown(frame.at[spot.row, spot.column])
        else:
            words["value"] = shown(spot.value)
        words["unit"] = data.sheets[spot.sheet].by_name[spot.column].unit
    words.update({name: str(value) for name, value in key.items()})
    text = limit.conflict.format_map(words) if limit.conflict else ""
    return text, spot.address(data) if spot is not None else ""


class _Words(dict[str, str]):
    """Words for a sentence; an unknown one is a dash."""

    def __missing__(self, name: str) -> str:
        return "-"


def shown(value: Any) -> str:
    """A cell in a sentence."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return "no" if value != value else f"{value:,.6g}"
    if value is None or value is pd.NaT:
        return "no"
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)
