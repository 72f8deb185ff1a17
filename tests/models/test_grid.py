"""Grid: zones and connections, each limit in a case solved by hand.

A stands in zone Z and costs 10 M per MW of IT; B stands in none and costs 12. A grid MW is an IT MW
times the PUE of 1.25.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

NETWORK = [{"site": site, "region": "R", "latency_ms": 10} for site in ("A", "B")]


def sites(**a: Any) -> list[dict[str, Any]]:
    """A in zone Z, changed as asked, and B."""
    common = {"status": "candidate", "max_mw": 100}
    return [
        {"site": "A", "build_cost_per_mw": 10, "grid_zone": "Z", "pue": 1.25, **common, **a},
        {"site": "B", "build_cost_per_mw": 12, **common},
    ]


def zone(**columns: Any) -> list[dict[str, Any]]:
    """The same limits on Z in Y1 and Y2."""
    return [{"zone": "Z", "period": f"Y{k}", **columns} for k in (1, 2)]


TWO_YEARS = {"Network": NETWORK, "Sites": sites(), "Periods": years(2), "Demand": demand(20, 50)}


@pytest.mark.long
@pytest.mark.first(1)
def test_zone_total_limits_all_that_is_online(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: 25 MW of grid carry 20 MW at A; the 30 others stand at B: 200 + 360.
    Sensitivity: without the limit all 50 at A, 500; at a PUE of 1, 25 at A and 25 at B, 550."""
    case = {**TWO_YEARS, "Demand": demand(50, 50), "GridZones": zone(max_total_mw=25)}
    plan = solve(**case)
    assert plan.cost == pytest.approx(560)
    assert binding(plan, "zone_total") == ["Z, Y1", "Z, Y2"]
    assert cost_without(book(**case), tmp_path / "without", "zone_total") == pytest.approx(500)
    assert least_cost(**case | {"Sites": sites(pue=1)}) == pytest.approx(550)


@pytest.mark.slow
def test_zone_energisation_limits_what_is_new(solve: Solve, tmp_path: Path) -> None:
    """Proves: 25 MW of grid a year energise 20 MW at A in Y1 and 20 more in Y2; 10 stand at B:
    400 + 120. Sensitivity: without the limit 500; as a limit on all that is online 560."""
    case = {**TWO_YEARS, "GridZones": zone(max_new_mw=25)}
    plan = solve(**case)
    assert plan.cost == pytest.approx(520)
    assert binding(plan, "zone_energisation") == ["Z, Y1", "Z, Y2"]
    assert cost_without(book(**case), tmp_path / "w", "zone_energisation") == pytest.approx(500)


@pytest.mark.slow
def test_connection_is_zero_before_its_first_row(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: A, energised with 25 MW from Y2 on, has none in Y1, so all 30 stand at B, 360.
    Sensitivity: energised from Y1 on, A takes 20: 200 + 120."""
    case = {**TWO_YEARS, "Demand": demand(30, 30)}
    late = [{"site": "A", "period": "Y2", "energised_mw": 25}]
    assert solve(**case, PowerRamp=late).cost == pytest.approx(360)
    early = [{**late[0], "period": "Y1"}]
    assert least_cost(**case, PowerRamp=early) == pytest.approx(320)


def test_connection_carries_forward(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: A, energised with 25 MW from Y2 on, has no more in Y3, so B takes 20 of 40: 200 + 240.
    Sensitivity: 37.5 MW from Y3 on let A take 30: 300 + 120; without the limit A takes all 40, 400.
    B, which is not named, is not limited."""
    case = {
        **TWO_YEARS,
        "Periods": years(3),
        "Demand": demand(10, 30, 40),
        "PowerRamp": [{"site": "A", "period": "Y2", "energised_mw": 25}],
    }
    plan = solve(**case)
    assert plan.cost == pytest.approx(440)
    assert "A, Y3" in binding(plan, "connection")
    more = [*case["PowerRamp"], {"site": "A", "period": "Y3", "energised_mw": 37.5}]
    assert least_cost(**case | {"PowerRamp": more}) == pytest.approx(420)
    assert cost_without(book(**case), tmp_path / "without", "connection") == pytest.approx(400)


STANDING = {"existing_mw": 20, "under_construction_mw": 20}
GROWN = {**TWO_YEARS, "Demand": demand(40, 70)}


@pytest.mark.slow
def test_what_exists_is_not_new_and_what_is_under_construction_is(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: beside 20 MW that exist, 25 MW of grid let A add 20 in Y1; in Y2 the 20 MW under
    construction take them all, so 10 stand at B: 200 + 120. Sensitivity: were the 20 MW under
    construction online before the base date, A could add 30: 300."""
    case = {**GROWN, "GridZones": zone(max_new_mw=25)}
    later = sites(**STANDING, under_construction_online="2028-01-01")
    assert solve(**case | {"Sites": later}).cost == pytest.approx(320)
    earlier = sites(**STANDING, under_construction_online="2026-12-01")
    assert least_cost(**case | {"Sites": earlier}) == pytest.approx(300)


@pytest.mark.slow
def test_what_is_online_on_the_first_day_is_new(solve: Solve) -> None:
    """Proves: 20 MW under construction, online on the first day, are energised in Y1 and need
    25 MW of grid. Sensitivity: online the day before they need none."""
    case = {"Demand": demand(20), "GridZones": zone(max_new_mw=0)[:1], "Network": NETWORK}
    first = sites(under_construction_mw=20, under_construction_online="2027-01-01")
    with pytest.raises(optalloc.InfeasibleError) as refusal:
        solve(**case, Sites=first)
    assert refusal.value.shortfalls["amount"].tolist() == pytest.approx([25])
    before = sites(under_construction_mw=20, under_construction_online="2026-12-31")
    assert solve(**case, Sites=before).cost == pytest.approx(0)


@pytest.mark.slow
def test_zone_total_includes_what_exists_and_is_under_construction(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: 62.5 MW of grid carry 50 MW at A, of which 40 stand by Y2, so A adds 10 and B takes
    20: 100 + 240. Sensitivity: without the limit A adds 30: 300."""
    standing = sites(**STANDING, under_construction_online="2028-01-01")
    case = GROWN | {"Sites": standing}
    assert solve(**case, GridZones=zone(max_total_mw=62.5)).cost == pytest.approx(340)
    assert least_cost(**case, GridZones=zone()) == pytest.approx(300)


@pytest.mark.slow
def test_sites_of_a_zone_share_its_limit(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: with B in the zone, 40 MW of grid hold 32 of A or 40 of B, at PUE 1.25 and 1; all 40
    MW of demand at B: 480. Sensitivity: B outside it, 32 at A and 8 at B: 416."""
    a, b = sites()
    case = {"Network": NETWORK, "Demand": demand(40), "GridZones": zone(max_total_mw=40)[:1]}
    assert solve(**case, Sites=[a, b | {"grid_zone": "Z"}]).cost == pytest.approx(480)
    assert least_cost(**case, Sites=[a, b]) == pytest.approx(416)


@pytest.mark.long
def test_the_audit_sees_too_much_power(solve: Solve, tmp_path: Path) -> None:
    """Proves: ten MW more in service at A, and each limit is found broken by the audit alone."""
    ramp = [{"site": "A", "period": "Y1", "energised_mw": 25}]
    both = zone(max_new_mw=25, max_total_mw=25)
    case = {**TWO_YEARS, "GridZones": both, "PowerRamp": ramp}
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    build = plan["Build"].assign(online_mw=plan["Build"]["online_mw"] + 10.0)
    found = broken(plan, case, tmp_path / "changed", Build=build)
    assert found >= {"zone_energisation", "zone_total", "connection"}


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(TWO_YEARS, "grid", tmp_path)


def test_a_zone_needs_every_period(solve: Solve) -> None:
    """Proves: a zone named for Y1 alone gives one message, at its cell."""
    (message,) = problems(solve, **TWO_YEARS, GridZones=zone(max_new_mw=25)[:1])
    assert message.startswith("GridZones!B2: ")
    assert message.endswith("[missing-period]")
