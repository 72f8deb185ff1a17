"""A paper of five slides: its figures are the plan's, nothing leaves its box, and what is refused."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import ImageFont
from pptx import Presentation

import optalloc
from optalloc.modelling.exhibits import Points
from optalloc.report.paper.browser import browser_path
from optalloc.report.paper.fit import fitting_size, lines_of, shortened, width_of
from optalloc.report.paper.layout import fitted_table
from optalloc.report.paper.map import Window, land_in, window_of
from optalloc.report.paper.panels import TablePanel
from tests import books
from tests.browser import needs_browser
from tests.command import optalloc_says
from tests.paths import INPUTS, ROOT

POINT = 12_700
# A font with the widths of Arial, by which what is drawn is measured apart from `fit`.
FONTS = sorted(Path("/usr/share/fonts").rglob("LiberationSans-Regular.ttf"))


@pytest.fixture(scope="module")
def slides(everything: optalloc.Plan, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The slides of a plan that uses every sheet, opened again."""
    path = tmp_path_factory.mktemp("paper") / "board.pptx"
    everything.to_paper(path)
    return list(Presentation(str(path)).slides)


def charts(slide: Any) -> dict[str, Any]:
    return {shape.name: shape.chart for shape in slide.shapes if shape.has_chart}


def tables(slide: Any) -> dict[str, list[list[str]]]:
    return {
        shape.name: [[cell.text for cell in row.cells] for row in shape.table.rows]
        for shape in slide.shapes
        if shape.has_table
    }


def texts(slide: Any) -> list[str]:
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def test_there_are_five_slides_with_native_charts_and_tables(slides: list[Any]) -> None:
    """Proves: decision, map, timeline, cost and risks, each with a title, and no picture on any."""
    assert len(slides) == 5
    assert all(slide.shapes.title.text for slide in slides)
    kinds = [[s.shape_type for s in slide.shapes] for slide in slides]
    assert not any("PICTURE" in str(kind) for of in kinds for kind in of)
    assert list(tables(slides[0])) == ["What to decide, and by when"]
    assert any(shape.name == "Map" for shape in slides[1].shapes)
    assert set(charts(slides[2])) == {"What is built when", "Capacity against demand"}
    assert list(charts(slides[3])) == ["What it costs"]


def test_the_cost_is_that_of_the_tables(slides: list[Any], everything: optalloc.Plan) -> None:
    """Proves: each part of the bridge is the sum of its account in Cost, and its end the objective;
    bound, gap and checks are those of Summary and Audit."""
    chart = charts(slides[3])["What it costs"]
    categories = list(chart.plots[0].categories)
    parts = dict.fromkeys(categories, 0.0)
    for series in chart.plots[0].series:
        sign = {"adds": 1, "takes off": -1, "total": 1}.get(series.name, 0)
        for name, value in zip(categories, series.values, strict=True):
            parts[name] += sign * (value or 0.0)
    assert parts.pop("total") == pytest.approx(everything.cost)
    sums = everything["Cost"].groupby("account")["present_value"].sum()
    others = parts.pop("others", 0.0)
    for account, value in parts.items():
        assert value == pytest.approx(sums[account])
    assert others == pytest.approx(sums.drop(list(parts)).sum())
    proof = dict(tables(slides[3])["The proof"][1:])
    assert proof["Gap to the best there is"] == f"at most {100 * everything.gap:.2f} %"
    audit = everything["Audit"]["passed"]
    assert (
        proof["Worked out again from the tables"] == f"{audit.sum()} of {len(audit)} checks passed"
    )
    assert proof["Input, by its SHA-256"] == everything.input_hash[:12]
    shown = proof["No plan whatsoever costs less"].replace(",", "")
    assert float(shown.split()[0]) == pytest.approx(everything.bound, rel=1e-2)


def test_decisions_and_capacity_are_those_of_the_tables(
    slides: list[Any], everything: optalloc.Plan
) -> None:
    """Proves: every decision that is shown stands in Actions on that day, with its amount; capacity
    by period is that of Balance, and places on the map have what Build has in the last period."""
    actions = everything["Actions"]
    for day, decision, names, amount in tables(slides[0])["What to decide, and by when"][1:]:
        own = actions[(actions["date"] == day) & (actions["action"] == decision)]
        assert (
            sorted(names.split(", "))[0] in set(own["subject"])
            or "\N{HORIZONTAL ELLIPSIS}" in names
        )
        if amount.strip("\N{NO-BREAK SPACE}").endswith("MW"):
            stated = float(amount.replace(",", "").split()[0])
            own = own[own["subject"].isin(names.split(", "))]
            assert stated == pytest.approx(own["mw"].sum(), rel=1e-3)
    balance = everything["Balance"]
    trend = charts(slides[2])["Capacity against demand"].plots[0]
    assert list(trend.categories) == balance["period"].tolist()
    lines = {series.name: list(series.values) for series in trend.series}
    assert lines["Demand"] == pytest.approx(balance["demand_mw"].tolist())
    assert lines["In service"] == pytest.approx(balance["online_mw"].tolist())
    last = everything["Build"].query("period == @balance['period'].iloc[-1]")
    online = last.groupby("site")["online_mw"].sum()
    places = tables(slides[1])["Places"][1:]
    assert places
    for site, _, size in places:
        assert float(size.replace(",", "")) == pytest.approx(online.get(site, 0.0), rel=1e-3)


def test_the_timeline_is_that_of_works(slides: list[Any], everything: optalloc.Plan) -> None:
    """Proves: bars begin and end on the days of Works, however starts are gathered."""
    plot = charts(slides[2])["What is built when"].plots[0]
    begin, *spans = [list(series.values) for series in plot.series]
    ends = [sum(parts) for parts in zip(begin, *spans, strict=True)]
    works, epoch = everything["Works"], pd.Timestamp("1899-12-30")
    days = works[["committed", "started", "delivered", "online"]]
    assert min(begin) == (days.min(axis=1).min() - epoch).days
    assert max(ends) == (days.max(axis=1).max() - epoch).days


def boxes(slide: Any) -> Iterator[tuple[str, Any, float, float]]:
    """Each text with its size, and width and height of its box in points."""
    for shape in slide.shapes:
        inner = (
            list(shape.shapes)
            if shape.shape_type is not None and hasattr(shape, "shapes")
            else [shape]
        )
        for one in inner:
            if one.has_text_frame and one.text_frame.text:
                frame = one.text_frame
                margins = frame.margin_left + frame.margin_right
                yield one.name, frame, (one.width - margins) / POINT, one.height / POINT
        if shape.has_table:
            for row in shape.table.rows:
                for column, cell in zip(shape.table.columns, row.cells, strict=True):
                    width = (column.width - cell.margin_left - cell.margin_right) / POINT
                    height = (row.height - cell.margin_top - cell.margin_bottom) / POINT
                    yield f"cell {cell.text}", cell.text_frame, width, height


def measured_lines(text: str, width: float, size: float) -> int:
    """Lines of a text as the font itself says, words whole."""
    if not FONTS:
        return lines_of(text, width, size)
    font, lines, used = ImageFont.truetype(str(FONTS[0]), 100), 1, 0.0
    for word in text.split(" "):
        own = font.getlength(word) * size / 100
        if used and used + font.getlength(" ") * size / 100 + own > width:
            lines, used = lines + 1, 0.0
        used += own + (font.getlength(" ") * size / 100 if used else 0.0)
    return lines


def test_no_text_leaves_its_box(slides: list[Any]) -> None:
    """Proves: by the widths of the letters of the font, every text fits its box, and every shape the
    slide. Sensitivity: the same at letters twice as large does not."""

    def over(scale: float) -> list[str]:
        return [
            name
            for slide in slides
            for name, frame, width, height in boxes(slide)
            if sum(
                measured_lines(p.text, width, scale * p.runs[0].font.size.pt)
                * scale * p.runs[0].font.size.pt * 1.2
                for p in frame.paragraphs
                if p.runs
            ) > height + 0.6
        ]  # fmt: skip

    assert over(1.0) == []
    assert over(2.0)
    for slide in slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= 960 * POINT + 1
            assert shape.top + shape.height <= 540 * POINT + 1


def test_shapes_do_not_cover_each_other(slides: list[Any]) -> None:
    """Proves: no two parts of a slide overlap by more than a hair."""
    for slide in slides:
        placed = [(s.name, s.left, s.top, s.left + s.width, s.top + s.height) for s in slide.shapes]
        for k, (name, left, top, right, bottom) in enumerate(placed):
            for other, left2, top2, right2, bottom2 in placed[k + 1 :]:
                across = min(right, right2) - max(left, left2)
                down = min(bottom, bottom2) - max(top, top2)
                assert across <= 2 * POINT or down <= 2 * POINT, (name, other)


def test_long_words_are_shortened_and_rows_counted() -> None:
    """Proves: by hand: of 100 rows of 12 points' text so many stand as the height has room for, and
    the rest is counted; a word of 300 letters is cut to its cell."""
    panel = TablePanel(
        titles=("a", "b"), numeric=(False, True), rows=[("x" * 300, "1")] + [("y", "2")] * 99
    )
    fitted = fitted_table(panel, 300, 200)
    assert fitted.size == 10
    assert sum(fitted.heights) <= 200
    assert len(fitted.rows) + fitted.left_out == 100
    assert fitted.rows[0][0].endswith("\N{HORIZONTAL ELLIPSIS}")
    assert sum(fitted.widths) == pytest.approx(300)
    assert (
        width_of("iiii", 10)
        < width_of("WWWW", 10)
        < width_of("\N{CJK UNIFIED IDEOGRAPH-4E00}" * 4, 10)
    )
    assert fitting_size(["word " * 40], 100, 60, (20.0, 10.0, 6.0)) == 6.0
    assert shortened("word", 100, 10) == "word"


def test_the_window_goes_the_short_way_round() -> None:
    """Proves: Tokyo and Dallas are 124 degrees apart over the Pacific, not 236 over Europe; land is
    cut at the edges of the window. Sensitivity: Lisbon and Athens lie around the Mediterranean."""
    window = window_of([(139.7, 35.7), (-96.8, 32.8)], 2.0)
    assert 124 <= window.east - window.west < 236
    assert window.west < window.turned(139.7) < window.turned(-96.8) < window.east
    inside = [point for ring in land_in(window) for point in ring]
    assert inside
    assert all(-1e-9 <= value <= 1 + 1e-9 for point in inside for value in point)
    europe = window_of([(-9.1, 38.7), (23.7, 38.0)], 1.0)
    assert europe.west < -9.1 < 23.7 < europe.east < 60
    assert not land_in(Window(-35.0, 20.0, -33.0, 22.0))


def changed(plan: optalloc.Plan, **frames: pd.DataFrame) -> optalloc.Plan:
    return dataclasses.replace(plan, tables={**plan.tables, **frames})


def test_what_is_no_paper_is_refused(everything: optalloc.Plan, tmp_path: Path) -> None:
    """Proves: another ending, a folder in the way, costs that were changed after the proof, and a
    report that names what is not there end with a clear word and write nothing."""
    with pytest.raises(optalloc.OptallocError, match=r"must end in .pptx or .pdf"):
        everything.to_paper(tmp_path / "board.ppt")
    (tmp_path / "folder.pptx").mkdir()
    with pytest.raises(optalloc.OptallocError):
        everything.to_paper(tmp_path / "folder.pptx")
    cost = everything["Cost"]
    cost["present_value"] *= 0.9
    with pytest.raises(optalloc.OptallocError, match="has been changed: its sheet Cost adds up to"):
        changed(everything, Cost=cost).to_paper(tmp_path / "cheap.pptx")
    exhibits = tuple(
        dataclasses.replace(e, places=Points(table="SiteList", name="nowhere"))
        if e.title == "Where it stands" else e
        for e in everything.report.exhibits
    )  # fmt: skip
    wrong = dataclasses.replace(
        everything, report=dataclasses.replace(everything.report, exhibits=exhibits)
    )
    with pytest.raises(optalloc.ModelError, match=r"has no column SiteList\.nowhere"):
        wrong.to_paper(tmp_path / "wrong.pptx")
    assert {path.name for path in tmp_path.iterdir()} == {"folder.pptx"}


def test_the_command_refuses_what_is_no_plan(tmp_path: Path) -> None:
    """Proves: a workbook, a missing file and a wrong ending end with their exit codes and one line."""
    ended = optalloc_says("paper", str(INPUTS / "broken.xlsx"), str(tmp_path / "b.pptx"))
    assert ended.returncode == 3
    assert "must be a plan of optalloc" in ended.stderr
    ended = optalloc_says("paper", str(tmp_path / "none.xlsx"), str(tmp_path / "b.pptx"))
    assert ended.returncode == 3
    assert not list(tmp_path.iterdir())


def test_without_a_browser_a_pdf_is_refused(
    everything: optalloc.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: where no browser is installed a .pdf ends with what to install, and no file."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("optalloc.report.paper.browser._PLACES", ())
    with pytest.raises(optalloc.OptallocError, match="neither Chromium, Chrome nor Edge"):
        everything.to_paper(tmp_path / "board.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@needs_browser
def test_two_pages_are_printed(everything: optalloc.Plan, tmp_path: Path) -> None:
    """Proves: the .pdf has two pages."""
    assert browser_path()
    everything.to_paper(tmp_path / "board.pdf")
    data = (tmp_path / "board.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 2


@pytest.mark.slow
def test_a_policy_is_refused(solve: Callable[..., optalloc.Plan], tmp_path: Path) -> None:
    """Proves: a plan of several scenarios is refused by its name, with what to do instead."""
    sheets = {
        "Periods": books.years(2),
        "Demand": books.demand(40, 40),
        "Uncertainties": [
            {"uncertainty": "demand", "outcome": o, "probability": 0.5, "revealed": "2028-01-01"}
            for o in ("high", "low")
        ],
        "Outcomes": [
            {"uncertainty": "demand", "outcome": "low", "sheet": "Demand", "rows": "period=Y2", "column": "it_mw",
             "operation": "multiply", "value": "0.5"}
        ],
    }  # fmt: skip
    plan = solve(**sheets)
    assert plan.is_policy
    with pytest.raises(optalloc.OptallocError, match=r"policy, of 2 scenarios.*--certain"):
        plan.to_paper(tmp_path / "board.pptx")


def test_the_engine_names_no_sheet_of_the_model() -> None:
    """Proves: no table of a family is named in the files that draw the paper."""
    source = "".join(
        path.read_text("utf-8") for path in (ROOT / "optalloc/report/paper").glob("*.py")
    )
    names = optalloc.load_model().outputs
    assert [name for name in names if re.search(rf"[\"']{name}[\"']", source)] == []
