"""The routes that the build benchmark measures make one and the same program."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import build
from benchmarks.__main__ import app
from optalloc.compile import refresh


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


def test_the_command_measures_and_says_on_what() -> None:
    said = CliRunner().invoke(
        app,
        ["build", "--cases", "50k", "--routes", "optalloc,numpy", "--repeats", "1", "--json"],
        catch_exceptions=False,
    )
    found = json.loads(said.stdout)
    assert [row["route"] for row in found["rows"]] == ["optalloc", "numpy"]
    assert all(row["seconds"] > 0 and row["peak_mb"] > 0 for row in found["rows"])
    assert found["machine"]["pyomo"] != "not installed"


@pytest.mark.parametrize("words", [["--cases", "5G"], ["--routes", "magic"], ["--repeats", "0"]])
def test_unknown_cases_and_routes_are_usage_errors(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["build", *words]).exit_code == 2
