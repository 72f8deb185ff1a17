"""Hooks of mkdocs: pages that stand beside `docs` and notebooks join the site, and links follow.

Documents link to each other as files of the repository, so that they can be read there too. In the
site a link leads to the page of that file; a file without a page is named, and not linked.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent

# Page of each file that stands elsewhere, by its path in the repository.
BESIDE = {
    "README.md": "explanation/readme.md",
    "ARCHITECTURE.md": "developing/architecture.md",
    "CONTRIBUTING.md": "developing/contributing.md",
    "CHANGELOG.md": "developing/changelog.md",
    "benchmarks/README.md": "explanation/benchmarks.md",
    "benchmarks/NOTEBOOK.md": "explanation/notebook.md",
    **{
        path.relative_to(ROOT).as_posix(): f"examples/{path.parent.name}.md"
        for path in sorted(ROOT.glob("inputs/*/README.md"))
    },
    **{
        path.relative_to(ROOT).as_posix(): f"notebooks/{path.stem}.md"
        for path in sorted(ROOT.glob("docs/notebooks/*.ipynb"))
    },
}
FILES = {page: path for path, page in BESIDE.items()}

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand beside `docs`, and the notebooks."""
    for path, page in BESIDE.items():
        text = (ROOT / path).read_text("utf-8")
        made = as_markdown(json.loads(text)) if path.endswith(".ipynb") else text
        files.append(File.generated(config, page, content=made))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links of a page lead to pages of the site."""
    here = page.file.src_uri
    path = FILES.get(here, f"docs/{here}")
    parts = _CODE.split(markdown)
    parts[::2] = [
        _LINK.sub(lambda found: mended(found, path, here, files), part) for part in parts[::2]
    ]
    return "".join(parts)


def mended(found: re.Match[str], path: str, here: str, files: Files) -> str:
    """Give a link of the file `path`, as it stands on the page `here`."""
    picture, words, link = found.groups()
    target, hash_, anchor = link.partition("#")
    if not target or "://" in target:
        return found[0]
    there = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    uri = BESIDE.get(there) or BESIDE.get(f"{there}/README.md") or there.removeprefix("docs/")
    if files.get_file_from_path(uri) is None:
        return words
    relative = os.path.relpath(uri, posixpath.dirname(here) or ".")
    return f"{picture}[{words}]({relative}{hash_}{anchor})"


def as_markdown(notebook: dict[str, Any]) -> str:
    """Give an executed notebook as a page: its words, its code and what that shows."""
    return "\n\n".join(part for cell in notebook["cells"] for part in _cell(cell)) + "\n"


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    text = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield text
        return
    yield f"```python\n{text}\n```"
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "text/html" in data:
            html = re.sub(r"\n\s*\n", "\n", "".join(data["text/html"]))
            yield f'<div class="output">\n{html}\n</div>'
        else:
            shown = "".join(output.get("text", data.get("text/plain", ""))).rstrip()
            yield f"```text\n{shown}\n```"
