"""The gap over time of a campaign, by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.gaps import as_markdown, gaps_over_time
from benchmarks.marked import with_table
from optalloc.analysis.bench.store import KEY
from tests.paths import ROOT


def run(instance: str, limit: float) -> dict[str, object]:
    key = dict(zip(KEY, (instance, "race", 2, 0, 0.01, limit), strict=True))
    return {**key, "group": "S"}


def test_the_gap_over_time_is_the_mean_of_the_last_known() -> None:
    """By hand: one has 100 against 90 after 2 s and against 99 after 8 s, the other 50 against 45
    after 6 s: 10 and 10 % after 7 s, 1 and 10 % after 10 s, and no plan after 5 s."""
    runs = pd.DataFrame([run("S-1", 10), run("S-2", 10)])
    points = [("S-1", 2.0, 100.0, 90.0), ("S-1", 8.0, 100.0, 99.0), ("S-2", 1.0, math.inf, 45.0)]
    points.append(("S-2", 6.0, 50.0, 45.0))
    traces = pd.DataFrame(
        [
            {**run(name, 10), "seconds": at, "objective": cost, "bound": bound}
            for name, at, cost, bound in points
        ]
    ).drop(columns="group")
    found = gaps_over_time(runs, traces, (), (5, 7, 10, 20))
    assert as_markdown(found).splitlines()[2] == "| S | race | no plan | 10.00 % | 5.50 % |  |"


def test_the_page_on_proofs_shows_the_campaign_that_is_kept(tmp_path: Path) -> None:
    """Proves: `gaps` writes its table between the marks of a page, and the page on proofs has that
    of the runs in benchmarks/results."""
    shown = (ROOT / "docs" / "explanation" / "proof.md").read_text("utf-8")
    page = tmp_path / "proof.md"
    page.write_text(with_table(shown, "gaps", "none"), "utf-8")
    words = ["gaps", str(ROOT / "benchmarks" / "results"), "--groups", "S,M,L", "--into", str(page)]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    assert said.exit_code == 0, said.output
    assert page.read_text("utf-8") == shown
