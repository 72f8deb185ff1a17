"""inputs/minimal: the case solved by hand, its README taken at its word."""

from __future__ import annotations

import ast
import operator
import re
import shutil
from pathlib import Path

import pytest

import optalloc
from tests.paths import INPUTS

MINIMAL = INPUTS / "minimal"
README = (MINIMAL / "README.md").read_text(encoding="utf-8")
SUM = re.compile(r"(?<![\w.])((?:\d[\d.]* [-+x/] )+\d[\d.]*) = (\d+(?:\.\d+)?)")
APPLY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def worked_out(words: str) -> float:
    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return APPLY[type(node.op)](value(node.left), value(node.right))
        assert isinstance(node, ast.Constant)
        return float(node.value)

    return value(ast.parse(words.replace("x", "*"), mode="eval").body)


@pytest.fixture(scope="module")
def plan() -> optalloc.Plan:
    return optalloc.solve(MINIMAL)


def test_the_readme_adds_up() -> None:
    sums = SUM.findall(" ".join(README.split()))
    assert len(sums) == README.count(" = ") >= 20
    for words, result in sums:
        assert worked_out(words) == pytest.approx(float(result), abs=1e-9), words


def test_the_solver_finds_what_the_readme_found(plan: optalloc.Plan) -> None:
    told = re.search(r"\*\*Optimal cost: ([\d.]+)\*\*", README)
    assert told is not None
    assert plan.cost == pytest.approx(float(told[1]), abs=1e-6)
    assert plan.gap == 0
    assert str(plan.outcome.quality) == "optimal"


def test_the_costs_are_those_of_step_2(plan: optalloc.Plan) -> None:
    told = dict(re.findall(r"^\| ([\w ,]+) \| [^|]* = ([\d.]+) \|$", README, re.MULTILINE))
    cost = plan["Cost"]
    by = cost.groupby(["item", "site"])["cash"].sum()
    running = cost[cost["item"] == "running"].groupby("period")["cash"].sum()
    assert {name: float(value) for name, value in told.items()} == pytest.approx(
        {
            "sites": by["site"].sum(),
            "building North": by["building", "North"],
            "building South": by["building", "South"],
            "fixed, three years": by["fixed"].sum(),
            "running in Y2": running["Y2"],
            "running in Y3": running["Y3"],
            "together": cost["cash"].sum(),
        }
    )


def test_it_is_built_as_in_step_2(plan: optalloc.Plan) -> None:
    build = plan["Build"].set_index(["site", "period"])
    assert build.groupby("site")["started_mw"].sum().to_dict() == {"North": 50, "South": 80}
    assert build["online_mw"].to_dict() == {
        ("North", "Y1"): 0,
        ("North", "Y2"): 40,
        ("North", "Y3"): 50,
        ("South", "Y1"): 0,
        ("South", "Y2"): 30,
        ("South", "Y3"): 60,
    }


# What is changed, by sheet: South alone; North only from Y3 on; no grid limit in Y3.
ALTERNATIVES = {
    1175: {"Sites": ("North,Fjord,candidate", "North,Fjord,excluded")},
    1185: {
        "GridZones": ("Fjord,Y2,65", "Fjord,Y2,0"),
        "Sites": ("South,,candidate,120", "South,,candidate,80"),
    },
    1125: {"GridZones": ("Fjord,Y3,65", "Fjord,Y3,")},
}


@pytest.mark.long
@pytest.mark.parametrize("cost", ALTERNATIVES)
def test_the_alternatives_cost_what_the_readme_says(tmp_path: Path, cost: float) -> None:
    """Proves: the README's other plans cost what it says. Sensitivity: as it stands, 1170."""
    folder = tmp_path / "case"
    shutil.copytree(MINIMAL, folder)
    for sheet, (row, into) in ALTERNATIVES[cost].items():
        file = folder / f"{sheet}.csv"
        text = file.read_text(encoding="utf-8")
        assert text.count(row) == 1
        file.write_text(text.replace(row, into), encoding="utf-8")
    assert optalloc.solve(folder).cost == pytest.approx(cost, abs=1e-6)
    assert f"= {cost}" in README
