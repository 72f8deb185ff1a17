"""Templates, style and static files of the pages, shared with the report."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from optalloc import report
from optalloc.report.render import plotly_script

__all__ = ["rendered", "static"]

_HERE = Path(__file__).resolve().parent
_REPORT = Path(report.__file__).resolve().parent


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": _number, "percent": _percent}
    made.filters["capitalize_first"] = lambda words: words[:1].upper() + words[1:]
    return made


def rendered(template: str, **values: Any) -> str:
    """A page as text."""
    return _environment().get_template(f"{template}.html.j2").render(**values)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.3f} %"


@cache
def static(name: str) -> tuple[bytes, str] | None:
    """Bytes and media type of a static file; None if there is no such file."""
    if name == "serve.css":
        own = (_HERE / "serve.css").read_text("utf-8")
        return (_own_colours() + own).encode(), "text/css"
    if name == "live.js":
        parts = (_REPORT / "theme.js", _HERE / "live.js")
        text = "\n".join(part.read_text("utf-8") for part in parts)
        return f'"use strict";\n{text}'.encode(), "text/javascript"
    return (plotly_script(), "text/javascript") if name == "plotly.js" else None


def _own_colours() -> str:
    """The report's style, its dark colours wherever the reader's system asks for them."""
    style = (_REPORT / "page.css").read_text("utf-8")
    dark = re.search(r':root\[data-theme="dark"\] (\{[^}]*\})', style)
    assert dark is not None, "page.css has dark colours"
    return f"{style}@media screen and (prefers-color-scheme: dark) {{ :root {dark[1]} }}\n"
