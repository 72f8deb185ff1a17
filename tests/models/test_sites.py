"""Sites and building: each limit in a case solved by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import optalloc
from tests.books import binding, book, cost_without, demand, few, program, years
from tests.families import LeastCost, broken, compiled

Solve = Callable[..., optalloc.Plan]

QUARTERS = years(6, months=3)


def unmet(plan: optalloc.Plan) -> list[float]:
    """Unmet MW, period by period."""
    return plan["Service"]["unmet_mw"].round(6).tolist()


def test_cost_of_one_site_is_its_arithmetic(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 40 MW at 10 M plus the site's 7 M. Sensitivity: without site_cost 400."""
    assert solve(Sites={"site_cost": 7}).cost == pytest.approx(407)
    assert least_cost() == pytest.approx(400)


@pytest.mark.slow
def test_whole_blocks(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: 40 MW of demand takes two blocks of 25. Sensitivity: any size, 40 MW."""
    assert solve(Sites={"block_mw": 25}).cost == pytest.approx(500)
    assert least_cost(Sites={"block_mw": None}) == pytest.approx(400)


def test_block_lead_delays_service(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a lead of 6 months, begun in Y1, serves Y2 and not Y1.

    Sensitivity: lead 0 serves both.
    """
    case = {
        "Periods": years(2),
        "Demand": demand(40, 40),
        "Workloads": {"unmet_penalty_per_mw_year": 100},
    }
    late = solve(Sites={"block_lead_months": 6}, **case)
    assert unmet(late) == [40, 0]
    assert late.cost == pytest.approx(40 * 100 + 400)
    assert least_cost(Sites={"block_lead_months": 0}, **case) == pytest.approx(400)


def test_starts_on_committed_site(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """A holds 40 of the 60 MW asked for and costs 7 M to commit; B costs 12 M a MW.

    Proves: 7 + 40 x 10 + 20 x 12 = 647. Sensitivity: room for 100 MW at A, 7 + 600; without the
    limit nobody pays the 7 M, 640.
    """
    case: dict[str, Any] = {
        "Sites": [
            {"site": "A", "status": "candidate", "max_mw": 40, "build_cost_per_mw": 10},
            {"site": "B", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 12},
        ],
        "Demand": demand(60),
        "Network": [{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
    }
    case["Sites"][0]["site_cost"] = 7
    full = solve(**case)
    assert full.cost == pytest.approx(647)
    assert binding(full, "starts_on_committed_site") == ["A, Y1"]
    # The rows that tighten the relaxation say the same of load, so they go too.
    both = ("starts_on_committed_site", "served_if_committed")
    assert cost_without(book(**case), tmp_path / "w", *both) == pytest.approx(640)
    case["Sites"][0]["max_mw"] = 100
    assert least_cost(**case) == pytest.approx(607)


@pytest.mark.slow
def test_starts_are_kept(solve: Solve, tmp_path: Path) -> None:
    """Costs grow by half a year, so what is started in Y1 could be handed back at a profit in Y2.

    Proves: 40 MW, 400 M, and nothing is handed back. Sensitivity: without the limit the 100 MW
    that the site holds are started for 1000 and 60 of them handed back at 15, 100. (An approved
    plan, from which it costs nothing to depart, is why more than the demand may be started.)
    """
    case = {
        "Settings": {"build_cost_escalation": 0.5},
        "ApprovedActions": [
            {"period": "Y1", "action": "start building", "subject": "A", "mw": 100}
        ],
        "Periods": years(2),
        "Demand": demand(40, 40),
    }
    assert solve(**case).cost == pytest.approx(400)
    assert cost_without(book(**case), tmp_path / "w", "starts_kept") == pytest.approx(100)


@pytest.mark.slow
def test_commitment_is_kept(solve: Solve, tmp_path: Path) -> None:
    """B stands and serves all for 2 x 40 x 1 M; committing A costs 8 M now and 12 M a year later.

    Proves: A is left alone, 80 M. Sensitivity: without the limit A is committed for 8 and handed
    back for 12, 76.
    """
    case = {
        "Settings": {"build_cost_escalation": 0.5},
        "Periods": years(2),
        "Sites": [
            {"site": "A", "status": "candidate", "max_mw": 100, "site_cost": 8},
            {"site": "B", "status": "existing", "existing_mw": 40, "max_mw": 40}
            | {"cost_per_mw_year": 1},
        ],
        "Demand": demand(40, 40),
        "Network": [{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
    }
    assert solve(**case).cost == pytest.approx(80)
    assert cost_without(book(**case), tmp_path / "w", "commitment_kept") == pytest.approx(76)


@pytest.mark.slow
def test_service_is_kept(solve: Solve, tmp_path: Path) -> None:
    """Demand falls from 40 to 10 MW; a MW in service costs 1 M a year.

    Proves: all 40 stay in service, 400 + 40 + 40. Sensitivity: without the limit 30 go out of
    service, 400 + 40 + 10.
    """
    case = {
        "Periods": years(2),
        "Sites": {"cost_per_mw_year": 1},
        "Demand": demand(40, 10),
    }
    assert solve(**case).cost == pytest.approx(480)
    assert cost_without(book(**case), tmp_path / "w", "service_kept") == pytest.approx(450)


@pytest.mark.slow
def test_service_may_come_after_delivery(solve: Solve) -> None:
    """Two blocks of 20 in Y1 for the 20 MW asked for then; building costs twice as much in Y2.

    Proves: both are built in Y1, 400, and the second is energised only in Y2: 20 + 40 of running
    cost, 460. Sensitivity: where prices halve, the second is built in Y2, 200 + 20 + 100 + 40.
    """
    case = {
        "Periods": years(2),
        "Sites": {"block_mw": 20, "cost_per_mw_year": 1},
        "Demand": demand(20, 40),
    }
    dear = solve(Settings={"build_cost_escalation": 1}, **case)
    assert dear.cost == pytest.approx(460)
    assert dear["Build"]["installed_mw"].tolist() == [40, 40]
    assert dear["Build"]["online_mw"].tolist() == [20, 40]
    assert binding(dear, "service_after_block_lead") == ["A, Y2"]
    cheap = solve(Settings={"build_cost_escalation": -0.5}, **case)
    assert cheap.cost == pytest.approx(200 + 20 + 100 + 40)
    assert cheap["Build"]["installed_mw"].tolist() == [20, 40]


@pytest.mark.slow
def test_leads_are_added_before_they_are_rounded(solve: Solve, tmp_path: Path) -> None:
    """Quarters, site lead 5, block lead 4: in service at month 9, where the fourth quarter starts.

    Proves: three quarters of 40 MW unmet at 100 a MW-year, 3000 + 400. Each lead rounded by itself
    would give month 12. Sensitivity: a site lead of 6 makes month 10, so the fifth quarter.
    """
    case = {
        "Periods": QUARTERS,
        "Demand": demand(*[40] * 6),
        "Workloads": {"unmet_penalty_per_mw_year": 100},
    }
    leads = {"site_lead_months": 5, "block_lead_months": 4, "max_mw": 40}
    on_time = solve(Sites=leads, **case)
    assert unmet(on_time) == [40, 40, 40, 0, 0, 0]
    assert on_time.cost == pytest.approx(3 * 40 * 100 / 4 + 400)
    later = solve(Sites={**leads, "site_lead_months": 6}, **case)
    assert unmet(later) == [40, 40, 40, 40, 0, 0]
    assert later.cost == pytest.approx(4 * 40 * 100 / 4 + 400)


@pytest.mark.slow
def test_leads_where_periods_shrink(solve: Solve) -> None:
    """A year, then quarters; site lead 10, block lead 4: in service at month 14, so from month 15.

    A start falls on a period's first day, here month 0, and would alone be in service at month 4.

    Proves: the year and the quarter at month 12 are unmet, 40 x 100 x 15/12 + 400. Sensitivity:
    with a site lead of 8, month 12 is in time and only the year is unmet.
    """
    case = {
        "Periods": [
            {"period": "Y1", "start": "2027-01-01", "months": 12},
            {"period": "Y2", "start": "2028-01-01", "months": 3},
            {"period": "Y3", "start": "2028-04-01", "months": 3},
        ],
        "Demand": demand(40, 40, 40),
        "Workloads": {"unmet_penalty_per_mw_year": 100},
    }
    late = solve(Sites={"site_lead_months": 10, "block_lead_months": 4}, **case)
    assert unmet(late) == [40, 40, 0]
    assert late.cost == pytest.approx(40 * 100 * 15 / 12 + 400)
    assert late["Build"]["installed_mw"].tolist() == [0, 0, 40]
    in_time = solve(Sites={"site_lead_months": 8, "block_lead_months": 4}, **case)
    assert unmet(in_time) == [40, 0, 0]
    assert in_time.cost == pytest.approx(4400)


def test_service_after_both_leads(solve: Solve, least_cost: LeastCost) -> None:
    """Years, site lead 10, block lead 4, prices that halve each year, 40 MW asked for from Y3.

    The site may be committed and blocks started in Y2, where the permit arrives in month 22. But both
    leads after month 12 is month 26, and Y3 begins in month 24.

    Proves: it is committed in Y1 for 100, and blocks are started in Y2 at half price, 100 + 200.
    Sensitivity: with a site lead of 8 it is committed in Y2, too, and building begins in month 20,
    50 + 400 x 0.5^(20/12).
    """
    case: dict[str, Any] = {
        "Settings": {"build_cost_escalation": -0.5},
        "Periods": years(4),
        "Demand": demand(0, 0, 40, 40),
    }
    sites = {"site_lead_months": 10, "block_lead_months": 4, "site_cost": 100, "max_mw": 40}
    plan = solve(Sites=sites, **case)
    assert plan.cost == pytest.approx(300)
    assert binding(plan, "service_after_both_leads") == ["A, Y3", "A, Y4"]
    sooner = least_cost(Sites={**sites, "site_lead_months": 8}, **case)
    assert sooner == pytest.approx(50 + 400 * 0.5 ** (20 / 12))


@pytest.mark.slow
def test_blocks_per_period(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """20 MW in blocks of 10, at most one a period; unmet load costs 15 a MW-year.

    Proves: Y1 serves 10 MW and leaves 10 unmet, 2 x 100 + 150. Sensitivity: two at once, 200.
    """
    case = {
        "Periods": years(2),
        "Demand": demand(20, 20),
        "Workloads": {"unmet_penalty_per_mw_year": 15},
    }
    sites = {"block_mw": 10, "max_blocks_per_period": 1}
    paced = solve(Sites=sites, **case)
    assert paced.cost == pytest.approx(350)
    assert binding(paced, "blocks_per_period") == ["A, Y1", "A, Y2"]
    assert cost_without(
        book(Sites=sites, **case), tmp_path / "w", "blocks_per_period"
    ) == pytest.approx(200)
    assert least_cost(Sites={**sites, "max_blocks_per_period": 2}, **case) == pytest.approx(200)


@pytest.mark.slow
def test_first_start_is_large_enough(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: a minimum of 60 MW builds 60 for 40 asked for, and no more a year later for 65 asked
    for than the 5 missing, at nine tenths of the price. Sensitivity: without a minimum 400; without
    the limit 400.
    """
    assert least_cost(Sites={"min_mw": 60}) == pytest.approx(600)
    case = {"Periods": years(2), "Demand": demand(40, 65)}
    growing = solve(Sites={"min_mw": 60}, Settings={"build_cost_escalation": -0.1}, **case)
    assert growing.cost == pytest.approx(645)
    assert growing["Build"]["started_mw"].tolist() == pytest.approx([60, 5])
    assert binding(growing, "first_start_large_enough") == ["A, Y1"]
    assert least_cost(Sites={"min_mw": 0}) == pytest.approx(400)
    without = cost_without(book(Sites={"min_mw": 60}), tmp_path / "w", "first_start_large_enough")
    assert without == pytest.approx(400)


@pytest.mark.slow
def test_minimum_in_whole_blocks(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a minimum of 60 MW in blocks of 25 is three blocks. Sensitivity: no minimum, two."""
    assert solve(Sites={"block_mw": 25, "min_mw": 60}).cost == pytest.approx(750)
    assert least_cost(Sites={"block_mw": 25}) == pytest.approx(500)


@pytest.mark.slow
def test_earliest_start(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: no start before 2028 leaves 2027 unmet, 40 x 20 + 400. Sensitivity: no date, 400."""
    case = {
        "Periods": years(2),
        "Demand": demand(40, 40),
        "Workloads": {"unmet_penalty_per_mw_year": 20},
    }
    late = solve(Sites={"earliest_start": "2028-01-01"}, **case)
    assert late.cost == pytest.approx(1200)
    assert unmet(late) == [40, 0]
    # A day later than a period begins is the next period.
    too_late = solve(Sites={"earliest_start": "2028-01-02"}, **case)
    assert unmet(too_late) == [40, 40]
    assert least_cost(**case) == pytest.approx(400)


@pytest.mark.slow
def test_site_may_be_committed_before_its_earliest_start(solve: Solve) -> None:
    """Proves: committed in Y1 and started in Y2, with a year of site lead. Sensitivity: the same
    without an earliest start, for the lead alone gives Y2; without the lead it is Y1."""
    case = {
        "Periods": years(2),
        "Demand": demand(40, 40),
        "Workloads": {"unmet_penalty_per_mw_year": 20},
    }
    late = solve(Sites={"earliest_start": "2028-01-01", "site_lead_months": 12}, **case)
    assert late["Actions"]["action"].tolist() == ["commit site", "start building"]
    assert late["Actions"]["period"].tolist() == ["Y1", "Y2"]
    assert unmet(late) == unmet(solve(Sites={"site_lead_months": 12}, **case)) == [40, 0]
    assert unmet(solve(**case)) == [0, 0]


@pytest.mark.parametrize(
    ("status", "cost", "missing"),
    [
        # 7 M for the site, a year of site lead, 400 M of building; unmet 20 a MW-year.
        ("candidate", 800 + 7 + 400, [40, 0]),
        # Site cost is spent and the site is ready.
        ("committed", 400, [0, 0]),
        ("existing", 400, [0, 0]),
    ],
)
def test_status(solve: Solve, status: str, cost: float, missing: list[float]) -> None:
    """Proves: what a candidate waits and pays for is behind a committed or existing site.

    Sensitivity: the three statuses beside each other.
    """
    plan = solve(
        Periods=years(2),
        Demand=demand(40, 40),
        Sites={"status": status, "site_cost": 7, "site_lead_months": 12},
        Workloads={"unmet_penalty_per_mw_year": 20},
    )
    assert plan.cost == pytest.approx(cost)
    assert unmet(plan) == missing
    assert plan["Build"]["committed"].tolist() == [True, True]


@pytest.mark.slow
def test_excluded_site_is_left_out(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: with the site at 10 M excluded, the one at 12 M builds. Sensitivity: 400 with it."""

    def case(status: str) -> dict[str, Any]:
        return {
            "Sites": [
                {"site": "A", "status": status, "max_mw": 90, "build_cost_per_mw": 10},
                {"site": "B", "status": "candidate", "max_mw": 90, "build_cost_per_mw": 12},
            ],
            "Network": [{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
        }

    plan = solve(**case("excluded"))
    assert plan.cost == pytest.approx(480)
    assert set(plan["Build"]["site"]) == {"B"}
    assert least_cost(**case("candidate")) == pytest.approx(400)


@pytest.mark.parametrize(
    ("online", "missing"),
    [("2027-01-01", [10, 10]), ("2027-01-02", [30, 10]), ("2028-01-01", [30, 10])],
)
def test_under_construction_counts_from_its_date(
    solve: Solve, online: str, missing: list[float]
) -> None:
    """10 MW stand, 20 are being built, 40 are asked for, and there is room for no more.

    Proves: they count in the periods that begin on their date or later. Sensitivity: three dates.
    """
    plan = solve(
        Periods=years(2),
        Demand=demand(40, 40),
        Sites={
            "status": "existing",
            "existing_mw": 10,
            "under_construction_mw": 20,
            "under_construction_online": online,
            "max_mw": 30,
        },
        Workloads={"unmet_penalty_per_mw_year": 20},
    )
    assert unmet(plan) == missing
    assert plan.cost == pytest.approx(20 * sum(missing))


@pytest.mark.slow
def test_what_stands_takes_room(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: of 50 MW, 30 standing, blocks of 15 leave room for one: 15 unmet of 60 at 20.
    Sensitivity: max_mw 60 has room for both, 2 x 150."""
    case = {"Demand": demand(60), "Workloads": {"unmet_penalty_per_mw_year": 20}}
    sites = {"status": "existing", "existing_mw": 30, "block_mw": 15}
    assert solve(Sites={**sites, "max_mw": 50}, **case).cost == pytest.approx(150 + 15 * 20)
    assert least_cost(Sites={**sites, "max_mw": 60}, **case) == pytest.approx(300)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("leads", "starts", "commits"),
    [
        # In service two periods later at the earliest, so only the first start of three helps.
        ((0, 18), ["Y1"], ["Y1"]),
        # Both together take 30 months: nothing is in service before month 36.
        ((12, 18), [], []),
        # Month 24 is in time for Y3, though a start in Y2 needs no commitment before month 14.
        ((10, 14), ["Y1"], ["Y1"]),
        ((0, 0), ["Y1", "Y2", "Y3"], ["Y1", "Y2", "Y3"]),
    ],
)
def test_what_is_too_late_has_no_variable(
    tmp_path: Path, leads: tuple[int, int], starts: list[str], commits: list[str]
) -> None:
    """Proves: what cannot be in service within the horizon has no variable.

    Sensitivity: without leads every period has one.
    """
    site_lead, block_lead = leads
    case = book(
        Periods=years(3),
        Demand=demand(0, 0, 40),
        Sites={"site_lead_months": site_lead, "block_lead_months": block_lead},
        Workloads={"unmet_penalty_per_mw_year": 1},
    )
    m = program(case, tmp_path / "b").pyomo
    assert [period for _, period in m.started] == starts
    assert [period for _, period in m.committed] == commits


RETIRED = {"end_of_life": "retired", "life_years": 2}


def test_what_is_retired_is_built_anew(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """40 MW for four years at 15 M a MW-year unmet; what is built stands two years.

    Proves: 40 MW are started in Y1 and again in Y3, 800; with room for 60 the retired blocks leave
    none for the last 20, 600 + 20 x 2 x 15. Sensitivity: renewed they need no room, 800.
    """
    case = {
        "Periods": years(4),
        "Demand": demand(*[40] * 4),
        "Workloads": {"unmet_penalty_per_mw_year": 15},
    }
    plan = solve(Sites=RETIRED, **case)
    assert plan.cost == pytest.approx(800)
    build = plan["Build"]
    assert build["started_mw"].tolist() == pytest.approx([40, 0, 40, 0])
    assert build["installed_mw"].tolist() == build["online_mw"].tolist() == pytest.approx([40] * 4)
    narrow = {"Sites": RETIRED | {"max_mw": 60}, **case}
    plan = solve(**narrow)
    assert plan.cost == pytest.approx(1200)
    assert unmet(plan) == [0, 0, 20, 20]
    assert plan["Build"]["installed_mw"].tolist() == pytest.approx([40, 40, 20, 20])
    assert binding(plan, "service_after_block_lead") == [f"A, Y{k}" for k in (1, 2, 3, 4)]
    renewed = {"max_mw": 60, "life_years": 2, "end_of_life": "renewed"}
    assert least_cost(Sites=renewed, **case) == pytest.approx(800)
    online = plan["Build"].assign(online_mw=40.0)
    assert "service_after_block_lead" in broken(plan, narrow, tmp_path, Build=online)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("life", "cost", "short"),
    [
        (1.5, 960, [0, 40, 40, 40]),
        (2, 720, [0, 0, 0, 40]),
        (2.9, 720, [0, 0, 0, 40]),
        (3, 400, [0, 0, 0, 0]),
    ],
)
def test_a_life_runs_from_the_first_period_in_service(
    solve: Solve, life: float, cost: float, short: list[float]
) -> None:
    """Started in Y1 with a lead of six months, in service from Y2 on; 8 M a MW-year unmet.

    Proves: a life of two years, and one of 2.9, serves Y2 and Y3, 400 + 40 x 8; one of a year and a
    half would serve Y2 alone and is not worth 400 M; three years serve all. Sensitivity: four lives.
    """
    plan = solve(
        Periods=years(4),
        Demand=demand(0, 40, 40, 40),
        Sites=RETIRED | {"life_years": life, "block_lead_months": 6},
        Workloads={"unmet_penalty_per_mw_year": 8},
    )
    assert plan.cost == pytest.approx(cost)
    assert unmet(plan) == pytest.approx(short)


@pytest.mark.slow
def test_what_is_retired_serves_no_longer_than_it_lives(solve: Solve) -> None:
    """Two periods of ten years, a life of five, nothing else to serve 100 MW from.

    Proves: no start could serve a whole period, so there is none and no plan; at 2 M a MW-year
    unmet all of it is unmet, 100 x 20 x 2. Sensitivity: with a life of ten years each start serves
    one period, 2 x 100 x 10.
    """
    case = {"Periods": years(2, months=120), "Demand": demand(100, 100)}
    with pytest.raises(optalloc.InfeasibleError):
        solve(Sites=RETIRED | {"life_years": 5}, **case)
    priced = case | {"Workloads": {"unmet_penalty_per_mw_year": 2}}
    assert solve(Sites=RETIRED | {"life_years": 5}, **priced).cost == pytest.approx(4000)
    longer = {"life_years": 10, "max_mw": 200}
    assert solve(Sites=RETIRED | longer, **priced).cost == pytest.approx(2000)


@pytest.mark.slow
def test_a_start_that_could_serve_no_whole_period_is_passed_over(solve: Solve) -> None:
    """Periods of one, three and one years, a life of one year, 40 MW asked for in all.

    Proves: Y1 and Y3 are served by starts of their own and Y2, longer than the life, is unmet at
    100 M a MW-year: 800 + 40 x 3 x 100. Sensitivity: a life of three years serves Y2 as well.
    """
    periods = [
        {"period": "Y1", "start": "2027-01-01", "months": 12},
        {"period": "Y2", "start": "2028-01-01", "months": 36},
        {"period": "Y3", "start": "2031-01-01", "months": 12},
    ]
    case = {
        "Periods": periods,
        "Demand": demand(40, 40, 40),
        "Workloads": {"unmet_penalty_per_mw_year": 100},
    }
    plan = solve(Sites=RETIRED | {"life_years": 1}, **case)
    assert plan.cost == pytest.approx(800 + 12000)
    assert plan["Build"]["started_mw"].tolist() == pytest.approx([40, 0, 40])
    assert unmet(plan) == pytest.approx([0, 40, 0])
    longer = solve(Sites=RETIRED | {"life_years": 3, "max_mw": 120}, **case)
    assert longer.cost == pytest.approx(1200)


@pytest.mark.slow
def test_service_is_kept_until_it_is_retired(solve: Solve, tmp_path: Path) -> None:
    """40, 10 and 10 MW are asked for; a MW in service costs 1 M a year and stands two years.

    Proves: all 40 stay in service for two years, then 10 are built anew: 400 + 80 + 100 + 10.
    Sensitivity: without the limit 30 go out of service in Y2, 30 less.
    """
    case = {
        "Periods": years(3),
        "Sites": RETIRED | {"cost_per_mw_year": 1},
        "Demand": demand(40, 10, 10),
    }
    plan = solve(**case)
    assert plan.cost == pytest.approx(590)
    assert plan["Build"]["online_mw"].tolist() == pytest.approx([40, 40, 10])
    assert cost_without(book(**case), tmp_path / "w", "service_kept") == pytest.approx(560)
    early = plan["Build"].assign(online_mw=[40.0, 30.0, 10.0])
    assert broken(plan, case, tmp_path / "early", Build=early) == {"service_kept"}


@pytest.mark.slow
def test_nothing_is_retired_that_stood_before_or_outlives_the_horizon(
    solve: Solve, tmp_path: Path
) -> None:
    """Proves: 40 MW that stood before stay, 0; a life that ends with the horizon or later leaves the
    rows as they are. Sensitivity: a year less and they change."""
    three = {"Periods": years(3), "Demand": demand(40, 40, 40)}
    standing = {"status": "existing", "existing_mw": 40, "max_mw": 40}
    assert solve(Sites=RETIRED | standing, **three).cost == 0

    def entries(name: str, **columns: Any) -> list[tuple[int, int, float]]:
        matrix = compiled({**three, "Sites": columns}, tmp_path / name).matrix.tocoo()
        return sorted(zip(matrix.row, matrix.col, matrix.data, strict=True))

    as_now = entries("now")
    assert entries("late", end_of_life="retired", life_years=3) == as_now
    assert entries("soon", end_of_life="retired", life_years=2) != as_now


@pytest.mark.slow
@few
@given(
    site=st.fixed_dictionaries(
        {
            "block_mw": st.sampled_from([10, 15, 25]),
            "build_cost_per_mw": st.integers(5, 20),
            "life_years": st.integers(1, 3),
            "block_lead_months": st.sampled_from([0, 12]),
        }
    ),
    asked=st.lists(st.integers(0, 50), min_size=4, max_size=4),
    penalty=st.integers(5, 30),
)
def test_brute_force_of_retirement(
    solve: Solve, site: dict[str, Any], asked: list[int], penalty: int
) -> None:
    """Proves: the cost is the least over every number of blocks in each of four years, up to three
    in all, each in service from its lead on for its life."""
    mw, lead = site["block_mw"], site["block_lead_months"] // 12

    def cost(starts: tuple[int, ...]) -> float:
        online = [0] * 4
        for year, blocks in enumerate(starts):
            for at in range(year + lead, min(4, year + lead + site["life_years"])):
                online[at] += blocks * mw
        short = sum(max(0, want - have) for want, have in zip(asked, online, strict=True))
        grown = sum(blocks * 1.1**year for year, blocks in enumerate(starts))
        return grown * mw * site["build_cost_per_mw"] + penalty * short

    best = min(cost(s) for s in itertools.product(range(4), repeat=4) if sum(s) <= 3)
    plan = solve(
        Settings={"build_cost_escalation": 0.1},
        Periods=years(4),
        Sites=site | {"end_of_life": "retired", "max_mw": 3 * mw},
        Demand=demand(*asked),
        Workloads={"unmet_penalty_per_mw_year": penalty},
    )
    assert plan.cost == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(
    ("sites", "code"),
    [
        ({"existing_mw": 70, "under_construction_mw": 40}, "site-too-small"),
        ({"min_mw": 120}, "min-above-max"),
        ({"block_mw": 120}, "min-above-max"),
        # One block of 60 fits, and is less than the minimum.
        ({"block_mw": 60, "min_mw": 70}, "min-above-max"),
        ({"under_construction_mw": 20}, "construction-date"),
        ({"under_construction_online": "2027-06-01"}, "construction-date"),
        ({"max_blocks_per_period": 2}, "blocks-without-size"),
        ({"status": "excluded"}, "no-site"),
    ],
)
def test_errors(solve: Solve, sites: dict[str, Any], code: str) -> None:
    """Proves: each code of the family is raised, once. Sensitivity: the base case raises none."""
    with pytest.raises(optalloc.InputError) as raised:
        solve(Sites=sites)
    codes = [problem.code for problem in raised.value.problems]
    assert codes.count(code) == 1


@pytest.mark.slow
@few
@given(
    max_mw=st.lists(st.integers(20, 90), min_size=2, max_size=2),
    block=st.sampled_from([None, 15]),
)
def test_less_room_never_costs_less(solve: Solve, max_mw: list[int], block: int | None) -> None:
    """Proves: of two values of max_mw the smaller never gives the smaller cost."""

    def cost(most: int) -> float:
        return solve(
            Periods=years(2),
            Demand=demand(30, 60),
            Sites={"max_mw": most, "block_mw": block, "site_cost": 20},
            Workloads={"unmet_penalty_per_mw_year": 14},
        ).cost

    small, large = sorted(max_mw)
    assert cost(small) >= cost(large) - 1e-6


@few
@given(
    sites=st.lists(
        st.fixed_dictionaries(
            {
                "block_mw": st.sampled_from([10, 15, 25]),
                "build_cost_per_mw": st.integers(5, 20),
                "site_cost": st.integers(0, 200),
                "block_lead_months": st.sampled_from([0, 12]),
            }
        ),
        min_size=2,
        max_size=2,
    ),
    asked=st.lists(st.integers(0, 50), min_size=2, max_size=2),
    penalty=st.integers(5, 30),
)
def test_brute_force(
    solve: Solve, sites: list[dict[str, Any]], asked: list[int], penalty: int
) -> None:
    """Proves: the cost is the least over every number of blocks, up to two at each of two sites.

    In each of two years every count of blocks is tried; a site is committed when its first block
    starts, costs grow by a tenth a year, and what is not served is paid for.
    """
    grown = [1.0, 1.1]
    plans = [(first, both) for both in range(3) for first in range(both + 1)]

    def cost(chosen: tuple[tuple[int, int], ...]) -> float:
        total, online = 0.0, [0.0, 0.0]
        for site, (first, both) in zip(sites, chosen, strict=True):
            mw = site["block_mw"]
            for year, blocks in enumerate((first, both - first)):
                total += blocks * mw * site["build_cost_per_mw"] * grown[year]
            if both:
                total += site["site_cost"] * grown[0 if first else 1]
            late = site["block_lead_months"] == 12
            online[0] += 0 if late else first * mw
            online[1] += (first if late else both) * mw
        short = [max(0.0, mw - have) for mw, have in zip(asked, online, strict=True)]
        return total + penalty * sum(short)

    best = min(cost(chosen) for chosen in itertools.product(plans, repeat=2))
    named = [
        {"site": name, "status": "candidate", "max_mw": 2 * site["block_mw"], **site}
        for name, site in zip("AB", sites, strict=True)
    ]
    plan = solve(
        Settings={"build_cost_escalation": 0.1},
        Periods=years(2),
        Sites=named,
        Demand=demand(*asked),
        Network=[{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
        Workloads={"unmet_penalty_per_mw_year": penalty},
    )
    assert plan.cost == pytest.approx(best, abs=1e-6)
