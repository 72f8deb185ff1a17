"""A plan is explained as its file has it, by the workbook that it names or that is given."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import optalloc
from optalloc.errors import OptallocError
from tests import books
from tests.command import optalloc_says

# Two sites alike but for the cost of building: A at 10 M, B at 11 M a MW, for 40 MW.
SITES = [
    {"site": "A", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 10},
    {"site": "B", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 11},
]
NETWORK = [{"site": site, "region": "R", "latency_ms": 10} for site in "AB"]
BOOK = books.book(Sites=SITES, Network=NETWORK)


def dear_plan(folder: Path) -> tuple[Path, Path]:
    """A workbook, and the plan for it that a planner made who would not build at A."""
    ban = {"decision": "not A", "what": "committed", "site": "A", "period": "Y1", "at_most": 0}
    plan = books.solve({**BOOK, "Decisions": [ban]}, folder / "ban")
    plan.to_excel(folder / "plan.xlsx")
    return books.write(BOOK, folder / "book"), folder / "plan.xlsx"


@pytest.mark.long
def test_the_plan_given_is_explained_and_no_other(tmp_path: Path) -> None:
    """Proves: a plan at B that costs 440 M is explained as it is, and that A would save 40 M is found;
    the workbook it is explained by is another, which is said.

    Sensitivity: the workbook solved again gives a plan at A for 400 M.
    """
    book, plan = dear_plan(tmp_path)
    run = optalloc_says("explain", plan, book, "--budget", 20)
    assert run.returncode == 0, run.stderr
    assert "This is the plan of plan.xlsx, which cost 440 M." in run.stdout
    assert "book has changed since that plan was made" in run.stdout
    assert "The plan costs 440 M and is feasible, within 9.09 %" in run.stdout
    assert "A: the plan builds nothing at A" in run.stdout
    assert "One of those costs 40 M less than this plan" in run.stdout
    assert "The plan costs 400 M" in optalloc_says("explain", book, "--budget", 20).stdout


@pytest.mark.slow
def test_the_workbook_that_a_plan_names_is_found(tmp_path: Path) -> None:
    """Proves: the path that was solved is found again, also once workbook and plan moved together;
    unchanged it keeps the plan's own bound. Gone, the second argument is asked for."""
    book = books.write(BOOK, tmp_path / "book")
    optalloc.solve(book).to_excel(tmp_path / "plan.xlsx")
    said = optalloc.explain(tmp_path / "plan.xlsx", sites=["A"], budget_s=20).to_text()
    assert "The plan costs 400 M and is optimal." in said and "has changed" not in said
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.move(book, moved / "book")
    shutil.move(tmp_path / "plan.xlsx", moved / "plan.xlsx")
    said = optalloc.explain(moved / "plan.xlsx", sites=["A"], budget_s=20).to_text()
    assert "is optimal" in said
    shutil.rmtree(moved / "book")
    with pytest.raises(OptallocError, match=r"name it: optalloc explain plan\.xlsx WORKBOOK"):
        optalloc.explain(moved / "plan.xlsx", budget_s=20)


@pytest.mark.long
def test_a_plan_that_the_workbook_no_longer_allows_is_refused(tmp_path: Path) -> None:
    """Proves: with B gone down to 30 MW its 40 MW are no plan, and that is said."""
    book, plan = dear_plan(tmp_path)
    sites = pd.read_csv(book / "Sites.csv")
    sites.loc[1, "max_mw"] = 30
    sites.to_csv(book / "Sites.csv", index=False)
    run = optalloc_says("explain", plan, book)
    assert run.returncode == 2
    assert "has changed since and has no plan with these decisions" in run.stderr


@pytest.mark.slow
def test_a_plan_is_explained_by_a_workbook_of_its_names(tmp_path: Path) -> None:
    """Proves: the plan builds 40 MW at B; where B is named Bb it is refused, and not explained as one
    that builds nothing."""
    _, plan = dear_plan(tmp_path)
    sites = [SITES[0], {**SITES[1], "site": "Bb"}]
    network = [{**row, "site": row["site"].replace("B", "Bb")} for row in NETWORK]
    book = books.write({**BOOK, "Sites": sites, "Network": network}, tmp_path / "other")
    with pytest.raises(OptallocError, match=r"plan\.xlsx .* in other: .*no site 'B'"):
        optalloc.explain(plan, book, budget_s=20)


def test_a_second_argument_needs_a_plan(tmp_path: Path) -> None:
    """Proves: two workbooks are refused, and so is a plan to be relaxed."""
    book, plan = dear_plan(tmp_path)
    run = optalloc_says("explain", book, book)
    assert run.returncode == 2 and "must be a plan.xlsx" in run.stderr
    run = optalloc_says("explain", plan, book, "--relaxed", tmp_path / "copy.xlsx")
    assert run.returncode == 2 and "is a plan" in run.stderr
