"""From a row of a limit to the cell that it comes from, and to a sentence of what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset
from optalloc.explain.edits import cell_of
from optalloc.family import Limit
from optalloc.schema import Missing

__all__ = ["Spot", "named_key", "said", "spot_of"]


@dataclass(frozen=True)
class Spot:
    """The cell that a limit's row comes from.

    Parameters
    ----------
    sheet, column : str
    row : int
        Label of the record; where `new` is filled, of one that is not there yet.
    value : float
        What holds: the cell's number; nought where there is no such row; NaN for what is no number.
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
        """What tells one cell from another."""
        return self.sheet, self.row, self.column, tuple(self.new.values())

    def address(self, data: Dataset) -> str:
        """Sheet and cell; of a row that is not there, the sheet's last row."""
        place = data.places.get(self.sheet)
        name = place.name if place is not None and place.name else self.sheet
        known = data[self.sheet].index
        row = self.row if self.row in known or not len(known) else int(known[-1])
        return f"{name}!{cell_of(data, self.sheet, row, self.column)}"


def named_key(limit: Limit, key: Any) -> dict[str, Any]:
    """A row's key by the names of its places."""
    parts = key if isinstance(key, tuple) else (key,)
    return dict(zip(limit.over, parts, strict=False))


def spot_of(data: Dataset, limit: Limit, key: Mapping[str, Any]) -> Spot | None:
    """The cell from which what a limit allows at a key comes; None if it has none."""
    found = [_spot(data, limit, cell, key) for cell in limit.cells]
    there = [spot for spot in found if spot is not None and not spot.new]
    filled = [spot for spot in there if data[spot.sheet][spot.column].notna().at[spot.row]]
    return next(iter([*filled, *there, *(spot for spot in found if spot is not None)]), None)


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
    mine = pd.Series(True, index=frame.index)
    for own, value in wanted.items():
        if own != along:
            # A row that leaves a name blank is about all of them.
            blank = frame[own].isna() & (not sheet.by_name[own].required)
            mine &= (frame[own] == value) | blank
    rows = frame[mine]
    if along and along in wanted:
        rows = _up_to(data, name, along, rows, wanted[along])
    if len(rows):
        row = int(str(rows.index[-1]))
        return Spot(name, row, column, _number(frame.at[row, column]))
    if sheet.missing in (Missing.CARRY, Missing.ZERO) and not frame.empty:
        return Spot(name, int(frame.index.max()) + 1, column, 0.0, wanted)
    return None


def _carried_along(data: Dataset, name: str) -> str:
    """Key column along which a sheet carries its values: the one that names ordered rows."""
    sheet = data.sheets[name]
    for own in sheet.key:
        target = sheet.by_name[own].refers_to.partition(".")[0]
        if target and data.sheets[target].order:
            return own
    return ""


def _up_to(data: Dataset, name: str, along: str, rows: pd.DataFrame, value: Any) -> pd.DataFrame:
    """Rows at or before a value of the column that is carried along, in order."""
    target, column = data.sheets[name].by_name[along].refers_to.split(".")
    ordered = data[target].sort_values(data.sheets[target].order)[column].tolist()
    rank = {entry: position for position, entry in enumerate(ordered)}
    at = rows[along].map(rank)
    return rows.assign(_at=at)[at <= rank.get(value, -1)].sort_values("_at", kind="stable")


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def said(data: Dataset, limit: Limit, key: Mapping[str, Any]) -> tuple[str, str]:
    """What a limit's row asks, in words, and the address of its cell; empty where there is none."""
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
    """Words for a sentence; one that is not known is left blank."""

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
