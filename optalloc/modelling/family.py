"""The record by which a model family describes itself.

The engine knows families only through this record and never by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.declared import Worth
from optalloc.data.schema import Cell, Sheet
from optalloc.errors import Problem
from optalloc.modelling.cuts import Cuts
from optalloc.modelling.exhibits import Report
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.solution import Solution

__all__ = [
    "Choice",
    "Concession",
    "CostTerm",
    "Family",
    "Ledger",
    "Limit",
    "Price",
    "Relax",
    "Standing",
    "Unmet",
]


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
        belong to it.
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


class Relax(StrEnum):
    """Permission to relax a limit of an infeasible workbook."""

    NEVER = "never"
    PRICED = "at a price"
    LAST = "if nothing else helps"


@dataclass(frozen=True)
class Standing:
    """A constant term of a limit, which no decision changes, such as existing capacity.

    Parameters
    ----------
    sentence : str
        Its meaning, with its amount.
    cells : tuple of Cell
        Cells that it comes from.
    """

    sentence: str
    cells: tuple[Cell, ...]


def _nothing(*_: Any) -> Iterable[Any]:
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
    named : dict of str to str
        Columns of those sheets that have another name in `over`.
    conflict : str
        Sentence for where it is part of a conflict: with the key, ``{value}`` and
        ``{unit}`` of its cell, and any other column of that row.
    relax : Relax
        Permission to relax it where there is no plan, unless the planner rules otherwise.
    implied : bool
        True if it follows from the other limits.
    standing : callable
        ``standing(data, key) -> iterable of `Standing```: constant terms of a row, which are the
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
    enforced: str = "row"
    reported: bool = True
    over: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    conflict: str = ""
    relax: Relax = Relax.NEVER
    implied: bool = False
    standing: Callable[[Dataset, Mapping[str, Any]], Iterable[Standing]] = _nothing
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


# A variable, its key, and its lower and upper bound.
Held = tuple[str, tuple[Any, ...], float, float]


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
    reasons : callable
        ``reasons(data, key) -> iterable of `Standing```: causes of the unmet amount.
    """

    noun: str
    variable: str
    over: tuple[str, ...]
    unit: str
    about: str
    price: Callable[[Dataset, Mapping[str, Any]], Cell]
    insist: Callable[[Dataset], Iterable[tuple[str, int, str, Any]]]
    reasons: Callable[[Dataset, Mapping[str, Any]], Iterable[Standing]]


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
    """

    noun: str
    taken: str
    left: str
    never: str
    members: Callable[[Dataset], Sequence[str]]
    take: Callable[[Dataset, str], Sequence[Held]]
    leave: Callable[[Dataset, str], Sequence[Held]]
    ledger: str
    prices: tuple[Price, ...] = ()
    groups: Callable[[Dataset, str], Sequence[tuple[str, str]]] = _no_groups


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
    doc : str
        Docstring of its file, or of the ``formulation.py`` of its folder, which loading fills in.
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
    defaults : callable
        ``defaults(data) -> dict``: solver options that the workbook sets.
    hold : callable
        ``hold(data, tables, until) -> {sheet: frame}``: rows of sheets that fix the decisions of a
        plan with these tables before a date, and leave the rest open.
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
    defaults: Callable[[Dataset], dict[str, Any]] = _no_tables
    hold: Callable[[Dataset, Mapping[str, pd.DataFrame], pd.Timestamp], dict[str, pd.DataFrame]] = (
        _no_tables
    )
    doc: str = ""

    def is_idle(self, data: Dataset) -> bool:
        """True if the sheets that it needs have no rows."""
        return bool(self.idle_without) and not data.uses(self.idle_without)

    def is_left_out(self, data: Dataset) -> bool:
        """True if it is idle, and no other family would read its declarations."""
        return self.is_idle(data) and not data.uses(self.needed_with)
