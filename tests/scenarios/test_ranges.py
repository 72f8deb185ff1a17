"""Ranges: their distribution by hand, what is generated from them, and what may be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

import optalloc
from optalloc.analysis.futures.generated import generate_scenarios
from optalloc.data.validate import check
from optalloc.errors import InputError, OptallocError, Severity
from optalloc.report.template import write_template
from optalloc.scenarios.generate import probabilities_of_draws
from optalloc.scenarios.overrides import Override
from optalloc.scenarios.ranges import Range, ranges_of
from optalloc.scenarios.sheet import Operation
from optalloc.spreadsheet.package import Package
from tests.books import Book, book, demand, write, years

MODEL = optalloc.load_model()
DAY = "2028-01-01"
COLUMNS = ("uncertainty", "sheet", "rows", "column", "operation", "low", "mode", "high", "revealed")
DEMAND = ("demand", "Demand", "period=Y2", "it_mw", "add", -10, 0, 50, DAY)
COST = ("cost", "Sites", "", "build_cost_per_mw", "multiply", 0.5, 1, 3, DAY)


def ranged(*rows: tuple[Any, ...], **sheets: Any) -> Book:
    """The newsvendor of one site at 1 per MW, 50 MW asked for in Y2, 3 per MW unmet."""
    site = {"site": "N", "status": "candidate", "max_mw": 200, "build_cost_per_mw": 1}
    made = book(
        Periods=years(2),
        Demand=demand(0, 50),
        Workloads=[{"workload": "load", "unmet_penalty_per_mw_year": 3}],
        Sites=[site | {"site_lead_months": 6, "block_lead_months": 6}],
        Network=[{"site": "N", "region": "R", "latency_ms": 10}],
        Ranges=[dict(zip(COLUMNS, (*row, None), strict=False)) for row in rows],
        **sheets,
    )
    made["Settings"][0]["seed"] = 0
    return made


def row(operation: Operation, low: float, mode: float, high: float) -> Range:
    return Range(2, Override("Demand", (), "it_mw", operation, ""), low, mode, high)


def test_quantiles_by_hand() -> None:
    """Proves: P5, P50 and P95 are as stated; twice as many standard deviations out an amount lies
    twice as far from the mode, and a factor is squared."""
    z95 = ndtri(0.95)
    u = ndtr(z95 * np.array([-2, -1, 0, 1, 2]))
    amounts = row(Operation.ADD, -10, 0, 30).quantiles(u)
    assert amounts == pytest.approx([-20, -10, 0, 30, 60])
    factors = row(Operation.MULTIPLY, 0.5, 1, 3).quantiles(u)
    assert factors == pytest.approx([0.25, 0.5, 1, 3, 9])
    # Whatever is drawn, a factor is above zero.
    assert row(Operation.MULTIPLY, 0.1, 1, 3).quantiles(np.array([1e-12]))[0] > 0


def test_amounts_of_whole_numbers_are_rounded(tmp_path: Path) -> None:
    """Proves: 2.6 blocks drawn are 3, and 2.6 MW are 2.6; factors of blocks are refused."""
    blocks = ("blocks", "Sites", "", "max_blocks_per_period")
    found = {}
    for name, own in {"set": (1, 2, 4), "multiply": (1, 2, 3)}.items():
        path = write(ranged((*blocks, name, *own, DAY), DEMAND), tmp_path / name)
        data = check(optalloc.read_workbook(path), MODEL)[0]
        found[name] = ranges_of(data)
    (of_blocks, of_demand), problems = found["set"]
    assert problems == []
    assert of_blocks.ranges[0].at(2.6).value == "3"
    assert of_demand.ranges[0].at(2.6).value == "2.6"
    assert [problem.code for problem in found["multiply"][1]] == ["range-operation"]


def test_a_latin_hypercube_has_a_draw_in_every_stratum() -> None:
    u = probabilities_of_draws(20, 3, 7, stratified=True)
    for own in u.T:
        assert sorted((own * 20).astype(int)) == list(range(20))
    assert (probabilities_of_draws(20, 3, 7, stratified=True) == u).all()
    assert not (probabilities_of_draws(20, 3, 8, stratified=True) == u).any()


@pytest.mark.long
def test_three_points_are_solved_by_hand(tmp_path: Path) -> None:
    """Proves: demand is 40, 50 or 100 with 0.185, 0.63 and 0.185. A MW above 50 costs 1 and saves
    3 x 0.185, so 50 are built: 50 + 0.185 x 3 x 50."""
    source = write(ranged(DEMAND), tmp_path / "book")
    generate_scenarios(source, tmp_path / "out")
    assert check(optalloc.read_workbook(tmp_path / "out"), MODEL)[1] == []
    plan = optalloc.solve(tmp_path / "out")
    assert plan.cost == pytest.approx(77.75)
    assert plan["Futures"]["probability"].tolist() == [0.185, 0.63, 0.185]
    assert plan["Futures"]["cost"].tolist() == pytest.approx([50, 50, 200])
    # All else is as it was.
    for path in source.iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()


def test_frames_are_a_workbook_too(tmp_path: Path) -> None:
    """Proves: of frames the copy is a folder of the same sheets as that of a folder of CSV files, with
    what was generated, to be reduced as frames as well; messages name columns and rows of frames.
    Sensitivity: a folder that is there is not written to."""
    source = write(ranged(DEMAND), tmp_path / "book")
    frames = {path.stem: pd.read_csv(path) for path in source.glob("*.csv")}
    optalloc.generate_scenarios(source, tmp_path / "of-folder")
    optalloc.generate_scenarios(frames, tmp_path / "of-frames")
    of_folder, of_frames = (
        {name: optalloc.read_workbook(tmp_path / out).sheets[name].rows for name in frames}
        for out in ("of-folder", "of-frames")
    )
    assert of_frames == of_folder
    outcomes = pd.read_csv(tmp_path / "of-frames" / "Outcomes.csv")
    assert sorted(outcomes["value"]) == [-10, 50]
    with pytest.raises(OptallocError, match="must not exist yet"):
        optalloc.generate_scenarios(frames, tmp_path / "of-frames")
    twice = {**frames, "Uncertainties": pd.read_csv(tmp_path / "of-frames" / "Uncertainties.csv")}
    with pytest.raises(InputError, match=r"Uncertainties!uncertainty\[0\]"):
        optalloc.generate_scenarios(twice, tmp_path / "twice")
    three = {p.stem: pd.read_csv(p) for p in (tmp_path / "of-frames").glob("*.csv")}
    found = optalloc.reduce_scenarios(three, 2, tmp_path / "two")
    kept = pd.read_csv(tmp_path / "two" / "Scenarios.csv")["probability"]
    assert kept.sum() == pytest.approx(1)
    assert (found["Reduction"]["after"] > 0).sum() == len(kept) == 2


@pytest.mark.slow
def test_rows_of_one_uncertainty_are_drawn_together(tmp_path: Path) -> None:
    """Proves: two rows of one name are at the same percentile in each draw; another name is not."""
    twin = ("demand", "Demand", "period=Y1", "it_mw", "add", 10, 20, 70)
    source = write(ranged(DEMAND, twin, COST), tmp_path / "book")
    generate_scenarios(source, tmp_path / "out", draws=30, seed=1)
    values = pd.read_csv(tmp_path / "out" / "Outcomes.csv")
    assert len(values) == 90
    first, second = (values.loc[values["rows"] == f"period={y}", "value"] for y in ("Y2", "Y1"))
    # Low, mode and high are 10, 20 and 20 more: the lower half has the same width.
    below = first.to_numpy() < 0
    assert second.to_numpy()[below] - first.to_numpy()[below] == pytest.approx(20, abs=1e-3)
    factor = values.loc[values["uncertainty"] == "cost", "value"].to_numpy()
    assert abs(np.corrcoef(first, factor)[0, 1]) < 0.6
    scenarios = pd.read_csv(tmp_path / "out" / "Scenarios.csv")
    assert scenarios["probability"].sum() == pytest.approx(1, abs=1e-12)
    assert check(optalloc.read_workbook(tmp_path / "out"), MODEL)[1] == []


@pytest.mark.slow
def test_draws_take_the_other_uncertainties_along(tmp_path: Path) -> None:
    """Proves: an outcome with probability 3/4 that is listed by hand comes in 15 of 20 draws, and
    its probability then stands on the sheet Scenarios alone."""
    listed = [
        {"uncertainty": "law", "outcome": "strict", "probability": 0.25, "revealed": DAY},
        {"uncertainty": "law", "outcome": "mild", "probability": 0.75, "revealed": None},
    ]
    change = {"uncertainty": "law", "outcome": "strict", "sheet": "Sites", "rows": ""}
    change |= {"column": "max_mw", "operation": "set", "value": 30}
    made = ranged(DEMAND, Uncertainties=listed, Outcomes=[change])
    generate_scenarios(write(made, tmp_path / "book"), tmp_path / "out", draws=20)
    scenarios = pd.read_csv(tmp_path / "out" / "Scenarios.csv")
    assert scenarios["outcomes"].str.contains("law=mild").sum() == 15
    assert check(optalloc.read_workbook(tmp_path / "out"), MODEL)[1] == []


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize("has_sheets", [True, False])
def test_a_workbook_is_written_with_nothing_lost(tmp_path: Path, has_sheets: bool) -> None:
    """Proves: sheets that were there are unchanged to the byte; those that were not are added."""
    data = optalloc.validate(optalloc.read_workbook(write(ranged(COST), tmp_path / "csv")), MODEL)
    source, target = tmp_path / "book.xlsx", tmp_path / "out.xlsx"
    write_template(MODEL, source, data.records())
    if not has_sheets:
        opened = openpyxl.load_workbook(source)
        for name in ("Uncertainties", "Outcomes", "Scenarios"):
            del opened[name]
        opened.save(source)
    generate_scenarios(source, target, draws=4)
    assert check(optalloc.read_workbook(target), MODEL)[1] == []
    before, after = Package(source), Package(target)
    assert [s.name for s in after.sheets if s.name in {one.name for one in before.sheets}] == [
        one.name for one in before.sheets
    ]
    for sheet in before.sheets:
        if sheet.name not in ("Uncertainties", "Outcomes", "Scenarios"):
            assert after.read(sheet.part) == before.read(sheet.part)
    # Another reader finds them too.
    frame = pd.read_excel(target, sheet_name="Scenarios", engine="openpyxl")
    assert frame.filter(like="probability").iloc[:, 0].tolist() == [0.25] * 4
    assert optalloc.solve(target).is_policy


WRONG = {
    "order": (("d", "Demand", "", "it_mw", "add", 5, 0, 10, DAY), "Ranges!G2 range-order"),
    "certain": (("d", "Demand", "", "it_mw", "add", 5, 5, 5, DAY), "Ranges!G2 range-order"),
    "factor": (("d", "Demand", "", "it_mw", "multiply", 0, 1, 2, DAY), "Ranges!F2 range-order"),
    "day": (("d", "Demand", "", "it_mw", "add", 0, 1, 2), "Ranges!I2 range-revealed"),
    "sheet": (("d", "Demands", "", "it_mw", "add", 0, 1, 2, DAY), "Ranges!B2 range-target"),
    "rows": (("d", "Demand", "period=Y9", "it_mw", "add", 0, 1, 2, DAY), "Ranges!C2 range-target"),
    "column": (("d", "Demand", "", "mw", "add", 0, 1, 2, DAY), "Ranges!D2 range-target"),
    "words": (("d", "Sites", "", "status", "add", 0, 1, 2, DAY), "Ranges!E2 range-operation"),
    "below zero": (("d", "Demand", "", "it_mw", "set", -5, 1, 2, DAY), "Ranges!F2 range-value"),
    "above one": (("d", "Workloads", "", "load_factor", "set", 0.5, 1, 2, DAY), "Ranges!H2 range-value"),
    "same in all": (
        ("d", "Settings", "", "discount_rate", "set", 0.1, 0.2, 0.3, DAY),
        "Ranges!D2 range-fixed",
    ),
    "name": (("d=e", "Demand", "", "it_mw", "add", 0, 1, 2, DAY), "Ranges!A2 range-name"),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.first(2)
@pytest.mark.parametrize("case", WRONG)
def test_what_may_be_wrong(case: str, tmp_path: Path) -> None:
    cells, expected = WRONG[case]
    source = write(ranged(cells), tmp_path / "book")
    found = check(optalloc.read_workbook(source), MODEL)[1]
    errors = [p for p in found if p.severity is Severity.ERROR]
    assert [f"{p.sheet}!{p.cell} {p.code}" for p in errors] == [expected]
    assert all(p.must and p.action for p in errors)
    # No plan depends on it, and nothing is generated from it.
    optalloc.solve(source)
    with pytest.raises(InputError) as refused:
        generate_scenarios(source, tmp_path / "out")
    assert [p.code for p in refused.value.problems] == [expected.split(" ")[1]]
    assert not (tmp_path / "out").exists()


def refusal(made: Book, folder: Path, **options: Any) -> list[str]:
    source = write(made, folder / "book")
    with pytest.raises(InputError) as refused:
        generate_scenarios(source, folder / "out", **options)
    assert not (folder / "out").exists()
    return [f"{p.sheet}!{p.cell} {p.code}" for p in refused.value.problems]


def test_what_cannot_be_generated(tmp_path: Path) -> None:
    """Proves: no range at all, days that differ, outcomes that are there already, scenarios that
    would lack an outcome, and a draw that no cell can hold."""
    assert refusal(ranged(), tmp_path / "none") == ["Ranges! range-missing"]
    later = (*DEMAND[:3], "it_mw", "add", 1, 2, 3, "2028-06-01")
    assert refusal(ranged(DEMAND, later), tmp_path / "days") == ["Ranges!I3 range-revealed"]
    source = write(ranged(DEMAND), tmp_path / "once")
    generate_scenarios(source, tmp_path / "first", draws=2)
    with pytest.raises(InputError) as refused:
        generate_scenarios(tmp_path / "first", tmp_path / "second")
    found = [f"{p.sheet}!{p.cell} {p.code}" for p in refused.value.problems]
    assert found == ["Outcomes!A2 range-taken", "Scenarios!A2 range-taken",
                     "Uncertainties!A2 range-taken"]  # fmt: skip
    below = ("demand", "Demand", "period=Y2", "it_mw", "set", 1, 40, 60, DAY)
    assert refusal(ranged(below), tmp_path / "below", draws=100) == ["Ranges!F2 range-draw"]
