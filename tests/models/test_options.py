"""Options: rights to land, grid, contracts and leases, in cases solved by hand.

Site A has room for 100 MW at 10 M a MW, or at 0.5 where it is slow, and 40 MW are asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optalloc
from optalloc.plan.held import rows_held
from tests import books
from tests.books import demand, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

PLOT: dict[str, Any] = {"option": "plot", "kind": "land", "site": "A"}
# Permits of 18 months and blocks of 6: committed on the first day, in service with Y3; with a
# permit of 6 months with Y2. Demand is in Y2 and Y3, and 40 M are due for a year unmet.
SLOW: dict[str, Any] = {
    "Periods": years(3),
    "Sites": {"site_lead_months": 18, "block_lead_months": 6, "build_cost_per_mw": 0.5},
    "Workloads": [{"workload": "load", "unmet_penalty_per_mw_year": 1}],
    "Demand": demand(0, 40, 40),
}


def option(**columns: Any) -> dict[str, Any]:
    return {"Options": [PLOT | columns]}


def held(plan: optalloc.Plan, *columns: str) -> list[list[Any]]:
    """Rows of the table of options, period first."""
    return plan["OptionsHeld"][["period", *columns]].to_numpy().tolist()


def dates(plan: optalloc.Plan) -> list[tuple[str, str]]:
    """Days and actions of a plan."""
    rows = plan["Actions"].sort_values(["date", "action"])
    return [
        (f"{day:%Y-%m-%d}", action)
        for day, action in zip(rows["date"], rows["action"], strict=True)
    ]


@pytest.mark.long
def test_an_option_keeps_land_until_demand_is_known(tmp_path: Path) -> None:
    """Design case 3. S: a block of 100 MW at 1 and 20 for the site, from Y2 on only by the option; F:
    at 1.69 and 1. Y3 asks for 100 MW (0.4) or none, known on 2028-01-01.

    Proves: for a premium of 4 it is bought, exercised in one scenario and lapses in the other, 4 +
    0.4 x 120 = 52, and is worth the 8 that it would cost more without; at 11.9 it still is, 59.9; at 12.1 the land is bought now, 20 + 40 = 60.
    Sensitivity: the break-even of 12, from both sides; without the option the plan costs 60.
    """
    site = {"status": "candidate", "max_mw": 100, "block_mw": 100, "site_lead_months": 6,
            "block_lead_months": 6}  # fmt: skip

    def case(premium: float) -> optalloc.Plan:
        made = books.book(
            Periods=years(3),
            Sites=[
                {"site": "A", "site_cost": 20, "build_cost_per_mw": 1, **site},
                {"site": "F", "site_cost": 1, "build_cost_per_mw": 1.69, **site},
            ],
            Network=[{"site": i, "region": "R", "latency_ms": 1} for i in "AF"],
            Demand=demand(0, 0, 100),
            Uncertainties=[
                {"uncertainty": "demand", "outcome": "much", "probability": 0.4,
                 "revealed": "2028-01-01"},
                {"uncertainty": "demand", "outcome": "none", "probability": 0.6, "revealed": None},
            ],
            Outcomes=[
                {"uncertainty": "demand", "outcome": "none", "sheet": "Demand",
                 "rows": "period=Y3", "column": "it_mw", "operation": "set", "value": 0},
            ],
            **option(premium=premium, last_period="Y1", needed_from="Y2"),
        )  # fmt: skip
        return books.solve(made, tmp_path / f"at {premium}")

    policy = case(4)
    assert policy.cost == pytest.approx(52)
    now, table = policy["HereAndNow"], policy["OptionsHeld"]
    assert now[["action", "subject"]].to_numpy().tolist() == [["buy option", "plot"]]
    worth_of = policy["Values"].set_index("value")
    assert worth_of.loc["the option plot", ["at_least", "at_most"]].tolist() == pytest.approx(
        [8, 8]
    )
    done = table.groupby("scenario")[["bought", "exercised", "dropped", "paid"]].sum()
    assert done.loc["demand=much"].tolist() == pytest.approx([1, 1, 0, 4])
    assert done.loc["demand=none"].tolist() == pytest.approx([1, 0, 1, 4])
    assert case(11.9).cost == pytest.approx(59.9)
    dear = case(12.1)
    assert dear.cost == pytest.approx(60) and dear["OptionsHeld"].empty
    assert dear["HereAndNow"]["action"].tolist() == ["commit site"]


def test_a_shorter_permit_pays_in_a_certain_future(solve: Solve) -> None:
    """Proves: for 39 the option is bought and exercised at once, building begins half a year later and
    Y2 is served, 20 + 39; for 41 the year is left unmet, 20 + 40, and building begins when the
    site's own permit is there, on the day on which one by the option of a year later would be.
    Sensitivity: the break-even of 40, from both sides.
    """
    plan = solve(**SLOW, **option(premium=39, lead_months=6))
    assert plan.cost == pytest.approx(59)
    assert dates(plan) == [
        ("2027-01-01", "buy option"),
        ("2027-01-01", "commit site"),
        ("2027-01-01", "exercise option"),
        ("2027-07-01", "start building"),
    ]
    assert plan["Build"]["online_mw"].tolist() == pytest.approx([0, 40, 40])
    assert held(plan, "bought", "exercised", "kept", "paid") == [["Y1", 1, 1, 0, 39]]
    dear = solve(**SLOW, **option(premium=41, lead_months=6))
    assert dear.cost == pytest.approx(60) and dear["OptionsHeld"].empty
    assert dates(dear) == [("2027-01-01", "commit site"), ("2028-07-01", "start building")]


@pytest.mark.slow
def test_land_is_paid_by_the_lead_and_price_of_the_option(solve: Solve) -> None:
    """10 % interest, payment at the end of each lead, the site at 20 or by the option at 15.

    Proves: 15 are due after 6 months and 20 for 40 MW after 12, with a premium of 2; what a life of 10 years is
    worth after two in service is credited at the end. Sensitivity: without a price of its own 20
    are due, in the same month.
    """
    case = {
        **SLOW,
        "Settings": {"discount_rate": 0.1, "residual_value": "yes", "life_years": 10},
        "Sites": {**SLOW["Sites"], "site_cost": 20, "spend_profile": "at_end"},
    }
    left = (1 - 1.1**-8) / (1 - 1.1**-10)
    for price, due in ((15, 15), (None, 20)):
        plan = solve(**case, **option(premium=2, lead_months=6, exercise_price=price))
        site, building = due * 1.1**-0.5, 20 / 1.1
        # Compounded to the first day of Y2, and of that what is left discounted from the end.
        assert plan.cost == pytest.approx(2 + (site + building) * (1 - left * 1.1**-2))
        paid = plan["Cost"].set_index("item")
        assert paid.loc["site", ["cash", "first_month"]].tolist() == pytest.approx([due, 6])


@pytest.mark.long
def test_a_reserved_connection_is_there_before_a_new_one(
    solve: Solve, least_cost: LeastCost
) -> None:
    """The zone carries nothing before Y3. A reservation is connected a year after it is exercised.

    Proves: 40 MW are reserved at 10 and 0.1 a MW, exercised at 5 and 0.2 a MW, and drawn in Y2, 20 +
    10 + 4 + 5 + 8 = 47; at 22.9 and at 23.1 in place of 10, 59.9 and the 60 of a year unmet.
    Connected in 13 months it comes too late. Sensitivity: the break-even, and the lead, by a month.
    """
    case = {
        **SLOW,
        "Sites": {"grid_zone": "Z", "build_cost_per_mw": 0.5},
        "GridZones": [
            {"zone": "Z", "period": q, "max_new_mw": mw, "max_total_mw": mw}
            for q, mw in (("Y1", 0), ("Y2", 0), ("Y3", 100))
        ],
    }  # fmt: skip

    def reserved(**columns: Any) -> dict[str, Any]:
        row = {"option": "queue", "kind": "grid", "zone": "Z", "max_mw": 100, "lead_months": 12,
               "premium": 10, "premium_per_mw": 0.1, "exercise_price": 5,
               "exercise_price_per_mw": 0.2}  # fmt: skip
        return {"Options": [row | columns]}

    plan = solve(**case, **reserved())
    assert plan.cost == pytest.approx(47)
    assert held(plan, "bought", "exercised", "connected_mw", "paid") == [
        ["Y1", pytest.approx(40), pytest.approx(40), 0, pytest.approx(27)],
        ["Y2", 0, 0, pytest.approx(40), 0],
        ["Y3", 0, 0, pytest.approx(40), 0],
    ]
    assert least_cost(**case, **reserved(premium=22.9)) == pytest.approx(59.9)
    assert least_cost(**case, **reserved(premium=23.1)) == pytest.approx(60)
    assert least_cost(**case, **reserved(lead_months=13)) == pytest.approx(60)


@pytest.mark.long
def test_a_contract_that_needs_an_option(solve: Solve, least_cost: LeastCost) -> None:
    """40 MW of energy at 60 per MWh, or from Y2 on at 40 by contract, 7.008 M a year less.

    Proves: at 0.17 a MW the right to sign 40 MW is bought, 6.8, and at 0.18 it is not, 7.2: no more
    is signed than is exercised. Sensitivity: from Y3 on alone the option is needed for nothing.
    """
    case = {
        "Periods": years(2),
        "Sites": {"grid_zone": "Z"},
        "Demand": demand(40, 40),
        "PowerPrices": [
            {"zone": "Z", "period": q, "spot_price_per_mwh": 60, "max_spot_share": 1}
            for q in ("Y1", "Y2")
        ],
        "Contracts": [
            {"contract": "cap", "zone": "Z", "kind": "energy", "first_period": "Y2", "max_mw": 90,
             "price_per_mwh": 40},
        ],
    }  # fmt: skip
    spot = 400 + 2 * 40 * 8760 * 60 / 1e6

    def call(premium: float, needed_from: str = "Y2") -> dict[str, Any]:
        row = {"option": "call", "kind": "contract", "contract": "cap", "max_mw": 90,
               "premium_per_mw": premium, "needed_from": needed_from}  # fmt: skip
        return {"Options": [row]}

    plan = solve(**case, **call(0.17))
    assert plan.cost == pytest.approx(spot - 7.008 + 6.8)
    assert plan["OptionsHeld"]["exercised"].sum() == pytest.approx(40)
    assert plan["Procurement"]["signed_mw"].sum() == pytest.approx(40)
    assert least_cost(**case, **call(0.18)) == pytest.approx(spot)
    assert least_cost(**case) == pytest.approx(spot - 7.008)


@pytest.mark.slow
def test_a_lease_that_needs_an_option(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 30 MW leased at 1 by an option of 30 MW at 269, and 10 built for 100, cost 399 in place of
    400; at 271 nothing is leased. Sensitivity: an option of 40 MW at 359 or 361 for all of it.
    """
    lease = {"Leases": [{"lease": "L", "site": "A", "max_mw": 50, "rent_per_mw_year": 1}]}

    def call(premium: float, most: float) -> dict[str, Any]:
        row = {"option": "call", "kind": "lease", "lease": "L", "max_mw": most, "premium": premium,
               "needed_from": "Y1"}  # fmt: skip
        return {**lease, "Options": [row]}

    plan = solve(**call(269, 30))
    assert plan.cost == pytest.approx(399)
    assert plan["Leasing"]["signed_mw"].tolist() == pytest.approx([30])
    for premium, most, cost in ((271, 30, 400), (359, 40, 399), (361, 40, 400)):
        assert least_cost(**call(premium, most)) == pytest.approx(cost)


@pytest.mark.slow
def test_an_option_of_no_use_is_not_bought(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a right to what can be had anyway, at the same price and lead, is not bought for 0.1.
    Sensitivity: at a price that is 1 below the site's own it is."""
    case = {"Sites": {"site_cost": 7}}
    plan = solve(**case, **option(premium=0.1))
    assert plan.cost == pytest.approx(407) and plan["OptionsHeld"].empty
    assert not plan["Actions"]["action"].str.contains("option").any()
    assert least_cost(**case, **option(premium=0.1, exercise_price=6)) == pytest.approx(406.1)


@pytest.mark.slow
def test_the_premium_is_set_off_against_the_price_at_most(least_cost: LeastCost) -> None:
    """A site at 20, and a year that would be left unmet for 40.

    Proves: a premium that is credited in full takes the place of the 20: at 59.9 the option is bought,
    20 + 59.9, at 60.1 it is not, 80; credited by half, 30 cost 20 + 20 + 15, and 59.9 no more than
    credited in full. Not credited it is worth 40. Sensitivity: break-evens from both sides, and a credit above the price.
    """
    case = {**SLOW, "Sites": {**SLOW["Sites"], "site_cost": 20}}
    for share, premium, cost in (
        (1, 59.9, 79.9), (1, 60.1, 80), (0.5, 30, 55), (0.5, 59.9, 79.9), (0, 39.9, 79.9),
        (0, 40.1, 80),
    ):  # fmt: skip
        bought = option(premium=premium, lead_months=6, premium_credited=share)
        assert least_cost(**case, **bought) == pytest.approx(cost)


@pytest.mark.slow
def test_a_fee_is_due_for_every_year_in_which_it_is_kept(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Land at 20 in 2027 and at half of it each year later, from Y2 on only by an option of Y1 at 4.

    Proves: kept for a year at 5 it costs 4 + 5 + 10 in place of 20, and at 6.1 the land is bought in
    Y1; at 10 % interest the fee is paid evenly over the year. Sensitivity: kept for two years, until
    Y3, the price is 5, so that a fee of 4 is worth it only once, 4 + 4 + 10.
    """
    case: dict[str, Any] = {
        "Periods": years(3),
        "Sites": {"site_cost": 20, "build_cost_per_mw": 0},
        "Settings": {"build_cost_escalation": -0.5},
        "Demand": demand(0, 40, 40),
    }

    def call(fee: float) -> dict[str, Any]:
        return option(premium=4, fee_per_year=fee, last_period="Y1", needed_from="Y2")

    plan = solve(**case, **call(5))
    assert plan.cost == pytest.approx(19)
    assert held(plan, "bought", "exercised", "kept", "paid") == [
        ["Y1", 1, 0, 1, 9],
        ["Y2", 0, 1, 0, 0],
    ]
    assert least_cost(**case, **call(6.1)) == pytest.approx(20)
    later = case | {"Demand": demand(0, 0, 40)}
    assert least_cost(**later, **call(4)) == pytest.approx(4 + 2 * 4 + 5)
    assert least_cost(**later, **call(5.1)) == pytest.approx(4 + 5.1 + 10)
    interest = {**case, "Settings": {"build_cost_escalation": -0.5, "discount_rate": 0.1}}
    expected = 4 + 5 * worth(0.1) + 10 / 1.1
    assert least_cost(**interest, **call(5)) == pytest.approx(expected)


def test_what_an_option_says_is_about_one_thing_that_can_be_had(solve: Solve) -> None:
    """Proves: a subject that is lacking or of another kind, a column of another kind, and windows that
    do not meet are each refused at their cells, all at once."""
    case = {
        "Periods": years(3),
        "Demand": demand(40, 40, 40),
        "Leases": [{"lease": "L", "site": "A", "max_mw": 5, "rent_per_mw_year": 1}],
        "Options": [
            {"option": "nothing", "kind": "land", "site": None, "premium": 1},
            {"option": "two", "kind": "land", "site": "A", "lease": "L"},
            {"option": "sized", "kind": "land", "site": "A", "max_mw": 9},
            {"option": "unsized", "kind": "lease", "lease": "L", "needed_from": "Y1"},
            {"option": "ever", "kind": "lease", "lease": "L", "max_mw": 9},
            {"option": "fast", "kind": "lease", "lease": "L", "max_mw": 9, "needed_from": "Y1",
             "lead_months": 1},
            {"option": "closed", "kind": "land", "site": "A", "first_period": "Y3",
             "exercise_until": "Y2"},
            {"option": "back", "kind": "land", "site": "A", "exercise_from": "Y3",
             "exercise_until": "Y2"},
        ],
    }  # fmt: skip
    told = problems(solve, **case)
    for code, count in (
        ("option-subject", 2),
        ("option-column", 2),
        ("blank", 2),
        ("option-never-exercised", 1),
        ("periods-reversed", 1),
    ):
        assert sum(f"[{code}]" in problem for problem in told) == count, told


@pytest.mark.slow
def test_land_that_is_open_has_no_option(solve: Solve) -> None:
    """Proves: an option on a site that is committed is left out with a notice, and so is a longer lead
    said. Sensitivity: without the option the same cost and no notice."""
    site = {"status": "committed", "site_lead_months": 6}
    plan = solve(Sites=site, **option(premium=1))
    assert plan.cost == pytest.approx(400)
    assert [notice.code for notice in plan.notices] == ["option-left-out"]
    longer = {**SLOW, **option(premium=1, lead_months=20)}
    assert "option-lead-longer" in [notice.code for notice in solve(**longer).notices]


@pytest.mark.long
def test_an_option_that_comes_too_late_is_said(solve: Solve) -> None:
    """Proves: land with which nothing can be in service by the last period is said, and neither bought.
    Sensitivity: three months sooner it serves the last period, and nothing is said."""
    late = solve(**SLOW, **option(premium=1, lead_months=9, first_period="Y2"))
    assert "option-serves-nothing" in [notice.code for notice in late.notices]
    assert late["OptionsHeld"].empty
    soon = solve(**SLOW, **option(premium=1, lead_months=6, first_period="Y2"))
    assert "option-serves-nothing" not in [notice.code for notice in soon.notices]


def test_grid_that_is_given_back_is_reserved_again(solve: Solve) -> None:
    """A zone takes nothing new. A hall is leased a year at a time for 40 MW in every other year.

    Proves: each lease draws new grid, so that 160 MW are reserved for the four of them: 4 x 20 + 1 +
    0.16. Sensitivity: of the 80 MW that are in use at once, rent would be paid in idle years.
    """
    plan = solve(
        Periods=books.years(7),
        Sites={"grid_zone": "Z", "max_mw": 40, "status": "existing"},
        Workloads=[{"workload": "load", "unmet_penalty_per_mw_year": 10}],
        Demand=books.demand(40, 0, 40, 0, 40, 0, 40),
        GridZones=[
            {"zone": "Z", "period": f"Y{k}", "max_new_mw": 0, "max_total_mw": 1000}
            for k in range(1, 8)
        ],
        Leases=[
            {"lease": "L", "site": "A", "max_mw": 50, "rent_per_mw_year": 0.5, "term_months": 12}
        ],
        Options=[
            {"option": "queue", "kind": "grid", "zone": "Z", "max_mw": 1000, "premium": 1,
             "premium_per_mw": 0.001}
        ],
    )  # fmt: skip
    assert plan.cost == pytest.approx(81.16)
    assert plan["OptionsHeld"]["bought"].sum() == pytest.approx(160)


def test_a_decision_may_ask_for_more_than_is_needed(solve: Solve) -> None:
    """Proves: 60 MW of a reservation that are to be bought are paid, 1 + 6, though 40 are of use; and
    what a decision says of what is kept holds for an option that costs nothing to keep."""
    zone = [
        {"zone": "Z", "period": q, "max_new_mw": mw, "max_total_mw": mw}
        for q, mw in (("Y1", 0), ("Y2", 0), ("Y3", 100))
    ]
    queue = {"option": "queue", "kind": "grid", "zone": "Z", "max_mw": 100, "lead_months": 36,
             "premium": 1, "premium_per_mw": 0.1}  # fmt: skip
    case = {**SLOW, "Sites": {"grid_zone": "Z", "build_cost_per_mw": 0.5}, "GridZones": zone}
    row = {"decision": "ours", "option": "queue", "period": "Y1"}
    asked = [
        {**row, "what": "bought", "at_least": 60},
        {**row, "decision": "theirs", "what": "kept", "at_most": 10},
    ]
    plan = solve(**case, Options=[queue], Decisions=asked)
    assert plan.cost == pytest.approx(60 + 7)
    kept = plan["OptionsHeld"].set_index("period")["kept"]
    assert kept["Y1"] <= 10 + 1e-6


def test_decisions_on_options(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: an option of no use that is to be bought costs its premium of 5, and one that is not to be
    exercised is not worth its premium. Sensitivity: asked for after its window it is refused."""
    row = {"decision": "ours", "option": "plot", "period": "Y1"}
    bought = [{**row, "what": "bought", "at_least": 1}]
    assert least_cost(**option(premium=5), Decisions=bought) == pytest.approx(405)
    held_back = [{**row, "what": "exercised", "at_most": 0}]
    short = option(premium=1, lead_months=6, last_period="Y1")
    assert least_cost(**SLOW, **short) == pytest.approx(21)
    assert least_cost(**SLOW, **short, Decisions=held_back) == pytest.approx(60)
    late = [{**row, "what": "bought", "period": "Y2", "at_least": 1}]
    told = problems(solve, **SLOW, **short, Decisions=late)
    assert len(told) == 1 and "decision-never-active" in told[0]


@pytest.mark.slow
def test_what_a_plan_does_with_options_is_held(solve: Solve, tmp_path: Path) -> None:
    """Proves: rows that hold a plan until 2028 buy and exercise what it does; what cannot be known then
    stays open. Sensitivity: a dearer premium, held, is paid all the same."""
    model = optalloc.load_model()
    plan = solve(**SLOW, **option(premium=39, lead_months=6))
    dearer = {**SLOW, **option(premium=50, lead_months=6)}
    data = books.dataset(books.book(**dearer), tmp_path / "data")
    rows = rows_held(plan.tables, pd.Timestamp("2028-01-01"), data, model)["Decisions"]
    kept = rows[rows["option"].notna()].set_index("what")["at_least"]
    assert kept.to_dict() == {"bought": 1, "kept": 0, "exercised": 1}
    rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    assert books.least_cost(
        books.book(**dearer, Decisions=rows), tmp_path / "held"
    ) == pytest.approx(70)


def test_options_are_audited(solve: Solve, tmp_path: Path) -> None:
    """Proves: a plan that exercises without buying, or in no window, or commits without exercising,
    or has another premium, is refused. Sensitivity: the plan as it is passes."""
    case = {**SLOW, **option(premium=39, lead_months=6, needed_from="Y1", last_period="Y1")}
    plan = solve(**case)
    table = plan["OptionsHeld"]

    def violated(**columns: Any) -> set[str]:
        changed = {"OptionsHeld": table.assign(**columns)}
        return broken(plan, case, tmp_path / "book", **changed)

    assert violated() == set()
    assert "option_held" in violated(bought=0)
    assert "option_within_most" in violated(bought=2)
    assert "option_within_windows" in violated(period="Y2")
    assert {"committed_by_option", "service_after_both_leads"} <= violated(exercised=0)
    assert "premium_paid" in violated(premium_due=False)
    assert "exercise_kept" in violated(exercised=0, price_due=True)


@pytest.mark.slow
def test_without_the_sheet_nothing_is_added(tmp_path: Path) -> None:
    """Proves: without options the family has no row, and a sheet of a header reads as if absent."""
    assert_adds_nothing(SLOW, "options", tmp_path)


@pytest.mark.slow
def test_what_an_option_is_worth_is_explained(tmp_path: Path) -> None:
    """Proves: bought for 30 where a year unmet costs 40, it saves 10, and is bought for up to 40.
    Sensitivity: for 50 it is not bought, and would be for 40."""
    for premium, more, taken in ((30, 10, True), (50, 10, False)):
        made = books.book(**SLOW, **option(premium=premium, lead_months=6))
        told = optalloc.explain(books.write(made, tmp_path / str(premium)), sites=["plot"])
        choice = told.tables["Choices"].iloc[0]
        assert choice["in_plan"] == taken
        assert choice["change_at_least"] == pytest.approx(more)
        even = told.tables["BreakEvens"].set_index("price").loc["premium"]
        assert even["taken_up_to"] <= 40 <= even["left_from"] <= 1.02 * even["taken_up_to"]


@pytest.mark.long
def test_no_plan_names_the_lead_of_the_option_that_binds(tmp_path: Path) -> None:
    """Proves: where demand of Y2 must be met, the reason and the change name the 9 months of the option and
    its cell, and not the site's 18; 6 are enough. Sensitivity: without the option they are the site's.
    """
    must = {**SLOW, "Workloads": [{"workload": "load"}]}

    def told(name: str, **sheets: Any) -> tuple[str, tuple[Any, ...]]:
        made = books.book(**must, **sheets)
        said = optalloc.explain(books.write(made, tmp_path / name)).tables
        change = said["Relaxation"].iloc[0]
        reason = said["Conflict"]["sentence"].iloc[-1]
        return reason, tuple(change[["sheet", "column", "from", "to"]])

    reason, change = told("option", **option(lead_months=9))
    assert reason.endswith("after 9 and 6 months of lead, by option plot")
    assert change == ("Options", "lead_months", 9, 6)
    reason, change = told("site")
    assert reason.endswith("after 18 and 6 months of lead")
    assert change == ("Sites", "site_lead_months", 18, 6)


@pytest.mark.parametrize("limit", ["starts_on_committed_site", "service_after_both_leads"])
def test_a_conflict_names_the_option_by_which_a_permit_arrives(limit: str, tmp_path: Path) -> None:
    """Proves: a row that follows the commitment of a site says which option on it has what lead, with its
    cell. Sensitivity: of another site it says nothing."""
    data = books.dataset(books.book(**SLOW, **option(lead_months=9)), tmp_path / "book")
    causes = optalloc.load_model().limits[limit][1].causes
    (cause,) = causes(data, {"site": "A", "period": "Y2"})
    assert "by option plot the permit of A arrives 9 months" in cause.sentence
    assert cause.cells == (("Options", data["Options"].index[0], "lead_months"),)
    assert not list(causes(data, {"site": "B", "period": "Y2"}))


@pytest.mark.slow
def test_a_lead_that_is_not_known_is_known_before_it_can_be_over(tmp_path: Path) -> None:
    """A reservation of 10 is connected in 12 months, or in 24 (0.5), in a zone that carries nothing before
    Y3; a year unmet costs 40.

    Proves: known when Y2 begins it is bought, 20 + 10 + 0.5 x 40. Sensitivity: known later than what could
    be connected by then, it is refused with the cells of both.
    """

    def case(revealed: str) -> optalloc.Plan:
        made = books.book(**{
            **SLOW,
            "Sites": {"grid_zone": "Z", "build_cost_per_mw": 0.5},
            "GridZones": [
                {"zone": "Z", "period": q, "max_new_mw": mw, "max_total_mw": mw}
                for q, mw in (("Y1", 0), ("Y2", 0), ("Y3", 100))
            ],
            "Options": [{"option": "queue", "kind": "grid", "zone": "Z", "max_mw": 100,
                         "lead_months": 12, "premium": 10}],
            "Uncertainties": [
                {"uncertainty": "queue", "outcome": "short", "probability": 0.5,
                 "revealed": revealed},
                {"uncertainty": "queue", "outcome": "long", "probability": 0.5, "revealed": None},
            ],
            "Outcomes": [
                {"uncertainty": "queue", "outcome": "long", "sheet": "Options",
                 "rows": "option=queue", "column": "lead_months", "operation": "set", "value": 24},
            ],
        })  # fmt: skip
        return books.solve(made, tmp_path / revealed)

    assert case("2028-01-01").cost == pytest.approx(50)
    with pytest.raises(optalloc.InputError, match=r"Uncertainties!D2.*Outcomes!G2.*too-late"):
        case("2028-07-01")


def test_a_period_may_be_named_as_a_permit_by_an_option(tmp_path: Path) -> None:
    """Periods "P" and "P by o", and an option "o" on the land.

    Proves: permits are told apart, and 5 MW at 10 are 50, without the option. Sensitivity: where the
    option, for 1, spares a site cost of 7, it is exercised: 51.
    """
    periods = [{**row, "period": name} for row, name in zip(years(2), ("P", "P by o"), strict=True)]

    def cost(site_cost: float) -> float:
        made = books.book(
            Periods=periods,
            Sites={"site_cost": site_cost},
            Demand=[{**demand(5)[0], "period": row["period"]} for row in periods],
            Options=[{"option": "o", "kind": "land", "site": "A", "premium": 1,
                      "exercise_price": 0}],
        )  # fmt: skip
        return books.least_cost(made, tmp_path / str(site_cost))

    assert cost(0) == pytest.approx(50)
    assert cost(7) == pytest.approx(51)
