"""One server for all tests that need nothing of its own, and workbooks to be uploaded."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import books
from tests.browser import browser
from tests.paths import INPUTS

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from tests.serve.guest import Guest, as_workbook, served


@pytest.fixture(scope="session")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Path:

    return as_workbook(INPUTS / "minimal", tmp_path_factory.mktemp("book") / "minimal.xlsx")


@pytest.fixture(scope="session")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook that is not solved before it is stopped."""

    folder = tmp_path_factory.mktemp("hard")
    return as_workbook(books.write(books.hard(), folder / "book"), folder / "hard.xlsx")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server; once it has ended nothing of what was uploaded is left."""

    folder = tmp_path_factory.mktemp("served")
    with served(folder=folder) as found:
        assert stat.S_IMODE(next(folder.iterdir()).stat().st_mode) == 0o700
        yield found
    assert list(folder.iterdir()) == []


@pytest.fixture
def guest(address: str) -> Iterator[Any]:

    found = Guest(address)
    yield found
    found.client.post("/forget")
    found.close()


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found
