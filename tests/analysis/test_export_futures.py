"""The files for mpi-sppy: read back by HiGHS and tied by their JSON, and solved by mpi-sppy itself."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import highspy
import pytest

import optalloc
from tests import books
from tests.command import optalloc_says
from tests.paths import ROOT
from tests.plan.test_policy import BLOCK_LEAD, late, site, steps, tail, uncertain
from tests.solving.test_export import read_back


def nodes_of(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.name.removesuffix("_nonants.json"): json.loads(path.read_text("utf-8"))
        for path in sorted(folder.glob("*_nonants.json"))
    }


def optimum(folder: Path, *, tied: bool = True) -> float:
    """Optimum of the extensive form, from the files alone: columns of equal nodes are tied."""
    whole = highspy.Highs()
    whole.setOptionValue("output_flag", False)
    whole.setOptionValue("mip_rel_gap", 0.0)
    firsts: dict[tuple[str, str], int] = {}
    for name, content in nodes_of(folder).items():
        lp, start = read_back(folder / f"{name}.mps").getLp(), whole.getNumCol()
        probability = content["scenarioData"]["scenProb"]
        matrix, integer = lp.a_matrix_, lp.integrality_
        for k in range(lp.num_col_):
            cost = probability * lp.col_cost_[k]
            whole.addCol(cost, lp.col_lower_[k], lp.col_upper_[k], 0, [], [])
            if integer and integer[k] == highspy.HighsVarType.kInteger:
                whole.changeColIntegrality(start + k, highspy.HighsVarType.kInteger)
        rows: list[list[tuple[int, float]]] = [[] for _ in range(lp.num_row_)]
        for k in range(lp.num_col_):
            for at in range(matrix.start_[k], matrix.start_[k + 1]):
                rows[matrix.index_[at]].append((start + k, matrix.value_[at]))
        for row, entries in enumerate(rows):
            columns, values = [k for k, _ in entries], [value for _, value in entries]
            least, most = lp.row_lower_[row], lp.row_upper_[row]
            whole.addRow(least, most, len(columns), columns, values)
        number = {one: start + k for k, one in enumerate(lp.col_names_)}
        assert len(number) == lp.num_col_
        for node, about in content["treeData"]["nodes"].items():
            for column in about["nonAnts"]:
                first = firsts.setdefault((node, column), number[column])
                if tied and first != number[column]:
                    whole.addRow(0.0, 0.0, 2, [first, number[column]], [1.0, -1.0])
    whole.run()
    assert whole.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(whole.getInfo().objective_function_value)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Case 6 in three stages, what is known last listed first; and what the command said."""
    place = tmp_path_factory.mktemp("export")
    made = steps()
    for sheet in ("Uncertainties", "Outcomes"):
        made[sheet].sort(key=lambda row: row["uncertainty"])
    book = books.write(made, place / "book")
    said = optalloc_says("export", book, place / "out", "--futures")
    assert (said.returncode, said.stderr) == (0, "")
    return place / "out", said.stdout


@pytest.mark.long
def test_the_files_are_the_extensive_form(stages: tuple[Path, str]) -> None:
    """Proves: 50, as calculated by hand; 45 where no column is tied, which is wait and see."""
    folder, _ = stages
    assert optimum(folder) == pytest.approx(50)
    assert optimum(folder, tied=False) == pytest.approx(45)


def test_scenarios_and_nodes_are_named_by_the_tree(stages: tuple[Path, str]) -> None:
    folder, said = stages
    assert {path.name for path in folder.iterdir()} == {
        f"scen{k}{ending}" for k in range(4) for ending in (".mps", "_nonants.json")
    }
    content = nodes_of(folder)
    # In the order of the leaves: by what is known first, which is not what is listed first.
    outcomes = [one["scenarioData"]["outcomes"] for one in content.values()]
    assert [words.split("rise=")[1] for words in outcomes] == ["yes", "yes", "no", "no"]
    leaves = [one["scenarioData"]["leaf"] for one in content.values()]
    assert leaves == ["ROOT_0_0", "ROOT_0_1", "ROOT_1_0", "ROOT_1_1"]
    for one in content.values():
        assert one["scenarioData"]["scenProb"] == pytest.approx(0.25)
        nodes, leaf = one["treeData"]["nodes"], one["scenarioData"]["leaf"]
        assert list(nodes) == ["ROOT", leaf.rpartition("_")[0]]
        assert [node["condProb"] for node in nodes.values()] == pytest.approx([1, 0.5])
        assert nodes["ROOT"]["known"] == ""
        assert nodes["ROOT"]["nonAnts"]
        assert all(
            name.startswith(("started_", "committed_", "energised_", "begun_"))
            for name in nodes["ROOT"]["nonAnts"]
        )
    assert "--branching-factors '2 2'" in said


def test_an_export_is_not_mixed_with_an_earlier_one(tmp_path: Path) -> None:
    """Proves: a folder with anything in it is refused; with --force scenarios of before are moved."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "scen7.mps").write_text("of before")
    book = books.write(tail(measure="worst"), tmp_path / "book")
    refused = optalloc_says("export", book, folder, "--futures")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    said = optalloc_says("export", book, folder, "--futures", "--force")
    assert said.returncode == 0
    assert {path.stem for path in folder.glob("*.mps")} == {"scen0", "scen1"}
    assert (folder / "earlier" / "scen7.mps").read_text() == "of before"
    # Attitude is not in the files: R for 150, and not S for 160.
    assert "Attitude is not in them" in said.stdout
    assert optimum(folder) == pytest.approx(150)
    certain = optalloc_says(
        "export", books.write(books.book(), tmp_path / "certain"), folder, "--futures", "--force"
    )
    assert "Uncertainties" in certain.stderr


@pytest.mark.slow
def test_columns_that_a_scenario_lacks_and_names_that_look_the_same(tmp_path: Path) -> None:
    """Proves: where an outcome changes leads, sets of columns differ, and all that a scenario of the
    node lacks is zero. The cost has an offset, and names of sites differ by an accent alone."""
    first = site("São", 1.0, 100, earliest_start="2027-01-01", site_lead_months=0)
    first |= {"block_lead_months": 12}
    other = site("Sao", 9.0, 100, existing_mw=10, status="existing", fixed_cost_per_year=7)
    change = {"sheet": "Sites", "rows": "site=São", "column": "earliest_start"}
    for number, one in enumerate(({**change, "value": "2029-01-01"}, BLOCK_LEAD)):
        made = late(one, "2028-07-01", first, other)
        book = books.write(made, tmp_path / f"book{number}")
        plan = optalloc.solve(book)
        folder = tmp_path / f"out{number}"
        optalloc.export_futures(book, folder)
        assert optimum(folder) == pytest.approx(plan.cost)


@pytest.mark.slow
def test_a_tree_whose_nodes_branch_differently(tmp_path: Path) -> None:
    """Proves: it is written, and it is said that the command of mpi-sppy cannot read it."""
    made = uncertain(
        site("N", 1.0, 100, block_mw=10),
        base=(0, 0, 0),
        futures={"first": {"a": (0.5, 50, "Y3"), "b": (0.5,)}, "then": {"c": (0.4, 30, "Y3")}},
        revealed={"first": "2028-01-01", "then": "2028-03-01"},
        unmet=3,
    )
    then = made["Uncertainties"].pop()
    for outcome, share, given in (("c", 0.4, "a"), ("d", 0.6, "a"), ("d", 1, "b")):
        row = {**then, "outcome": outcome, "probability": share, "given": f"first={given}"}
        made["Uncertainties"].append(row)
    book = books.write(made, tmp_path / "book")
    found = optalloc.export_futures(book, tmp_path / "out")
    assert any("different numbers of branches" in words for words in found.sentences)
    assert optimum(tmp_path / "out") == pytest.approx(optalloc.solve(book).cost)


def mpi_sppy_says(command: str) -> float:
    """Optimum that mpi-sppy prints for a command of the export."""
    lacking = [one for one in ("mpisppy", "mip") if importlib.util.find_spec(one) is None]
    if lacking:
        pytest.skip(f"{' and '.join(lacking)} not installed: mpi-sppy is not asked itself")
    words = [sys.executable, *shlex.split(command)[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    found = re.search(r"EF objective: (\S+)", ended.stdout)
    assert found, ended.stdout + ended.stderr
    return float(found[1])


def test_mpi_sppy_solves_the_files(stages: tuple[Path, str]) -> None:
    """Proves: mpi-sppy 0.14 reads the files and finds 50 on the tree of three stages."""
    command = stages[1].partition("as a whole by: ")[2].splitlines()[0]
    assert mpi_sppy_says(command) == pytest.approx(50)


def test_mpi_sppy_weighs_the_tail(tmp_path: Path) -> None:
    """Proves: by the options that the export names it minimises the same measure: S for 160."""
    attitude = {"measure": "mean and tail", "tail_share": 0.2, "tail_weight": 0.06}
    book = books.write(tail(**attitude), tmp_path / "book")
    said = optalloc.export_futures(book, tmp_path / "out").sentences
    assert "--cvar-alpha 0.8 --cvar-weight 0.06 --cvar-mean-weight 0.94" in said[1]
    assert mpi_sppy_says(said[1].partition("as a whole by: ")[2]) == pytest.approx(160)
