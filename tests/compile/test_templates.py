"""Rules as templates, and rules that are expanded instead, with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from optalloc.compile import (
    compile_model,
    deferred_rules,
)
from tests import reference


def test_what_a_rule_takes_from_outside_is_right_too() -> None:
    """Sets and variables in a closure, not reached through the rule's first argument.

    Proves: an entry of a variable of the model is a symbol; a set is gone through as it is.
    """

    def declare(m: Any) -> None:
        m.I = pyo.Set(initialize=list("abcdefg"))
        m.x = pyo.Var(m.I)
        x, members = m.x, m.I
        m.entry = pyo.Constraint(m.I, rule=lambda _, i: x[i] >= 1)
        m.whole = pyo.Constraint(rule=lambda _: sum(x[i] for i in members) <= 5)
        m.cost = pyo.Objective(rule=lambda _: sum(x[i] for i in members))

    stock = pyo.ConcreteModel()
    declare(stock)
    with deferred_rules() as m:
        declare(m)
    arrays = compile_model(m)
    reference.assert_same(arrays, reference.of_pyomo(stock))
    assert "entry" not in [fallback.name for fallback in arrays.fallbacks]


def test_a_branch_on_an_index_is_expanded_and_said() -> None:
    with deferred_rules() as m:
        m.I = pyo.Set(initialize=["a", "b"])
        m.x = pyo.Var(m.I)
        m.c = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] <= (1 if i == "a" else 2))
        m.cost = pyo.Objective(rule=lambda m: -sum(m.x[i] for i in m.I))
    arrays = compile_model(m)
    (fallback,) = arrays.fallbacks
    assert (fallback.name, fallback.rows) == ("c", 2)
    assert "compares" in fallback.reason
    np.testing.assert_array_equal(arrays.row_upper, [1, 2])


def test_a_template_that_differs_from_its_rule_is_found_by_the_samples() -> None:
    # A dict of Python numbers with a default is blind to symbols: every row gets the default.
    class Blind(dict[str, float]):
        def __getitem__(self, key: object) -> float:
            return next((v for k, v in self.items() if k is key), 7.0)

    most = Blind(a=1.0, b=2.0)
    with deferred_rules() as m:
        m.I = pyo.Set(initialize=["a", "b"])
        m.x = pyo.Var(m.I)
        m.c = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] <= most[i])
        m.cost = pyo.Objective(rule=lambda m: -sum(m.x[i] for i in m.I))
    arrays = compile_model(m)
    assert "gives another row than its template" in arrays.fallbacks[0].reason
    np.testing.assert_array_equal(arrays.row_upper, [1, 2])
