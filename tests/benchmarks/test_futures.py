"""The command that solves stochastic programs side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.smps import write_program
from tests.mip.test_extensive_form import newsvendor
from tests.paths import ROOT


@pytest.mark.long
def test_both_routes_find_the_optimum(tmp_path: Path) -> None:
    file = tmp_path / "newsvendor.npz"
    write_program(newsvendor((50, 100), (0.75, 0.25)), file)
    found = CliRunner().invoke(app, ["futures", str(file), "--gap", "1e-6"])
    assert found.exit_code == 0, found.output
    ends = [line for line in found.output.splitlines() if ": plan" in line]
    assert len(ends) == 2
    for line in ends:
        assert float(line.split("plan ")[1].split(",")[0]) == pytest.approx(87.5)
        assert float(line.split("bound ")[1]) == pytest.approx(87.5)


def test_a_certain_workbook_is_refused() -> None:
    found = CliRunner().invoke(app, ["futures", str(ROOT / "inputs" / "minimal")])
    assert found.exit_code == 2
    assert "has no uncertainties" in found.output
