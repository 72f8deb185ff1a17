"""Figures of a campaign worked out by hand: means, profiles, integrals, ratios and tests."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from optalloc.analysis.bench.figures import (
    capped,
    longest,
    primal_integral,
    primal_integrals,
    profile,
    seconds_to,
    shifted_mean,
    summary,
)
from optalloc.analysis.bench.ratios import against, paired, ratios, spread_of
from tests.analysis.bench_runs import INF, row, table, trace

# Two instances by two routes; plain never has the gap on S-2.
MADE = table(
    row("S-1", "auto", 0.0),
    row("S-1", "plain", 30.0, peak_mb=500.0),
    row("S-2", "auto", 30.0),
    row("S-2", "plain", math.nan, objective=INF, bound=90.0, gap=INF, audit_passed=None),
)


def test_shifted_geometric_means_by_hand() -> None:
    """Proves: of 0 s and 30 s with a shift of 10 s, the root of 10 x 40 less 10, which is 10 s; of 30 s
    and a run that counts at its limit of 90 s, the root of 40 x 100 less 10, 53.2 s.
    Sensitivity: without the limit, that mean would be 30 s."""
    assert shifted_mean([0, 30]) == pytest.approx(10.0)
    found = summary(MADE).set_index("route")
    assert found.loc["auto", "seconds"] == pytest.approx(10.0)
    assert found.loc["plain", "seconds"] == pytest.approx(math.sqrt(4000) - 10)
    assert found["reached"].to_dict() == {"auto": 2, "plain": 1}
    assert found["without_plan"].to_dict() == {"auto": 0, "plain": 1}
    assert found["peak_mb"].to_dict() == {"auto": 300.0, "plain": 500.0}
    late = capped(MADE.assign(time_limit_s=20.0))
    assert late["reached"].tolist() == [True, False, False, False]


def test_of_several_time_limits_the_longest_counts() -> None:
    """Proves: a run of 90 s without the gap is replaced by the one that had 300 s, whichever was made
    first. Sensitivity: another gap asked for is another run."""
    longer = row("S-2", "plain", 170.0, time_limit_s=300.0)
    for rows in ([*MADE.to_dict("records"), longer], [longer, *MADE.to_dict("records")]):
        kept = longest(pd.DataFrame(rows))
        own = kept[(kept["instance"] == "S-2") & (kept["route"] == "plain")]
        assert own["seconds_to_gap"].tolist() == [170.0]
    other = pd.DataFrame([*MADE.to_dict("records"), {**longer, "gap_asked": 0.001}])
    assert len(longest(other)) == 5


def test_performance_profile_by_hand() -> None:
    """Proves: auto is fastest on both; plain takes 30 times as long on S-1 (0 s counts as 1 s) and
    never has the gap on S-2, so that its share stays at a half."""
    points = profile(MADE)
    own = {
        route: [*zip(f["ratio"], f["share"], strict=True)]
        for route, f in points.groupby("route", sort=False)
    }
    assert own == {"auto": [(1.0, 1.0)], "plain": [(1.0, 0.0), (30.0, 0.5)]}


def test_a_strategy_that_does_not_suit_is_no_run() -> None:
    """Proves: a route that an instance does not suit counts neither as a run nor as slow.
    Sensitivity: as a failure it does."""
    for reason, runs in (("unsuited", 4), ("failed", 5)):
        more = row("S-1", "decompose", math.nan, objective=INF, gap=INF, stop_reason=reason)
        found = summary(table(*MADE.to_dict("records"), more))
        assert found["runs"].sum() == runs
    assert found["failed"].tolist() == [0, 0, 1]


def test_primal_integral_by_hand() -> None:
    """Proves: nothing until 10 s counts 10; then 110 against 100 is a gap of 1/11 for 30 s; then none.
    A plan of the other sign counts 1, as no plan does.
    Sensitivity: a limit of 20 s leaves 10 + 10/11."""
    seen = trace((1.0, INF, 90.0), (10.0, 110.0, 95.0), (40.0, 100.0, 99.5))
    assert primal_integral(seen, 100.0, 90.0) == pytest.approx(10 + 30 / 11)
    assert primal_integral(seen, 100.0, 20.0) == pytest.approx(10 + 10 / 11)
    assert primal_integral(trace(), 100.0, 90.0) == 90.0
    assert primal_integral(trace((0.0, 50.0, -9.0), (5.0, -10.0, -10.0)), -10.0, 9.0) == 5.0
    assert seconds_to(seen, 0.01) == 40.0
    assert math.isnan(seconds_to(seen, 0.001))
    runs = MADE.head(1)
    key = {name: runs[name].iloc[0] for name in ("instance", "route", "threads", "solver_seed")}
    own = seen.assign(**key, gap_asked=0.01, time_limit_s=90.0)
    assert primal_integrals(runs, own, {"S-1": 100.0}).iloc[0] == pytest.approx(10 + 30 / 11)
    assert primal_integrals(runs, own, {}).isna().all()


def test_ratios_by_hand() -> None:
    """Proves: plain to auto, 30 against 0 s and 90 (its limit) against 30 s: shifted means of 53.2 and
    10 s, 5.3 times, with one pair more than the other has the gap in. With one pair there is no
    interval; a pair that neither solved tells nothing."""
    (found,) = ratios(MADE).to_dict("records")
    assert (found["route"], found["other"], found["pairs"]) == ("plain", "auto", 2)
    assert found["ratio"] == pytest.approx((math.sqrt(4000) - 10) / 10)
    assert (found["reached"], found["other_reached"]) == (1, 2)
    assert found["low"] <= found["ratio"] <= found["high"]
    (one,) = ratios(MADE[MADE["instance"] == "S-1"]).to_dict("records")
    assert math.isnan(one["low"])
    assert ratios(MADE.assign(seconds_to_gap=math.nan)).empty


def test_different_limits_count_up_to_the_smaller() -> None:
    """Proves: 170 s of a run that had 300 s count as 90 s, not reached, beside one that had 90 s."""
    ours = table(row("S-1", "auto", 170.0, time_limit_s=300.0))
    both = paired(ours, table(row("S-1", "plain", 60.0)))
    assert both[["seconds", "reached", "seconds_other"]].to_numpy().tolist() == [
        [90.0, False, 60.0]
    ]


def test_the_interval_covers_a_ratio_as_often_as_it_says() -> None:
    """Proves: of 200 campaigns of 20 pairs whose true ratio is 1.5, the 95 % interval covers it in at
    least 88 %. Sensitivity: it covers 1 in hardly any."""
    random = np.random.default_rng(1)
    hits = others = 0
    for _ in range(200):
        base = 10 * np.exp(random.normal(0, 0.8, 20))
        found = spread_of(1.5 * base * np.exp(random.normal(0, 0.3, 20)), base, shift=0.0)
        # The mean of the noise is 1 in logarithms.
        hits += found.low <= 1.5 <= found.high
        others += found.low <= 1.0 <= found.high
    assert hits >= 176 and others <= 10


def campaign(seconds: list[float], integrals: list[float] | None = None) -> pd.DataFrame:
    rows = [row("S-1", "auto", s, solver_seed=k) for k, s in enumerate(seconds)]
    made = table(*rows)
    return made if integrals is None else made.assign(primal_integral=integrals)


def test_the_same_results_differ_by_nothing() -> None:
    """Proves: against itself every ratio is 1, p is 1, and the verdict is the noise."""
    runs = campaign([float(10 + k) for k in range(8)])
    found = against(runs, runs)
    assert found["verdict"].tolist() == ["within the noise"] * 2
    assert found["ratio"].tolist() == [1.0, 1.0] and found["p"].tolist() == [1.0, 1.0]


def test_what_is_slower_throughout_exceeds_the_noise() -> None:
    """Proves: eight pairs that all take a half longer: by hand p is 2 in 256, doubled for two tests,
    1.6 %; turned round it is faster. Sensitivity: the same size of change up in half of the pairs and
    down in the others is noise; and four pairs are too few, as p cannot fall below 2 in 16."""
    base = [10.0, 20.0, 15.0, 30.0, 12.0, 18.0, 25.0, 40.0]
    slow, then = campaign([1.5 * s for s in base]), campaign(base)
    found = against(slow, then)
    assert found["verdict"].tolist() == ["slower", "slower"]
    assert found["p"].tolist() == pytest.approx([2 * 2 / 256] * 2)
    assert (found["low"] > 1.0).all()
    assert against(then, slow)["verdict"].tolist() == ["faster", "faster"]
    mixed = [s * (1.5 if k % 2 else 1 / 1.5) for k, s in enumerate(base)]
    assert against(campaign(mixed), then)["verdict"].tolist() == ["within the noise"] * 2
    assert against(slow.head(4), then)["verdict"].tolist() == ["too few pairs"] * 2


def test_other_threads_or_gaps_are_not_compared() -> None:
    """Proves: runs with other threads, to another gap, of another input or by another route have no pair."""
    runs = campaign([10.0, 20.0])
    for change in ({"threads": 4}, {"gap_asked": 0.001}, {"digest": "e"}, {"route": "plain"}):
        assert against(runs, runs.assign(**change)).empty
