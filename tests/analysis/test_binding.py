"""What limits a plan: prices against finite differences, steps against plans made anew."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.analysis.explain.binding import what_binds
from optalloc.analysis.explain.context import Solved
from optalloc.plan.planfile import read_plan
from optalloc.report.findings import Findings
from tests import books
from tests.books import Book


def capped(most: float, b: dict[str, Any] | None = None, **sheets: Any) -> Book:
    """A at 10 per MW in a zone that carries so much; B at 15 per MW serves the rest of 100 MW."""
    return books.book(
        Sites=[
            {"site": "A", "status": "candidate", "max_mw": 300, "build_cost_per_mw": 10,
             "grid_zone": "East", "pue": 1.25},
            {"site": "B", "status": "candidate", "max_mw": 300, "build_cost_per_mw": 15} | (b or {}),
        ],
        Network=[
            {"site": "A", "region": "R", "latency_ms": 1},
            {"site": "B", "region": "R", "latency_ms": 1, "cost_per_mw_year": 20 if b else 0},
        ],
        Demand=books.demand(100),
        GridZones=[{"zone": "East", "period": "Y1", "max_total_mw": most}],
        **sheets,
    )  # fmt: skip


def explained(made: Book, folder: Path) -> Findings:
    plan = books.solve(made, folder)
    assert plan.origin is not None
    program = optalloc.build(plan.origin.dataset, plan.origin.model)
    arrays = optalloc.compile_program(program)
    return what_binds(Solved(program, arrays, plan, plan.origin.options, 60.0))


def limits_of(said: Findings) -> set[str]:
    return set(said["Binding"]["limit"])


def row_of(said: Findings, limit: str) -> dict[str, Any]:
    rows = said["Binding"].set_index("limit")
    found: dict[str, Any] = rows.loc[limit].to_dict()
    return found


def test_price_of_a_limit_by_hand_and_by_finite_difference(tmp_path: Path) -> None:
    """Proves: 1.25 MW of grid carry 1 MW at A, which saves 15 - 10: 4 M for one more MW of grid, 30 M
    for the step of 7.5 MW; and the workbook with 76 and 82.5 in place of 75 costs that much less.
    Sensitivity: where the zone carries 130 MW it does not bind and has no price."""
    row = row_of(explained(capped(75), tmp_path / "book"), "zone_total")
    assert row["saving"] == pytest.approx(4)
    assert row["step_as_planned"] == pytest.approx(30)
    assert row["step_at_least"] == pytest.approx(30)
    assert row["step_at_most"] == pytest.approx(30)
    cost = {mw: books.least_cost(capped(mw), tmp_path / f"{mw}") for mw in (75, 76, 82.5)}
    assert cost[75] - cost[76] == pytest.approx(row["saving"])
    assert cost[75] - cost[82.5] == pytest.approx(row["step_at_most"])
    assert not limits_of(explained(capped(130), tmp_path / "free")) & {"zone_total"}


def test_room_that_several_periods_share_has_one_price(tmp_path: Path) -> None:
    """Proves: A has room for 60 of the 80 MW that Y1 and Y2 ask for. One more MW there in one of them
    alone is of no use, in both it saves 15 - 10; the workbook with room for 61 costs 5 M less.
    Sensitivity: with room for 300 it has no price."""

    def roomy(room: float) -> Book:
        made = capped(1000, Periods=books.years(2))
        made["Sites"][0]["max_mw"] = room
        made["Demand"] = books.demand(80, 80)
        made["GridZones"] = []
        return made

    said = explained(roomy(60), tmp_path / "book")
    row = row_of(said, "starts_on_committed_site")
    assert row["saving"] == pytest.approx(5)
    assert (row["cell"], row["holds"]) == ("Sites!C2", 60)
    cost = {room: books.least_cost(roomy(room), tmp_path / f"{room}") for room in (60, 61)}
    assert cost[60] - cost[61] == pytest.approx(row["saving"])
    assert not limits_of(explained(roomy(300), tmp_path / "free")) & {"starts_on_committed_site"}


@pytest.mark.slow
def test_a_step_that_jumps_stands_beside_the_price(tmp_path: Path) -> None:
    """Proves: with B in blocks of 50 MW that cost 20 a MW-year to reach, 1.25 MW more for A (118.75)
    move 1 MW: 20 - 10 saved; 10 % more make B needless: 5 x 10 as planned, but 750 + 5 x 20 - 5 x 10
    anew. Sensitivity: solving with the step made in the workbook costs that much less."""
    b = {"block_mw": 50}
    said = explained(capped(118.75, b), tmp_path / "book")
    row = row_of(said, "zone_total")
    assert row["saving"] == pytest.approx(8)
    assert row["step"] == pytest.approx(11.875)
    assert row["step_as_planned"] == pytest.approx(50)
    assert row["step_at_least"] == pytest.approx(800)
    assert row["step_at_most"] == pytest.approx(800)
    more = books.least_cost(capped(118.75 * 1.1, b), tmp_path / "more")
    assert books.least_cost(capped(118.75, b), tmp_path / "now") - more == pytest.approx(800)
    assert "With everything planned again, 11.88 MW grid more saves 800 M." in said.to_text()


@pytest.mark.slow
@pytest.mark.first(1)
def test_more_of_one_of_two_limits_that_both_bind_saves_nothing(tmp_path: Path) -> None:
    """Proves: where zone and connection both stop A at 75 MW, more of either saves nothing, whichever
    of them the solver prices. Sensitivity: at a connection of 90 the zone alone saves 4 a MW."""

    def made(connection: float) -> Book:
        ramp = [{"site": "A", "period": "Y1", "energised_mw": connection}]
        return capped(75, PowerRamp=ramp)

    both = limits_of(explained(made(75), tmp_path / "both"))
    assert not both & {"zone_total", "connection"}
    row = row_of(explained(made(90), tmp_path / "one"), "zone_total")
    assert row["saving"] == pytest.approx(4)


@pytest.mark.slow
def test_a_plan_carries_its_marginals_and_explains_itself(tmp_path: Path) -> None:
    """Proves: the price stands in the plan and its workbook, and `explain(plan)` says what
    `explain` says; a pickled plan has left its workbook behind and says so."""
    made = capped(75)
    plan = books.solve(made, tmp_path / "book")
    row = plan["Marginals"].set_index("limit").loc["zone_total"]
    assert (row["key"], row["more"]) == ("East, Y1", 1.0)
    assert row["saving"] == pytest.approx(4)
    # One percent of 75 MW is 0.75 MW.
    assert row["saving_per_percent"] == pytest.approx(3)
    plan.to_excel(tmp_path / "plan.xlsx")
    read = read_plan(tmp_path / "plan.xlsx").tables["Marginals"]
    assert read["saving"].tolist() == pytest.approx(plan["Marginals"]["saving"].tolist())
    said = optalloc.explain(plan, budget_s=60, sites=["B"])
    assert said["Choices"]["member"].tolist() == ["B"]
    assert row_of(said, "zone_total")["saving"] == pytest.approx(4)
    with pytest.raises(optalloc.OptallocError, match="left behind"):
        optalloc.explain(pickle.loads(pickle.dumps(plan)))


@pytest.mark.slow
def test_of_a_floor_less_is_what_saves(tmp_path: Path) -> None:
    """Proves: B must start 10 MW, which are 5 a MW dearer than at A: 1 MW less saves 5, and 10 % less
    too. Sensitivity: a decision of at most 200 MW at A binds nothing and has no price."""
    decisions = [
        {"decision": "B first", "what": "started_mw", "site": "B", "period": "Y1", "at_least": 10},
        {"decision": "A last", "what": "started_mw", "site": "A", "period": "Y1", "at_most": 200},
    ]
    said = explained(capped(300, Decisions=decisions), tmp_path)
    row = row_of(said, "decision_at_least")
    assert (row["more"], row["step"]) == (-1, -1)
    assert row["saving"] == pytest.approx(5)
    assert row["step_at_most"] == pytest.approx(5)
    assert "decision_at_most" not in limits_of(said)
