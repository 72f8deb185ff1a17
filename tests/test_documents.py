"""Every block of code in the documents runs, and says what it says."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path

import pytest

import optalloc
import optalloc.pipeline
import optalloc.report.symbols
import optalloc.solving.resolve
from optalloc.report.documents import COMMAND, DOCUMENTS
from tests import books
from tests.paths import ROOT


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def in_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which the documents' relative paths hold, so that nothing is written here."""
    (tmp_path / "inputs").symlink_to(ROOT / "inputs")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", blocks("README.md", "python"))
def test_readme_code_runs(block: str, in_root: Path) -> None:
    """Proves: the README's Python works as printed."""
    exec(compile(block, "README.md", "exec"), {})


def test_docstring_examples_run(in_root: Path) -> None:
    """Proves: the examples in docstrings give what they say."""
    for module in (optalloc.pipeline, optalloc.solving.resolve, optalloc.report.symbols):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


def test_the_worked_family_works(tmp_path: Path) -> None:
    """Proves: the family of CONTRIBUTING loads from a folder and binds.

    A and B are needed for 150 MW. Sensitivity: at most one site leaves 50 MW to pay for.
    """
    folder = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "capacity", folder)
    (block,) = blocks("CONTRIBUTING.md", "python")
    (folder / "site_count.py").write_text(block)
    case = books.book(
        Sites=[
            {"site": s, "status": "candidate", "max_mw": 100, "build_cost_per_mw": 10} for s in "AB"
        ],
        Network=[{"site": s, "region": "R", "latency_ms": 1} for s in "AB"],
        Demand=books.demand(150),
        Workloads={"unmet_penalty_per_mw_year": 50},
    )
    book = books.write(case, tmp_path / "book")
    assert optalloc.solve(book, model=folder).cost == pytest.approx(1500)
    (book / "SiteCount.csv").write_text("setting,value\nmax_sites,1\n")
    plan = optalloc.solve(book, model=folder)
    assert plan.cost == pytest.approx(1000 + 50 * 50)
    limits = plan["Limits"].set_index("limit")
    assert bool(limits.loc["sites_committed", "binding"])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_written_from_the_families_is_fresh(name: str) -> None:
    """Proves: the page in docs is what the families say now."""
    path = ROOT / "docs" / name
    written = path.read_text("utf-8") if path.is_file() else ""
    assert written == DOCUMENTS[name](optalloc.load_model()), f"stale: run `{COMMAND}`"


def test_every_part_of_the_model_is_in_the_documents() -> None:
    """Proves: no sheet, column, table, limit, ledger or code is left out, and links lead somewhere."""
    model = optalloc.load_model()
    formulation, dictionary = (document(model) for document in DOCUMENTS.values())
    for name in (*model.limits, *model.ledgers):
        assert name in formulation
    for sheet in (*model.sheets.values(), *model.outputs.values()):
        assert f"### {sheet.name}" in dictionary
        for column in sheet.columns:
            assert f"| `{column.name}` | {column.kind} | {column.unit} |" in dictionary
    for family in model.families:
        assert f"## {family.title}\n" in formulation
        for code in family.codes:
            assert f"| `{code}` | {family.title} |" in dictionary
    for page in (formulation, dictionary):
        headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
        assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors
        assert len(headings) == len(set(headings))


def test_documents_name_what_exists() -> None:
    """Proves: every path that a document names in backticks is there."""
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text()
        named = re.findall(r"`((?:optalloc|models|inputs|tests|benchmarks)/[\w./]+)`", text)
        missing = [path for path in named if not (ROOT / path).exists()]
        assert missing == [], document
