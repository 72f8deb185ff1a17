"""Ways to add up, and what only looks like one."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo
import pytest

from optalloc.compile import (
    compile_model,
    deferred_rules,
)
from tests import reference


def explicit_loop(m: Any, t: int) -> Any:
    total = 0
    for i in m.I:
        total = total + m.x[i, t]
    return total


def loop_over_a_generator(m: Any, t: int) -> Any:
    total = 5
    for term in (m.p[i] * m.x[i, t] for i in m.I):
        total = total + 2 * term
    return total


def loop_that_adds_to_a_term(m: Any, t: int) -> Any:
    total = 5 + m.z
    for term in (m.z for i in m.I):
        total = term + total
    return total


def two_sums_in_one_loop(m: Any, t: int) -> Any:
    first = second = 0 * t
    for term in (m.x[i, t] for i in m.I):
        first, second = first + term, second + 3 * term
    return first - second


def terms(m: Any, t: int) -> Any:
    for i in m.I:
        yield m.x[i, t]


def terms_by_twos(m: Any, t: int) -> Any:
    for i in m.I:
        yield m.x[i, t]
        yield m.y[i]


# By name: what is added up, and whether symbols go through it.
SUMS: dict[str, tuple[Callable[[Any, int], Any], bool]] = {
    "a generator": (lambda m, t: sum(m.x[i, t] for i in m.I), True),
    "an expression to begin with": (lambda m, t: sum((m.x[i, t] for i in m.I), m.z * 2), True),
    "nothing to begin with": (lambda m, t: sum((m.x[i, t] for i in m.I), 0.0), True),
    "the same term for all": (lambda m, t: sum(m.z for i in m.I) + m.z, True),
    "an index as a number": (lambda m, t: sum(u * m.z for u in m.T) + t, True),
    "a sum of sums": (lambda m, t: sum(sum(m.x[i, u] for u in m.T) + m.y[i] for i in m.I), True),
    "a sum that depends": (lambda m, t: sum(m.w[i, u] for j in m.I for i, u in m.G[j]), True),
    "two in one chain": (
        lambda m, t: sum(itertools.chain((m.x[i, t] for i in m.I), (m.y[i] for i in m.I))),
        True,
    ),
    "a function of terms": (lambda m, t: sum(terms(m, t)), True),
    "entries of a variable": (lambda m, t: sum(m.y.values()) + sum(m.y[i] for i in m.y), True),
    "pairs of entries": (lambda m, t: sum(m.p[i] * y for i, y in m.y.items()), False),
    "one addition a round": (loop_over_a_generator, True),
    "terms taken together": (lambda m, t: functools.reduce(operator.add, terms(m, t), 1.0), True),
    "numbers alone": (lambda m, t: sum(m.p[i] for i in m.I) + m.z, True),
    "a count": (lambda m, t: sum(1 for i in m.I) * m.z, False),
    "a list": (lambda m, t: sum([m.x[i, t] for i in m.I]), False),
    "a generator of a generator": (lambda m, t: sum(x for x in (m.x[i, t] for i in m.I)), False),
    "an explicit loop": (explicit_loop, False),
    "a term added the other way": (loop_that_adds_to_a_term, False),
    "two sums in a loop": (two_sums_in_one_loop, False),
    "two terms a round": (lambda m, t: sum(terms_by_twos(m, t)), False),
    "the first alone": (lambda m, t: m.z + next(m.x[i, t] for i in m.I), False),
    "without a start": (lambda m, t: functools.reduce(operator.add, terms(m, t)), False),
    "a choice": (lambda m, t: max((m.x[i, t] for i in m.I), key=str) + m.z, False),
    "by a condition": (lambda m, t: m.z + sum(m.x[i, t] for i in m.I if i != "a"), False),
    "side by side": (
        lambda m, t: sum(a + b for a, b in zip(terms(m, t), m.y.values(), strict=True)),
        False,
    ),
    "by Pyomo": (lambda m, t: pyo.quicksum(m.x[i, t] for i in m.I), False),
    "a product by Pyomo": (lambda m, t: pyo.sum_product(m.p, m.y) + m.z, False),
    "a slice": (lambda m, t: sum(m.x[:, t]), False),
}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("members", [1, 3, 7])
def test_every_way_to_add_up(name: str, members: int) -> None:
    """Proves: rows and costs are those of Pyomo, whether symbols go through the rule or not."""
    added, templated = SUMS[name]

    def declare(m: Any) -> None:
        m.I = pyo.Set(initialize=list("abcdefg")[:members])
        m.T = pyo.RangeSet(0, members)
        pairs = [(i, t) for i in m.I for t in m.T if t != 1]
        m.S = pyo.Set(initialize=pairs, dimen=2)
        m.G = pyo.Set(m.I, initialize=lambda m, i: [p for p in pairs if p[0] == i], dimen=2)
        m.p = pyo.Param(m.I, initialize={i: k + 2 for k, i in enumerate(m.I)})
        m.x, m.y, m.w, m.z = pyo.Var(m.I, m.T), pyo.Var(m.I), pyo.Var(m.S), pyo.Var()
        m.c = pyo.Constraint(m.T, rule=lambda m, t: added(m, t) <= 3)
        m.cost = pyo.Objective(rule=lambda m: added(m, 0))

    stock = pyo.ConcreteModel()
    declare(stock)
    with deferred_rules() as m:
        declare(m)
    arrays = compile_model(m)
    reference.assert_same(arrays, reference.of_pyomo(stock))
    if members > 1:
        assert ([fallback.name for fallback in arrays.fallbacks] == []) == templated
