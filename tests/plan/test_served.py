"""What would serve demand that a plan leaves unmet, as the table of marginal values says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import optalloc
from optalloc.plan.planfile import read_plan

Solve = Callable[..., optalloc.Plan]


def test_a_limit_says_what_one_percent_more_of_it_serves(solve: Solve, tmp_path: Path) -> None:
    """A zone carries 30 of the 40 MW asked for; building costs 10 M a MW, a MW unmet 12 M.

    Proves: 1 % more is 0.3 MW, which are served for 0.3 x (12 - 10) = 0.6 M less; the plan's file
    says the same, and the page has a section of it.
    Sensitivity: where the zone carries 50 MW nothing is unmet, and nothing cures it.
    """
    case = {
        "Sites": {"grid_zone": "East"},
        "Workloads": {"unmet_penalty_per_mw_year": 12},
    }
    plan = solve(GridZones=[{"zone": "East", "period": "Y1", "max_total_mw": 30}], **case)
    row = plan["Marginals"].set_index("limit").loc["zone_total"]
    assert row["saving_per_percent"] == pytest.approx(0.6)
    assert (row["cures"], row["serves"]) == (True, "0.3 MW IT of load in R, Y1")
    plan.to_excel(tmp_path / "plan.xlsx")
    read = read_plan(tmp_path / "plan.xlsx")["Marginals"].set_index("limit").loc["zone_total"]
    assert (read["cures"], read["serves"]) == (True, row["serves"])
    plan.to_html(tmp_path / "report.html")
    assert "What would serve more of it" in (tmp_path / "report.html").read_text("utf-8")
    ample = solve(GridZones=[{"zone": "East", "period": "Y1", "max_total_mw": 50}], **case)
    assert not ample["Marginals"]["cures"].any()
