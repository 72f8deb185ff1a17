"""The documents as a site: every page is in it, it builds strictly, and it asks nobody for anything."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.browser import browser, needs_browser
from tests.paths import ROOT


def hooks() -> ModuleType:
    """The hooks of the site."""
    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_navigation_names_every_page_once() -> None:
    """Proves: no page of docs, and none that joins them, is missing from `nav`; none is there twice."""
    text = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"([\w./-]+\.md)$", text, re.MULTILINE)
    docs = ROOT / "docs"
    pages = [path.relative_to(docs).as_posix() for path in docs.rglob("*.md")]
    assert sorted(named) == sorted([*pages, *hooks().BESIDE.values()])


def test_a_notebook_is_a_page_of_its_words_code_and_outputs() -> None:
    """Proves: each kind of cell comes in its order. Sensitivity: of two outputs of a cell the HTML is
    shown as such, and text as text."""
    cells = [
        {"cell_type": "markdown", "source": ["# A title\n", "words"]},
        {
            "cell_type": "code",
            "source": ["1 + 1"],
            "outputs": [
                {"text": ["2\n"]},
                {"data": {"text/html": ["<b>2</b>"], "text/plain": ["2"]}},
            ],
        },
    ]
    assert hooks().as_markdown({"cells": cells}) == (
        "# A title\nwords\n\n```python\n1 + 1\n```\n\n```text\n2\n```\n\n"
        '<div class="output">\n<b>2</b>\n</div>\n'
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built strictly: a link that leads nowhere ends it."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    assert "WARNING" not in ended.stderr
    return folder


@pytest.mark.long
def test_the_site_builds_strictly_and_names_no_other_host(built: Path) -> None:
    """Proves: it builds without a warning, with a page of every example; scripts, styles and pictures
    of all pages are its own."""
    pages = sorted(built.rglob("*.html"))
    assert built / "examples" / "minimal.html" in pages
    for page in pages:
        tags = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*>", page.read_text("utf-8"))
        assert [tag for tag in tags if re.search(r"(?:src|href)=[\"']?(?:https?:)?//", tag)] == []
    styles = "".join(path.read_text("utf-8") for path in built.rglob("*.css"))
    assert re.findall(r"(?:url\([\"']?|@import [\"']?)(?:https?:)?//", styles) == []


@pytest.mark.long
@needs_browser
def test_the_site_asks_nobody_for_anything(built: Path) -> None:
    """Proves: opened from a folder, pages of each kind load nothing from outside and fail at nothing;
    on a phone no page is wider than the screen."""
    with browser() as opened:
        page = opened.new_page(viewport={"width": 390, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for name in (
            "index",
            "tutorial/first-plan",
            "how-to/late-grid",
            "reference/formulation",
            "reference/data_dictionary",
            "notebooks/first_plan",
        ):
            page.goto((built / f"{name}.html").as_uri())
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, name
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
