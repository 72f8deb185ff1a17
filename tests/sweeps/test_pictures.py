"""Pictures of a sweep: what page and workbook show is what the frame says, its noise included."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optalloc.spreadsheet.read import read_workbook
from optalloc.sweeps import frames as figures
from optalloc.sweeps.pictures import pictures_of
from optalloc.sweeps.result import SweepResult
from tests.browser import Reader, browser, needs_browser

TIMELINE = {
    "table": "Works",
    "row": "site",
    "size": "mw",
    "unit": "MW",
    "steps": [["committed", "Committed"], ["online", "In service"]],
}


def result(
    design: str,
    changes: dict[str, int],
    rows: list[tuple[str, dict[str, str], float, float, str]],
    plans: dict[str, pd.DataFrame] | None = None,
) -> SweepResult:
    """A sweep with these cases: name, inputs, cost, bound, status."""
    cases = pd.DataFrame(
        [
            (number, name, "", f"{made}", status, cost, bound, 0.01, 1.0, "re-solved", f"why {name}")
            for number, (name, made, cost, bound, status) in enumerate(rows)
        ],
        columns=["number", "case", "plan", "changed", "status", "objective", "bound", "gap",
                 "seconds", "settled", "reason"],
    )  # fmt: skip
    inputs = pd.DataFrame(
        [
            (number, row[0], change, value, float(value), math.nan)
            for number, row in enumerate(rows)
            for change, value in row[1].items()
        ],
        columns=["number", "case", "change", "value", "amount", "share"],
    )
    about = {"sweep": "s", "design": design, "changes": changes, "seed": 1, "samples": 4,
             "units": dict.fromkeys(changes, "MW"), "timelines": [TIMELINE],
             "figures": ["MW started"]}  # fmt: skip
    return SweepResult(about, cases, inputs, plans or {})


NONE = (math.nan, math.nan)
TORNADO = result(
    "one at a time",
    {"load": 3, "grid <b>": 1, "rent": 2},
    [
        ("base", {}, 100, 98, "within gap"),
        ("load = 1", {"load": "1"}, 101, 99.5, "within gap"),
        ("load = 2", {"load": "2"}, 104, 103, "within gap"),
        ("load = 9", {"load": "9"}, *NONE, "infeasible"),
        ("grid = 3", {"grid <b>": "3"}, 80, 80, "optimal"),
        ("rent = 4", {"rent": "4"}, *NONE, "failed"),
        ("rent = 5", {"rent": "5"}, 100.5, 100, "within gap"),
    ],
    {
        "Works": pd.DataFrame(
            {
                "case": ["base", "base", "base", "grid = 3", "grid = 3"],
                "plan": ["", "", "", "", ""],
                "site": ["A", "A", "B", "A", "C"],
                "mw": [10.0, 20.0, 5.0, 40.0, 6.0],
                "committed": pd.to_datetime([None, "2028-01-01", "2029-01-01"] + ["2027-07-01"] * 2),
                "online": pd.to_datetime(["2028-01-01", "2029-01-01", None] + ["2028-07-01"] * 2),
            }
        ),
        "Summary": pd.DataFrame(
            {"case": ["base", "grid = 3"], "plan": ["", ""], "figure": ["MW started"] * 2,
             "value": ["35.0", "46.0"], "unit": ["MW"] * 2}
        ),
    },
)  # fmt: skip


def test_differences_say_what_the_gaps_leave_open() -> None:
    """Proves, by hand: the base lies in [98, 100]; 104 in [103, 104] is between 3 and 6 dearer; 101
    in [99.5, 101] is between 0.5 cheaper and 3 dearer, which is undecided; the largest swing is
    first. Sensitivity: with the base proven at 100 the latter would be 0.5 cheaper to 1 dearer."""
    frame = figures.differences(TORNADO).set_index("case")
    found = frame[["difference", "less", "more"]]
    assert found.loc["load = 2"].tolist() == [4, 1, 2]
    assert found.loc["load = 1"].tolist() == [1, 1.5, 2]
    assert found.loc["grid = 3"].tolist() == [-20, 0, 2]
    assert frame["verdict"].to_dict() == {
        "grid = 3": "costs less",
        "load = 1": "undecided",
        "load = 2": "costs more",
        "load = 9": "infeasible",
        "rent = 4": "failed",
        "rent = 5": "undecided",
    }
    assert frame["change"].tolist() == ["grid <b>", "load", "load", "load", "rent", "rent"]


def test_the_robust_core_counts_plans() -> None:
    """Proves, by hand: of five cases with a plan A is built in two, with 30 and 40 MW, first begun in
    July 2027 and January 2028 (its first known step), B and C in one each."""
    by_case = figures.core_by_case(TORNADO, TIMELINE)
    assert by_case[by_case["member"] == "A"]["size"].tolist() == [30, 40]
    frame = figures.core(by_case, TORNADO.cases).set_index("member")
    assert frame["built_in"].to_dict() == {"A": 2, "B": 1, "C": 1}
    assert (frame["of"] == 5).all()
    assert frame.loc["A", ["share", "least", "median", "most"]].tolist() == [0.4, 30, 35, 40]
    days = frame.loc["A", ["begun_first", "begun_last", "done_first", "done_last"]]
    assert [f"{day:%Y-%m}" for day in days] == ["2027-07", "2028-01", "2028-01", "2028-07"]
    assert pd.isna(frame.loc["B", "done_first"])


def grid(down: str = "a", across: str = "b") -> SweepResult:
    rows: list[Any] = [("base", {}, 7.0, 7.0, "optimal")]
    costs = {("1", "1"): (10.0, 9.0), ("1", "2"): (12.0, 12.0), ("2", "1"): NONE}
    for (a, b), (cost, bound) in costs.items():
        status = "infeasible" if math.isnan(cost) else "within gap"
        rows.append((f"{a},{b}", {down: a, across: b}, cost, bound, status))
    return result("grid", {down: 2, across: 2}, rows)


def test_a_grid_says_cost_and_noise_in_each_cell() -> None:
    """Proves: the first change down, the second across; the noise of the gap stands beside the cost;
    a cell without a plan says why."""
    frame = figures.on_a_grid(grid()).set_index(["down", "across"])
    assert frame["word"].to_dict() == {
        ("1", "1"): "10.0 −1",
        ("1", "2"): "12.0",
        ("2", "1"): "infeasible",
    }
    assert frame.loc[("1", "1"), ["objective", "less"]].tolist() == [10, 1]


@pytest.mark.parametrize(
    ("down", "across"),
    [("status", "less"), ("number", "objective"), ("case", "plan"), ("across", "down")],
)
def test_a_grid_takes_changes_of_any_name(down: str, across: str) -> None:
    """Proves: a change named as a column of the cases, or as the other direction, is no other grid."""
    pd.testing.assert_frame_equal(figures.on_a_grid(grid(down, across)), figures.on_a_grid(grid()))
    assert "Grid" in pictures_of(grid(down, across)).tables


def test_indices_stand_at_both_ends() -> None:
    """Proves: one row per change, each measure from costs and from bounds, the same numbers as the
    analysis gives; where a sample has no plan the page says so instead."""
    rows: list[Any] = [("base", {}, 1.0, 1.0, "optimal")]
    random = np.random.default_rng(0)
    rows += [
        (f"s{k}", {"a": "1", "b": "2"}, cost, cost / 2, "within gap")
        for k, cost in enumerate(random.uniform(1, 2, 16))
    ]
    made = result("sobol", {"a": 2, "b": 2}, rows)
    frame = figures.indices(made)
    told = made.indices().set_index(["change", "measure", "end"])
    for row in frame.to_dict("records"):
        for measure in ("S1", "ST"):
            for end, name in (("objective", measure), ("bound", f"{measure}_at_bound")):
                own = told.loc[(row["change"], measure, end)]
                assert row[name] == own["value"]
                assert row[f"{name}_confidence"] == own["confidence"]
    made.cases.loc[3, ["objective", "bound", "status"]] = [*NONE, "infeasible"]
    pictures = pictures_of(made)
    assert "Indices" not in pictures.tables
    assert "1 of 16 have none (1 infeasible)" in pictures.notes[0]


def test_whatever_a_sweep_holds_is_written(tmp_path: Path) -> None:
    """Proves: no base plan, no plan at all, and cases called as columns are: each is written, says
    what cannot be compared, and lists what has no plan."""
    broken = ("base", {}, *NONE, "failed")
    lone = result("one at a time", {"a": 1}, [broken, ("a = 1", {"a": "1"}, 5, 4, "within gap")])
    none = result("grid", {"a": 1, "b": 1}, [broken, ("x", {"a": "1", "b": "1"}, *NONE, "failed")])
    summary = pd.DataFrame({"case": ["figure", "unit"], "plan": "", "figure": "MW started",
                            "value": ["1", "2"], "unit": "MW"})  # fmt: skip
    rows = [(name, {name: "1"}, 5.0, 5.0, "optimal") for name in ("figure", "unit")]
    named = result("cases", {"figure": 1, "unit": 1}, rows, {"Summary": summary})
    for made in (lone, none, named):
        made.to_excel(tmp_path / "sweep.xlsx")
        made.to_html(tmp_path / "sweep.html")
    assert "nothing is compared" in pictures_of(lone).notes[0]
    assert pictures_of(none).tables["Grid"]["word"].tolist() == ["failed"]
    side = pictures_of(named).tables["SideBySide"]
    assert side.to_dict("records") == [
        {"figure": "MW started", "unit": "MW", "figure (case)": 1, "unit (case)": 2}
    ]


# On the page --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found


def shown(opened: Any, made: SweepResult, path: Path) -> Reader:
    made.to_html(path)
    reader = Reader(opened, path)
    reader.draw_all()
    return reader


@pytest.mark.long
@needs_browser
def test_the_page_draws_what_the_frame_says(opened: Any, tmp_path: Path) -> None:
    """Proves: bars, error bars, points and cells hold the frame's numbers, every axis has a title,
    nothing is asked for but the file, and each case without a plan is listed with its reason."""
    reader = shown(opened, TORNADO, tmp_path / "sweep.html")
    assert reader.complaints == []
    assert [url for url in reader.requests if not url.startswith("blob:")] == [
        (tmp_path / "sweep.html").as_uri()
    ]
    untitled = reader.page.evaluate(
        "report.parts.filter((p) => p.chart?.layout)"
        ".filter((p) => !p.chart.layout.xaxis.title.text || !p.chart.layout.yaxis.title.text)"
        ".map((p) => p.exhibit.title)"
    )
    assert untitled == []
    traces = reader.page.evaluate(
        "Object.fromEntries(report.parts.filter((p) => p.chart?.data).map((p) => [p.exhibit.title,"
        " p.chart.data.map((t) => ({x: t.x, y: t.y, z: t.z, up: t.error_y, across: t.error_x}))]))"
    )
    (bars,) = traces["What matters most"]
    drawn = {(x, less, more) for x, less, more in zip(bars["x"], bars["across"]["arrayminus"],
             bars["across"]["array"], strict=True) if x is not None and not math.isnan(x)}  # fmt: skip
    assert drawn == {(-20, 0, 2), (1, 1.5, 2), (4, 1, 2), (0.5, 0.5, 2)}
    (points,) = traces["Cost of each case"]
    known = [(y, less) for y, less in zip(points["y"], points["up"]["arrayminus"], strict=True)
             if y is not None and not math.isnan(y)]  # fmt: skip
    assert known == [(100, 2), (101, 1.5), (104, 1), (80, 0), (100.5, 0.5)]
    (share,) = traces["How often each site is built"]
    assert share["x"] == [0.4, 0.2, 0.2]
    (when,) = traces["When each site is built, case by case"]
    assert sum(cell is not None for line in when["z"] for cell in line) == 4
    body = reader.page.inner_text("body")
    assert "5 of 7 cases have a plan; 1 infeasible, 1 failed." in body
    for line in ("why load = 9", "why rent = 4"):
        assert line in body
    assert "grid <b>" in body, "a name is text, not markup"
    reader.close()


@needs_browser
def test_a_grid_is_a_heat_map(opened: Any, tmp_path: Path) -> None:
    reader = shown(opened, grid(), tmp_path / "sweep.html")
    found = reader.drawn("Cost of each combination")["rows"]
    assert [row[:3] for row in found] == [["1", "1", 10], ["1", "2", 12], ["2", "1", None]]
    assert reader.complaints == []
    reader.close()


# In the workbook ----------------------------------------------------------------------------------


def test_the_workbook_holds_the_same_figures_and_native_charts(tmp_path: Path) -> None:
    """Proves: sheets read back are the tables of the pictures; each chart has titles on both axes,
    and takes its error bars from the columns of noise."""
    path = tmp_path / "sweep.xlsx"
    TORNADO.to_excel(path)
    sheets = read_workbook(path).sheets
    header, *rows = sheets["Differences"].rows
    frame = figures.differences(TORNADO)
    for name in ("difference", "less", "more"):
        at = next(k for k, title in enumerate(header) if str(title).startswith(name))
        told = [row[at] if len(row) > at else None for row in rows]
        assert [math.nan if v is None else v for v in told] == pytest.approx(
            frame[name].tolist(), nan_ok=True
        )
    lacking = [row[0] for row in sheets["WithoutPlan"].rows[1:]]
    assert lacking == ["load = 9", "rent = 4"]
    assert {"Sweep", "Cases", "WorksOften", "WorksByCase", "SideBySide", "Inputs"} <= set(sheets)
    with zipfile.ZipFile(path) as archive:
        charts = [archive.read(n).decode() for n in archive.namelist() if "charts/chart" in n]
    assert len(charts) == 3
    for chart in charts:
        assert len(re.findall(r"<c:title>", chart)) == 3, "the chart's and both axes'"
    noise = [re.findall(r"<c:(plus|minus)>.*?<c:f>(.*?)</c:f>", chart) for chart in charts]
    assert [("plus", "Differences!$H$2:$H$7"), ("minus", "Differences!$G$2:$G$7")] in noise
    grid().to_excel(path)
    with zipfile.ZipFile(path) as archive:
        sheets_xml = [archive.read(n).decode() for n in archive.namelist() if "sheets/sheet" in n]
    assert any('type="colorScale"' in xml for xml in sheets_xml)
