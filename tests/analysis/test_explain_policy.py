"""A policy is explained by its scenarios: in which a limit binds, and why one has no plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.scenarios.uncertainty_sheets import AS_IT_STANDS
from tests import books
from tests.command import optalloc_says
from tests.plan.test_across import AVERAGE, MOST, line
from tests.plan.test_policy import site, uncertain

KNOWN = {"demand": "2028-01-01"}


def limited(grid_mw: float) -> books.Book:
    """F costs 1 per MW and is begun once it is known whether 100 or 40 MW are asked for in Y3; what
    its grid does not carry is unmet, for 3 per MW."""
    zones = [{"zone": "Z", "period": f"Y{k}", "max_total_mw": grid_mw} for k in (1, 2, 3)]
    return uncertain(
        site("F", 1.0, 100, grid_zone="Z"),
        base=(0, 0, 100),
        futures={"demand": {"high": (0.5,), "low": (0.5, -60, "Y3")}},
        revealed=KNOWN,
        unmet=3,
        GridZones=zones,
    )


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, optalloc.Plan]:
    folder = tmp_path_factory.mktemp("policy")
    book = books.write(limited(60), folder / "book")
    plan = optalloc.solve(book)
    plan.to_excel(folder / "plan.xlsx")
    return book, folder / "plan.xlsx", plan


@pytest.mark.long
def test_the_scenarios_in_which_a_limit_binds(solved: tuple[Path, Path, optalloc.Plan]) -> None:
    """Proves: the grid binds where demand is high, and 1 MW more saves 2 there, 1 in expectation; the
    workbook, the plan in memory and its file are explained alike.
    Sensitivity: with 40 asked for the grid of 60 does not bind."""
    book, file, plan = solved
    # High: 60 + 3 x 40 unmet; low: 40.
    assert plan.cost == pytest.approx(0.5 * 180 + 0.5 * 40)
    for found in (optalloc.explain(plan), optalloc.explain(file), optalloc.explain(book)):
        (row,) = found["BindingInScenarios"].query("limit == 'zone_total'").to_dict("records")
        assert (row["scenarios"], row["probability"]) == ("demand=high", 0.5)
        assert row["saving"] == pytest.approx(1.0)
        assert str(row["cell"]).startswith("GridZones!")
        words = next(one for one in found.sentences if "grid" in one)
        assert words.startswith("In demand=high (probability 0.5): ")
        assert "relaxed by 1 MW grid there it saves 1 M of the expected cost" in words
        assert any("The expected cost is 110 M and is optimal." in one for one in found.sentences)
    told = optalloc_says("explain", file)
    assert told.returncode == 0, told.stderr
    assert "This is the policy of plan.xlsx, whose expected cost was 110 M." in told.stdout
    assert "has changed" not in told.stdout


@pytest.mark.slow
def test_a_limit_that_binds_in_every_scenario(tmp_path: Path) -> None:
    """Proves: with 30 MW of grid 1 MW more saves 2 in both, and so in expectation; a workbook that has
    changed since is explained as it is now, and said so."""
    book = books.write(limited(30), tmp_path / "book")
    plan = optalloc.solve(book)
    plan.to_excel(tmp_path / "plan.xlsx")
    (words,) = [one for one in optalloc.explain(plan).sentences if "grid" in one]
    assert words.startswith("In every scenario: ")
    assert "saves 2 M" in words
    workloads = pd.read_csv(book / "Workloads.csv")
    workloads["unmet_penalty_per_mw_year"] = 5
    workloads.to_csv(book / "Workloads.csv", index=False)
    found = optalloc.explain(tmp_path / "plan.xlsx")
    assert "has changed since that policy was made" in found.sentences[0] + found.sentences[1]
    # 5 - 1 in both.
    assert found["BindingInScenarios"].query("limit == 'zone_total'")["saving"].tolist() == [
        pytest.approx(4.0)
    ]
    # A file with a scenario that the workbook lacks cannot be of it.
    (book / "Outcomes.csv").unlink()
    (book / "Uncertainties.csv").unlink()
    with pytest.raises(OptallocError, match="has no scenarios by now"):
        optalloc.explain(tmp_path / "plan.xlsx")


def across(low: float, *lines: dict[str, Any], grid_mw: float = 3) -> books.Book:
    """10 MW are asked for in Y2, or 20; what N of 1 per MW lacks T serves at once, for nothing."""
    at_once = {"site_lead_months": 0, "block_lead_months": 0, "grid_zone": "Z"}
    zones = [{"zone": "Z", "period": f"Y{k}", "max_total_mw": grid_mw} for k in (1, 2)]
    return uncertain(
        site("N", 1.0, 100),
        site("T", 0.0, 100, **at_once),
        base=(0, 10),
        futures={"demand": {"low": (low,), "high": (1 - low, 10, "Y2")}},
        revealed=KNOWN,
        GridZones=zones,
        Across=list(lines),
    )


@pytest.mark.slow
def test_lines_across_scenarios_that_bind(tmp_path: Path) -> None:
    """Proves: 7 of N do in low and not in high, with a probability of 0.8, and no further scenario may
    be without the grid's limit; the file is explained alike, though one fails in its scenario.
    Sensitivity: a grid that carries all never fails, and its line does not bind."""
    asked = line("zone_total", MOST, 0.8, "period=Y2")
    plan = books.solve(across(0.8, asked), tmp_path / "book")
    assert plan.cost == pytest.approx(7)
    plan.to_excel(tmp_path / "plan.xlsx")
    for found in (optalloc.explain(plan), optalloc.explain(tmp_path / "plan.xlsx")):
        (words,) = [one for one in found.sentences if "Across!A2" in one]
        assert words.startswith("Across!A2 binds: zone_total of Z, Y2 is asked to hold with")
        assert words.endswith("No further scenario may be without it.")
        assert len(found["BindingAcross"]) == 1
    plan = books.solve(across(0.8, asked, grid_mw=200), tmp_path / "free")
    assert plan.cost == pytest.approx(0)
    assert optalloc.explain(plan)["BindingAcross"].empty


@pytest.mark.slow
def test_what_a_line_on_average_would_save(tmp_path: Path) -> None:
    """Proves: 14 of N leave 6 in high, 3 on average; to leave 1 more on average N is 2 MW smaller."""
    plan = books.solve(across(0.5, line("zone_total", AVERAGE, rows="period=Y2")), tmp_path)
    assert plan.cost == pytest.approx(14)
    found = optalloc.explain(plan)
    (row,) = found["BindingAcross"].to_dict("records")
    assert row["saving"] == pytest.approx(2)
    assert "on average exactly met" in row["in_words"]
    assert "relaxed by 1 MW grid it saves 2 M" in row["in_words"]


@pytest.mark.long
def test_the_reasons_of_a_scenario_without_a_plan(tmp_path: Path) -> None:
    """Proves: it is named, with the cells that its outcomes change, and then explained like a workbook
    without a plan: N holds 100 of the 150 that are asked for. As it stands there is a plan."""
    made = uncertain(
        site("N", 1.0, 100),
        base=(0, 50),
        futures={"demand": {"low": (0.5,), "high": (0.5, 100, "Y2")}},
        revealed=KNOWN,
    )
    book = books.write(made, tmp_path / "book")
    told = optalloc_says("explain", book, "--budget", 20)
    assert told.returncode == 4
    first, second = told.stdout.splitlines()[1:3]
    assert "Scenario demand=high has no plan, even by itself." in first
    assert "(Outcomes!G2)" in first
    assert "No plan meets every limit" in second
    assert "150" in told.stdout
    assert optalloc.explain(book, certain=True, budget_s=20).sentences[0] == AS_IT_STANDS


@pytest.mark.long
def test_what_is_asked_of_a_plan_alone_is_refused(
    solved: tuple[Path, Path, optalloc.Plan], tmp_path: Path
) -> None:
    """Proves: of a policy neither sites nor a relaxed copy can be had, and what to say instead."""
    book, file, plan = solved
    for asked in (book, file, plan):
        with pytest.raises(OptallocError, match="say --certain"):
            optalloc.explain(asked, sites=["F"])
    with pytest.raises(OptallocError, match="a workbook is relaxed as it stands"):
        optalloc.explain(book, relaxed=tmp_path / "copy")
    with pytest.raises(OptallocError, match="explain its workbook"):
        optalloc.explain(file, certain=True)
    assert optalloc.explain(book, sites=["F"], certain=True, budget_s=20).sentences
