"""Demand left unmet is explained: where, when, how much, at what cost, why, and what cures it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests import books
from tests.books import book, demand, years


def explained(folder: Path, **sheets: Any) -> optalloc.Findings:
    return optalloc.explain(books.write(book(**sheets), folder / "book"), budget_s=30)


@pytest.mark.long
def test_a_full_grid_zone_is_named_with_its_cure(tmp_path: Path) -> None:
    """Proves: of 40 MW 30 are built at 10 M and 10 left at 50 M; 10 MW more of the zone cost 100 M of
    building in place of 500 M of penalty.

    Sensitivity: with no zone nothing is unmet, and nothing is said of it.
    """
    zone = {"zone": "Z", "period": "Y1", "max_total_mw": 30, "max_new_mw": None}
    sheets = {"Workloads": {"unmet_penalty_per_mw_year": 50}, "Sites": {"grid_zone": "Z"}}
    said = explained(tmp_path, **sheets, GridZones=[zone])
    text = said.to_text()
    assert "Demand left unmet costs 500 M of the plan's 800 M." in text
    assert (
        "Of load in R 10 MW IT in Y1 are left unmet, at a penalty of 500 M (Workloads!B2)." in text
    )
    assert "reachable energised capacity 30 MW (Demand!D2, GridZones!C2)" in text
    assert "max_total_mw at GridZones!C2 from 30 to 40 MW grid; the plan then costs 400 M" in text
    (row,) = said["LeftUnmet"].to_dict("records")
    assert (row["about"], row["period"], row["amount"]) == ("load in R", "Y1", pytest.approx(10))
    assert row["cost"] == pytest.approx(500)
    without = explained(tmp_path / "open", **sheets)
    assert "unmet" not in without.to_text() and without["LeftUnmet"].empty


@pytest.mark.slow
def test_leads_too_long_for_the_first_period_are_named(tmp_path: Path) -> None:
    """Proves: nothing serves before 12 months of lead, said with its cell; of 40 MW in Y1 and 120 in
    Y2, where 100 can be built, a lead of none saves the 40 x 20 M of the first year and no more.

    Sensitivity: the plan leaves 40 and 20 MW, 60 x 20 = 1,200 M, and builds 100 MW for 1,000 M.
    """
    said = explained(
        tmp_path,
        Periods=years(2),
        Demand=demand(40, 120),
        Sites={"block_lead_months": 12},
        Workloads={"unmet_penalty_per_mw_year": 20},
    ).to_text()
    assert "Demand left unmet costs 1,200 M of the plan's 2,200 M." in said
    assert "40 MW IT in Y1, 20 MW IT in Y2 are left unmet" in said
    assert (
        "A can have new capacity in service from Y2 on, after 0 and 12 months of lead (Sites!E2)"
        in said
    )
    assert "with which more of it can: block_lead_months at Sites!E2 from 12 to 0 months" in said
    assert "the plan then costs 1,400 M, 800 M less" in said


@pytest.mark.slow
def test_no_arc_within_the_latency_is_named(tmp_path: Path) -> None:
    """Proves: the nearest site, 10 ms away where 5 are allowed, is named with the cell of the limit,
    and the cure: 40 MW at 10 M in place of 50."""
    said = explained(
        tmp_path, Workloads={"max_latency_ms": 5, "unmet_penalty_per_mw_year": 50}
    ).to_text()
    assert "the nearest site to R, A, is 10 ms away, and load must be served within 5 ms" in said
    assert "(Workloads!B2)" in said
    assert "max_latency_ms at Workloads!B2 from 5 to 10 ms" in said
    assert "the plan then costs 400 M, 1,600 M less" in said


def test_what_could_be_met_at_a_higher_cost_is_said(tmp_path: Path) -> None:
    """Proves: 40 MW at 10 M are not built where leaving them costs 5 M; building them is 200 M more."""
    said = explained(tmp_path, Workloads={"unmet_penalty_per_mw_year": 5}).to_text()
    assert "Within the limits as they are, meeting all demand costs 200 M more." in said
