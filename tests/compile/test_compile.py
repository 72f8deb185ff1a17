"""The compiler against Pyomo's own standard form, and what it must refuse."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyomo.common.errors import InfeasibleConstraintException

import optalloc
from optalloc.compile import (
    NonLinearError,
    compile_model,
    deferred_rules,
    evaluate,
)
from optalloc.compile.deferred_components import template_of
from optalloc.errors import InfeasibleError, ModelError
from tests import reference
from tests.compile.models import (
    BRANCHING,
    asked,
    deferred_knapsack,
    skeleton,
)
from tests.paths import INPUTS


@pytest.mark.long
@pytest.mark.first(1)
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


@contextlib.contextmanager
def declared_plainly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the families declared as stock Pyomo does it, row for row."""
    with monkeypatch.context() as patched:
        patched.setattr(
            "optalloc.modelling.program.deferred_rules", lambda m, **_: contextlib.nullcontext(m)
        )
        yield


def family_cases() -> list[Any]:
    names = sorted(path.parent.name for path in INPUTS.glob("*/Sites.csv"))
    # Every row of pacific by stock Pyomo takes its time; "every sheet" has the same families.
    return [pytest.param(n, marks=pytest.mark.slow) if "pacific" in n else n for n in names]


@pytest.mark.long
@pytest.mark.first(1)
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
