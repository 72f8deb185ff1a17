"""The table of commands: what it says of each is so, and nothing is imported before it is called."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest
import typer

import optalloc
from optalloc.cli.main import COMMANDS
from tests.command import optalloc_says
from tests.paths import ROOT

LIBRARIES = {"pandas", "numpy", "scipy", "pyomo", "highspy", "plotly", "pyarrow", "openpyxl"}


@pytest.mark.long
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["places"], ["example"]])
def test_quick_commands_load_no_library(words: list[str]) -> None:
    """Proves: in a fresh process, what needs no table or solver imports none, and few modules of the
    package. Sensitivity: `check` needs them, and they are found."""
    script = (
        "import sys; from optalloc.__main__ import main; sys.argv[1:] = {words}\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*sorted(m.partition('.')[0] for m in sys.modules), file=sys.stderr)\n"
        "print(sum(m.startswith('optalloc.') for m in sys.modules), file=sys.stderr)"
    )

    def loaded(words: list[str]) -> tuple[set[str], int]:
        command = [sys.executable, "-c", script.format(words=words)]
        ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        *names, count = ended.stderr.split()
        return set(names) & LIBRARIES, int(count)

    found, modules = loaded(words)
    assert not found
    assert modules < 20
    if words == ["--help"]:
        assert {"pandas", "pyomo"} <= loaded(["check", "inputs/first"])[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says_of_itself(name: str) -> None:
    """Proves: the line of --help is the first of the command's own."""
    command = getattr(import_module(COMMANDS[name].module), name)
    if isinstance(command, typer.Typer):
        assert command.info.help == COMMANDS[name].help
    else:
        assert (inspect.getdoc(command) or "").splitlines()[0] == COMMANDS[name].help


def test_the_version_and_misspelt_commands() -> None:
    """Proves: the version is that of the package, and the nearest commands are named."""
    assert optalloc_says("--version").stdout.split() == ["optalloc", optalloc.__version__]
    wrong = optalloc_says("slove")
    assert wrong.returncode == 2 and "'solve'" in wrong.stderr
    for name in ("--help", "solve"):
        assert optalloc_says(name, *([] if name == "--help" else ["--help"])).returncode == 0
