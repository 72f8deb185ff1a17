"""A plan read back from its plan.xlsx: typed tables, and the record of the solve.

Sheets are read by the declarations of the model, so that nothing depends on the order of sheets,
rows or columns: a planner may have sorted, filtered and saved the file. Undeclared sheets and
columns are ignored, and `PlanFile.others` names the sheets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from optalloc.errors import InputError, Problem, Severity
from optalloc.modelling.model import Model, load_model
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.policy_report import policy_report
from optalloc.modelling.policy_tables import FUTURES, policy_specs
from optalloc.modelling.tables import (
    AUDIT,
    ENGINE_TABLES,
    LIMITS,
    RUN,
    SUMMARY,
    WITH_ROWS,
)
from optalloc.plan.plan import Plan
from optalloc.plan.recorded import NEEDED, outcome_of, seconds_of, size_of, versions_of_run
from optalloc.plan.table_sheet import TableSheet, without_rows
from optalloc.spreadsheet.faults import readable
from optalloc.spreadsheet.read import read_workbook
from optalloc.spreadsheet.sheets import Workbook

__all__ = [
    "PlanFile",
    "has_no_rows",
    "is_plan",
    "is_policy",
    "no_plan",
    "open_plan",
    "plan_of",
    "read_plan",
]

_OWN = (SUMMARY.name, LIMITS.name, AUDIT.name, RUN.name)
# Those that have rows in every plan.
_ALWAYS = (SUMMARY.name, AUDIT.name, RUN.name)


@dataclass(frozen=True, repr=False)
class PlanFile(Plan):
    """A plan as its workbook has it: a `Plan` without what it was solved from.

    Numbers are float64 (NaN for a blank), integers int64, dates datetime64, flags bool, text with
    NaN for a blank. Tables that the sheet spreads over its width come row by row of the sheet. Of a
    policy `futures` is empty: its tables are of all scenarios. Notices stand in `run` as text.

    Parameters
    ----------
    source : Path
        The file.
    run : mapping of str to object
        The Run table: versions, options, sizes, seconds, hashes.
    others : tuple of str
        Sheets that are no table of this model; they are not read.
    """

    source: Path = Path()
    run: Mapping[str, object] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """Relative gap between cost and bound, as it was recorded."""
        return float(str(self.run["gap"]))

    @property
    def file_name(self) -> str:
        """Name of the file that it was read from."""
        return self.source.name

    @property
    def model_hash(self) -> str:
        """SHA-256 of the model folder that was solved."""
        return str(self.run["model hash"])


def read_plan(path: str | Path, model: str | Path | Model | None = None) -> PlanFile:
    """Read a plan back from a plan.xlsx, perhaps opened and saved by a spreadsheet program since.

    Parameters
    ----------
    path : str or Path
        A plan.xlsx that ``optalloc solve`` wrote.
    model : str, Path or Model, optional
        The model whose families declare the tables; the capacity model by default.

    Returns
    -------
    PlanFile
        A `Plan`: a mapping of its tables, which can be written, compared and explained.

    Raises
    ------
    InputError
        If the file is no readable workbook or no plan of this model, or with every cell whose
        value is not of the declared kind.
    """
    return plan_of(open_plan(path), model if isinstance(model, Model) else load_model(model))


def plan_of(workbook: Workbook, model: Model) -> PlanFile:
    """Read a plan from the sheets of its workbook; as `read_plan`, which opens the file first."""
    policy = is_policy(workbook, model)
    specs: tuple[TableSpec, ...] = (SUMMARY, *model.outputs.values(), *ENGINE_TABLES, RUN)
    if policy:
        specs = policy_specs(model.outputs.values(), model.actions)
    file, problems, absent = workbook.source.name, [], list[str]()
    tables: dict[str, pd.DataFrame] = {}
    for spec in specs:
        raw = workbook.sheets.get(spec.name)
        if raw is None or not raw.rows:
            absent.append(spec.name)
            tables[spec.name] = without_rows(spec)
            continue
        position = list(workbook.sheets).index(spec.name) + 1
        reader = TableSheet(spec, raw, f"{file} {spec.name}", position)
        tables[spec.name] = reader.frame()
        odd = [p for p in workbook.problems if p.sheet == spec.name]
        unread = {p.cell for p in odd if p.severity is Severity.ERROR}
        problems += [replace(p, sheet=reader.label) for p in odd]
        problems += [p for p in reader.problems if p.cell not in unread]
    if lost := [name for name in absent if name in _ALWAYS]:
        raise no_plan(file, f"no sheet {lost[0]}")
    run = dict(zip(tables[RUN.name]["entry"], tables[RUN.name]["value"], strict=True))
    wrong = [p for p in problems if p.severity is Severity.ERROR]
    if wrong:
        raise InputError(wrong)
    for entry in NEEDED:
        if entry not in run:
            raise no_plan(file, f"no entry {entry!r} on its sheet {RUN.name}")
    if lost := _lost(absent, run, tables[AUDIT.name]):
        raise no_plan(file, f"no sheet {lost[0]}, which had rows")
    try:
        outcome, seconds, size = outcome_of(run), seconds_of(run), size_of(run)
    except ValueError as error:
        raise no_plan(file, f"on its sheet {RUN.name} an entry that says: {error}") from error
    return PlanFile(
        tables,
        specs,
        model.charts,
        outcome,
        seconds,
        size,
        versions_of_run(run),
        str(run["input hash"]),
        report=policy_report(model.report, model.actions is not None) if policy else model.report,
        source=workbook.source,
        run=run,
        others=tuple(name for name in workbook.sheets if name not in tables),
    )


def _lost(absent: Sequence[str], run: Mapping[str, object], audit: pd.DataFrame) -> list[str]:
    """The absent sheets whose tables had rows when the plan was written.

    A plan without rows of a table has no sheet of it, nor has one of a version that did not know
    the table. The record names what has rows; before it did, the audit counted most of them.
    """
    if WITH_ROWS in run:
        filled = set(str(run[WITH_ROWS]).split(", "))
    else:
        filled = set(audit.loc[audit["rows"] > 0, "subject"])
    return [name for name in absent if name in filled]


def has_no_rows(workbook: Workbook, table: str) -> bool:
    """True if the record of a plan says that a table had no rows when it was written."""
    raw = workbook.sheets.get(RUN.name)
    if raw is None or not raw.rows:
        return False
    record = TableSheet(RUN, raw, RUN.name, 0).frame()
    filled = record.loc[record["entry"] == WITH_ROWS, "value"]
    return len(filled) > 0 and table not in str(filled.iloc[0]).split(", ")


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
