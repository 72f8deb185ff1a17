"""The notebooks of the documents: written from their scripts, and run to the end."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.paths import INPUTS, ROOT

FOLDER = ROOT / "docs" / "notebooks"
NAMES = ("first_plan", "sensitivity", "policy", "board_paper")


def maker() -> ModuleType:
    """The script that writes the notebooks."""
    pytest.importorskip("nbclient")
    spec = importlib.util.spec_from_file_location("make_notebooks", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells_in(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text("utf-8"))["cells"]


def refuse_faults(path: Path) -> None:
    """No cell failed, none printed but those that say so, and what is shown is short."""
    for cell in cells_in(path):
        source = "".join(cell["source"])
        for output in cell.get("outputs", ()):
            assert output["output_type"] != "error", source
            assert output["output_type"] != "stream" or "print(" in source, output
            assert len(json.dumps(output)) < 12_000, source


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_what_its_script_says(name: str) -> None:
    """Proves: each cell is that of the script, the last code has an output, and none is an error."""
    written = cells_in(FOLDER / f"{name}.ipynb")
    said = [(cell["cell_type"], "".join(cell["source"])) for cell in written]
    assert said == maker().cells(name), "stale: run `python docs/notebooks/make.py`"
    assert [cell for cell in written if cell["cell_type"] == "code"][-1]["outputs"]
    refuse_faults(FOLDER / f"{name}.ipynb")


def test_the_first_notebook_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proves: its code runs from top to bottom, and its plan costs what the notebook shows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inputs").symlink_to(INPUTS)
    names: dict[str, Any] = {}
    for kind, text in maker().cells("first_plan"):
        if kind == "code":
            exec(compile(text, "first_plan.py", "exec"), names)
    kept = json.dumps(cells_in(FOLDER / "first_plan.ipynb"))
    assert f"cost {names['plan'].cost:,.6g} M" in kept
    assert (tmp_path / "plan.xlsx").is_file()


@pytest.mark.slow
def test_every_notebook_is_executed(tmp_path: Path) -> None:
    """Proves: in a kernel every cell of every notebook runs, shows a bar that goes, and prints nothing."""
    pytest.importorskip("ipykernel")
    command = [sys.executable, str(FOLDER / "make.py"), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1500)
    assert ended.returncode == 0, ended.stderr
    for name in NAMES:
        refuse_faults(tmp_path / f"{name}.ipynb")
