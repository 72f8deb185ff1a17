"""The package as it is imported: its public names, none of which loads anything before it is used."""

from __future__ import annotations

import ast
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from types import ModuleType

import pytest

import optalloc
from tests.paths import ROOT


def test_every_public_name_is_there_and_is_what_type_checkers_see() -> None:
    """Proves: the names for type checkers, those imported on demand and `__all__` are one list."""
    tree = ast.parse(Path(optalloc.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (name.name, node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert {name for name, _ in seen} == set(optalloc.__all__)
    for name, module in seen:
        assert getattr(optalloc, name) is getattr(import_module(str(module)), name)
        assert not isinstance(getattr(optalloc, name), ModuleType)
    assert dir(optalloc) == sorted([*optalloc.__all__, "__version__"])


def test_a_module_does_not_hide_the_function_of_its_name() -> None:
    """Proves: no public name is that of a module or folder in its place, so that none hides another."""
    modules = {module.name for module in pkgutil.iter_modules(optalloc.__path__)}
    assert not modules & set(optalloc.__all__)


def test_importing_loads_nothing_and_shows_the_public_names() -> None:
    """Proves: in a fresh process the import loads no library, and `dir` lists the public names."""
    script = (
        "import sys; before = set(sys.modules); import optalloc; "
        "assert dir(optalloc) == sorted([*optalloc.__all__, '__version__']), dir(optalloc); "
        "loaded = {m.partition('.')[0] for m in sys.modules.keys() - before}; "
        "assert not loaded & {'pandas', 'numpy', 'pyomo', 'highspy', 'scipy', 'plotly'}, loaded"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    subprocess.run(command, check=True, cwd=ROOT, timeout=60)


def test_a_name_that_is_not_there() -> None:
    """Proves: a misspelt name is an AttributeError; the version is text."""
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = optalloc.slove  # type: ignore[attr-defined]
    assert optalloc.__version__[0].isdigit()


def _needed(distributions: list[str]) -> set[str]:
    """Distributions, and all that they need without extras, in canonical names."""
    found: set[str] = set()
    while distributions:
        name = re.sub(r"[-_.]+", "-", distributions.pop()).lower()
        if name not in found:
            found.add(name)
            wanted = (requires(name) or []) if _is_installed(name) else []
            named = (re.match(r"[\w.-]+", each) for each in wanted if "extra ==" not in each)
            distributions += [match.group() for match in named if match]
    return found


def _is_installed(distribution: str) -> bool:
    try:
        requires(distribution)
    except PackageNotFoundError:
        return False
    return True


def _imported_always(path: Path) -> set[str]:
    """Top-level packages that a test file imports as it is collected, but those it skips without."""
    source = path.read_text("utf-8")
    skipped = set(re.findall(r'^(?:\w+ = )?pytest\.importorskip\("(\w+)', source, re.M))
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return {name.partition(".")[0] for name in names} - skipped


def test_tests_are_collected_with_what_the_wheel_and_the_test_tools_bring() -> None:
    """Proves: where the wheel is tested without the extras (`.ci/run`), no test file fails as it is
    collected: what else a test needs, it skips without.
    Sensitivity: `import linopy` at the top of a test file is named here."""
    (line,) = re.findall(r"dist/\*\.whl (hypothesis .*)", (ROOT / ".ci/run").read_text("utf-8"))
    there = _needed(["optalloc", *line.split()])
    ours = {"optalloc", "capacity", "models", "benchmarks", "tests"}
    of = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "tests").rglob("*.py")
        for name in _imported_always(path) - ours - sys.stdlib_module_names
        if not there & {re.sub(r"[-_.]+", "-", each).lower() for each in of.get(name, [])}
    }
    assert not missing


def test_version_and_licence_are_stated_once_and_the_same() -> None:
    """Proves: the metadata, the citation and the licence file agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    cited = (ROOT / "CITATION.cff").read_text("utf-8").splitlines()
    assert f"version: {project['version']}" in cited
    assert f"license: {project['license']}" in cited
    assert (ROOT / "LICENSE").read_text("utf-8").startswith(f"{project['license']} License")
