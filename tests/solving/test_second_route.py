"""Proofs that are false: another route finds it, and the plan that refutes a bound is the plan.

The programs are those of small workbooks with rooms as planners type them, "unlimited" included, on
which HiGHS proves wrong optima.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import optalloc
from optalloc.mip.outcome import Options, Outcome, Quality, StopReason, contradicts
from optalloc.solving.direct import solve_directly
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.resolve import Resolver
from tests.books import book, write
from tests.models.test_capacity_bounds import two_sites
from tests.random_books import MODEL
from tests.stuck import as_typed

OPTIONS = Options(gap=1e-6, threads=1, time_limit_s=60)
ENDLESS = 1e9


def falsely_proven(folder: Path) -> optalloc.Arrays:
    """With presolve HiGHS proves 8120 for it; its optimum is 370."""
    cheap = {"max_mw": ENDLESS, "block_mw": 1}
    return as_typed(two_sites(5, 45, {"max_mw": 500, "block_mw": 50}, cheap), folder)


def is_right(outcome: Outcome, cost: float) -> bool:
    return (
        outcome.objective == pytest.approx(cost)
        and outcome.bound <= outcome.objective
        and outcome.stop_reason in (StopReason.PROVED, StopReason.GAP)
    )


def test_a_false_proof_is_found_out(tmp_path: Path) -> None:
    """Proves: 370 where the first route proves 8120, and the notes say that it was doubted."""
    outcome = solve_directly(falsely_proven(tmp_path), OPTIONS)
    assert is_right(outcome, 370)
    assert any("doubted" in note for note in outcome.notes)


def test_a_solver_that_relies_on_its_tolerance_goes_on(tmp_path: Path) -> None:
    """Proves: 83, where the first route is content with a millionth of a site of a million MW, whose plan
    has to be repaired.
    """
    typed = {"max_mw": 1e6}
    made = two_sites(0.5, 0.9, {**typed, "min_mw": 10}, typed)
    assert is_right(solve_directly(as_typed(made, tmp_path), OPTIONS), 83)


def test_a_plan_below_the_bound_starts_another_route(tmp_path: Path) -> None:
    """Proves: a plan of 370 that is known from elsewhere is not dropped where 8120 is proven; it is the
    outcome of a solve that begins from it, and of a series of solves.
    """
    arrays = falsely_proven(tmp_path)
    sound = two_sites(5, 45, {"max_mw": 500, "block_mw": 50}, {"max_mw": 50, "block_mw": 1})
    data = optalloc.validate(optalloc.read_workbook(write(sound, tmp_path / "sound")), MODEL)
    plan = optalloc.solve_arrays(optalloc.compile_program(optalloc.build(data, MODEL)), OPTIONS)
    assert plan.values is not None
    assert plan.objective == pytest.approx(370)
    assert is_right(solve_directly(arrays, OPTIONS, start=plan.values), 370)
    assert is_right(Resolver(arrays, OPTIONS).solve(starts=[plan.values]), 370)


def test_a_short_proof_is_repeated(tmp_path: Path) -> None:
    """Proves: the least cost of a small workbook, 1 + 400, is said to be confirmed, and to what bound."""
    made = book(Sites={"site_cost": 1})
    data = optalloc.validate(optalloc.read_workbook(write(made, tmp_path)), MODEL)
    outcome = optalloc.solve_arrays(optalloc.compile_program(optalloc.build(data, MODEL)), OPTIONS)
    assert outcome.stop_reason is StopReason.PROVED
    assert [note for note in outcome.notes if "confirms" in note and note.endswith("401")]


def test_a_bound_that_a_plan_refutes_is_not_told() -> None:
    """Proves: of a plan of 370 under a bound of 8120 nothing is said to be proven. Sensitivity: a bound
    that is higher by less than a hundred-thousandth refutes nothing.
    """
    best = Incumbent(np.zeros(1), 370.0, 8120.0)
    outcome = best.outcome(StopReason.GAP, Monitor(OPTIONS))
    assert (outcome.stop_reason, outcome.bound) == (StopReason.CONTRADICTION, -math.inf)
    assert outcome.quality is Quality.FEASIBLE
    assert contradicts(370.0, 370.0 + 0.01)
    assert not contradicts(370.0, 370.0 + 0.001)
    dearer = Incumbent(np.zeros(1), 8120.0, 370.0).outcome(StopReason.GAP, Monitor(OPTIONS))
    assert dearer.stop_reason is StopReason.TOLERANCE
