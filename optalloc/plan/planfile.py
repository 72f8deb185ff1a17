"""A plan read back from its plan.xlsx: typed tables, and the record of the solve.

Sheets are read by the declarations of the model, so that nothing depends on the order of sheets,
rows or columns: a planner may have sorted, filtered and saved the file. Undeclared sheets and
columns are ignored, and `PlanFile.others` names the sheets.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.reader import suggest
from optalloc.data.schema import Column, Kind
from optalloc.data.text import with_text
from optalloc.errors import InputError, Problem, Severity
from optalloc.modelling.exhibits import Report
from optalloc.modelling.model import Model, load_model
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.policy_report import policy_report
from optalloc.modelling.policy_tables import FUTURES, policy_specs
from optalloc.modelling.tables import AUDIT, LIMITS, MARGINALS, MEASURE, RUN, SUMMARY, table_named
from optalloc.spreadsheet.faults import readable
from optalloc.spreadsheet.read import read_workbook
from optalloc.spreadsheet.sheets import RawSheet, Workbook, address

__all__ = [
    "PlanFile",
    "column_name",
    "is_plan",
    "is_policy",
    "no_plan",
    "open_plan",
    "plan_of",
    "read_plan",
]

_OWN = (SUMMARY.name, LIMITS.name, AUDIT.name, RUN.name)
_FLAGS = {"yes": True, "no": False, True: True, False: False}


@dataclass(frozen=True)
class PlanFile:
    """A plan as its workbook has it.

    Parameters
    ----------
    source : Path
        The file.
    tables : mapping of str to pandas.DataFrame
        Every table of the plan by name, long, with the declared columns: numbers float64 (NaN for
        a blank), integers int64, dates datetime64, flags bool, text with NaN for a blank.
        Tables that the sheet spreads over its width come row by row of the sheet.
    specs : tuple of TableSpec
        Declarations of the tables.
    run : mapping of str to object
        The Run table: versions, options, sizes, seconds, hashes.
    others : tuple of str
        Sheets that are no table of this model; they are not read.
    report : Report
        How its page shows it.
    is_policy : bool
        True if it is a plan under uncertainty: its tables are of all scenarios.
    """

    source: Path
    tables: Mapping[str, pd.DataFrame]
    specs: tuple[TableSpec, ...]
    run: Mapping[str, object]
    others: tuple[str, ...] = ()
    report: Report = field(default_factory=Report)
    is_policy: bool = False

    def __getitem__(self, table: str) -> pd.DataFrame:
        return table_named(self.tables, table)

    @property
    def cost(self) -> float:
        """Present value of all cost, in millions: the objective."""
        return self._figure("objective")

    @property
    def bound(self) -> float:
        """No plan whatsoever costs less than this."""
        return self._figure("bound")

    @property
    def gap(self) -> float:
        """Relative gap between cost and bound."""
        return self._figure("gap")

    @property
    def input_hash(self) -> str:
        """SHA-256 of the input that was solved."""
        return str(self.run["input hash"])

    @property
    def model_hash(self) -> str:
        """SHA-256 of the model folder that was solved."""
        return str(self.run["model hash"])

    @property
    def versions(self) -> dict[str, str]:
        """Version of every part that the plan depends on."""
        start = "version of "
        return {k.removeprefix(start): str(v) for k, v in self.run.items() if k.startswith(start)}

    def _figure(self, entry: str) -> float:
        return float(str(self.run[entry]))


def read_plan(path: str | Path, model: Model | None = None) -> PlanFile:
    """Read a plan back from a plan.xlsx, perhaps opened and saved by a spreadsheet program since.

    Parameters
    ----------
    path : str or Path
        A plan.xlsx that ``optalloc solve`` wrote.
    model : Model, optional
        The model whose families declare the tables; the capacity model by default.

    Returns
    -------
    PlanFile

    Raises
    ------
    InputError
        If the file is no readable workbook or no plan of this model, or with every cell whose
        value is not of the declared kind.
    """
    return plan_of(open_plan(path), load_model() if model is None else model)


def plan_of(workbook: Workbook, model: Model) -> PlanFile:
    """Read a plan from the sheets of its workbook; as `read_plan`, which opens the file first."""
    policy = is_policy(workbook, model)
    specs: tuple[TableSpec, ...] = (SUMMARY, *model.outputs.values(), LIMITS, MARGINALS, AUDIT, RUN)
    if policy:
        specs = policy_specs(model.outputs.values(), model.actions)
    file, problems = workbook.source.name, []
    tables: dict[str, pd.DataFrame] = {}
    for spec in specs:
        raw = workbook.sheets.get(spec.name)
        if raw is None or not raw.rows:
            raise no_plan(file, f"no sheet {spec.name}")
        position = list(workbook.sheets).index(spec.name) + 1
        reader = _Table(spec, raw, f"{file} {spec.name}", position)
        tables[spec.name] = reader.frame()
        odd = [p for p in workbook.problems if p.sheet == spec.name]
        unread = {p.cell for p in odd if p.severity is Severity.ERROR}
        problems += [replace(p, sheet=reader.label) for p in odd]
        problems += [p for p in reader.problems if p.cell not in unread]
    run = dict(zip(tables[RUN.name]["entry"], tables[RUN.name]["value"], strict=True))
    wrong = [p for p in problems if p.severity is Severity.ERROR]
    if wrong:
        raise InputError(wrong)
    for entry in ("input hash", "model hash", "objective", "bound", "gap"):
        if entry not in run:
            raise no_plan(file, f"no entry {entry!r} on its sheet {RUN.name}")
    others = tuple(name for name in workbook.sheets if name not in tables)
    report = policy_report(model.report, model.actions is not None) if policy else model.report
    return PlanFile(workbook.source, tables, specs, run, others, report, policy)


def open_plan(path: str | Path) -> Workbook:
    """Read the sheets of a plan.xlsx, which is not checked to be one.

    Raises
    ------
    InputError
        If it is a folder, or no readable workbook.
    """
    path = Path(path)
    with readable(path.name):
        if path.is_dir():
            raise no_plan(path.name, "a folder")
    return read_workbook(path)


def is_plan(workbook: Workbook) -> bool:
    """True if a workbook is a plan and not an input: it has a sheet that every plan has."""
    return any(name in workbook.sheets for name in _OWN)


def is_policy(workbook: Workbook, model: Model) -> bool:
    """True if a plan is one under uncertainty, of all scenarios."""
    return FUTURES.name in workbook.sheets and FUTURES.name not in model.outputs


def no_plan(name: str, found: str) -> InputError:
    """Error that a file is no plan of optalloc."""
    must, action = "must be a plan of optalloc", "Name a plan.xlsx that optalloc solve wrote."
    return InputError([Problem("", "", f"{name} {must}", found, action, "not-a-plan")])


def column_name(title: object) -> str:
    """Name of the column that a title of a plan's sheet stands for: the title without its unit.

    >>> column_name("online_mw (MW IT)")
    'online_mw'
    """
    return str(title).partition(" (")[0]


@dataclass(frozen=True)
class _Cell:
    value: object
    row: int = 0
    column: int = 0


@dataclass
class _Table:
    """One table as its sheet has it, read into a frame; wrong cells become problems."""

    spec: TableSpec
    raw: RawSheet
    label: str
    position: int
    problems: list[Problem] = field(default_factory=list)

    def frame(self) -> pd.DataFrame:
        """Give the table, long and typed."""
        titles = self._titles()
        wanted = {column.name for column in self.spec.columns}
        if self.spec.across:
            wanted = wanted - {self.spec.across, *self.spec.spread} | {MEASURE}
        lacking = sorted(wanted - titles.keys())
        if lacking:
            self._add(
                _Cell(None, 1, 1), f"there must be a column {lacking[0]}", "none of that name"
            )
            return pd.DataFrame(columns=[column.name for column in self.spec.columns])
        cells = self._spread(titles) if self.spec.across else self._long(titles)
        typed = {c.name: self._typed(c, cells[c.name]) for c in self.spec.columns}
        return with_text(pd.DataFrame(typed))

    def _titles(self) -> dict[str, int]:
        """Place of each declared column, from 0; of two of one name the first."""
        titles: dict[str, int] = {}
        for place, title in enumerate(self.raw.rows[0]):
            if title is not None:
                titles.setdefault(column_name(title), place)
        return titles

    def _records(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        # A row that holds only notes is no record.
        noted = [str(title).startswith("#") for title in self.raw.rows[0]]
        for number, row in enumerate(self.raw.rows[1:], start=2):
            cells = zip(row, noted, strict=True)
            if any(cell is not None and not is_note for cell, is_note in cells):
                yield number, row

    def _long(self, titles: Mapping[str, int]) -> dict[str, list[_Cell]]:
        return {
            column.name: [
                _Cell(row[titles[column.name]], number, titles[column.name] + 1)
                for number, row in self._records()
            ]
            for column in self.spec.columns
        }

    def _spread(self, titles: Mapping[str, int]) -> dict[str, list[_Cell]]:
        """Columns of the long table: one row for each key and value of ``across`` with a cell."""
        spec = self.spec
        keys = [c.name for c in spec.columns if c.name not in (spec.across, *spec.spread)]
        used = {titles[name] for name in (*keys, MEASURE)}
        header = self.raw.rows[0]
        places = [p for p, t in enumerate(header) if p not in used and t is not None]
        places = [p for p in places if not str(header[p]).startswith("#")]
        found: dict[tuple[object, ...], dict[str, tuple[int, tuple[object, ...]]]] = {}
        for number, row in self._records():
            measure = column_name(row[titles[MEASURE]])
            at = _Cell(row[titles[MEASURE]], number, titles[MEASURE] + 1)
            if measure not in spec.spread:
                guess = suggest(measure, spec.spread)
                must = f"the measure must be one of {', '.join(spec.spread)}"
                self._add(at, must, action=f"Did you mean {guess!r}?" if guess else "")
                continue
            of_key = found.setdefault(tuple(row[titles[name]] for name in keys), {})
            if measure in of_key:
                other = of_key[measure][0]
                self._add(at, f"no two rows may be about the same; row {other} has it already")
            of_key[measure] = (number, row)
        cells: dict[str, list[_Cell]] = {column.name: [] for column in spec.columns}
        for of_key in found.values():
            number, first = next(iter(of_key.values()))
            for place in places:
                if all(row[place] is None for _, row in of_key.values()):
                    continue
                for name in keys:
                    cells[name].append(_Cell(first[titles[name]], number, titles[name] + 1))
                cells[spec.across].append(_Cell(header[place], 1, place + 1))
                for name in spec.spread:
                    there = of_key.get(name)
                    cell = _Cell(there[1][place], there[0], place + 1) if there else _Cell(None)
                    cells[name].append(cell)
        return cells

    def _typed(self, column: Column, cells: Sequence[_Cell]) -> Any:
        if column.kind in (Kind.NUMBER, Kind.INTEGER):
            numbers = np.array([self._number(column, cell) for cell in cells], dtype=float)
            integral = column.kind is Kind.INTEGER and bool(np.isfinite(numbers).all())
            return numbers.astype(np.int64) if integral else numbers
        if column.kind is Kind.FLAG:
            return np.array([self._flag(column, cell) for cell in cells], dtype=bool)
        if column.kind is Kind.DATE:
            return np.array([self._date(column, cell) for cell in cells], dtype="datetime64[s]")
        named = column.name in (*self.spec.key, self.spec.across)
        return [_text(cell.value, named) for cell in cells]

    def _number(self, column: Column, cell: _Cell) -> float:
        value = cell.value
        if value is None:
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            valid = column.kind is not Kind.INTEGER or float(value).is_integer()
            if valid:
                return float(value)
            self._add(cell, f"{column.name} must be a whole number")
        elif value in ("inf", "-inf"):
            return float(str(value))
        else:
            self._add(cell, f"{column.name} must be a number")
        return math.nan

    def _flag(self, column: Column, cell: _Cell) -> bool:
        value = cell.value.strip().casefold() if isinstance(cell.value, str) else cell.value
        if isinstance(value, str | bool) and value in _FLAGS:
            return _FLAGS[value]
        self._add(cell, f"{column.name} must be yes or no")
        return False

    def _date(self, column: Column, cell: _Cell) -> dt.datetime | None:
        value = cell.value
        if isinstance(value, str):
            # The values of a spread column are in the header, as text.
            try:
                value = dt.datetime.fromisoformat(value)
            except ValueError:
                value = cell.value
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day)
        if value is not None:
            self._add(cell, f"{column.name} must be a date")
        return None

    def _add(self, cell: _Cell, must: str, found: str = "", *, action: str = "") -> None:
        where = address(cell.row, cell.column) if cell.row else ""
        action = action or "Undo what was changed there, or solve the workbook again."
        order = (self.position, cell.row, cell.column)
        found = found or shown(cell.value)
        self.problems.append(
            Problem(self.label, where, must, found, action, "plan-cell", order=order)
        )


def _text(value: object, named: bool) -> object:
    """A cell of text; a name is text even where a spreadsheet program made a number of it."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value) if named and value is not None else value
