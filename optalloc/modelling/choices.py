"""Choices of a plan and quantities that it may leave unmet, by which it is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Cell
from optalloc.modelling.limits import Cause

__all__ = ["BoundChange", "Choice", "Price", "Unmet"]

# A variable, its key, and its lower and upper bound.
BoundChange = tuple[str, tuple[Any, ...], float, float]


@dataclass(frozen=True, kw_only=True)
class Price:
    """A price paid for the members of a `Choice`, of which the break-even is explained.

    Parameters
    ----------
    name : str
        Such as ``"build cost"``.
    cells : callable
        ``cells(data, member) -> ((sheet, column, rows), ...)``: the cells that hold it, rows by
        their index labels. A break-even is reported as the mean of the first cells; all cells
        rise and fall in proportion.
    """

    name: str
    cells: Callable[[Dataset, str], Sequence[tuple[str, str, Sequence[int]]]]


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """A quantity that a plan may leave unmet at a penalty, such as demand, to be explained.

    Parameters
    ----------
    noun : str
        Its name, such as ``"demand"``.
    variable : str
        Variable of the unmet amount.
    over : tuple of str
        Names of the places of its keys, the period last.
    unit : str
        Of the variable.
    about : str
        A key in words, without its period, such as ``"{workload} in {region}"``.
    price : callable
        ``price(data, key) -> Cell``: the cell of the penalty.
    insist : callable
        ``insist(data) -> iterable of (sheet, row label, column, value)``: cells with which all
        must be met.
    causes : callable
        ``causes(data, key) -> iterable of `Cause```: causes of the unmet amount.
    """

    noun: str
    variable: str
    over: tuple[str, ...]
    unit: str
    about: str
    price: Callable[[Dataset, Mapping[str, Any]], Cell]
    insist: Callable[[Dataset], Iterable[tuple[str, int, str, Any]]]
    causes: Callable[[Dataset, Mapping[str, Any]], Iterable[Cause]]


def _no_groups(_: Dataset, __: str) -> Sequence[tuple[str, str]]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A choice among members that a plan takes or leaves, such as sites, to be explained.

    Parameters
    ----------
    noun : str
        Noun for a member, such as ``"site"``.
    taken, left : str
        Predicate of a plan that takes a member, and of one that does not, as in
        ``"builds at {member}"``.
    never : str
        Sentence on a member that no plan can take.
    members : callable
        ``members(data) -> names``.
    take, leave : callable
        ``take(data, member) -> bounds`` that every plan that takes it satisfies; empty where no
        plan can. ``leave`` likewise.
    ledger : str
        Ledger over member and period by which two plans are compared.
    prices : tuple of Price
    groups : callable
        ``groups(data, member) -> ((kind, name), ...)``: groups that it belongs to, such as
        ``("jurisdiction", "Japan")``; plans that take other groups differ more.
    worth : str
        Name of the value of being able to take a member, such as ``"the option {member}"``, which
        a policy then reports; empty for none.
    """

    noun: str
    taken: str
    left: str
    never: str
    members: Callable[[Dataset], Sequence[str]]
    take: Callable[[Dataset, str], Sequence[BoundChange]]
    leave: Callable[[Dataset, str], Sequence[BoundChange]]
    ledger: str
    prices: tuple[Price, ...] = ()
    groups: Callable[[Dataset, str], Sequence[tuple[str, str]]] = _no_groups
    worth: str = ""
