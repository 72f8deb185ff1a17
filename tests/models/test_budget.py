"""Budget: capital by period, in cases solved by hand.

A costs 10 M per MW, paid evenly over a lead of two years; B costs 12 and is online at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken

NETWORK = [{"site": site, "region": "R", "latency_ms": 10} for site in "AB"]
SITES = [
    {"site": "A", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 10, "site_cost": 6,
     "block_lead_months": 24, "spend_profile": "even"},
    {"site": "B", "status": "candidate", "max_mw": 100, "build_cost_per_mw": 12,
     "spend_profile": "at_start"},
]  # fmt: skip
CASE: dict[str, Any] = {
    "Network": NETWORK,
    "Sites": SITES,
    "Periods": years(4),
    "Demand": demand(0, 0, 40, 40),
}


def budget(**columns: Any) -> dict[str, Any]:
    return {**CASE, "Budgets": [{"period": "Y1", **columns}]}


def test_capital_in_a_period(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: A for Y3 starts in Y1, paid half in Y1 and half in Y2. With 106 M in Y1, 6 for the
    site and 5 a MW pay for 20 MW; B takes the other 20: 6 + 200 + 240. Sensitivity: without the
    limit all at A: 406; as much in Y3, where nothing is paid, binds nobody."""
    case = budget(max_capital=106)
    plan = solve(**case)
    assert plan.cost == pytest.approx(446)
    assert binding(plan, "capital_in_period") == ["Y1"]
    assert cost_without(book(**case), tmp_path / "w", "capital_in_period") == pytest.approx(406)
    assert least_cost(**budget(period="Y3", max_capital=106)) == pytest.approx(406)


@pytest.mark.slow
def test_capital_to_date(solve: Solve, tmp_path: Path) -> None:
    """Proves: 206 M up to the end of Y2 pay for the site and 20 MW of A; B, in Y3, is outside.
    Sensitivity: 446 up to Y3 allow the same and no more; 405 up to Y3 allow nothing."""
    case = budget(period="Y2", max_capital_to_date=206)
    plan = solve(**case)
    assert plan.cost == pytest.approx(446)
    assert binding(plan, "capital_to_date") == ["Y2"]
    assert cost_without(book(**case), tmp_path / "w", "capital_to_date") == pytest.approx(406)
    with pytest.raises(optalloc.InfeasibleError):
        solve(**budget(period="Y3", max_capital_to_date=405))


@pytest.mark.slow
def test_renewals_are_capital_too(solve: Solve) -> None:
    """Proves: B, built for Y1 with a life of two years, is renewed in Y3 for 480 M, which 479 do not
    pay; 480 do."""
    case = {
        **CASE,
        "Sites": [SITES[1] | {"life_years": 2}],
        "Network": NETWORK[1:],
        "Demand": demand(40, 40, 40, 40),
    }
    with pytest.raises(optalloc.InfeasibleError):
        solve(**case, Budgets=[{"period": "Y3", "max_capital": 479}])
    assert solve(**case, Budgets=[{"period": "Y3", "max_capital": 480}]).cost == pytest.approx(960)


@pytest.mark.long
def test_the_audit_sees_too_much_capital(solve: Solve, tmp_path: Path) -> None:
    """Proves: a cost altered by hand breaks both limits in the audit alone."""
    case = budget(max_capital=106, max_capital_to_date=106)
    plan = solve(**case)
    assert not broken(plan, case, tmp_path / "kept")
    cost = plan["Cost"].assign(cash=plan["Cost"]["cash"] * 1.1)
    found = broken(plan, case, tmp_path / "changed", Cost=cost)
    assert found >= {"capital_in_period", "capital_to_date"}


def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    assert_adds_nothing(CASE, "budget", tmp_path)
