"""Building and solving in several threads at once, and what that leaves of Pyomo for others."""

from __future__ import annotations

import builtins
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest
from pyomo.core.base.constraint import IndexedConstraint

import optalloc
from optalloc.compile import compile_model, deferred_rules
from tests.books import book, write
from tests.paths import INPUTS

MINIMAL = INPUTS / "minimal"


def assert_ordinary_models_are_whole() -> None:
    """Declare a model of 20 variables, each with a row of its own, and look at all that it holds."""
    m = pyo.ConcreteModel()
    names = [f"item {k}" for k in range(20)]
    m.I = pyo.Set(initialize=names)
    m.least = pyo.Param(m.I, initialize={name: k for k, name in enumerate(names)})
    m.x = pyo.Var(m.I, initialize=1)
    m.enough = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] >= m.least[i])
    m.total = pyo.Expression(rule=lambda m: sum(m.x[i] for i in m.I))
    m.cost = pyo.Objective(expr=m.total)
    assert type(m.enough) is IndexedConstraint
    assert list(m.I) == names
    assert [row.lower for row in m.enough._data.values()] == list(range(20))
    assert len(m.total.expr.args) == 20
    assert pyo.value(m.cost) == 20


@contextmanager
def ordinary_models_meanwhile() -> Iterator[None]:
    """Declare ordinary models in another thread all the while."""
    stop, faults = threading.Event(), []

    def work() -> None:
        try:
            while not stop.wait(0.001):
                assert_ordinary_models_are_whole()
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not faults


def state_of_pyomo() -> dict[tuple[str, str], Any]:
    """Every attribute of every class and function table of Pyomo, and the builtin functions."""
    found: dict[tuple[str, str], Any] = {("builtins", n): v for n, v in vars(builtins).items()}
    for module in [m for n, m in sys.modules.items() if n.partition(".")[0] == "pyomo"]:
        for owner in [module, *(v for v in vars(module).values() if isinstance(v, type))]:
            name = f"{owner.__module__}.{owner.__qualname__}" if owner is not module else str(owner)
            found |= {(name, key): value for key, value in list(vars(owner).items())}
    return found


def changed(before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any]) -> list[Any]:
    return [key for key in before if after.get(key) is not before[key]]


@pytest.mark.long
def test_three_threads_build_at_once_while_others_use_pyomo() -> None:
    """Three threads build and compile inputs/minimal twice each, and a fourth declares its own.

    Proves: all six programs are alike and no rule was expanded; ordinary models are whole all the
    while and afterwards. Sensitivity: with Pyomo's methods replaced meanwhile, two of three die.
    """
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(MINIMAL), model)
    together = threading.Barrier(3)

    def work(_: int) -> list[optalloc.Arrays]:
        together.wait(60)
        return [optalloc.compile_program(optalloc.build(data, model)) for _ in range(2)]

    with ordinary_models_meanwhile(), ThreadPoolExecutor(3) as threads:
        made = [arrays for several in threads.map(work, range(3)) for arrays in several]
    assert {str(arrays.size) for arrays in made} == {str(made[0].size)}
    assert all((arrays.matrix != made[0].matrix).nnz == 0 for arrays in made)
    assert not any(arrays.fallbacks for arrays in made)
    assert_ordinary_models_are_whole()


def test_three_threads_solve_at_once(tmp_path: Path) -> None:
    """Each thread solves a demand of its own: 10 a MW for 40, 50 and 60 MW.

    Proves: every call gives its own cost. Sensitivity: with Pyomo's methods replaced meanwhile,
    about half of the calls fail.
    """
    folders = {mw: write(book(Demand={"it_mw": mw}), tmp_path / str(mw)) for mw in (40, 50, 60)}
    with ordinary_models_meanwhile(), ThreadPoolExecutor(3) as threads:
        plans = list(threads.map(lambda mw: optalloc.solve(folders[mw]), folders))
    assert [plan.outcome.objective for plan in plans] == pytest.approx([400, 500, 600])
    assert_ordinary_models_are_whole()


@pytest.mark.slow
def test_eighty_calls_in_eight_threads(tmp_path: Path) -> None:
    """Proves: as above, 80 answers of 80 are right."""
    folder = write(book(), tmp_path)
    with ordinary_models_meanwhile(), ThreadPoolExecutor(8) as threads:
        costs = list(threads.map(lambda _: optalloc.solve(folder).outcome.objective, range(80)))
    assert costs == pytest.approx([400] * 80)
    assert_ordinary_models_are_whole()


def test_no_attribute_of_pyomo_changes_while_a_model_is_built() -> None:
    """A rule looks at all classes of Pyomo and the builtin functions while it is called.

    Proves: what it sees is what there was before, with symbols and with true indices, and so it is
    afterwards. Sensitivity: Pyomo's own way to a template replaces ``sum`` and two methods.
    """
    seen: list[list[Any]] = []
    data = optalloc.validate(optalloc.read_workbook(MINIMAL), optalloc.load_model())
    before = state_of_pyomo()

    def enough(m: Any) -> Any:
        seen.append(changed(before, state_of_pyomo()))
        return sum(m.x[i] for i in m.I) >= 4

    with deferred_rules() as m:
        m.I = pyo.Set(initialize=range(9))
        m.x = pyo.Var(m.I)
        m.enough = pyo.Constraint(rule=enough)
        m.cost = pyo.Objective(rule=lambda m: sum(m.x[i] for i in m.I))
    assert not compile_model(m).fallbacks
    optalloc.build(data, optalloc.load_model())
    seen.append(changed(before, state_of_pyomo()))
    assert seen == [[], [], []]


def test_within_deferred_rules_another_model_is_an_ordinary_one() -> None:
    """Proves: no row of the one is made; another model, and what comes later, has all its rows."""
    with deferred_rules() as m:
        assert_ordinary_models_are_whole()
        m.I = pyo.Set(initialize=range(9))
        m.x = pyo.Var(m.I)
        m.c = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] >= 1)
    assert not m.c._data
    m.later = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] >= 2)
    assert type(m.later) is IndexedConstraint
    assert len(m.later._data) == 9


@pytest.mark.slow
def test_a_solve_leaves_the_options_of_others_as_they_are(tmp_path: Path) -> None:
    """In a fresh process, before anything of optalloc is imported and after a solve.

    Proves: the options of numpy, the environment and signal handlers stay, and so do the
    filters of warnings, once libraries that have filters of their own are imported.
    """
    script = f"""
import os, signal, warnings
import numpy as np

def state():
    signals = [signal.getsignal(s) for s in signal.valid_signals()]
    options = repr(np.geterr()), repr(np.get_printoptions())
    return options, dict(os.environ), signals

before = state()
import optalloc
assert optalloc.solve({str(write(book(), tmp_path))!r}).outcome.objective == 400
assert state() == before
filters = list(warnings.filters)
optalloc.solve({str(tmp_path)!r})
assert state() == before
assert warnings.filters == filters
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
