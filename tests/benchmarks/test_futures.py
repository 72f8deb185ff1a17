"""The command that solves stochastic programs side by side."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import optalloc
from benchmarks.__main__ import app
from benchmarks.mpi_sppy import read_line, two_stages
from benchmarks.smps import write_program
from optalloc.scenarios.scenario_datasets import scenario_datasets
from tests.mip.test_extensive_form import newsvendor
from tests.paths import ROOT


@pytest.mark.long
def test_both_routes_find_the_optimum(tmp_path: Path) -> None:
    file = tmp_path / "newsvendor.npz"
    write_program(newsvendor((50, 100), (0.75, 0.25)), file)
    found = CliRunner().invoke(app, ["futures", str(file), "--gap", "1e-6"])
    assert found.exit_code == 0, found.output
    ends = [line for line in found.output.splitlines() if ": plan" in line]
    assert len(ends) == 2
    for line in ends:
        assert float(line.split("plan ")[1].split(",")[0]) == pytest.approx(87.5)
        assert float(line.split("bound ")[1]) == pytest.approx(87.5)


@pytest.mark.parametrize(("count", "outcomes"), [(3, {"demand": 3}), (6, {"demand": 3, "spot": 2})])
def test_generated_instances_have_scenarios(
    tmp_path: Path, count: int, outcomes: dict[str, int]
) -> None:
    """Proves: as many scenarios as asked, each of a checked workbook, from a third of the periods on;
    the greatest demand is that of the instance, so that its plan serves every scenario.
    Sensitivity: before that day the scenarios are equal."""
    book = tmp_path / "XS"
    arguments = ["generate", "XS", str(book), "--scenarios", str(count)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(book), model)
    tree = model.scenario_tree(data)
    assert tree is not None
    assert len(tree.scenarios) == count
    assert data["Uncertainties"].groupby("uncertainty").size().to_dict() == outcomes
    keys = ["workload", "region", "period"]
    datasets, problems = scenario_datasets(data, tree.scenarios, model)
    assert problems == []
    demand = [own["Demand"].set_index(keys)["it_mw"] for own in datasets]
    most = pd.concat(demand, axis=1).max(axis=1)
    pd.testing.assert_series_equal(most, demand[-1], check_names=False)
    early = [own[own.index.get_level_values("period") == "P01"] for own in demand]
    assert all(own.equals(early[0]) for own in early)
    assert not demand[0].equals(demand[-1])


def test_a_certain_workbook_is_refused() -> None:
    found = CliRunner().invoke(app, ["futures", str(ROOT / "inputs" / "minimal")])
    assert found.exit_code == 2
    assert "has no uncertainties" in found.output


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (
            "[   18.10]     1  L X       812.5000       1,137.5    28.57%  325.0",
            (18.1, 1137.5, 812.5),
        ),
        (
            "[   12.70]     0  *L        812.5000            inf       ---     inf",
            (12.7, math.inf, 812.5),
        ),
        (
            "[    3.00]     2             -12.5        -10.0       25.00%     2.5",
            (3.0, -10.0, -12.5),
        ),
        (
            "[   44.83] Iter.           Best Bound  Best Incumbent      Rel. Gap        Abs. Gap",
            None,
        ),
        ("[   44.81] Reached user-specified limit=20 on number of PH iterations", None),
    ],
)
def test_progress_of_mpi_sppy_is_read(line: str, read: tuple[float, ...] | None) -> None:
    assert read_line(line) == read


def test_only_two_stages_go_to_mpi_sppy() -> None:
    """Proves: what all scenarios decide alike is the root's; a column of some of them is refused."""
    program = newsvendor((50, 100), (0.75, 0.25))
    files = two_stages(program)
    assert [file.probability for file in files] == [0.75, 0.25]
    for file in files:
        own = program.columns[file.scenario]
        (root,) = file.nodes
        assert (root.name, root.number, root.probability) == ("ROOT", 0, 1.0)
        assert set(own[list(root.columns)]) == set(np.flatnonzero(program.sharing == 2))
    assert len({tuple(program.columns[f.scenario][list(f.nodes[0].columns)]) for f in files}) == 1
    three = newsvendor((50, 100, 150), (0.5, 0.25, 0.25))
    # The third decides for itself: its columns get numbers of their own.
    apart = tuple(own if s < 2 else own + three.size for s, own in enumerate(three.columns))
    with pytest.raises(ValueError, match="two stages"):
        two_stages(replace(three, columns=apart))


def test_mpi_sppy_is_asked_for_with_its_python() -> None:
    book = ROOT / "inputs" / "minimal-uncertain"
    found = CliRunner().invoke(app, ["futures", str(book), "--routes", "mpi-sppy"])
    assert found.exit_code == 2
    assert "needs its Python named" in found.output
