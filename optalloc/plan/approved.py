"""Sheets that an earlier plan fills: the approved plan, read back from its plan.xlsx.

The model declares the table that fills each sheet (`Sheet.plan_table`). The rows keep their places
in the plan's file, so that an error about one of them names its cell there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from optalloc.data.reader import fold
from optalloc.data.schema import Sheet
from optalloc.errors import ModelError, Problem, Severity
from optalloc.modelling.model import Model
from optalloc.modelling.policy_tables import HERE_AND_NOW
from optalloc.plan.planfile import has_no_rows, is_policy, no_plan, open_plan
from optalloc.plan.table_sheet import column_name
from optalloc.spreadsheet.frames import Book
from optalloc.spreadsheet.read import read_workbook
from optalloc.spreadsheet.sheets import RawSheet, Workbook

__all__ = ["open_workbook", "with_approved"]


def open_workbook(book: Book, model: Model, approved: str | Path | None = None) -> Workbook:
    """Read a workbook, its sheets filled from the plan approved last if there is one.

    Parameters
    ----------
    book : str, Path or mapping of str to pandas.DataFrame
        An .xlsx workbook, a folder of CSV files, or frames by sheet name.
    model : Model
    approved : str or Path, optional
        The plan.xlsx that was approved last.

    Raises
    ------
    InputError
        If either file cannot be read, or `with_approved` refuses the plan.
    """
    workbook = read_workbook(book)
    return workbook if approved is None else with_approved(workbook, model, approved)


def with_approved(workbook: Workbook, model: Model, path: str | Path) -> Workbook:
    """Fill the sheets that a plan may fill from the tables of an approved plan.

    Parameters
    ----------
    workbook : Workbook
        As read. Where it has rows of its own on such a sheet, they stay, with an error about
        them.
    model : Model
        The model whose sheets name the tables.
    path : str or Path
        A plan.xlsx. Of its tables only the columns that the sheets declare are read.

    Returns
    -------
    Workbook

    Raises
    ------
    InputError
        If the file is no readable workbook, or no plan: without the table, or a column of it that
        the sheet needs.
    ModelError
        If no sheet of the model may be filled from a plan.
    """
    declared = [sheet for sheet in model.sheets.values() if sheet.plan_table]
    if not declared:
        raise ModelError(f"{model.path}: no sheet of this model is filled from an approved plan")
    plan = open_plan(path)
    policy = is_policy(plan, model)
    for sheet in declared:
        name = sheet.plan_table
        if policy:
            # Of a policy only what is done now is approved.
            if model.actions is None or name != model.actions.name:
                raise no_plan(plan.source.name, "a policy, of several scenarios")
            name = HERE_AND_NOW.name
        workbook = _filled(workbook, sheet, plan, name)
        if policy:
            found = [*workbook.problems, _now_only(workbook, sheet, plan.source.name)]
            workbook = replace(workbook, problems=_sorted(found))
    return workbook


def _now_only(workbook: Workbook, sheet: Sheet, plan: str) -> Problem:
    names = list(workbook.sheets)
    order = (names.index(sheet.name) + 1 if sheet.name in names else 0, 0, 0)
    must = f"{plan} is a policy: what it does now, on its sheet {HERE_AND_NOW.name}, is approved"
    action = "What it does later depends on what is known by then, and is not held against it."
    return Problem(sheet.name, "", must, "", action, "approved-policy", Severity.NOTICE, order)


def _filled(workbook: Workbook, sheet: Sheet, plan: Workbook, name: str) -> Workbook:
    """The workbook with one sheet taken from a table of the plan, in place of an empty one."""
    table = _plan_table(sheet, plan, name)
    names = list(workbook.sheets)
    own = next((name for name in names if fold(name) == fold(sheet.name)), None)
    position = len(names) + 1 if own is None else names.index(own) + 1
    if own is not None and _unreadable(workbook, own):
        return workbook
    if own is not None and _has_rows(workbook.sheets[own]):
        return replace(workbook, problems=_sorted([*workbook.problems, _twice(own, position)]))
    label = f"{plan.source.name} {table.name}"
    rows = [tuple(map(_as_text, row)) if workbook.text_cells else row for row in table.rows[1:]]
    taken = RawSheet(label, (_header(sheet, table), *rows), hidden=False)
    order = [sheet.name if name == own else name for name in names]
    every = {**workbook.sheets, sheet.name: taken}
    found = [p for p in workbook.problems if own is None or p.sheet != own]
    found += [
        replace(p, sheet=label, order=(position, *p.order[1:]))
        for p in plan.problems
        if p.sheet == table.name
    ]
    if not rows:
        found.append(_no_rows(label, position))
    return replace(
        workbook,
        sheets={name: every[name] for name in dict.fromkeys([*order, sheet.name])},
        problems=_sorted(found),
    )


def _twice(sheet: str, position: int) -> Problem:
    must = "a sheet must be filled in, or come from the approved plan, not both"
    action = "Empty the sheet, or leave the approved plan out."
    order = (position, 0, 0)
    return Problem(sheet, "", must, "rows of its own", action, "filled-twice", order=order)


def _no_rows(label: str, position: int) -> Problem:
    must = "the approved plan says nothing here, so nothing is compared with it"
    action = "Name another plan if that surprises you."
    order = (position, 0, 0)
    return Problem(label, "", must, "", action, "plan-without-rows", Severity.NOTICE, order)


def _unreadable(workbook: Workbook, sheet: str) -> bool:
    return any(p.sheet == sheet and p.severity is Severity.ERROR for p in workbook.problems)


def _has_rows(raw: RawSheet) -> bool:
    return any(cell is not None for row in raw.rows[1:] for cell in row)


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.order))


def _plan_table(sheet: Sheet, plan: Workbook, name: str) -> RawSheet:
    """The table of the plan, refused if it is missing or lacks a column that the sheet needs."""
    table = plan.sheets.get(name)
    if table is None and has_no_rows(plan, name):
        return RawSheet(name, (tuple(column.name for column in sheet.columns),), hidden=False)
    if table is None or not table.rows:
        raise no_plan(plan.source.name, f"no sheet {name}")
    titles = _header(sheet, table)
    for column in sheet.columns:
        if column.required and column.name not in titles:
            found = f"no column {column.name} on its sheet {table.name}"
            raise no_plan(plan.source.name, found)
    return table


def _header(sheet: Sheet, table: RawSheet) -> tuple[object, ...]:
    """Titles as the sheet declares them: without their units; other columns are notes."""

    def title(cell: object) -> object:
        if cell is None:
            return None
        name = column_name(cell)
        return name if name in sheet.by_name else f"#{cell}"

    return tuple(map(title, table.rows[0]))


def _as_text(cell: object) -> object:
    """A cell as a CSV would hold it, for a workbook in which every cell is text."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)
