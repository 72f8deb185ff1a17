"""Rows somebody looked at, and a deferred model as Pyomo sees it."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

import optalloc
from optalloc.compile import (
    compile_model,
    deferred_rules,
)
from optalloc.errors import ModelError
from tests.compile.models import deferred_knapsack


def test_a_rule_bound_to_a_loop_variable_is_refused_once_it_has_moved_on() -> None:
    with deferred_rules() as m:
        m.I = pyo.Set(initialize=[1, 2])
        m.x = pyo.Var(m.I)
        for most in (5, 9):
            m.add_component(
                f"c{most}",
                pyo.Constraint(m.I, rule=lambda m, i: m.x[i] <= most),  # noqa: B023
            )
        m.cost = pyo.Objective(rule=lambda m: -sum(m.x[i] for i in m.I))
    # The template holds what the rule meant when it was declared.
    np.testing.assert_array_equal(compile_model(m).row_upper, [5, 5, 9, 9])
    with pytest.raises(ModelError, match="the rule of c5 gives something else now"):
        m.c5[1]


def test_what_a_user_alters_counts() -> None:
    m = deferred_knapsack()
    m.single["b"].deactivate()
    m.single["c"].set_value(2 * m.x["c"] <= 1)
    m.taken["a"].set_value(5 * m.x["a"])
    m.x["b"].setub(0)
    m.more = pyo.Constraint(expr=m.x["a"] + m.x["c"] >= 1)
    arrays = compile_model(m)
    assert {arrays.row_name(k) for k in range(arrays.size["rows"])} == {
        "room",
        "single[a]",
        "single[c]",
        "more",
    }
    assert arrays.matrix[[arrays.rows.find("single", "c")], [arrays.columns.find("x", "c")]] == 2
    assert arrays.matrix[[arrays.rows.find("room")], [arrays.columns.find("x", "a")]] == 5
    assert arrays.col_upper[arrays.columns.find("x", "b")] == 0
    assert optalloc.solve_arrays(arrays).objective == pytest.approx(-3)


def test_pyomo_sees_all_rows_of_a_deferred_model() -> None:
    m = deferred_knapsack()
    solved = pyo.SolverFactory("appsi_highs").solve(m)
    assert pyo.check_optimal_termination(solved)
    assert pyo.value(m.gain) == pytest.approx(7)
    assert {i for i in m.I if pyo.value(m.x[i]) > 0.5} == {"a", "b"}
    assert len(m.single) == 3
    assert str(m.room.body) == "(2*x[a]) + (3*x[b]) + (4*x[c])"
