"""Shared fixtures."""

from __future__ import annotations

import gc
import itertools
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import optalloc
from optalloc.mip.arrays import Arrays
from optalloc.starting.load import load_generator
from optalloc.system import infer_python_text
from tests import books
from tests.dask_cluster import dask
from tests.paths import SHARED


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that alone rewrites the golden model files."""
    parser.addoption(
        "--update-goldens", action="store_true", help="rewrite tests/golden from the families"
    )
    parser.addoption(
        "--pandas-defaults", action="store_true", help="leave the options of pandas as they are"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Hear Ctrl-C, and let what is started hear it, where a shell in the background does not.

    Text is inferred as in processes of the library's own, which is quicker; `.ci/run` also runs the
    quick tests by the defaults of pandas.
    """
    if not config.getoption("--pandas-defaults"):
        infer_python_text()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow the cases of a test after the first ones, where it says how many these are."""
    seen: Counter[str] = Counter()
    for item in items:
        first = item.get_closest_marker("first")
        if first is not None:
            test = item.nodeid.partition("[")[0]
            if seen[test] >= first.args[0]:
                item.add_marker("slow")
            seen[test] += 1


@pytest.fixture(scope="session", autouse=True)
def _modules_left_alone_by_the_collector() -> None:
    """Spare the garbage collector the walk over every module's objects, which never go away.

    The many small objects of a model make it look for circles hundreds of times a build.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def solve(tmp_path: Path) -> Callable[..., optalloc.Plan]:
    """Solve a small workbook: ``solve(Sites={...}, Demand=[...])`` changes the base case."""
    count = itertools.count()

    def run(options: dict[str, Any] | None = None, **sheets: Any) -> optalloc.Plan:
        folder, made = tmp_path / f"book{next(count)}", books.book(**sheets)
        return books.solve(made, folder, **options) if options else books.plan_of(made, folder)

    return run


@pytest.fixture
def least_cost(tmp_path: Path) -> Callable[..., float]:
    """Least cost of a small workbook, as `solve` takes it, without tables and audit.

    For a case beside one whose plan is audited, of which the cost is all that is asked.
    """
    count = itertools.count()

    def run(**sheets: Any) -> float:
        return books.least_cost(books.book(**sheets), tmp_path / f"cost{next(count)}")

    return run


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of published test data; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared test data is not here")
    return SHARED


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Dask scheduler with two workers of one thread, each a process of its own."""
    pytest.importorskip("distributed")
    with dask(tmp_path_factory.mktemp("dask"), workers=2, threads=1) as address:
        yield address


@pytest.fixture(scope="session")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Arrays:
    """The program of a generated instance of six sites in five periods."""
    folder = tmp_path_factory.mktemp("xs")
    load_generator().write("XS", 1, folder)
    model = optalloc.load_model()
    data = optalloc.validate(optalloc.read_workbook(folder), model)
    return optalloc.compile_program(optalloc.build(data, model))


@pytest.fixture(scope="session")
def everything_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workbook with rows on every sheet."""
    return books.write(books.everything(), tmp_path_factory.mktemp("everything") / "book")


@pytest.fixture(scope="session")
def everything(everything_folder: Path) -> optalloc.Plan:
    """Its plan."""
    return optalloc.solve(everything_folder)


@pytest.fixture(scope="session")
def everything_data(everything_folder: Path) -> tuple[optalloc.Dataset, optalloc.Model]:
    """Its dataset, and the model."""
    model = optalloc.load_model()
    return optalloc.validate(optalloc.read_workbook(everything_folder), model), model


@pytest.fixture(autouse=True)
def _ctrl_c_left_as_it_was() -> Iterator[None]:
    """No test changes whether Ctrl-C is heard: what later tests start would inherit it."""
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) == before
