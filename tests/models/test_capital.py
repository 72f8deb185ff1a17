"""Capital and running cost: profiles, escalation, lives and what is left at the end, by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import optalloc
from tests.books import demand, years
from tests.families import LeastCost

Solve = Callable[..., optalloc.Plan]


def kinds(plan: optalloc.Plan) -> dict[str, float]:
    """Undiscounted sums by kind of cost."""
    return plan["Cost"].groupby("kind")["cash"].sum().to_dict()


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("profile", "present_value"),
    [
        ("at_start", 400.0),
        ("at_end", 400 / 1.08**2),
        # The mean of 1.08^-t over two years.
        ("even", 400 * (1 - 1.08**-2) / (2 * math.log(1.08))),
    ],
)
def test_spend_profile(
    solve: Solve, least_cost: LeastCost, profile: str, present_value: float
) -> None:
    """400 M over a block lead of two years at 8 %.

    Proves: each profile's closed form. Sensitivity: at rate 0 each is 400.
    """
    case = {
        "Periods": years(3),
        "Sites": {"block_lead_months": 24, "spend_profile": profile},
        "Demand": demand(0, 0, 40),
    }
    plan = solve(Settings={"discount_rate": 0.08}, **case)
    assert plan.cost == pytest.approx(present_value)
    assert kinds(plan) == pytest.approx({"cash": 400})
    assert least_cost(**case) == pytest.approx(400)


@pytest.mark.slow
def test_site_cost_is_spent_over_the_site_lead(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 100 M evenly over the year of site lead, then 400 M at once a year later, at 8 %.
    Sensitivity: without a site lead both fall on the day that Y2 begins."""
    case = {
        "Settings": {"discount_rate": 0.08},
        "Periods": years(2),
        "Demand": demand(0, 40),
    }
    even = 100 * (1 - 1 / 1.08) / math.log(1.08)
    led = solve(Sites={"site_cost": 100, "site_lead_months": 12}, **case)
    assert led.cost == pytest.approx(even + 400 / 1.08)
    assert least_cost(Sites={"site_cost": 100}, **case) == pytest.approx(500 / 1.08)


@pytest.mark.slow
def test_build_cost_escalation(solve: Solve, least_cost: LeastCost) -> None:
    """Prices grow by a tenth a year; the site may be committed at once, the building waits for Y3.

    Proves: 50 for the site and 400 x 1.21 for the building; a plan that may start earlier does, for
    450. Sensitivity: without escalation 450 though it is built late.
    """
    case = {"Periods": years(3), "Demand": demand(0, 0, 40)}
    sites = {"site_cost": 50, "earliest_start": "2029-01-01"}
    dear = {"build_cost_escalation": 0.1}
    late = solve(Settings=dear, Sites=sites, **case)
    assert late.cost == pytest.approx(50 + 400 * 1.21)
    assert least_cost(Settings=dear, Sites={"site_cost": 50}, **case) == pytest.approx(450)
    assert least_cost(Sites=sites, **case) == pytest.approx(450)


@pytest.mark.slow
def test_running_cost_escalation(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 1 M a MW-year and 4 M a year, growing by 21 % a year, come to 44 (1.21 - 1) / ln 1.21.
    Sensitivity: without escalation 44."""
    sites = {
        "status": "existing",
        "existing_mw": 40,
        "max_mw": 40,
        "cost_per_mw_year": 1,
        "fixed_cost_per_year": 4,
    }
    grown = solve(Settings={"running_cost_escalation": 0.21}, Sites=sites)
    assert grown.cost == pytest.approx(44 * 0.21 / math.log(1.21))
    assert least_cost(Sites=sites) == pytest.approx(44)


def test_fixed_cost_runs_from_commitment(solve: Solve, least_cost: LeastCost) -> None:
    """Site lead and block lead a year each, 3 M a year fixed, 40 MW asked for in the third year.

    Proves: the site is committed in Y1 and paid for to the end, 400 + 9. Sensitivity: without leads
    it is committed in Y3, 400 + 3; a committed site is paid for from the start, 400 + 9.
    """
    case = {"Periods": years(3), "Demand": demand(0, 0, 40)}
    leads = {"site_lead_months": 12, "block_lead_months": 12}
    fixed = {"fixed_cost_per_year": 3}
    assert solve(Sites={**leads, **fixed}, **case).cost == pytest.approx(409)
    assert least_cost(Sites=fixed, **case) == pytest.approx(403)
    assert least_cost(Sites={**fixed, "status": "committed"}, **case) == pytest.approx(409)


@pytest.mark.slow
def test_residual_value_is_a_straight_line_without_interest(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: 400 M with 15 of 20 years left after the horizon costs 400 - 300. Sensitivity: with
    residual value switched off 400; with a life of 10 years 400 - 200."""
    case = {"Periods": years(1, months=60)}
    on = {"residual_value": "yes"}
    plan = solve(Settings=on, **case)
    assert plan.cost == pytest.approx(100)
    assert kinds(plan) == pytest.approx({"cash": 400, "residual value": -300})
    assert least_cost(Settings={"residual_value": "no"}, **case) == pytest.approx(400)
    assert least_cost(Settings=on, Sites={"life_years": 10}, **case) == pytest.approx(200)
    assert least_cost(Settings={**on, "life_years": 10}, **case) == pytest.approx(200)


def test_residual_value_with_interest(solve: Solve, least_cost: LeastCost) -> None:
    """400 M spent at the start of a year of block lead, five years of service, a life of 20, 8 %.

    Proves: 400 compounded to the online date, 432, is credited after five years with what an
    annuity of 20 years is worth with 15 to go. Sensitivity: switched off 400.
    """
    case = {
        "Periods": [
            {"period": "Y1", "start": "2027-01-01", "months": 12},
            {"period": "Y2", "start": "2028-01-01", "months": 60},
        ],
        "Demand": demand(0, 40),
        "Sites": {"block_lead_months": 12, "spend_profile": "at_start"},
    }
    left = (1 - 1.08**-15) / (1 - 1.08**-20)
    plan = solve(Settings={"discount_rate": 0.08, "residual_value": "yes"}, **case)
    assert plan.cost == pytest.approx(400 - 432 * left / 1.08**6)
    assert kinds(plan) == pytest.approx({"cash": 400, "residual value": -432 * left})
    assert least_cost(Settings={"discount_rate": 0.08}, **case) == pytest.approx(400)


@pytest.mark.slow
def test_what_wears_out_is_renewed(solve: Solve) -> None:
    """A life of two years in five years of service, 400 M, no interest: built at years 0, 2 and 4.

    Proves: 1200 of cash, 200 of it credited for the year left; costs that grow by a tenth a year
    grow for renewals, too. Sensitivity: with a life of 5 years 400, and nothing is left of it.
    """
    case = {"Periods": years(5), "Demand": demand(*[40] * 5)}
    on = {"residual_value": "yes"}
    plan = solve(Settings=on, Sites={"life_years": 2}, **case)
    assert plan.cost == pytest.approx(1000)
    assert kinds(plan) == pytest.approx({"cash": 1200, "residual value": -200})
    flow = plan["CashFlow"].set_index("year")["capital"].to_dict()
    assert flow == pytest.approx({2027: 400, 2028: 0, 2029: 400, 2030: 0, 2031: 400})
    grown = solve(Settings={**on, "build_cost_escalation": 0.1}, Sites={"life_years": 2}, **case)
    assert grown.cost == pytest.approx(400 * (1 + 1.1**2 + 1.1**4 / 2))
    lasting = solve(Settings=on, Sites={"life_years": 5}, **case)
    assert lasting.cost == pytest.approx(400)
    assert kinds(lasting) == pytest.approx({"cash": 400})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "life"),
    [(0.08, 20), (0.08, 3), pytest.param(0.0, 20, marks=pytest.mark.slow)],
)
def test_the_same_cost_per_service_year_whenever_it_is_built(
    solve: Solve, least_cost: LeastCost, rate: float, life: int
) -> None:
    """Site and building, each a year ahead, in a horizon of eight years, first needed in year k.

    50 M for the site are spent two years before service, 400 M one year before, each at its start.
    A life of L years of service, worth A = (1 - v^L) / ln(1 + r) discounted years, v = 1 / (1 + r),
    costs C = 50 (1 + r)^2 + 400 (1 + r) at the online date, so a year of service C / A (C / L
    where r = 0), whatever year it begins and however often it is renewed.

    Proves: present value over discounted years of service is C / A for every k. Sensitivity:
    without residual value the latest costs the most.
    """
    sites = {
        "site_cost": 50,
        "site_lead_months": 12,
        "block_lead_months": 12,
        "spend_profile": "at_start",
        "life_years": life,
    }
    horizon, worth = 8, 50 * (1 + rate) ** 2 + 400 * (1 + rate)

    def discounted_years(first: int, last: int) -> float:
        if rate == 0:
            return last - first
        return ((1 + rate) ** -first - (1 + rate) ** -last) / math.log(1 + rate)

    def case(first: int, residual: str) -> dict[str, Any]:
        return {
            "Settings": {"discount_rate": rate, "residual_value": residual},
            "Periods": years(horizon),
            "Demand": demand(*[0] * first, *[40] * (horizon - first)),
            "Sites": sites,
        }

    def per_year(first: int, residual: str) -> float:
        return least_cost(**case(first, residual)) / discounted_years(first, horizon)

    plan = solve(**case(2, "yes"))
    assert plan.cost == pytest.approx(
        worth * discounted_years(2, horizon) / discounted_years(0, life)
    )
    assert (plan["Cost"].query("kind == 'residual value'")["present_value"] <= 0).all()
    for first in (4, 7):
        assert per_year(first, "yes") == pytest.approx(worth / discounted_years(0, life))
    assert per_year(7, "no") > per_year(2, "no") * 1.01


@pytest.mark.slow
def test_what_is_retired_is_neither_renewed_nor_credited_afterwards(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Site 50 M, building 400 M, both with a life of two years, asked for in two of three.

    Proves: 450 and no credit; with a life of four years a quarter is credited. Sensitivity: renewed,
    they are paid for twice and half of the second is credited.
    """
    case = {
        "Settings": {"residual_value": "yes"},
        "Periods": years(3),
        "Demand": demand(40, 40, 0),
    }
    retired = {"site_cost": 50, "end_of_life": "retired", "life_years": 2}
    plan = solve(Sites=retired, **case)
    assert plan.cost == pytest.approx(450)
    assert plan["Build"]["online_mw"].tolist() == pytest.approx([40, 40, 0])
    assert least_cost(Sites={**retired, "life_years": 4}, **case) == pytest.approx(450 / 4 * 3)
    assert least_cost(Sites={**retired, "end_of_life": "renewed"}, **case) == pytest.approx(675)


@pytest.mark.slow
def test_residual_value_makes_no_start_free(solve: Solve) -> None:
    """40 MW asked for in the last of five years at 25 M a MW-year; 10 M to build, lead of a year.

    A start in the fifth year could not be online, and its full residual value would be its cost.

    Proves: 40 MW are started in the fourth year and nothing afterwards, 400 / 20. Sensitivity: with
    a lead of five years nothing can be started and all of it is unmet, 1000.
    """
    case = {
        "Settings": {"residual_value": "yes"},
        "Periods": years(5),
        "Demand": demand(0, 0, 0, 0, 40),
        "Workloads": {"unmet_penalty_per_mw_year": 25},
    }
    plan = solve(Sites={"block_lead_months": 12}, **case)
    assert plan.cost == pytest.approx(20)
    assert plan["Build"]["started_mw"].tolist() == pytest.approx([0, 0, 0, 40, 0])
    late: dict[str, Any] = {"site_lead_months": 24, "block_lead_months": 36, "site_cost": 7}
    nothing = solve(Sites=late, **case)
    assert nothing.cost == pytest.approx(1000)
    assert nothing["Actions"].empty
