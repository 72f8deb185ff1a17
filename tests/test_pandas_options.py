"""Options of pandas belong to the user's process: none is set, and none changes a result."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

import optalloc
from tests.paths import INPUTS, ROOT

STORAGE, INFER = "mode.string_storage", "future.infer_string"
SETTINGS = {
    "python": {STORAGE: "python"},
    "pyarrow": {STORAGE: "pyarrow"},
    "auto": {STORAGE: "auto"},
    "object": {INFER: False},
}
OTHERS = [name for name in SETTINGS if name != "python"]
# Where a process is the library's own, it begins in one of these.
OWN = (
    *("__main__.py", "analysis/bench/runner.py", "serve/work/process.py"),
    *("solving/pool.py", "system.py"),
)

Tables = dict[str, pd.DataFrame]

pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")


@contextmanager
def options(name: str) -> Iterator[None]:
    """Set options of pandas, and see that they are as they were set in the end."""
    words = [word for pair in SETTINGS[name].items() for word in pair]
    with pd.option_context(*words):
        before = pd.describe_option(_print_desc=False)
        yield
        assert pd.describe_option(_print_desc=False) == before


def tables(book: Path) -> Tables:
    """Every table of a plan, without its seconds."""
    found = dict(optalloc.solve(book, threads=1, strategy="direct").tables)
    run = found["Run"]
    found["Run"] = run[~run["entry"].str.startswith("seconds")].reset_index(drop=True)
    return found


@pytest.mark.long
def test_a_fresh_process_keeps_its_options() -> None:
    """Proves: neither importing the library and its commands nor a solve sets an option of pandas.

    Sensitivity: mode.string_storage set in any module that is imported.
    """
    script = (
        "import pandas as pd; before = pd.describe_option(_print_desc=False); import optalloc; "
        "[getattr(optalloc, name) for name in optalloc.__all__]; import optalloc.cli.main; "
        "assert pd.describe_option(_print_desc=False) == before; "
        "optalloc.solve('inputs/minimal', strategy='direct'); "
        "assert pd.describe_option(_print_desc=False) == before"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=300)


def test_only_own_processes_set_an_option() -> None:
    """Proves: one function sets an option, and only where a process of the library's own begins."""
    folders = (ROOT / "optalloc", ROOT / "models")
    named = {
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*.py")
        if re.search(r"set_option\(|infer_python_text|pd\.options", path.read_text("utf-8"))
    }
    assert named == set(OWN)


@pytest.fixture(scope="module", params=["minimal", "everything"])
def book(request: pytest.FixtureRequest, everything_folder: Path) -> Path:
    return INPUTS / "minimal" if request.param == "minimal" else everything_folder


@pytest.fixture(scope="module")
def usual(book: Path) -> Tables:
    with options("python"):
        return tables(book)


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize("name", OTHERS)
def test_a_plan_is_the_same_under_any_options(name: str, book: Path, usual: Tables) -> None:
    """Proves: all tables are equal, their dtypes too, however pandas would keep text.

    Sensitivity: text of a sheet, or a table's, left to the inference of pandas.
    """
    with options(name):
        found = tables(book)
    assert found.keys() == usual.keys()
    for table, frame in usual.items():
        pd.testing.assert_frame_equal(found[table], frame, obj=table)


@pytest.mark.slow
def test_errors_are_the_same_under_any_options() -> None:
    """Proves: problems of a workbook, and the shortfalls of one without a plan, are the same."""
    found = {}
    for name in SETTINGS:
        with options(name):
            with pytest.raises(optalloc.InputError) as refusal:
                optalloc.solve(INPUTS / "broken.xlsx")
            with pytest.raises(optalloc.InfeasibleError) as none:
                optalloc.solve(INPUTS / "infeasible" / "budget", threads=1, strategy="direct")
        found[name] = [*map(str, refusal.value.problems)], none.value.shortfalls
    problems, shortfalls = found.pop("python")
    for others, less in found.values():
        assert others == problems
        pd.testing.assert_frame_equal(less, shortfalls)
