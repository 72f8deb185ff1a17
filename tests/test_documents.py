"""Every block of code in the documents runs, and what they show is what there is."""

from __future__ import annotations

import doctest
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optalloc
import optalloc.pipeline.solve_book
import optalloc.report.cells
import optalloc.report.paper.fit
import optalloc.report.symbols
import optalloc.solving.resolve
import optalloc.spreadsheet.frames
import optalloc.spreadsheet.sheets
from optalloc.cli.main import COMMANDS, loaded
from optalloc.cli.reference import commands_page, names_page, write_reference
from optalloc.report.documents import COMMAND, DOCUMENTS
from tests.paths import INPUTS, ROOT
from tests.sessions import LANGUAGES, blocks_of, run

REFERENCE = ROOT / "docs" / "reference"
GENERATED = [path.name for path in REFERENCE.glob("*.md") if "<!-- Written by" in path.read_text()]
# Written by hand, those of developers last; the others are written from the code.
WRITTEN = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")),
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if path.name not in GENERATED and path.parent.name != "developing"
    ),
]
DEVELOPING = sorted((ROOT / "docs" / "developing").glob("*.md"))
BESIDE = [ROOT / "benchmarks" / "README.md", *sorted(INPUTS.glob("*/README.md"))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Documents whose commands take minutes, and those that run by default.
LONG = {"bench.md", "rolling.md", "uncertainty.md"}
DEFAULT = {"README.md"}


def marks(document: Path) -> Any:
    """Mark of a document's test, by how long its commands take."""
    if document.name in LONG:
        return pytest.mark.slow
    return () if document.name in DEFAULT else pytest.mark.long


@pytest.fixture
def in_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which the documents' relative paths hold, so that nothing is written here."""
    (tmp_path / "inputs").symlink_to(INPUTS)
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    # Workers that are started import the package that is tested.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.mark.parametrize(
    "document",
    [pytest.param(d, marks=marks(d)) for d in WRITTEN],
    ids=[named(d) for d in WRITTEN],
)
def test_every_block_runs(document: Path, in_root: Path) -> None:
    """Proves: a reader who follows a document from its beginning sees what it shows."""
    blocks = blocks_of(document)
    assert {block.language for block in blocks} <= set(LANGUAGES)
    run(blocks)


@pytest.mark.slow
def test_every_page_of_developers_runs(in_root: Path) -> None:
    """Proves: what the pages add works in a copy of the package, together, by the changes shown."""
    for folder in ("optalloc", "models"):
        shutil.copytree(ROOT / folder, in_root / folder)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(in_root), str(ROOT)])}
    command = [sys.executable, "-W", "error", "-m", "tests.sessions", *map(str, DEVELOPING)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("document", DEVELOPING, ids=named)
def test_pages_of_developers_are_short(document: Path) -> None:
    """Proves: a page is read in a few minutes, and each of its blocks is of a kind that runs."""
    assert len(document.read_text("utf-8").splitlines()) <= 120
    assert {block.language for block in blocks_of(document)} <= set(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("text", "North: the plan builds at South\n"),
        ("sh", "optalloc solve inputs/pacific --no-such-option\n"),
        ("sh", "optalloc solve inputs/atlantic\n"),
        ("sh", "pip install 'optalloc[magic]'\n"),
        ("sh", "make coffee\n"),
        ("python", "assert False\n"),
        ("diff", "--- a.txt\n+++ a.txt\n@@\n-one line\n+another\n"),
    ],
)
def test_what_a_document_gets_wrong_is_found(language: str, text: str, in_root: Path) -> None:
    """Proves: output that is not printed, options, inputs, extras and lines that are not there fail."""
    (in_root / "a.txt").write_text("other lines\n")
    page = in_root / "page.md"
    page.write_text(f"```python\nprint('North: the plan builds')\n```\n```{language}\n{text}```\n")
    with pytest.raises(AssertionError):
        run(blocks_of(page))


def test_cells_that_a_page_says_to_type_are_typed(in_root: Path) -> None:
    """Proves: a row whose key stands on the sheet changes, in the columns that are shown alone, and
    another is added below. Sensitivity: a column that the sheet does not have fails."""
    page = in_root / "page.md"
    make = "```sh\noptalloc template my.xlsx --from inputs/minimal\n```\n"
    line = "On `GridZones` of `my.xlsx`:\n\n| zone | period | {} |\n|---|---|---|\n"
    rows = "| Fjord | Y2 | 40 |\n| Coast | Y1 | 7 |\n"
    page.write_text(make + line.format("max_total_mw") + rows)
    run(blocks_of(page))
    sheet = optalloc.read_workbook("my.xlsx").sheets["GridZones"].rows
    zone, period, _, most = zip(*sheet[1:], strict=True)
    assert (zone, period) == (("Fjord",) * 3 + ("Coast",), ("Y1", "Y2", "Y3", "Y1"))
    assert most == (65, 40, 65, 7)
    page.write_text(line.format("most_mw") + rows)
    with pytest.raises(AssertionError, match="most_mw"):
        run(blocks_of(page))


@pytest.mark.long
def test_docstring_examples_run(in_root: Path) -> None:
    """Proves: the examples in docstrings give what they say."""
    for module in (
        optalloc.pipeline.solve_book,
        optalloc.solving.resolve,
        optalloc.report.symbols,
        optalloc.report.cells,
        optalloc.report.paper.fit,
        optalloc.spreadsheet.frames,
        optalloc.spreadsheet.sheets,
    ):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


def tables_shown(document: Path) -> dict[str, list[list[str]]]:
    """Tables of a document whose first title names a sheet, as in ``Sites: site``."""
    found = {}
    for table in re.findall(r"(?:^\|.*\n)+", document.read_text("utf-8"), re.MULTILINE):
        titles, _, *rows = [
            [cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()
        ]
        sheet, colon, first = titles[0].partition(": ")
        if colon:
            found[sheet] = [[first, *titles[1:]], *rows]
    return found


def test_the_first_case_is_what_the_readme_shows() -> None:
    """Proves: each table of README's and the tutorial's first case is a file of inputs/first, and its
    plan's actions and cost are those shown. Sensitivity: without Oslo the plan costs what Porto
    alone would."""
    shown = tables_shown(ROOT / "README.md")
    actions = shown.pop("Actions")
    assert tables_shown(ROOT / "docs" / "tutorial" / "first-plan.md") == shown
    folder = INPUTS / "first"
    written = {
        path.stem: [line.split(",") for line in path.read_text("utf-8").splitlines()]
        for path in folder.glob("*.csv")
    }
    assert shown == written
    plan = optalloc.solve(folder)
    frame = plan["Actions"][actions[0]].assign(date=lambda f: f["date"].dt.date.astype(str))
    assert [[_shown(cell) for cell in row] for row in frame.to_numpy()] == actions[1:]
    readme = (ROOT / "README.md").read_text("utf-8")
    sums = dict(re.findall(r"(\d+ [\dx +]+) = (\d+)", readme))
    for words, result in sums.items():
        terms = [[int(n) for n in term.split(" x ")] for term in words.split(" + ")]
        assert sum(term[0] * term[-1] ** (len(term) - 1) for term in terms) == int(result)
    assert plan["Cost"]["cash"].sum() == pytest.approx(float(next(iter(sums.values()))))
    assert f"{plan.cost:.1f} as total cost" in " ".join(readme.split())


def _shown(cell: object) -> str:
    if pd.isna(cell):
        return ""
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def public() -> dict[str, Any]:
    """Public names of the package."""
    return {name: getattr(optalloc, name) for name in optalloc.__all__}


def test_what_is_written_from_the_code_is_fresh(tmp_path: Path) -> None:
    """Proves: each page of reference is what families, commands and docstrings say now."""
    commands = {name: loaded(name) for name in COMMANDS}
    written = write_reference(tmp_path, optalloc.load_model(), commands, public())
    assert sorted(path.name for path in written) == sorted(GENERATED)
    for fresh in written:
        kept = (REFERENCE / fresh.name).read_text("utf-8")
        assert kept == fresh.read_text("utf-8"), f"{fresh.name} is stale: run `{COMMAND}`"


def test_every_option_and_every_public_name_is_in_the_reference() -> None:
    """Proves: no command, option, name or parameter is left out, and the links lead somewhere."""
    page = commands_page({name: loaded(name) for name in COMMANDS})
    for name in COMMANDS:
        group = getattr(loaded(name), "commands", {"": loaded(name)})
        for within, command in group.items():
            section = page.partition(f"# optalloc {name} {within}".rstrip() + "\n")[2]
            section = section.partition("\n##")[0]
            options = {o for p in command.params for o in p.opts if o.startswith("--")}
            assert {o for o in options if f"`{o}" not in section} == set()
            assert within or group != {"": command} or section.count("\n| `") == len(command.params)
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors(page)
    page = names_page(public())
    for name, found in public().items():
        section = page.partition(f"\n### {name}\n")[2].partition("\n###")[0]
        assert (inspect.getdoc(found) or "?").split()[0].strip("`") in section
        if not inspect.isclass(found):
            assert f"{name}(" in section
            assert [p for p in inspect.signature(found).parameters if p not in section] == []


def test_every_part_of_the_model_is_in_the_documents() -> None:
    """Proves: no sheet, column, table, limit, ledger or code is left out, and links lead somewhere."""
    model = optalloc.load_model()
    formulation, dictionary, codes = (document(model) for document in DOCUMENTS.values())
    for name in (*model.limits, *model.ledgers):
        assert name in formulation
    for sheet in (*model.sheets.values(), *model.outputs.values()):
        assert f"### {sheet.name}" in dictionary
        for column in sheet.columns:
            assert f"| `{column.name}` | {column.kind} | {column.unit} |" in dictionary
    for family in model.families:
        assert f"## {family.title}\n" in formulation
        for code in family.codes:
            assert f"| `{code}` | {family.title} |" in codes
    for page in (formulation, dictionary):
        headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors(page)
        assert len(headings) == len(set(headings))


def test_every_sheet_is_on_the_page_of_the_workbook() -> None:
    """Proves: the page names each sheet once, and the required ones as required."""
    text = (REFERENCE / "workbook.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\w, ]+) \| [^|]+ \| (required|) ?\|$", text, re.MULTILINE)
    told = {name: bool(word) for names, word in rows[1:] for name in names.split(", ")}
    sheets = optalloc.load_model().sheets
    assert told == {name: sheet.required for name, sheet in sheets.items()}


def anchors(page: str) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("document", [*WRITTEN, *DEVELOPING, *BESIDE], ids=named)
def test_documents_name_what_exists(document: Path) -> None:
    """Proves: every path in backticks is there, and every link leads to a file and a heading."""
    prose = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    paths = re.findall(r"`((?:optalloc|models|inputs|tests|benchmarks|docs)/[\w./]+)`", prose)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    for link in re.findall(r"\]\(([^)]+)\)", prose):
        target, _, anchor = link.partition("#")
        if not target.startswith("http"):
            path = document.parent / target if target else document
            assert path.exists(), link
            assert not anchor or anchor in anchors(path.read_text("utf-8")), link


def test_every_command_is_shown() -> None:
    """Proves: each command stands in a block of some document, which runs or is parsed."""
    blocks = [block for page in [*WRITTEN, *DEVELOPING] for block in blocks_of(page)]
    text = "".join(block.text for block in blocks if block.language == "sh")
    commands = {name: loaded(name) for name in COMMANDS}
    assert set(re.findall(r"^optalloc (\w+)", text, re.MULTILINE)) == {*commands}
    for name, command in commands.items():
        within = getattr(command, "commands", {})
        shown = set(re.findall(rf"^optalloc {name} (\w+)", text, re.MULTILINE))
        assert not within or shown == {*within}


def test_every_page_can_be_reached() -> None:
    """Proves: from the README links lead to every page of docs."""
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        page = left.pop()
        reached.add(page)
        links = re.findall(r"\]\(([^)#]+\.md)", page.read_text("utf-8"))
        found = {(page.parent / link).resolve() for link in links if "://" not in link}
        left += sorted(found - reached - set(left))
    assert set((ROOT / "docs").rglob("*.md")) <= reached


def test_the_glossary_says_each_term_once() -> None:
    """Proves: one name, one meaning, in one or two sentences."""
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    terms = Counter(term for names, _ in rows for term in names.split(", ") if term != "Term")
    assert [term for term, count in terms.items() if count > 1] == []
    assert [names for names, meaning in rows if len(re.findall(r"\.(?: |$)", meaning)) > 2] == []
