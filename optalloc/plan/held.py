"""Decisions of a plan held in other cases or scenarios, as further rows of the workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.errors import ModelError, OptallocError
from optalloc.modelling.model import Model
from optalloc.modelling.policy_tables import FUTURES, TREE
from optalloc.plan.planfile import PlanFile, read_plan

__all__ = ["held_rows", "refuse_lost", "rows_held", "tables_of_scenario"]


def held_rows(
    paths: Sequence[str | Path], until: str | pd.Timestamp | None, data: Dataset, model: Model
) -> dict[str, dict[str, pd.DataFrame]]:
    """Rows that hold the early decisions of plans.

    Parameters
    ----------
    paths : sequence of str or Path
        Each a plan.xlsx.
    until : str or pandas.Timestamp
        Decisions before this date are held.
    data : Dataset
        The base workbook.
    model : Model

    Returns
    -------
    dict of str to dict of str to pandas.DataFrame
        Rows by sheet, by the plan's path as given.

    Raises
    ------
    OptallocError
        If the date is missing or not a date, a plan is named twice, a policy depends by then on
        what is known, nothing is decided by then, or the workbook lacks what a plan decides on.
    ModelError
        If no family of the model defines how decisions are held.
    InputError
        If a plan cannot be read.
    """
    if not paths:
        if until is not None:
            raise OptallocError("--until needs a plan to hold: name one with --hold.")
        return {}
    try:
        date = pd.Timestamp(until) if until is not None else pd.NaT
    except ValueError:
        date = pd.NaT
    if pd.isna(date):
        raise OptallocError(
            "--hold needs --until YYYY-MM-DD: what a plan decides before that date is held."
        )
    held: dict[str, dict[str, pd.DataFrame]] = {}
    for path in map(str, paths):
        if path in held:
            raise OptallocError(f"{path}: is held twice. Name each plan once.")
        plan = read_plan(path, model)
        tables = _tables_until(plan, date)
        refuse_lost(plan, tables, date, data, model)
        held[path] = rows_held(tables, date, data, model)
        if all(frame.empty for frame in held[path].values()):
            raise OptallocError(
                f"{plan.source.name}: nothing is decided before {date:%Y-%m-%d}, so that nothing "
                "of it would be held. Name a later date."
            )
    return held


def refuse_lost(
    plan: PlanFile,
    tables: Mapping[str, pd.DataFrame],
    until: pd.Timestamp,
    data: Dataset,
    model: Model,
) -> None:
    """Refuse to hold a plan in a workbook that lacks what the plan decides on.

    What has another name there would be held as not done.

    Raises
    ------
    OptallocError
        With the names that differ.
    """
    lost = [said for family in model.families for said in family.not_held(data, tables, until)]
    if lost:
        raise OptallocError(
            f"{plan.source.name} cannot be held in {Path(data.source).name}: {'; '.join(lost)}. "
            "Name them as the plan does, or make the plan again from this workbook."
        )


def rows_held(
    tables: Mapping[str, pd.DataFrame], until: pd.Timestamp, data: Dataset, model: Model
) -> dict[str, pd.DataFrame]:
    """Rows by sheet that hold what is decided before a date, by the tables of one plan.

    Raises
    ------
    ModelError
        If no family of the model defines how decisions are held.
    """
    rows: dict[str, pd.DataFrame] = {}
    for family in model.families:
        rows |= family.hold(data, tables, until)
    if not rows:
        raise ModelError(f"{model.path}: no family of this model holds decisions of a plan")
    return rows


def _tables_until(plan: PlanFile, date: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Tables of a plan; of a policy those of one scenario: all agree before the first reveal."""
    if not plan.is_policy:
        return dict(plan.tables)
    tree = plan[TREE.name]
    first = tree.loc[tree["parent"].notna(), "date"].min()
    if date > first:
        raise OptallocError(
            f"{plan.source.name} is a policy: what it decides from {first:%Y-%m-%d} on depends on "
            f"what is known by then. Hold what it does now: --until {first:%Y-%m-%d} or before."
        )
    return tables_of_scenario(plan, plan[FUTURES.name]["scenario"].iloc[0])


def tables_of_scenario(plan: PlanFile, scenario: str) -> dict[str, pd.DataFrame]:
    """Tables of a policy in one of its scenarios."""
    return {
        name: frame[frame["scenario"] == scenario] if "scenario" in frame else frame
        for name, frame in plan.tables.items()
    }
