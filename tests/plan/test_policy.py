"""Decisions under uncertainty on workbooks that are solved by hand.

Years from 2027-01-01, nothing discounted, no residual value; a site begun in a year serves in the
next (6 months to commit, 6 to build) unless said otherwise. Cost in M.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.errors import NoPolicyError
from optalloc.mip.attitude import Attitude
from optalloc.pipeline.opening import open_scenarios
from optalloc.pipeline.policies import scenarios_of
from optalloc.plan.policy_values import values_of
from optalloc.plan.policy_words import value_in_words
from optalloc.solving.futures import solve_stochastic
from tests.books import Book, book, demand, solve, write, years

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
    # Nothing can be decided after the demand is known, so that it may as well be known later.
    assert value(plan, "being able to wait") == pytest.approx((0, 0), abs=1e-9)
    later = value(plan, "knowing demand on 2028-01-01 and not a period later")
    assert later == pytest.approx((0, 0), abs=1e-9)


@pytest.mark.slow
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


@pytest.mark.long
def test_waiting_beats_committing(tmp_path: Path) -> None:
    plan = solve(waiting(), tmp_path)
    assert plan.cost == pytest.approx(65)
    assert costs(plan) == [130, 0]
    assert value(plan, "knowing everything today") == pytest.approx((15, 15))
    # All decided now: N for 100. Known a period later, either has to be begun blind.
    assert value(plan, "being able to wait") == pytest.approx((35, 35))
    later = value(plan, "knowing demand on 2028-01-01 and not a period later")
    assert later == pytest.approx((35, 35))
    # One uncertainty is everything.
    assert "knowing demand today" not in set(plan["Values"]["value"])


@pytest.mark.first(1)
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


@pytest.mark.first(2)
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


@pytest.mark.long
def test_the_tail_alone_leaves_no_scenario_dearer_than_need_be(tmp_path: Path) -> None:
    """Proves: of the 150 asked for in the tail (1/2) N serves 100 at 1.0 and F 50 at 2.0: 200. N
    serves the 50 of the other scenario for 50, though up to 200 for it the tail were the same."""
    made = uncertain(
        site("F", 2.0, 100, block_mw=50),
        site("N", 1.0, 100, block_mw=50),
        base=(0, 0, 50),
        futures={"demand": {"low": (0.5,), "high": (0.5, 100, "Y3")}},
        revealed={"demand": "2028-01-01"},
        unmet=4,
    )
    made["Attitude"] = [{"measure": "mean and tail", "tail_share": 0.5, "tail_weight": 1}]
    plan = solve(made, tmp_path)
    assert plan.cost == pytest.approx(200)
    assert costs(plan) == [50, 200]


@pytest.mark.first(1)
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


@pytest.mark.long
def test_stages_follow_from_dates(tmp_path: Path) -> None:
    plan = solve(steps(), tmp_path)
    # Each rise is met by 50 of N when it is known: 1/2 x 50 + 1/2 x 50.
    assert plan.cost == pytest.approx(50)
    assert sorted(costs(plan)) == [0, 50, 50, 100]
    # Sites are free to commit: without use none is.
    policy = plan["Policy"]
    assert set(policy["subject"]) == {"N"}
    assert "rise=no; again=no" not in set(policy["known"])
    assert value(plan, "knowing everything today") == pytest.approx((5, 5))
    # All decided now: G serves every case for 80.
    assert value(plan, "being able to wait") == pytest.approx((30, 30))
    # Rise known today: 75 by N or 80 by G if it comes, else 25, as before. Again known today: 80 by
    # G or 50 if it comes, 50 or 0 if not.
    assert value(plan, "knowing rise today") == pytest.approx((0, 0), abs=1e-9)
    assert value(plan, "knowing again today") == pytest.approx((5, 5))
    # Rise known a year later: 50 of N are begun blind, and 50 more where both come. Again known a
    # year later: G for 80 after a rise, 50 of N blind without.
    later = value(plan, "knowing rise on 2028-01-01 and not a period later")
    assert later == pytest.approx((12.5, 12.5))
    later = value(plan, "knowing again on 2029-01-01 and not a period later")
    assert later == pytest.approx((15, 15))


@pytest.mark.long
def test_what_would_be_felt_before_it_is_known_later(tmp_path: Path) -> None:
    """Proves: known at the end of Y3 only, demand of Y2 would have to be served blind; that is said.
    Sensitivity: known in the middle of Y2, it is served as it comes."""
    made = uncertain(
        site("N", 1.0, 100, block_mw=10),
        base=(0, 50, 50),
        futures={"demand": {"low": (0.75,), "high": (0.25, 50, "Y2")}},
        revealed={"demand": "2028-07-01"},
        unmet=3,
    )
    words = solve(made, tmp_path)["Values"]["in_words"].tolist()
    assert words[-1] == (
        "Knowing demand on 2028-07-01 and not a period later is not worked out: demand would be "
        "felt before it is known."
    )


def test_values_of_what_is_too_large_to_be_solved_as_a_whole(tmp_path: Path) -> None:
    """Proves: where scenarios were decomposed, knowing one uncertainty is bounded by knowing all,
    which is worth 5, and what takes a solve of all together says that it is not worked out."""
    made = scenarios_of(*open_scenarios(write(steps(), tmp_path), None))
    options = optalloc.Options(gap=0, threads=1)
    found = replace(solve_stochastic(made.stochastic, Attitude(), options), decomposed=True)
    values = {one[0]: one for one in values_of(made, found, Attitude(), options, 1.0)}
    assert len(values) == 7
    for name in ("knowing rise today", "knowing again today"):
        assert values[name][1:3] == pytest.approx((0, 5))
        assert "is worth at most 5 M, and perhaps nothing" in value_in_words(values[name], 1e-6)
    said = value_in_words(values["being able to wait"], 1e-6)
    assert said.startswith("Being able to wait is not worked out: the scenarios are too large")
    assert "`optalloc solve --values` works it out" in said


@pytest.mark.slow
def test_without_the_large_block_two_stages_cost_more(tmp_path: Path) -> None:
    plan = solve(steps(with_g=False), tmp_path)
    # Decided now: N with 50 and 50, 50 + 1/4 x 150.
    assert plan.cost == pytest.approx(50)
    assert value(plan, "being able to wait") == pytest.approx((37.5, 37.5))


# Leads that are not known ------------------------------------------------------------------------


def late(
    change: dict[str, Any],
    revealed: str,
    *sites: dict[str, Any],
    unmet: float = 2.5,
    **sheets: Any,
) -> Book:
    """100 asked for in Y3; a change that makes something late, or not (1/2)."""
    made = uncertain(
        *sites,
        base=(0, 0, 100),
        futures={"lead": {"as planned": (0.5,), "late": (0.5,)}},
        revealed={"lead": revealed},
        unmet=unmet,
        **sheets,
    )
    row = {"uncertainty": "lead", "outcome": "late", "operation": "set", "rows": ""}
    made["Outcomes"] = [row | change]
    return made


BLOCK_LEAD = {"sheet": "Sites", "column": "block_lead_months", "value": 30}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("revealed", "least", "scenarios"),
    [
        # Begun blind it costs 100 in both, and serves in one: 100 + 1/2 x 250.
        ("2028-06-01", 225, [100, 350]),
        # Known before it is begun, it is begun in one only.
        ("2028-01-01", 175, [100, 250]),
    ],
)
def test_what_may_be_built_too_late_is_paid_for(
    revealed: str, least: float, scenarios: list[float], tmp_path: Path
) -> None:
    plan = solve(late(BLOCK_LEAD, revealed, site("F", 1.0, 100)), tmp_path)
    assert plan.cost == pytest.approx(least)
    assert costs(plan) == scenarios
    started = plan["Build"].groupby("scenario")["started_mw"].sum()
    both = {"lead=as planned": 100, "lead=late": 100 if least == 225 else 0}
    assert started.to_dict() == pytest.approx(both)


def test_what_is_built_too_late_is_credited_nothing(tmp_path: Path) -> None:
    # Life 4 years, one of them within the horizon: three quarters are credited where it serves.
    made = late(BLOCK_LEAD, "2028-06-01", site("F", 1.6, 100, life_years=4))
    made["Settings"][0]["residual_value"] = "yes"
    plan = solve(made, tmp_path)
    assert costs(plan) == pytest.approx([40, 410])
    credit = plan["Cost"].query("item == 'building_residual'")
    assert credit.groupby("scenario")["cash"].sum().to_dict() == {
        "lead=as planned": pytest.approx(-120)
    }


@pytest.mark.long
def test_what_cannot_be_done_by_the_expected_figures_is_not_done(tmp_path: Path) -> None:
    """Proves: begun in Y2 at the earliest, 12 months serve Y3 and 36 (0.1) do not. The policy begins
    blind: 100, and 0.1 x 150 unmet. At the mean of 14.4 months nothing is in time: 150."""
    begun_late = site("F", 1.0, 100, site_lead_months=0, block_lead_months=12)
    begun_late["earliest_start"] = "2028-01-01"
    longer = {"sheet": "Sites", "column": "block_lead_months", "value": 36}
    made = late(longer, "2029-01-01", begun_late, unmet=1.5)
    for row, probability in zip(made["Uncertainties"], (0.9, 0.1), strict=True):
        row["probability"] = probability
    plan = solve(made, tmp_path)
    assert plan.cost == pytest.approx(115)
    assert value(plan, "planning for uncertainty") == pytest.approx((35, 35))


def fire(*base: float) -> Book:
    """40 MW stand at N, or 10 after a fire; a MW that is built costs 1, and one unmet 5."""
    made = uncertain(
        site("N", 1.0, 100, status="existing", existing_mw=40),
        base=base,
        futures={"fire": {"no": (0.5,), "yes": (0.5,)}},
        revealed={"fire": "2028-01-01"},
        unmet=5,
    )
    burnt = {"uncertainty": "fire", "outcome": "yes", "sheet": "Sites", "rows": "site=N"}
    made["Outcomes"] = [{**burnt, "column": "existing_mw", "operation": "set", "value": 10}]
    return made


def room() -> Book:
    """60 MW in Y2 at N, which has room for 100 or for 40 and costs 1, or at F, which costs 5."""
    made = uncertain(
        site("N", 1.0, 100),
        site("F", 5.0, 100),
        base=(0, 60),
        futures={"room": {"wide": (0.5,), "tight": (0.5,)}},
        revealed={"room": "2028-01-01"},
        unmet=10,
    )
    tight = {"uncertainty": "room", "outcome": "tight", "sheet": "Sites", "rows": "site=N"}
    made["Outcomes"] = [{**tight, "column": "max_mw", "operation": "set", "value": 40}]
    return made


@pytest.mark.long
def test_operations_of_the_expected_figures_are_not_held(tmp_path: Path) -> None:
    """Proves: 40 stand, or 10 after a fire, 5 per MW unmet. As served in Y1 before it is known, 10
    serve in both: 150, and 30 more are begun at once: 180. Expected are 25, so that 15 are begun:
    165, or 15 unmet in Y2 (75) and 15 more begun then (15) after a fire: 255."""
    plan = solve(fire(40, 40, 40), tmp_path)
    assert costs(plan) == [180, 180]
    assert value(plan, "planning for uncertainty") == pytest.approx((30, 30))


@pytest.mark.long
def test_expected_room_may_be_more_than_a_scenario_has(tmp_path: Path) -> None:
    """Proves: N has room for 100, or for 40, and the mean of 70 has the 60 that are needed: begun
    there they leave the narrow scenario without a plan, and that is said."""
    plan = solve(room(), tmp_path)
    # 40 at N and 20 at F.
    assert costs(plan) == [140, 140]
    words = plan["Values"].set_index("value")["in_words"]["planning for uncertainty"]
    assert "leaves some scenario without any plan" in words


@pytest.mark.long
def test_nothing_is_begun_that_nobody_needs(tmp_path: Path) -> None:
    """Proves: N, where 30 at least may be required, is begun with the 40 of Y2 and Y3 for 320, and F not
    at all: amounts within the tolerance of costs are no actions."""
    lead = {"site_lead_months": 0, "block_lead_months": 12}
    made = uncertain(
        site("N", 8.0, 100, min_mw=None, **lead),
        site("F", 9.0, 100, min_mw=None, **lead),
        base=(0, 40, 40),
        futures={"law": {"none": (0.5,), "strict": (0.5,)}},
        revealed={"law": "2029-01-01"},
    )
    strict = {"uncertainty": "law", "outcome": "strict", "sheet": "Sites", "rows": "site=N"}
    made["Outcomes"] = [{**strict, "column": "min_mw", "operation": "set", "value": 30}]
    plan = solve(made, tmp_path)
    assert costs(plan) == [320, 320]
    assert plan["HereAndNow"]["subject"].tolist() == ["N", "N"]
    started = plan["Build"].query("started_mw > 0")
    assert started.groupby("scenario")["started_mw"].apply(list).tolist() == [[40], [40]]


@pytest.mark.long
def test_an_action_is_on_the_earliest_of_its_days(tmp_path: Path) -> None:
    """Proves: committed on the first day of Y1, F is begun when its permit comes, after 9 months or
    6, and 3 later serves Y2 either way: on 2027-07-01 at the earliest, though 9 come first."""
    made = uncertain(
        site("F", 1.0, 100, site_lead_months=9, block_lead_months=3),
        base=(0, 40, 40),
        futures={"permit": {"slow": (0.5,), "quick": (0.5,)}},
        revealed={"permit": "2029-01-01"},
    )
    quick = {"uncertainty": "permit", "outcome": "quick", "sheet": "Sites", "rows": "site=F"}
    made["Outcomes"] = [{**quick, "column": "site_lead_months", "operation": "set", "value": 6}]
    plan = solve(made, tmp_path)
    assert costs(plan) == [40, 40]
    now = plan["HereAndNow"]
    assert now["action"].tolist() == ["commit site", "start building"]
    assert now["date"].dt.strftime("%Y-%m-%d").tolist() == ["2027-01-01", "2027-07-01"]


@pytest.mark.slow
def test_a_permit_that_may_be_late_is_paid_for(tmp_path: Path) -> None:
    # Committed in Y1 for 20, permit in 6 or 30 months; known in 2028, it is built on for 100 or
    # not. What could begin in 2027, were it not late, is begun in neither, and that is said.
    change = {"sheet": "Sites", "column": "site_lead_months", "value": 30}
    plan = solve(late(change, "2028-01-01", site("F", 1.0, 100, site_cost=20)), tmp_path)
    # Committed in 2028 the permit comes as soon as it is of use: 120, or nothing and 250.
    assert costs(plan) == [120, 250]
    lead = {"site_lead_months": 12, "block_lead_months": 6}
    sooner = late(change, "2028-01-01", site("F", 1.0, 100, site_cost=20, **lead))
    plan = solve(sooner, tmp_path / "sooner")
    assert costs(plan) == [120, 270]
    assert plan.cost == pytest.approx(195)


@pytest.mark.slow
def test_a_site_that_may_open_later_is_begun_in_neither_before_that_is_known(
    tmp_path: Path,
) -> None:
    change = {"sheet": "Sites", "column": "earliest_start", "value": "2029-01-01"}
    earliest = {"earliest_start": "2027-01-01", "site_lead_months": 0, "block_lead_months": 12}
    made = late(change, "2028-01-01", site("F", 1.0, 100, **earliest))
    assert costs(solve(made, tmp_path)) == [100, 250]
    # Known half a year later it has to be decided blind in 2028, and cannot be done where late.
    made = late(change, "2028-07-01", site("F", 1.0, 100, **earliest))
    plan = solve(made, tmp_path / "blind")
    assert costs(plan) == [250, 250]
    notice = next(one for one in plan.notices if one.code == "decided-blind")
    assert (notice.sheet, notice.cell) == ("Uncertainties", "D2")
    assert "Outcomes!G" in notice.found


@pytest.mark.slow
def test_a_lease_that_may_run_too_late_is_paid_for(tmp_path: Path) -> None:
    # Signed in Y2 it runs from Y3, or from the middle of Y3, half of it paid and of no use. Signed
    # in Y1 it serves either way, for 200 or 150; nothing at all costs 180.
    lease = {"lease": "hall", "site": "F", "lead_months": 12, "rent_per_mw_year": 1}
    lease |= {"term_months": None, "max_mw": 100, "min_mw": 10}
    change = {"sheet": "Leases", "column": "lead_months", "value": 18}
    place = site("F", 9.0, 100)
    plan = solve(late(change, "2028-03-01", place, unmet=1.8, Leases=[lease]), tmp_path)
    assert plan.cost == pytest.approx(165)
    assert costs(plan) == [100, 230]
    signed = plan["Leasing"].query("period == 'Y2'").set_index("scenario")["signed_mw"]
    assert signed.to_dict() == pytest.approx({"lead=as planned": 100, "lead=late": 100})
    made = late(change, "2028-01-01", place, unmet=1.8, Leases=[lease])
    assert costs(solve(made, tmp_path / "known")) == [100, 180]


@pytest.mark.slow
def test_a_contract_that_may_run_too_late_is_signed_all_the_same(tmp_path: Path) -> None:
    # What is in service needs a contract, 1.2 per MW-year of service; building costs 0.1. Signed in
    # Y2: 130, or 10 and 180 unmet. In Y1: 250, or 130 as it serves no whole year more.
    contract = {"contract": "grid", "site": "F", "kind": "capacity", "lead_months": 12}
    contract |= {"term_months": None, "max_mw": 100, "min_mw": 10, "block_mw": None}
    contract |= {"fixed_fee_per_mw_year": 1.2, "termination_fee_per_mw": 5, "zone": None}
    change = {"sheet": "Contracts", "column": "lead_months", "value": 18}
    place = site("F", 0.1, 100)
    plan = solve(late(change, "2028-03-01", place, unmet=1.8, Contracts=[contract]), tmp_path)
    assert plan.cost == pytest.approx(160)
    assert costs(plan) == [130, 190]
    signed = plan["Procurement"].groupby("scenario")["signed_mw"].sum()
    assert signed.to_dict() == pytest.approx({"lead=as planned": 100, "lead=late": 100})
    made = late(change, "2028-01-01", place, unmet=1.8, Contracts=[contract])
    assert costs(solve(made, tmp_path / "known")) == [130, 180]


def refusal(made: Book, folder: Path) -> list[tuple[str, str, str]]:
    """Code, cell and what was found, of each problem for which a workbook is refused."""
    with pytest.raises(optalloc.InputError) as refused:
        solve(made, folder)
    return [(p.code, f"{p.sheet}!{p.cell}", p.found) for p in refused.value.problems]


def test_what_is_felt_before_it_is_known_is_refused(tmp_path: Path) -> None:
    # Demand of Y2 is felt in 2028, whether or not there is any in one of the scenarios.
    for base in (50, 0):
        made = uncertain(
            site("N", 1.0, 200),
            base=(0, base, 100),
            futures={"demand": {"low": (0.5,), "high": (0.5, 50, "Y2")}},
            revealed={"demand": "2029-01-01"},
        )
        (found,) = refusal(made, tmp_path / str(base))
        assert found[:2] == ("revealed-too-late", "Uncertainties!D2")
        assert "2029-01-01" in found[2]
        assert "Outcomes!G2" in found[2]


@pytest.mark.long
def test_a_path_that_one_scenario_lacks_must_be_known(tmp_path: Path) -> None:
    made = uncertain(
        *(site(name, cost, 100) for name, cost in (("N", 1.0), ("F", 2.0))),
        base=(0, 50),
        futures={"cable": {"laid": (0.5,), "cut": (0.5,)}},
        revealed={"cable": "2029-01-01"},
    )
    made["Workloads"] = [{"workload": "load", "max_latency_ms": 50}]
    cut = {"uncertainty": "cable", "outcome": "cut", "sheet": "Network", "rows": "site=N"}
    made["Outcomes"] = [{**cut, "column": "latency_ms", "operation": "set", "value": 90}]
    (found,) = refusal(made, tmp_path)
    assert found[:2] == ("revealed-too-late", "Uncertainties!D2")
    made["Uncertainties"][0]["revealed"] = made["Uncertainties"][1]["revealed"] = "2028-12-31"
    # Both are built, as either may be of no use: 50 and 100, or F alone for 100 in both.
    assert costs(solve(made, tmp_path / "known")) == [100, 100]


def test_scenarios_that_have_plans_but_no_policy(tmp_path: Path) -> None:
    # Either site is cut off in one future, known after one of them has to be begun, and one only.
    made = uncertain(
        site("N", 1.0, 100, block_mw=100),
        site("F", 1.0, 100, block_mw=100),
        base=(0, 50),
        futures={"cable": {"north": (0.5,), "south": (0.5,)}},
        revealed={"cable": "2028-06-01"},
        Pace=[{"pace": "one site", "period": "Y1", "max_sites": 1}],
    )
    made["Workloads"] = [{"workload": "load", "max_latency_ms": 50}]
    cut = {"uncertainty": "cable", "sheet": "Network", "column": "latency_ms"}
    cut |= {"operation": "set", "value": 90}
    made["Outcomes"] = [
        {**cut, "outcome": outcome, "rows": f"site={name}"}
        for outcome, name in (("north", "F"), ("south", "N"))
    ]
    with pytest.raises(NoPolicyError, match="each scenario has a plan by itself") as refused:
        solve(made, tmp_path)
    assert "cable=" in str(refused.value)
    assert "row (" not in str(refused.value)


def test_a_scenario_without_a_plan_is_named(tmp_path: Path) -> None:
    made = uncertain(
        site("N", 1.0, 100),
        base=(0, 50),
        futures={"demand": {"low": (0.5,), "high": (0.5, 100, "Y2")}},
        revealed={"demand": "2028-01-01"},
    )
    with pytest.raises(optalloc.InfeasibleError, match="in scenario demand=high, even by itself"):
        solve(made, tmp_path)
