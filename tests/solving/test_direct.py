"""The solve step: proven optima, honest endings, and infeasibility that is confirmed."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import optalloc
from optalloc.compile import compile_model
from optalloc.errors import InternalError, ModelError, OptallocError
from optalloc.mip.arrays import ExtraRows
from optalloc.mip.outcome import Options, Quality, StopReason, quality_of, relative_gap
from optalloc.mip.parameters import Elastic, Parameters
from optalloc.solving.direct import solve_directly
from optalloc.solving.highs import Highs
from tests.paths import INPUTS


def knapsack(values: list[int], weights: list[int], room: int) -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    m.ITEMS = pyo.RangeSet(0, len(values) - 1)
    m.take = pyo.Var(m.ITEMS, domain=pyo.Binary)
    m.room = pyo.Constraint(expr=sum(weights[i] * m.take[i] for i in m.ITEMS) <= room)
    m.loss = pyo.Objective(expr=sum(-values[i] * m.take[i] for i in m.ITEMS))
    return m


def test_the_optimum_that_an_older_solver_missed() -> None:
    """Proves: min 2x + 3z, x + z >= 4.5, z whole: 9 (HiGHS 1.14.0 got it wrong, issue 3002)."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.NonNegativeReals)
    m.z = pyo.Var(domain=pyo.NonNegativeIntegers)
    m.need = pyo.Constraint(expr=m.x + m.z >= 4.5)
    m.cost = pyo.Objective(expr=2 * m.x + 3 * m.z)
    outcome = optalloc.solve_arrays(compile_model(m))
    assert outcome.objective == pytest.approx(9)
    assert outcome.quality is Quality.OPTIMAL
    assert outcome.stop_reason is StopReason.PROVED


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 20)), min_size=1, max_size=7),
    st.integers(0, 60),
)
def test_brute_force_agrees(items: list[tuple[int, int]], room: int) -> None:
    """Proves: the optimum and the bound are those of trying every subset."""
    values, weights = [v for v, _ in items], [w for _, w in items]
    best = max(
        sum(values[i] for i in subset)
        for n in range(len(items) + 1)
        for subset in itertools.combinations(range(len(items)), n)
        if sum(weights[i] for i in subset) <= room
    )
    outcome = optalloc.solve_arrays(compile_model(knapsack(values, weights, room)), Options(gap=0))
    assert outcome.objective == pytest.approx(-best)
    assert outcome.bound == pytest.approx(-best)


def test_infeasible_only_by_whole_numbers_is_confirmed() -> None:
    """Proves: 2 z = 1 has no whole solution. Sensitivity: 2 z = 2 has."""

    def program(right: int) -> optalloc.Outcome:
        m = pyo.ConcreteModel()
        m.z = pyo.Var(domain=pyo.NonNegativeIntegers)
        m.half = pyo.Constraint(expr=2 * m.z == right)
        m.cost = pyo.Objective(expr=m.z)
        return optalloc.solve_arrays(compile_model(m))

    assert program(1).stop_reason is StopReason.INFEASIBLE
    assert program(1).shortfalls[0] == ("half", pytest.approx(1.0))
    assert program(2).objective == pytest.approx(1)


def test_no_plan_that_is_not_confirmed_in_time_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proves: without time to confirm it, a program without a plan ends by time, and says why.

    Sensitivity: with the usual half-minute it is infeasible.
    """
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.Integers, bounds=(0, 3))
    m.half = pyo.Constraint(expr=2 * m.x == 1)
    m.cost = pyo.Objective(expr=m.x)
    arrays, options = compile_model(m), Options(time_limit_s=5.0)
    assert optalloc.solve_arrays(arrays, options).stop_reason is StopReason.INFEASIBLE
    parameters = Parameters(elastic=Elastic(confirmation_s=-1.0))
    monkeypatch.setattr("optalloc.solving.monitor.Monitor.left_s", lambda monitor: -1.0)
    outcome = solve_directly(arrays, Options(parameters=parameters))
    assert outcome.stop_reason is StopReason.TIME
    assert outcome.values is None and "not be confirmed" in outcome.notes[0]


def test_shortfall_is_the_amount_that_is_missing() -> None:
    """Proves: x <= 3 and x >= 5 lack 2. Sensitivity: with x <= 5 a plan exists."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.NonNegativeReals)
    m.most = pyo.Constraint(expr=m.x <= 3)
    m.least = pyo.Constraint(expr=m.x >= 5)
    m.cost = pyo.Objective(expr=m.x)
    outcome = optalloc.solve_arrays(compile_model(m))
    assert outcome.stop_reason is StopReason.INFEASIBLE
    assert sum(amount for _, amount in outcome.shortfalls) == pytest.approx(2)
    m.most.deactivate()
    assert optalloc.solve_arrays(compile_model(m)).objective == pytest.approx(5)


def test_strengthening_rows_change_the_bound_and_not_the_optimum() -> None:
    """Proves: links taken in the cut loop leave the optimum, 12, and are taken only if broken.

    One facility of fixed cost 12 serves two customers of 1 each at no cost, with room for 100: the
    relaxation opens 2 % of it; with the links it opens all of it.
    """
    m = pyo.ConcreteModel()
    m.open = pyo.Var(domain=pyo.Binary)
    m.served = pyo.Var([1, 2], domain=pyo.NonNegativeReals)
    m.met = pyo.Constraint([1, 2], rule=lambda m, j: m.served[j] == 1)
    m.room = pyo.Constraint(expr=m.served[1] + m.served[2] <= 100 * m.open)
    m.links = pyo.Constraint([1, 2], rule=lambda m, j: m.served[j] <= m.open)
    m.cost = pyo.Objective(expr=12 * m.open)
    arrays = compile_model(m, {"links"})
    outcome = optalloc.solve_arrays(arrays)
    assert outcome.objective == pytest.approx(12)
    assert outcome.cut_rows == 2
    relaxed = Highs(arrays.with_rows(~arrays.strengthening), Options(), integer=False).run()
    assert relaxed.objective == pytest.approx(0.24)


def test_whole_numbers_are_whole_after_polishing() -> None:
    """Proves: what comes back for integers is exactly whole."""
    m = knapsack([3, 5, 7, 9], [2, 3, 4, 5], 9)
    outcome = optalloc.solve_arrays(compile_model(m))
    assert outcome.values is not None
    assert (outcome.values == np.round(outcome.values)).all()


def test_quality_is_apart_from_why_it_stopped() -> None:
    """Proves: the words for a proven, a near and a far plan, by hand: 1 of 100 is a gap of 1 %."""
    assert relative_gap(100, 99) == pytest.approx(0.01)
    assert relative_gap(math.inf, 99) == math.inf
    assert quality_of(100, 100, 0.0) is Quality.OPTIMAL
    assert quality_of(100, 99, 0.01) is Quality.WITHIN_GAP
    assert quality_of(100, 99, 0.001) is Quality.FEASIBLE
    assert quality_of(math.inf, 0, 0.1) is Quality.NONE


def test_an_option_that_the_solver_refuses_is_an_error() -> None:
    """Proves: HiGHS does not go on with its defaults behind our back."""
    arrays = compile_model(knapsack([1], [1], 1))
    with pytest.raises(InternalError, match="no_such_option"):
        Highs(arrays, Options(), integer=True, settings={"no_such_option": 1})


def test_a_program_without_one_objective_is_refused() -> None:
    """Proves: a second objective is no silent choice."""
    m = knapsack([1], [1], 1)
    m.other = pyo.Objective(expr=m.take[0])
    with pytest.raises(ModelError, match="one active objective"):
        compile_model(m)


def test_a_program_that_is_not_linear_is_refused() -> None:
    """Proves: a product of variables is an error and not a surprise."""
    m = knapsack([1, 2], [1, 1], 1)
    m.product = pyo.Constraint(expr=m.take[0] * m.take[1] <= 1)
    with pytest.raises(ModelError, match="linear"):
        compile_model(m)


class Ball:
    """Rows of the disc x^2 + y^2 <= 25, found on demand."""

    def __call__(self, point: np.ndarray) -> ExtraRows:
        length = float(np.hypot(*point[:2]))
        rows = sp.csr_array(point[None, :2] / length) if length else sp.csr_array((0, 2))
        upper = np.full(rows.shape[0], 5.0)
        return ExtraRows(rows, upper, tuple(("disc", ((k,),)) for k in range(rows.shape[0])))


@pytest.mark.parametrize(
    ("whole", "best"), [(False, -5 * 5**0.5), (True, -11.0)], ids=["any", "whole"]
)
def test_rows_found_on_demand(whole: bool, best: float) -> None:
    """Proves: max 2x + y in a disc of radius 5 is 5 sqrt 5; in whole numbers 4, 3 gives 11.
    Sensitivity: without the disc the box allows 24."""
    m = pyo.ConcreteModel()
    m.x, m.y = (
        pyo.Var(domain=pyo.NonNegativeIntegers if whole else pyo.NonNegativeReals, bounds=(0, 8))
        for _ in range(2)
    )
    m.loss = pyo.Objective(expr=-2 * m.x - m.y)
    arrays = compile_model(m)
    assert optalloc.solve_arrays(arrays).objective == pytest.approx(-24)
    outcome = optalloc.solve_arrays(replace(arrays, separate=Ball()), Options(gap=0))
    assert outcome.objective == pytest.approx(best, rel=1e-6)
    assert outcome.bound == pytest.approx(best, rel=1e-6)
    assert outcome.cut_rows > 0


def test_what_breaks_rows_found_on_demand_is_no_plan() -> None:
    """Proves: x + y >= 9 has points in the box, none in the disc: infeasible, and the rows that must
    give way are named. Sensitivity: x + y >= 7 has (4, 3) and (3, 4)."""

    def program(least: float) -> optalloc.Outcome:
        m = pyo.ConcreteModel()
        m.x = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 8))
        m.y = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 8))
        m.least = pyo.Constraint(expr=m.x + m.y >= least)
        m.loss = pyo.Objective(expr=m.x)
        return optalloc.solve_arrays(replace(compile_model(m), separate=Ball()), Options(gap=0))

    assert program(7).objective == pytest.approx(3)
    outcome = program(9)
    assert outcome.stop_reason is StopReason.INFEASIBLE
    assert {name.split("[")[0] for name, _ in outcome.shortfalls} <= {"least", "disc"}


@pytest.mark.long
@pytest.mark.first(3)
@pytest.mark.parametrize(
    "wrong",
    [
        {"gap": math.nan},
        {"gap": -1},
        {"gap": 1.5},
        {"gap": "1%"},
        {"time_limit_s": math.nan},
        {"time_limit_s": -1},
        {"threads": 0},
        {"seed": -1},
    ],
)
def test_solver_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    """Proves: NaN is no gap. Sensitivity: unchecked, the solver takes it for its own default."""
    with pytest.raises(OptallocError, match=f"{next(iter(wrong))} must be a number of at least"):
        optalloc.solve(INPUTS / "minimal", **wrong)
