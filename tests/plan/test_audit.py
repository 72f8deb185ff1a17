"""The audit: written without the model, and it catches a plan altered by hand in any table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import optalloc
from optalloc.modelling.tables import AUDIT, LIMITS, SUMMARY


class Watched(Mapping[str, pd.DataFrame]):
    """Tables of a plan that note which of them are read."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self.tables = tables
        self.read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.read[name] = self.tables[name]
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


def once(step: Callable[..., Any]) -> Callable[..., Any]:
    """A family's step, not run again for tables of which it read none that changed.

    It follows from dataset and tables alone, so that it would give the same.
    """
    first: list[tuple[dict[str, pd.DataFrame], Any]] = []

    def run(data: optalloc.Dataset, tables: Mapping[str, pd.DataFrame]) -> Any:
        for read, result in first:
            if all(tables.get(name) is frame for name, frame in read.items()):
                return result
        watched = Watched(tables)
        result = step(data, watched)
        first[:] = first or [(watched.read, result)]
        return result

    return run


@pytest.fixture(scope="module")
def audited(everything_data) -> tuple[optalloc.Dataset, optalloc.Model]:
    """The dataset, and a model whose families restate only what an altered table changes."""
    dataset, model = everything_data
    families = (
        replace(f, audit=once(f.audit), recompute=once(f.recompute)) for f in model.families
    )
    return dataset, replace(model, families=tuple(families))


def columns_of(plan: optalloc.Plan, model: optalloc.Model) -> list[tuple[str, str]]:
    """Every (table, column) of the plan that says something a hand could alter."""
    specs = {**model.outputs, SUMMARY.name: SUMMARY, LIMITS.name: LIMITS}
    skip = {"Sources", "Assumptions"}  # carried over from the workbook as it is
    return [
        (name, column.name)
        for name, spec in specs.items()
        if name not in skip and len(plan[name])
        for column in spec.columns
    ]


def altered(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with one cell of the column changed: the largest number, or the first word."""
    table = table.copy()
    given = table[column]
    numbers = pd.to_numeric(given, errors="coerce")
    if given.dtype == bool:
        row, value = 0, not given.iloc[0]
    elif pd.api.types.is_datetime64_any_dtype(given):
        row = int(given.notna().to_numpy().argmax())
        value = given.iloc[row] + pd.Timedelta(days=31)
    elif numbers.notna().any():
        row = int(numbers.abs().fillna(-1).argmax())
        value = numbers.iloc[row] * 1.01 + 1
    else:
        row = int(given.notna().to_numpy().argmax())
        value = f"{given.iloc[row]}, altered"
    table[column] = table[column].astype(object)
    table.iloc[row, table.columns.get_loc(column)] = value
    return table


def refused(
    dataset: optalloc.Dataset, model: optalloc.Model, tables: dict, outcome: optalloc.Outcome
) -> bool:
    """Whether the audit refuses the tables, or cannot even read them."""
    try:
        return not optalloc.audit_plan(dataset, model, tables, outcome)["passed"].all()
    except (KeyError, ValueError, TypeError, IndexError):
        return True


@pytest.mark.long
@pytest.mark.parametrize(
    "share", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 4))]
)
def test_a_plan_altered_by_hand_is_refused(share: int, everything: optalloc.Plan, audited) -> None:
    """Proves: one cell changed in any column of any table is caught; unaltered, it passes."""
    dataset, model = audited
    tables = {name: frame for name, frame in everything.tables.items() if name != AUDIT.name}
    assert optalloc.audit_plan(dataset, model, tables, everything.outcome)["passed"].all()
    missed = [
        f"{name}.{column}"
        for name, column in list(columns_of(everything, model))[share::4]
        if not refused(
            dataset, model, {**tables, name: altered(tables[name], column)}, everything.outcome
        )
    ]
    assert missed == []


@pytest.mark.long
def test_a_row_dropped_by_hand_is_refused(everything: optalloc.Plan, audited) -> None:
    """Proves: a row missing from any table is caught."""
    dataset, model = audited
    tables = {name: frame for name, frame in everything.tables.items() if name != AUDIT.name}
    missed = [
        name
        for name in {name for name, _ in columns_of(everything, model)}
        if not refused(dataset, model, {**tables, name: tables[name].iloc[:-1]}, everything.outcome)
    ]
    assert missed == []


def test_a_wrong_objective_is_refused(everything: optalloc.Plan, everything_data) -> None:
    """Proves: a solver that claims one part in a thousand less than the plan costs is caught."""
    dataset, model = everything_data
    outcome = everything.outcome
    cheaper = optalloc.Outcome(
        stop_reason=outcome.stop_reason,
        quality=outcome.quality,
        objective=outcome.objective * 0.999,
        bound=outcome.bound * 0.999,
    )
    assert refused(dataset, model, dict(everything.tables), cheaper)


@pytest.mark.parametrize(
    "table", ["Build", "Procurement", "Load", "Power", "Labour", "Risk", "Cost"]
)
def test_the_example_has_rows_in_every_table(everything: optalloc.Plan, table: str) -> None:
    """Proves: the alterations above touch every family's tables."""
    assert len(everything[table])
