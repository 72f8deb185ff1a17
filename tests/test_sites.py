"""Sites and building: each limit in a case solved by hand."""

from __future__ import annotations

from collections.abc import Callable

import optalloc
import pytest

from tests.books import demand, years

Solve = Callable[..., optalloc.Plan]


def test_cost_of_one_site_is_its_arithmetic(solve: Solve) -> None:
    """Proves: 40 MW at 10 M plus the site's 7 M. Sensitivity: without site_cost 400."""
    assert solve(Sites={"site_cost": 7}).cost == pytest.approx(407)
    assert solve().cost == pytest.approx(400)


def test_whole_blocks(solve: Solve) -> None:
    """Proves: 40 MW of demand takes two blocks of 25. Sensitivity: any size, 40 MW."""
    assert solve(Sites={"block_mw": 25}).cost == pytest.approx(500)
    assert solve(Sites={"block_mw": None}).cost == pytest.approx(400)


def test_block_lead_delays_service(solve: Solve) -> None:
    """Proves: a lead of 6 months, begun in Y1, serves Y2 and not Y1. Sensitivity: lead 0 serves Y1."""
    case = {
        "Periods": years(2),
        "Demand": demand(40, 40),
        "Workloads": {"unmet_penalty_per_mw_year": 100},
    }
    late = solve(Sites={"block_lead_months": 6}, **case)
    assert late["Service"].set_index("period")["unmet_mw"].to_dict() == {"Y1": 40, "Y2": 0}
    assert late.cost == pytest.approx(40 * 100 + 400)
    assert solve(Sites={"block_lead_months": 0}, **case).cost == pytest.approx(400)
