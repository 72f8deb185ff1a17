"""New numbers in a compiled program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optalloc
from optalloc.compile import (
    compile_model,
    deferred_rules,
    refresh,
)
from optalloc.errors import InfeasibleError, ModelError
from optalloc.mip.outcome import Options
from optalloc.solving.highs import Highs
from tests import reference
from tests.compile.models import BRANCHING, MAKERS, deferred_knapsack, skeleton


@pytest.mark.long
@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    makers=st.lists(
        st.tuples(st.sampled_from(sorted({*MAKERS} - BRANCHING)), st.integers(0, 3)),
        min_size=1,
        max_size=4,
    ),
)
def test_refreshed_is_what_building_again_gives(seed: int, makers: list[tuple[str, int]]) -> None:
    first = skeleton(seed, makers, deferred=True)
    second = skeleton(seed, makers, scaled=1.7, deferred=True)
    try:
        arrays, expected = compile_model(first), compile_model(second)
    except InfeasibleError:
        return
    values = {
        name: {key: pyo.value(value) for key, value in second.component(name).items()}
        for name in ("p", "d", "c")
    } | {"base": pyo.value(second.base)}
    try:
        fresh = refresh(arrays, values)
    except ModelError as refusal:
        # Only what was expanded, or is looked at entry by entry, cannot be traced.
        assert "build the model again" in str(refusal)
        assert arrays.fallbacks or _looked_at(first)
        return
    np.testing.assert_array_equal(fresh.matrix.indices, arrays.matrix.indices)
    np.testing.assert_array_equal(fresh.matrix.indptr, arrays.matrix.indptr)
    reference.assert_same(fresh, reference.of_arrays(expected))


def _looked_at(m: Any) -> bool:
    return any(c._data for c in (m.x, m.e)) or any(
        c._data for c in m.component_objects(pyo.Constraint) if c.is_indexed()
    )


def test_a_solver_that_holds_the_program_gets_the_differences() -> None:
    m = deferred_knapsack()
    first = compile_model(m)
    fresh = refresh(first, {"worth": {"a": 1, "b": 1, "c": 9}, "size": {"a": 1, "b": 1, "c": 5}})
    assert np.shares_memory(fresh.matrix.indices, first.matrix.indices)
    solver = Highs(first, Options(gap=0), integer=True)
    assert solver.run().objective == pytest.approx(-7)
    solver.update(fresh)
    assert solver.run().objective == pytest.approx(-9)
    assert Highs(fresh, Options(gap=0), integer=True).run().objective == pytest.approx(-9)


def test_refresh_refuses_what_it_cannot_do() -> None:
    arrays = compile_model(deferred_knapsack())
    for values, words in (
        ({"nothing": 1}, "no parameter 'nothing'"),
        ({"worth": {"a": 1, "b": 1}}, "none for c"),
        ({"worth": {"a": 1, "b": 1, "c": 1, "d": 1}}, "no other"),
        ({"worth": [1, 2]}, "needs 3 values"),
    ):
        with pytest.raises(ModelError, match=words):
            refresh(arrays, values)


def test_refresh_refuses_numbers_that_it_cannot_trace() -> None:
    def model(objective: Callable[[Any], Any], most: Callable[[Any], Any]) -> optalloc.Arrays:
        with deferred_rules() as m:
            m.I = pyo.Set(initialize=["a", "b"])
            m.p = pyo.Param(m.I, initialize={"a": 1, "b": 2})
            m.x = pyo.Var(m.I, bounds=(0, 9))
            m.c = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] <= most(m))
            m.cost = objective(m)
        return compile_model(m)

    def by_rule(m: Any) -> Any:
        return pyo.Objective(rule=lambda m: -sum(m.p[i] * m.x[i] for i in m.I))

    def by_expression(m: Any) -> Any:
        return pyo.Objective(expr=-sum(m.p[i] * m.x[i] for i in m.I))

    new = {"p": {"a": 3.0, "b": 4.0}}
    fresh = refresh(model(by_rule, lambda m: 7), new)
    np.testing.assert_array_equal(fresh.cost, [-3, -4])
    for objective, most in (
        (by_rule, lambda m: m.p["a"]),
        (by_rule, lambda m: pyo.value(m.p["b"])),
        (by_expression, lambda m: 7),
    ):
        with pytest.raises(ModelError, match="build the model again"):
            refresh(model(objective, most), new)
