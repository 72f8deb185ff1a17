"""Step "read back": a solution becomes the tables of a plan, with its limits restated."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import pandas as pd

from optalloc.data.text import with_text
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Outcome
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.program import Program
from optalloc.modelling.tables import LIMITS, SUMMARY, status_figures
from optalloc.modelling.values import Values
from optalloc.plan.audit import Restated, Waived, audit_plan, limits_table, restate
from optalloc.plan.memory import SharedFrames, evaluated

__all__ = ["audited_tables", "decided_tables", "read_audited", "read_back", "worst_of"]


def read_audited(
    program: Program, arrays: Arrays, outcome: Outcome
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read the tables of a plan back, as `read_back` does, and audit them.

    What families returned of an earlier plan is recalled where all that they read is equal.

    Returns
    -------
    dict of str to pandas.DataFrame, pandas.DataFrame
        The tables by name, and the audit, whose first failure `worst_of` gives.
    """
    decided = decided_tables(program, arrays, outcome, recall=True)
    _, tables, audit = audited_tables(program, decided, outcome, recall=True)
    return tables, audit


def audited_tables(
    program: Program,
    decided: Mapping[str, pd.DataFrame],
    outcome: Outcome,
    *,
    recall: bool = False,
    waived: Waived | None = None,
) -> tuple[Restated, dict[str, pd.DataFrame], pd.DataFrame]:
    """The limits restated, all tables, and their audit; some limits may be waived in part."""
    data, model = program.dataset, program.model
    restated = restate(data, model, decided, recall=recall)
    tables = _with_limits(model, decided, restated, outcome)
    audit = audit_plan(data, model, tables, outcome, restated, recall=recall, waived=waived)
    return restated, tables, audit


def worst_of(audit: pd.DataFrame) -> str:
    """The worst failed check of an audit in words; empty if all passed."""
    failed = audit[~audit["passed"].astype(bool)]
    if failed.empty:
        return ""
    worst = failed.iloc[0]
    return f"{worst['subject']} ({worst['check']}) at {worst['where']}: {worst['worst']:g}"


def read_back(program: Program, arrays: Arrays, outcome: Outcome) -> dict[str, pd.DataFrame]:
    """Read the families' tables back from a solution, with the limits restated from them.

    Returns
    -------
    dict of str to pandas.DataFrame
        By table name; contributions of several families are joined.
    """
    decided = decided_tables(program, arrays, outcome)
    restated = restate(program.dataset, program.model, decided)
    return _with_limits(program.model, decided, restated, outcome)


def decided_tables(
    program: Program, arrays: Arrays, outcome: Outcome, *, recall: bool = False
) -> dict[str, pd.DataFrame]:
    """The families' tables."""
    assert outcome.values is not None
    values = Values(program, arrays, outcome.values)
    plan = SharedFrames(values) if recall else values
    parts: dict[str, list[pd.DataFrame]] = {}
    for family in program.model.busy_families(program.dataset):
        for name, frame in evaluated(family.tables, program.dataset, plan).items():
            parts.setdefault(name, []).append(frame)
    specs = program.model.outputs
    return {
        name: _joined(parts.get(name, []), spec)
        for name, spec in {SUMMARY.name: SUMMARY, **specs}.items()
    }


def _with_limits(
    model: Model, decided: Mapping[str, pd.DataFrame], restated: Restated, outcome: Outcome
) -> dict[str, pd.DataFrame]:
    """The tables with Limits, and with the plan's status in the Summary."""
    tables = {**decided, LIMITS.name: limits_table(model, restated)}
    status = status_figures(outcome, tables).astype({"value": object})
    tables[SUMMARY.name] = pd.concat([status, tables[SUMMARY.name]], ignore_index=True)
    return tables


def _joined(frames: list[pd.DataFrame], spec: TableSpec) -> pd.DataFrame:
    columns = tuple(column.name for column in spec.columns)
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return _without_rows(columns).copy(deep=False)
    joined = pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]
    if tuple(joined.columns) != columns or not isinstance(joined.index, pd.RangeIndex):
        # Columns that a family does not fill stay blank.
        joined = joined.reindex(columns=list(columns)).reset_index(drop=True)
    if "date" in columns:
        joined = joined.sort_values("date", kind="stable", ignore_index=True)
    return with_text(joined)


@functools.cache
def _without_rows(columns: tuple[str, ...]) -> pd.DataFrame:
    return with_text(pd.DataFrame(columns=list(columns)))
