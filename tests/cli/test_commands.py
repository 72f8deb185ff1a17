"""The table of commands: what it says of each is so, and nothing is imported before it is called."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

import optalloc
from optalloc.cli import main
from optalloc.cli.main import COMMANDS
from tests.command import optalloc_says
from tests.paths import ROOT

LIBRARIES = {
    *("pandas", "numpy", "scipy", "pyomo", "highspy", "pyarrow", "openpyxl", "lxml", "xlsxwriter"),
    *("jinja2", "plotly", "pptx", "fastapi", "starlette"),
}
# The numerical half, and where it meets the sheets.
NUMERICAL = (
    "optalloc.compile",
    "optalloc.solving",
    "optalloc.modelling.program",
    "optalloc.report.page",
)


def loaded(words: list[str]) -> tuple[set[str], set[str]]:
    """Libraries that a command imports in a fresh process, and modules of the package."""
    script = (
        "import sys; from optalloc.__main__ import main; sys.argv[1:] = {words}\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print('modules', *sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", script.format(words=words)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    names = ended.stderr.rpartition("modules ")[2].split()
    own = {name for name in names if name.startswith("optalloc.")}
    return {name.partition(".")[0] for name in names} & LIBRARIES, own


@pytest.mark.long
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["places"], ["example"]])
def test_quick_commands_load_no_library(words: list[str]) -> None:
    """Proves: in a fresh process, what needs no table or solver imports none, and few modules of the
    package. Sensitivity: `check` needs them, and they are found (`test_what_a_check_loads`)."""
    found, modules = loaded(words)
    assert not found
    assert len(modules) < 20


@pytest.mark.long
@pytest.mark.parametrize("words", [["check", "inputs/minimal"], ["template", "{tmp}/new.xlsx"]])
def test_what_a_check_loads(words: list[str], tmp_path: Path) -> None:
    """Proves: workbooks are checked and written without what builds and solves programs, so that
    no formulation of a family is imported either. Sensitivity: pandas is there, and is found."""
    found, modules = loaded([word.format(tmp=tmp_path) for word in words])
    # The writer of workbooks comes with the reader of approved plans, and is small.
    assert found - {"xlsxwriter"} == {"pandas", "numpy", "pyarrow"}
    assert not {name for name in modules if name.startswith(NUMERICAL)}
    assert len(modules) < 110


@pytest.mark.long
def test_what_a_solve_loads(tmp_path: Path) -> None:
    """Proves: where there is a plan, nothing is imported that explains, edits workbooks, draws
    slides or serves. Sensitivity: what builds, solves and reports is there, and is found."""
    found, modules = loaded(["solve", "inputs/minimal", "--out", str(tmp_path / "out")])
    assert found == LIBRARIES - {"openpyxl", "lxml", "plotly", "pptx", "fastapi", "starlette"}
    above = ("optalloc.analysis", "optalloc.sweeps", "optalloc.rolling", "optalloc.serve")
    assert not {name for name in modules if name.startswith(above)}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says_of_itself(name: str) -> None:
    """Proves: the line of --help is the first of the command's own."""
    command = getattr(import_module(COMMANDS[name].module), name)
    if isinstance(command, typer.Typer):
        assert command.info.help == COMMANDS[name].help
    else:
        assert (inspect.getdoc(command) or "").splitlines()[0] == COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_offers_to_complete_itself(name: str) -> None:
    """Proves: neither a command nor a group of commands has options on the completion of a shell.
    Sensitivity: a group has them unless it is told to do without."""
    offered = [option for one in main.loaded(name).params for option in one.opts]
    assert not [option for option in offered if "completion" in option]
    group = typer.Typer()
    group.callback()(lambda: None)
    options = [option for one in typer.main.get_command(group).params for option in one.opts]
    assert "--install-completion" in options


def test_the_version_and_misspelt_commands() -> None:
    """Proves: the version is that of the package, and the nearest commands are named."""
    assert optalloc_says("--version").stdout.split() == ["optalloc", optalloc.__version__]
    wrong = optalloc_says("slove")
    assert wrong.returncode == 2 and "'solve'" in wrong.stderr
    for name in ("--help", "solve"):
        assert optalloc_says(name, *([] if name == "--help" else ["--help"])).returncode == 0
