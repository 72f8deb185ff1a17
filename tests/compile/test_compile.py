"""The compiler against Pyomo's own standard form, and what it must refuse."""

from __future__ import annotations

import contextlib
import functools
import itertools
import operator
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyomo.common.errors import InfeasibleConstraintException

import optalloc
from optalloc.compile import (
    NonLinearError,
    TableIndexedSet,
    TableParam,
    TableSet,
    compile_model,
    deferred_rules,
    evaluate,
    refresh,
)
from optalloc.compile.deferred_components import template_of
from optalloc.errors import InfeasibleError, ModelError
from optalloc.mip.outcome import Options
from optalloc.modelling.sets import index_set, indexed_set, parameter
from optalloc.solving.highs import Highs
from tests import reference
from tests.paths import INPUTS

# Models made of what people write in rules -------------------------------------------------------

# Each adds one constraint named `name` to a model of `skeleton`; `k` is a number to vary with.
Maker = Callable[[Any, str, int], None]
MAKERS: dict[str, Maker] = {}


def maker(add: Maker) -> Maker:
    MAKERS[add.__name__] = add
    return add


@maker
def sum_over_a_set(m: Any, name: str, k: int) -> None:
    def rule(m: Any, t: int) -> Any:
        return sum(m.x[i, t] for i in m.I) + m.z >= m.d[t] - k

    m.add_component(name, pyo.Constraint(m.T, rule=rule))


@maker
def product_index(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str, t: int) -> Any:
        return m.x[i, t] <= m.p[i] * m.y[i] * k + m.z

    m.add_component(name, pyo.Constraint(m.I, m.T, rule=rule))


@maker
def earlier_period(m: Any, name: str, k: int) -> None:
    later = pyo.RangeSet(1, len(m.T) - 1)

    def rule(m: Any, i: str, t: int) -> Any:
        return m.x[i, t] - m.x[i, t - 1] <= m.c[i, t] * k + t * m.z

    m.add_component(name, pyo.Constraint(m.I, later, rule=rule))


@maker
def sparse_index(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str, t: int) -> Any:
        return m.w[i, t] + k * m.z <= m.q[i, t] * m.x[i, t]

    m.add_component(name, pyo.Constraint(m.S, rule=rule))


@maker
def sum_over_a_sparse_set(m: Any, name: str, k: int) -> None:
    def rule(m: Any) -> Any:
        return (-k, sum(m.q[i, t] * m.w[i, t] for i, t in m.S) - m.z, k + 10)

    m.add_component(name, pyo.Constraint(rule=rule))


@maker
def sum_over_an_indexed_set(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str) -> Any:
        return sum(m.x[j, t] / (t + 1) for j, t in m.G[i]) - m.z <= k

    m.add_component(name, pyo.Constraint(m.I, rule=rule))


@maker
def several_iterators(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str) -> Any:
        return sum(m.x[j, t] * m.c[i, t] for j in m.I for t in m.T) + m.z == k

    m.add_component(name, pyo.Constraint(m.I, rule=rule))


@maker
def nested_sums(m: Any, name: str, k: int) -> None:
    def rule(m: Any, t: int) -> Any:
        inner = sum(m.p[i] * sum(m.x[j, u] - k for j, u in m.G[i]) for i in m.I)
        return m.z >= inner - m.x["a", t]

    m.add_component(name, pyo.Constraint(m.T, rule=rule))


@maker
def range_of_two(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str) -> Any:
        return pyo.inequality(-m.p[i], m.y[i] - m.z / 2, m.p[i] + k)

    m.add_component(name, pyo.Constraint(m.I, rule=rule))


@maker
def through_expressions(m: Any, name: str, k: int) -> None:
    def rule(m: Any, t: int) -> Any:
        return -(m.e[t] - m.f) / 4 + k * m.z <= m.d[t] * m.e[t]

    m.add_component(name, pyo.Constraint(m.T, rule=rule))


@maker
def parameter_as_index(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str) -> Any:
        return m.x[i, m.when[i]] + m.z >= abs(m.p[i] - k) ** 2

    m.add_component(name, pyo.Constraint(m.I, rule=rule))


@maker
def by_name(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str) -> Any:
        return m.p[i] * m.z + k >= m.y[i] if i == "a" else m.y[i] >= m.z - k

    m.add_component(name, pyo.Constraint(m.I, rule=rule))


@maker
def by_place(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str, t: int) -> Any:
        if t == 0:
            return pyo.Constraint.Skip
        if t > 2:
            return pyo.Constraint.Feasible
        return m.x[i, t] >= m.x[i, t - 1] - k + m.z

    m.add_component(name, pyo.Constraint(m.I, m.T, rule=rule))


@maker
def by_value(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str) -> Any:
        return m.y[i] + m.z <= k if pyo.value(m.p[i]) > 2 else m.y[i] + m.z <= k + 1

    m.add_component(name, pyo.Constraint(m.I, rule=rule))


@maker
def sum_with_a_condition(m: Any, name: str, k: int) -> None:
    def rule(m: Any, t: int) -> Any:
        return sum(m.x[i, u] for i in m.I for u in m.T if u <= t) <= k + m.z

    m.add_component(name, pyo.Constraint(m.T, rule=rule))


@maker
def membership(m: Any, name: str, k: int) -> None:
    def rule(m: Any, i: str, t: int) -> Any:
        return m.w[i, t] <= m.z + k if (i, t) in m.S else pyo.Constraint.Skip

    m.add_component(name, pyo.Constraint(m.I, m.T, rule=rule))


@maker
def deactivated(m: Any, name: str, k: int) -> None:
    product_index(m, name, k)
    if k % 2:
        m.component(name).deactivate()
    else:
        m.component(name)["a", 0].deactivate()


@maker
def in_a_block(m: Any, name: str, k: int) -> None:
    m.add_component(name, pyo.Block())
    b = m.component(name)
    b.v = pyo.Var(m.T, bounds=(0, k + 1))
    b.c = pyo.Constraint(m.T, rule=lambda b, t: b.v[t] <= b.model().x["a", t] + b.model().z)


@maker
def of_a_reference(m: Any, name: str, k: int) -> None:
    view = pyo.Reference(m.x[:, 0])
    m.add_component(f"{name}_view", view)
    m.add_component(name, pyo.Constraint(rule=lambda m: sum(view[i] for i in m.I) - m.z <= k))


BRANCHING = {"by_name", "by_place", "by_value", "sum_with_a_condition", "membership"}


def skeleton(
    seed: int, makers: list[tuple[str, int]], *, scaled: float = 1.0, deferred: bool = False
) -> Any:
    with deferred_rules() if deferred else contextlib.nullcontext(pyo.ConcreteModel()) as m:
        return filled(m, seed, makers, scaled)


def filled(m: Any, seed: int, makers: list[tuple[str, int]], scaled: float) -> Any:
    """A model of sets, parameters, variables and expressions, and the constraints asked for."""
    draw = random.Random(seed)
    names = ["a", "b", "c", "d"][: draw.randint(1, 4)]
    times = list(range(draw.randint(1, 5)))
    mutable = draw.random() < 0.5
    m.I = pyo.Set(initialize=names)
    m.T = pyo.RangeSet(0, len(times) - 1)
    pairs = [(i, t) for i in names for t in times]
    m.S = pyo.Set(initialize=draw.sample(pairs, draw.randint(0, len(pairs))), dimen=2)
    groups = {i: draw.sample(pairs, draw.randint(0, len(pairs))) for i in names}
    m.G = pyo.Set(m.I, initialize=groups, dimen=2)
    m.p = pyo.Param(
        m.I, initialize={i: draw.randint(1, 5) * scaled for i in names}, mutable=mutable
    )
    base = draw.randint(0, 3) * scaled
    m.base = pyo.Param(initialize=base, mutable=draw.random() < 0.5)
    m.d = pyo.Param(m.T, initialize=lambda m, t: base + t, mutable=mutable)
    m.c = pyo.Param(m.I, m.T, initialize=lambda m, i, t: m.p[i] * (t - 1), mutable=True)
    m.q = pyo.Param(
        m.S, initialize={key: draw.choice([-1.5, 0.5, 2]) for key in m.S}, mutable=mutable
    )
    m.when = pyo.Param(m.I, initialize={i: draw.choice(times) for i in names}, within=pyo.Integers)
    kinds: list[dict[str, Any]] = [
        {"bounds": lambda m, i, t: (-1, m.p[i] + t)},
        {"bounds": (0, 10)},
        {"domain": pyo.NonNegativeReals},
        {"domain": pyo.NonNegativeReals, "bounds": lambda m, i, t: (None, m.c[i, t])},
        {"domain": lambda m, i, t: pyo.Integers if t == 0 else pyo.Reals},
    ]
    m.x = pyo.Var(m.I, m.T, **draw.choice(kinds))
    m.y = pyo.Var(m.I, domain=draw.choice([pyo.Binary, pyo.NonNegativeIntegers]))
    m.w = pyo.Var(m.S)
    m.z = pyo.Var(bounds=(0, m.base + 5))
    m.e = pyo.Expression(
        m.T, rule=lambda m, t: sum(m.p[i] * m.x[i, t] for i in m.I) - t * m.z + m.d[t]
    )
    m.f = pyo.Expression(rule=lambda m: sum(m.e[t] for t in m.T) / 2 + m.base)
    for number, (made, k) in enumerate(makers):
        MAKERS[made](m, f"k{number}", k)
    if draw.random() < 0.3:
        m.x["a", 0].fix(draw.randint(0, 1), skip_validation=True)
    if draw.random() < 0.2:
        m.z.fix(1)
    m.cost = pyo.Objective(
        rule=lambda m: (
            m.f
            + sum(m.c[i, t] * m.x[i, t] for i in m.I for t in m.T)
            + sum(m.p[i] * m.y[i] for i in m.I)
            - m.z * 3
        ),
        sense=draw.choice([pyo.minimize, pyo.maximize]),
    )
    return m


def asked() -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(
        st.tuples(st.sampled_from(sorted(MAKERS)), st.integers(0, 3)), min_size=1, max_size=4
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), makers=asked())
def test_the_same_program_as_pyomo_makes(seed: int, makers: list[tuple[str, int]]) -> None:
    assert_as_pyomo(seed, makers)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), makers=asked())
def test_many_programs_as_pyomo_makes_them(seed: int, makers: list[tuple[str, int]]) -> None:
    assert_as_pyomo(seed, makers)


def assert_as_pyomo(seed: int, makers: list[tuple[str, int]]) -> None:
    stock = skeleton(seed, makers)
    m = skeleton(seed, makers, deferred=True)
    try:
        expected = reference.of_pyomo(stock)
        broken = any(
            not body and max(lower, -upper) > 1e-9 for body, lower, upper in expected.rows.values()
        )
    except InfeasibleConstraintException:
        broken = True
    if broken:
        with pytest.raises(InfeasibleError):
            compile_model(m)
        return
    arrays = compile_model(m)
    reference.assert_same(arrays, expected)
    # What was declared outside is expanded, to the same result.
    reference.assert_same(compile_model(stock), expected)
    if not {made for made, _ in makers} & (BRANCHING | {"in_a_block", "of_a_reference"}):
        assert not arrays.fallbacks


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), makers=asked())
def test_values_at_a_point_are_those_pyomo_computes(
    seed: int, makers: list[tuple[str, int]]
) -> None:
    m = skeleton(seed, makers, deferred=True)
    with contextlib.suppress(InfeasibleError):
        arrays = compile_model(m)
        point = np.random.default_rng(seed).uniform(0, 3, len(arrays.cost))
        for k, value in enumerate(point.tolist()):
            name, key = arrays.columns[k]
            variable = m.find_component(name)[key]
            point[k] = variable.value if variable.fixed else value
            variable.set_value(point[k], skip_validation=True)
        series = evaluate(arrays, "e", point)
        assert series.to_dict() == pytest.approx({t: pyo.value(m.e[t]) for t in m.T})
        assert evaluate(arrays, "f", point) == pytest.approx(pyo.value(m.f))
        sign = 1 if m.cost.sense == pyo.minimize else -1
        total = sign * (arrays.cost @ point + arrays.offset)
        assert total == pytest.approx(pyo.value(m.cost))


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    makers=st.lists(
        st.tuples(st.sampled_from(sorted({*MAKERS} - BRANCHING)), st.integers(0, 3)),
        min_size=1,
        max_size=4,
    ),
)
def test_refreshed_is_what_building_anew_gives(seed: int, makers: list[tuple[str, int]]) -> None:
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


# Ways to add up, and what only looks like one ---------------------------------------------------


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


# What is refused, or expanded and said ----------------------------------------------------------


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


@pytest.mark.parametrize("deferred", [True, False])
@pytest.mark.parametrize(
    "term",
    [
        lambda m, i: m.x[i] * m.x[i],
        lambda m, i: m.x[i] ** 2,
        lambda m, i: 1 / m.x[i],
        lambda m, i: pyo.exp(m.x[i]),
        lambda m, i: abs(m.x[i]),
    ],
)
def test_a_term_that_is_not_linear_is_named(deferred: bool, term: Callable[..., Any]) -> None:
    with deferred_rules() if deferred else contextlib.nullcontext(pyo.ConcreteModel()) as m:
        m.I = pyo.Set(initialize=["a", "b"])
        m.x = pyo.Var(m.I, bounds=(1, 2))
        m.curved = pyo.Constraint(m.I, rule=lambda m, i: term(m, i) + m.x[i] <= 5)
        m.cost = pyo.Objective(rule=lambda m: sum(m.x[i] for i in m.I))
    with pytest.raises(NonLinearError, match=r"^curved.*x\["):
        compile_model(m)


def test_an_objective_that_is_not_linear_is_named() -> None:
    with deferred_rules() as m:
        m.x = pyo.Var(bounds=(1, 2))
        m.cost = pyo.Objective(rule=lambda m: m.x * m.x)
    with pytest.raises(NonLinearError, match=r"^cost: "):
        compile_model(m)


def test_what_the_compiler_does_not_know_is_refused() -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2])
    m.either = pyo.SOSConstraint(var=m.x, sos=1)
    m.cost = pyo.Objective(expr=m.x[1])
    with pytest.raises(ModelError, match="either: SOSConstraint"):
        compile_model(m)


def test_a_model_without_an_objective_or_with_two_is_refused() -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var()
    with pytest.raises(ModelError, match="it has 0"):
        compile_model(m)
    m.first, m.second = pyo.Objective(expr=m.x), pyo.Objective(expr=-m.x)
    with pytest.raises(ModelError, match="it has 2"):
        compile_model(m)


# Rows somebody looked at, and the model as Pyomo sees it ------------------------------------------


def deferred_knapsack() -> Any:
    with deferred_rules() as m:
        m.I = pyo.Set(initialize=["a", "b", "c"])
        m.worth = pyo.Param(m.I, initialize={"a": 3, "b": 4, "c": 5}, mutable=True)
        m.size = pyo.Param(m.I, initialize={"a": 2, "b": 3, "c": 4})
        m.x = pyo.Var(m.I, domain=pyo.Binary)
        m.taken = pyo.Expression(m.I, rule=lambda m, i: m.size[i] * m.x[i])
        m.room = pyo.Constraint(rule=lambda m: sum(m.taken[i] for i in m.I) <= 5)
        m.single = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] <= 1)
        m.gain = pyo.Objective(
            rule=lambda m: sum(m.worth[i] * m.x[i] for i in m.I), sense=pyo.maximize
        )
    return m


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


def test_labels_both_ways() -> None:
    arrays = compile_model(deferred_knapsack())
    for labels, size in ((arrays.rows, "rows"), (arrays.columns, "columns")):
        assert len(labels) == arrays.size[size]
        for number in range(len(labels)):
            assert labels.find(*labels[number]) == number
    kept = arrays.with_rows(np.array([False, True, False, True]))
    assert kept.row_name(1) == "single[c]"
    assert kept.rows.find("single", "c") == 1
    for absent in (("single", "b"), ("nothing", None), ("single", "z")):
        with pytest.raises(KeyError):
            kept.rows.find(*absent)


# Sets and parameters that stand on arrays --------------------------------------------------------


def test_tables_are_the_sets_and_parameters_they_stand_for() -> None:
    rows = pd.DataFrame({"site": ["b", "a", "b"], "period": [2, 1, 1]})
    m = pyo.ConcreteModel()
    m.S, m.T = index_set(rows), index_set(pd.DataFrame({"period": [1, 2, 3]}))
    m.IN = indexed_set(m.T, rows, ["period"], ["site"])
    m.p = parameter(m.S, rows.assign(value=[5.0, 6.0, 7.0]).set_index(["site", "period"])["value"])
    assert (type(m.S), type(m.IN), type(m.p)) == (TableSet, TableIndexedSet, TableParam)
    assert list(m.S) == [("b", 2), ("a", 1), ("b", 1)]
    assert (("a", 1) in m.S, ("a", 2) in m.S, len(m.S), m.S.dimen) == (True, False, 3, 2)
    assert [list(m.IN[t]) for t in m.T] == [["a", "b"], ["b"], []]
    assert dict(m.p.items()) == {("b", 2): 5.0, ("a", 1): 6.0, ("b", 1): 7.0}
    with pytest.raises(KeyError):
        m.p["a", 2]


def test_tables_that_are_not_sets_are_refused() -> None:
    twice = pd.DataFrame({"site": ["a", "a"]})
    with pytest.raises(ModelError, match="the same"):
        index_set(twice)
    with pytest.raises(ModelError, match="blanks"):
        index_set(pd.DataFrame({"site": ["a", None]}))
    sites = index_set(pd.DataFrame({"site": ["a", "b"]}))
    for values in ({"a": 1.0}, {"a": 1.0, "b": np.nan}):
        with pytest.raises(ModelError, match="no value"):
            parameter(sites, pd.Series(values).rename_axis("site"))


# New numbers --------------------------------------------------------------------------------------


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


# The families -------------------------------------------------------------------------------------


@contextlib.contextmanager
def declared_plainly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the families declared as stock Pyomo does it, row for row."""
    with monkeypatch.context() as patched:
        patched.setattr(
            "optalloc.modelling.program.deferred_rules", lambda m, **_: contextlib.nullcontext(m)
        )
        yield


def family_cases() -> list[Any]:
    names = sorted(path.parent.name for path in INPUTS.glob("*/Settings.csv"))
    # Every row of pacific by stock Pyomo takes its time; "every sheet" has the same families.
    return [pytest.param(n, marks=pytest.mark.slow) if n == "pacific" else n for n in names]


@pytest.mark.parametrize("name", ["every sheet", *family_cases()])
def test_families_are_templates_and_give_what_pyomo_gives(
    name: str, everything_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = optalloc.load_model()
    folder = everything_folder if name == "every sheet" else INPUTS / name
    data = optalloc.validate(optalloc.read_workbook(folder), model)
    arrays = optalloc.compile_program(optalloc.build(data, model))
    assert not arrays.fallbacks
    with declared_plainly(monkeypatch):
        stock = optalloc.build(data, model).pyomo
    assert not any(template_of(c) for c in stock.component_objects())
    reference.assert_same(arrays, reference.of_pyomo(stock))
