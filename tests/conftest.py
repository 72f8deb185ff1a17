"""Shared fixtures."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests import books

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def solve(tmp_path: Path) -> Callable[..., optalloc.Plan]:
    """Solve a small workbook: ``solve(Sites={...}, Demand=[...])`` changes the base case."""
    count = itertools.count()

    def run(options: dict[str, Any] | None = None, **sheets: Any) -> optalloc.Plan:
        folder = tmp_path / f"book{next(count)}"
        return books.solve(books.book(**sheets), folder, **(options or {}))

    return run


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of published test data; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared test data is not here")
    return SHARED
