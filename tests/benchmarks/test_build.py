"""The routes that the build benchmark measures make one and the same program."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import optalloc
from benchmarks import build, sweep
from benchmarks.__main__ import app
from benchmarks.families import LeftOut, as_markdown, without
from benchmarks.marked import with_table
from optalloc.compile import refresh
from optalloc.scenarios.designs import Case
from optalloc.scenarios.overrides import Override, altered
from optalloc.scenarios.sheet import Operation
from tests.browser import needs_browser
from tests.paths import ROOT


def test_all_routes_make_the_same_matrix() -> None:
    data = build.Facilities.of(4, 7)
    expected = build.by_numpy(data)[0]
    routes = {
        "optalloc": build.by_optalloc(data).matrix,
        "standard form": build._standard_form(build._stock(data)),
        "linopy": build.by_linopy(data),
    }
    for name, matrix in routes.items():
        assert matrix.shape == expected.shape, name
        np.testing.assert_allclose(np.sort(matrix.tocsc().data), np.sort(expected.data))
        counts = np.sort(np.diff(matrix.tocsc().indptr))
        np.testing.assert_array_equal(counts, np.sort(np.diff(expected.indptr)), name)
    assert build._appsi(build._stock(data)).getNumNz() == expected.nnz


def test_refresh_of_the_benchmark_changes_the_demand_alone() -> None:
    data = build.Facilities.of(4, 7)
    arrays = build.by_optalloc(data)
    demand = data.customers["demand"].to_numpy()
    fresh = refresh(arrays, {"demand": 2 * demand})
    changed = fresh.matrix.data != arrays.matrix.data
    assert changed.sum() == 4 * 7
    np.testing.assert_allclose(fresh.matrix.data[changed], 2 * arrays.matrix.data[changed])


@pytest.mark.long
def test_the_command_measures_and_says_on_what() -> None:
    said = CliRunner().invoke(
        app,
        ["build", "--cases", "50k", "--routes", "optalloc,numpy", "--repeats", "1", "--json"],
        catch_exceptions=False,
    )
    found = json.loads(said.stdout)
    assert [row["route"] for row in found["rows"]] == ["optalloc", "numpy"]
    assert all(row["seconds"] > 0 and row["peak_mb"] > 0 for row in found["rows"])
    assert f"pyomo {version('pyomo')}" in found["machine"]


@pytest.mark.slow
def test_pacific_is_built_several_times_over_by_each_route(tmp_path: Path) -> None:
    """Proves: the row of benchmarks/README can be made from inputs/pacific as it is: with every site
    twice, the matrix of each route is the same, and has more than before.

    Sensitivity: a sheet whose keys clash when rows are copied is an input error.
    """
    once, twice = (build.pacific(tmp_path, times) for times in (1, 2))
    assert len(twice[0]["Sites"]) == 2 * len(once[0]["Sites"])
    routes = build.routes_of("pacific")
    arrays = routes[build.Route.OPTALLOC](twice)
    plain = routes[build.Route.STANDARD_FORM](twice)
    alone = optalloc.compile_program(optalloc.build(*once)).matrix
    assert plain.count_nonzero() == arrays.matrix.count_nonzero() > alone.count_nonzero()


@pytest.mark.parametrize("words", [["--cases", "5G"], ["--routes", "magic"], ["--repeats", "0"]])
def test_unknown_cases_and_routes_are_usage_errors(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["build", *words]).exit_code == 2


def test_a_family_is_left_out_but_for_what_others_name(
    everything_data: tuple[optalloc.Dataset, optalloc.Model],
) -> None:
    """Proves: limits on risk go, the jurisdictions that others name stay, and nothing else is
    touched; spot prices and carbon go with contracts."""
    data, model = everything_data
    families = {family.name: family for family in model.families}
    less, gone = without(data, model, families["risk"])
    assert {"RiskLimits", "RiskWeights"} == set(gone)
    assert [name for name in model.sheets if len(less[name]) != len(data[name])] == [
        "RiskWeights",
        "RiskLimits",
    ]
    _, gone = without(data, model, families["contracts"])
    assert {"SignedContracts", "PowerPrices", "Carbon"} <= set(gone)


def test_a_difference_within_the_gaps_is_undecided() -> None:
    """Proves: 100 to 102 and 101 to 103 overlap, 100 to 102 and 103 to 104 do not."""
    whole = LeftOut("", (), 102, 100, (("A", 50.0), ("B", 50.0)))
    near = LeftOut("pace", ("Pace",), 103, 101, (("A", 50.0), ("B", 90.0), ("C", 10.0)))
    far = LeftOut("grid", ("GridZones",), 104, 103, (("A", 50.0), ("B", 0.0)))
    rows = as_markdown([whole, near, far]).splitlines()
    assert rows[3].endswith("| + C; B +40 MW; cost: difference undecided at this gap |")
    assert rows[4].endswith("| 104 | 103 | 1 | - B |")
    begin, end = "<!-- families: begin -->", "<!-- families: end -->"
    page = with_table(f"# P\n{begin}\nold\n{end}\nrest", "families", "new")
    assert page == f"# P\n{begin}\nnew\n{end}\nrest"


@pytest.mark.long
def test_each_route_of_the_sweep_benchmark_solves_the_same_case(tmp_path: Path) -> None:
    """Proves: inputs/minimal, worked out by hand at 1170, comes out of plain Pyomo and of our own
    rebuild alike; and 1.1 times the building cost costs 28 + 62 more in both."""
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook("inputs/minimal"), model)
    dear = altered(
        data, [Override("Sites", (), "build_cost_per_mw", Operation.MULTIPLY, "1.1")]
    )  # fmt: skip
    options = {"gap": 0.0, "time_limit_s": 60.0}
    for solve in (sweep._plain, sweep._rebuild):
        assert solve(data, model, options) == sweep._Answer(pytest.approx(1170), True)
        assert solve(dear, model, options).cost == pytest.approx(1170 + 28 + 62)


def test_a_case_without_a_plan_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: demand beyond every cap ends a case by both routes that rebuild; nothing is lost."""
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook("inputs/minimal"), model)
    doubled = Case(1, "doubled", (Override("Demand", (), "it_mw", Operation.MULTIPLY, "100"),))
    for solve in (sweep._plain, sweep._rebuild):
        held = {"data": data, "model": model, "solve": solve}
        monkeypatch.setattr(sweep, "_held", held | {"options": {"gap": 0.0, "time_limit_s": 60.0}})
        assert sweep._solve(doubled) == sweep._Answer(np.inf, True)


def test_the_sweep_benchmark_has_twenty_cases_of_either_workbook(tmp_path: Path) -> None:
    """Proves: each of its changes can be made, and no two cases are one."""
    for name in sweep.BOOKS:
        _, cases = sweep.cases_for(sweep.book_of(name, tmp_path / name), 20)
        assert len({case.changed for case in cases}) == 20


@pytest.mark.slow
def test_the_sweep_benchmark_counts_the_same_cases_by_every_route() -> None:
    """Proves: spawned workers of each route come to the same costs, within the gaps."""
    words = ["sweep", "--books", "XS", "--cases", "2", "--jobs", "2", "--json"]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    rows = json.loads(said.stdout)["rows"]
    assert [row["route"] for row in rows] == ["optalloc", "pyomo-appsi", "optalloc-rebuild"]
    for row in rows:
        assert (row["book"], row["cases"], row["cut_off"]) == ("XS", 2, 0)
        assert row["cases_per_minute"] > 0
        np.testing.assert_allclose(row["least_cost"], rows[0]["least_cost"], rtol=sweep.GAP)


@pytest.mark.slow
def test_families_are_left_out_of_a_workbook(tmp_path: Path) -> None:
    """Proves: `families` solves inputs/minimal, by hand 1170, and writes its table into a page."""
    page = tmp_path / "page.md"
    page.write_text("# P\n<!-- families: begin -->\n<!-- families: end -->\n")
    words = ["families", "inputs/minimal", "--into", str(page)]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    assert said.exit_code == 0
    assert "| nothing | none | 1,170 | 1,170 | 2 |" in page.read_text()
    # Without the zone's 65 MW the cheap site serves more.
    (row,) = [line for line in said.stdout.splitlines() if line.startswith("| grid")]
    assert row.split("|")[3].strip() == "1,125"


def test_a_published_file_becomes_a_workbook(tmp_path: Path) -> None:
    """Proves: `convert` writes what HiGHS solves to the cost worked out by hand: site 1 serves both
    customers at 10 + 4 + 6."""
    file = tmp_path / "cap.txt"
    file.write_text("2 2\n100 10\n100 15\n5\n4 20\n7\n6 30\n")
    out = tmp_path / "book"
    said = CliRunner().invoke(
        app, ["convert", "orlib", str(file), str(out)], catch_exceptions=False
    )
    assert said.exit_code == 0, said.output
    assert optalloc.solve(out, gap=0).cost == pytest.approx(20)


@pytest.mark.slow
@needs_browser
def test_pages_are_measured_and_pictured(tmp_path: Path) -> None:
    """Proves: `page` opens a made-up plan in chromium, `screenshots` pictures a report."""
    words = ["page", "--sites", "8", "--periods", "3", "--repeats", "1"]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    assert said.exit_code == 0 and " MB" in said.stdout
    report = tmp_path / "report.html"
    optalloc.solve("inputs/minimal").to_html(report)
    words = ["screenshots", str(report), "first", "--out", str(tmp_path)]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    assert said.exit_code == 0
    assert len(list(tmp_path.glob("*.png"))) == 2


@pytest.mark.slow
@needs_browser
def test_the_server_is_pictured(tmp_path: Path) -> None:
    """Proves: `server-pages` goes from the first page to a plan and its reasons, and the page on the
    server shows what it takes."""
    words = ["server-pages", "--out", str(tmp_path)]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    assert said.exit_code == 0
    taken = {path.name for path in tmp_path.glob("*.png")}
    shown = (ROOT / "docs" / "how-to" / "server.md").read_text("utf-8")
    assert set(re.findall(r"server-\w+\.png", shown)) == taken


def test_every_command_has_a_name_of_its_own() -> None:
    """Proves: no command hides another, as one of the same name would."""
    named = [
        one.name or (one.callback.__name__ if one.callback else "")
        for one in app.registered_commands
    ]
    assert len(set(named)) == len(named) == 15
