"""Bounds as large as "unlimited": what is decided is bounded by need, so that the least cost is right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import Book, book, demand, least_cost, years
from tests.books import solve as solve_book

Solve = Callable[..., optalloc.Plan]
LIMITLESS = pytest.mark.parametrize(
    "limitless_mw",
    [1e3, 1e9, *(pytest.param(mw, marks=pytest.mark.slow) for mw in (1e6, 1e7, 1e11))],
)


def two_sites(low_mw: float, high_mw: float, dear: dict[str, Any], cheap: dict[str, Any]) -> Book:
    """A dear site and a cheap one in a zone, and demand in two years."""
    named = {"grid_zone": "Z", "status": "candidate"}
    costs = ({"site_cost": 7600, "build_cost_per_mw": 10.4},
             {"site_cost": 1, "build_cost_per_mw": 8.2, "min_mw": 10})  # fmt: skip
    return book(
        Periods=years(2),
        Sites=[
            {"site": "Dear", **named, **costs[0], **dear},
            {"site": "Cheap", **named, **costs[1], **cheap},
        ],
        Network=[{"site": s, "region": "R", "latency_ms": 10} for s in ("Dear", "Cheap")],
        Demand=demand(low_mw, high_mw),
        GridZones=[
            {"zone": "Z", "period": "Y1", "max_total_mw": 10},
            {"zone": "Z", "period": "Y2", "max_total_mw": 100},
        ],
    )


@pytest.mark.long
@pytest.mark.first(1)
@LIMITLESS
def test_a_site_without_limit_is_built_where_it_is_cheap(
    tmp_path: Path, limitless_mw: float
) -> None:
    """Proves: 45 MW at the cheap site, 1 + 45 * 8.2 = 370, whatever its limit. Sensitivity: with room
    for 44 MW there, one block of 50 at the dear site, 7600 + 50 * 10.4 = 8120, is all there is.
    """
    made = two_sites(
        5, 45, {"max_mw": 500, "block_mw": 50}, {"max_mw": limitless_mw, "block_mw": 1}
    )
    plan = solve_book(made, tmp_path / "limitless")
    assert plan.cost == pytest.approx(370)
    assert plan.outcome.bound == pytest.approx(370)
    made["Sites"][1]["max_mw"] = 44
    assert least_cost(made, tmp_path / "full") == pytest.approx(8120)


@pytest.mark.slow
@LIMITLESS
@pytest.mark.parametrize("mw", [0.9, 4e-4])
def test_demand_that_is_tiny_beside_the_limit_needs_a_site_all_the_same(
    tmp_path: Path, limitless_mw: float, mw: float
) -> None:
    """Proves: the first start of 10 MW at the cheap site, 1 + 82 = 83, also where demand is less than a
    millionth of max_mw. Sensitivity: without a minimum it is 1 + 8.2 MW.
    """
    made = two_sites(mw / 2, mw, {"max_mw": 1e6, "min_mw": 10}, {"max_mw": limitless_mw})
    assert least_cost(made, tmp_path / "minimum") == pytest.approx(83)
    made["Sites"][1]["min_mw"] = 0
    assert least_cost(made, tmp_path / "none") == pytest.approx(1 + 8.2 * mw)


def test_blocks_of_many_sizes_without_limit(tmp_path: Path) -> None:
    """Proves: with sites of 1e7 and 1e9 MW, a penalty of a million and demand below 1 MW, the least cost
    is that of 10 MW at S2 and one year of its running cost for each year: 80.517.
    """
    named = {"grid_zone": "Z", "status": "candidate", "pue": 1.2}
    made = book(
        Periods=years(3),
        Sites=[
            {"site": "S0", **named, "max_mw": 1e7, "block_mw": 0.25, "site_cost": 0.0013,
             "build_cost_per_mw": 12.6125, "fixed_cost_per_year": 257.0088, "cost_per_mw_year": 0.0034},
            {"site": "S1", **named, "max_mw": 999999999, "block_mw": 1000, "site_cost": 12.6203,
             "build_cost_per_mw": 46.8862, "fixed_cost_per_year": 0.1426, "cost_per_mw_year": 0.0019},
            {"site": "S2", **named, "max_mw": 1e7, "min_mw": 10, "site_cost": 0.0237,
             "build_cost_per_mw": 0.1203, "fixed_cost_per_year": 25.7788, "cost_per_mw_year": 0.6724},
        ],
        Network=[{"site": f"S{k}", "region": "R", "latency_ms": 10} for k in range(3)],
        Workloads=[{"workload": "load", "unmet_penalty_per_mw_year": 1e6}],
        Demand=demand(0.9686, 0.6605, 0.573),
        GridZones=[{"zone": "Z", "period": f"Y{k}", "max_total_mw": mw}
                   for k, mw in ((1, 1e6), (2, 999999999), (3, 1e6))],
    )  # fmt: skip
    by_hand = 0.0237 + 10 * 0.1203 + 3 * 25.7788 + 3 * 0.9686 * 0.6724
    assert by_hand == pytest.approx(80.517, abs=1e-3)
    assert least_cost(made, tmp_path) == pytest.approx(by_hand)


@pytest.mark.slow
def test_leases_and_contracts_without_limit(tmp_path: Path) -> None:
    """Proves: a lease of at least 10 MW and a capacity contract of at least 20, both without limit, cost
    10 * 2 + 20 * 1 for 5 MW. Sensitivity: without the minima 5 * 2 + 5 * 1.
    """
    made = book(
        Sites={"site_cost": 1e4},
        Demand=demand(5),
        Leases=[{"lease": "hall", "site": "A", "min_mw": 10, "max_mw": 1e9, "rent_per_mw_year": 2}],
        Contracts=[{"contract": "feed", "site": "A", "kind": "capacity", "min_mw": 20,
                    "max_mw": 1e9, "fixed_fee_per_mw_year": 1}],
    )  # fmt: skip
    assert least_cost(made, tmp_path / "minima") == pytest.approx(40)
    free = copy.deepcopy(made)
    free["Leases"][0]["min_mw"] = free["Contracts"][0]["min_mw"] = 0
    assert least_cost(free, tmp_path / "none") == pytest.approx(15)


def risky(**sheets: Any) -> Book:
    """Demand of 30 that only A may serve, and B elsewhere, a little cheaper to stand idle."""
    classes = ("legal", "political", "conflict", "grid", "supply_chain")
    return book(
        Sites=[
            {"site": "A", "status": "candidate", "jurisdiction": "X", "market": "M",
             "max_mw": 1e9, "build_cost_per_mw": 10},
            {"site": "B", "status": "candidate", "jurisdiction": "Y", "market": "M",
             "max_mw": 1e9, "build_cost_per_mw": 9},
        ],
        Workloads=[{"workload": "load", "max_latency_ms": 20}],
        Network=[{"site": "A", "region": "R", "latency_ms": 10},
                 {"site": "B", "region": "R", "latency_ms": 50}],
        Demand=demand(30),
        Jurisdictions=[{"jurisdiction": j} | {f"{c}_risk": risk for c in classes}
                       for j, risk in (("X", 0.8), ("Y", 0.2))],
        RiskWeights=[{"risk_class": "legal", "weight": 1}],
        **sheets,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "idle_mw"),
    [
        ({"kind": "max_share", "jurisdiction": "X", "value": 0.1}, 270),
        ({"kind": "min_share", "jurisdiction": "Y", "value": 0.75}, 90),
        ({"kind": "max_mean_score", "value": 0.3}, 150),
        ({"kind": "max_hhi", "value": 5 / 9}, 15),
    ],
)
def test_capacity_that_only_a_limit_needs_is_no_capacity_too_much(
    tmp_path: Path, limit: dict[str, Any], idle_mw: float
) -> None:
    """Proves: what a share, score or concentration asks for beyond demand is built at B, which may serve
    nothing: 30 of 300 MW are a tenth; 90 of 120 three quarters; (30 * 0.8 + 150 * 0.2) / 180 = 0.3;
    two thirds and a third squared are 5/9. Sensitivity: without the limit 300.
    """
    made = risky(RiskLimits=[{"limit": "one", **limit}])
    assert least_cost(made, tmp_path / "limit") == pytest.approx(300 + 9 * idle_mw, rel=1e-5)
    assert least_cost(risky(), tmp_path / "none") == pytest.approx(300)


def test_what_is_promised_is_started_though_nobody_needs_it(tmp_path: Path) -> None:
    """Proves: 50 MW announced at B, which may serve nothing, are started: 300 + 450."""
    row = {
        "decision": "announced",
        "what": "started_mw",
        "site": "B",
        "period": "Y1",
        "at_least": 50,
    }
    assert least_cost(risky(Decisions=[row]), tmp_path) == pytest.approx(750)


@pytest.mark.slow
def test_growth_needs_capacity_a_year_ahead(tmp_path: Path) -> None:
    """Proves: capacity may double in a year; where A cannot start before Y2, 40 MW stand idle at B in Y1.
    Sensitivity: without a limit to growth, or with A early, 400.
    """
    grows = {"Pace": [{"pace": "all", "max_growth_per_year": 1.0}]}
    made = risky(**grows) | {"Periods": years(2), "Demand": demand(0, 40)}
    assert least_cost(made, tmp_path / "pace") == pytest.approx(400)
    made["Sites"][0]["earliest_start"] = "2028-01-01"
    # B with b MW allows 2 b MW in Y2, of which b is its own: 40 more at A need b = 40.
    assert least_cost(made, tmp_path / "late") == pytest.approx(400 + 360)
    del made["Pace"]
    assert least_cost(made, tmp_path / "free") == pytest.approx(400)


def test_a_mean_score_that_is_the_limit_but_for_rounding(tmp_path: Path) -> None:
    """Scores of 0.35 in three classes of equal weight have a mean of 0.35 - 5.6e-17 in floating point.

    Proves: under a limit of 0.35 it is at it, and offsets nothing: 10 MW are built there, in a block
    of 50 at 1 a MW, and what a site at 0.9 may come to follows from the one at 0.25, which is 0.1
    below. Sensitivity: without A, the block is built at B at 2 a MW.
    """
    classes = ("legal", "political", "conflict")
    scores = {"A": 0.35, "B": 0.25, "X": 0.9}

    def case(*names: str) -> Book:
        return book(
            Sites=[
                {"site": name, "status": "candidate", "max_mw": 1e9, "block_mw": 50,
                 "build_cost_per_mw": 2 if name == "B" else 1, "jurisdiction": name}
                for name in names
            ],
            Network=[{"site": name, "region": "R", "latency_ms": 1} for name in names],
            Demand=demand(10),
            Jurisdictions=[
                {"jurisdiction": name, "trusted": True, "grid_risk": score,
                 "supply_chain_risk": score, **{f"{risk}_risk": score for risk in classes}}
                for name, score in scores.items()
            ],
            RiskWeights=[{"risk_class": risk, "weight": 1} for risk in classes],
            RiskLimits=[{"limit": "L", "kind": "max_mean_score", "value": 0.35}],
        )  # fmt: skip

    assert sum([0.35] * 3) / 3 < 0.35
    assert least_cost(case("A", "B", "X"), tmp_path / "all") == pytest.approx(50)
    assert least_cost(case("B", "X"), tmp_path / "rest") == pytest.approx(100)
