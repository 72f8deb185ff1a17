"""Properties of every stochastic program, on small random ones of three stages."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options
from optalloc.mip.stochastic import StochasticProgram, owned_columns
from optalloc.solving.selection import solve_arrays

SEEDS = range(4)
# Nodes of four scenarios by stage: what is known is which half, then which scenario.
TREE = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 2], [0, 1, 3]])
ATTITUDES = [
    Attitude(),
    Attitude(Measure.MEAN_AND_TAIL, tail_share=0.3, tail_weight=0.6),
    Attitude(Measure.WORST),
    Attitude(Measure.REGRET),
]
PROVEN = Options(gap=0.0, threads=1)


def scenario(random: np.random.Generator, stage: np.ndarray) -> Arrays:
    """Demand in each stage, met by columns of it and of those before; shortage has a price."""
    rows = np.repeat(np.arange(3), 2)
    matrix = random.integers(0, 5, (len(rows), len(stage))) * (stage <= rows[:, None])
    shortage = np.eye(len(rows))
    count = len(stage)
    return Arrays(
        matrix=sp.csc_array(np.hstack([matrix, shortage])),
        row_lower=random.integers(3, 20, len(rows)).astype(float),
        row_upper=np.full(len(rows), np.inf),
        col_lower=np.zeros(count + len(rows)),
        col_upper=np.concatenate([np.full(count, 4.0), np.full(len(rows), np.inf)]),
        cost=np.concatenate([random.integers(3, 12, count), np.full(len(rows), 9)]).astype(float),
        integer=np.arange(count + len(rows)) % 2 * (np.arange(count + len(rows)) < count) > 0,
        strengthening=np.zeros(len(rows), dtype=bool),
        offset=float(random.integers(0, 5)),
        rows=Labels.of(()),
        columns=Labels.of(()),
    )


STAGE = np.repeat(np.arange(3), 3)
# Stages of all columns, those of shortage included.
STAGES = np.concatenate([STAGE, np.repeat(np.arange(3), 2)])


def on_tree(
    programs: tuple[Arrays, ...], probability: np.ndarray, tree: np.ndarray
) -> StochasticProgram:
    nodes = [own[STAGES] for own in tree]
    names = tuple(map(str, range(len(programs))))
    columns = owned_columns([np.arange(len(STAGES))] * len(programs), nodes)
    return StochasticProgram(names, probability, programs, columns)


def drawn(seed: int) -> StochasticProgram:
    random = np.random.default_rng(seed)
    programs = tuple(scenario(random, STAGE) for _ in TREE)
    return on_tree(programs, random.dirichlet(np.ones(len(TREE))), TREE)


def alone(program: StochasticProgram) -> np.ndarray:
    return np.array([solve_arrays(one, PROVEN).objective for one in program.programs])


def optimum(program: StochasticProgram, attitude: Attitude) -> float:
    references = alone(program) if attitude.measure is Measure.REGRET else None
    found = solve_arrays(extensive_form(program, attitude, references).arrays, PROVEN)
    assert found.values is not None
    assert found.gap == 0.0
    costs = program.costs(found.values)
    # The measure of the costs is what was minimised.
    assert attitude.value(program.probability, costs, references) == pytest.approx(found.objective)
    return float(found.objective)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_scenario_is_its_own_program(seed: int) -> None:
    first = drawn(seed).programs[0]
    program = on_tree((first,), np.ones(1), TREE[:1])
    least = solve_arrays(first, PROVEN).objective
    for attitude in ATTITUDES:
        expected = 0.0 if attitude.measure is Measure.REGRET else least
        assert optimum(program, attitude) == pytest.approx(expected, abs=1e-6)


@pytest.mark.first(4)
@pytest.mark.parametrize("attitude", ATTITUDES, ids=lambda one: one.measure.value)
@pytest.mark.parametrize("seed", SEEDS)
def test_two_halves_of_a_scenario_are_the_scenario(seed: int, attitude: Attitude) -> None:
    """Proves: neither do they change the optimum where they share all columns, nor where what tells
    them apart becomes known in the last stage."""
    program = drawn(seed)
    least = optimum(program, attitude)
    halves = np.array([0.3, 0.7]) * program.probability[-1]
    probability = np.concatenate([program.probability[:-1], halves])
    programs = (*program.programs, program.programs[-1])
    for node in (TREE[-1][2], 9):
        tree = np.vstack([TREE, [*TREE[-1][:2], node]])
        split = on_tree(programs, probability, tree)
        assert optimum(split, attitude) == pytest.approx(least, abs=1e-6)


@pytest.mark.first(4)
@pytest.mark.parametrize("attitude", ATTITUDES, ids=lambda one: one.measure.value)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_known_earlier_never_costs_more(seed: int, attitude: Attitude) -> None:
    """Proves: from nothing ever known to all known at once, each step of the tree towards finer
    nodes costs no more; the ends are the here-and-now plan and each scenario alone."""
    program = drawn(seed)
    scenarios = np.arange(len(TREE))[:, None]
    nothing, everything = np.zeros_like(TREE), np.repeat(scenarios, 3, axis=1)
    half_late = np.column_stack([TREE[:, 0], TREE[:, 0], TREE[:, 1]])
    early = np.column_stack([TREE[:, 0], TREE[:, 2], TREE[:, 2]])
    costs = [
        optimum(on_tree(program.programs, program.probability, tree), attitude)
        for tree in (nothing, half_late, TREE, early, everything)
    ]
    for coarse, fine in itertools.pairwise(costs):
        assert fine <= coarse + 1e-6
    least = alone(program)
    wait_and_see = attitude.value(program.probability, least, least)
    assert costs[-1] == pytest.approx(wait_and_see, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_measures_are_ordered(seed: int) -> None:
    """Proves: worst >= mean and tail >= mean, at the optimum of each; a heavier or thinner tail never
    costs less; the tail of all is the mean, and the tail of the likeliest alone is the worst."""
    program = drawn(seed)

    def tail(share: float, weight: float) -> float:
        return optimum(program, Attitude(Measure.MEAN_AND_TAIL, share, weight))

    mean, worst = (optimum(program, Attitude(one)) for one in (Measure.EXPECTED, Measure.WORST))
    ordered = [mean, tail(0.6, 0.3), tail(0.3, 0.3), tail(0.3, 0.8), tail(0.1, 0.8), worst]
    for less, more in itertools.pairwise(ordered):
        assert less <= more + 1e-6
    assert tail(1.0, 0.7) == pytest.approx(mean)
    assert tail(program.probability.min(), 1.0) == pytest.approx(worst)


@pytest.mark.first(4)
@pytest.mark.parametrize("attitude", ATTITUDES[1:], ids=lambda one: one.measure.value)
@pytest.mark.parametrize("seed", SEEDS)
def test_mean_within_a_limit_on_the_measure(seed: int, attitude: Attitude) -> None:
    """Proves: the second pass keeps the measure and its mean is at least the least mean; with a
    generous limit it is the least mean."""
    program = drawn(seed)
    references = alone(program)
    mean, least = optimum(program, Attitude()), optimum(program, attitude)
    for limit, is_free in ((least + 1e-6, False), (least + 1e6, True)):
        form = extensive_form(program, attitude, references, at_most=limit)
        found = solve_arrays(form.arrays, PROVEN)
        assert found.values is not None
        costs = program.costs(found.values)
        assert program.probability @ costs == pytest.approx(found.objective)
        assert attitude.value(program.probability, costs, references) <= limit + 1e-5
        assert found.objective >= mean - 1e-6
        if is_free:
            assert found.objective == pytest.approx(mean)


def test_probabilities_need_not_add_to_one() -> None:
    """Proves: they weigh the costs as they are given, so half of each is half the mean."""
    program = drawn(0)
    half = replace(program, probability=program.probability / 2)
    assert optimum(half, Attitude()) == pytest.approx(optimum(program, Attitude()) / 2)
