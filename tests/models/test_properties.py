"""What every workbook must keep to, tried on random small ones that use several families at once.

By default a few workbooks for each property; ``-m slow`` tries many more.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import optalloc
from tests.books import Book, everything, write
from tests.brute_force import TooManyError, of_arrays, of_book, relaxation
from tests.random_books import (
    FAMILIES,
    MODEL,
    block_pace,
    clusters,
    grid_zones,
    is_money,
    limits_of,
    options,
    power_ramp,
    random_books,
    renamed,
    scaled,
    shuffled,
    tightened,
    units,
)

# Input checks that say of a workbook what the solver would: that it has no plan.
NO_PLAN = {"unreachable-demand", "cluster-too-large"}
OPTIONS = optalloc.Options(gap=0, threads=1)
# Kinds of options that add to what can be had without them.
ADDED = ("land", "grid", "equipment")

few_or_many = pytest.mark.parametrize(
    "examples", [2, pytest.param(100, marks=pytest.mark.slow)], ids=["few", "many"]
)


def holds(examples: int, property_of: Callable[..., None], **strategies: Any) -> None:
    """Try a property on so many examples, the same ones every time."""
    tried = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    tried(given(**strategies)(property_of))()


def compiled(made: Book) -> optalloc.Arrays | None:
    """The arrays of a workbook; None where it is seen before solving that there is no plan."""
    with TemporaryDirectory() as folder:
        workbook = optalloc.read_workbook(write(made, Path(folder)))
        try:
            data = optalloc.validate(workbook, MODEL)
        except optalloc.InputError as refused:
            assert {problem.code for problem in refused.problems} <= NO_PLAN, refused
            return None
        try:
            return optalloc.compile_program(optalloc.build(data, MODEL))
        except optalloc.InfeasibleError:
            return None


def optimum(arrays: optalloc.Arrays | None) -> float:
    """Least cost; infinite where there is no plan."""
    if arrays is None:
        return math.inf
    outcome = optalloc.solve_arrays(arrays, OPTIONS)
    if outcome.stop_reason is optalloc.StopReason.INFEASIBLE:
        return math.inf
    # Where two routes differ by their tolerances, what is left is said and may be above 1e-9.
    most = 1e-8 if outcome.stop_reason is optalloc.StopReason.TOLERANCE else 0.0
    assert outcome.gap <= most, (outcome.stop_reason, outcome.gap)
    return outcome.objective


def least_cost(made: Book) -> float:
    """Least cost of a workbook; infinite where there is no plan."""
    return optimum(compiled(made))


def same(cost: float) -> Any:
    return pytest.approx(cost, rel=1e-5, abs=1e-4)


def test_what_counts_as_money() -> None:
    """Proves: amounts are told by their unit, in millions or not; megawatts and shares are none."""
    money = {c.name for sheet in MODEL.sheets.values() for c in sheet.columns if is_money(c)}
    assert {"site_cost", "build_cost_per_mw", "price_per_mwh", "max_capital"} <= money
    assert {"wage_per_person_month", "unmet_penalty_per_mw_year"} <= money
    assert not {"max_mw", "premium_share", "discount_rate", "per_workbook_currency"} & money


@pytest.mark.slow
@few_or_many
def test_order_and_names_do_not_matter(examples: int) -> None:
    """Proves: rows in another order and other names on all sheets cost the same."""

    def kept(made: Book, order: random.Random) -> None:
        cost = least_cost(made)
        assert least_cost(renamed(shuffled(made, order), order)) == same(cost)

    holds(examples, kept, made=random_books(), order=st.randoms(use_true_random=True))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_order_and_names_of_everything_do_not_matter(seed: int) -> None:
    """Proves: the same of a workbook with rows on every sheet."""
    made, order = everything(), random.Random(seed)
    assert least_cost(shuffled(renamed(made, order), order)) == same(least_cost(made))


@pytest.mark.slow
@few_or_many
def test_money_scales(examples: int) -> None:
    """Proves: every price, penalty, wage and budget times k makes the cost k times as much."""

    def kept(made: Book, factor: float) -> None:
        assert least_cost(scaled(made, factor)) == same(factor * least_cost(made))

    holds(examples, kept, made=random_books(), factor=st.sampled_from([2.0, 0.5, 7.0]))


@few_or_many
def test_tighter_limits_never_cost_less(examples: int) -> None:
    """Proves: with a limit that allows less, the cost is no lower, or there is no plan."""

    def kept(made: Book, pick: int) -> None:
        limits = limits_of(made)
        assume(limits)
        sheet, column = limits[pick % len(limits)]
        before, after = least_cost(made), least_cost(tightened(made, sheet, column))
        assert after >= before - 1e-6 * max(1.0, abs(before)) if before < math.inf else True
        assert before < math.inf or after == math.inf

    holds(examples, kept, made=random_books(), pick=st.integers(0, 999))


@pytest.mark.long
@few_or_many
def test_options_never_cost_more(examples: int) -> None:
    """Proves: beside what can be had without them, options raise no cost; dearer ones lower none."""

    def kept(made: Book, draw: random.Random) -> None:
        without = least_cost(made)
        options(draw, made)
        rows = [row for row in made["Options"] if row["kind"] in ADDED]
        made["Options"] = [row | {"needed_from": None} for row in rows]
        offered = least_cost(made)
        prices = [row | {"premium": 2 * row["premium"] + 1} for row in made["Options"]]
        dearer = least_cost({**made, "Options": prices})
        for low, high in ((offered, dearer), (dearer, without)):
            assert low <= high + 1e-6 * max(1.0, abs(low)) if low < math.inf else high == math.inf

    others = random_books([family for family in FAMILIES if family is not options])
    holds(examples, kept, made=others, draw=st.randoms(use_true_random=True))


@pytest.mark.slow
@few_or_many
def test_an_option_is_the_choice_of_its_lead(examples: int) -> None:
    """Proves: where an option on land is free, the site has its own lead or that of the option,
    whichever costs less: commitments, permits, starts, service and payments follow either."""

    def kept(made: Book, lead: int) -> None:
        made["Sites"][0] |= {"status": "candidate", "existing_mw": 0, "under_construction_mw": 0,
                             "under_construction_online": None}  # fmt: skip
        with_own = least_cost(made)
        other = copy.deepcopy(made)
        other["Sites"][0]["site_lead_months"] = lead
        either = min(with_own, least_cost(other))
        made["Options"] = [{"option": "free", "kind": "land", "site": "s1", "lead_months": lead}]
        assert least_cost(made) == (same(either) if either < math.inf else math.inf)

    others = random_books([family for family in FAMILIES if family is not options])
    holds(examples, kept, made=others, lead=st.sampled_from([0, 1, 3, 9]))


@pytest.mark.slow
@few_or_many
def test_relaxation_is_never_above_the_optimum(examples: int) -> None:
    """Proves: without integrality, and with every strengthening row in force, it costs no more."""

    def kept(made: Book) -> None:
        arrays = compiled(made)
        cost = optimum(arrays)
        assume(arrays is not None)
        bound = relaxation(arrays)
        assert bound <= cost + 1e-6 * max(1.0, abs(cost)) if cost < math.inf else True

    holds(examples, kept, made=random_books())


@pytest.mark.slow
@few_or_many
def test_brute_force_agrees_on_compiled_arrays(examples: int) -> None:
    """Proves: no choice of whole numbers is better than the plan, and where there is no plan none
    of them fits."""

    def kept(made: Book) -> None:
        arrays = compiled(made)
        assume(arrays is not None)
        try:
            cost = of_arrays(arrays, 100 if examples < 10 else 1000)
        except TooManyError:
            assume(False)
        assert optimum(arrays) == same(cost)

    tiny = random_books(sites=(2,), regions=(1, 2), count=(2,), fewest=2)
    holds(examples, kept, made=tiny)


@few_or_many
def test_brute_force_agrees_without_the_model(examples: int) -> None:
    """Proves: trying every commitment, block and host, with costs and a transport problem written
    down from the workbook alone, ends at the same cost, or finds no plan either."""

    def kept(made: Book) -> None:
        for row in made["Sites"]:
            row["block_mw"] = row["block_mw"] or 20
        try:
            cost = of_book(made, 600 if examples < 10 else 4000)
        except TooManyError:
            assume(False)
        assert least_cost(made) == same(cost)

    families = (units, clusters, block_pace, grid_zones, power_ramp)
    tiny = random_books(families, sites=(2, 3), regions=(1, 2), count=(2, 3), fewest=1)
    holds(examples, kept, made=tiny)


@pytest.mark.slow
def test_every_plan_passes_its_audit() -> None:
    """Proves: a plan with several families at once agrees with what the audit works out again; the
    pipeline would refuse it otherwise. By default `tests/plan/test_audited_plans.py` shows it."""

    def kept(made: Book) -> None:
        with TemporaryDirectory() as folder:
            try:
                plan = optalloc.solve(write(made, Path(folder)), model=MODEL)
            except optalloc.InfeasibleError:
                return
            except optalloc.InputError as refused:
                assert {problem.code for problem in refused.problems} <= NO_PLAN
                return
        assert plan["Audit"]["passed"].all()

    holds(100, kept, made=random_books(fewest=min(5, len(FAMILIES))))
