"""Abandonments: sites that are committed and given up, in cases solved by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests import books
from tests.books import demand, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken

# A site that is committed in Y1 whatever it costs, of no use, at 5 a year.
HELD: dict[str, Any] = {
    "Periods": years(3),
    "Sites": {"site_cost": 30, "fixed_cost_per_year": 5},
    "Demand": demand(0, 0, 0),
    "Decisions": [
        {"decision": "ours", "what": "committed", "site": "A", "period": "Y1", "at_least": 1}
    ],
}


def given_up(**columns: Any) -> dict[str, Any]:
    return {"Abandonments": [{"site": "A", **columns}]}


def race(cost: float, **columns: Any) -> books.Book:
    """A, at 1 a MW paid evenly over its lead of 24 months; a MW unmet in Y3 costs 1.8. Y3 asks for
    100 MW or, with an even chance, for none, known on 2028-01-01."""
    return books.book(
        Periods=years(3),
        Sites={"block_mw": 100, "block_lead_months": 24, "build_cost_per_mw": 1},
        Workloads=[{"workload": "load", "unmet_penalty_per_mw_year": 1.8}],
        Demand=demand(0, 0, 100),
        Uncertainties=[
            {"uncertainty": "demand", "outcome": "much", "probability": 0.5,
             "revealed": "2028-01-01"},
            {"uncertainty": "demand", "outcome": "none", "probability": 0.5, "revealed": None},
        ],
        Outcomes=[
            {"uncertainty": "demand", "outcome": "none", "sheet": "Demand", "rows": "period=Y3",
             "column": "it_mw", "operation": "set", "value": 0},
        ],
        Abandonments=[{"site": "A", "cost": cost, **columns}],
    )  # fmt: skip


@pytest.mark.long
def test_what_can_be_given_up_is_begun_before_demand_is_known(tmp_path: Path) -> None:
    """Proves: given up for 29.9 after a year, with 50 of 100 paid, A is begun in Y1, 0.5 x 100 + 0.5 x
    79.9, and dropped where nothing is asked for; for 30.1 it is not begun, 0.5 x 180. Of 29.9 a part
    may be due by the MW, or more be due and come back. Sensitivity: without the sheet 90."""
    policy = books.solve(race(29.9), tmp_path / "cheap")
    assert policy.cost == pytest.approx(89.95)
    gone = policy["Abandoned"]
    assert gone[["scenario", "site", "period"]].to_numpy().tolist() == [["demand=none", "A", "Y2"]]
    assert gone["dropped_mw"].tolist() == pytest.approx([100])
    build = policy["Build"].query("scenario == 'demand=none'").set_index("period")
    assert build["installed_mw"].tolist() == [0, 0, 0]
    dear = books.solve(race(30.1), tmp_path / "dear")
    assert dear.cost == pytest.approx(90) and dear["Abandoned"].empty
    parts = {"cost_per_mw": 0.3, "recovered": 2.1, "recovered_per_mw": 0.1}
    mixed = books.solve(race(12, **parts), tmp_path / "mixed")
    assert mixed.cost == pytest.approx(89.95)
    assert mixed["Abandoned"]["paid"].tolist() == pytest.approx([29.9])


@pytest.mark.long
def test_components_are_given_up_as_each_is_paid(tmp_path: Path) -> None:
    """Proves: of a shell at 0.6, paid evenly, and racks at 0.4, paid as they serve, 30 are paid after a
    year: A is begun if it can be given up for 49.9, 0.5 x 100 + 0.5 x 79.9, and not for 50.1."""
    parts = [
        {"component": "shell", "cost_per_mw": 0.6},
        {"component": "racks", "cost_per_mw": 0.4, "spend_profile": "at_end"},
    ]

    def plan(cost: float) -> optalloc.Policy:
        made = race(cost) | {"Components": parts}
        made["Sites"][0]["build_cost_per_mw"] = 0
        return books.solve(made, tmp_path / str(cost))

    cheap = plan(49.9)
    assert cheap.cost == pytest.approx(89.95)
    assert cheap["Abandoned"]["dropped_mw"].tolist() == pytest.approx([100])
    ended = cheap["Cost"].query("scenario == 'demand=none' and item == 'component_cancelled'")
    assert ended["cash"].sum() == pytest.approx(-30 - 40)
    assert plan(50.1).cost == pytest.approx(90)


@pytest.mark.long
def test_a_site_is_given_up_where_that_is_worth_its_fixed_cost(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: held for three years a site costs 30 + 15; given up in Y2 for 9.9 it costs 30 + 5 + 9.9, and
    for 10.1 it is held. Sensitivity: for 30 and 20.1 back; from Y3 on alone for 4.9, not 5.1; a site
    that is committed and without demand is given up in Y1 for 14.9."""
    plan = solve(**HELD, **given_up(cost=9.9))
    assert plan.cost == pytest.approx(44.9)
    assert plan["Actions"][["action", "period"]].to_numpy().tolist() == [
        ["commit site", "Y1"],
        ["abandon site", "Y2"],
    ]
    for columns, cost in (
        ({"cost": 10.1}, 45), ({"cost": 30, "recovered": 20.1}, 44.9),
        ({"cost": 4.9, "first_period": "Y3"}, 44.9), ({"cost": 5.1, "first_period": "Y3"}, 45),
    ):  # fmt: skip
        assert least_cost(**HELD, **given_up(**columns)) == pytest.approx(cost)
    ours = {**HELD, "Sites": {**HELD["Sites"], "status": "committed"}, "Decisions": []}
    assert least_cost(**ours, **given_up(cost=14.9)) == pytest.approx(14.9)
    assert least_cost(**ours, **given_up(cost=15.1)) == pytest.approx(15)


@pytest.mark.slow
def test_what_is_given_up_is_worth_nothing_at_the_end(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: of 30 with a life of 10 years 21 are credited after three, so that it is given up in Y2 only
    where more than 21 - 10 come back; at 10 % interest, what falls due after the day is not paid.
    Sensitivity: break-evens from both sides; paid at the end of a lead of 24 months nothing is."""
    kept = {**HELD, "Settings": {"residual_value": "yes", "life_years": 10}}
    assert least_cost(**kept, **given_up(recovered=10.9)) == pytest.approx(9 + 15)
    assert least_cost(**kept, **given_up(recovered=11.1)) == pytest.approx(30 + 5 - 11.1)
    later = {
        **HELD,
        "Periods": years(4),
        "Demand": demand(0, 0, 0, 0),
        "Sites": {**HELD["Sites"], "site_lead_months": 24, "spend_profile": "at_end"},
        "Settings": {"discount_rate": 0.1},
    }
    assert solve(**later, **given_up(cost=1)).cost == pytest.approx(5 * worth(0.1) + 1 / 1.1)
    evenly = {**later, "Sites": {**later["Sites"], "spend_profile": "even"}}
    plan = solve(**evenly, **given_up(cost=1))
    assert plan.cost == pytest.approx((15 + 5) * worth(0.1) + 1 / 1.1)


@pytest.mark.slow
def test_what_is_in_service_is_not_given_up(least_cost: LeastCost) -> None:
    """Proves: 40 MW that serve in Y1 alone are paid for, 400 + 3 x 5, though giving them up would bring
    1,000. Sensitivity: before they serve it would be taken: without demand nothing is left to pay."""
    case = {
        **HELD,
        "Demand": demand(40, 0, 0),
        "Decisions": [],
        "Sites": {"fixed_cost_per_year": 5},
    }
    assert least_cost(**case, **given_up(recovered=1000)) == pytest.approx(415)
    idle = {**case, "Demand": demand(0, 0, 0)}
    assert least_cost(**idle, **given_up(recovered=1)) == pytest.approx(0)


@pytest.mark.long
def test_a_budget_and_a_decision_know_what_is_given_up(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: of 30 paid evenly over 24 months 15 fall in Y2 and are not paid of a site given up then, so
    that a budget of 14 holds; a decision can ask for it where it does not pay, or forbid it.
    Sensitivity: without the sheet there is no plan within the budget."""
    slow = {**HELD, "Sites": {**HELD["Sites"], "site_lead_months": 24, "max_mw": 50},
            "Periods": years(4), "Demand": demand(0, 0, 0, 0)}  # fmt: skip
    budget = {"Budgets": [{"period": "Y2", "max_capital": 14}]}
    plan = solve(**slow, **budget, **given_up(cost=100))
    assert plan.cost == pytest.approx(15 + 5 + 100)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**slow, **budget)
    row = {"decision": "drop", "what": "abandoned", "site": "A", "period": "Y3"}
    asked = {**HELD, "Decisions": [*HELD["Decisions"], row | {"at_least": 1}]}
    assert least_cost(**asked, **given_up(cost=50)) == pytest.approx(30 + 5 + 50)
    kept = {**HELD, "Decisions": [*HELD["Decisions"], row | {"at_most": 0}]}
    assert least_cost(**kept, **given_up(cost=0)) == pytest.approx(45)


def test_abandonments_are_audited(solve: Solve, tmp_path: Path) -> None:
    """Proves: a plan that gives up a site before it is committed, outside of its window, or keeps MW of it
    or serves from it, is refused. Sensitivity: the plan as it is passes."""
    case = {
        **HELD,
        "Sites": {**HELD["Sites"], "block_lead_months": 24},
        "Decisions": [
            *HELD["Decisions"],
            {"decision": "begun", "what": "started_mw", "site": "A", "period": "Y1", "at_least": 8},
        ],
        **given_up(cost=1, last_period="Y2"),
    }
    plan = solve(**case)
    gone = plan["Abandoned"]
    assert gone[["period", "dropped_mw"]].to_numpy().tolist() == [["Y2", pytest.approx(8)]]

    def violated(**columns: Any) -> set[str]:
        return broken(plan, case, tmp_path / "book", Abandoned=gone.assign(**columns))

    assert violated() == set()
    assert "abandoned_after_commitment" in violated(period="Y1")
    assert "abandoned_within_window" in violated(period="Y3")
    assert "all_dropped" in violated(dropped_mw=0.0)
    assert "dropped_of_started" in violated(dropped_mw=9.0)
    build = plan["Build"].assign(online_mw=[0, 0, 8])
    assert "served_if_kept" in broken(plan, case, tmp_path / "book", Build=build)


def test_a_site_that_stands_is_not_given_up(solve: Solve) -> None:
    """Proves: a row of an existing site is left out, and that is said."""
    case = {"Sites": {"status": "existing", "existing_mw": 40, "fixed_cost_per_year": 5}}
    plan = solve(**case, **given_up(recovered=100))
    assert plan.cost == pytest.approx(5)
    assert "abandonment-left-out" in [notice.code for notice in plan.notices]


@pytest.mark.slow
def test_without_the_sheet_nothing_is_added(tmp_path: Path) -> None:
    """Proves: without it the family has no row, and a sheet of a header reads as if absent."""
    assert_adds_nothing(HELD, "abandonments", tmp_path)


@pytest.mark.long
def test_a_budget_counts_each_start_that_is_given_up(solve: Solve) -> None:
    """Starts of 10 MW in Y1 and in Y2, at 1 a MW over three years, are given up in Y3, of no budget.

    Proves: the payments that end are those of each start: 10/3 of the one in Y1 and, two years into
    its three, 20/3 of the other; so 10/3 are paid in Y1, 20/3 in Y2 and none in Y3, as the audit
    finds. Sensitivity: 6 in Y2 are too little.
    """

    def case(period: str, most: float) -> dict[str, Any]:
        starts = [("Y1", 10, 10), ("Y2", 20, None)]
        return {
            "Periods": years(5),
            "Sites": {"block_lead_months": 36, "build_cost_per_mw": 1},
            "Demand": demand(0, 0, 0, 0, 0),
            "Decisions": [
                {"decision": period, "what": "started_mw", "site": "A", "period": period,
                 "at_least": least, "at_most": top}
                for period, least, top in starts
            ]
            + [{"decision": "gone", "what": "abandoned", "site": "A", "period": "Y3",
                "at_least": 1, "at_most": None}],
            "Budgets": [{"period": period, "max_capital": most}],
            **given_up(),
        }  # fmt: skip

    plan = solve(**case("Y3", 0))
    ended = plan["Cost"].query("item == 'building_cancelled'")
    assert ended["cash"].tolist() == pytest.approx([-10 / 3, -20 / 3])
    assert ended["last_month"].tolist() == pytest.approx([36, 48])
    assert plan["CashFlow"]["capital"].tolist() == pytest.approx([10 / 3, 20 / 3])
    with pytest.raises(optalloc.InfeasibleError):
        solve(**case("Y2", 6))
