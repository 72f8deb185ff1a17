"""What it is worth to know and to wait, where scenarios are solved one by one."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optalloc
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.outcome import Options, StopReason
from optalloc.mip.parameters import Futures, Parameters
from optalloc.pipeline.opening import open_scenarios
from optalloc.pipeline.policies import scenarios_of
from optalloc.plan.policy_values import values_of
from optalloc.plan.policy_words import value_in_words
from optalloc.solving.futures import solve_stochastic
from optalloc.solving.futures.held import solve_held
from tests.benchmarks.test_stochastic_optima import cooling
from tests.benchmarks.written import column_of, stochastic
from tests.books import write
from tests.plan.test_policy import newsvendor, value

# Every tree counts as large.
ONE_BY_ONE = Parameters(futures=Futures(extensive_entries=0))


def solve_one_by_one(book: Path, **more: Any) -> optalloc.Plan:
    return optalloc.solve(book, gap=1e-6, threads=1, parameters=ONE_BY_ONE, values=True, **more)


@pytest.mark.long
def test_values_are_those_by_hand(tmp_path: Path) -> None:
    """Proves: solved one by one, values are those that `test_newsvendor` works out by hand: what is
    best for the expected figures is held in each scenario, and costs 90 in place of 87.5."""
    plan = solve_one_by_one(write(newsvendor(), tmp_path))
    for name, by_hand in {
        "knowing everything today": 25,
        "planning for uncertainty": 2.5,
        "being able to wait": 0,
        "knowing demand on 2028-01-01 and not a period later": 0,
    }.items():
        assert value(plan, name) == pytest.approx((by_hand, by_hand), abs=1e-3)


@pytest.mark.long
def test_ctrl_c_ends_the_values_and_leaves_the_policy(tmp_path: Path) -> None:
    def on_phase(name: str) -> None:
        if name == "value":
            # Amid the first of the solves, each of which begins a process of its own.
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    plan = solve_one_by_one(write(newsvendor(), tmp_path), on_phase=on_phase)
    assert plan.cost == pytest.approx(87.5)
    words = plan["Values"].set_index("value")["in_words"]
    assert len(words) == 4
    assert value(plan, "knowing everything today") == pytest.approx((25, 25), abs=1e-3)
    assert words["being able to wait"] == "Being able to wait is not worked out: it was stopped."


@pytest.mark.long
def test_regret_of_large_trees_has_no_values(tmp_path: Path) -> None:
    """Proves: what is held would change the plans that regret is against, and that is said."""
    made = scenarios_of(*open_scenarios(write(newsvendor(), tmp_path), None))
    options, attitude = Options(gap=0, threads=1), Attitude(Measure.REGRET)
    found = replace(solve_stochastic(made.stochastic, attitude, options), decomposed=True)
    values = {one[0]: one for one in values_of(made, found, attitude, options, 1.0, large=True)}
    assert "regret is against the plan of each" in value_in_words(
        values["being able to wait"], 1e-6
    )


@pytest.mark.long
@pytest.mark.parametrize("parameters", [Parameters(), ONE_BY_ONE], ids=["whole", "one by one"])
def test_what_is_held_beyond_a_bound_has_no_plan(parameters: Parameters) -> None:
    """Proves: 200 are made a month at most: 250 held have no plan, and are not 200 without a word;
    150 held are made up for by 50 at 300 in half of the scenarios."""
    scenarios = [
        cooling((100, second, 0), (0, 1 + a, 3 + a)) for a, second in enumerate((100, 300))
    ]
    program = stochastic(scenarios, [0.5, 0.5])
    options = Options(gap=1e-6, threads=1, parameters=parameters)
    held = np.full(program.size, np.nan)
    found = {}
    for amount in (150, 200, 250):
        held[column_of(program, "made0")] = amount
        found[amount] = solve_held(program, Attitude(), np.zeros(2), options, held)
    # 50 and 100 are stored at 50; then 50 and 0 are made, or 200 and 50 more, or 200.
    assert found[150].objective == pytest.approx(15000 + 2500 + (5000 + 20000 + 15000) / 2)
    assert found[200].objective == pytest.approx(20000 + 5000 + (0 + 20000) / 2)
    assert found[250].stop_reason is StopReason.INFEASIBLE
    assert found[250].bound == np.inf
