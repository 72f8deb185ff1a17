"""The example workbooks: complete, consistent, and what their pages say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import optalloc
from optalloc.scenarios.uncertainty_sheets import UNCERTAINTY_SHEETS
from tests.paths import INPUTS

MODEL = optalloc.load_model()


@pytest.fixture(scope="module")
def pacific() -> optalloc.Dataset:
    return optalloc.validate(optalloc.read_workbook(INPUTS / "pacific"), MODEL)


def test_the_workbook_is_the_folder(pacific: optalloc.Dataset) -> None:
    """Proves: pacific.xlsx holds what the CSVs hold, cell for cell."""
    workbook = optalloc.validate(optalloc.read_workbook(INPUTS / "pacific.xlsx"), MODEL)
    for sheet in MODEL.sheets:
        left = workbook[sheet].reset_index(drop=True)
        right = pacific[sheet].reset_index(drop=True)
        pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_pacific_is_as_large_as_it_says(pacific: optalloc.Dataset) -> None:
    """Proves: at least 24 sites in seven countries, 8 regions, 3 workloads, 12 uneven periods."""
    sites, demand, periods = pacific["Sites"], pacific["Demand"], pacific["Periods"]
    assert len(sites) >= 24
    assert {"United States", "Australia", "Japan"} <= set(sites["jurisdiction"])
    assert sites["jurisdiction"].nunique() >= 7
    assert demand["region"].nunique() >= 8
    assert set(pacific["Workloads"]["workload"]) == {"training", "inference", "sovereign"}
    assert len(periods) >= 12
    assert periods["months"].nunique() > 1
    assert periods["start"].min() >= pd.Timestamp("2027-01-01")


def test_pacific_uses_every_sheet(pacific: optalloc.Dataset) -> None:
    """Proves: no sheet is left unused by the example, but those on uncertainty."""
    unused = {sheet for sheet in MODEL.sheets if pacific[sheet].empty}
    assert unused == set(UNCERTAINTY_SHEETS)


def test_pacific_has_an_audited_plan() -> None:
    """Proves: the example solves, serves everyone and passes its audit, at a loose gap."""
    plan = optalloc.solve(INPUTS / "pacific.xlsx", gap=0.03, threads=1)
    assert plan.gap <= 0.03
    assert bool(plan["Audit"]["passed"].all())
    binding = set(plan["Limits"].loc[plan["Limits"]["binding"], "family"])
    assert {"grid", "labour", "risk"} <= binding


def test_periods_stand_in_order_on_every_wide_sheet(
    everything: optalloc.Plan, tmp_path: Path
) -> None:
    """Proves: periods run from left to right on each sheet. Sensitivity: as a table meets them,
    a sheet whose first row is about a later period would begin there."""
    tables = dict(everything.tables)
    load = tables["Load"]
    tables["Load"] = load.sort_values("period", ascending=False, kind="stable")
    assert tables["Load"]["period"].iloc[0] == "Y4"
    plan = dataclasses.replace(everything, tables=tables)
    plan.to_excel(tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", read_only=True)
    for spec in plan.specs:
        if spec.across and len(tables[spec.name]):
            header = [cell.value for cell in next(iter(book[spec.name].rows))]
            shown = [name for name in header if name in ("Y1", "Y2", "Y3", "Y4")]
            assert shown == sorted(shown), spec.name
