"""Labour: pools and tiers, each limit in a case solved by hand.

A MW takes 6 person-months of fitters, at 10,000 each. 40 MW at A (10 M each) take 240 of them,
2.4 M. B costs 12 M per MW and is in no labour market.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest

import optalloc
from tests.books import binding, book, changed_cost, cost_without, demand, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

NEEDS = [{"trade": "fitters", "person_months_per_mw": 6}]
CANDIDATE = {"status": "candidate", "max_mw": 100}
A = {"site": "A", "labour_market": "M", "build_cost_per_mw": 10, **CANDIDATE}
B = {"site": "B", "labour_market": None, "build_cost_per_mw": 12, **CANDIDATE}


def pool(workers: float, period: str = "Y1", market: str = "M") -> dict[str, Any]:
    """Fitters from a period on."""
    return {
        "labour_market": market,
        "trade": "fitters",
        "period": period,
        "workers": workers,
        "wage_per_person_month": 10_000,
    }


def tier(name: str, workers: float, premium: float) -> dict[str, Any]:
    """Further fitters at a premium."""
    return {
        "labour_market": "M",
        "trade": "fitters",
        "tier": name,
        "workers": workers,
        "premium_share": premium,
    }


def case(*sites: dict[str, Any], **sheets: Any) -> dict[str, Any]:
    """Sites that all serve the region, a pool of 10 in M, and what a test is about."""
    return {
        "Sites": list(sites),
        "Network": [{"site": s["site"], "region": "R", "latency_ms": 10} for s in sites],
        "LabourNeeds": NEEDS,
        "LabourPools": [pool(10)],
        **sheets,
    }


def used(plan: optalloc.Plan) -> dict[tuple[str, str], float]:
    """Person-months by source and period."""
    return plan["Labour"].set_index(["source", "period"])["used_person_months"].to_dict()


def test_work_is_done_by_workers_who_are_paid(solve: Solve, tmp_path: Path) -> None:
    """Proves: 240 person-months at 10,000: 402.4; discounted over the year at 10 %, 2.4 times
    the integral of 1.1^-t.    Sensitivity: without the limit, 400."""
    plenty = case(A, LabourPools=[pool(100)])
    plan = solve(**plenty)
    assert plan.cost == pytest.approx(402.4)
    assert used(plan) == pytest.approx({("pool", "Y1"): 240})
    later = solve(**plenty, Settings={"discount_rate": 0.1})
    assert later.cost == pytest.approx(400 + 2.4 * worth(0.1))
    assert cost_without(book(**plenty), tmp_path / "without", "work_done") == pytest.approx(400)


@pytest.mark.long
def test_a_pool_has_so_many_workers(solve: Solve, tmp_path: Path) -> None:
    """Proves: ten fitters do 120 person-months, 20 MW at A; 20 stand at B: 200 + 240 + 1.2.
    Sensitivity: without the limit, 402.4."""
    scarce = case(A, B)
    plan = solve(**scarce)
    assert plan.cost == pytest.approx(441.2)
    assert binding(plan, "labour_within_pool") == ["M, fitters, pool, Y1"]
    without = cost_without(book(**scarce), tmp_path / "without", "labour_within_pool")
    assert without == pytest.approx(402.4)


@pytest.mark.slow
def test_nobody_is_hired_less_than_not_at_all(solve: Solve, tmp_path: Path) -> None:
    """Proves: 10 MW take 60 person-months, all from the pool: 100 + 0.6. Sensitivity: could a tier
    at half as much again be hired negatively, the pool's 120 less 60 of it: 100 + 1.2 - 0.9."""
    small = case(A, Demand=demand(10), LabourTiers=[tier("crews", 5, 0.5)])
    assert solve(**small).cost == pytest.approx(100.6)

    def unsigned(m: Any) -> None:
        for key in m.hired:
            m.hired[key].domain = pyo.Reals

    assert changed_cost(book(**small), tmp_path / "unsigned", unsigned) == pytest.approx(100.3)


@pytest.mark.slow
def test_sites_of_a_market_share_its_pool(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: with 20 MW of room each at A and C of one market, ten fitters build 20 MW in all, and
    B the others: 441.2. Sensitivity: C in a market of its own with ten more, 402.4."""
    room = {**A, "max_mw": 20}
    c = {**room, "site": "C"}
    assert solve(**case(room, c, B)).cost == pytest.approx(441.2)
    apart = case(room, {**c, "labour_market": "N"}, B, LabourPools=[pool(10), pool(10, market="N")])
    assert least_cost(**apart) == pytest.approx(402.4)


UNEVEN = [
    {"period": "Y1", "start": "2027-01-01", "months": 6},
    {"period": "Y2", "start": "2027-07-01", "months": 12},
    {"period": "Y3", "start": "2028-07-01", "months": 12},
]


@pytest.mark.slow
def test_work_is_spread_evenly_over_the_lead(solve: Solve) -> None:
    """Proves: at 9 person-months a MW over 9 months, 40 MW started in Y1, of six months, take 240
    then and 120 in Y2; 40 and 10 fitters do just that: 403.6. Sensitivity: 39 fitters start 39 MW
    in Y1; what is left in Y2, 120 - 117, starts a third of a MW more, all of whose work is then;
    two thirds stay unmet at 100: 393.33 + 0.09 x 39.33 + 66.67."""
    spread = case(
        {**A, "block_lead_months": 9},
        Periods=UNEVEN,
        Demand=demand(0, 0, 40),
        Workloads={"unmet_penalty_per_mw_year": 100},
        LabourNeeds=[{"trade": "fitters", "person_months_per_mw": 9}],
    )
    enough = solve(**spread | {"LabourPools": [pool(40), pool(10, "Y2")]})
    assert enough.cost == pytest.approx(403.6)
    expected = {("pool", "Y1"): 240, ("pool", "Y2"): 120, ("pool", "Y3"): 0}
    assert used(enough) == pytest.approx(expected)
    assert set(binding(enough, "labour_within_pool")) == {
        "M, fitters, pool, Y1",
        "M, fitters, pool, Y2",
    }
    short = solve(**spread | {"LabourPools": [pool(39), pool(10, "Y2")]})
    built = 39 + 1 / 3
    assert short.cost == pytest.approx(10 * built + 0.09 * built + 100 * (40 - built))


@pytest.mark.slow
def test_work_without_a_lead_falls_in_the_start_period(solve: Solve) -> None:
    """Proves: with fitters in Y2 alone, all 240 person-months are in Y2, in Y1 alone, in Y1.
    Sensitivity: with fitters in neither, no plan; the pool of Y1 carries forward to Y2."""
    late = case(A, Periods=years(2), Demand=demand(0, 40))
    in_y2 = solve(**late | {"LabourPools": [pool(0), pool(20, "Y2")]})
    assert used(in_y2) == pytest.approx({("pool", "Y1"): 0, ("pool", "Y2"): 240})
    in_y1 = solve(**late | {"LabourPools": [pool(20), pool(0, "Y2")]})
    assert used(in_y1) == pytest.approx({("pool", "Y1"): 240, ("pool", "Y2"): 0})
    assert in_y1.cost == in_y2.cost == pytest.approx(402.4)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**late | {"LabourPools": [pool(0)]})
    offered = solve(**late | {"LabourPools": [pool(20)]})["Labour"]["available_person_months"]
    assert offered.tolist() == [240, 240]


@pytest.mark.slow
def test_tiers_at_a_rising_premium(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 120 person-months from the pool, 60 from crews at half as much again, 60 at twice the
    wage: 400 + 1.2 + 0.9 + 1.2. Sensitivity: all from the pool, 402.4."""
    tiers = [tier("far", 100, 1), tier("crews", 5, 0.5)]
    plan = solve(**case(A, LabourTiers=tiers))
    assert plan.cost == pytest.approx(403.3)
    expected = {("pool", "Y1"): 120, ("crews", "Y1"): 60, ("far", "Y1"): 60}
    assert used(plan) == pytest.approx(expected)
    assert least_cost(**case(A, LabourPools=[pool(20)], LabourTiers=tiers)) == pytest.approx(402.4)


@pytest.mark.slow
def test_permanent_staff(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 0.1 workers a MW for 40 MW that exist and 20 that are built, in two half-years, are
    72 person-months: 200 + 0.72. Sensitivity: five workers staff 50 MW, so 10 of the others stand
    at B: 100 + 120 + 0.6."""
    staffed = case(
        {**A, "existing_mw": 40},
        B,
        Periods=years(2, months=6),
        Demand=demand(60, 60),
        LabourNeeds=[{"trade": "fitters", "staff_per_mw": 0.1}],
    )
    assert solve(**staffed).cost == pytest.approx(200.72)
    assert least_cost(**staffed | {"LabourPools": [pool(5)]}) == pytest.approx(220.6)


@pytest.mark.long
@pytest.mark.first(1)
def test_the_audit_sees_each_limit_broken(solve: Solve, tmp_path: Path) -> None:
    """Proves: each limit, broken by hand in the tables of a plan, is found by the audit."""
    scarce = case(A, B, LabourTiers=[tier("crews", 5, 0.5)])
    plan = solve(**scarce)
    labour, build = plan["Labour"], plan["Build"]

    def found(**changed: Any) -> set[str]:
        return broken(plan, scarce, tmp_path, **changed)

    assert not found()
    from_pool = labour["source"] == "pool"

    def hired(from_the_pool: float, from_crews: float) -> set[str]:
        changed = labour["used_person_months"].where(from_pool, from_crews)
        changed = changed.where(~from_pool, from_the_pool)
        return found(Labour=labour.assign(used_person_months=changed))

    assert hired(120, 60) == set()
    assert hired(119, 60) == {"work_done"}
    assert hired(180, 0) == {"labour_within_pool"}
    assert hired(190, -10) == {"labour_within_pool", "hired_not_negative"}
    more = build.assign(started_mw=build["started_mw"].mask(build["site"] == "A", 31.0))
    assert "work_done" in found(Build=more)


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost; nor do needs and pools
    where no site is in a labour market."""
    sites = {"Sites": [A, B], "Network": case(A, B)["Network"]}
    assert_adds_nothing(sites, "labour", tmp_path)


def test_a_market_must_say_what_it_offers(solve: Solve) -> None:
    """Proves: a trade without a pool, or with one from Y2 on, gives one message at the site."""
    late = case(A, Periods=years(2), Demand=demand(40, 40), LabourPools=[pool(10, "Y2")])
    never = {sheet: rows for sheet, rows in late.items() if sheet != "LabourPools"}
    for given in (late, never):
        (message,) = problems(solve, **given)
        assert message.startswith("Sites!B2: ")
        assert message.endswith("[missing-pool]")


def test_a_tier_must_not_be_called_pool(solve: Solve) -> None:
    """Proves: the name of the pool, given to a tier, gives one message at its cell."""
    (message,) = problems(solve, **case(A, LabourTiers=[tier("pool", 5, 0.5)]))
    assert message.startswith("LabourTiers!C2: ")
    assert message.endswith("[tier-name]")
