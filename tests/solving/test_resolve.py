"""Solving again with other numbers: the same figures as from scratch, and early ends that are true."""

from __future__ import annotations

import copy
import math
import random
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import optalloc
from optalloc.compile import compile_model
from optalloc.errors import InternalError
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options, Outcome, StopReason
from optalloc.solving.resolve import Resolver
from tests.books import Book
from tests.models.test_properties import compiled
from tests.random_books import limits_of, random_books, tightened
from tests.solving.test_direct import Ball, knapsack

OPTIONS = Options(gap=1e-6, threads=1)
PRICES = (
    ("Sites", "build_cost_per_mw"), ("Sites", "site_cost"), ("Demand", "it_mw"),
    ("PowerPrices", "spot_price_per_mwh"), ("Contracts", "price_per_mwh"),
)  # fmt: skip


def altered(made: Book, draw: random.Random) -> Book:
    """The workbook with other numbers in a few columns: prices, demand, and limits made tighter."""
    changed = copy.deepcopy(made)
    known = [at for at in PRICES if any(row.get(at[1]) for row in made.get(at[0], ()))]
    for sheet, column in draw.sample(known, min(2, len(known))):
        for row in changed[sheet]:
            if row.get(column):
                row[column] *= draw.choice([0.6, 0.9, 1.1, 1.6])
    limits = limits_of(made)
    if limits and draw.random() < 0.5:
        changed = tightened(changed, *draw.choice(limits))
    return changed


def fits(one: Arrays, other: Arrays | None) -> bool:
    return (
        other is not None
        and one.matrix.shape == other.matrix.shape
        and np.array_equal(one.matrix.indptr, other.matrix.indptr)
        and np.array_equal(one.matrix.indices, other.matrix.indices)
        and np.array_equal(one.integer, other.integer)
    )


def check_against_scratch(resolver: Resolver, arrays: Arrays) -> Outcome:
    again, scratch = resolver.solve(arrays), optalloc.solve_arrays(arrays, OPTIONS)
    if scratch.stop_reason is StopReason.INFEASIBLE:
        assert again.stop_reason is StopReason.INFEASIBLE
        return again
    size = max(1.0, abs(scratch.objective))
    assert again.objective == pytest.approx(scratch.objective, rel=2e-6, abs=1e-5)
    assert again.bound <= scratch.objective + 1e-6 * size
    assert scratch.bound <= again.objective + 1e-6 * size
    assert again.values is not None
    assert not len(arrays.violated_by(again.values))
    activity = arrays.matrix @ again.values
    slack = 1e-5 * np.maximum(1.0, np.abs(activity))
    assert (activity <= arrays.row_upper + slack).all()
    assert (activity >= arrays.row_lower - slack).all()
    return again


@pytest.mark.parametrize(
    "examples", [pytest.param(2, marks=pytest.mark.long), pytest.param(150, marks=pytest.mark.slow)]
)
def test_other_numbers_cost_what_they_cost_from_scratch(examples: int) -> None:
    """Proves: over a chain of changed workbooks each re-solve finds the optimum of a fresh solve,
    or that there is none, with a plan that keeps every row and a bound that holds.
    Sensitivity: most changes alter the optimum, so that an old answer would be noticed."""
    seen: list[float] = []

    def kept(made: Book, draw: random.Random) -> None:
        first = compiled(made)
        if first is None:
            return
        resolver = Resolver(first, OPTIONS)
        seen.append(check_against_scratch(resolver, first).objective)
        for _ in range(2):
            other = compiled(altered(made, draw))
            if fits(first, other):
                assert other is not None
                seen.append(check_against_scratch(resolver, other).objective)

    settings(
        max_examples=examples, derandomize=True, database=None, deadline=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )(given(made=random_books(), draw=st.randoms(use_true_random=True))(kept))()  # fmt: skip
    assert len({round(cost, 6) for cost in seen}) > len(seen) / 2


def item_program(values: list[int]) -> Arrays:
    return compile_model(knapsack(values, [2, 3, 4, 5], 9))


def test_early_ends_are_true() -> None:
    """Proves: the best of values 3, 5, 7, 9 at weights 2, 3, 4, 5 within 9 is 16 by hand. Asked
    whether -20 can be had the answer is a bound above it; whether -10 can, a plan that has it."""
    resolver = Resolver(item_program([3, 5, 7, 9]), OPTIONS)
    cannot = resolver.solve(cutoff=-20)
    assert cannot.stop_reason is StopReason.CUTOFF
    assert -20 < cannot.bound <= -16
    can = resolver.solve(target=-10)
    assert can.stop_reason is StopReason.TARGET
    assert can.bound <= -16 <= can.objective <= -10
    assert resolver.solve().objective == pytest.approx(-16)


def test_an_earlier_plan_within_the_gap_is_proved_by_the_bound_alone() -> None:
    """Proves: with costs a little higher, the earlier plan within 20 % of the relaxation is enough:
    no node is searched. Sensitivity: at a gap of nought the search is needed."""
    resolver = Resolver(item_program([3, 5, 7, 9]), OPTIONS)
    resolver.solve()
    dearer = replace(resolver.arrays, cost=resolver.arrays.cost * 0.9)
    quick = resolver.solve(dearer, gap=0.2)
    assert quick.stop_reason is StopReason.GAP or quick.gap == 0
    assert quick.nodes == 0
    assert quick.objective == pytest.approx(-14.4)


def test_bounds_that_forbid_an_earlier_plan() -> None:
    """Proves: without the item worth 9 the best is 3 + 5 + 7; with it forced, 16 again; and what is
    infeasible is said to be so, after which the solver still answers."""
    arrays = item_program([3, 5, 7, 9])
    resolver = Resolver(arrays, OPTIONS)
    assert resolver.solve().objective == pytest.approx(-16)
    last = arrays.columns.find("take", 3)
    upper, lower = arrays.col_upper.copy(), arrays.col_lower.copy()
    upper[last], lower[last] = 0, 1
    assert resolver.solve(replace(arrays, col_upper=upper)).objective == pytest.approx(-15)
    assert resolver.solve(replace(arrays, col_lower=lower)).objective == pytest.approx(-16)
    heavy = replace(arrays, col_lower=np.ones(4))
    assert resolver.solve(heavy).stop_reason is StopReason.INFEASIBLE
    assert resolver.solve(arrays).objective == pytest.approx(-16)


class Disc(Ball):
    """Rows of a disc of another radius."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def __call__(self, point: np.ndarray) -> ExtraRows:
        found = super().__call__(point)
        return replace(found, upper=np.full(len(found), self.radius))


def test_rows_found_on_demand_follow_the_numbers() -> None:
    """Proves: max 2x + y in whole numbers within a disc of radius 5, 3 and 5 again is 11 (4, 3), 6
    (2, 2) and 11: rows of the smaller disc would cut off the plan of the larger."""
    m = pyo.ConcreteModel()
    m.x, m.y = (pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 8)) for _ in range(2))
    m.loss = pyo.Objective(expr=-2 * m.x - m.y)
    arrays = compile_model(m)
    resolver = Resolver(replace(arrays, separate=Disc(5)), OPTIONS)
    assert resolver.solve().objective == pytest.approx(-11)
    for radius, best in ((3, -6), (5, -11), (0.5, 0), (5, -11)):
        outcome = resolver.solve(replace(arrays, separate=Disc(radius)))
        assert outcome.objective == pytest.approx(best)
        assert outcome.bound == pytest.approx(best, abs=1e-5)


def test_strengthening_rows_stay_and_follow_the_numbers() -> None:
    """Proves: one facility of fixed cost 12, then 20, then 12 serves two customers; the links that
    the first solve took are there in the next, so that the relaxation alone proves 20 and 12.
    Sensitivity: without links it opens 2 % of the facility."""
    m = pyo.ConcreteModel()
    m.open = pyo.Var(domain=pyo.Binary)
    m.served = pyo.Var([1, 2], domain=pyo.NonNegativeReals)
    m.met = pyo.Constraint([1, 2], rule=lambda m, j: m.served[j] == 1)
    m.room = pyo.Constraint(expr=m.served[1] + m.served[2] <= 100 * m.open)
    m.links = pyo.Constraint([1, 2], rule=lambda m, j: m.served[j] <= m.open)
    m.cost = pyo.Objective(expr=12 * m.open)
    arrays = compile_model(m, {"links"})
    resolver = Resolver(arrays, OPTIONS)
    assert resolver.solve().cut_rows == 2
    for cost in (20, 12):
        changed = replace(arrays, cost=arrays.cost * cost / 12)
        assert resolver.relaxed(changed).objective == pytest.approx(cost)
        assert resolver.solve(changed).objective == pytest.approx(cost)


def test_the_same_solves_give_the_same_bits() -> None:
    """Proves: with one thread a sequence of solves repeats to the last bit."""

    def sequence() -> list[bytes]:
        arrays = item_program([3, 5, 7, 9])
        resolver, draw = Resolver(arrays, OPTIONS), random.Random(1)
        found = []
        for _ in range(5):
            cost = arrays.cost * np.array([draw.uniform(0.5, 1.5) for _ in arrays.cost])
            outcome = resolver.solve(replace(arrays, cost=cost))
            assert outcome.values is not None
            found.append(outcome.values.tobytes() + np.float64(outcome.objective).tobytes())
        return found

    assert sequence() == sequence()


def test_another_program_is_refused() -> None:
    """Proves: a program of other columns is an error and not an answer."""
    resolver = Resolver(item_program([3, 5, 7, 9]), OPTIONS)
    other = compile_model(knapsack([1], [1], 1))
    with pytest.raises(InternalError, match="other rows or columns"):
        resolver.solve(other)
    assert math.isinf(resolver.solve(time_limit_s=0).gap)
