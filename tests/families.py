"""What the tests of single families share: messages, audits of altered plans, and matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optalloc
from tests import books

Solve = Callable[..., optalloc.Plan]
LeastCost = Callable[..., float]


def problems(solve: Solve, **sheets: Any) -> list[str]:
    """Every message about a workbook that must be refused."""
    with pytest.raises(optalloc.InputError) as refusal:
        solve(**sheets)
    return [str(problem) for problem in refusal.value.problems]


def broken(
    plan: optalloc.Plan, case: Mapping[str, Any], folder: Path, **changed: pd.DataFrame
) -> set[str]:
    """Names of the limits that the audit finds broken once tables of a plan are replaced.

    What a family says of tables that are as they were when it was asked last is recalled.
    """
    model = optalloc.load_model()
    known = books.dataset(books.book(**case), folder)
    data = known.with_frames({})
    names = set(model.limits)
    tables = {**plan.tables, **changed}
    audit = optalloc.audit_plan(data, model, tables, plan.outcome, recall=True)
    known.recall_from(data)
    return set(audit.loc[~audit["passed"].astype(bool), "subject"]) & names


def compiled(case: Mapping[str, Any], folder: Path) -> optalloc.Arrays:
    """The arrays of a workbook."""
    return optalloc.compile_program(books.program(books.book(**case), folder))


def assert_adds_nothing(case: Mapping[str, Any], family: str, folder: Path) -> None:
    """Without its sheets a family has no row, and sheets of a header alone read as if absent."""
    model = optalloc.load_model()
    record = next(f for f in model.families if f.name == family)
    program = books.program(books.book(**case), folder)
    rows = optalloc.compile_program(program).rows
    assert not rows.component_names() & {limit.name for limit in record.limits}
    for sheet in record.sheets:
        header = ",".join(column.name for column in sheet.columns)
        header = "setting,value" if sheet.vertical else header
        (folder / f"{sheet.name}.csv").write_text(header + "\n")
    # A program is built from the frames of a dataset alone.
    empty = optalloc.validate(optalloc.read_workbook(folder), model)
    for name in model.sheets:
        pd.testing.assert_frame_equal(empty[name], program.dataset[name], obj=name)
