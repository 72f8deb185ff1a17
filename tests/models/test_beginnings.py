"""Building begins on the day that period, permit and earliest start allow: by hand, day by day."""

from __future__ import annotations

from typing import Any

import pytest

import optalloc
from tests.books import Book, demand, years
from tests.families import LeastCost, Solve

# Permits of 11 months and blocks of 13: committed on the first day, in service after two years.
LEADS = {"site_lead_months": 11, "block_lead_months": 13}
CASE: dict[str, Any] = {"Periods": years(3), "Demand": demand(0, 0, 40)}


def dates(plan: optalloc.Plan, action: str = "start building") -> list[str]:
    """Days of an action."""
    own = plan["Actions"].query("action == @action")
    return [f"{day:%Y-%m-%d}" for day in own["date"]]


@pytest.mark.long
def test_building_begins_when_the_permit_is_there(solve: Solve, least_cost: LeastCost) -> None:
    """Committed on 2027-01-01, permit on 2027-12-01, prices that grow by 10 % a year.

    Proves: 40 MW begin on 2027-12-01, at 400 x 1.1^(11/12), paid evenly over the 13 months from then:
    1/13 in 2027. Works and the list of sites say the same day. Sensitivity: at a site that is
    committed already it begins on 2027-01-01, for 400, 12/13 of it in 2027.
    """
    settings = {"build_cost_escalation": 0.1}
    plan = solve(**CASE, Sites=LEADS, Settings=settings)
    assert dates(plan) == ["2027-12-01"] and dates(plan, "commit site") == ["2027-01-01"]
    assert plan.cost == pytest.approx(400 * 1.1 ** (11 / 12))
    works = plan["Works"].iloc[0]
    days = [f"{works[name]:%Y-%m-%d}" for name in ("committed", "started", "delivered", "online")]
    assert days == ["2027-01-01", "2027-12-01", "2029-01-01", "2029-01-01"]
    assert f"{plan['SiteList']['first_start'].iloc[0]:%Y-%m-%d}" == "2027-12-01"
    paid = plan["CashFlow"].set_index("year")["capital"]
    assert paid[2027] == pytest.approx(plan.cost / 13) and paid[2028] == pytest.approx(
        plan.cost * 12 / 13
    )
    opened = solve(**CASE, Sites={**LEADS, "status": "committed"}, Settings=settings)
    assert dates(opened) == ["2027-01-01"] and opened.cost == pytest.approx(400)
    assert opened["CashFlow"].set_index("year")["capital"][2027] == pytest.approx(400 * 12 / 13)
    assert least_cost(**CASE, Sites=LEADS) == pytest.approx(400)


@pytest.mark.slow
def test_an_earlier_commitment_makes_the_start_punctual(solve: Solve) -> None:
    """Years, a permit of 6 months, building at once, prices that halve each year, 40 MW from Y2.

    Proves: committed in Y1 at 20, the permit is there on 2027-07-01, so that a start in Y2 begins
    with it: 20 + 200. Where demand is in Y3 alone and committing is cheaper later (20 / 2), it is
    committed in Y2, and a start in Y3 begins with Y3: 10 + 100. Sensitivity: started in the year of
    its commitment, as a block lead of 6 months forces, it begins in the middle of the year, at
    400 x 0.5^0.5.
    """
    case = {"Periods": years(3), "Settings": {"build_cost_escalation": -0.5}}
    sites = {"site_lead_months": 6, "site_cost": 20}
    plan = solve(**case, Demand=demand(0, 40, 40), Sites=sites)
    assert dates(plan) == ["2028-01-01"] and plan.cost == pytest.approx(20 + 200)
    late = solve(**case, Demand=demand(0, 0, 40), Sites=sites)
    assert dates(late) == ["2029-01-01"] and late.cost == pytest.approx(10 + 100)
    forced = solve(**case, Demand=demand(0, 40, 40), Sites={**sites, "block_lead_months": 6})
    assert dates(forced) == ["2027-07-01"]
    assert forced.cost == pytest.approx(20 + 400 * 0.5**0.5)


@pytest.mark.slow
def test_work_and_budget_follow_the_day(solve: Solve) -> None:
    """40 MW at 13 person-months each, 520 over the 13 months from 2027-12-01; 400 M likewise.

    Proves: 40 person-months and 400/13 M in 2027, 480 and the rest in 2028: pools and budgets of
    just that are enough, and of less in 2027 are not. Sensitivity: at a site that is committed
    already 480 and 400 x 12/13 fall in 2027.
    """

    def case(share: float, **sites: Any) -> dict[str, Any]:
        return {
            **CASE,
            "Sites": {**LEADS, "labour_market": "L", **sites},
            "LabourNeeds": [{"trade": "t", "person_months_per_mw": 13, "staff_per_mw": 0}],
            "LabourPools": [
                {"labour_market": "L", "trade": "t", "period": "Y1", "workers": share * 40 / 12},
                {"labour_market": "L", "trade": "t", "period": "Y2", "workers": 40},
            ],
            "Budgets": [{"period": "Y1", "max_capital": share * 400 / 13}],
        }

    plan = solve(**case(1.0))
    assert plan["Labour"]["used_person_months"].tolist() == pytest.approx([40, 480, 0])
    with pytest.raises(optalloc.InfeasibleError):
        solve(**case(0.9))
    with pytest.raises(optalloc.InfeasibleError):
        solve(**case(1.0, status="committed"))
    opened = solve(**case(12.0, status="committed"))
    assert opened["Labour"]["used_person_months"].tolist() == pytest.approx([480, 40, 0])


@pytest.mark.slow
def test_equipment_and_residual_follow_the_day(solve: Solve) -> None:
    """Yearly periods, permit 6 months, block lead 6: online with Y2; block lead 7: with Y3.

    Proves: racks needed 3 months before are due in Y1, or in Y2; with a life of 4 years and no
    interest, what is online for 2 of 3 years has half of its cost left, for 1 three quarters.
    Sensitivity: at a committed site a block lead of 7 months still means Y2.
    """

    def case(block_lead: int, **sites: Any) -> Book:
        made: Any = {
            "Periods": years(3),
            "Settings": {"residual_value": "yes", "life_years": 4},
            "Demand": demand(0, 0, 40),
            "Sites": {"site_lead_months": 6, "block_lead_months": block_lead, **sites},
            "EquipmentNeeds": [
                {"equipment": "racks", "units_per_mw": 1, "months_before_online": 3}
            ],
            "Suppliers": [{"supplier": "Ohm"}],
            "Equipment": [
                {"equipment": "racks", "supplier": "Ohm", "period": q, "available_units": 40,
                 "unit_cost": 0, "carries_over": "no"}
                for q in ("Y1", "Y2", "Y3")
            ],
            "Decisions": [
                {"decision": "d", "what": "started_mw", "site": "A", "period": "Y1", "at_least": 40}
            ],
        }  # fmt: skip
        return made

    for block_lead, sites, due, cost in (
        (6, {}, "Y1", 400 - 200),
        (7, {}, "Y2", 400 - 300),
        (7, {"status": "committed"}, "Y1", 400 - 200),
    ):
        plan = solve(**case(block_lead, **sites))
        assert plan["EquipmentUse"]["period"].tolist() == [due]
        assert plan.cost == pytest.approx(cost)
        assert plan["Build"]["installed_mw"].tolist() == (
            [0, 0, 40] if due == "Y2" else [0, 40, 40]
        )


@pytest.mark.slow
def test_several_permits_within_one_period(solve: Solve, least_cost: LeastCost) -> None:
    """Two quarters, then years; permit 9 months, building at once, demand from the second year on.

    Committed in Q1, Q2 or Y2 (months 0, 3, 6), the permit arrives in months 9, 12, 15, all within
    Y2, which lasts from month 6 to 18. Committing costs 30 in Q1, and 30 a year less later; building
    by 20 % a year less.

    Proves: the latest is the cheapest, 30 x 0.8^(6/12) + 400 x 0.8^(15/12), on 2028-04-01, where the
    start must fall in Y2; with Y2 barred for commitments, month 12. Sensitivity: free to start in Y3,
    it begins with it, in month 18.
    """
    periods = [
        {"period": "Q1", "start": "2027-01-01", "months": 3},
        {"period": "Q2", "start": "2027-04-01", "months": 3},
        {"period": "Y2", "start": "2027-07-01", "months": 12},
        {"period": "Y3", "start": "2028-07-01", "months": 12},
    ]
    case = {
        "Periods": periods,
        "Settings": {"build_cost_escalation": -0.2},
        "Sites": {"site_lead_months": 9, "site_cost": 30},
        "Demand": [{**demand(40)[0], "period": q, "it_mw": 40 * (q == "Y3")}
                   for q in ("Q1", "Q2", "Y2", "Y3")],
    }  # fmt: skip
    in_y2 = {"decision": "now", "what": "started_mw", "site": "A", "period": "Y2", "at_least": 40}
    plan = solve(**case, Decisions=[in_y2])
    assert dates(plan) == ["2028-04-01"]
    assert plan.cost == pytest.approx(30 * 0.8 ** (6 / 12) + 400 * 0.8 ** (15 / 12))
    early = {"decision": "by Q2", "what": "committed", "site": "A", "period": "Q2", "at_least": 1}
    sooner = solve(**case, Decisions=[in_y2, early])
    assert dates(sooner) == ["2028-01-01"]
    assert sooner.cost == pytest.approx(30 * 0.8 ** (3 / 12) + 400 * 0.8 ** (12 / 12))
    free = 30 * 0.8 ** (6 / 12) + 400 * 0.8 ** (18 / 12)
    assert least_cost(**case) == pytest.approx(free)


@pytest.mark.slow
@pytest.mark.parametrize("status", ["candidate", "committed"])
def test_an_earliest_start_within_a_period(solve: Solve, status: str) -> None:
    """Years, block lead 6, no start before 2027-07-01, prices that grow by 21 % a year, 40 MW in Y2.

    Proves: what is started in Y1 begins on 2027-07-01, at 400 x 1.1, and serves Y2; a site lead of six
    months means the same. Sensitivity: a day later it would be delivered too late for Y2, and no plan
    is left.
    """
    case = {
        "Periods": years(2),
        "Settings": {"build_cost_escalation": 0.21},
        "Demand": demand(0, 40),
    }
    sites = {"block_lead_months": 6, "status": status}
    plan = solve(**case, Sites={**sites, "earliest_start": "2027-07-01"})
    assert dates(plan) == ["2027-07-01"] and plan.cost == pytest.approx(440)
    if status == "candidate":
        leads = solve(**case, Sites={**sites, "site_lead_months": 6})
        assert dates(leads) == ["2027-07-01"] and leads.cost == pytest.approx(440)
    with pytest.raises((optalloc.InfeasibleError, optalloc.InputError)):
        solve(**case, Sites={**sites, "earliest_start": "2027-07-02"})
