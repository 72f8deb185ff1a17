"""Sliders: cells changed in a copy of the workbook, by hand and in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import optalloc
from optalloc.serve.levers import COSTS, levers_of, override
from optalloc.serve.work import process
from tests import books
from tests.browser import needs_browser
from tests.plan.test_policy import tail
from tests.serve.guest import MODEL


def test_a_slider_changes_the_workbook_and_the_plan(minimal: Path, tmp_path: Path) -> None:
    """Proves: 130 MW of grid in place of 65 give 1125 M, worked out by hand; as it stands 1170 M.

    The bridge between the two plans is their difference.
    """
    data = optalloc.validate(optalloc.read_workbook(minimal), MODEL)
    levers = [lever.to_dict() for lever in levers_of(data, MODEL)]
    (grid,) = (lever for lever in levers if lever["column"] == "max_total_mw")
    assert override(grid, 0, 100) is None
    change = override(grid, 0, 200)
    assert change is not None and change["words"].endswith("= 130 MW grid")
    costs = []
    for name, changes in (("a", []), ("b", [change])):
        (tmp_path / name).mkdir()
        told = {"kind": "solve", "folder": tmp_path / name, "model": None, "book": minimal}
        given = {"gap": 0, "time_limit_s": 100, "threads": 1, "changes": changes}
        costs.append(process.done({**told, **given}, lambda **_: None)["objective"])
    assert costs == pytest.approx([1170, 1125])
    changed = optalloc.validate(optalloc.read_workbook(tmp_path / "b" / "changed.xlsx"), MODEL)
    assert changed["GridZones"]["max_total_mw"].tolist() == [130, 130, 130]
    plans = [str(tmp_path / name / "plan.xlsx") for name in "ab"]
    told = {"kind": "compare", "folder": tmp_path, "model": None, "plans": plans}
    found = process.done(told, lambda **_: None)
    assert found["ending"] == "found"
    assert any(re.search(r"\b45\b", words) for words in found["words"]), found["words"]


@pytest.mark.slow
@needs_browser
def test_sliders_and_two_plans_in_the_browser(address: str, opened: Any, minimal: Path) -> None:
    """Proves: a slider moved by keys says its value and changes that run alone; the comparison is exact.

    By hand 1170 M as it stands and 1125 M with 130 MW of grid in place of 65.
    """
    context = opened.new_context()
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.set_input_files("#workbook", minimal)
    page.click("text=Upload and check")
    page.wait_for_selector("text=No errors.", timeout=60_000)
    costs = []
    for moved in (False, True):
        page.fill(".solve input[name=gap]", "0")
        if moved:
            page.click("text=Change limits for this run")
            lever = page.locator(".lever", has_text="GridZones: max_total_mw")
            assert lever.locator("output").inner_text() == "as it stands: 65 MW grid"
            lever.locator("input").press("End")
            assert "130" in lever.locator("output").inner_text()
        page.get_by_role("button", name="Solve").click()
        page.wait_for_selector("text=Read the report", timeout=60_000)
        costs.append(page.inner_text("#incumbent"))
        assert ("= 130 MW grid" in page.inner_text("main .note")) == moved
    assert costs == ["1,170.0000", "1,125.0000"]
    # Beside the workbook that both are of.
    page.click("nav a")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("text=Download all tables", timeout=60_000)
    assert re.search(r"\b45\b", page.inner_text(".said"))
    assert complaints == []
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attitude", "neutral", "moved", "cost"),
    [
        # By hand: R costs 150 expected and 350 in the worst fifth, S 160 whatever comes.
        (None, 0, 50, 160),
        ({"measure": "mean and tail", "tail_share": 0.2, "tail_weight": 0.33}, 33, 0, 150),
    ],
)
def test_the_slider_of_the_worst_scenarios(
    attitude: dict[str, Any] | None, neutral: int, moved: int, cost: float, tmp_path: Path
) -> None:
    """Proves: a workbook with uncertainties has a slider for the weight of its worst scenarios, where
    it states an attitude or none; moved it gives the other site, and the copy says so.
    Sensitivity: where the worst scenario is to be least, and without uncertainties, there is none."""
    book = tmp_path / "book.xlsx"
    optalloc.write_template(MODEL, book, tail(**(attitude or {})))
    if attitude is None:
        # A workbook that has no such sheet at all.
        sheets = openpyxl.load_workbook(book)
        del sheets["Attitude"]
        sheets.save(book)
    data = optalloc.validate(optalloc.read_workbook(book), MODEL)
    lever = [one.to_dict() for one in levers_of(data, MODEL)][-1]
    assert (lever["sheet"], lever["neutral"]) == ("Attitude", neutral)
    assert override(lever, 0, neutral) is None
    change = override(lever, 0, moved)
    assert change is not None and change["words"] == f"Attitude: tail_weight = {moved} %"
    told = {"kind": "solve", "folder": tmp_path, "model": None, "book": book, "gap": 0}
    given = {"time_limit_s": 100, "threads": 1, "changes": [change]}
    found = process.done({**told, **given}, lambda **_: None)
    assert found["objective"] == pytest.approx(cost)
    stated = optalloc.validate(optalloc.read_workbook(tmp_path / "changed.xlsx"), MODEL)
    assert stated.one("Attitude").tail_weight == moved / 100
    for other in (tail(measure="worst"), {**tail(), "Uncertainties": [], "Outcomes": []}):
        optalloc.write_template(MODEL, book, other)
        data = optalloc.validate(optalloc.read_workbook(book), MODEL)
        assert "Attitude" not in {one.sheet for one in levers_of(data, MODEL)}


@pytest.mark.slow
@needs_browser
def test_the_slider_of_the_worst_scenarios_says_its_weight(
    address: str, opened: Any, tmp_path: Path
) -> None:
    """Proves: it says the weight itself, and not a percentage of what stands in the workbook."""
    optalloc.write_template(MODEL, tmp_path / "book.xlsx", tail())
    context = opened.new_context()
    page = context.new_page()
    page.goto(address)
    page.set_input_files("#workbook", tmp_path / "book.xlsx")
    page.click("text=Upload and check")
    page.wait_for_selector("text=No errors.", timeout=60_000)
    page.click("text=Change limits for this run")
    lever = page.locator(".lever", has_text="Attitude: tail_weight")
    assert lever.locator("output").inner_text() == "as it stands: 0 %"
    lever.locator("input").press("End")
    assert lever.locator("output").inner_text() == "95 %"
    context.close()


def test_sliders_stay_within_their_columns(minimal: Path) -> None:
    """Proves: a position beyond the slider or rows that are not there are refused."""
    data = optalloc.validate(optalloc.read_workbook(minimal), MODEL)
    lever = next(levers_of(data, MODEL)).to_dict()
    for rows, position in ((0, lever["most"] + 1), (0, lever["least"] - 1), (99, lever["most"])):
        with pytest.raises(ValueError):
            override(lever, rows, position)


@pytest.mark.long
def test_costs_are_slid_too(minimal: Path, tmp_path: Path) -> None:
    """Proves: with every cost of the sites doubled the plan of 1170 M, worked out by hand, costs 2340 M.

    Sensitivity: limits are another group, and no column is in both."""
    data = optalloc.validate(optalloc.read_workbook(minimal), MODEL)
    levers = [lever.to_dict() for lever in levers_of(data, MODEL)]
    costs = [lever for lever in levers if lever["group"] == COSTS]
    names = {"site_cost", "build_cost_per_mw", "fixed_cost_per_year", "cost_per_mw_year"}
    assert {lever["column"] for lever in costs if lever["sheet"] == "Sites"} == names
    places = [(lever["sheet"], lever["column"]) for lever in levers]
    assert len(set(places)) == len(places)
    changes = [override(lever, 0, 200) for lever in costs]
    told = {"kind": "solve", "folder": tmp_path, "model": None, "book": minimal, "gap": 0}
    given = {"time_limit_s": 100, "threads": 1, "changes": changes}
    found = process.done({**told, **given}, lambda **_: None)
    assert found["objective"] == pytest.approx(2 * 1170)


def test_rates_are_slid_within_their_bounds(tmp_path: Path) -> None:
    """Proves: the discount rate has a slider; a yearly fall of 60 % is slid no further than 100 %, which
    is at 166 % of it. Sensitivity: a rate of zero has no slider."""
    made = books.book()
    made["Settings"][0] |= {"discount_rate": 0.08, "build_cost_escalation": -0.6}
    data = books.dataset(made, tmp_path / "book")
    most = {
        lever.column: lever.most for lever in levers_of(data, MODEL) if lever.sheet == "Settings"
    }
    assert most["discount_rate"] == 200
    assert most["build_cost_escalation"] == 165
    assert "running_cost_escalation" not in most
