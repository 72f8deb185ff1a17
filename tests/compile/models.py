"""Models made of what people write in rules, by which the compiler is compared with Pyomo."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo
from hypothesis import strategies as st

from optalloc.compile import (
    deferred_rules,
)

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
