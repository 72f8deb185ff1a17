"""Components of what is built, each with a price, an escalation and a life of its own, by hand.

40 MW at 10 M a MW make 400 M of building, besides the components of each MW.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing

FIVE_YEARS = {"Periods": years(5), "Demand": demand(*[40] * 5)}
ON = {"residual_value": "yes"}


def components(*rows: dict[str, Any]) -> dict[str, Any]:
    base = {"site": None, "life_years": None, "escalation": None, "spend_profile": None}
    return {"Components": [base | {"currency": None} | row for row in rows]}


RACKS = {"component": "racks", "cost_per_mw": 5}


def bought(plan: optalloc.Plan, *by: str) -> dict[Any, float]:
    """Cash and credits of components, by some columns of the Cost table."""
    cost = plan["Cost"]
    return cost[cost["item"].str.startswith("component")].groupby(list(by))["cash"].sum().to_dict()


def test_every_mw_built_takes_its_components(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 40 MW at 10 + 5 + 3; what stands already takes none. Sensitivity: none, 400."""
    both = components(RACKS, {"component": "cooling", "cost_per_mw": 3})
    plan = solve(**both)
    assert plan.cost == pytest.approx(400 + 200 + 120)
    assert bought(plan, "subject") == pytest.approx({"racks": 200, "cooling": 120})
    assert plan["CashFlow"]["capital"].sum() == pytest.approx(720)
    assert least_cost() == pytest.approx(400)
    standing = {"status": "existing", "existing_mw": 30, "max_mw": 40}
    assert least_cost(Sites=standing, **both) == pytest.approx(10 * 18)


@pytest.mark.slow
def test_a_site_has_its_own_price(solve: Solve, least_cost: LeastCost) -> None:
    """Two sites, 20 MW each; racks for 5, at B for 9, wherever the row stands.

    Proves: 400 + 100 + 180; in another currency at 3 to the dollar, a third. Sensitivity: without
    B's row, 400 + 200.
    """
    case = {
        "Sites": [
            {"site": s, "status": "candidate", "max_mw": 20, "build_cost_per_mw": 10} for s in "AB"
        ],
        "Network": [{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
        "Currencies": [{"currency": "X", "per_workbook_currency": 3}],
    }
    own = RACKS | {"site": "B", "cost_per_mw": 9}
    for rows in ((RACKS, own), (own, RACKS)):
        plan = solve(**case, **components(*rows))
        assert plan.cost == pytest.approx(680)
        assert bought(plan, "site") == pytest.approx({"A": 100, "B": 180})
    foreign = components(RACKS, own | {"currency": "X"})
    assert least_cost(**case, **foreign) == pytest.approx(400 + 100 + 60)
    assert least_cost(**case, **components(RACKS)) == pytest.approx(600)


@pytest.mark.slow
def test_each_component_is_renewed_and_credited_by_its_own_life(solve: Solve) -> None:
    """Five years of service. The building lasts 20 years, the racks 2: bought in years 0, 2 and 4.

    Proves: 400 less 300, and 3 x 200 less half of the last. Sensitivity: with no life of their own
    the racks last as long as the site, 200 less 150.
    """
    plan = solve(Settings=ON, **FIVE_YEARS, **components(RACKS | {"life_years": 2}))
    assert plan.cost == pytest.approx(100 + 600 - 100)
    assert bought(plan, "item") == pytest.approx(
        {
            "component": 200,
            "component_renewal_1": 200,
            "component_renewal_2": 200,
            "component_residual": -100,
        }
    )
    same = solve(Settings=ON, **FIVE_YEARS, **components(RACKS))
    assert same.cost == pytest.approx(100 + 50)


@pytest.mark.slow
def test_components_last_no_longer_than_what_is_retired(
    solve: Solve, least_cost: LeastCost
) -> None:
    """A building of three years; racks of two years, bought again in year 2 for the last one only.

    Proves: 400 + 2 x 200 and nothing more in years 4 and 5; after two and a half years half a year
    of the building and of the second racks is left; racks of five years count for three. All of it
    is in service for as long. Sensitivity: renewed, racks of five years count for five.
    """
    site = {"end_of_life": "retired", "life_years": 3}
    racks = components(RACKS | {"life_years": 2})
    over = {"Periods": years(5), "Demand": demand(40, 40, 40, 0, 0)}
    plan = solve(Settings=ON, Sites=site, **over, **racks)
    assert plan.cost == pytest.approx(800)
    assert bought(plan, "item") == pytest.approx({"component": 200, "component_renewal_1": 200})
    periods = [
        {"period": "Y1", "start": "2027-01-01", "months": 24},
        {"period": "Y2", "start": "2029-01-01", "months": 6},
    ]
    half = solve(Settings=ON, Sites=site, Periods=periods, Demand=demand(40, 40), **racks)
    assert half.cost == pytest.approx(400 * 2.5 / 3 + 200 + 100)
    two = {"Periods": years(2), "Demand": demand(40, 40), **components(RACKS | {"life_years": 5})}
    assert least_cost(Settings=ON, Sites=site, **two) == pytest.approx(600 * 2 / 3)
    renewed = site | {"end_of_life": "renewed"}
    assert least_cost(Settings=ON, Sites=renewed, **two) == pytest.approx(400 * 2 / 3 + 200 * 2 / 5)


@pytest.mark.slow
def test_prices_of_components_grow_or_fall_by_themselves(solve: Solve) -> None:
    """Racks that last 3 years are bought in years 0 and 3; building costs grow by a tenth a year.

    Proves: falling by a tenth a year, 200 and 145.8; without a figure they grow as building does,
    200 and 266.2. Sensitivity: both beside each other.
    """
    grown = {"build_cost_escalation": 0.1}
    racks = RACKS | {"life_years": 3}
    falling = solve(Settings=grown, **FIVE_YEARS, **components(racks | {"escalation": -0.1}))
    assert falling.cost == pytest.approx(400 + 200 * (1 + 0.9**3))
    growing = solve(Settings=grown, **FIVE_YEARS, **components(racks))
    assert growing.cost == pytest.approx(400 + 200 * (1 + 1.1**3))


@pytest.mark.slow
def test_components_are_paid_by_their_own_profile(solve: Solve) -> None:
    """A block lead of two years at 8 %, building paid at its start.

    Proves: racks paid at the end, evenly, and as the site is. Sensitivity: three profiles.
    """
    case: dict[str, Any] = {
        "Settings": {"discount_rate": 0.08},
        "Periods": years(3),
        "Demand": demand(0, 0, 40),
        "Sites": {"block_lead_months": 24, "spend_profile": "at_start"},
    }
    even = (1 - 1.08**-2) / (2 * math.log(1.08))
    for profile, worth in (("at_end", 1.08**-2), ("even", even), (None, 1)):
        plan = solve(**case, **components(RACKS | {"spend_profile": profile}))
        assert plan.cost == pytest.approx(400 + 200 * worth)


@pytest.mark.slow
def test_the_same_cost_per_service_year_whenever_it_is_built(least_cost: LeastCost) -> None:
    """Racks that last 3 years, paid for on the day they are in service, at 8 %.

    Proves: over discounted years of service, 400 / A(20) + 200 / A(3), whether built for year 1, 3
    or 6 of 6. Sensitivity: without residual value the latest costs the most.
    """

    def discounted_years(first: int, last: int) -> float:
        return (1.08**-first - 1.08**-last) / math.log(1.08)

    def per_year(first: int, **settings: str) -> float:
        cost = least_cost(
            Settings={"discount_rate": 0.08, **settings},
            Periods=years(6),
            Demand=demand(*[0] * first, *[40] * (6 - first)),
            **components(RACKS | {"life_years": 3}),
        )
        return cost / discounted_years(first, 6)

    worth = 400 / discounted_years(0, 20) + 200 / discounted_years(0, 3)
    for first in (0, 2, 5):
        assert per_year(first, **ON) == pytest.approx(worth)
    assert per_year(5) > per_year(0) * 1.01


@pytest.mark.slow
def test_components_count_in_the_budget(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 600 M of building and racks fit a budget of 600 and not one of 599; their renewal in
    the third year of a life of two is 200 more, which 199 do not pay. Sensitivity: 199 do, of
    racks that last."""
    racks = components(RACKS | {"life_years": 2})

    def budget(period: str, most: float) -> dict[str, Any]:
        return {**FIVE_YEARS, "Budgets": [{"period": period, "max_capital": most}]}

    plan = solve(**budget("Y1", 600), **racks)
    assert plan.cost == pytest.approx(400 + 600)
    assert binding(plan, "capital_in_period") == ["Y1"]
    assert least_cost(**budget("Y3", 200), **racks) == pytest.approx(1000)
    assert least_cost(**budget("Y3", 199), **components(RACKS)) == pytest.approx(600)
    for period, most in (("Y1", 599), ("Y3", 199)):
        with pytest.raises(optalloc.InfeasibleError):
            solve(**budget(period, most), **racks)


def test_the_audit_prices_components_again(
    everything: optalloc.Plan, everything_data: tuple[optalloc.Dataset, optalloc.Model]
) -> None:
    """Proves: a component's cost altered by hand differs from what Build and the sheet say.
    Sensitivity: as it was, every check passes."""
    cost = everything["Cost"]
    parts = cost["item"].str.startswith("component")
    assert {"component", "component_residual"} <= set(cost.loc[parts, "item"])

    def failed(changed: float) -> set[str]:
        tables = {**everything.tables, "Cost": cost.assign(cash=cost["cash"] + changed * parts)}
        audit = optalloc.audit_plan(*everything_data, tables, everything.outcome)
        return set(audit.loc[~audit["passed"].astype(bool), "subject"])

    assert not failed(0)
    assert "Cost" in failed(0.1)


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(FIVE_YEARS, "capital", tmp_path)
