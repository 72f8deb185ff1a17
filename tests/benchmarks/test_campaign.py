"""The campaign: runs that are kept, cut off, killed and told; figures worked out by hand."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.campaign import runner
from benchmarks.campaign.figures import capped, profile, shifted_mean, summary
from benchmarks.campaign.report import report
from benchmarks.campaign.results import (
    COLUMNS,
    KEY,
    Results,
    primal_integral,
    seconds_to,
    thinned,
)
from benchmarks.campaign.routes import Limits, check_route, read_highs_log
from benchmarks.campaign.runner import Task, campaign, tasks
from tests.browser import browser, needs_browser
from tests.paths import ROOT

INF = math.inf


def row(instance: str, route: str, one: float, **more: Any) -> dict[str, Any]:
    """A run with the seconds it took to a gap of 1 %."""
    return {
        **dict.fromkeys(COLUMNS, math.nan),
        "instance": instance,
        "size": instance.partition("-")[0],
        "seed": 1,
        "route": route,
        "threads": 2,
        "solver_seed": 0,
        "gap_asked": 0.001,
        "time_limit_s": 90.0,
        "seconds_to_5_percent": 0.0,
        "seconds_to_1_percent": one,
        "objective": 100.0,
        "bound": 99.5,
        "gap": 0.005,
        "peak_mb": 300.0,
        "stop_reason": "time",
        "audit_passed": True,
        "note": "",
        "memory_limit_mb": 16000.0,
        "load_at_start": 0.2,
        "when": "2027-01-01T00:00:00+00:00",
        "versions": json.dumps({"optalloc": "0.1.0"}),
        "machine": "a machine",
        **more,
    }


def trace(*points: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(points, columns=["seconds", "objective", "bound"])


@pytest.fixture
def made(tmp_path: Path) -> Results:
    """Two instances by two routes; plain never has 1 % on S-2."""
    results = Results(tmp_path / "made")
    runs = [
        row("S-1", "optalloc", 0.0),
        row("S-1", "plain", 30.0, peak_mb=500.0, audit_passed=None),
        row("S-2", "optalloc", 30.0),
        row("S-2", "plain", math.nan, objective=INF, bound=90.0, gap=INF, audit_passed=None),
    ]
    for run in runs:
        run["note"] = results.learn(run)
        results.add(run, trace((1.0, INF, 90.0), (10.0, 110.0, 99.0), (40.0, 100.0, 99.5)))
    return results


def test_shifted_geometric_means_by_hand(made: Results) -> None:
    """Proves: of 0 s and 30 s with a shift of 10 s, the root of 10 x 40 less 10, which is 10 s; of 30 s
    and a run that counts at its limit of 90 s, the root of 40 x 100 less 10, 53.2 s, at least.
    Sensitivity: without the limit, that mean would be 30 s."""
    assert shifted_mean([0, 30]) == pytest.approx(10.0)
    assert shifted_mean([30, 90]) == pytest.approx(math.sqrt(4000) - 10)
    table = summary(made.runs()).set_index("route")
    assert table.loc["optalloc", "1 %"] == pytest.approx(10.0)
    assert table.loc["plain", "1 %"] == pytest.approx(math.sqrt(4000) - 10)
    assert table["1 % reached"].to_dict() == {"optalloc": 2, "plain": 1}
    assert table["without a plan"].to_dict() == {"optalloc": 0, "plain": 1}
    late = capped(made.runs().assign(time_limit_s=20.0), "seconds_to_1_percent")
    assert late["reached"].tolist() == [True, False, False, False]


def test_of_several_time_limits_the_longest_counts(made: Results) -> None:
    """Proves: a run that had 90 s and none of the gap is told by the one that had 300 s and took 170 s,
    whichever was made first: the mean of 30 s and 170 s is the root of 40 x 180 less 10, and no longer
    at least. Sensitivity: another gap asked for is another run."""
    for limit, one in ((300.0, 170.0), (60.0, math.nan)):
        longer = row("S-2", "plain", one, time_limit_s=limit)
        made.add(longer, trace((1.0, INF, 90.0), (one, 100.0, 99.5)))
    text, _, _ = report(made)
    assert f"| S | plain | 2 | 0.0 s (2) | {math.sqrt(40 * 180) - 10:.1f} s (2) |" in text
    assert "- Time limit: 90 s, 300 s." in text
    made.add(row("S-2", "plain", 50.0, gap_asked=0.01), trace((50.0, 100.0, 99.5)))
    assert "| S | plain | 3 |" in report(made)[0]


def test_performance_profile_by_hand(made: Results) -> None:
    """Proves: optalloc is fastest on both; plain takes 30 times as long on S-1 (0 s counts as 1 s)
    and never has the gap on S-2, so that its share stays at a half."""
    points = profile(made.runs())
    own = points.groupby("route").apply(lambda f: [*zip(f["ratio"], f["share"], strict=True)])
    assert own["optalloc"] == [(1.0, 1.0)]
    assert own["plain"] == [(1.0, 0.0), (30.0, 0.5)]


def test_primal_integral_by_hand() -> None:
    """Proves: nothing until 10 s counts 10; then 110 against 100 is a gap of 1/11 for 30 s; then none.
    Sensitivity: a limit of 20 s leaves 10 + 10/11."""
    seen = trace((1.0, INF, 90.0), (10.0, 110.0, 95.0), (40.0, 100.0, 99.5))
    assert primal_integral(seen, 100.0, 90.0) == pytest.approx(10 + 30 / 11)
    assert primal_integral(seen, 100.0, 20.0) == pytest.approx(10 + 10 / 11)
    assert primal_integral(trace(), 100.0, 90.0) == 90.0
    assert seconds_to(seen, 0.01) == 40.0
    assert math.isnan(seconds_to(seen, 0.001))


def test_a_trace_is_thinned_without_losing_when_gaps_were_had() -> None:
    """Proves: of 5,000 moments 200 or a few more stay, the first plan and the first with 1 % among
    them; worse moments change nothing."""
    points = [(k / 10, 200 - k / 50, 50 + k / 100) for k in range(5000)]
    whole, kept = pd.DataFrame(points, columns=["seconds", "objective", "bound"]), thinned(points)
    assert len(kept) <= 204
    for gap in (0.5, 0.05, 0.01):
        told = seconds_to(kept, gap)
        assert math.isnan(told) or told >= seconds_to(whole, gap)
    assert seconds_to(kept, 0.05) == seconds_to(whole, 0.05)
    assert thinned([(2.0, 90.0, 1.0), (1.0, 100.0, 5.0)]).to_numpy().tolist() == [
        [1.0, 100.0, 5.0],
        [2.0, 90.0, 5.0],
    ]


def test_the_report_tells_all_of_it(made: Results) -> None:
    """Proves: tables with what does not finish as at least, ratios, conditions, best known; a page
    that asks for nothing from elsewhere."""
    text, markdown, page = report(made)
    assert markdown.read_text() == text
    assert "| S | plain | 2 | 0.0 s (2) | ≥ 53.2 s (1) |" in text
    assert "| S | plain | 2 | ≥ 5.3 |" in text
    assert "- Threads: 2." in text and "- Versions: optalloc 0.1.0." in text
    assert "| S-1 | 100.0000 | optalloc | 99.5000 | optalloc |" in text
    shown = page.read_text(encoding="utf-8")
    assert "Performance profile" in shown and "Proven gap over time, size S" in shown
    assert 'src="http' not in shown and "<link" not in shown
    said = CliRunner().invoke(app, ["report", str(made.folder)])
    assert said.exit_code == 0 and "report.html" in said.stdout
    assert CliRunner().invoke(app, ["report", str(made.folder.parent / "none")]).exit_code == 2
    empty = Results(made.folder.parent / "empty")
    assert CliRunner().invoke(app, ["report", str(empty.folder)]).exit_code == 2


@pytest.mark.long
@needs_browser
def test_the_page_draws_in_the_look_of_a_report(made: Results) -> None:
    """Proves: every figure is drawn with axis titles, in the report's first colours, without complaint."""
    _, _, page = report(made)
    complaints: list[str] = []
    with browser() as opened:
        shown = opened.new_page(color_scheme="dark")
        shown.on("console", lambda said: complaints.append(said.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.goto(page.as_uri())
        shown.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        titles = shown.eval_on_selector_all(
            ".chart",
            "(all) => all.map((c) => [c.layout.xaxis.title.text, c.layout.yaxis.title.text])",
        )
        first = shown.evaluate("document.getElementById('figure-0').data[0].line.color")
        wanted = shown.evaluate("theme().series[0]")
    assert len(titles) == 3 and all(x and y for x, y in titles)
    assert first == wanted and complaints == []


def test_best_known_is_the_best_and_contradictions_are_told(made: Results) -> None:
    """Proves: a better audited plan and a better bound are taken, a plan without an audit is not; a
    bound above the best plan, or a plan below the best bound, is told and changes nothing."""
    better = row("S-1", "race", 1.0, objective=99.9, bound=99.7)
    assert made.learn(better) == ""
    assert made.learn(row("S-1", "plain", 1.0, objective=99.8, bound=0.0, audit_passed=None)) == ""
    known = made.best_known().loc["S-1"]
    assert (known["objective"], known["bound"], known["bound_by"]) == (99.9, 99.7, "race")
    assert "lies above the best known plan" in made.learn(row("S-1", "bad", 1.0, bound=99.95))
    assert "less than the best bound" in made.learn(
        row("S-1", "bad", 1.0, objective=99.0, bound=0.0)
    )
    assert made.best_known().loc["S-1", "objective"] == 99.9


def test_a_line_cut_off_is_no_run(made: Results) -> None:
    """Proves: a row that was cut off in the middle is gone, and its run is made again; the trace of a
    run without a row does not count, nor does the first trace of a run made twice."""
    runs = made.folder / "runs.csv"
    whole = runs.read_text()
    runs.write_text(whole[:-40])
    again = Results(made.folder)
    assert len(again.runs()) == 3
    assert ("S-2", "plain", 2, 0, 0.001, 90.0) not in again.done()
    assert len(again.traces()) == 9
    again.add(row("S-2", "plain", 5.0), trace((2.0, 100.0, 99.0)))
    own = again.traces().query("instance == 'S-2' and route == 'plain'")
    assert own["seconds"].tolist() == [2.0]


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
    for bad in ("magic", "scip:race"):
        with pytest.raises(ValueError, match="route"):
            check_route(bad)
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
    listed = tasks(["S"], [1, 2], [], ["optalloc", "scip"], Limits(0, 1, 1, 0), Path("x"))
    assert [(t.instance, t.route) for t in listed] == [
        ("S-1", "optalloc"),
        ("S-1", "scip"),
        ("S-2", "optalloc"),
        ("S-2", "scip"),
    ]


def task(folder: Path, route: str, seconds: float = 60.0, size: str = "XS") -> Task:
    limits = Limits(gap=0.02, seconds=seconds, threads=1, seed=0)
    return Task("XS-1", size, 1, route, limits, folder / "XS-1")


@pytest.mark.slow
def test_runs_are_made_once_and_a_bad_one_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: a run that is stopped for memory or for time, and one whose route fails, are rows that
    say so; the run after them is whole; asked for again, nothing is made twice."""
    results = Results(tmp_path / "results")
    greedy = [*campaign([task(tmp_path, "highs-direct", 61)], results, memory_mb=5)]
    assert greedy[0]["note"] == "killed: more than 5 MB"
    with monkeypatch.context() as patched:
        patched.setattr(runner, "GRACE_S", 0.0)
        late = [*campaign([task(tmp_path, "highs-direct", 0.3)], results, memory_mb=8000)]
    assert late[0]["note"] == "killed: no answer after 0.6 s"
    (tmp_path / "XS-1" / "Extra.csv").write_text("a\n1\n")
    bad = [*campaign([task(tmp_path, "pyomo-appsi")], results, memory_mb=8000)]
    assert bad[0]["note"] == "ValueError: the baselines do not know Extra"
    (tmp_path / "XS-1" / "Extra.csv").unlink()
    todo = [task(tmp_path, "pyomo-appsi"), task(tmp_path, "highs-direct")]
    good = [*campaign(todo, results, memory_mb=8000)]
    assert [run["route"] for run in good] == ["highs-direct"]
    assert good[0]["audit_passed"] is True and good[0]["gap"] <= 0.02
    assert good[0]["seconds_to_5_percent"] <= good[0]["seconds_total"]
    assert good[0]["seconds_first_plan"] > 0 and good[0]["peak_mb"] > 100
    assert {run["stop_reason"] for run in (*greedy, *late, *bad)} == {"failed"}
    assert [*campaign(todo, results, memory_mb=8000)] == []
    assert len(results.runs()) == 4
    assert set(KEY) < set(results.runs().columns)


@pytest.mark.slow
def test_a_campaign_that_was_killed_goes_on(tmp_path: Path) -> None:
    """Proves: killed between two runs, a campaign makes only the other one when it is asked again."""
    words = ["--sizes", "XS", "--seeds", "1", "--routes", "pyomo-appsi,highs-direct,linopy"]
    words += ["--gap", "0.02", "--threads", "1", "--time-limit", "60"]
    words += ["--into", str(tmp_path / "r"), "--instances", str(tmp_path / "i")]
    command = [sys.executable, "-m", "benchmarks", "solve", *words]
    root = ROOT
    first = subprocess.Popen(command, cwd=root, start_new_session=True, stdout=subprocess.DEVNULL)
    runs = tmp_path / "r" / "runs.csv"
    while not (runs.exists() and len(runs.read_text().splitlines()) > 1):
        assert first.poll() is None
        time.sleep(0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    done = len(runs.read_text().splitlines()) - 1
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert f"{3 - done} runs made, {done} there already" in said.stdout
    assert len(Results(tmp_path / "r").runs()) == 3
