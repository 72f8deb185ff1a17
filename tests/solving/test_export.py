"""A written model, read back by HiGHS itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import highspy
import pandas as pd
import pyomo.environ as pyo
import pytest

import optalloc
from optalloc.solving.export import file_names
from tests.command import Run, optalloc_says
from tests.paths import INPUTS, ROOT

MINIMAL = INPUTS / "minimal"


def read_back(path: Path) -> highspy.Highs:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    return solver


def process_says(*words: object) -> Run:
    """Run the command as a user does."""
    command = [sys.executable, "-m", "optalloc", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize("ending", ["mps", "lp"])
def test_a_written_workbook_has_the_same_optimum(ending: str, tmp_path: Path) -> None:
    target = tmp_path / f"model.{ending}"
    said = (process_says if ending == "mps" else optalloc_says)("export", MINIMAL, target)
    assert (said.returncode, said.stderr) == (0, "")
    solver = read_back(target)
    solver.run()
    # The cost of inputs/minimal, calculated by hand in its README.
    assert solver.getInfo().objective_function_value == pytest.approx(1170.0)
    text = target.read_text()
    assert "demand_met(" in text
    assert optalloc_says("export", MINIMAL, target).returncode == 2
    assert optalloc_says("export", MINIMAL, target, "--force").returncode == 0


def test_another_ending_is_refused(tmp_path: Path) -> None:
    said = optalloc_says("export", MINIMAL, tmp_path / "model.gms")
    assert said.returncode != 0
    assert ".mps or .lp" in said.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["mps", "lp"])
def test_names_that_a_file_cannot_hold(ending: str, tmp_path: Path) -> None:
    names = ["São Paulo", "Sao Paulo", "e9", "a+b", "[x]", "-", "日本", "3 rivers"]
    with optalloc.deferred_rules() as m:
        m.S = pyo.Set(initialize=names)
        m.p = pyo.Param(m.S, initialize={name: k + 1 for k, name in enumerate(names)})
        m.e1 = pyo.Var(m.S, domain=pyo.Binary)
        m.least = pyo.Constraint(m.S, rule=lambda m, i: m.p[i] * m.e1[i] >= 0.5)
        m.cost = pyo.Objective(rule=lambda m: sum(m.p[i] * m.e1[i] for i in m.S))
    arrays = optalloc.compile_model(m)
    assert len(set(file_names(arrays.columns))) == len(names)
    solver = read_back(optalloc.export_model(arrays, tmp_path / f"model.{ending}"))
    solver.run()
    assert solver.getInfo().objective_function_value == pytest.approx(sum(range(1, 9)))
    assert pd.Series(file_names(arrays.rows)).str.fullmatch(r"[\w.,()#]+").all()


@pytest.mark.long
def test_rows_found_during_the_solve_are_not_in_the_file(
    everything_folder: Path, tmp_path: Path
) -> None:
    """Proves: who exports a model with such limits is told. Sensitivity: minimal has none."""
    said = optalloc_says("export", everything_folder, tmp_path / "model.mps")
    assert said.returncode == 0
    assert "found during the solve" in said.stderr
