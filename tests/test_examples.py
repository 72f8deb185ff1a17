"""The example workbooks: complete, consistent, and what their pages say."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import optalloc
from optalloc.pipeline.one_plan import solve_dataset
from optalloc.scenarios.overrides import altered
from optalloc.scenarios.uncertainty_sheets import UNCERTAINTY_SHEETS
from tests.paths import INPUTS

MODEL = optalloc.load_model()


@pytest.fixture(scope="module")
def pacific() -> optalloc.Dataset:
    return optalloc.validate(optalloc.read_workbook(INPUTS / "pacific"), MODEL)


@pytest.mark.long
def test_the_workbook_is_the_folder(pacific: optalloc.Dataset) -> None:
    """Proves: pacific.xlsx holds what the CSVs hold, cell for cell."""
    workbook = optalloc.validate(optalloc.read_workbook(INPUTS / "pacific.xlsx"), MODEL)
    for sheet in MODEL.sheets:
        left = workbook[sheet].reset_index(drop=True)
        right = pacific[sheet].reset_index(drop=True)
        pd.testing.assert_frame_equal(left, right, check_dtype=False)


@pytest.mark.long
def test_pacific_under_uncertainty_is_pacific_with_three_uncertainties(tmp_path: Path) -> None:
    """Proves: the workbook holds what both folders hold, cell for cell, one over the other. Of its
    twelve scenarios those with a late Kanto grid have a probability of 0.3, and demand differs from
    2029 on alone."""
    shutil.copytree(INPUTS / "pacific", tmp_path / "both")
    shutil.copytree(INPUTS / "pacific-uncertain", tmp_path / "both", dirs_exist_ok=True)
    both = optalloc.validate(optalloc.read_workbook(tmp_path / "both"), MODEL)
    book = optalloc.validate(optalloc.read_workbook(INPUTS / "pacific-uncertain.xlsx"), MODEL)
    for sheet in MODEL.sheets:
        left, right = (data[sheet].reset_index(drop=True) for data in (book, both))
        pd.testing.assert_frame_equal(left, right, check_dtype=False)
    tree = MODEL.scenario_tree(book)
    assert tree is not None
    assert len(tree.scenarios) == 12
    assert [one.name for one in tree.uncertainties] == ["demand", "Kanto grid", "US share law"]
    names = ("demand", "Kanto grid", "US share law")
    late = [one for one in tree.scenarios if (names[1], "a year late") in one.outcomes]
    assert sum(one.probability for one in late) == pytest.approx(0.3)
    changed = altered(book, late[0].overrides)
    kanto = changed["PowerRamp"].query("site == 'Kanto North'")
    assert kanto["period"].tolist() == ["2034FY", "2036FY"]
    fast = next(one for one in tree.scenarios if (names[0], "fast") in one.outcomes)
    ratio = _demand(altered(book, fast.overrides)) / _demand(book)
    begins = book["Periods"].set_index("period")["start"]
    assert ratio[begins[ratio.index] < "2029-01-01"].unique() == pytest.approx([1.0])
    assert ratio[begins[ratio.index] >= "2029-01-01"].unique() == pytest.approx([1.1])


@pytest.mark.long
def test_the_plot_of_pacific_can_never_be_worth_its_premium() -> None:
    """Proves: with the plot as without it the site is committed in the same period for every period that
    it may serve, but for one: there a quarter later, between which nothing becomes known. So it puts
    off the site's price by three months at most, which is worth less than the premium.
    Sensitivity: at a third of its premium it would not be so."""
    book = optalloc.validate(optalloc.read_workbook(INPUTS / "pacific-uncertain.xlsx"), MODEL)
    plot = book["Options"].set_index("option").loc["Kanto North plot"]
    site = book["Sites"].set_index("site").loc["Kanto North"]
    assert (plot["currency"], site["currency"]) == ("JPY", "JPY")
    begins = book["Periods"].set_index("period")["start"]
    energised = book["PowerRamp"].query("site == 'Kanto North'")["period"].iloc[0]
    served = begins[begins >= begins[energised]]
    apart = []
    for day in served:
        latest = [
            begins[begins <= day - pd.DateOffset(months=int(lead + site["block_lead_months"]))]
            for lead in (site["site_lead_months"], plot["lead_months"])
        ]
        own, by_plot = (days.iloc[-1] for days in latest)
        if own != by_plot:
            apart.append((own, by_plot))
    assert apart == [(pd.Timestamp("2027-01-01"), pd.Timestamp("2027-04-01"))]
    revealed = book["Uncertainties"]["revealed"].dropna()
    assert (revealed > pd.Timestamp("2027-04-01")).all()
    settings = book.one("Settings")
    growth = (1 + settings.build_cost_escalation) / (1 + settings.discount_rate)
    saved = site["site_cost"] * (1 - growth**0.25)
    assert saved == pytest.approx(318, abs=1)
    assert saved < plot["premium"]
    assert saved > plot["premium"] / 3


@pytest.mark.slow
def test_the_right_of_pacific_is_worth_thousands_if_demand_is_fast() -> None:
    """Proves: the plan with the right costs less than any plan without it can, by 1,500 M."""
    book = optalloc.validate(optalloc.read_workbook(INPUTS / "pacific-uncertain.xlsx"), MODEL)
    tree = MODEL.scenario_tree(book)
    assert tree is not None
    fast = next(one for one in tree.scenarios if ("demand", "fast") in one.outcomes)
    data = altered(book, fast.overrides)
    options, contracts = data["Options"], data["Contracts"]
    right = options.query("kind == 'contract'")["contract"].item()
    without = data.with_frames(
        {
            "Options": options[options["kind"] != "contract"],
            "Contracts": contracts[contracts["contract"] != right],
        }
    )
    found = [solve_dataset(case, MODEL, gap=0.015, time_limit_s=300) for case in (data, without)]
    assert found[0].cost + 1500 < found[1].bound
    assert found[0]["OptionsHeld"]["exercised"].max() == pytest.approx(400)


def _demand(data: optalloc.Dataset) -> pd.Series:
    """Demand of each period, whatever its unit."""
    asked = data["Demand"][["it_mw", "units"]].sum(axis=1)
    return asked.groupby(data["Demand"]["period"]).sum()


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
    """Proves: no sheet is left unused by the example, but those on uncertainty, flexibility, hours
    and taxes."""
    unused = {sheet for sheet in MODEL.sheets if pacific[sheet].empty}
    by_the_hour = {"Slices", "WorkloadSlices", "ContractSlices", "SpotSlices", "Storage"}
    by_the_hour |= {"Interruptible", "Interruptions", "SurplusSlices"}
    flexible = {"Options", "Gates", "Abandonments"}
    assert unused == {*UNCERTAINTY_SHEETS, *flexible, *by_the_hour, "Taxes", "Duties"}


@pytest.mark.long
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
