"""The house: imports point down, in circles nowhere, and the audit reaches neither Pyomo nor HiGHS."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "optalloc"
# From the ground up. A module may import from its own place and from lower floors. On the second and
# third floor two columns stand side by side: numbers (mip, compile, solving) and sheets
# (spreadsheet, data, scenarios); they meet in modelling.
FLOORS = (
    ("errors",),
    ("system",),
    ("mip", "spreadsheet"),
    ("compile", "data"),
    ("solving", "scenarios"),
    ("modelling",),
    ("report",),
    ("starting",),
    ("plan",),
    ("pipeline",),
    ("analysis",),
    ("sweeps",),
    ("rolling",),
    ("serve",),
    ("cli",),
    ("__init__", "__main__"),
)
NUMBERS, SHEETS = {"mip", "compile", "solving"}, {"spreadsheet", "data", "scenarios"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def place(module: str) -> str:
    """Folder or loose file of a module, as `FLOORS` names it."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(path: Path) -> Iterator[str]:
    """Modules of the package that a file imports: in functions and for type checkers too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield whole if whole in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.Constant) and node.value in MODULES.keys() - {"optalloc"}:
            # Names of modules in text, as import_module takes them.
            yield str(node.value)


IMPORTS = {
    module: sorted({other for other in imported(path) if other in MODULES} - {module})
    for module, path in MODULES.items()
}


def test_every_place_has_a_floor() -> None:
    """Proves: nothing stands loose but errors, the system, and the entry points."""
    listed = [name for floor in FLOORS for name in floor]
    there = {
        p.stem if p.is_file() else p.name
        for p in PACKAGE.iterdir()
        if not p.name.startswith(("__pycache__", "."))
    }
    assert there == set(listed)
    assert len([name for name in listed if (PACKAGE / f"{name}.py").is_file()]) == 4


def test_imports_point_down() -> None:
    """Proves: no module imports from a higher floor, or from another place of its own floor."""
    floor = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    up = [
        f"{module} -> {other}"
        for module, others in IMPORTS.items()
        for other in others
        if place(module) != place(other) and floor[place(other)] >= floor[place(module)]
    ]
    assert not up


def test_numbers_and_sheets_know_nothing_of_each_other() -> None:
    """Proves: the two columns are independent below modelling."""
    across = [
        f"{module} -> {other}"
        for module, others in IMPORTS.items()
        for other in others
        if (place(module) in NUMBERS and place(other) in SHEETS)
        or (place(module) in SHEETS and place(other) in NUMBERS)
    ]
    assert not across


def test_no_circle_of_imports() -> None:
    """Proves: modules can be sorted so that each comes after those that it imports."""
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(f"circle: {' -> '.join(error.args[1])}")


def libraries(path: Path) -> set[str]:
    """Packages that a file imports, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
    return found


def test_who_may_import_pyomo_and_highspy() -> None:
    """Proves: only the framework and the compiler import Pyomo, and one file the solver."""
    users = {library: set() for library in ("pyomo", "highspy")}
    for module, path in MODULES.items():
        for library in users.keys() & libraries(path):
            users[library].add(module)
    assert users["highspy"] == {"optalloc.solving.highs"}
    assert {place(module) for module in users["pyomo"]} == {"compile", "modelling"}


def test_the_audit_reaches_neither_pyomo_nor_the_solver() -> None:
    """Proves: in a fresh process, auditing imports nothing that built or solved the program."""
    script = (
        "import sys; import optalloc.plan.audit; "
        "found = sorted(m for m in sys.modules if m.partition('.')[0] in ('pyomo', 'highspy')); "
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=60)
