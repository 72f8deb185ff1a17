"""Gates: what is held until a day, or until a law passes, in cases solved by hand.

Site A takes a year to build, 0.5 M a MW, for 40 MW that are asked for each year and cost 40 M for a
year unmet.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests import books
from tests.books import demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

CASE: dict[str, Any] = {
    "Periods": years(4),
    "Sites": {"block_lead_months": 12, "build_cost_per_mw": 0.5, "jurisdiction": "X"},
    "Workloads": [{"workload": "load", "unmet_penalty_per_mw_year": 1}],
    "Demand": demand(40, 40, 40, 40),
}


def gate(**columns: Any) -> dict[str, Any]:
    return {"Gates": [{"gate": "law", "holds": "commit", "site": "A", "opens": None} | columns]}


@pytest.mark.long
def test_what_a_gate_holds_waits_for_its_day(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: open from 2028-07-01, inside Y2, commitments and starts wait for Y3 and serve Y4, 20 + 3 x
    40, and what is started in Y1 and only energised later serves Y3 too, 20 + 2 x 40; a gate that
    never opens leaves all unmet, 160. Sensitivity: on 2028-01-01, 20 + 80; without gates 20 + 40; a
    site that is committed has no gate on commitments.
    """
    day = "2028-07-01"
    for holds, cost in (("commit", 140), ("start", 140), ("energise", 100)):
        assert least_cost(**CASE, **gate(holds=holds, opens=day)) == pytest.approx(cost)
        assert least_cost(**CASE, **gate(holds=holds)) == pytest.approx(160)
    plan = solve(**CASE, **gate(opens="2028-01-01"))
    assert plan.cost == pytest.approx(100)
    table = plan["GatesHeld"][["gate", "site", "open_from", "done_from"]]
    assert table.to_numpy().tolist() == [["law", "A", "Y2", "Y2"]]
    assert least_cost(**CASE) == pytest.approx(60)
    open_site = {**CASE, "Sites": {**CASE["Sites"], "status": "committed"}}
    plan = solve(**open_site, **gate())
    assert plan.cost == pytest.approx(60)
    assert "gate-holds-nothing" in [notice.code for notice in plan.notices]


@pytest.mark.slow
def test_a_gate_of_a_jurisdiction_is_for_all_its_sites(solve: Solve) -> None:
    """Proves: with the sites of X shut until Y3, B in Y is built for 60 M, 60 + 40, and not A for 20 + 120.
    Sensitivity: B in X, too, is of no use."""
    site = {"status": "candidate", "max_mw": 100, "block_lead_months": 12}
    sites = [
        {"site": "A", "jurisdiction": "X", "build_cost_per_mw": 0.5, **site},
        {"site": "B", "jurisdiction": "Y", "build_cost_per_mw": 1.5, **site},
    ]
    case = {
        **CASE,
        "Network": [{"site": i, "region": "R", "latency_ms": 1} for i in "AB"],
        **gate(holds="start", site=None, jurisdiction="X", opens="2029-01-01"),
    }
    plan = solve(**case | {"Sites": sites})
    assert plan.cost == pytest.approx(100)
    assert plan["GatesHeld"]["done_from"].isna().all()
    nowhere = [sites[0], sites[1] | {"jurisdiction": None}]
    of_site = gate(holds="start", opens="2029-01-01")
    assert solve(**case | of_site | {"Sites": nowhere}).cost == pytest.approx(100)
    sites[1]["jurisdiction"] = "X"
    assert solve(**case | {"Sites": sites}).cost == pytest.approx(140)


def law(revealed: str, **sheets: Any) -> books.Book:
    """A law that passes (0.6) on 2028-01-01 or fails; demand from Y2 on, and no lead."""
    return books.book(
        **CASE
        | {"Periods": years(3), "Sites": {"build_cost_per_mw": 0.5}, "Demand": demand(0, 40, 40)}
        | gate(opens="2028-01-01")
        | {
            "Uncertainties": [
                {"uncertainty": "law", "outcome": "passes", "probability": 0.6,
                 "revealed": revealed},
                {"uncertainty": "law", "outcome": "fails", "probability": 0.4, "revealed": None},
            ],
            "Outcomes": [
                {"uncertainty": "law", "outcome": "fails", "sheet": "Gates", "rows": "gate=law",
                 "column": "opens", "operation": "set", "value": "(blank)"},
            ],
        }
        | sheets
    )  # fmt: skip


@pytest.mark.long
def test_a_gate_opens_only_after_a_law_has_passed(tmp_path: Path) -> None:
    """Proves: known when Y2 begins, A is committed where the law has passed, 20, and never where it has
    failed, 80: 0.6 x 20 + 0.4 x 80. Sensitivity: known half a year later nothing is committed in Y2 in
    either case, 0.6 x 60 + 0.4 x 80; the workbook as it stands has the day on which it passes, 20.
    """
    policy = books.solve(law("2028-01-01"), tmp_path / "known")
    assert policy.cost == pytest.approx(44)
    done = policy["GatesHeld"].set_index("scenario")["done_from"]
    assert done["law=passes"] == "Y2" and done.isna()["law=fails"]
    assert books.solve(law("2028-07-01"), tmp_path / "late").cost == pytest.approx(68)
    certain = law("2028-01-01", Uncertainties=[], Outcomes=[])
    assert books.least_cost(certain, tmp_path / "certain") == pytest.approx(20)


def test_wrong_gates_are_refused(solve: Solve, tmp_path: Path) -> None:
    """Proves: a gate of nowhere, of a site that there is not, of both a site and a jurisdiction, or that
    holds something else is refused at its cell, and so is an outcome that names a gate that there is
    not; a gate beyond the horizon is said."""
    row = {"holds": "commit", "site": "A", "opens": "2028-01-01"}
    told = problems(
        solve,
        **CASE,
        Gates=[
            row | {"gate": "nowhere", "site": None},
            row | {"gate": "unknown", "site": "Z"},
            row | {"gate": "both", "jurisdiction": "X"},
            row | {"gate": "other", "holds": "build"},
        ],
    )
    codes = ("one-of-two", "unknown-ref", "one-of-two", "unknown-choice")
    assert len(told) == 4
    for problem, code in zip(told, codes, strict=True):
        assert f"[{code}]" in problem
    outcome = law("2028-01-01")["Outcomes"][0] | {"rows": "gate=law of the land"}
    with pytest.raises(optalloc.InputError, match="gate=law of the land"):
        books.solve(law("2028-01-01", Outcomes=[outcome]), tmp_path / "outcome")
    late = solve(**CASE, **gate(opens="2031-01-01"))
    assert "gate-stays-shut" in [notice.code for notice in late.notices]


@pytest.mark.long
def test_a_gate_that_leaves_no_plan_is_named(tmp_path: Path) -> None:
    """Proves: where demand must be met, the explanation names the gate's cell, and the day by which it
    would have to open. Sensitivity: open by then there is a plan."""
    must = CASE | {"Workloads": [{"workload": "load"}], "Demand": demand(0, 0, 40, 40)}
    path = books.write(books.book(**must, **gate(opens="2029-01-01")), tmp_path / "book")
    told = optalloc.explain(path)
    conflict = told.tables["Conflict"].set_index("limit").loc["committed_after_gate"]
    assert conflict[["key", "cell"]].tolist() == ["law, A, Y2", "Gates!D2"]
    change = told.tables["Relaxation"].iloc[0]
    assert change[["sheet", "column"]].tolist() == ["Gates", "opens"]
    assert str(change["to"]).startswith("2028-01-01")
    assert books.least_cost(
        books.book(**must, **gate(opens="2028-01-01")), tmp_path / "open"
    ) == pytest.approx(20)


def test_gates_are_audited(solve: Solve, tmp_path: Path) -> None:
    """Proves: a plan that commits, starts or serves before the gate opens is refused. Sensitivity: the
    plan as it is passes."""
    rows = [
        {"gate": holds, "holds": holds, "site": "A", "opens": "2028-01-01"}
        for holds in ("commit", "start", "energise")
    ]
    case = {**CASE, "Gates": rows}
    plan = solve(**case)
    build = plan["Build"]

    def violated(**columns: Any) -> set[str]:
        return broken(plan, case, tmp_path / "book", Build=build.assign(**columns))

    assert violated() == set()
    assert "committed_after_gate" in violated(committed=True)
    assert "started_after_gate" in violated(started_mw=[40, 0, 0, 0])
    assert "energised_after_gate" in violated(online_mw=[40, 40, 40, 40])


@pytest.mark.slow
def test_without_the_sheet_nothing_is_added(tmp_path: Path) -> None:
    """Proves: without gates the family has no row, and a sheet of a header reads as if absent."""
    assert_adds_nothing(CASE, "gates", tmp_path)
