"""Decomposition by scenarios: the same answers as the extensive form, whatever is lost on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import psutil
import pytest
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, Progress, StopReason
from optalloc.mip.parameters import Futures, Parameters
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.futures import solve_stochastic
from optalloc.solving.futures.policies import Policy
from optalloc.solving.futures.prices import Prices, from_relaxation, zero_prices
from optalloc.solving.highs import Highs
from optalloc.solving.resolve import Resolver
from tests.mip.test_extensive_form import newsvendor
from tests.mip.test_stochastic_properties import drawn

# Programs of any size by decomposition.
BY_SCENARIOS = Options(
    gap=1e-6, threads=2, parameters=Parameters(futures=Futures(extensive_entries=0))
)


@pytest.mark.long
@pytest.mark.first(2)
@pytest.mark.parametrize("measure", list(Measure))
def test_decomposition_agrees_with_the_extensive_form(measure: Measure) -> None:
    program = newsvendor((50, 80, 100), (0.5, 0.3, 0.2))
    attitude = Attitude(measure, tail_share=0.3, tail_weight=0.4)
    whole = solve_stochastic(program, attitude, Options(gap=1e-6))
    parts = solve_stochastic(program, attitude, BY_SCENARIOS)
    assert parts.outcome.objective == pytest.approx(whole.outcome.objective)
    assert parts.outcome.gap <= 1e-6
    assert [one.objective for one in parts.alone] == pytest.approx([50, 80, 100])


@pytest.mark.parametrize("seed", range(6))
def test_of_scenarios_that_share_a_decision_the_first_in_order_takes_it(seed: int) -> None:
    """Proves: whichever of the scenarios that decide at the same time is ready first, every
    decision is that of the first in the order; and some do decide at the same time."""
    random, program = np.random.default_rng(seed), drawn(seed)
    order = tuple(map(int, random.permutation(len(program.names))))
    first = np.full(program.size, -1)
    for s in reversed(order):
        first[program.columns[s]] = s
    policy, most, deciding = Policy(program, order), 0, []
    while not policy.complete:
        deciding.extend(policy.begun())
        most = max(most, len(deciding))
        s = deciding.pop(int(random.integers(len(deciding))))
        policy.decide(s, np.full(len(program.columns[s]), float(s)))
    assert (policy.point == first).all()
    if len(order) > 2:
        assert most > 1


def alone_bounds(program: StochasticProgram, prices: Prices) -> np.ndarray:
    """Least cost of each scenario at some prices."""
    return np.array(
        [
            Resolver(priced(program, prices, s), Options(gap=0.0)).solve().bound
            for s in range(len(program.names))
        ]
    )


@pytest.mark.parametrize("seed", range(4))
def test_prices_of_the_relaxation_lose_nothing_of_it(seed: int) -> None:
    """Proves: relaxations of the scenarios at these prices add up to that of the extensive form,
    also where a scenario has a row twice, which the extensive form has once."""
    program = drawn(seed)
    twice = tuple(with_rows_twice(one) for one in program.programs)
    program, attitude = replace(program, programs=twice), Attitude()
    form = extensive_form(program, attitude)
    point, duals = Highs(form.arrays, Options(), integer=False).run_to_point(60)
    assert point is not None
    assert duals is not None
    prices = from_relaxation(program, attitude, form, duals)
    least = [
        Resolver(priced(program, prices, s), Options()).relaxed().objective
        for s in range(len(program.names))
    ]
    assert sum(least) == pytest.approx(form.arrays.objective(point))


def with_rows_twice(arrays: Arrays) -> Arrays:
    return replace(
        arrays,
        matrix=sp.csc_array(sp.vstack([arrays.matrix, arrays.matrix])),
        row_lower=np.tile(arrays.row_lower, 2),
        row_upper=np.tile(arrays.row_upper, 2),
        strengthening=np.tile(arrays.strengthening, 2),
    )


def priced(program: StochasticProgram, prices: Prices, scenario: int) -> Arrays:
    """A scenario at some prices."""
    one, own = program.programs[scenario], program.columns[scenario]
    return replace(
        one,
        cost=prices.cost(program, scenario),
        offset=float(prices.weights[scenario] * one.offset),
        col_lower=program.col_lower[own],
        col_upper=program.col_upper[own],
    )


@pytest.mark.first(2)
@pytest.mark.parametrize("seed", range(4))
def test_any_prices_give_a_bound(seed: int) -> None:
    """Proves: prices of the relaxation, and steps from them, never bound above the optimum."""
    random, program = np.random.default_rng(seed), drawn(seed)
    attitude = Attitude()
    form = extensive_form(program, attitude)
    optimum = solve_stochastic(program, attitude, Options(gap=0.0)).outcome.objective
    _, duals = Highs(form.arrays, Options(), integer=False).run_to_point(60)
    assert duals is not None
    prices = from_relaxation(program, attitude, form, duals)
    points = tuple(random.normal(size=len(own)) for own in program.columns)
    zeros = zero_prices(program, program.probability)
    for tried in (zeros, prices, prices.moved(program, points, 3.0)):
        total = np.zeros(program.size)
        for own, more in zip(program.columns, tried.columns, strict=True):
            total[own] += more
        assert np.abs(total).max() < 1e-9
        bounds = alone_bounds(program, tried)
        found = tried.bound(program, attitude, np.zeros(len(bounds)), bounds)
        assert found <= optimum + 1e-6 * max(1.0, abs(optimum))


@pytest.mark.long
def test_a_scenario_without_a_plan_is_named() -> None:
    program = newsvendor((50, 100), (0.75, 0.25))
    # No more than 60 can be built in the second, and nothing may be left unmet.
    tight = replace(program.programs[1], col_upper=np.array([6.0, 0.0]))
    for options in (Options(), BY_SCENARIOS):
        wrong = replace(program, programs=(program.programs[0], tight))
        found = solve_stochastic(wrong, None, options)
        assert found.infeasible == 1
        assert found.outcome.stop_reason is StopReason.INFEASIBLE
        assert sum(amount for _, amount in found.outcome.shortfalls) == pytest.approx(40)


@pytest.mark.long
def test_scenarios_with_plans_and_no_policy() -> None:
    """Proves: each order of deciding is tried once, and the extensive form shows that none can.

    Sensitivity: there prices raise the bound without end, so that passes of them are not counted on.
    """
    program = newsvendor((50, 100), (0.75, 0.25))
    # At most five blocks in one scenario, all ten in the other: by rows, so that bounds agree.
    few = replace(program.programs[0], row_lower=np.array([-np.inf]), row_upper=np.array([50.0]))
    many = replace(program.programs[1], col_upper=np.array([10.0, 0.0]))
    wrong = replace(program, programs=(few, many))
    found = solve_stochastic(wrong, None, BY_SCENARIOS)
    assert found.infeasible is None
    assert [one.objective for one in found.alone] == pytest.approx([0, 100])
    assert found.outcome.stop_reason is StopReason.INFEASIBLE
    assert found.outcome.values is None


@pytest.mark.slow
def test_a_killed_process_costs_nothing() -> None:
    program = newsvendor(tuple(range(40, 100, 5)), (1 / 12,) * 12)
    killed: list[int] = []

    def kill(_: Progress) -> None:
        """Once a first scenario is solved kill all processes, those at work and those idle."""
        if not killed:
            for child in psutil.Process().children(recursive=True):
                if "spawn_main" in " ".join(child.cmdline()):
                    killed.append(child.pid)
                    child.kill()

    whole = solve_stochastic(program, None, Options(gap=1e-6))
    found = solve_stochastic(program, None, BY_SCENARIOS, kill)
    assert killed
    assert found.outcome.objective == pytest.approx(whole.outcome.objective)
    assert found.outcome.gap <= 1e-6
    assert any("SIGKILL" in note for note in found.outcome.notes)
