"""What every policy must keep to, on random small workbooks, and against trying every policy."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import optalloc
from optalloc.mip.attitude import Attitude, Measure
from optalloc.modelling.futures import Futures, futures
from optalloc.modelling.reveals import BEFORE_ALL, known_on, one_period_later
from optalloc.plan.policy_actions import anticipating
from optalloc.scenarios.overrides import altered
from optalloc.solving.futures import StochasticOutcome, solve_stochastic
from tests.books import Book, book, demand, solve, write, years
from tests.random_books import MODEL, Draw, book_of, one_of, options

OPTIONS = optalloc.Options(gap=0, threads=1)
MEAN_AND_TAIL = Attitude(Measure.MEAN_AND_TAIL, tail_share=0.4, tail_weight=0.5)

few_or_many = pytest.mark.parametrize(
    "examples", [3, pytest.param(60, marks=pytest.mark.slow)], ids=["few", "many"]
)


def holds(examples: int, property_of: Callable[[Draw], None]) -> None:
    """Try a property on so many workbooks, the same ones every time."""
    tried = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    tried(given(draw=st.randoms(use_true_random=True))(property_of))()


def change(draw: Draw, made: Book) -> tuple[dict[str, Any], int]:
    """A change that an outcome may make, and the period in which it is felt at the earliest."""
    time, sites = made["Periods"], [row["site"] for row in made["Sites"]]
    last = len(time) - 1
    return one_of(
        draw,
        ({"sheet": "Demand", "rows": f"period={time[last]['period']}", "column": "it_mw",
          "operation": "add", "value": one_of(draw, 10, 20)}, last),
        ({"sheet": "Sites", "rows": f"site={draw.choice(sites)}", "column": "block_lead_months",
          "operation": "add", "value": one_of(draw, 6, 12)}, one_of(draw, 0, 1)),
        ({"sheet": "Sites", "rows": f"site={draw.choice(sites)}", "column": "site_lead_months",
          "operation": "add", "value": one_of(draw, 6, 12)}, one_of(draw, 0, 1)),
        ({"sheet": "Sites", "rows": "", "column": "build_cost_per_mw",
          "operation": "multiply", "value": one_of(draw, 0.5, 1.4)}, one_of(draw, 1, last)),
        ({"sheet": "Sites", "rows": f"site={draw.choice(sites)}", "column": "cost_per_mw_year",
          "operation": "set", "value": 9}, 1),
    )  # fmt: skip


def uncertain(draw: Draw) -> Book:
    """A random workbook with two outcomes, one of which leaves it as it stands."""
    made = book_of(draw, sites=(2,), regions=(1, 2), count=(2, 3), fewest=0, most=2)
    for row in made["Workloads"]:
        row["unmet_penalty_per_mw_year"] = one_of(draw, 12, 30)
    altering, felt = change(draw, made)
    share = one_of(draw, 0.5, 0.25)
    made["Uncertainties"] = [
        {"uncertainty": "u", "outcome": "as it is", "probability": 1 - share},
        {"uncertainty": "u", "outcome": "changed", "probability": share},
    ]
    revealed(made, made["Periods"][felt]["start"])
    made["Outcomes"] = [{"uncertainty": "u", "outcome": "changed", **altering}]
    return made


def revealed(made: Book, day: str) -> None:
    for row in made["Uncertainties"]:
        row["revealed"] = day


def stated(made: Book) -> Futures:
    """The stochastic program of a workbook; one that is refused is not an example."""
    with TemporaryDirectory() as folder:
        try:
            workbook = optalloc.read_workbook(write(made, Path(folder)))
            data = optalloc.validate(workbook, MODEL)
            tree = MODEL.scenario_tree(data)
            assert tree is not None
            base = optalloc.build(data, MODEL)
            return futures(base, optalloc.compile_program(base), tree)
        except (optalloc.InputError, optalloc.InfeasibleError):
            assume(False)
            raise


def solved(stochastic: Any, attitude: Attitude | None = None) -> StochasticOutcome:
    found = solve_stochastic(stochastic, attitude, OPTIONS)
    assume(found.outcome.values is not None)
    return found


def least(made: Book, attitude: Attitude | None = None) -> float:
    return solved(stated(made).stochastic, attitude).outcome.objective


def same(cost: float) -> Any:
    return pytest.approx(cost, rel=1e-6, abs=1e-6)


@pytest.mark.long
@few_or_many
def test_one_future_is_no_uncertainty(examples: int) -> None:
    def property_of(draw: Draw) -> None:
        made = uncertain(draw)
        made["Uncertainties"] = [{**made["Uncertainties"][1], "probability": 1}]
        program = stated(made)
        data = altered(program.base.dataset, program.tree.scenarios[0].overrides)
        arrays = optalloc.compile_program(optalloc.build(data, MODEL))
        certain = optalloc.solve_arrays(arrays, OPTIONS)
        assert solved(program.stochastic).outcome.objective == same(certain.objective)

    holds(examples, property_of)


@pytest.mark.slow
@few_or_many
def test_options_never_cost_more(examples: int) -> None:
    """Proves: beside what can be had without them, options raise no expected cost, and dearer ones lower
    none."""

    def property_of(draw: Draw) -> None:
        made = uncertain(draw)
        made.pop("Options", None)
        without = least(made)
        options(draw, made)
        rows = [row for row in made["Options"] if row["kind"] in ("land", "grid", "equipment")]
        made["Options"] = [row | {"needed_from": None} for row in rows]
        offered = least(made)
        for row in made["Options"]:
            row["premium"] = 2 * row["premium"] + 1
        dearer = least(made)
        assert offered <= dearer + 1e-6 * max(1.0, abs(dearer))
        assert dearer <= without + 1e-6 * max(1.0, abs(without))

    holds(examples, property_of)


@pytest.mark.slow
@few_or_many
def test_futures_that_are_alike_are_one(examples: int) -> None:
    def property_of(draw: Draw) -> None:
        made = uncertain(draw)
        whole = least(made)
        split = copy.deepcopy(made)
        row = split["Uncertainties"][1]
        row["probability"] /= 2
        split["Uncertainties"].append({**row, "outcome": "again"})
        split["Outcomes"].append({**split["Outcomes"][0], "outcome": "again"})
        assert least(split) == same(whole)

    holds(examples, property_of)


@pytest.mark.slow
@few_or_many
def test_knowing_earlier_never_costs_more(examples: int) -> None:
    def property_of(draw: Draw) -> None:
        made = uncertain(draw)
        sooner = copy.deepcopy(made)
        # Before the first decision, which is then taken knowing everything.
        revealed(sooner, "2026-12-31")
        known = stated(made)
        later, now = solved(known.stochastic), solved(stated(sooner).stochastic)
        moved = known_on(known, "u", BEFORE_ALL)
        assert moved is not None
        assert solved(moved).outcome.objective == same(now.outcome.objective)
        day = one_period_later(known, known.tree.reveals[0])
        delayed = None if day is None else known_on(known, "u", day)
        if delayed is not None:
            waited = solved(delayed).outcome.objective
            assert waited >= later.outcome.objective - 1e-6 * max(1.0, abs(waited))
        p = np.array([row["probability"] for row in made["Uncertainties"]])
        alone = float(p @ [one.objective for one in later.alone])
        assert now.outcome.objective == same(alone)
        assert later.outcome.objective >= alone - 1e-6 * max(1.0, abs(alone))
        for k, one in enumerate(later.alone):
            assert later.costs[k] >= one.objective - 1e-6 * max(1.0, abs(one.objective))

    holds(examples, property_of)


@pytest.mark.slow
@few_or_many
def test_the_worst_is_above_the_tail_and_the_tail_above_the_mean(examples: int) -> None:
    def property_of(draw: Draw) -> None:
        program = stated(uncertain(draw)).stochastic
        mean, tail, worst = (
            solved(program, one).outcome.objective
            for one in (Attitude(), MEAN_AND_TAIL, Attitude(Measure.WORST))
        )
        slack = 1e-6 * max(1.0, abs(worst))
        assert mean <= tail + slack
        assert tail <= worst + slack

    holds(examples, property_of)


@pytest.mark.long
@few_or_many
def test_every_policy_passes_its_audit(examples: int) -> None:
    """`optalloc.solve` refuses a policy whose scenarios do not restate themselves from tables."""

    def property_of(draw: Draw) -> None:
        made = uncertain(draw)
        stated(made)
        with TemporaryDirectory() as folder:
            try:
                plan = solve(made, Path(folder))
            except optalloc.InfeasibleError:
                assume(False)
                raise
        assert plan["Audit"]["passed"].all()
        values = plan["Values"].set_index("value")["at_most"]
        assert values["knowing everything today"] >= -1e-6
        assert values["being able to wait"] >= -1e-6 * max(1.0, abs(plan.cost))

    holds(examples, property_of)


@pytest.mark.long
def test_a_policy_altered_in_one_future_is_refused(tmp_path: Path) -> None:
    made = tiny(random.Random(0))
    plan = solve(made, tmp_path)
    program = stated(made)
    tables = [one["Actions"] for one in plan.futures.values()]
    compared, where = anticipating(program, tables)
    assert compared
    assert not where
    for k, table in enumerate(tables):
        for row in table.index[table["period"] == "Y1"]:
            more = table.copy()
            more.loc[row, "mw"] += 1
            for other in (table.drop(index=row), more):
                changed = [other if j == k else own for j, own in enumerate(tables)]
                assert anticipating(program, changed)[1]


# Every policy tried ------------------------------------------------------------------------------


def tiny(draw: Draw) -> Book:
    """Two open sites in blocks that serve a year after they are begun, and three years of demand.

    One future may ask for nothing where another asks for all, so that a bound from the need of one
    alone would cut off what the other needs.
    """
    sites = [
        {
            "site": name,
            "status": "existing",
            "existing_mw": 0,
            "max_mw": blocks * size,
            "block_mw": size,
            "block_lead_months": 12,
            "build_cost_per_mw": draw.choice([1.0, 1.3, 2.0]),
        }
        for name, size, blocks in (("A", 20, 3), ("B", draw.choice([30, 50]), 2))
    ]
    time = ("2027-07-01", "2028-01-01", "2029-01-01")
    adds = {"Y2": draw.choice([0, 20, 45]), "Y3": draw.choice([20, 60, 100])}
    day = time[1] if adds["Y2"] else draw.choice(time[1:])
    rows = [
        {"uncertainty": "d", "outcome": o, "probability": p} for o, p in (("lo", 0.6), ("hi", 0.4))
    ]
    rows[0]["revealed"] = day
    more = {"uncertainty": "d", "outcome": "hi", "sheet": "Demand", "column": "it_mw"}
    more |= {"operation": "add"}
    return book(
        Periods=years(3),
        Sites=sites,
        Workloads=[{"workload": "load", "unmet_penalty_per_mw_year": draw.choice([1.0, 1.8, 3.0])}],
        Demand=demand(0, *sorted(draw.choice([0, 0, 15, 40]) for _ in range(2))),
        Network=[{"site": name, "region": "R", "latency_ms": 10} for name in "AB"],
        Uncertainties=rows,
        Outcomes=[{**more, "rows": f"period={q}", "value": v} for q, v in adds.items() if v],
    )


def by_trying(made: Book) -> tuple[float, float]:
    """The least mean and the least worst cost over every policy, without the model."""
    price = [row["build_cost_per_mw"] * row["block_mw"] for row in made["Sites"]]
    size = [row["block_mw"] for row in made["Sites"]]
    most = [round(row["max_mw"] / row["block_mw"]) for row in made["Sites"]]
    penalty = made["Workloads"][0]["unmet_penalty_per_mw_year"]
    low = [row["it_mw"] for row in made["Demand"]]
    high = list(low)
    for row in made["Outcomes"]:
        high[int(row["rows"][-1]) - 1] += row["value"]
    known = made["Uncertainties"][0]["revealed"] <= "2028-01-01"
    ways = list(itertools.product(*(range(n + 1) for n in most)))
    means, worsts = [], []
    for first in ways:
        later = [w for w in ways if all(a + b <= n for a, b, n in zip(first, w, most, strict=True))]
        costs = np.array(
            [
                [
                    np.dot(price, first)
                    + np.dot(price, second)
                    + penalty * max(asked[1] - np.dot(size, first), 0)
                    + penalty * max(asked[2] - np.dot(size, first) - np.dot(size, second), 0)
                    for second in later
                ]
                for asked in (low, high)
            ]
        )
        together = costs.min(axis=1)[:, None] if known else costs
        means.append((np.array([0.6, 0.4]) @ together).min())
        worsts.append(together.max(axis=0).min())
    return float(min(means)), float(min(worsts))


@pytest.mark.long
@few_or_many
def test_a_policy_is_as_good_as_the_best_of_all(examples: int) -> None:
    def property_of(draw: Draw) -> None:
        made = tiny(draw)
        program = stated(made).stochastic
        mean, worst = by_trying(made)
        assert solved(program).outcome.objective == same(mean)
        assert solved(program, Attitude(Measure.WORST)).outcome.objective == same(worst)

    holds(2 * examples, property_of)
