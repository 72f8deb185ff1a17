"""Solving in several threads at once, and what that leaves of Pyomo for everyone else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyomo.environ as pyo
import pytest

import optalloc
from tests.books import book, write


def sum_of_twenty() -> int:
    """Number of terms of a sum over a Pyomo set of twenty members."""
    m = pyo.ConcreteModel()
    m.I = pyo.Set(initialize=range(20))
    m.x = pyo.Var(m.I)
    m.total = pyo.Constraint(expr=sum(m.x[i] for i in m.I) >= 1)
    return len(m.total.body.args)


def test_three_threads_build_and_solve_at_once(tmp_path: Path) -> None:
    """Each thread solves a demand of its own: 10 a MW for 40, 50 and 60 MW, three times.

    Proves: every call gives its own cost, and a foreign sum afterwards has its 20 terms.
    Sensitivity: with Pyomo's classes changed for all threads about half of the calls fail.
    """
    folders = {mw: write(book(Demand={"it_mw": mw}), tmp_path / str(mw)) for mw in (40, 50, 60)}
    asked = [mw for _ in range(3) for mw in folders]
    with ThreadPoolExecutor(3) as threads:
        plans = list(threads.map(lambda mw: optalloc.solve(folders[mw]), asked))
    assert [plan.outcome.objective for plan in plans] == pytest.approx([10 * mw for mw in asked])
    assert sum_of_twenty() == 20


@pytest.mark.slow
def test_eighty_calls_in_eight_threads(tmp_path: Path) -> None:
    """Proves: as above, 80 answers of 80 are right."""
    folder = write(book(), tmp_path)
    with ThreadPoolExecutor(8) as threads:
        costs = list(threads.map(lambda _: optalloc.solve(folder).outcome.objective, range(80)))
    assert costs == pytest.approx([400] * 80)
    assert sum_of_twenty() == 20
