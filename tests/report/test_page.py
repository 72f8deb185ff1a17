"""The report is read in a real browser: what it shows is what the plan's tables say."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import optalloc
from benchmarks.pages import write_made_up
from optalloc.cli.main import app
from optalloc.data.schema import Column, Kind
from optalloc.errors import ModelError
from optalloc.modelling.exhibits import Series, Trend
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.plan.explanation_file import read_explanation
from optalloc.plan.planfile import read_plan
from optalloc.report.findings import Findings
from optalloc.report.page import report_page, write_report
from optalloc.report.payload import payload
from tests import books
from tests.browser import Reader, browser, needs_browser
from tests.paths import INPUTS

MODEL = optalloc.load_model()


@pytest.fixture(scope="module")
def written(everything: optalloc.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    everything.to_html(path)
    return path


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def reader(opened: Any, written: Path) -> Iterator[Reader]:
    found = Reader(opened, written)
    found.draw_all()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _nothing_chosen(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave the shared page as it was found."""
    yield
    if "reader" in request.fixturenames:
        request.getfixturevalue("reader").reset()


def by_period(frame: pd.DataFrame, column: str) -> list[float]:
    sums = frame.groupby("period")[column].sum()
    return [float(sums.get(period, 0.0)) for period in ("Y1", "Y2", "Y3", "Y4")]


@needs_browser
def test_it_opens_without_complaint_or_request(reader: Reader, written: Path) -> None:
    """Proves: every exhibit draws; nothing is logged, nothing but the file itself is asked for."""
    assert reader.complaints == []
    assert [url for url in reader.requests if not url.startswith("blob:")] == [written.as_uri()]
    drawn = reader.page.evaluate(
        "report.parts.filter((p) => p.chart)"
        ".map((p) => [p.exhibit.title, !!p.chart.querySelector('svg.main-svg'), p.data === null])"
    )
    assert len(drawn) > 15
    assert [title for title, chart, empty in drawn if not (chart or empty)] == []


@needs_browser
def test_no_chart_goes_without_axis_titles(reader: Reader) -> None:
    """Proves: every chart that is drawn says what either axis is."""
    untitled = reader.page.evaluate(
        "report.parts.filter((p) => p.chart?.layout)"
        ".filter((p) => !p.chart.layout.xaxis.title.text || !p.chart.layout.yaxis.title.text)"
        ".map((p) => p.exhibit.title)"
    )
    assert untitled == []


@needs_browser
def test_the_headline_says_the_summary(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: each figure said in words or shown large is the Summary's, and shown as it is."""
    summary = everything["Summary"].set_index("figure")["value"]
    told = reader.page.eval_on_selector_all(
        "[data-figure]", "(all) => all.map((e) => [e.dataset.figure, e.dataset.value, e.innerText])"
    )
    assert {"total cost", "sites built on", "MW started"} <= {figure for figure, _, _ in told}
    for figure, value, shown in told:
        assert _as_text(_number(value)) == _as_text(summary[figure]), figure
        if isinstance(summary[figure], float) and figure != "gap":
            digits = re.match(r"-?[\d,.]+", shown)
            assert digits is not None, shown
            assert float(digits[0].replace(",", "")) == pytest.approx(summary[figure], abs=0.5)
    assert "proven to be the best" in reader.page.inner_text("header .lead")


@needs_browser
def test_what_is_to_be_decided_comes_first(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: the first section lists every action of the plan by its day, on paper too; each under
    its quarter, with its amount."""
    first = reader.page.evaluate("document.querySelector('main section').id")
    assert first == "what-to-decide-and-by-when"
    found = reader.page.evaluate(
        "[...document.querySelectorAll('.agenda section')].flatMap((quarter) =>"
        " [...quarter.querySelectorAll('li')].map((line) => [quarter.querySelector('h3').textContent,"
        " ...[...line.children].map((part) => part.textContent)]))"
    )
    actions = everything["Actions"].sort_values("date", kind="stable")
    assert [(day, words) for _, day, words, *_ in found] == [
        (f"{date:%Y-%m-%d}", f"{action} {subject}")
        for date, action, subject in actions[["date", "action", "subject"]].itertuples(index=False)
    ]
    assert [quarter for quarter, *_ in found] == [
        f"{date.year}, quarter {date.quarter}" for date in pd.to_datetime(actions["date"])
    ]
    amounts = actions[["mw", "units"]].notna().sum(axis=1)
    assert [len(line) - 3 for line in found] == amounts.tolist()


@needs_browser
def test_accounts_add_up_to_the_total(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: after what to decide comes the cost, each account by its name with its sum of the
    table Cost, in full precision, and their total, which is the plan's."""
    second = reader.page.evaluate("document.querySelectorAll('main section[id]')[1].id")
    assert second == "what-it-costs-by-account"
    rows = reader.page.evaluate(
        "[...document.querySelectorAll('.accounts tbody tr, .accounts tfoot tr')].map((row) =>"
        " [row.querySelector('th').textContent,"
        "  ...[...row.querySelectorAll('[data-value]')].map((cell) => Number(cell.dataset.value))])"
    )
    sums = everything["Cost"].groupby("account")["present_value"].sum()
    *parts, (name, worth) = rows
    assert {part[0].lower(): part[1] for part in parts} == pytest.approx(sums.to_dict())
    assert [part[1] for part in parts] == sorted((part[1] for part in parts), reverse=True)
    assert (name, worth) == ("Total", pytest.approx(everything.cost))


@needs_browser
def test_charts_are_sums_of_the_tables(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: what lines, stacks and bridges draw is what the tables add up to, and the Balance."""
    data = reader.drawn("Capacity against demand")
    lines = dict(zip(data["columns"], zip(*data["rows"], strict=True), strict=True))
    assert list(lines["Period"]) == ["Y1", "Y2", "Y3", "Y4"]
    balance = everything["Balance"]
    for column, line in (
        ("demand_mw", "Demand"),
        ("served_mw", "Served"),
        ("with_reserve_mw", "Served, with reserve"),
        ("online_mw", "In service"),
        ("installed_mw", "Delivered"),
    ):
        assert lines[f"{line} (MW IT)"] == pytest.approx(balance[column].tolist()), column
    data = reader.drawn("Power under contract")
    for name, *_ in [(c.removesuffix(" (MW grid)"),) for c in data["columns"][1:]]:
        own = everything["Procurement"].query("contract == @name")
        stack = [row[data["columns"].index(f"{name} (MW grid)")] for row in data["rows"]]
        assert stack == pytest.approx(by_period(own, "active_mw"))
    bridge = dict(reader.drawn("What it costs")["rows"])
    cost = everything["Cost"].groupby("account")["present_value"].sum()
    assert bridge.pop("Total") == pytest.approx(everything.cost)
    assert bridge == pytest.approx(cost.to_dict())


@needs_browser
def test_use_is_what_limits_say(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: each cell of used against allowed is that row of the Limits table."""
    limits = everything["Limits"]
    own = limits[limits["limit"] == "zone_total"].set_index("key")
    rows = reader.drawn("Grid")["rows"]
    assert len(rows) == len(own)
    for subject, period, used, allowed in rows:
        row = own.loc[f"{subject}, {period}"]
        assert (used, allowed) == (row["used"], row["allowed"])


@needs_browser
def test_use_of_limits_whose_period_is_not_last(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: limits by slice are named by all but their period, which stands before the slice."""
    limits = everything["Limits"]
    own = limits[limits["limit"] == "drawn_within_slice"].set_index("key")
    rows = reader.drawn("Slices of the year")["rows"]
    assert len(rows) == len(own)
    for subject, period, used, allowed in rows:
        contract, name = subject.split(", ")
        row = own.loc[f"{contract}, {period}, {name}"]
        assert (used, allowed) == (row["used"], row["allowed"])


@needs_browser
def test_a_floor_is_what_is_asked_for_and_not_what_is_used(
    reader: Reader, everything: optalloc.Plan
) -> None:
    """Proves: of clean energy there is so much and at least so much is asked for, in words and bars;
    of emissions so much is used of what is allowed.
    """
    limits = everything["Limits"]
    draw = "(limit) => drawUse({ limits: [limit] }, report.plan, report.look, {})"
    for limit, bar in (("clean_energy", "allowed"), ("emissions_within_cap", "used")):
        own = limits[limits["limit"] == limit].set_index("key")
        assert len(own) and own["is_floor"].all() == (bar == "allowed")
        bars, line = reader.page.evaluate(
            f"(l) => ({draw})(l).traces.map((t) => [t.name, t.y])", limit
        )
        names = ["There is", "At least"] if bar == "allowed" else ["Used", "Allowed"]
        assert [bars[0], line[0]] == names
        drawn = dict(zip(("Y1", "Y2", "Y3", "Y4"), bars[1], strict=True))
        assert {k: v for k, v in drawn.items() if v is not None} == pytest.approx(
            own[bar].to_dict()
        )


@pytest.mark.long
@needs_browser
def test_energy_of_periods_of_unequal_length_compares(
    solve: Callable[..., optalloc.Plan], opened: Any, tmp_path: Path
) -> None:
    """Proves: 40 MW draw 350.4 GWh a year, in a half-year, a year and two years alike.

    Sensitivity: drawn by the period they are 175, 350 and 701.
    """
    dates = [("Y1", "2027-01-01", 6), ("Y2", "2027-07-01", 12), ("Y3", "2028-07-01", 24)]
    plan = solve(
        Periods=[{"period": p, "start": s, "months": m} for p, s, m in dates],
        Sites={"status": "existing", "existing_mw": 40, "grid_zone": "Z"},
        Demand=books.demand(40, 40, 40),
        GridZones=[{"zone": "Z", "period": p, "max_total_mw": 100} for p, _, _ in dates],
        PowerPrices=[
            {"zone": "Z", "period": p, "spot_price_per_mwh": 50, "max_spot_share": 1}
            for p, _, _ in dates
        ],
    )
    assert plan["Power"]["spot_gwh"].tolist() == pytest.approx([175.2, 350.4, 700.8])
    page = tmp_path / "report.html"
    plan.to_html(page)
    reader = Reader(opened, page)
    data = reader.drawn("Where energy comes from")
    reader.close()
    place = data["columns"].index("At spot prices (GWh per year)")
    assert [row[place] for row in data["rows"]] == pytest.approx([350.4] * 3)


@needs_browser
def test_map_and_losses_follow_the_period(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: the slider moves what is shown of one period. Sensitivity: Y1 and Y4 differ."""
    build = everything["Build"]
    seen = []
    for position, period in ((0, "Y1"), (3, "Y4")):
        reader.slide(position)
        sizes = {site: mw for site, _, mw in reader.drawn("Where it stands")["rows"]}
        now = build[build["period"] == period].set_index("site")["online_mw"]
        assert sizes == pytest.approx(now.to_dict())
        seen.append(sizes)
    assert seen[0] != seen[1]
    losses = everything["Losses"].query("period == 'Y4'")
    told = sorted(reader.drawn("What remains after a loss")["rows"])
    names = [
        e if e == m else f"{e}: {m}" for e, m in zip(losses["event"], losses["member"], strict=True)
    ]
    wanted = sorted(zip(names, losses["left_mw"], losses["needed_mw"], strict=True))
    assert [tuple(row) for row in told] == wanted


@pytest.mark.long
@needs_browser
def test_filters_narrow_every_chart_that_can_tell(
    reader: Reader, everything: optalloc.Plan
) -> None:
    """Proves: by jurisdiction through the site, by workload by its column. Sensitivity: all differ."""
    whole = reader.drawn("Capacity against demand")["rows"]
    reader.choose("jurisdiction", "JP")
    data = reader.drawn("Capacity against demand")
    assert data["rows"] != whole
    online = [row[data["columns"].index("In service (MW IT)")] for row in data["rows"]]
    build = everything["Build"]
    assert online == pytest.approx(by_period(build[build["jurisdiction"] == "JP"], "online_mw"))
    zones = everything["Limits"].query("limit == 'zone_total' and key.str.startswith('Kanto')")
    assert [row[1] for row in reader.drawn("Grid")["rows"]] == zones["used"].tolist()
    assert [row[0] for row in reader.drawn("Where it stands")["rows"]] == ["Tokyo"]
    reader.drawn("Capacity against demand")
    narrowed = reader.page.inner_text("#capacity-against-demand .narrowed")
    assert "demand: jurisdiction" in narrowed
    served = [row[data["columns"].index("Served (MW IT)")] for row in data["rows"]]
    reader.choose("workload", "state")
    data = reader.drawn("Capacity against demand")
    load = everything["Load"].query("site == 'Tokyo' and workload == 'state'")
    both = [row[data["columns"].index("Served (MW IT)")] for row in data["rows"]]
    assert both == pytest.approx(by_period(load, "served_mw"))
    assert both != served


@needs_browser
def test_tables_sort_by_their_headers(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: a click sorts up, another down, numbers by size; the keyboard does the same."""
    reader.page.click("details[data-name=Cost] > summary")
    grid = reader.page.locator("details[data-name=Cost] .grid")
    values = sorted(everything["Cost"]["present_value"])
    header = grid.locator("th", has_text="Present value")
    cells = "(rows) => rows.map((r) => Number(r.children[9].dataset.value))"
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert grid.locator("tbody tr").evaluate_all(cells) == values[:50]
    header.locator("button").focus()
    reader.page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert grid.locator("tbody tr").evaluate_all(cells) == values[::-1][:50]
    grid.locator("input[type=search]").fill("residual")
    found = grid.locator("tbody tr").evaluate_all("(rows) => rows.map((r) => r.innerText)")
    assert found and all("residual" in row for row in found)


@pytest.mark.first(2)
@needs_browser
@pytest.mark.parametrize("table", ["Build", "Cost", "Limits", "Works", "Summary"])
def test_a_saved_table_is_the_plans_table(
    reader: Reader, everything: optalloc.Plan, table: str
) -> None:
    """Proves: the CSV holds every row and digit, whatever is chosen. Sensitivity: a filter is on."""
    reader.choose("jurisdiction", "JP")
    details = reader.page.locator(f"details[data-name={table}]")
    if details.get_attribute("open") is None:
        details.locator("> summary").click()
    with reader.page.expect_download() as waiting:
        details.get_by_role("button", name="Save as CSV").click()
    text = Path(waiting.value.path()).read_text("utf-8")
    # The mark by which spreadsheet programs know UTF-8: without it São becomes SÃ£o.
    assert text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    read = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
    wanted = everything[table]
    assert list(read.columns) == list(wanted.columns) and len(read) == len(wanted)
    for column in wanted:
        told = [_as_text(value) for value in wanted[column].tolist()]
        assert [_as_text(_number(v)) for v in read[column].tolist()] == told, column


@needs_browser
def test_a_name_never_becomes_a_formula(reader: Reader) -> None:
    """Proves: text that begins like a formula is saved as text; a negative number stays one."""
    cells = ["=1+1", "+A1", "-A1", "@sum", "\t=1", "constructor", -5, "Infinity", None, 'a"b']
    saved = reader.page.evaluate("(cells) => cells.map(csvCell)", cells)
    assert saved == ["'=1+1", "'+A1", "'-A1", "'@sum", "'\t=1", "constructor", "-5", "inf", "",
                     '"a""b"']  # fmt: skip


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _as_text(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, bool):
        return str(value)
    return repr(float(value) + 0.0) if isinstance(value, int | float) else str(value)


@needs_browser
def test_every_table_can_be_read_whole(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: each value of each table stands in the page as it is in the plan."""
    for name, frame in everything.tables.items():
        told = reader.page.evaluate(
            "(name) => { const t = report.plan.tables[name];"
            " return t.columns.map((c) => t.values(c.name)); }",
            name,
        )
        for column, values in zip(frame, told, strict=True):
            wanted = [_as_text(value) for value in frame[column].tolist()]
            assert [_as_text(value) for value in values] == wanted, (name, column)


@needs_browser
def test_dark_and_light_and_keyboard(opened: Any, written: Path) -> None:
    """Proves: the colours follow the reader's choice and the button; the slider takes arrow keys."""
    dark = Reader(opened, written, color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    before = dark.page.evaluate(paper)
    dark.page.click("#theme")
    assert dark.page.evaluate(paper) != before
    dark.page.focus("#period")
    dark.page.keyboard.press("ArrowLeft")
    assert dark.page.inner_text(".control.period output") == "Y3"
    assert dark.complaints == []
    dark.close()


@needs_browser
def test_a_narrow_window_cuts_nothing_off(opened: Any, written: Path) -> None:
    """Proves: on a phone no legend scrolls, the page is no wider than the window, and names that
    begin alike stay apart."""
    page = opened.new_page(viewport={"width": 390, "height": 800})
    page.goto(written.as_uri())
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    page.evaluate("report.parts.forEach((part) => part.come?.())")
    bars = ".legend .scrollbar"
    heights = page.eval_on_selector_all(bars, "(all) => all.map((b) => b.getAttribute('height'))")
    assert heights and set(heights) == {"0"}
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    long = "Labour within pool: Texas trades, electricians, pool, 203"
    told = page.evaluate("(name) => [1, 2].map((k) => fitted(name + k, theme()))", long)
    assert len(set(told)) == 2 and all(len(name) <= 21 for name in told)
    page.close()


@needs_browser
def test_paper_says_what_it_leaves_out(reader: Reader, everything: optalloc.Plan) -> None:
    """Proves: of a wide table eight columns are printed, and that is said. Sensitivity: not on screen."""
    grid = reader.page.locator("#sites .grid")
    columns = len(everything["SiteList"].columns)
    seen = []
    for media in ("screen", "print"):
        reader.page.emulate_media(media=media)
        heads = grid.locator("th").evaluate_all("(all) => all.filter((h) => h.offsetWidth).length")
        seen.append((heads, grid.locator(".printed").is_visible()))
    assert seen == [(columns, False), (8, True)]
    said = f"Printed: the first 8 of {columns} columns. The page itself holds them all."
    assert grid.locator(".printed").inner_text() == said
    reader.page.emulate_media(media="screen")


@pytest.mark.slow
def test_a_large_plan_stays_small(tmp_path: Path) -> None:
    """Proves: 300 sites and 40 periods, every table as dense as on inputs/pacific, within 10 MB."""
    write_made_up(MODEL, tmp_path / "large.html", 300, 40)
    assert (tmp_path / "large.html").stat().st_size < 10e6


def test_a_written_plan_gives_the_same_page(everything: optalloc.Plan, tmp_path: Path) -> None:
    """Proves: read back from plan.xlsx, the sentences and key figures are the same."""
    everything.to_excel(tmp_path / "plan.xlsx")
    read = read_plan(tmp_path / "plan.xlsx")
    again = report_page(read.tables, read.specs, MODEL.charts, MODEL.report)
    page = report_page(everything.tables, everything.specs, everything.charts, MODEL.report)
    masthead = re.compile(r"<header.*</header>", re.DOTALL)
    assert masthead.search(again)[0] == masthead.search(page)[0]  # type: ignore[index]


def test_a_role_of_a_table_that_is_not_there_is_refused(everything: optalloc.Plan) -> None:
    """Proves: a model folder that names a wrong table or column is told so, by its exhibit."""
    for series, told in (
        (Series(table="Nowhere", value="mw", label="x"), "no table 'Nowhere'"),
        (Series(table="Build", value="mw", label="x"), "no column 'mw'"),
    ):
        wrong = Report(exhibits=(Trend(title="Odd", order=1, y_title="MW", series=(series,)),))
        with pytest.raises(ModelError, match=f"report 'Odd': .*{told}"):
            report_page(everything.tables, everything.specs, (), wrong)


def test_a_map_without_a_place_is_left_out(everything: optalloc.Plan) -> None:
    """Proves: a plan whose sites have no coordinates has no map. Sensitivity: one of them has some."""

    def titles(sites: pd.DataFrame) -> set[str]:
        tables = {**everything.tables, "SiteList": sites}
        regions = everything["RegionList"].assign(latitude=math.nan, longitude=math.nan)
        made = payload({**tables, "RegionList": regions}, everything.specs, (), everything.report)
        return {exhibit["title"] for exhibit in made["exhibits"]}

    sites = everything["SiteList"].assign(latitude=math.nan, longitude=math.nan)
    assert "Where it stands" not in titles(sites)
    assert "Where it stands" in titles(sites.assign(latitude=1.0, longitude=1.0))


def test_every_limit_that_the_report_names_is_declared() -> None:
    """Proves: no exhibit of use names a limit that is not there."""
    named = {name for e in MODEL.report.exhibits for name in getattr(e, "limits", ())}
    assert named and named <= MODEL.limits.keys()


@needs_browser
def test_a_model_without_roles_gets_its_tables_and_charts(
    opened: Any, everything: optalloc.Plan, tmp_path: Path
) -> None:
    """Proves: nothing but tables and charts is needed for a page that works."""
    path = tmp_path / "plain.html"
    dataclasses.replace(everything, report=Report()).to_html(path)
    plain = Reader(opened, path)
    plain.draw_all()
    titles = plain.page.eval_on_selector_all("main h2", "(all) => all.map((e) => e.innerText)")
    assert titles[:2] == ["Capacity against demand", "Cash flow"] or "Cash flow" in titles
    assert plain.complaints == []
    data = plain.drawn("Cash flow")
    assert [row[1] for row in data["rows"]] == everything["CashFlow"]["capital"].tolist()
    plain.close()


@pytest.mark.long
@needs_browser
def test_words_of_a_workbook_are_never_markup(
    opened: Any, everything: optalloc.Plan, tmp_path: Path
) -> None:
    """Proves: a site named like a script stays a name, in tables, charts and sentences."""
    evil = "<img src=x onerror=alert(1)></script><b>Tokyo & co"
    tables = {
        name: frame.replace({"Tokyo": evil, "test": evil})
        for name, frame in everything.tables.items()
    }
    path = tmp_path / "evil.html"
    write_report(tables, everything.specs, everything.charts, everything.report, path)
    shown = Reader(opened, path)
    shown.draw_all()
    assert shown.complaints == [] and shown.page.locator("img").count() == 0
    assert evil in shown.page.inner_text(".eyebrow")
    assert evil in [row[0] for row in shown.drawn("Where it stands")["rows"]]
    shown.close()


def test_works_tell_what_is_started_first_is_energised_first(solve) -> None:
    """Proves: a start's dates by hand, and how much of it the plan puts in service.

    Demand of 0, 40 and 70 MW in blocks of 30 MW that take a year, each MW in service at a cost: two
    blocks start in Y1 and one in Y2. Of the first 60 MW 40 are in service in Y2 and all in Y3; of
    the other 30 only 10. Sensitivity: where all is in service at delivery, both would be whole.
    """
    plan = solve(
        Periods=books.years(3),
        Demand=books.demand(0, 40, 70),
        Sites={"block_mw": 30, "block_lead_months": 12, "site_cost": 1, "cost_per_mw_year": 1},
    )
    works = plan["Works"].sort_values("period").set_index("period")
    assert works["started_mw"].to_dict() == pytest.approx({"Y1": 60, "Y2": 30})
    days = works[["committed", "started", "delivered", "online"]].map(
        lambda day: "" if pd.isna(day) else f"{day:%Y-%m-%d}"
    )
    first = ["2027-01-01", "2027-01-01", "2028-01-01", "2029-01-01"]
    assert days.to_numpy().tolist() == [first, ["2027-01-01", "2028-01-01", "2029-01-01", ""]]
    assert works["in_service_mw"].to_dict() == pytest.approx({"Y1": 60, "Y2": 10})


@pytest.mark.long
@needs_browser
def test_an_explanation_stands_beside_the_plan(
    opened: Any, everything: optalloc.Plan, tmp_path: Path
) -> None:
    """Proves: its sentences and tables, read back from its workbook, are on the page."""
    spec = TableSpec(
        name="Choices",
        meaning="Why.",
        columns=(
            Column(name="member", kind=Kind.TEXT, meaning="Site."),
            Column(name="taken", kind=Kind.FLAG, meaning="Whether."),
            Column(name="saving", kind=Kind.NUMBER, unit="M", meaning="How much."),
        ),
    )
    frame = pd.DataFrame({"member": ["Tokyo"], "taken": [True], "saving": [1.25]})
    said = Findings("x", ("Tokyo stays.",), {"Choices": frame}, (spec,))
    said.to_excel(tmp_path / "explanation.xlsx")
    read = read_explanation(tmp_path / "explanation.xlsx")
    pd.testing.assert_frame_equal(read["Choices"], frame, check_dtype=False)
    everything.to_html(tmp_path / "report.html", read)
    page = Reader(opened, tmp_path / "report.html")
    page.draw_all()
    assert page.page.inner_text("#said li") == "Tokyo stays."
    shown = page.page.inner_text("#choices tbody tr").split()
    assert shown == ["Tokyo", "1.25", "yes"] and page.complaints == []
    page.close()


def test_what_is_no_explanation_is_refused(everything: optalloc.Plan, tmp_path: Path) -> None:
    """Proves: a plan in place of an explanation is told so."""
    everything.to_excel(tmp_path / "plan.xlsx")
    with pytest.raises(optalloc.InputError, match="must be an explanation of optalloc"):
        read_explanation(tmp_path / "plan.xlsx")


def test_the_command_writes_the_page_again(everything: optalloc.Plan, tmp_path: Path) -> None:
    """Proves: report.html beside the plan by default; another name must end in .html."""
    everything.to_excel(tmp_path / "plan.xlsx")
    run = CliRunner()
    done = run.invoke(app, ["report", str(tmp_path / "plan.xlsx")])
    assert (done.exit_code, done.stdout) == (0, f"wrote {tmp_path / 'report.html'}\n")
    assert "MW started" in (tmp_path / "report.html").read_text("utf-8")
    wrong = run.invoke(app, ["report", str(tmp_path / "plan.xlsx"), "--out", "x.txt"])
    assert wrong.exit_code == 2


@pytest.mark.slow
@needs_browser
def test_the_report_of_pacific(opened: Any, tmp_path: Path) -> None:
    """Proves: the example's page draws without complaint, its lines the sums of its tables."""
    plan = optalloc.solve(INPUTS / "pacific.xlsx", gap=0.03)
    plan.to_html(tmp_path / "report.html")
    page = Reader(opened, tmp_path / "report.html")
    page.draw_all()
    assert page.complaints == []
    data = page.drawn("Capacity against demand")
    online = [row[data["columns"].index("In service (MW IT)")] for row in data["rows"]]
    assert online == pytest.approx(plan["Balance"]["online_mw"].tolist())
    assert len(page.drawn("Where it stands")["rows"]) == len(plan["SiteList"])
    page.choose("jurisdiction", "Japan")
    japan = plan["Build"].query("jurisdiction == 'Japan'").groupby("period", sort=False)
    data = page.drawn("Capacity against demand")
    online = [row[data["columns"].index("In service (MW IT)")] for row in data["rows"]]
    assert online == pytest.approx(japan["online_mw"].sum().tolist())
    page.close()
