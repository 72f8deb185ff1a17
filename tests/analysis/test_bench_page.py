"""The page and the workbook of a campaign: drawn in a browser, without complaint, at either width."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from optalloc.analysis.bench.page import write_page
from optalloc.analysis.bench.result import counted, findings_of
from optalloc.analysis.bench.store import RunStore
from optalloc.report.findings import Findings
from tests.analysis.bench_runs import INF, row, trace
from tests.browser import browser, needs_browser

CHARTS = [
    "Times as long as the first route",
    "Performance profile",
    "Proven gap over time",
    "Distance from the best plan over time",
    "Peak memory",
]


def made(folder: Path) -> Findings:
    """Two instances, one that maximises, by two routes; slow has no plan of the second."""
    store = RunStore(folder)
    points = trace((1.0, INF, 90.0), (10.0, 110.0, 99.0), (40.0, 100.0, 99.5))
    for run in (
        row("S-1", "highs:direct", 40.0, peak_mb=250.0),
        row("S-1", "<scip>", 80.0),
        row("S-2", "highs:direct", 40.0, objective=-100.0, bound=-101.0, gap=0.01, maximised=True),
    ):
        store.add(run, points)
    failed = {
        "objective": INF,
        "bound": -INF,
        "gap": INF,
        "stop_reason": "failed",
        "note": "crashed",
    }
    store.add(row("S-2", "<scip>", math.nan, **failed), trace())
    return findings_of(*counted(store, {}), {}, counted(store, {}))


def test_tables_are_in_the_sense_of_their_files_and_end_where_runs_end(tmp_path: Path) -> None:
    """Proves: the plan of an instance that maximises is worth 100, not -100; a trace ends when its
    solver stopped; a run that failed has blanks, and counts as one without a plan."""
    found = made(tmp_path)
    runs = found["Runs"].set_index(["instance", "route"])
    assert runs.loc[("S-2", "highs:direct"), ["objective", "bound"]].tolist() == [100.0, 101.0]
    assert runs.loc[("S-2", "<scip>"), ["objective", "bound", "gap_percent"]].isna().all()
    traces = found["Traces"].query("route == '<scip>' and instance == 'S-1'")
    assert traces["seconds"].tolist() == [1.0, 10.0, 40.0, 80.0]
    assert traces["primal_gap_percent"].tolist()[1:] == pytest.approx([100 / 11, 0.0, 0.0])
    routes = found["Routes"].set_index("route")
    assert routes.loc["<scip>", ["failed", "without_plan", "reached"]].tolist() == [1, 1, 1]
    found.to_excel(tmp_path / "bench.xlsx")
    sheets = pd.read_excel(tmp_path / "bench.xlsx", sheet_name=None, engine="openpyxl")
    assert {"Routes", "Ratios", "Profile", "Runs", "Traces", "Against earlier"} <= {*sheets}


def test_two_campaigns_are_measured_by_the_same_plans(tmp_path: Path) -> None:
    """Proves: both have a plan of 110 after 10 s and one of 100 after 40 s, and the later one finds 90
    after 80 s. By hand the earlier integral against 90 is 10 + 30 x 20/110 + 50 x 10/100 = 20.5, and the
    later one 19.5: it is the faster one. Sensitivity: against its own best plan the earlier one would
    have 12.7, and the later one would be called slower for having found more."""
    points = [(10.0, 110.0, 80.0), (40.0, 100.0, 85.0)]
    campaigns = []
    for name, best, more in (("then", 100.0, []), ("now", 90.0, [(80.0, 90.0, 85.0)])):
        store = RunStore(tmp_path / name)
        store.add(
            row("S-1", "highs:direct", 80.0, objective=best, bound=85.0), trace(*points, *more)
        )
        campaigns.append(counted(store, {}))
    then, now = campaigns
    found = findings_of(*now, {}, then)
    (compared,) = found["Against earlier"].query("measure == 'primal integral'").to_dict("records")
    earlier = 10 + 30 * 20 / 110 + 50 * 10 / 100
    assert found["Runs"]["primal_integral"].tolist() == pytest.approx([earlier - 1.0])
    assert compared["ratio"] == pytest.approx((earlier - 1.0) / earlier)


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_drawn(width: int, tmp_path: Path) -> None:
    """Proves: every chart is drawn with data and titles, names of routes are shown as they are, the
    page is no wider than the window, and nothing complains. Choosing a route leaves its lines alone."""
    write_page(made(tmp_path), "made", tmp_path / "bench.html")
    complaints: list[str] = []
    with browser() as opened:
        shown = opened.new_page(viewport={"width": width, "height": 900})
        shown.on("console", lambda said: complaints.append(said.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.goto((tmp_path / "bench.html").as_uri())
        shown.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        shown.evaluate("report.parts.forEach((part) => part.come())")
        drawn = shown.evaluate(
            "report.parts.filter((p) => p.chart).map((p) => [p.exhibit.title, p.chart.data?.length])"
        )
        names = shown.evaluate(
            "[...new Set(report.parts.find((p) => p.exhibit?.title === 'Proven gap over time')"
            ".chart.data.map((trace) => trace.name))]"
        )
        shown.select_option("#filter-route", "<scip>")
        shown.wait_for_timeout(500)
        left = shown.evaluate(
            "report.parts.find((p) => p.exhibit?.title === 'Proven gap over time')"
            ".chart.data.map((trace) => trace.name)"
        )
        wide = shown.evaluate("document.documentElement.scrollWidth")
        words = shown.inner_text("body")
    assert [title for title, _ in drawn] == CHARTS
    assert all(count for _, count in drawn)
    assert names == ["highs:direct", "&lt;scip&gt;"] and left == ["&lt;scip&gt;"]
    assert "None: every plan keeps its rows" in words and wide <= width
    assert complaints == []
