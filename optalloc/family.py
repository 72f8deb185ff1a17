"""The record by which a model family describes itself, and the loading of a model folder.

A model folder holds one Python file per family, which ends with ``FAMILY = Family(...)``, or one
folder, whose ``family.py`` ends so and whose ``formulation.py`` has the family's docstring. Names
that begin with an underscore are shared helpers. The engine knows families only through this record
and never by name.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from optalloc.errors import ModelError, Problem
from optalloc.exhibits import Report
from optalloc.schema import Column, Sheet
from optalloc.sweep.sheet import SWEEPS, sweeps_of

if TYPE_CHECKING:
    import pandas as pd

    from optalloc.cuts import Cuts
    from optalloc.dataset import Dataset
    from optalloc.program import Ledgers
    from optalloc.values import Values

__all__ = [
    "Chart",
    "Choice",
    "Concession",
    "CostTerm",
    "Family",
    "Ledger",
    "Limit",
    "Model",
    "Price",
    "Relax",
    "Standing",
    "TableSpec",
    "Unmet",
    "Worth",
    "default_model_path",
    "load_model",
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
        Name under which it is posted; what is posted as ``item_renewal_k`` and ``item_residual``
        belongs to it.
    kind : str
        Such as ``"cash"`` or ``"penalty"``.
    formula : str
        The sum in mathematical notation, before discounting.
    paid : str
        When it is paid.
    escalation : str
        The rate by which it grows, and from when to when.
    """

    item: str
    kind: str
    formula: str
    paid: str
    escalation: str


class Relax(StrEnum):
    """Whether a limit may give way where there is no plan."""

    NEVER = "never"
    PRICED = "at a price"
    LAST = "if nothing else helps"


# Sheet, row label and column.
Cell = tuple[str, int, str]


@dataclass(frozen=True)
class Standing:
    """What no decision changes and a limit counts all the same, such as existing capacity.

    Parameters
    ----------
    sentence : str
        What it is, with its amount.
    cells : tuple of Cell
        Where that comes from.
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
        ``"<="`` or ``"=="`` between used and allowed; a floor states what is needed as used.
    sentence : str
        What a planner is told when it binds, with the key columns, ``{used}`` and ``{allowed}``.
    marginal : str
        What one more unit of ``allowed`` means.
    formula : str
        The inequality in mathematical notation, for the formulation page.
    enforced : str
        ``"row"`` by a constraint of this name, ``"cuts"`` by rows that `Family.separate` finds,
        ``"sets"`` because what would break it has no
        variable, ``"integers"`` by whole numbers.
    reported : bool
        Whether it is of interest that it binds; False for rules of logic.
    over : tuple of str
        Names of the places of its rows' keys, the first ones; as in its audit frame.
    cells : tuple of str
        ``"Sheet.column"`` from which what it allows comes: of the first that has one, the row with
        the key's names, by the sheet's own rule for missing rows.
    named : dict of str to str
        Columns of those sheets that are called otherwise in `over`.
    conflict : str
        What it demands, said where it is part of a conflict: with the key, ``{value}`` and
        ``{unit}`` of its cell, and any other column of that row.
    relax : Relax
        Whether it may give way where there is no plan; the planner may say otherwise.
    implied : bool
        Whether it follows from the other limits.
    standing : callable
        ``standing(data, key) -> iterable of `Standing```: what stands on the other side of a row,
        whatever is decided; the other side of a conflict in which no second limit takes part.
    floor : bool
        Whether ``used`` is what it asks for at least and ``allowed`` what there is. Where that
        differs from row to row, a column ``is_floor`` of its audit frame says it.
    floor_sentence : str
        What a planner is told instead of `sentence` where such a row binds.
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
    """A change of cells that lets in what has no variable, or comes too late.

    Parameters
    ----------
    limit : str
        Limit that gives way.
    sentence : str
        What it lets in, after "so that", such as ``"inference may run at Sydney, 63 ms away"``.
    edits : tuple of (str, int, str, object)
        Sheet, row label, column and what the cell is to hold; a new row label makes a new row.
    points : float
        Price: 1 for as much again as is allowed now, or for giving a rule up.
    about : mapping of str to str
        What it can help, by names of keys, such as ``{"workload": "inference"}``.
    """

    limit: str
    sentence: str
    edits: tuple[tuple[str, int, str, Any], ...]
    points: float
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """One table of the plan: its columns with units, and how a spreadsheet lays it out.

    ``key`` names the columns that together name a row, by which the audit matches rows. ``across``
    names the column that the spreadsheet
    spreads over the width (periods across), and ``spread`` the value columns that are spread, of
    which the first is coloured by size if ``shaded``.
    ``objective`` names a column whose sum is what the solver minimised, ``drawn`` columns that are
    there for charts alone and are not printed.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    across: str = ""
    spread: tuple[str, ...] = ()
    shaded: bool = False
    objective: str = ""
    drawn: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of one table of the plan: value columns over a category column.

    ``kind`` is ``"line"``, ``"stacked"`` (stacked columns), ``"bridge"`` (stacked columns whose
    first is not seen, so that the others float), ``"bars"`` (lying), ``"points"`` or ``"curve"``
    (over a column of numbers); axis titles carry the unit. ``order`` is its place in the report.
    ``noise`` names for each of the series the columns of how much less and more it may be.
    """

    title: str
    table: str
    kind: str
    x: str
    series: tuple[str, ...]
    x_title: str
    y_title: str
    order: int = 800
    noise: tuple[tuple[str, str], ...] = ()


# A variable, its key, and the least and the most that it may be.
Held = tuple[str, tuple[Any, ...], float, float]


@dataclass(frozen=True, kw_only=True)
class Price:
    """What is paid for the members of a `Choice`: at which price does a plan take them, or not?

    Parameters
    ----------
    name : str
        Such as ``"build cost"``.
    cells : callable
        ``cells(data, member) -> ((sheet, column, rows), ...)``: the cells that hold it, rows by
        their index labels. A break-even is told as the mean of the first cells; all cells rise and
        fall in proportion.
    """

    name: str
    cells: Callable[[Dataset, str], Sequence[tuple[str, str, Sequence[int]]]]


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """What a plan may leave undone at a price, such as demand: where it does, and what cures it.

    Parameters
    ----------
    noun : str
        What is left undone, such as ``"demand"``.
    variable : str
        Variable that says how much.
    over : tuple of str
        Names of the places of its keys, the period last.
    unit : str
        Of the variable.
    about : str
        A key in words, without its period, such as ``"{workload} in {region}"``.
    price : callable
        ``price(data, key) -> Cell``: the cell of the penalty.
    insist : callable
        ``insist(data) -> iterable of (sheet, row label, column, value)``: cells with which nothing
        may be left undone.
    reasons : callable
        ``reasons(data, key) -> iterable of `Standing```: what keeps it from being done.
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
    """What a plan takes or leaves, one by one, such as sites: why this one and not that one?

    Parameters
    ----------
    noun : str
        What a member is, such as ``"site"``.
    taken, left : str
        What a plan that takes a member does, and one that does not, as in ``"builds at {member}"``.
    never : str
        What is said of a member that no plan can take.
    members : callable
        ``members(data) -> names``.
    take, leave : callable
        ``take(data, member) -> held``: bounds that any plan that takes it keeps; empty where no
        plan can. ``leave`` likewise.
    ledger : str
        Ledger over member and period that tells what moves between two plans.
    prices : tuple of Price
    groups : callable
        ``groups(data, member) -> ((kind, name), ...)``: what it belongs to, such as
        ``("jurisdiction", "Japan")``: plans that take other groups differ the more.
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


@dataclass(frozen=True)
class Worth:
    """What the money of a sheet's rows is worth in one reference currency.

    Parameters
    ----------
    reference : str
        Name of that currency.
    per_row : pandas.Series
        Reference currency per unit of each row's own; NaN where it is not known.
    others : mapping of str to float
        The same of other currencies that a number may have been meant in, by their names.
    """

    reference: str
    per_row: pd.Series
    others: Mapping[str, float] = field(default_factory=dict)


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
        What the family reads, owns, restricts, reports and draws.
    report : Report
        What it adds to report.html.
    codes : dict
        Code of each problem that `check` and `notices` can raise, with what it means.
    check : callable
        ``check(data) -> problems`` across rows and sheets.
    notices : callable
        ``notices(data) -> problems``: what is allowed and yet hardly meant, each a notice.
    worth : callable
        ``worth(data, sheet) -> Worth or None``: what money on a sheet is worth, so that it can be
        held against what is usual; of one family, the one that reads currencies.
    parameters : callable
        ``parameters(data) -> object``: all numbers the rules use, from the dataset alone.
    declare : callable
        ``declare(m, parameters, ledgers)``: sets, parameters, variables, postings.
    constrain : callable
        ``constrain(m, parameters)``: the limits. Ledgers are attributes of `m` by then.
    tables : callable
        ``tables(data, values) -> {name: frame}``: what the family adds to the plan's tables.
    audit : callable
        ``audit(data, tables) -> {limit: frame}``: every limit restated from the plan's tables and
        the dataset alone; key columns, used and allowed.
    recompute : callable
        ``recompute(data, tables) -> {name: frame}``: the columns that follow from decisions, worked
        out again from the tables of decisions and the dataset alone.
    shortages : callable
        ``shortages(data) -> frame``: sums over the workbook that cannot come out, found before
        anything is solved: ``limit`` (name), ``sentence`` with both numbers, ``needed`` and
        ``available``, ``unit``, ``cells`` (tuples of sheet, row label and column that the numbers
        come from). Only what no plan can meet: never a false alarm.
    concessions : callable
        ``concessions(data) -> iterable of `Concession```: changes of cells that put variables in
        which limits by absence (`Limit.enforced` of ``"sets"``), leads and the like keep out.
    relaxations : callable
        ``relaxations(data) -> frame`` of the planner's own rules for what may give way: ``row``
        (label in the sheet named by the frame's ``sheet``), ``name`` (of a limit or family),
        ``may_relax`` and ``price_per_unit`` (points; NaN: by default).
    idle_without : tuple of str
        Sheets of which one must have a row for the family to have anything to say: else its
        tables, audit and recompute are not asked for. Empty: always.
    needed_with : tuple of str
        Sheets whose rows make other families read what an idle one declares. Where none has a row
        an idle family is left out of the program, and its ledgers have no keys.
    strengthening : tuple of str
        Constraints that cut off no plan and only tighten the relaxation.
    separate : callable, optional
        ``separate(data, values) -> cuts`` (`optalloc.cuts.Cuts`): rows of limits that cannot be
        listed in advance, broken by these values; asked at fractional points too.
    separates : callable
        ``separates(data) -> bool``: whether the workbook has such limits; if not, `separate` is
        never asked, and what the solver finds is a plan at once.
    choices : tuple of Choice
        What a plan takes or leaves one by one, to be explained.
    unmet : tuple of Unmet
        What it may leave undone at a price, to be explained.
    blocks, stages : str
        ``"Sheet.column"`` whose values, in the keys of variables, name what could stand almost
        alone, such as a site, or a step of time: large programs are searched along them.
    defaults : callable
        ``defaults(data) -> dict``: solver options that the workbook sets.
    hold : callable
        ``hold(data, tables, until) -> {sheet: frame}``: rows of sheets that hold what a plan with
        these tables decides before a date, and leave the rest to be decided.
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
    tables: Callable[[Dataset, Values], dict[str, pd.DataFrame]] = _no_tables
    audit: Callable[[Dataset, Mapping[str, pd.DataFrame]], dict[str, pd.DataFrame]] = _no_tables
    recompute: Callable[[Dataset, Mapping[str, pd.DataFrame]], dict[str, pd.DataFrame]] = _no_tables
    shortages: Callable[[Dataset], pd.DataFrame | None] = _none
    concessions: Callable[[Dataset], Iterable[Concession]] = _nothing
    relaxations: Callable[[Dataset], pd.DataFrame | None] = _none
    idle_without: tuple[str, ...] = ()
    needed_with: tuple[str, ...] = ()
    strengthening: tuple[str, ...] = ()
    separate: Callable[[Dataset, Values], Iterable[Cuts]] | None = None
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
        """Whether the sheets that it needs have no rows."""
        return bool(self.idle_without) and not data.uses(self.idle_without)

    def is_left_out(self, data: Dataset) -> bool:
        """Whether it is idle, and nothing would read what it declares."""
        return self.is_idle(data) and not data.uses(self.needed_with)


@dataclass(frozen=True)
class Model:
    """A loaded model folder: its families in document order, and their declarations by name.

    ``doc`` is the docstring of the folder's ``__init__.py``, empty where there is none.
    """

    path: Path
    families: tuple[Family, ...]
    digest: str
    doc: str = ""

    def busy_families(self, data: Dataset) -> Iterator[Family]:
        """The families that have something to say of a dataset, in document order."""
        return (family for family in self.families if not family.is_idle(data))

    @property
    def sheets(self) -> dict[str, Sheet]:
        """Every declared sheet by name, in document order, and last the one of sweeps."""
        own = {sheet.name: sheet for family in self.families for sheet in family.sheets}
        return own | {SWEEPS.name: sweeps_of(own.values())}

    @property
    def ledgers(self) -> dict[str, Ledger]:
        """Every declared ledger by name."""
        return {ledger.name: ledger for family in self.families for ledger in family.ledgers}

    @property
    def limits(self) -> dict[str, tuple[Family, Limit]]:
        """Every declared limit by name, with its family."""
        return {limit.name: (family, limit) for family in self.families for limit in family.limits}

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the plan, in document order."""
        return tuple(chart for family in self.families for chart in family.charts)

    @property
    def report(self) -> Report:
        """What all families together add to report.html."""
        return sum((family.report for family in self.families), Report())

    @property
    def outputs(self) -> dict[str, TableSpec]:
        """Every table of the plan by name, in document order."""
        return {table.name: table for family in self.families for table in family.outputs}


def default_model_path() -> Path:
    """Folder of the capacity model that comes with optalloc, installed or in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "models" / "capacity"
    return installed if installed.is_dir() else here.parent / "models" / "capacity"


def load_model(path: str | Path | None = None) -> Model:
    """Load a model folder by path.

    Parameters
    ----------
    path : str or Path, optional
        A folder with one family per file or folder; the capacity model by default.

    Returns
    -------
    Model
        Families sorted by their declared order.

    Raises
    ------
    ModelError
        If the folder is missing, a family has no ``FAMILY``, or two families declare one name.
    """
    folder = Path(path).resolve() if path is not None else default_model_path()
    sources = _sources(folder)
    if not sources:
        raise ModelError(f"{folder}: no model folder with .py files here")
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.as_posix().encode() + b"\0" + (folder / source).read_bytes() + b"\0")
    package = _package(folder, digest.hexdigest())
    families = []
    for record, described in _family_files(folder, sources):
        family = getattr(_imported(package, folder, record), "FAMILY", None)
        if not isinstance(family, Family):
            raise ModelError(f"{folder / record}: a family file must end with FAMILY = Family(...)")
        doc = inspect.getdoc(_imported(package, folder, described)) or ""
        families.append(replace(family, doc=doc))
    families.sort(key=lambda family: (family.order, family.name))
    _refuse_duplicates(folder, families)
    return Model(folder, tuple(families), digest.hexdigest(), _opening(folder))


def _sources(folder: Path) -> list[Path]:
    """Every .py file in and below a model folder, relative to it, except hidden ones and caches."""
    # The first star also follows a link to a folder, the double star does not.
    found = [
        path.relative_to(folder)
        for pattern in ("*.py", "*/**/*.py")
        for path in folder.glob(pattern)
    ]
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    )


def _family_files(folder: Path, sources: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Of each family the file that has its record, and the one whose docstring describes it."""
    files = {path.stem for path in sources if len(path.parts) == 1}
    folders = {path.parts[0] for path in sources if len(path.parts) > 1}
    for name in sorted(files | folders):
        if name.startswith("_"):
            continue
        if name in files & folders:
            raise ModelError(
                f"{folder / name}: a family is a file or a folder; take this or {name}.py out"
            )
        if name in files:
            yield Path(f"{name}.py"), Path(f"{name}.py")
            continue
        record, described = Path(name, "family.py"), Path(name, "formulation.py")
        for path in (record, described):
            if path not in sources:
                raise ModelError(
                    f"{folder / path}: missing; a folder of .py files is a family, with its record "
                    "in family.py and its docstring in formulation.py; let the name of a folder "
                    "that is none begin with an underscore"
                )
        yield record, described


def _imported(package: str, folder: Path, source: Path) -> ModuleType:
    """Import a file of a model folder; an error names the file that it is in."""
    try:
        return importlib.import_module(".".join((package, *source.with_suffix("").parts)))
    except MemoryError:
        raise
    except Exception as error:
        named = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        named += [error.filename or ""] if isinstance(error, SyntaxError) else []
        own = [name for name in named if Path(name).is_relative_to(folder)]
        file = own[-1] if own else folder / source
        raise ModelError(f"{file}: cannot be imported: {error}") from error


def _opening(folder: Path) -> str:
    """Docstring of the folder as a package, which is never run."""
    file = folder / "__init__.py"
    return ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "" if file.is_file() else ""


def _package(folder: Path, digest: str) -> str:
    """Import the folder as a package under a name of its own, so that two folders never mix."""
    name = f"_optalloc_model_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}_{digest[:16]}"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def _refuse_duplicates(folder: Path, families: list[Family]) -> None:
    for kind in ("sheets", "ledgers", "limits", "outputs"):
        owner: dict[str, str] = {SWEEPS.name: "optalloc"} if kind == "sheets" else {}
        for family in families:
            for item in getattr(family, kind):
                if item.name in owner:
                    raise ModelError(
                        f"{folder}: {kind} {item.name!r} is declared by both "
                        f"{owner[item.name]!r} and {family.name!r}"
                    )
                owner[item.name] = family.name
