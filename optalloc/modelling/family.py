"""The record by which a model family describes itself.

The engine knows families only through this record and never by name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset, Derived
from optalloc.data.declared import Worth
from optalloc.data.schema import Sheet
from optalloc.errors import Problem
from optalloc.modelling.choices import Choice, Unmet
from optalloc.modelling.cuts import Cuts
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.limits import Concession, Limit
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

__all__ = ["CostTerm", "Family", "Ledger"]


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A named sum that families post to and read, with one unit and one index.

    An index of ``()`` makes a single total, to which postings may come with keys of their own.
    """

    name: str
    unit: str
    over: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, kw_only=True)
class CostTerm:
    """One term of the objective, for the formulation page.

    Parameters
    ----------
    item : str
        Name under which it is posted; postings named ``item_renewal_k`` and ``item_residual``
        belong to it, and of postings in parts those whose names begin with it.
    kind : str
        Such as ``"cash"`` or ``"penalty"``.
    formula : str
        The sum in mathematical notation, before discounting.
    paid : str
        When it is paid.
    escalation : str
        The rate by which it grows, and from which date to which.
    """

    item: str
    kind: str
    formula: str
    paid: str
    escalation: str


def _nothing(*_: Any) -> Iterable[Any]:
    return ()


# From a derived frame of each scenario to those that they take in place of their own.
Combine = Callable[[Sequence[pd.DataFrame]], Sequence[pd.DataFrame]]


def _none(*_: Any) -> None:
    return None


def _always(*_: Any) -> bool:
    return True


def _no_tables(*_: Any) -> dict[str, pd.DataFrame]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Family:
    """One aspect of the model, end to end.

    Parameters
    ----------
    name, title : str
        Name of its file or folder, and the name in documents.
    source : str
        Text of its file, or of the ``formulation.py`` of its folder, which loading fills in.
    order : int
        Place in documents and in the template; never the order of building.
    sheets, ledgers, limits, outputs, charts : tuple
        Sheets read, ledgers owned, limits, tables and charts of the plan.
    report : Report
        Contribution to report.html.
    codes : dict
        Code of each problem that `check` and `notices` can give, with its meaning.
    check : callable
        ``check(data) -> problems`` across rows and sheets.
    notices : callable
        ``notices(data) -> problems``: allowed values that are hardly meant, each a notice.
    worth : callable
        ``worth(data, sheet) -> Worth or None``: value of a sheet's currency, by which amounts are
        compared with usual ones; of one family, the one that reads currencies.
    parameters : callable
        ``parameters(data) -> object``: all numbers the rules use, from the dataset alone.
    declare : callable
        ``declare(m, parameters, ledgers)``: sets, parameters, variables, postings.
    follow : callable, optional
        ``follow(m, parameters, ledgers)``: variables and postings that depend on those which all
        families have made, ``ledgers.postings``, such as taxes on costs. Called after every
        `declare`; what it posts may be read by no other `follow`.
    constrain : callable
        ``constrain(m, parameters)``: the limits. Ledgers are attributes of `m` by then.
    tables : callable
        ``tables(data, values) -> {name: frame}``: rows of the plan's tables.
    audit : callable
        ``audit(data, tables) -> {limit: frame}``: every limit restated from the plan's tables and
        the dataset alone; key columns, used and allowed.
    recompute : callable
        ``recompute(data, tables) -> {name: frame}``: the columns that follow from decisions,
        recomputed from the tables of decisions and the dataset alone.
    shortages : callable
        ``shortages(data) -> frame``: sums over the workbook that no plan can meet, found before
        anything is solved: ``limit`` (name), ``sentence`` with both numbers, ``needed`` and
        ``available``, ``unit``, ``cells`` (tuples of sheet, row label and column that the numbers
        come from). Never a false alarm.
    concessions : callable
        ``concessions(data) -> iterable of `Concession```: changes of cells that add variables
        which limits by absence (`Limit.enforced` of ``"sets"``), leads and the like exclude.
    relaxations : callable
        ``relaxations(data) -> frame`` of the planner's own rules for relaxing limits: ``row``
        (label in the sheet named by the frame's ``sheet``), ``name`` (of a limit or family),
        ``may_relax`` and ``price_per_unit`` (points; NaN: by default).
    idle_without : tuple of str
        Sheets of which one must have a row, or the family is idle: its tables, audit and recompute
        are not called. Empty: never idle.
    needed_with : tuple of str
        Sheets whose rows make other families read the declarations of an idle one. Where none has
        a row an idle family is left out of the program, and its ledgers have no keys.
    strengthening : tuple of str
        Valid inequalities: constraints that exclude no plan and tighten the relaxation.
    separate : callable, optional
        ``separate(data, values) -> cuts`` (`optalloc.modelling.cuts.Cuts`): lazy
        constraints that these values, which may be fractional, violate.
    separates : callable
        ``separates(data) -> bool``: whether the workbook has such limits; if not, `separate` is
        never called, and every solution of the solver is a plan.
    choices : tuple of Choice
        Choices of a plan, to be explained.
    unmet : tuple of Unmet
        Quantities that it may leave unmet, to be explained.
    blocks, stages : str
        ``"Sheet.column"`` whose values, in the keys of variables, name blocks with few common rows,
        such as sites, or steps of time: large programs are decomposed along them.
    steps : callable
        ``steps(data) -> frame`` of ``step``, ``begin`` and ``end``: the steps of time that keys of
        variables name, with their first day and the day after their last; of one family. Under
        uncertainty a variable is decided on the first day of the last step that its key names, and
        may depend on what is known by then; one that names none is decided before anything is.
    shortened : callable
        ``shortened(data, until) -> {sheet: frame}``: rows of sheets with which the workbook ends
        with the last step that begins before a day; of the family with `steps`.
    within : tuple of str
        Variables that are decided while their step runs, such as operations: they may depend on
        what becomes known by the end of it.
    follows : tuple of str
        Variables that follow from others in each scenario, whatever is known.
    zero_where_absent : tuple of str
        Variables that a scenario lacks only where they could be nothing but zero in it. Any other
        that scenarios must decide as one exists in all of them: see `shared`.
    shared : tuple of (derived frame, callable)
        Frames from which bounds of decisions follow, such as the most that can be needed, or which
        decisions are of use, each with
        ``combine(frames) -> frames``: what scenarios that share decisions take in place of their
        own. A bound from one scenario's need alone would cut off what another needs.
    same_in_all : tuple of str
        ``"Sheet"`` or ``"Sheet.column"`` that are the same in every scenario.
    defaults : callable
        ``defaults(data) -> dict``: solver options that the workbook sets.
    hold : callable
        ``hold(data, tables, until) -> {sheet: frame}``: rows of sheets that fix the decisions of a
        plan with these tables before a date, and leave the rest open.
    not_held : callable
        ``not_held(data, tables, until) -> sentences``: such decisions that `hold` would lose, as
        the workbook lacks what they name; each the part of a sentence, without a full stop.
    """

    name: str
    title: str
    order: int
    sheets: tuple[Sheet, ...]
    ledgers: tuple[Ledger, ...] = ()
    costs: tuple[CostTerm, ...] = ()
    limits: tuple[Limit, ...] = ()
    outputs: tuple[TableSpec, ...] = ()
    charts: tuple[Chart, ...] = ()
    report: Report = field(default_factory=Report)
    codes: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[Dataset], Iterable[Problem]] = _nothing
    notices: Callable[[Dataset], Iterable[Problem]] = _nothing
    worth: Callable[[Dataset, str], Worth | None] = _none
    parameters: Callable[[Dataset], Any]
    declare: Callable[[Any, Any, Ledgers], None]
    follow: Callable[[Any, Any, Ledgers], None] | None = None
    constrain: Callable[[Any, Any], None]
    tables: Callable[[Dataset, Solution], dict[str, pd.DataFrame]] = _no_tables
    audit: Callable[[Dataset, Mapping[str, pd.DataFrame]], dict[str, pd.DataFrame]] = _no_tables
    recompute: Callable[[Dataset, Mapping[str, pd.DataFrame]], dict[str, pd.DataFrame]] = _no_tables
    shortages: Callable[[Dataset], pd.DataFrame | None] = _none
    concessions: Callable[[Dataset], Iterable[Concession]] = _nothing
    relaxations: Callable[[Dataset], pd.DataFrame | None] = _none
    idle_without: tuple[str, ...] = ()
    needed_with: tuple[str, ...] = ()
    strengthening: tuple[str, ...] = ()
    separate: Callable[[Dataset, Solution], Iterable[Cuts]] | None = None
    separates: Callable[[Dataset], bool] = _always
    choices: tuple[Choice, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    blocks: str = ""
    stages: str = ""
    steps: Callable[[Dataset], pd.DataFrame | None] = _none
    shortened: Callable[[Dataset, pd.Timestamp], dict[str, pd.DataFrame]] = _no_tables
    within: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    zero_where_absent: tuple[str, ...] = ()
    shared: tuple[tuple[Derived, Combine], ...] = ()
    same_in_all: tuple[str, ...] = ()
    defaults: Callable[[Dataset], dict[str, Any]] = _no_tables
    hold: Callable[[Dataset, Mapping[str, pd.DataFrame], pd.Timestamp], dict[str, pd.DataFrame]] = (
        _no_tables
    )
    not_held: Callable[[Dataset, Mapping[str, pd.DataFrame], pd.Timestamp], Iterable[str]] = (
        _nothing
    )
    source: str = ""

    @property
    def doc(self) -> str:
        """Docstring of `source`; empty where there is none."""
        return ast.get_docstring(ast.parse(self.source)) or ""

    def is_idle(self, data: Dataset) -> bool:
        """True if the sheets that it needs have no rows."""
        return bool(self.idle_without) and not data.uses(self.idle_without)

    def is_left_out(self, data: Dataset) -> bool:
        """True if it is idle, and no other family would read its declarations."""
        return self.is_idle(data) and not data.uses(self.needed_with)
