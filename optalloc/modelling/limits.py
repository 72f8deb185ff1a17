"""Kinds of limits, their relaxation, and what violates them whatever is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Cell

__all__ = ["Cause", "Concession", "Limit", "Relax"]


class Relax(StrEnum):
    """Permission to relax a limit of an infeasible workbook."""

    NEVER = "never"
    PRICED = "at a price"
    LAST = "if nothing else helps"


@dataclass(frozen=True)
class Cause:
    """A fact that no decision changes, such as existing capacity, and that a violation comes from.

    Parameters
    ----------
    sentence : str
        Its meaning, with its amount.
    cells : tuple of Cell
        Cells that it comes from.
    """

    sentence: str
    cells: tuple[Cell, ...]


def _no_causes(_: Dataset, __: Mapping[str, Any]) -> Iterable[Cause]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One kind of limit: a Pyomo constraint of this name, and an audit frame of this name.

    Parameters
    ----------
    name : str
        A statement, such as ``"load_within_online"``.
    unit : str
        Unit of ``used`` and ``allowed``.
    sense : str
        ``"<="`` or ``"=="`` between used and allowed; a floor has the amount needed as used.
    sentence : str
        Sentence for the planner when it binds, with the key columns, ``{used}`` and ``{allowed}``.
    lasting : str
        Sentence for where it binds in steps of time in a row, with the key columns and ``{when}``,
        such as ``"from 2030"``; empty where each row has a sentence of its own.
    marginal : str
        Meaning of one more unit of ``allowed``.
    formula : str
        The inequality in mathematical notation, for the formulation page.
    enforced : str
        ``"row"`` by a constraint of this name, ``"cuts"`` by rows that `Family.separate` finds,
        ``"sets"`` because what would violate it has no variable, ``"domain"`` by the domain of its
        variable, ``"integers"`` by integer variables.
    reported : bool
        True if its binding is of interest to the planner; False for rules of logic.
    over : tuple of str
        Names of the places of its rows' keys, the first ones; as in its audit frame.
    cells : tuple of str
        ``"Sheet.column"`` from which its bound comes: of the first that has one, the row with the
        key's names, by the sheet's own rule for missing rows.
    priced_by : tuple of str
        ``"Sheet.column"`` whose price is that of its bound, where these are not `cells`; other
        bounds and rows may come from it too.
    named : dict of str to str
        Columns of those sheets that have another name in `over`.
    conflict : str
        Sentence for where it is part of a conflict: with the key, ``{value}`` and
        ``{unit}`` of its cell, and any other column of that row.
    relax : Relax
        Permission to relax it where there is no plan, unless the planner rules otherwise.
    implied : bool
        True if it follows from the other limits.
    causes : callable
        ``causes(data, key) -> iterable of `Cause```: constant terms of a row, which are the
        other side of a conflict in which no second limit takes part.
    floor : bool
        True if ``used`` is the amount required at least and ``allowed`` the amount there is. Where
        that differs from row to row, its audit frame has a column ``is_floor``.
    floor_sentence : str
        Sentence for the planner in place of `sentence` where such a row binds.
    """

    name: str
    unit: str
    sense: str
    sentence: str
    marginal: str
    formula: str
    lasting: str = ""
    enforced: str = "row"
    reported: bool = True
    over: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    priced_by: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    conflict: str = ""
    relax: Relax = Relax.NEVER
    implied: bool = False
    causes: Callable[[Dataset, Mapping[str, Any]], Iterable[Cause]] = _no_causes
    floor: bool = False
    floor_sentence: str = ""

    def keys_of(self, frame: pd.DataFrame) -> list[str]:
        """Columns of its audit frame that name a row."""
        return [str(name) for name in frame.columns if name not in ("used", "allowed", "is_floor")]

    def floors(self, frame: pd.DataFrame) -> list[bool]:
        """Row by row of its audit frame, whether it is a floor."""
        if "is_floor" in frame.columns:
            return [bool(floor) for floor in frame["is_floor"]]
        return [self.floor] * len(frame)


@dataclass(frozen=True, kw_only=True)
class Concession:
    """A change of cells that admits decisions without a variable, or earlier ones.

    Parameters
    ----------
    limit : str
        Limit that is relaxed.
    sentence : str
        Its effect, after "so that", such as ``"inference may run at Sydney, 63 ms away"``.
    edits : tuple of (str, int, str, object)
        Sheet, row label, column and new value of the cell; a new row label makes a new row.
    points : float
        Price: 1 for doubling a bound, or for dropping a rule.
    about : mapping of str to str
        Subjects that it can help, by names of keys, such as ``{"workload": "inference"}``.
    """

    limit: str
    sentence: str
    edits: tuple[tuple[str, int, str, Any], ...]
    points: float
    about: Mapping[str, str] = field(default_factory=dict)
