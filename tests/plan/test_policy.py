"""Decisions under uncertainty on workbooks that are solved by hand.

Years from 2027-01-01, nothing discounted, no residual value; a site begun in a year serves in the
next (6 months to commit, 6 to build) unless said otherwise. Cost in M.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import Book, book, demand, solve, years

LEADS = {"site_lead_months": 6, "block_lead_months": 6}


def site(name: str, cost: float, max_mw: float, **more: Any) -> dict[str, Any]:
    return {
        "site": name,
        "status": "candidate",
        "max_mw": max_mw,
        "site_cost": 0,
        "build_cost_per_mw": cost,
        **LEADS,
        **more,
    }


def uncertain(
    *sites: dict[str, Any],
    base: tuple[float, ...],
    futures: dict[str, dict[str, tuple[float, float]]],
    revealed: dict[str, str],
    unmet: float | None = None,
    **sheets: Any,
) -> Book:
    """A workbook whose demand is uncertain.

    ``futures`` has by uncertainty and outcome its probability, and what is added to the demand of
    a year: ``{"rise": {"yes": (0.5, 50, "Y3")}}``; several years may follow.
    """
    uncertainties: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    for uncertainty, ways in futures.items():
        for outcome, (probability, *changes) in ways.items():
            row = {"uncertainty": uncertainty, "outcome": outcome, "probability": probability}
            uncertainties.append({**row, "revealed": revealed[uncertainty]})
            for amount, year in zip(changes[::2], changes[1::2], strict=True):
                outcomes.append(
                    {
                        "uncertainty": uncertainty,
                        "outcome": outcome,
                        "sheet": "Demand",
                        "rows": f"period={year}",
                        "column": "it_mw",
                        "operation": "add",
                        "value": amount,
                    }
                )
    workloads = [{"workload": "load", "unmet_penalty_per_mw_year": unmet}]
    return book(
        Periods=years(len(base)),
        Sites=list(sites),
        Workloads=workloads if unmet is not None else [{"workload": "load"}],
        Demand=demand(*base),
        Network=[{"site": one["site"], "region": "R", "latency_ms": 10} for one in sites],
        Uncertainties=uncertainties,
        Outcomes=outcomes,
        **sheets,
    )


def costs(plan: optalloc.Plan) -> list[float]:
    return [round(cost, 4) for cost in plan["Futures"]["cost"]]


def value(plan: optalloc.Plan, name: str) -> tuple[float, float]:
    row = plan["Values"].set_index("value").loc[name]
    return float(row["at_least"]), float(row["at_most"])


def newsvendor() -> Book:
    """Case 1: 10-MW blocks at 1 per MW; 50 (3/4) or 100 (1/4) asked for; 3 per MW unmet."""
    return uncertain(
        site("N", 1.0, 100, block_mw=10),
        base=(0, 50),
        futures={"demand": {"low": (0.75,), "high": (0.25, 50, "Y2")}},
        revealed={"demand": "2028-01-01"},
        unmet=3,
    )


def test_newsvendor(tmp_path: Path) -> None:
    # Each MW above 50 costs 1 and saves 3 in a quarter of the futures: none is built.
    plan = solve(newsvendor(), tmp_path)
    assert plan.cost == pytest.approx(87.5)
    assert plan.gap == 0.0
    assert costs(plan) == [50, 200]
    # Alone 50 and 100, mean 62.5.
    assert value(plan, "knowing everything today") == pytest.approx((25, 25))
    # Expected demand 62.5: 60 built and 2.5 unmet, as 7.5 less than a block; held, 60 + 1/4 x 120.
    assert value(plan, "planning for uncertainty") == pytest.approx((2.5, 2.5))
    # Nothing can be decided after the demand is known.
    assert value(plan, "being able to wait") == pytest.approx((0, 0), abs=1e-9)


def test_newsvendor_where_the_penalty_breaks_even(tmp_path: Path) -> None:
    # 4 per MW unmet is the break-even of one MW more in a quarter of the futures.
    for penalty, least in ((3.9, 50 + 0.25 * 50 * 3.9), (4.1, 100)):
        made = newsvendor()
        made["Workloads"][0]["unmet_penalty_per_mw_year"] = penalty
        assert solve(made, tmp_path / str(penalty)).cost == pytest.approx(least)


def waiting(cost: float = 1.3, revealed: str = "2028-01-01") -> Book:
    """Case 2: N takes 24 months and costs 1.0; F takes 6 + 6; 100 asked for in Y3, or nothing."""
    return uncertain(
        site("N", 1.0, 100, block_mw=50, site_lead_months=0, block_lead_months=24),
        site("F", cost, 100, block_mw=50),
        base=(0, 0, 0),
        futures={"demand": {"some": (0.5, 100, "Y3"), "none": (0.5,)}},
        revealed={"demand": revealed},
    )


def test_waiting_beats_committing(tmp_path: Path) -> None:
    plan = solve(waiting(), tmp_path)
    assert plan.cost == pytest.approx(65)
    assert costs(plan) == [130, 0]
    assert value(plan, "knowing everything today") == pytest.approx((15, 15))
    # All decided now: N for 100.
    assert value(plan, "being able to wait") == pytest.approx((35, 35))


@pytest.mark.parametrize(
    ("cost", "revealed", "least"),
    [
        # Known half a year later F has to be begun blind, like N.
        (1.3, "2028-07-01", 100),
        # F breaks even at 2.0 per MW.
        (1.99, "2028-01-01", 99.5),
        (2.01, "2028-01-01", 100),
    ],
)
def test_what_waiting_may_cost(cost: float, revealed: str, least: float, tmp_path: Path) -> None:
    assert solve(waiting(cost, revealed), tmp_path).cost == pytest.approx(least)


def tail(**attitude: Any) -> Book:
    """Case 4: R costs 1.0 per MW, and 2.5 per MW-year to run in the bad future (0.2); S costs 1.6."""
    made = uncertain(
        site("R", 1.0, 100),
        site("S", 1.6, 100),
        base=(0, 100),
        futures={"running cost": {"good": (0.8,), "bad": (0.2,)}},
        revealed={"running cost": "2028-01-01"},
        unmet=20,
    )
    made["Outcomes"] = [
        {
            "uncertainty": "running cost",
            "outcome": "bad",
            "sheet": "Sites",
            "rows": "site=R",
            "column": "cost_per_mw_year",
            "operation": "set",
            "value": 2.5,
        }
    ]
    if attitude:
        made["Attitude"] = [attitude]
    return made


@pytest.mark.parametrize(
    ("attitude", "best", "scenarios"),
    [
        # R costs 100 or 350: mean 150. S costs 160 whatever comes.
        ({}, 150, [100, 350]),
        ({"measure": "worst"}, 160, [160, 160]),
        # Worst fifth: 150 + 200 t against 160, so t = 0.05 breaks even.
        ({"measure": "mean and tail", "tail_share": 0.2, "tail_weight": 0.04}, 158, [100, 350]),
        ({"measure": "mean and tail", "tail_share": 0.2, "tail_weight": 0.06}, 160, [160, 160]),
        # Worst two fifths: (0.2 x 350 + 0.2 x 100) / 0.4 = 225, so t = 2/15.
        ({"measure": "mean and tail", "tail_share": 0.4, "tail_weight": 0.13}, 159.75, [100, 350]),
        ({"measure": "mean and tail", "tail_share": 0.4, "tail_weight": 0.14}, 160, [160, 160]),
    ],
)
def test_attitude_to_a_dear_tail(
    attitude: dict[str, Any], best: float, scenarios: list[float], tmp_path: Path
) -> None:
    plan = solve(tail(**attitude), tmp_path)
    assert plan.cost == pytest.approx(best)
    assert costs(plan) == scenarios


@pytest.mark.parametrize(
    ("measure", "best", "scenarios"),
    [
        # A 30 MW at 1.0, M 60 at 1.1, L 100 at 1.2, one of them; 30 (0.8) or 100 asked for, 2 per
        # MW unmet: 30 and 170, 66 and 146, 120 and 120; alone 30 and 120.
        ("expected", 58, [30, 170]),
        ("worst", 120, [120, 120]),
        ("regret", 36, [66, 146]),
    ],
)
def test_regret_takes_the_middle(
    measure: str, best: float, scenarios: list[float], tmp_path: Path
) -> None:
    made = uncertain(
        site("A", 1.0, 30, block_mw=30),
        site("M", 1.1, 60, block_mw=60),
        site("L", 1.2, 100, block_mw=100),
        base=(0, 30),
        futures={"demand": {"low": (0.8,), "high": (0.2, 70, "Y2")}},
        revealed={"demand": "2028-01-01"},
        unmet=2,
        Pace=[{"pace": "one site", "max_sites": 1}],
        Attitude=[{"measure": measure}],
    )
    made["Pace"] = [{"pace": "one site", "period": "Y1", "max_sites": 1}]
    plan = solve(made, tmp_path)
    assert plan.cost == pytest.approx(best)
    assert costs(plan) == scenarios


def steps(**more: Any) -> Book:
    """Case 6: demand of Y3 and Y4 rises by 50 (1/2), that of Y4 by another 50 (1/2)."""
    sites = [site("N", 1.0, 100, block_mw=50)]
    sites += [site("G", 0.8, 100, block_mw=100)] if more.pop("with_g", True) else []
    return uncertain(
        *sites,
        base=(0, 0, 0, 0),
        futures={
            "rise": {"yes": (0.5, 50, "Y3", 50, "Y4"), "no": (0.5,)},
            "again": {"yes": (0.5, 50, "Y4"), "no": (0.5,)},
        },
        revealed={"rise": "2028-01-01", "again": "2029-01-01"},
        unmet=3,
    )


def test_stages_follow_from_dates(tmp_path: Path) -> None:
    plan = solve(steps(), tmp_path)
    # Each rise is met by 50 of N when it is known: 1/2 x 50 + 1/2 x 50.
    assert plan.cost == pytest.approx(50)
    assert sorted(costs(plan)) == [0, 50, 50, 100]
    assert value(plan, "knowing everything today") == pytest.approx((5, 5))
    # All decided now: G serves every case for 80.
    assert value(plan, "being able to wait") == pytest.approx((30, 30))


def test_without_the_large_block_two_stages_cost_more(tmp_path: Path) -> None:
    plan = solve(steps(with_g=False), tmp_path)
    # Decided now: N with 50 and 50, 50 + 1/4 x 150.
    assert plan.cost == pytest.approx(50)
    assert value(plan, "being able to wait") == pytest.approx((37.5, 37.5))
