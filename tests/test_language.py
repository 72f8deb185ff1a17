"""The words of the field: those on a list of private ones do not come back.

`ALLOWED` counts what is left in each folder. A number may only fall: lower it with each piece that
is put into the field's terms. ``python -m tests.test_language`` prints the counts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

# What is written, as a regular expression, and what to write instead.
EVERYWHERE = {
    r"nought": "zero",
    r"anew": "again",
    r"alike": "the same, equal, likewise",
    r"told": "reported, given",
    r"hopeless": "fixed by reduced cost",
    r"(?:made|make|makes|making) whole": "integer-feasible, rounded",
    r"in fractions": "fractional",
    r"g[ai]ve(?:s|n)? way|giving way": "is relaxed, is violated",
    r"least given": "cheapest relaxation",
    r"bounds? (?:is |are |be )?drawn in": "tightened bounds",
    r"enough bounds": "dominated bounds",
    r"points? of the (?:whole|part)": "full solution, restriction to the sub-MIP",
    r"given out": "returned",
}
# In the engine, which plans nothing in particular and knows no planner's words.
ENGINE = {
    r"broken|breaks": "violated, violates",
    r"whole numbers?": "integers",
    r"drafts?": "infeasible candidate",
    r"desks?": "queue",
    r"dear|dearer|dearest": "penalty, penalty growth",
    r"patience": "a limit with its unit",
    r"halls?|electricians?|megawatts?": "columns, rows, keys",
}
ENGINE_FOLDERS = ("optalloc/compile", "optalloc/mip", "optalloc/solving")
# A docstring states what a thing returns or does; it does not ask.
ASKS = re.compile(r"(?:What|Whether)\b|[^\n]*\?\s*(?:\n|$)")
DOCSTRING = "docstring"
INSTEAD = EVERYWHERE | ENGINE | {DOCSTRING: "a statement, such as 'Give ...' or 'Return ...'"}

ALLOWED = {
    "documents": 0,
    "models": 0,
    "optalloc": 0,
    "optalloc/analysis": 0,
    "optalloc/cli": 0,
    "optalloc/compile": 0,
    "optalloc/data": 0,
    "optalloc/mip": 0,
    "optalloc/modelling": 0,
    "optalloc/plan": 0,
    "optalloc/report": 0,
    "optalloc/scenarios": 0,
    "optalloc/serve": 0,
    "optalloc/solving": 0,
    "optalloc/spreadsheet": 0,
    "optalloc/sweeps": 0,
}


def folder_of(path: Path) -> str:
    """Folder by which a file is counted: a room of the package, the model folder, or documents."""
    parts = path.relative_to(ROOT).parts
    if path.suffix == ".md":
        return "documents"
    return "/".join(parts[:2]) if parts[0] == "optalloc" and len(parts) > 2 else parts[0]


def files() -> list[Path]:
    """Sources of the package and of the model folder, and what is written by hand in Markdown."""
    sources = [
        path
        for folder in ("optalloc", "models")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js", ".html", ".css")
    ]
    pages = [
        path
        for path in (ROOT / "docs").rglob("*.md")
        if "<!-- Written by" not in path.read_text("utf-8")
    ]
    names = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
    return sorted([*sources, *pages, *(ROOT / name for name in names)])


def found_in(path: Path) -> Iterator[tuple[str, int, str]]:
    """Each word of the lists in a file and each docstring that asks: its kind, line and text."""
    text, folder = path.read_text(encoding="utf-8"), folder_of(path)
    lists = [EVERYWHERE, *([ENGINE] if folder in ENGINE_FOLDERS else [])]
    for word in (word for words in lists for word in words):
        # A word within a name counts: `made_whole` is two words.
        pattern = rf"(?<![^\W_])(?:{word.replace(' ', '[ _]+')})(?![^\W_])"
        for hit in re.finditer(pattern, text, re.IGNORECASE):
            yield word, text[: hit.start()].count("\n") + 1, hit[0]
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = (ast.get_docstring(node) or "").partition("\n")[0]
                if ASKS.match(first):
                    yield DOCSTRING, getattr(node, "lineno", 1), first


def counted() -> dict[str, list[str]]:
    """Places by folder, with what to write there instead."""
    places: dict[str, list[str]] = {}
    for path in files():
        own = places.setdefault(folder_of(path), [])
        for word, line, hit in found_in(path):
            own.append(f"{path.relative_to(ROOT)}:{line}: {hit!r}; write: {INSTEAD[word]}")
    return places


@pytest.fixture(scope="module")
def places() -> dict[str, list[str]]:
    return counted()


@pytest.mark.parametrize("folder", sorted({folder_of(path) for path in files()} | set(ALLOWED)))
def test_private_words_do_not_come_back(folder: str, places: dict[str, list[str]]) -> None:
    """Proves: a folder has as many words of the lists as are left to be changed, and no new ones."""
    found, allowed = places.get(folder, []), ALLOWED.get(folder, 0)
    listed = "\n".join(found)
    assert len(found) <= allowed, f"{folder}: {len(found)} of at most {allowed}:\n{listed}"
    lower = f"{folder}: {len(found)} are left; lower its number in ALLOWED from {allowed}"
    assert len(found) == allowed, lower


def test_a_word_is_found_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: words are found in comments, names and docstrings of their folder, and not elsewhere.
    Sensitivity: a part of another word is none, nor is a word of the engine outside of it."""
    monkeypatch.setattr("tests.test_language.ROOT", tmp_path)
    text = (
        '''"""Whether it is so."""\nmade_whole = 1  # gave way\nnaughty = unbroken = "broken"\n'''
    )
    found = {}
    for name in ("optalloc/mip/a.py", "optalloc/data/a.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        found[name] = sorted((line, hit) for _, line, hit in found_in(path))
    common = [(1, "Whether it is so."), (2, "gave way"), (2, "made_whole")]
    assert found == {"optalloc/data/a.py": common, "optalloc/mip/a.py": [*common, (3, "broken")]}


if __name__ == "__main__":
    for name, hits in sorted(counted().items()):
        print(f'    "{name}": {len(hits)},')
