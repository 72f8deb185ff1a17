"""Both sides of a conflict are named with their cells, and what a sum shows is an error of check."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import optalloc
from optalloc.analysis.explain.infeasible import why_no_plan
from optalloc.analysis.explain.shortages import impossible
from tests import books
from tests.books import book, demand, years
from tests.command import optalloc_says

MODEL = optalloc.load_model()
EXISTING = {"existing_mw": 80, "status": "existing", "pue": 1.25}
SCORES = {
    f"{name}_risk": 0.1 for name in ("legal", "political", "conflict", "grid", "supply_chain")
}
US = {"jurisdiction": "US", "trusted": "yes", **SCORES}
STANDS = "A has 80 MW in service in Y1 whatever is decided"
DRAWS = f"{STANDS}, which take 100 MW of grid power"

# What is limited to less than 80 MW in service take: sheets, both sides as said, whether a sum says
# so, and that limits of 100 MW of grid power or 80 MW give a plan at once.
ONE_SIDED = {
    "zone": (
        {"Sites": {**EXISTING, "grid_zone": "Z"},
         "GridZones": [{"zone": "Z", "period": "Y1", "max_new_mw": None, "max_total_mw": 99}]},
        "grid zone Z can carry at most 99 MW in Y1 (GridZones!D2)", DRAWS, "A",
    ),
    "connection": (
        {"Sites": EXISTING, "PowerRamp": [{"site": "A", "period": "Y1", "energised_mw": 99}]},
        "the connection of A gives at most 99 MW in Y1 (PowerRamp!C2)", DRAWS, "A",
    ),
    "jurisdiction": (
        {"Sites": {**EXISTING, "jurisdiction": "US"}, "Jurisdictions": [US],
         "RiskLimits": [{"limit": "us", "kind": "max_mw", "value": 79, "jurisdiction": "US"}]},
        "risk limit us is max_mw 79 in Y1 (RiskLimits!C2)", STANDS, "A",
    ),
    "concentration": (
        {"Sites": {**EXISTING, "jurisdiction": "US"}, "Jurisdictions": [US],
         "RiskLimits": [{"limit": "h", "kind": "max_hhi", "value": 0.9}]},
        "risk limit h is max_hhi 0.9 in Y1 (RiskLimits!C2)", STANDS, "",
    ),
    "staff": (
        {"Sites": {**EXISTING, "labour_market": "L"},
         "LabourNeeds": [{"trade": "guards", "person_months_per_mw": 0, "staff_per_mw": 2}],
         "LabourPools": [{"labour_market": "L", "trade": "guards", "period": "Y1",
                          "workers": 159, "wage_per_person_month": 0}]},
        "L has at most 159 guards (pool) in Y1 (LabourPools!D2)",
        f"{STANDS}, which take 160 guards all the time", "",
    ),
    "contract": (
        {"Sites": EXISTING,
         "Contracts": [{"contract": "c", "site": "A", "kind": "capacity", "min_mw": 0,
                        "max_mw": 99, "price_per_mwh": 0}]},
        "c covers no more in Y1 than is signed, 99 MW at most (Contracts!E2)", DRAWS, "",
    ),
    "decision": (
        {"Decisions": [{"decision": "d", "what": "started_mw", "site": "A", "period": "Y1",
                        "at_least": 101}]},
        "decision d: started_mw is at least 101 in Y1 (Decisions!E2)",
        "A has room for at most 100 MW (Sites!C2)", "",
    ),
}  # fmt: skip


# The others, of sums like that of the zone and of limits like that of contracts, are slow tests.
SHOWN = ("zone", "concentration", "staff", "decision")
CASES = [n if n in SHOWN else pytest.param(n, marks=pytest.mark.slow) for n in ONE_SIDED]


@pytest.mark.first(1)
@pytest.mark.parametrize("name", CASES)
def test_what_stands_on_the_other_side_is_named(name: str, tmp_path: Path) -> None:
    """Proves: beside the one limit stands the capacity that alone exceeds it, with its cell, and what
    a sum can show is an error of check at that cell.

    Sensitivity: with one unit more allowed the workbook has a plan.
    """
    sheets, limit, stands, error = ONE_SIDED[name]
    folder = books.write(book(**sheets), tmp_path / "book")
    said = optalloc.explain(folder, budget_s=30).to_text()
    (conflict,) = (line for line in said.splitlines() if "These cannot all hold" in line)
    assert limit in conflict and stands in conflict
    if "whatever is decided" in stands:
        assert "(Sites!E2)" in conflict
    run = optalloc_says("check", folder)
    assert ("cannot-come-out" in run.stdout) == bool(error)
    assert run.returncode == (3 if error else 0)
    if error:
        assert run.stdout.startswith("Sites!E2: there must be a plan that can meet every limit")


def test_what_comes_in_later_is_counted_with_its_cell(tmp_path: Path) -> None:
    """Proves: of 10 MW existing and 40 under construction both cells are named once both stand."""
    later = {"existing_mw": 10, "under_construction_mw": 40, "status": "existing"}
    made = book(
        Periods=years(2),
        Demand=demand(10, 40),
        Sites={**later, "under_construction_online": "2028-01-01"},
        Pace=[{"pace": "g", "max_growth_per_year": 0.5}],
    )
    said = optalloc.explain(books.write(made, tmp_path / "book"), budget_s=30).to_text()
    assert "A has 50 MW in service in Y2 whatever is decided (Sites!E2, Sites!F2)" in said


@pytest.mark.slow
def test_a_figure_with_reserve_says_so(tmp_path: Path) -> None:
    """Proves: 100 MW and 10 % are 110 MW, by name, where 100 MW can be in service."""
    made = book(Workloads={"reserve_share": 0.1}, Demand=demand(100))
    folder = books.write(made, tmp_path / "book")
    said = optalloc.explain(folder, budget_s=30).to_text()
    assert "load demand 110 MW incl. 10 % reserve, reachable capacity" in said
    assert "load in R takes 110 MW in Y1 incl. 10 % reserve (Workloads!B2)" in said
    run = optalloc_says("check", folder)
    assert run.returncode == 3 and "load demand 110 MW incl. 10 % reserve" in run.stdout


def test_why_nothing_can_serve_is_named(tmp_path: Path) -> None:
    """Proves: where only demand takes part in a conflict, what is under construction a day too late is
    named, and that there is no room beside it."""
    made = book(
        Periods=years(2),
        Demand=demand(40, 40),
        Sites={"status": "committed", "max_mw": 40, "under_construction_mw": 40,
               "under_construction_online": "2027-01-02"},
    )  # fmt: skip
    said = optalloc.explain(books.write(made, tmp_path / "book"), budget_s=30).to_text()
    assert "what A has under construction is in service from 2027-01-02 on (Sites!F2)" in said
    assert "A has no room for more (Sites!C2)" in said


def test_workbooks_with_a_plan_are_not_called_impossible(everything_data) -> None:
    """Proves: no sum is said not to come out where a plan exists."""
    data, model = everything_data
    assert list(impossible(data, model)) == []


@pytest.mark.slow
def test_solve_and_explain_say_the_same(tmp_path: Path) -> None:
    """Proves: word for word one answer, with one exit code."""
    sheets, *_ = ONE_SIDED["zone"]
    folder = books.write(book(**sheets), tmp_path / "book")
    solved = optalloc_says("solve", folder, "--out", tmp_path / "out")
    explained = optalloc_says("explain", folder)
    assert explained.stdout.strip() in solved.stderr
    assert solved.returncode == explained.returncode == 4


def test_an_explanation_keeps_to_its_time(tmp_path: Path) -> None:
    """Proves: with 2 s for a workbook whose search takes minutes it ends soon after, and says what
    it knows by then, the sum that cannot come out first."""
    made = books.hard()
    for row in made["Demand"]:
        row["it_mw"] *= 20
    data = optalloc.validate(optalloc.read_workbook(books.write(made, tmp_path / "book")), MODEL)
    program = optalloc.build(data, MODEL)
    found = optalloc.InfeasibleError([("demand_met", 1.0)])
    begun = time.process_time()
    said = why_no_plan(data, MODEL, found, given={"threads": 1}, budget_s=2, program=program)
    assert time.process_time() - begun < 12
    assert "reachable capacity in service by then" in said.to_text()
