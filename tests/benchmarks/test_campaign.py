"""The project's own campaign: its routes, the best that is known, and its report."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.campaign.history import best_known, learn
from benchmarks.campaign.report import report
from benchmarks.campaign.routes import read_highs_log, route_of
from optalloc.analysis.bench.store import RunStore
from tests.analysis.bench_runs import INF, row, trace
from tests.paths import ROOT


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Two instances by two routes; plain never has the gap on S-2."""
    folder = tmp_path / "made"
    store = RunStore(folder)
    for run in (
        row("S-1", "optalloc", 0.0),
        row("S-1", "plain", 30.0, audit_passed=None),
        row("S-2", "optalloc", 30.0),
        row("S-2", "plain", math.nan, objective=INF, bound=90.0, gap=INF, audit_passed=None),
    ):
        assert learn(folder, run) == ""
        store.add(run, trace((1.0, INF, 90.0), (10.0, 110.0, 99.0), (40.0, 100.0, 99.5)))
    return folder


def test_the_report_has_all_of_it(made: Path) -> None:
    """Proves: tables with how many reached the gap, ratios, the best known; and the command that writes
    it, which refuses a folder without runs."""
    text, markdown, page = report(made)
    assert markdown.read_text() == text and page.is_file()
    assert (
        "optalloc is first: it has the gap asked for after 10.0 s in the mean (2 of 2 runs)."
        in text
    )
    assert "| S-1 | 100 | optalloc | 99.5 | optalloc |" in text
    assert "| S | plain | 2 | 1 | 53.2" in text
    said = CliRunner().invoke(app, ["report", str(made)])
    assert said.exit_code == 0 and "bench.html" in said.stdout
    assert CliRunner().invoke(app, ["report", str(made.parent / "none")]).exit_code == 2
    RunStore(made.parent / "empty")
    assert CliRunner().invoke(app, ["report", str(made.parent / "empty")]).exit_code == 2


def test_the_results_of_the_project_are_read() -> None:
    """Proves: the runs that are kept have the columns of the product, and no answer of them is wrong by
    what is known."""
    folder = ROOT / "benchmarks" / "results"
    assert len(RunStore(folder, make=False).runs()) > 40
    assert "## Wrong answers" not in (folder / "report.md").read_text()


def test_best_known_is_the_best_and_contradictions_are_named(made: Path) -> None:
    """Proves: a better audited plan and a better bound are taken, a plan without an audit is not; a
    bound above the best plan, or a plan below the best bound, is named and changes nothing."""
    assert learn(made, row("S-1", "race", 1.0, objective=99.9, bound=99.7)) == ""
    unaudited = row("S-1", "plain", 1.0, objective=99.8, bound=0.0, audit_passed=None)
    assert learn(made, unaudited) == ""
    known = best_known(made).loc["S-1"]
    assert (known["objective"], known["bound"], known["bound_by"]) == (99.9, 99.7, "race")
    assert "lies above the best known plan" in learn(made, row("S-1", "bad", 1.0, bound=99.95))
    low = row("S-1", "bad", 1.0, objective=99.0, bound=0.0)
    assert "less than the best bound" in learn(made, low)
    assert best_known(made).loc["S-1", "objective"] == 99.9


LOG = """
        Nodes      |    B&B Tree     |            Objective Bounds              |  Dynamic
Src  Proc. InQueue |  Leaves   Expl. | BestBound       BestSol              Gap |   Cuts   InLp Conf
         0       0         0   0.00%   18305.410786    inf                  inf        0      0      5      3627     0.7s
 L       0       0         0   0.00%   18489.029981    22903.534894      19.27%     2687    283    511      6086     9.9s
        37       0        18 100.00%   3108.111715     3108.111715        0.00%      336     35    102      7986    65.3s
 T    1208      11       590  98.11%   -12.5           -12.4             0.81%      336     35    102    798600   665.3s
  Timing            40.03
"""


def test_a_log_of_highs_is_read() -> None:
    """Proves: seconds, incumbent and bound of each line, with and without a letter before it."""
    assert read_highs_log(LOG) == [
        (0.7, INF, 18305.410786),
        (9.9, 22903.534894, 18489.029981),
        (65.3, 3108.111715, 3108.111715),
        (665.3, -12.4, -12.5),
    ]


def test_routes_and_words() -> None:
    """Proves: unknown routes, sizes, seeds and books are refused before anything runs."""
    for bad in ("magic", "scip:race"):
        with pytest.raises(ValueError, match="route"):
            route_of(bad)
    assert [route_of(name).name for name in ("optalloc:race", "cbc")] == ["optalloc:race", "cbc"]
    for words in (
        ["--routes", "magic"],
        ["--sizes", "XXL"],
        ["--seeds", "one"],
        ["--seeds", "3-1"],
        ["--sizes", ""],
        ["--routes", ""],
        ["--books", "no such folder"],
        ["--time-limit", "0"],
    ):
        assert CliRunner().invoke(app, ["solve", *words]).exit_code == 2, words


@pytest.mark.slow
def test_baselines_and_the_product_are_measured_side_by_side(tmp_path: Path) -> None:
    """Proves: an instance by bare HiGHS, by the baseline in Pyomo and by optalloc, within 2 % each, none
    wrong by another; asked for again, nothing is made twice."""
    words = [
        "solve",
        "--sizes",
        "XS",
        "--seeds",
        "1",
        "--routes",
        "pyomo-appsi,highs-direct,optalloc",
    ]
    words += ["--gap", "0.02", "--threads", "1", "--time-limit", "60"]
    words += ["--into", str(tmp_path / "r"), "--instances", str(tmp_path / "i")]
    for made in (3, 0):
        said = CliRunner().invoke(app, words)
        assert f"{made} runs made, {3 - made} there already" in said.stdout
    runs = RunStore(tmp_path / "r").runs()
    assert (runs["gap"] <= 0.02).all()
    assert "Wrong" not in report(tmp_path / "r")[0]
