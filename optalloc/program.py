"""Step "build": a Dataset becomes a Program, a plain Pyomo model declared by the families.

Families meet in ledgers: named, indexed sums with one unit, which one family posts to and another
reads. Sets, variables and postings are declared first, in any order of families; then ledgers are
resolved in the order in which they read each other; then the limits follow.
"""

from __future__ import annotations

import functools
import graphlib
import logging
import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.compile import (
    Groups,
    KeyTable,
    TableIndexedSet,
    TableParam,
    TableSet,
    deferred_rules,
)
from optalloc.dataset import Dataset
from optalloc.errors import ModelError
from optalloc.family import Model

__all__ = [
    "Ledgers",
    "Posting",
    "Program",
    "build",
    "frame_of",
    "index_set",
    "indexed_set",
    "outline",
    "parameter",
]


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
    """A built model: the families, the dataset, what is posted to ledgers, and the Pyomo model."""

    model: Model
    dataset: Dataset
    postings: tuple[Posting, ...]
    declared: Callable[[], Any] = field(repr=False)

    @functools.cached_property
    def pyomo(self) -> Any:
        """The Pyomo model, an ordinary ``ConcreteModel``."""
        return self.declared()


def index_set(frame: pd.DataFrame) -> TableSet:
    """Pyomo Set of a frame's rows, in their order: scalars for one column, tuples for several.

    Raises
    ------
    ModelError
        If a row is there twice, or has a blank.
    """
    if frame.isna().to_numpy().any():
        raise ModelError(f"the keys {', '.join(frame.columns)} have blanks")
    table = KeyTable.of_frame(frame)
    if table.has_repeats():
        raise ModelError(f"the keys {', '.join(frame.columns)} have rows that are the same")
    return TableSet(table)


def indexed_set(
    index: TableSet, frame: pd.DataFrame, by: list[str], member: list[str]
) -> TableIndexedSet:
    """Pyomo indexed Set: for each key of `index`, the `member` rows of the frame that have it.

    Keys without a row get an empty set, so that a sum over it is nought.
    """
    keys, members = KeyTable.of_frame(frame[by]), KeyTable.of_frame(frame[member])
    owner = index.table.positions([keys.column(place) for place in range(len(by))], len(frame))
    return TableIndexedSet(index, Groups.of_rows(index.table, owner, members))


def parameter(index: TableSet, values: pd.Series) -> TableParam:
    """Pyomo Param over a set, from a series indexed alike.

    Raises
    ------
    ModelError
        If a member has no value.
    """
    keys = KeyTable.of_frame(values.index.to_frame(index=False))
    columns = [index.table.column(place) for place in range(index.table.arity)]
    at = keys.positions(columns, len(index.table))
    found = values.to_numpy(dtype=float)[at] if len(values) else np.empty(len(at))
    if (at < 0).any() or np.isnan(found).any():
        raise ModelError(f"parameter from {values.name!r} has no value for some of its keys")
    return TableParam(index, found)


def frame_of(index: TableSet, names: list[str]) -> pd.DataFrame:
    """Members of a set as a frame with these columns."""
    return index.table.frame(names)


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
    with deferred_rules():
        m, postings = _declared(dataset, model)
    return Program(model, dataset, postings, lambda: m)


def outline(dataset: Dataset, model: Model) -> tuple[Program, Any]:
    """Declare every family without calling a rule, to be compared with a program that was built.

    Returns
    -------
    Program, pyomo.environ.ConcreteModel
        A program whose model is built when it is asked for; and the sets, parameters, variables
        and uncalled rules.
    """
    with deferred_rules(templates=False):
        m, postings = _declared(dataset, model)
    return Program(model, dataset, postings, lambda: build(dataset, model).pyomo), m


def _declared(dataset: Dataset, model: Model) -> tuple[Any, tuple[Posting, ...]]:
    m = pyo.ConcreteModel(name="optalloc")
    book = _Book(model)
    parameters = {family.name: family.parameters(dataset) for family in model.families}
    with _no_component_replaced():
        for family in model.families:
            family.declare(m, parameters[family.name], Ledgers(book, family.name))
        _resolve(m, book)
        for family in model.families:
            family.constrain(m, parameters[family.name])
    return m, tuple(book.postings)


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
    """Sum of all that is posted to a ledger, written so that it is one template."""
    parts = [m.component(posting.component) for posting in postings]
    if index is not None:
        return pyo.Expression(index, rule=lambda m, *key: _added(part[key] for part in parts))
    return pyo.Expression(rule=lambda m: _added(_whole(part) for part in parts))


def _whole(part: Any) -> Any:
    return sum(part[key] for key in part.index_set()) if part.is_indexed() else part


def _added(parts: Iterable[Any]) -> Any:
    return functools.reduce(operator.add, parts, 0.0)
