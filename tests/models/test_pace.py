"""Pace: each limit in a case solved by hand.

A costs 10 M per MW of IT, B 12 and C 15; A and B stand in jurisdiction US, C in JP.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

NETWORK = [{"site": site, "region": "R", "latency_ms": 10} for site in "ABC"]


def sites(**common: Any) -> list[dict[str, Any]]:
    """A and B in the US, C in Japan, 40 MW each."""
    prices = {"A": (10, "US"), "B": (12, "US"), "C": (15, "JP")}
    return [
        {"site": site, "build_cost_per_mw": cost, "jurisdiction": where, "market": where,
         "status": "candidate", "max_mw": 40, **common}
        for site, (cost, where) in prices.items()
    ]  # fmt: skip


CASE: dict[str, Any] = {
    "Network": NETWORK,
    "Sites": sites(),
    "Periods": years(2),
    "Demand": demand(60, 60),
}


def pace(**columns: Any) -> dict[str, Any]:
    return {**CASE, "Pace": [{"pace": "P", **columns}]}


def test_sites_of_a_jurisdiction_begun_in_a_period(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: with one site of the US a year, A and C carry the 60 MW: 400 + 300.
    Sensitivity: without the limit A and B: 400 + 240; over all sites there is no plan at all."""
    case = pace(jurisdiction="US", max_sites=1)
    plan = solve(**case)
    assert plan.cost == pytest.approx(700)
    assert binding(plan, "sites_per_period")[0] == "P, Y1"
    assert cost_without(book(**case), tmp_path / "w", "sites_per_period") == pytest.approx(640)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**pace(max_sites=1))
    assert least_cost(**pace(max_sites=1, period="Y2")) == pytest.approx(640)


@pytest.mark.slow
def test_megawatts_begun_in_a_period(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: 50 MW of the US in Y1 leave 10 to C: 400 + 120 + 150. Sensitivity: without the limit
    400 + 240; with the demand of 60 in Y2 alone, 50 MW a year are enough."""
    case = pace(market="US", max_start_mw=50)
    plan = solve(**case)
    assert plan.cost == pytest.approx(670)
    assert "P, Y1" in binding(plan, "mw_started_per_period")
    assert cost_without(book(**case), tmp_path / "w", "mw_started_per_period") == pytest.approx(640)
    assert least_cost(**case | {"Demand": demand(10, 60)}) == pytest.approx(640)


@pytest.mark.slow
def test_growth_over_half_years(solve: Solve, tmp_path: Path) -> None:
    """Proves: at 44 % a year 50 MW grow to 60 in a half-year, 1.44^0.5, and 10 more are allowed, so
    of 80 MW in Y2 at least 58.33 stand in Y1. Nothing else costs, so all 80 are paid in any case;
    what shows is the MW online. Sensitivity: without the limit Y1 needs no more than its demand."""
    running = [site | {"cost_per_mw_year": 2} for site in sites()]
    case = {
        **pace(max_growth_per_year=0.44, growth_allowance_mw=10),
        "Sites": running,
        "Periods": years(2, months=6),
        "Demand": demand(20, 80),
    }
    plan = solve(**case)
    online = plan["Build"].groupby("period")["online_mw"].sum()
    assert online["Y1"] == pytest.approx((80 - 10) / 1.2)
    assert binding(plan, "growth") == ["P, Y2"]
    # 800 + 80 of building, then half a year of running at 2 a MW-year, in both periods.
    assert plan.cost == pytest.approx(880 + (70 / 1.2 + 80) * 2 / 2)
    free = cost_without(book(**case), tmp_path / "w", "growth")
    assert free == pytest.approx(880 + (20 + 80) * 2 / 2)


def test_the_audit_sees_too_fast_a_pace(solve: Solve, tmp_path: Path) -> None:
    """Proves: a plan altered by hand breaks each limit in the audit alone."""
    case = pace(max_sites=2, max_start_mw=60, max_growth_per_year=0)
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    build = plan["Build"].assign(committed=True, started_mw=plan["Build"]["started_mw"] + 1)
    late = build["period"] == "Y2"
    build["online_mw"] += late * 5.0
    found = broken(plan, case, tmp_path / "changed", Build=build)
    assert found >= {"sites_per_period", "mw_started_per_period", "growth"}


@pytest.mark.slow
def test_an_open_site_is_not_begun(solve: Solve) -> None:
    """Proves: a site committed before counts for nothing: A and B without breaking one site a year."""
    a, b, c = sites()
    case = pace(max_sites=1) | {"Sites": [a | {"status": "committed"}, b, c]}
    assert solve(**case).cost == pytest.approx(640)


@pytest.mark.slow
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "pace", tmp_path)


def test_a_row_must_limit_something(solve: Solve) -> None:
    """Proves: a row without a limit is said, and nothing else."""
    (message,) = problems(solve, **pace(growth_allowance_mw=5))
    assert message.startswith("Pace!A2: ")
    assert message.endswith("[no-limit]")
    (message,) = problems(solve, **pace(market="Mars", max_sites=1))
    assert message.startswith("Pace!B2: ")
