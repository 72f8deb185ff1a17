"""Measuring one workbook: figures that add up, and sentences that follow from them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import optalloc
from optalloc.analysis.bench.phases import of_phases
from optalloc.analysis.bench.sentences import on_choice, on_failures, on_ratios, on_routes, on_wrong
from optalloc.mip.outcome import Strategy
from tests.analysis.bench_runs import INF, row, table
from tests.command import optalloc_says
from tests.paths import INPUTS

MINIMAL = INPUTS / "minimal"


@pytest.mark.long
def test_a_workbook_is_measured() -> None:
    """Proves: phases, sizes and the run are there, the cost is the one known by hand, and the
    sentences name the rows and columns that the program has."""
    said = optalloc.bench(MINIMAL, time_limit_s=10, strategies=["direct"], threads=1)
    assert said["Phases"]["phase"].tolist() == ["read", "validate", "build", "compile"]
    assert (said["Phases"]["seconds"] > 0).all()
    (run,) = said["Runs"].to_dict("records")
    assert run["route"] == "highs:direct" and run["audit"] == "passed"
    assert run["objective"] == pytest.approx(1170.0)
    assert run["seconds_first_plan"] <= run["seconds_to_5_percent"] <= run["seconds_to_0_1_percent"]
    assert run["seconds_to_gap"] <= run["seconds_total"]
    columns = said["Sizes"].query("kind == 'columns'")
    assert columns["count"].is_monotonic_decreasing
    assert columns["share"].sum() <= 1 + 1e-9
    assert "whole numbers" in said.to_text()


def test_sentences_on_routes() -> None:
    """Proves: the route that has the gap in more runs comes first, a mean with a run at its limit is at
    least what is given, and a ratio is there where there is one."""
    figures = {"group": "S", "runs": 2}
    routes = pd.DataFrame(
        [
            {**figures, "route": "plain", "reached": 1, "seconds": 9.0},
            {**figures, "route": "auto", "reached": 2, "seconds": 20.0},
        ]
    )
    assert [*on_routes(routes)] == [
        "auto is first: it has the gap asked for after 20.0 s in the mean (2 of 2 runs).",
        "Of the others: plain after at least 9.0 s in the mean (1 of 2 runs).",
    ]
    (none,) = on_routes(routes.assign(reached=0))
    assert none.startswith("No route") and "allow more time" in none


def test_sentences_on_ratios() -> None:
    """Proves: a route whose interval leaves 1 out is named, "at least" where its own runs were cut off;
    one whose interval holds 1 is not distinguishable."""
    row = {"group": "S", "other": "auto", "ratio": 2.0, "low": 1.5, "high": 2.5, "pairs": 2}
    counts = {"reached": 1, "other_reached": 2}
    apart = {**row, **counts, "route": "plain", "label": "S: plain"}
    close = {**apart, "low": 0.9, "route": "scip", "label": "S: scip"}
    assert [*on_ratios(pd.DataFrame([apart, close]))] == [
        "On S, plain takes at least 2 times as long as auto (1.5 to 2.5).",
        "Not distinguishable from auto: S: scip.",
    ]


def test_sentences_on_failures_and_wrong_answers() -> None:
    """Proves: a run that failed is named with its reason, a route that does not suit once for all
    instances; of many wrong answers the first five, and how many more there are."""
    runs = table(
        row("a", "x", float("nan"), stop_reason="failed", note="crashed"),
        row("a", "y", float("nan"), stop_reason="unsuited", note="y: no blocks"),
        row("b", "y", float("nan"), stop_reason="unsuited", note="y: no blocks"),
    )
    assert [*on_failures(runs)] == [
        "x on a (seed 0) failed: crashed.",
        "y cannot solve a, b: no blocks.",
    ]
    answers = {"instance": "a", "route": "x", "solver_seed": 0, "answer": "plan 1", "reason": "why"}
    said = [*on_wrong(pd.DataFrame([answers] * 7))]
    assert said[0] == "Wrong answer of x on a (seed 0): plan 1; why."
    assert len(said) == 6 and "2 more" in said[-1]


def test_what_is_said_of_the_strategy_that_is_taken() -> None:
    """Proves: it did best, is about as good (at most 1.5 times the seconds at the same gap), or another
    did better, by its name; without a plan nothing is said."""

    def said(race_s: float, race_gap: float) -> str:
        runs = table(
            row("a", "highs:direct", 1.0, seconds_total=10.0, gap=0.01),
            row("a", "highs:race", 1.0, seconds_total=race_s, gap=race_gap),
            row("a", "scip", 1.0, seconds_total=1.0, gap=0.0),
        )
        return " ".join(on_choice(runs, Strategy.RACE))

    assert "which did best" in said(5.0, 0.01)
    assert "about as good here as highs:direct" in said(14.0, 0.01)
    assert "--strategy direct did better" in said(16.0, 0.01)
    assert "--strategy direct did better" in said(5.0, 0.02)
    assert [*on_choice(table(row("a", "highs:race", 1.0, gap=INF)), Strategy.RACE)] == []


def test_what_is_said_of_phases() -> None:
    """Proves: a step is named with its remedy only where it takes most of the time."""

    def said(read: float, build: float, solving: float) -> list[str]:
        frame = pd.DataFrame({"phase": ["read", "build"], "seconds": [read, build]})
        return of_phases(frame, solving)

    assert len(said(1.0, 1.0, 98.0)) == 1
    assert "a folder of CSV files" in said(9.0, 0.5, 0.5)[1]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Proves: wrong seeds, an unknown strategy, and two books of which one is absent and one is wrong
    are told together, the cells of the wrong one with its name; no folder is made. Sensitivity: books
    alone that are wrong are an error of the input."""
    out, absent, broken = tmp_path / "bench", tmp_path / "absent.mps", INPUTS / "broken.xlsx"
    with pytest.raises(optalloc.OptallocError) as refusal:
        optalloc.bench([absent, broken], seeds="one", strategies=["dirct"], out=out)
    lines = str(refusal.value).splitlines()
    assert lines[0] == "seeds must be numbers such as 1,2 or 1-10; found 'one'"
    assert lines[1].startswith("strategy must be one of") and "'dirct'" in lines[1]
    assert lines[2].startswith(f"{absent}: must exist")
    assert len(lines) > 4 and all(line.startswith(f"{broken}: ") for line in lines[3:])
    assert not isinstance(refusal.value, optalloc.InputError) and not out.exists()
    with pytest.raises(optalloc.InputError):
        optalloc.bench([broken, INPUTS / "broken.xlsx"], out=out)


@pytest.mark.long
def test_the_command(tmp_path: Path) -> None:
    """Proves: it prints sentences and tables and writes the page and the workbook; an unknown strategy,
    seeds that are none, and an absent book are refused, each with its exit code."""
    out = tmp_path / "bench"
    words = ("bench", MINIMAL, "--time-limit", 10, "--strategy", "direct", "--out", out)
    run = optalloc_says(*words)
    assert run.returncode == 0
    assert run.stdout.startswith("1 run of minimal by 1 route")
    assert "Routes:" in run.stdout and "Phases:" in run.stdout
    assert (out / "bench.html").is_file() and (out / "bench.xlsx").is_file()
    assert optalloc_says("bench", MINIMAL, "--strategy", "dirct", "--out", out).returncode == 2
    assert optalloc_says("bench", MINIMAL, "--seeds", "one", "--out", out).returncode == 2
    assert optalloc_says("bench", tmp_path / "absent.xlsx", "--out", out).returncode == 3
