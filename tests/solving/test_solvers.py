"""Other solvers over the same arrays: the same optimum, an audited plan, and plain words."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import optalloc
from optalloc.cli.main import app
from optalloc.errors import InfeasibleError, SolveError
from optalloc.mip.bounds import implied_bounds
from optalloc.mip.outcome import StopReason
from optalloc.solving.solvers import SOLVERS, available, cp_sat, solve_by
from optalloc.starting.load import load_generator
from tests.books import book, demand
from tests.books import write as write_book
from tests.paths import INPUTS, ROOT

Compiled = Callable[[Path], optalloc.Arrays]


def installed(name: str) -> str:
    if name not in available():
        pytest.skip(f"{name} is not installed")
    return name


def arrays_of(folder: Path) -> optalloc.Arrays:
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(folder), model)
    return optalloc.compile_program(optalloc.build(data, model))


@pytest.fixture(scope="module")
def small() -> optalloc.Arrays:
    return arrays_of(INPUTS / "minimal")


@pytest.mark.first(1)
@pytest.mark.parametrize("name", SOLVERS)
def test_the_example_has_its_hand_calculated_optimum(name: str) -> None:
    """Proves: 1170 M, as solved by hand, with a proven bound and a plan that passes its audit."""
    root = ROOT
    plan = optalloc.solve(
        root / "inputs" / "minimal", gap=1e-5, threads=1, solver=installed(name), seed=3
    )
    assert plan.cost == pytest.approx(1170.0)
    assert plan.bound == pytest.approx(1170.0, rel=2e-5) and plan.bound <= plan.cost
    assert plan["Audit"]["passed"].all()
    told = plan["Run"].set_index("entry")["value"]
    assert told["option solver"] == name
    package = SOLVERS[name].package
    assert not package or f"version of {package}" in told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scip", "gurobi", "cbc"])
def test_a_generated_instance_has_one_optimum(name: str, tmp_path: Path) -> None:
    """Proves: another solver comes to the cost of HiGHS, each within 1e-5 of its own bound."""
    installed(name)
    load_generator().write("XS", 1, tmp_path)
    arrays = arrays_of(tmp_path)
    options = optalloc.Options(gap=1e-5, threads=1)
    ours = solve_by(arrays, options)
    seen: list[optalloc.Progress] = []
    other = solve_by(arrays, replace(options, solver=name), seen.append)
    assert other.objective == pytest.approx(ours.objective, rel=2e-5)
    assert max(other.bound, ours.bound) <= min(other.objective, ours.objective) * (1 + 1e-9)
    assert other.history == tuple(seen) and seen[-1].objective == other.objective
    assert [p.seconds for p in seen] == sorted(p.seconds for p in seen)


@pytest.mark.slow
def test_rows_on_demand_hold(everything_folder: Path, everything: optalloc.Plan) -> None:
    """Proves: limits whose rows are found during the solve hold: the plan of a workbook with every
    sheet, concentration and deliverable resilience among them, passes its audit at HiGHS's cost.
    Sensitivity: a solver that was given the matrix alone breaks some of them."""
    options = {"gap": 1e-4, "threads": 1, "time_limit_s": 60.0, "solver": installed("scip")}
    plan = optalloc.solve(everything_folder, **options)
    assert plan["Audit"]["passed"].all()
    assert plan.cost == pytest.approx(everything.cost, rel=2e-3)
    assert plan.bound <= everything.cost * (1 + 1e-9) and everything.bound <= plan.cost * (1 + 1e-9)


@pytest.mark.parametrize("name", SOLVERS)
def test_infeasible_is_confirmed(name: str, tmp_path: Path) -> None:
    """Proves: what a solver calls infeasible is confirmed, with the limits that would give way."""
    tight = book(Sites={"max_mw": 30}, Demand=demand(50))
    with pytest.raises(InfeasibleError) as caught:
        optalloc.solve(write_book(tight, tmp_path / "b"), solver=installed(name))
    assert len(caught.value.shortfalls)


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize("name", [name for name in SOLVERS if name != "gurobi"])
def test_no_time_is_no_plan_and_no_wrong_bound(name: str, tmp_path: Path) -> None:
    """Proves: stopped at once, a solver says so; what it proved by then is a bound."""
    installed(name)
    load_generator().write("S", 1, tmp_path)
    arrays = arrays_of(tmp_path)
    found = solve_by(arrays, optalloc.Options(gap=1e-6, threads=1, time_limit_s=0.5, solver=name))
    assert found.stop_reason is StopReason.TIME
    assert found.bound <= 19_100 and found.objective >= 18_200


def test_what_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: a solver that is unknown or not installed is told with what is, before anything is
    read; exit code 2."""
    said = CliRunner().invoke(app, ["solve", "no such book", "--solver", "magic"])
    assert said.exit_code == 2
    assert "solver must be one of highs, scip, cp-sat, gurobi, cbc; found 'magic'" in said.output
    find = importlib.util.find_spec
    missing = lambda name: None if name == "pyscipopt" else find(name)  # noqa: E731
    monkeypatch.setattr("optalloc.solving.solvers.importlib.util.find_spec", missing)
    said = CliRunner().invoke(app, ["solve", "no such book", "--solver", "scip"])
    assert said.exit_code == 2
    assert "solver 'scip' needs pyscipopt, which is not installed: pip install" in said.output
    assert "Installed here: highs" in said.output


def test_a_process_that_dies_is_told(
    small: optalloc.Arrays, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proves: where CP-SAT's process ends without an answer, its last words are told."""
    bad = tmp_path / "bad.py"
    bad.write_text("import sys; sys.exit('out of memory')")
    monkeypatch.setattr(cp_sat, "_PROCESS", bad)
    with pytest.raises(SolveError, match="cp-sat ended with code 1: out of memory"):
        cp_sat.solve(small, optalloc.Options(), 5.0, lambda *_: None)


def test_an_executable_that_dies_is_told(
    small: optalloc.Arrays, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proves: where cbc ends without a solution file, its last words are told."""
    from optalloc.solving.solvers import cbc

    fake = tmp_path / "cbc"
    fake.write_text("#!/bin/sh\necho no licence to crash\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SolveError, match="cbc ended with code 3: no licence to crash"):
        cbc.solve(small, optalloc.Options(), 5.0, lambda *_: None)


def test_bounds_follow_from_rows() -> None:
    """Proves, by hand: x + 2y <= 10 with x, y >= 0 leaves x at most 10 and y at most 5; z = x + y then
    lies in 0 to 15, its own bounds both open. Sensitivity: w, in no row, stays open."""
    matrix = np.array([[1.0, 2, 0, 0], [1, 1, -1, 0]])
    arrays = program(
        matrix,
        row_lower=[-math.inf, 0],
        row_upper=[10, 0],
        lower=[0, 0, -math.inf, 0],
        upper=[math.inf] * 4,
    )
    lower, upper = implied_bounds(arrays)
    assert upper.tolist() == [10, 5, 15, math.inf]
    assert lower.tolist() == [0, 0, 0, 0]


def program(matrix: Any, *, row_lower: Any, row_upper: Any, lower: Any, upper: Any) -> Any:
    import scipy.sparse as sp

    rows, columns = matrix.shape
    return optalloc.Arrays(
        matrix=sp.csc_array(matrix),
        row_lower=np.array(row_lower, float),
        row_upper=np.array(row_upper, float),
        col_lower=np.array(lower, float),
        col_upper=np.array(upper, float),
        cost=np.ones(columns),
        integer=np.zeros(columns, bool),
        strengthening=np.zeros(rows, bool),
        offset=0.0,
        rows=optalloc.mip.arrays.Labels.of([("r", list(range(rows)), None)]),
        columns=optalloc.mip.arrays.Labels.of([("c", list(range(columns)), None)]),
    )


def test_the_process_of_cp_sat_imports_nothing_of_ours() -> None:
    """Proves: the file names no module of optalloc, beside which its library cannot be loaded."""
    text = Path(cp_sat.__file__).with_name("cp_sat_process.py").read_text()
    assert "optalloc." not in text.split('"""')[2]
