"""Step "build": a Dataset becomes a Program, a plain Pyomo model declared by the families.

Families meet in ledgers: named, indexed sums with one unit, which one family posts to and another
reads. Sets, variables and postings are declared first, in any order of families; then ledgers are
resolved in the order in which they read each other; then the limits follow.
"""

from __future__ import annotations

import functools
import graphlib
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pyomo.environ as pyo
from pyomo.core.base.component import Component

from optalloc.compile import (
    DeferringModel,
    deferred_rules,
)
from optalloc.data.dataset import Dataset, recalled
from optalloc.errors import ModelError
from optalloc.modelling.family import Family
from optalloc.modelling.ledgers import Ledgers, Posting
from optalloc.modelling.model import Model
from optalloc.modelling.sets import index_set

__all__ = [
    "Program",
    "build",
    "outline",
]


@dataclass
class _Book:
    """All ledgers of a model while it is being built, and the declarations of each family.

    Families in `kept` have the same parameters as in the program `before`; its components in the
    model `known` are used in place of their declarations.
    """

    model: Model
    dataset: Dataset
    before: Program | None = None
    known: Any = None
    opened: dict[str, Any] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    components: dict[str, set[str]] = field(default_factory=dict)

    @functools.cached_property
    def families(self) -> tuple[Family, ...]:
        """The families that are not left out, in document order."""
        return tuple(f for f in self.model.families if not f.is_left_out(self.dataset))

    @functools.cached_property
    def parameters(self) -> dict[str, Any]:
        """Parameters of each family that is not left out."""
        return {f.name: recalled(f.parameters, self.dataset) for f in self.families}

    @functools.cached_property
    def kept(self) -> frozenset[str]:
        """Families that need not be declared again."""
        if self.before is None:
            return frozenset()
        before = self.before.parameters
        same = {n for n, own in self.parameters.items() if n in before and own is before[n]}
        # What follows from the postings of others is the same only where all of them are.
        if len(same) < len(self.families):
            same -= {family.name for family in self.families if family.follow is not None}
        return frozenset(same)

    @contextmanager
    def noted(self, m: Any, owner: str) -> Iterator[None]:
        """Note the names of components that are declared meanwhile."""
        earlier = len(m.component_map())
        yield
        names = itertools.islice(m.component_map(), earlier, None)
        self.components.setdefault(owner, set()).update(names)


@dataclass(frozen=True)
class Program:
    """A built model: the families, the dataset, the postings to ledgers, and the Pyomo model.

    ``parameters`` and ``components`` are the parameters of each family and the names of its
    components; ``independent`` is True if declarations depend only on sets of other families.
    """

    model: Model
    dataset: Dataset
    postings: tuple[Posting, ...]
    declared: Callable[[], Any] = field(repr=False)
    parameters: Mapping[str, Any] = field(repr=False)
    components: Mapping[str, frozenset[str]] = field(repr=False)
    independent: Callable[[], bool] = field(repr=False)

    @functools.cached_property
    def pyomo(self) -> Any:
        """The Pyomo model, an ordinary ``ConcreteModel``."""
        return self.declared()


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
    book = _Book(model, dataset)
    m = _declared(book, _Families(name="optalloc"))
    return Program(
        model,
        dataset,
        tuple(book.postings),
        declared=lambda: m,
        parameters=book.parameters,
        components={name: frozenset(names) for name, names in book.components.items()},
        independent=functools.cache(lambda: _reads_no_values(model, dataset)),
    )


def outline(program: Program, dataset: Dataset, known: Any) -> tuple[Program, Any, frozenset[str]]:
    """Declare families on another dataset without calling a rule, to be compared with a model.

    A family whose parameters are the same objects is left out, as it would declare the same again.

    Parameters
    ----------
    program : Program
    dataset : Dataset
        It recalls values derived from the program's own dataset (`Dataset.recall_from`).
    known : pyomo.environ.ConcreteModel
        Model of the program, or of the one that it was renewed from.

    Returns
    -------
    Program, pyomo.environ.ConcreteModel, frozenset of str
        A program whose model is built on first use; the sets, parameters, variables and uncalled
        rules; and the names in `known` of the components to compare them with.
    """
    book = _Book(program.model, dataset)
    if program.independent():
        book = replace(book, before=program, known=known)
    m = _declared(book, _Families(name="optalloc", beside=book.known), templates=False)
    fresh = replace(
        program,
        dataset=dataset,
        postings=tuple(book.postings),
        declared=lambda: build(dataset, program.model).pyomo,
        parameters=book.parameters,
    )
    names = [program.components[name] for name in program.components if name not in book.kept]
    return fresh, m, frozenset[str]().union(*names)


class _Families(DeferringModel):
    """Model that families declare: two of them may not use one name.

    Parameters
    ----------
    beside : pyomo.environ.ConcreteModel, optional
        Another model, with the components of families that are not declared again.
    """

    def __init__(self, beside: Any = None, **options: Any) -> None:
        self.__dict__["_beside"] = beside
        super().__init__(**options)

    def __getattr__(self, name: str) -> Any:
        beside = self.__dict__.get("_beside")
        found = None if beside is None else beside.component(name)
        return super().__getattr__(name) if found is None else found

    def __setattr__(self, name: str, value: Any) -> None:
        # Pyomo would replace the component, and only warn.
        declared = self.__dict__.get("_defers") and isinstance(value, Component)
        if declared and super().component(name) is not None:
            raise ModelError(f"two families use one name: {name}")
        super().__setattr__(name, value)


class _Watched(_Families):
    """Model that notes whether one of its parameters was read."""

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if isinstance(found, pyo.Param):
            self.__dict__["_read"] = True
        return found

    def component(self, name_or_object: Any) -> Any:
        """Component of a name, noted if it is a parameter."""
        found = super().component(name_or_object)
        if isinstance(found, pyo.Param):
            self.__dict__["_read"] = True
        return found


def _declared(book: _Book, m: _Families, *, templates: bool = True) -> Any:
    with deferred_rules(m, templates=templates):
        for family in book.families:
            if family.name in book.kept:
                assert book.before is not None
                book.postings += [p for p in book.before.postings if p.family == family.name]
                continue
            ledgers = Ledgers(family.name, book.model.ledgers, book.opened, book.postings)
            with book.noted(m, family.name):
                family.declare(m, book.parameters[family.name], ledgers)
        _follow(m, book)
        _resolve(m, book)
        for family in book.families:
            if family.name not in book.kept:
                with book.noted(m, family.name):
                    family.constrain(m, book.parameters[family.name])
    return m


def _follow(m: Any, book: _Book) -> None:
    """Let families post what follows from the postings of all, each seeing those of `declare`."""
    made = list(book.postings)
    for family in book.families:
        if family.follow is None or family.name in book.kept:
            continue
        seen = list(made)
        ledgers = Ledgers(family.name, book.model.ledgers, book.opened, seen)
        with book.noted(m, family.name):
            family.follow(m, book.parameters[family.name], ledgers)
        book.postings += seen[len(made) :]


def _reads_no_values(model: Model, dataset: Dataset) -> bool:
    """True if no family reads a parameter while it declares, outside of rules."""
    m = _Watched(name="optalloc")
    _declared(_Book(model, dataset), m, templates=False)
    return not m.__dict__.get("_read", False)


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
    without_keys = {
        ledger.name: index_set(pd.DataFrame(columns=list(ledger.over)))
        for family in book.model.families
        if family not in book.families
        for ledger in family.ledgers
        if ledger.over
    }
    for name in order:
        postings = [p for p in book.postings if p.ledger == name]
        index = book.opened.get(name, without_keys.get(name))
        for posting in postings:
            if posting.family in book.kept:
                continue
            own = posting.index if posting.index is not None else index
            if own is None and book.kept and getattr(m, name).is_indexed():
                own = getattr(m, name).index_set()
            with book.noted(m, posting.family):
                m.add_component(posting.component, pyo.Expression(own, rule=posting.rule))
        # The sum of unchanged postings is unchanged.
        if not book.kept:
            m.add_component(name, _total(index, postings))


def _total(index: Any, postings: list[Posting]) -> Any:
    """Sum of all postings to a ledger, written so that it is one template."""
    names = [posting.component for posting in postings]
    if index is not None:
        return pyo.Expression(
            index, rule=lambda m, *key: _added(m.component(name)[key] for name in names)
        )
    return pyo.Expression(rule=lambda m: _added(_whole(m.component(name)) for name in names))


def _whole(part: Any) -> Any:
    return sum(part[key] for key in part.index_set()) if part.is_indexed() else part


def _added(parts: Iterable[Any]) -> Any:
    return functools.reduce(operator.add, parts, 0.0)
