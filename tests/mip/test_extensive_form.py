"""Risk measures and the extensive form, on a newsvendor that is solved by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from optalloc.errors import ModelError
from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.stochastic import StochasticProgram, owned_columns
from optalloc.solving.selection import solve_arrays

# Costs of 100 and 350, the latter with a probability of a fifth.
PROBABILITY, COSTS = np.array([0.8, 0.2]), np.array([100.0, 350.0])


def demand(amount: float) -> Arrays:
    """Blocks of 10 at 10 each, at most 10 of them; what is unmet costs 3 a unit."""
    return Arrays(
        matrix=sp.csc_array(np.array([[10.0, 1.0]])),
        row_lower=np.array([amount]),
        row_upper=np.array([np.inf]),
        col_lower=np.zeros(2),
        col_upper=np.array([10.0, np.inf]),
        cost=np.array([10.0, 3.0]),
        integer=np.array([True, False]),
        strengthening=np.zeros(1, dtype=bool),
        offset=0.0,
        rows=Labels.of(()),
        columns=Labels.of(()),
    )


def newsvendor(amounts: tuple[float, ...], probability: tuple[float, ...]) -> StochasticProgram:
    """Blocks are decided before, and what is unmet after the demand is known."""
    nodes = [np.array([0, 1 + s]) for s in range(len(amounts))]
    columns = owned_columns([np.arange(2)] * len(amounts), nodes)
    names = tuple(map(str, amounts))
    return StochasticProgram(names, np.array(probability), tuple(map(demand, amounts)), columns)


def least(
    program: StochasticProgram,
    attitude: Attitude,
    references: np.ndarray | None = None,
    at_most: float | None = None,
) -> np.ndarray:
    """Costs of the scenarios in the plan that is best by a measure, proven."""
    form = extensive_form(program, attitude, references, at_most=at_most)
    found = solve_arrays(form.arrays)
    assert found.values is not None
    assert found.gap == 0.0
    costs = program.costs(found.values)
    if at_most is None:
        worked_out = attitude.value(program.probability, costs, references)
        assert found.objective == pytest.approx(worked_out)
    return costs


def test_mean_of_newsvendor() -> None:
    # Slope of x blocks beyond 5: 10 for 3/4 x 0 and 1/4 x 30 saved: 5 blocks, 50 + 1/4 x 150.
    program = newsvendor((50, 100), (0.75, 0.25))
    assert least(program, Attitude()) == pytest.approx([50, 200])
    # At 1/2 each, ten more units save 15 for 10: all ten blocks.
    even = newsvendor((50, 100), (0.5, 0.5))
    assert least(even, Attitude()) == pytest.approx([100, 100])


def test_worst_and_regret_of_newsvendor() -> None:
    program = newsvendor((50, 100), (0.75, 0.25))
    assert least(program, Attitude(Measure.WORST)) == pytest.approx([100, 100])
    # Alone 50 and 100. x blocks regret 10 x - 50 and 200 - 20 x: 9 blocks 40 and 20, 8 blocks
    # 30 and 40; so 40, and of both the mean prefers 8: 80 and 140, against 90 and 120.
    references = np.array([50.0, 100.0])
    regret = Attitude(Measure.REGRET)
    costs = least(program, regret, references=references)
    assert (costs - references).max() == pytest.approx(40)
    second = least(program, regret, references=references, at_most=40.0)
    assert second == pytest.approx([80, 140])


@pytest.mark.parametrize(("weight", "blocks"), [(0.04, 5), (0.06, 10)])
def test_weight_at_which_the_tail_switches_the_plan(weight: float, blocks: int) -> None:
    # With 5 blocks 50 and 200, mean 87.5 (worst quarter 200); with 10 blocks 100 both. The mean
    # of the tail of a quarter has weight t: 87.5 + 112.5 t = 100 at t = 1/9; with demand of the
    # second at 0.3: 50 and 200, mean 95, 95 + 105 t = 100 at t = 1/21 = 0.0476.
    program = newsvendor((50, 100), (0.7, 0.3))
    attitude = Attitude(Measure.MEAN_AND_TAIL, tail_share=0.3, tail_weight=weight)
    costs = least(program, attitude)
    assert costs[0] == pytest.approx(10 * blocks)


@pytest.mark.parametrize(
    ("attitude", "value"),
    [
        (Attitude(), 150),
        (Attitude(Measure.WORST), 350),
        (Attitude(Measure.MEAN_AND_TAIL, 0.2, 1.0), 350),
        # (0.2 x 350 + 0.2 x 100) / 0.4
        (Attitude(Measure.MEAN_AND_TAIL, 0.4, 1.0), 225),
        (Attitude(Measure.MEAN_AND_TAIL, 0.2, 0.5), 250),
        (Attitude(Measure.MEAN_AND_TAIL, 1.0, 1.0), 150),
    ],
)
def test_measures_by_hand(attitude: Attitude, value: float) -> None:
    assert attitude.value(PROBABILITY, COSTS) == pytest.approx(value)


def test_measures_are_monotone_worst_cases_over_weights() -> None:
    random = np.random.default_rng(3)
    references = np.zeros(6)
    for measure in Measure:
        attitude = Attitude(measure, 0.3, 0.7)
        p = random.dirichlet(np.ones(6))
        one, other = random.normal(size=(2, 6))
        q = attitude.weights(p, one, references)
        assert q.sum() == pytest.approx(1.0)
        # Weights that attain the measure at one point bound it at every other.
        assert attitude.value(p, other, references) >= q @ other - 1e-12
        above = attitude.value(p, one + abs(other), references)
        assert above >= attitude.value(p, one, references) - 1e-12


def test_equal_scenarios_are_one() -> None:
    program = newsvendor((50, 50, 50), (0.2, 0.3, 0.5))
    shared = replace(program, columns=(np.arange(2),) * 3)
    form = extensive_form(shared)
    # Columns owned by one node and a row that is the same in all scenarios are kept once.
    assert form.arrays.matrix.shape == (1, 2)
    assert [rows.tolist() for rows in form.rows] == [[0], [0], [0]]
    assert form.row_probability(shared.probability) == pytest.approx([1.0])
    # One that a scenario has twice shares its dual price out to both.
    first = shared.programs[0]
    doubled = replace(
        first,
        matrix=sp.csc_array(sp.vstack([first.matrix] * 2)),
        row_lower=np.tile(first.row_lower, 2),
        row_upper=np.tile(first.row_upper, 2),
        strengthening=np.tile(first.strengthening, 2),
    )
    twice = extensive_form(replace(shared, programs=(doubled,) * 3))
    assert [rows.tolist() for rows in twice.rows] == [[0, 0]] * 3
    assert twice.row_probability(shared.probability) == pytest.approx([2.0])
    assert solve_arrays(form.arrays).objective == pytest.approx(50)


def test_names_are_those_of_the_scenarios_if_they_have_any() -> None:
    """Proves: a column has the name and the scenario of its first owner; without names there in any
    scenario, which the solvers accept, there are none to ask for."""
    program = newsvendor((50, 100), (0.75, 0.25))
    assert len(extensive_form(program).arrays.columns) == 0
    columns = Labels.of([("built", [("Oslo", 2027)], None), ("unmet", [None], None)])
    rows = Labels.of([("met", [None], None)])
    named = tuple(replace(one, rows=rows, columns=columns) for one in program.programs)
    arrays = extensive_form(replace(program, programs=named)).arrays
    assert arrays.columns[2] == ("column", ("unmet", "100"))
    assert arrays.rows[1] == ("row", ("met", "100"))


def test_without_sharing_each_scenario_decides_alone() -> None:
    program = newsvendor((50, 100), (0.75, 0.25))
    alone = replace(program, columns=(np.array([0, 1]), np.array([2, 3])))
    # 3/4 x 50 + 1/4 x 100, which bounds every measure of the mean from below.
    assert least(alone, Attitude()) @ alone.probability == pytest.approx(62.5)


def test_shared_bounds_that_exclude_each_other_are_an_error() -> None:
    program = newsvendor((50, 100), (0.75, 0.25))
    few = replace(program.programs[0], col_upper=np.array([3.0, np.inf]))
    many = replace(program.programs[1], col_lower=np.array([4.0, 0.0]))
    with pytest.raises(ModelError, match="bounds that exclude each other"):
        replace(program, programs=(few, many))
    whole = replace(program.programs[1], integer=np.array([False, False]))
    with pytest.raises(ModelError, match="integer in some scenarios"):
        replace(program, programs=(program.programs[0], whole))
