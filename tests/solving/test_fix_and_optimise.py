"""The second search: from a poor plan to a better one, never to one that breaks a row."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

import optalloc
from optalloc.compile import compile_model
from optalloc.mip.arrays import Labels
from optalloc.mip.outcome import Options
from optalloc.mip.parameters import FixAndOptimise, Parameters
from optalloc.solving.fix_and_optimise import Improver, is_worthwhile
from optalloc.solving.highs_callbacks import Result

AT_ONCE = Parameters(fix_and_optimise=FixAndOptimise(start_after_s=0.0))
SITES, PERIODS = range(8), range(4)


@pytest.fixture(scope="module")
def arrays() -> optalloc.Arrays:
    """Eight sites in four periods: whole blocks that cover demand at least cost, opened for good."""
    draw = np.random.default_rng(3)
    cost, size = draw.integers(5, 30, 8), draw.integers(3, 9, 8)
    m = pyo.ConcreteModel()
    m.opened = pyo.Var(SITES, PERIODS, domain=pyo.Binary)
    m.blocks = pyo.Var(SITES, PERIODS, domain=pyo.NonNegativeIntegers, bounds=(0, 3))
    m.kept = pyo.Constraint(
        SITES, PERIODS[1:], rule=lambda m, i, q: m.opened[i, q - 1] <= m.opened[i, q]
    )
    m.room = pyo.Constraint(
        SITES, PERIODS, rule=lambda m, i, q: m.blocks[i, q] <= 3 * m.opened[i, q]
    )
    m.need = pyo.Constraint(
        PERIODS,
        rule=lambda m, q: sum(int(size[i]) * m.blocks[i, q] for i in SITES) >= 20 + 7 * q,
    )
    m.cost = pyo.Objective(
        expr=sum(
            int(cost[i]) * m.opened[i, q] + (i + 1) * m.blocks[i, q] for i in SITES for q in PERIODS
        )
    )
    return compile_model(m)


def everything_built(arrays: optalloc.Arrays) -> np.ndarray:
    return arrays.col_upper.copy()


@pytest.mark.parametrize("named", [True, False])
def test_it_finds_better_plans_that_break_nothing(arrays: optalloc.Arrays, named: bool) -> None:
    """Proves: from everything built, the search comes to the least cost that a proof gives; every
    plan it tells of is cheaper than the last and keeps every row. Sensitivity: the start costs more.
    A program without names is searched in one group."""
    arrays = arrays if named else replace(arrays, columns=Labels.of(()))
    least = optalloc.solve_arrays(arrays, Options(gap=0, threads=1)).objective
    told: list[float] = []
    improver = Improver(arrays, Options(gap=0, threads=2, parameters=AT_ONCE), told.append)
    start = everything_built(arrays)
    assert arrays.cost @ start > least + 1
    improver.found(start)
    improver.start()
    deadline = time.monotonic() + 60
    while (not told or told[-1] > least + 1e-6) and time.monotonic() < deadline:
        time.sleep(0.05)
    improver.stop()
    assert told[-1] == pytest.approx(least)
    assert told == sorted(told, reverse=True)
    best = improver.suggest(np.inf)
    assert best is not None
    activity = arrays.matrix @ best
    assert (activity <= arrays.row_upper + 1e-6).all()
    assert (activity >= arrays.row_lower - 1e-6).all()
    assert best == pytest.approx(np.round(best), abs=1e-6)


def test_the_better_of_two_plans_is_kept(arrays: optalloc.Arrays) -> None:
    """Proves: the result of the proof gives way to a cheaper plan of the search and to no other, and
    counts as proven only within the gap of the bound."""
    improver = Improver(arrays, Options(gap=0.1), lambda objective: None)
    plan = everything_built(arrays)
    cost = float(arrays.cost @ plan)
    improver.found(plan)
    dearer = Result("kTimeLimit", cost + 5, cost - 50, plan, None, 1)
    taken = improver.better(dearer)
    assert taken.objective == cost
    assert taken.status == ("kOptimal" if 0.1 * cost >= 50 else "kTimeLimit")
    near = improver.better(Result("kInterrupt", cost + 5, 0.95 * cost, plan, None, 1))
    assert near.status == "kOptimal"
    cheaper = Result("kTimeLimit", cost - 5, 0.0, plan, None, 1)
    assert improver.better(cheaper) is cheaper
    # The proof may have taken the plan over just when it was ended because of it.
    ended = Result("kInterrupt", cost, 0.95 * cost, plan, None, 1)
    assert improver.better(ended).status == "kOptimal"
    assert improver.suggest(cost - 5) is None


def test_one_thread_means_one_search(arrays: optalloc.Arrays) -> None:
    """Proves: with one thread nothing goes on beside the proof, so that runs can be repeated."""
    assert not is_worthwhile(arrays, Options(threads=1))
