"""A first workbook: it has no errors, solves as it stands, and each cell says where it is from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

import optalloc
from optalloc.starting.examples import EXAMPLES
from tests.command import optalloc_says
from tests.paths import INPUTS, ROOT

ASKED = {
    "places": "Sydney, Melbourne, Tokyo, Osaka, Dallas",
    "home": "Northern Virginia",
    "demand": "500",
    "growth": "35%",
    "years": 10,
    "first_year": 2027,
}
LISTS = ("Sources", "Assumptions", "Sweeps")
SHADE = "FFFFF2CC"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of five places."""
    path = tmp_path_factory.mktemp("start") / "my.xlsx"
    optalloc.start(path, **ASKED)
    return path


@pytest.fixture(scope="module")
def book(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def records(book: Workbook, sheet: str) -> list[dict[str, object]]:
    titles, *rows = book[sheet].iter_rows(values_only=True)
    # The unit stands below the name.
    names = [str(title).partition("\n")[0] for title in titles]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_it_has_no_errors_and_no_notices(path: Path) -> None:
    """Proves: nothing that the catalogue fills is wrong or even unusual, sweeps included."""
    _, problems = optalloc.check(optalloc.read_workbook(path), optalloc.load_model())
    assert [str(problem) for problem in problems] == []


def test_it_solves_as_it_stands(path: Path, book: Workbook) -> None:
    """Proves: the plan is proven to the gap that Settings states, and carries what is assumed."""
    plan = optalloc.solve(path)
    settings = {row["setting"]: row["value"] for row in records(book, "Settings")}
    assert plan.gap <= settings["gap"]
    assert plan["Assumptions"]["assumption"].tolist() == [
        row["assumption"] for row in records(book, "Assumptions")
    ]
    # Waits and construction take four years, so that growth is first served in 2031.
    load = plan["Load"].groupby("period")["served_mw"].sum()
    early = [f"{year}H{half}" for year in range(2027, 2031) for half in (1, 2)]
    assert load[early].tolist() == pytest.approx([500.0] * 8)
    assert load["2031H1"] == pytest.approx(500 * 1.35**4, rel=1e-4)


def test_demand_grows_as_asked(book: Workbook) -> None:
    """Proves: the two workloads together are 500 MW, growing by 35 % a year for ten years."""
    total: dict[object, float] = {}
    for row in records(book, "Demand"):
        total[row["period"]] = total.get(row["period"], 0.0) + float(str(row["it_mw"]))
    assert list(total) == [f"{year}H{half}" for year in range(2027, 2037) for half in (1, 2)]
    assert list(total.values()) == pytest.approx(
        [500 * 1.35 ** (half / 2) for half in range(20)], rel=1e-4
    )


def test_published_figures_stand_where_they_belong(book: Workbook) -> None:
    """Proves: by hand from the publications: cost and price of Tokyo, a published and an estimated
    round trip, governance turned into risk, a wait that is published for a country."""
    sites = {row["site"]: row for row in records(book, "Sites")}
    assert sites["Tokyo"]["build_cost_per_mw"] == 15.15
    assert sites["Dallas"]["site_lead_months"] == 24
    network = {row["site"]: row["latency_ms"] for row in records(book, "Network")}
    assert network["Tokyo"] in (163, 164)
    # 1,900 km at 0.015 ms and 6 ms besides.
    assert network["Dallas"] == pytest.approx(6 + 0.015 * 1900, abs=1)
    prices = {row["zone"]: row["spot_price_per_mwh"] for row in records(book, "PowerPrices")}
    assert (prices["Tokyo"], prices["Dallas"], prices["Sydney"]) == (135, 61.2, 90)
    risks = {row["jurisdiction"]: row["legal_risk"] for row in records(book, "Jurisdictions")}
    assert risks["Japan"] == pytest.approx(1 - 0.775)


def filled(book: Workbook) -> Iterator[tuple[str, int, str, bool]]:
    """Sheet, row, column and whether it is shaded, of each cell that holds a value."""
    for sheet in book:
        if sheet.title.startswith("#") or sheet.title in LISTS:
            continue
        titles = [str(cell.value).partition("\n")[0] for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            for title, cell in zip(titles, row, strict=True):
                column, known = (
                    (str(row[0].value), True) if titles[0] == "setting" else (title, False)
                )
                if cell.value is None or title.startswith("#") or (known and title == "setting"):
                    continue
                yield sheet.title, cell.row, column, cell.fill.fgColor.rgb == SHADE


def sourced(book: Workbook) -> set[tuple[str, int, str]]:
    """Sheet, row and column of each cell that a row of Sources is about."""
    found = set()
    for line in records(book, "Sources"):
        sheet, dot, rest = str(line["subject"]).partition(".")
        if not dot:
            continue
        columns, _, labels = rest.partition(": ")
        page = book[sheet]
        for row in page.iter_rows(min_row=2):
            named = {str(cell.value) for cell in row}
            if page.cell(1, 1).value == "setting":
                columns_here = {str(row[0].value)} & set(columns.split(", "))
            else:
                hit = not labels or named & set(labels.split(", "))
                columns_here = set(columns.split(", ")) if hit else set()
            found |= {(sheet, row[0].row, column) for column in columns_here}
    return found


def assumed(book: Workbook) -> set[tuple[str, int, str]]:
    """Sheet, row and column of each cell that Assumptions lists as assumed."""
    found = set()
    for line in records(book, "Assumptions"):
        if line["basis"] != "assumed":
            continue
        page = book[str(line["sheet"])]
        column, _, value = str(line["rows"] or "").partition("=")
        for row, record in enumerate(records(book, page.title), start=2):
            if page.cell(1, 1).value == "setting":
                hit = record["setting"] == line["column"]
            else:
                hit = not column or record[column] == value
            if hit:
                found.add((page.title, row, str(line["column"])))
    return found


def test_each_cell_has_a_source_or_is_an_assumption(book: Workbook) -> None:
    """Proves: of every filled cell, Sources or Assumptions says where it is from, never both, and the
    assumptions are those that are shaded."""
    cells = list(filled(book))
    has_source, is_assumed = sourced(book), assumed(book)
    assert [cell for *cell, _ in cells if tuple(cell) not in has_source | is_assumed] == []
    assert has_source & is_assumed == set()
    assert {tuple(cell) for *cell, shaded in cells if shaded} == is_assumed


def test_each_assumption_has_a_range_around_its_cell_and_a_reason(book: Workbook) -> None:
    """Proves: the cell lies within the range, rows say why, and each is a change of the sweep, but
    for scores that nothing depends on."""
    lines = records(book, "Assumptions")
    for line in lines:
        low, high = sorted((float(str(line["low"])), float(str(line["high"]))))
        assert low < high and line["why"] and line["unit"]
        if line["operation"] == "multiply":
            assert low <= 1 <= high
            continue
        sheet, column = str(line["sheet"]), str(line["column"])
        key, _, value = str(line["rows"] or "").partition("=")
        rows = records(book, sheet)
        if "setting" in rows[0]:
            (cell,) = (row["value"] for row in rows if row["setting"] == column)
        else:
            cell = next(row[column] for row in rows if not key or row[key] == value)
        assert low <= float(str(cell)) <= high, line
    changes = {row["change"] for row in records(book, "Sweeps")}
    assert {line["assumption"] for line in lines} - changes == {"risk scores other than governance"}


def test_home_among_the_places_stands_and_may_grow() -> None:
    """Proves: what stands at home is a site of its own, beside the room for more, which waits as
    long as is published for it; nothing is known of Montréal's construction, so that it is assumed."""
    asked = ASKED | {"places": ["northern virginia", "MONTREAL"], "home": "ashburn"}
    asked |= {"demand": "500 MW"}
    case = optalloc.start(**asked)
    sites = {row["site"]: row for row in case.filled.sheets["Sites"]}
    assert list(sites) == ["Northern Virginia", "Montréal", "Northern Virginia, standing"]
    assert sites["Northern Virginia"]["site_lead_months"] == 66
    assert sites["Northern Virginia, standing"]["existing_mw"] == 500
    assert ("Sites", 1, "build_cost_per_mw") in case.filled.shaded
    assert ("Sites", 0, "build_cost_per_mw") not in case.filled.shaded


def test_what_the_places_allow_is_said() -> None:
    """Proves: remarks name the places near enough, those too late, and when the first can serve."""
    near, first = optalloc.start(**ASKED).filled.remarks
    assert near.startswith("Dallas lies within 100 ms of Northern Virginia")
    assert first.startswith("no place can serve before 2031H1")
    late = optalloc.start(**ASKED | {"places": "Tokyo, Dublin", "years": 6}).filled.remarks
    assert late[0].startswith("Dublin lies within")
    assert late[-1] == "too late for this horizon: Dublin (2037H2)"
    never = optalloc.start(**ASKED | {"places": "Sydney", "years": 3}).filled.remarks
    assert "no place lies within 100 ms" in never[0]
    assert never[1].startswith("no place can serve before 2031H1, after the last period")


def test_without_growth_nothing_is_said_to_stay_unmet() -> None:
    """Proves: demand that does not grow is served by what stands, so that only the wait is said."""
    still = ASKED | {"growth": "0", "places": "Sydney"}
    remarks = optalloc.start(**still).filled.remarks
    assert len(remarks) == 2 and "unmet" not in " ".join(remarks)
    assert remarks[1].endswith("the wait for its grid and the construction time")
    grows = optalloc.start(**still | {"growth": "1%"}).filled.remarks
    assert all("stays unmet" in remark for remark in grows)


def test_numbers_are_written_as_they_are_meant() -> None:
    """Proves: no cell has digits that binary fractions add. By hand: half as much again as the growth
    of 10 MW in a year, which counts as a tenth of its peak at least, in whole blocks of 0.1 MW: 1.5 x 1
    without growth, 1.5 x 1.09 = 1.635 in 17 blocks by 9 %, 1.5 x 1.2 = 1.8 in 18 by 12 %."""
    asked = ASKED | {"places": "Sydney", "home": "Tokyo", "demand": 10, "years": 1}
    rooms = {"0": 1.5, "9%": 1.7, "12%": 1.8}
    for growth, room in rooms.items():
        sheets = optalloc.start(**asked | {"growth": growth}).filled.sheets
        assert (sheets["Sites"][0]["block_mw"], sheets["Sites"][0]["max_mw"]) == (0.1, room)
        numbers = [
            value
            for name, rows in sheets.items()
            for row in rows
            for value in row.values()
            if isinstance(value, float)
        ]
        assert [value for value in numbers if value != float(f"{value:.10g}")] == []


@pytest.mark.parametrize(
    ("written", "mw"),
    [("10mw", 10), ("10 MW", 10), ("1,000", 1000), ("1,234.5 Mw", 1234.5), (" 500 ", 500)],
)
def test_demand_is_read_with_unit_and_separators(written: str, mw: float) -> None:
    """Proves: the unit in any case and separators of thousands are read."""
    asked = optalloc.start(**ASKED | {"demand": written, "growth": "0"}).request
    assert asked.demand == mw


@pytest.mark.parametrize("written", ["1,5", "10,00", "1,000,0", "mw", "10 GW"])
def test_demand_that_may_mean_something_else_is_refused(written: str) -> None:
    """Proves: a decimal comma, separators out of place and another unit are mistakes."""
    with pytest.raises(optalloc.OptallocError, match="demand: must be a number above 0"):
        optalloc.start(**ASKED | {"demand": written})


def test_mistakes_are_reported_together_and_nothing_is_written(tmp_path: Path) -> None:
    """Proves: each mistake has its line, with the nearest names, and no file appears."""
    out = tmp_path / "my.xls"
    said = optalloc_says(
        *("start", out, "--places", "Sidney, Tokyo, tokyo, Atlantis, texas"),
        *("--demand", "lots", "--growth", "35", "--years", "99"),
    )
    assert said.returncode == 2 and said.stdout == ""
    lines = said.stderr.splitlines()
    beginnings = (
        f"{out}: must end in .xlsx",
        "places: 'Sidney' is not in the catalogue; the nearest names are Sydney",
        "places: 'tokyo' is 'Tokyo' again",
        "places: 'Atlantis' is not in the catalogue; the nearest names are Atlanta",
        "places: 'texas' is not in the catalogue; its places are Dallas, San Antonio;",
        "home: name the place",
        "demand: must be a number above 0 in MW of IT load, such as 500; found 'lots'",
        "growth: must be a share a year of 0 to 200%; found '35'. Write 35% or 0.35",
        "years: must be a whole number from 1 to 30; found 99",
    )
    assert len(lines) == len(beginnings)
    assert all(line.startswith(words) for line, words in zip(lines, beginnings, strict=True))
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_catalogue_says_so() -> None:
    """Proves: any model folder can be named, and one that offers no start is an error."""
    with pytest.raises(optalloc.ModelError, match="has no catalogue to start from"):
        optalloc.start(**ASKED, model=ROOT / "tests" / "toy")


@pytest.mark.slow
def test_the_sweep_of_assumptions_has_a_plan_at_each_end(tmp_path: Path) -> None:
    """Proves: no end of a range makes the workbook invalid or infeasible, and shorter waits, cheaper
    building and power cost less, longer and dearer ones more."""
    small = ASKED | {"places": "Dallas, Tokyo, Montréal", "years": 6, "demand": 50}
    optalloc.start(tmp_path / "my.xlsx", **small)
    cases = optalloc.sweep(tmp_path / "my.xlsx", "assumptions", jobs=1, gap=1e-4).cases
    assert cases["objective"].notna().all(), cases[["case", "status", "reason"]]
    cost = cases.set_index("case")["objective"]
    for change, (low, high) in {
        "wait for the grid": ("12", "60"),
        "construction time": ("18", "36"),
        "construction cost": ("0.9", "1.3"),
        "price of power": ("0.8", "1.5"),
    }.items():
        ends = [
            cost[name]
            for end in (low, high)
            for name in cost.index
            if name.startswith(f"{change} = {end}")
        ]
        assert ends[0] < cost["base"] < ends[-1], change


def test_a_workbook_is_not_overwritten_unless_asked(path: Path) -> None:
    """Proves: a file that is there stays as it was without --force."""
    before = path.read_bytes()
    with pytest.raises(optalloc.OptallocError, match="is there already; say --force"):
        optalloc.start(path, **ASKED)
    assert path.read_bytes() == before


def test_the_commands_say_what_to_do_next(tmp_path: Path) -> None:
    """Proves: start names the workbook and the commands that go on from it."""
    words = [word for name in ("home", "demand") for word in (f"--{name}", ASKED[name])]
    said = optalloc_says(
        *("start", "my case.xlsx", "--places", "Dallas", *words),
        *("--growth", "0.1", "--years", "3", "--first-year", "2027"),
        cwd=tmp_path,
    )
    assert said.returncode == 0, said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["my case.xlsx"]
    assert 'optalloc solve "my case.xlsx"' in said.stdout
    assert 'optalloc sweep "my case.xlsx" assumptions' in said.stdout


def test_places_are_listed_and_one_is_shown_with_its_sources() -> None:
    """Proves: the list has a line for each place, and one place each figure with unit and source."""
    titles, _, *lines = optalloc_says("places").stdout.splitlines()
    tokyo = next(line for line in lines if line.startswith("Tokyo"))
    shown = {
        title: tokyo[titles.index(title) :].split()[0] for title in re.split(" {2,}", titles)[:4]
    }
    assert shown == {
        "place": "Tokyo",
        "in": "Japan",
        "construction cost": "15.15",
        "power price": "135",
    }
    (cost,) = (
        line
        for line in optalloc_says("places", "sao paulo").stdout.splitlines()
        if line.startswith("construction cost")
    )
    assert cost.split()[2:8] == ["10.75", "M", "USD", "per", "MW", "IT"]
    assert "Turner & Townsend" in cost
    wrong = optalloc_says("places", "Tokio")
    assert wrong.returncode == 2 and "the nearest names are Tokyo" in wrong.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_copied_whole(name: str, tmp_path: Path) -> None:
    """Proves: the files are those of inputs, and a folder in use is left as it is."""
    said = optalloc_says("example", name, "case", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    files = {path.name: path.read_bytes() for path in (tmp_path / "case").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (INPUTS / name).iterdir()}
    again = optalloc_says("example", name, "case", cwd=tmp_path)
    assert again.returncode == 2 and "must be empty or not there yet" in again.stderr


def test_examples_are_listed_and_misnamed_ones_refused(tmp_path: Path) -> None:
    """Proves: without a name the examples are listed; another name, or no folder, is a mistake."""
    assert all(name in optalloc_says("example").stdout for name in EXAMPLES)
    for words in (("example", "atlantic", tmp_path), ("example", "minimal")):
        assert optalloc_says(*words).returncode == 2
