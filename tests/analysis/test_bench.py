"""Measuring a workbook: figures that add up, and words that follow from them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import optalloc
from optalloc.analysis.bench import STRATEGIES, _advice, _on_phases, _on_strategies
from optalloc.mip.outcome import Strategy
from tests.command import optalloc_says
from tests.paths import INPUTS

MINIMAL = INPUTS / "minimal"


def test_a_workbook_is_measured() -> None:
    """Proves: phases, sizes and the strategy are there, the cost is the one known by hand, and the
    sentences name the rows and columns that the program has."""
    said = optalloc.bench(MINIMAL, time_limit_s=10, strategies=["direct"], threads=1)
    assert said["Phases"]["phase"].tolist() == ["read", "validate", "build", "compile"]
    assert (said["Phases"]["seconds"] > 0).all()
    (row,) = said["Strategies"].to_dict("records")
    assert row["strategy"] == "direct"
    assert row["objective"] == pytest.approx(1170.0)
    assert row["first_plan"] <= row["to_5_percent"] <= row["to_0_1_percent"] <= row["seconds"]
    columns = said["Sizes"].query("kind == 'columns'")
    assert columns["count"].is_monotonic_decreasing
    assert columns["share"].sum() <= 1 + 1e-9
    assert "whole numbers" in said.to_text()


def table(**rows: tuple[float, ...]) -> pd.DataFrame:
    """Strategies by name: first plan, to 5 %, to 1 %, to 0.1 %, seconds, gap at the end."""
    names = ["first_plan", "to_5_percent", "to_1_percent", "to_0_1_percent", "seconds"]
    made = pd.DataFrame.from_dict(rows, orient="index", columns=[*names, "gap_percent"])
    made = made.assign(objective=100.0, bound=99.0, stopped="time").rename_axis("strategy")
    return made.reset_index()[[column.name for column in STRATEGIES.columns]]


def test_what_is_said_of_strategies() -> None:
    """Proves: each gap names who was first and who was late; the advice is to take the better one,
    or to leave it. Sensitivity: with no plan at all it is to allow more time."""
    nan = float("nan")
    figures = table(direct=(5, 9, nan, nan, 60, 2.0), race=(4, 6, 30, nan, 60, 0.5))
    said = _on_strategies(figures, Strategy.DIRECT, 0.001, 60)
    assert "1 % is reached first by race, after 30.0 s (direct not within 60 s)" in said[1]
    assert "--strategy race did better" in said[2]
    assert "was not reached" in said[3]
    assert "which did best" in _advice(figures, "race", Strategy.RACE)
    alike = table(direct=(1, 1, 1, 1, 2.0, 0.0), race=(1, 1, 1, 1, 1.9, 0.0))
    assert "about as good" in _advice(alike, "race", Strategy.DIRECT)
    nothing = figures.assign(objective=nan)
    assert "allow more time" in _on_strategies(nothing, Strategy.DIRECT, 0.001, 60)[0]


def test_what_is_said_of_phases() -> None:
    """Proves: a step is named with its remedy only where it takes most of the time."""
    assert len(_on_phases({"read": 1.0, "build": 1.0}, 98.0)) == 1
    assert "a folder of CSV files" in _on_phases({"read": 9.0, "build": 0.5}, 0.5)[1]


def test_the_command(tmp_path: Path) -> None:
    """Proves: it prints sentences and tables; an unknown strategy and an absent book are told as
    such, each with its exit code."""
    words = ("bench", MINIMAL, "--time-limit", 10, "--strategy", "direct")
    run = optalloc_says(*words)
    assert run.returncode == 0
    assert run.stdout.startswith("How long minimal takes")
    assert "Strategies:" in run.stdout
    assert optalloc_says("bench", MINIMAL, "--strategy", "dirct").returncode == 2
    assert optalloc_says("bench", tmp_path / "absent.xlsx").returncode == 3
