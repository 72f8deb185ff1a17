"""Returns: rate of return and payback by hand, none where there is none, and what is forgone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import optalloc
from tests.books import demand, worth, years
from tests.families import LeastCost, Solve


def figures(plan: optalloc.Plan) -> dict[str, Any]:
    return plan["Summary"].set_index("figure")["value"].to_dict()


def test_rate_of_return_and_payback(solve: Solve) -> None:
    """400 M are paid at once, and 40 MW earn so much that the year is worth 400 M at 25 %.

    Proves: 25 %, paid back after 400 of 446.29 M, 0.896 years. Sensitivity: half of it left after
    the year, credited at its end, is a rate above 70 %.
    """
    per_mw = 400 / worth(0.25) / 40
    case = {"Workloads": {"value_per_mw_year": per_mw}}
    found = figures(solve(**case))
    assert found["internal rate of return"] == pytest.approx(0.25)
    assert found["with residual value"] == pytest.approx(0.25)
    assert found["payback"] == pytest.approx(worth(0.25))
    assert found["value less total cost"] == pytest.approx(40 * per_mw - 400)
    left = {"residual_value": "straight_line", "life_years": 2}
    found = figures(solve(**case, Settings=left))
    assert found["internal rate of return"] == pytest.approx(0.25)
    rate = found["with residual value"]
    assert rate > 0.7 and pytest.approx(40 * per_mw * worth(rate) + 200 / (1 + rate)) == 400


def test_the_table_is_the_cash_flow(solve: Solve) -> None:
    """Proves: 400 M in the first year and 10 M of running cost in each, against 150 earned, with
    taxes at 20 %: paid is after tax. Sensitivity: earned is not taxed."""
    plan = solve(
        Settings={"life_years": 3},
        Periods=years(3),
        Sites={"jurisdiction": "J", "cost_per_mw_year": 0.25},
        Demand=demand(40, 40, 40),
        Workloads={"value_per_mw_year": 3.75},
        Taxes=[{"jurisdiction": "J", "corporate_rate": 0.2}],
    )
    rows = plan["Returns"].set_index("year")
    saved = 0.2 * (400 / 3 + 10)
    assert rows["earned"].tolist() == pytest.approx([150, 150, 150])
    assert rows["paid"].tolist() == pytest.approx([410 - saved, 10 - saved, 10 - saved])
    assert rows["cumulative"].iloc[-1] == pytest.approx(450 - 430 + 3 * saved)
    flow = plan["CashFlow"].set_index("year")["total"]
    assert rows["paid"].tolist() == pytest.approx(flow.tolist())


def renewed(value: float, **components: Any) -> dict[str, Any]:
    """40 MW with parts at 10 M a MW that live for two of four years."""
    return {
        "Settings": {"life_years": 50},
        "Periods": years(4),
        "Sites": {"build_cost_per_mw": 0},
        "Components": [{"component": "racks", "cost_per_mw": 10, "life_years": 2, **components}],
        "Demand": demand(40, 40, 40, 40),
        "Workloads": {"value_per_mw_year": value / 40},
    }


@pytest.mark.long
def test_what_is_just_earned_back_has_no_rate_above_zero(solve: Solve) -> None:
    """Proves: of 400 M paid at once and 100 a year the last comes after four years: paid back by then, at
    no rate above zero. Sensitivity: a tenth more a year has a rate."""

    def served(value: float) -> dict[str, Any]:
        case = {
            "Periods": years(4),
            "Demand": demand(40, 40, 40, 40),
            "Settings": {"life_years": 50},
        }
        return figures(solve(**case, Workloads={"value_per_mw_year": value}))

    found = served(2.5)
    assert found["payback"] == pytest.approx(4)
    told = found["internal rate of return"]
    assert told == "none above zero: what is paid is earned back, and no more"
    assert served(2.75)["internal rate of return"] > 0


@pytest.mark.long
def test_where_there_is_no_rate_that_is_said(solve: Solve) -> None:
    """Proves: 199 a year do not earn back 400 every two; at 250 a year the flow is above zero before
    the second 400 and below it after: more than one rate may solve it. Sensitivity: paid back for
    good after 800 / 250 years."""
    found = figures(solve(**renewed(199)))
    assert found["internal rate of return"] == "none: what is paid is not earned back"
    assert found["payback"] == "none: what is paid is not earned back"
    found = figures(solve(**renewed(250)))
    assert found["internal rate of return"] == (
        "none: more than one rate may solve it; the sum of the flow changes sign 3 times"
    )
    assert found["sign changes of the yearly flow"] == 3
    assert found["payback"] == pytest.approx(3.2)
    free = {**renewed(250), "Components": []}
    found = figures(solve(**free))
    assert found["internal rate of return"] == "none: nothing is paid before it is earned"
    assert found["payback"] == 0


@pytest.mark.long
def test_a_flow_that_changes_sign_more_than_once_may_have_one_rate(solve: Solve) -> None:
    """Parts that cost half after two years: 400 at once and 200 in the third year, against 190 a year.

    Proves: the year's flow changes sign three times and its sum but once, so that one rate solves
    it, found again by halving; and the figure of changes says so. Sensitivity: to the digit.
    """
    found = figures(solve(**renewed(190, escalation=math.sqrt(0.5) - 1)))
    assert found["sign changes of the yearly flow"] == 3
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        value = 190 * worth(middle, 0, 4) - 400 - 200 * (1 + middle) ** -2
        low, high = (middle, high) if value > 0 else (low, middle)
    assert found["internal rate of return"] == pytest.approx(low, abs=1e-9)
    assert found["payback"] == pytest.approx(600 / 190)


def test_what_is_unmet_costs_what_it_forgoes(least_cost: LeastCost, solve: Solve) -> None:
    """A MW costs 10 M to build, and is left unmet where that costs less.

    Proves: with a penalty of 5 and a value of 9.9 all is unmet, 396, and with 10.1 all is built;
    the higher of the two counts. Sensitivity: without a penalty demand must be met whatever its value.
    """

    def cost(**columns: Any) -> float:
        return least_cost(Workloads=columns)

    assert cost(unmet_penalty_per_mw_year=5, value_per_mw_year=9.9) == pytest.approx(396)
    assert cost(unmet_penalty_per_mw_year=5, value_per_mw_year=10.1) == pytest.approx(400)
    assert cost(unmet_penalty_per_mw_year=9, value_per_mw_year=5) == pytest.approx(360)
    assert cost(value_per_mw_year=1) == pytest.approx(400)
    plan = solve(Workloads={"unmet_penalty_per_mw_year": 5, "value_per_mw_year": 9.9})
    assert plan["Shortfalls"]["penalty"].tolist() == pytest.approx([396])
    assert figures(plan)["value of what is served"] == 0


def test_without_values_nothing_is_said(solve: Solve) -> None:
    """Proves: no row of the Summary and of Returns where no workload has a value."""
    plan = solve()
    assert plan["Returns"].empty
    assert not {"internal rate of return", "payback"} & set(figures(plan))
    assert np.isfinite(plan.cost)
