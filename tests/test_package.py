"""The package as it is imported: its public names, none of which loads anything before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import optalloc

ROOT = Path(__file__).resolve().parents[1]


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
    assert set(optalloc.__all__) <= set(dir(optalloc))


def test_a_module_does_not_hide_the_function_of_its_name() -> None:
    """Proves: whichever is imported first, `optalloc.solve` is the function and no module."""
    script = (
        "import optalloc.solve; from optalloc.strategies import solve_arrays; import optalloc; "
        "assert callable(optalloc.solve) and callable(optalloc.validate); "
        "assert optalloc.solve_arrays is solve_arrays"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=60)


def test_a_name_that_is_not_there() -> None:
    """Proves: a misspelt name is an AttributeError; the version is text."""
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = optalloc.slove  # type: ignore[attr-defined]
    assert optalloc.__version__[0].isdigit()
