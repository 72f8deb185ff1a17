"""Step "build": a Dataset becomes a Program, a plain Pyomo model declared by the families.

Families meet in ledgers: named, indexed sums with one unit, which one family posts to and another
reads. Sets, variables and postings are declared first, in any order of families; then ledgers are
resolved in the order in which they read each other; then the limits follow.
"""

from __future__ import annotations

import graphlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.dataset import Dataset
from optalloc.errors import ModelError
from optalloc.family import Model

__all__ = ["Ledgers", "Posting", "Program", "build", "index_set", "indexed_set", "parameter"]


@dataclass(frozen=True)
class Posting:
    """What one family adds to a ledger: a named Pyomo Expression with its own index."""

    ledger: str
    family: str
    item: str
    over: tuple[str, ...]
    component: str
    rule: Callable[..., Any]
    index: Any
    reads: tuple[str, ...]
    notes: pd.DataFrame | None = None


@dataclass
class _Book:
    """All ledgers of a model while it is being built."""

    model: Model
    opened: dict[str, Any] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)


@dataclass(frozen=True)
class Ledgers:
    """The ledgers as one family sees them: it opens its own, and posts to any."""

    book: _Book
    family: str

    def open(self, name: str, index: Any) -> None:
        """Say over which Pyomo set an own ledger runs."""
        self.book.opened[name] = index

    def post(
        self,
        name: str,
        item: str,
        rule: Callable[..., Any],
        *,
        index: Any = None,
        over: tuple[str, ...] = (),
        reads: tuple[str, ...] = (),
        notes: pd.DataFrame | None = None,
    ) -> None:
        """Add ``rule(m, *key)`` to a ledger.

        Parameters
        ----------
        name, item : str
            Ledger, and what this part of it is called.
        rule : callable
            Linear expression for a key.
        index, over : optional
            Set and names of the posting's own keys; only for a ledger that is a single total.
        reads : tuple of str
            Ledgers that the rule reads.
        notes : pandas.DataFrame, optional
            One row per key with whatever the owner of the ledger wants to know of it.
        """
        if name not in self.book.model.ledgers:
            raise ModelError(f"family {self.family!r} posts to {name!r}, which no family declares")
        component = f"{name}_{item}"
        self.book.postings.append(
            Posting(name, self.family, item, over, component, rule, index, reads, notes)
        )


@dataclass(frozen=True)
class Program:
    """A built model: the dataset, every family's parameters, the Pyomo model and its postings."""

    model: Model
    dataset: Dataset
    pyomo: Any
    postings: tuple[Posting, ...]


def index_set(frame: pd.DataFrame) -> Any:
    """Pyomo Set of a frame's rows, in their order: scalars for one column, tuples for several."""
    columns = [frame[c].tolist() for c in frame.columns]
    members = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    return pyo.Set(initialize=members, dimen=len(columns))


def indexed_set(index: Any, frame: pd.DataFrame, by: list[str], member: list[str]) -> Any:
    """Pyomo indexed Set: for each key of `index`, the `member` rows of the frame that have it.

    Keys without a row get an empty set, so that a sum over it is nought.
    """
    groups: dict[Any, list[Any]] = {key: [] for key in index}
    keys = zip(*(frame[c] for c in by), strict=True) if len(by) > 1 else frame[by[0]]
    members = zip(*(frame[c] for c in member), strict=True) if len(member) > 1 else frame[member[0]]
    for key, value in zip(keys, members, strict=True):
        if key in groups:
            groups[key].append(value)
    return pyo.Set(index, initialize=groups, dimen=len(member))


def parameter(index: Any, values: pd.Series) -> Any:
    """Pyomo Param over a set, from a series indexed alike."""
    return pyo.Param(index, initialize=values.astype(float).to_dict(), within=pyo.Reals)


def build(dataset: Dataset, model: Model) -> Program:
    """Declare every family on one Pyomo model.

    Parameters
    ----------
    dataset : Dataset
        A validated workbook.
    model : Model
        The families.

    Returns
    -------
    Program
        ``program.pyomo`` is an ordinary ``ConcreteModel``: constraints may be added to it, and
        any Pyomo solver can solve it.

    Raises
    ------
    ModelError
        If ledgers read each other in a circle, or a family declares something twice.
    """
    m = pyo.ConcreteModel(name="optalloc")
    book = _Book(model)
    parameters = {family.name: family.parameters(dataset) for family in model.families}
    with _no_component_replaced():
        for family in model.families:
            family.declare(m, parameters[family.name], Ledgers(book, family.name))
        _resolve(m, book)
        for family in model.families:
            family.constrain(m, parameters[family.name])
    return Program(model, dataset, m, tuple(book.postings))


@contextmanager
def _no_component_replaced() -> Iterator[None]:
    """Make an error of what Pyomo only warns about: two families using one component name."""

    def refuse(record: logging.LogRecord) -> bool:
        if "Implicitly replacing" in str(record.msg):
            raise ModelError(f"two families use one name: {record.getMessage().splitlines()[0]}")
        return True

    logger = logging.getLogger("pyomo.core")
    logger.addFilter(refuse)
    try:
        yield
    finally:
        logger.removeFilter(refuse)


def _resolve(m: Any, book: _Book) -> None:
    """Turn postings into Expressions, ledgers that are read before those that read them."""
    reads: dict[str, set[str]] = {name: set() for name in book.model.ledgers}
    for posting in book.postings:
        reads[posting.ledger].update(posting.reads)
    try:
        order: Iterable[str] = list(graphlib.TopologicalSorter(reads).static_order())
    except graphlib.CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ModelError(f"ledgers read each other in a circle: {circle}") from error
    for name in order:
        postings = [p for p in book.postings if p.ledger == name]
        index = book.opened.get(name)
        for posting in postings:
            own = posting.index if posting.index is not None else index
            m.add_component(posting.component, pyo.Expression(own, rule=posting.rule))
        m.add_component(name, _total(m, index, postings))


def _total(m: Any, index: Any, postings: list[Posting]) -> Any:
    parts = [m.component(p.component) for p in postings]
    if index is None:
        return pyo.Expression(expr=pyo.quicksum(part[key] for part in parts for key in part))
    return pyo.Expression(index, rule=lambda m, *key: sum((part[key] for part in parts), start=0.0))
