"""One file of HTML that needs nothing else: words, style, scripts, and the tables packed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.data.coast import land_json
from optalloc.errors import OptallocError
from optalloc.report.payload import lines, packed

__all__ = ["Words", "plotly_script", "rendered", "script", "style"]

_HERE = Path(__file__).resolve().parent
_SCRIPTS = (
    *("format.js", "data.js", "theme.js", "charts.js", "limits.js", "bar_charts.js", "timeline.js"),
    *(
        "map.js",
        "sweep_charts.js",
        "tree_charts.js",
        "step_charts.js",
        "tables.js",
        "written.js",
        "page.js",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Words:
    """Words of a page beside its charts and tables.

    Parameters
    ----------
    kind : str
        Subject of the page, such as ``"Plan"``.
    name, pill : str
        Its name, and the marked word beside it.
    headline : str
    lead : sequence of str
        Sentences below.
    figures : sequence of mapping
        ``label``, ``value`` (exact), ``shown`` and ``unit`` of each large figure.
    findings : sequence of str
        Further sentences, as a list.
    about_tables : str
        Sentence above all tables.
    coast : bool
        True if the page has a map.
    """

    kind: str
    name: str
    pill: str
    headline: str
    lead: Sequence[str] = ()
    figures: Sequence[Mapping[str, object]] = ()
    findings: Sequence[str] = field(default=())
    about_tables: str
    coast: bool = False


def rendered(content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], words: Words) -> str:
    """Give a page as text.

    Parameters
    ----------
    content : mapping
        From `payload`.
    tables : mapping of str to pandas.DataFrame
    words : Words

    Raises
    ------
    OptallocError
        If plotly is not installed.
    """
    # Imported here, so that a solve without a report does not pay for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = "\n".join(map(script, _SCRIPTS))
    land = land_json() if words.coast else b'{"rings":[]}'
    return environment.get_template("page.html.j2").render(
        words=words,
        sections=[(_anchor(e["title"]), e["title"]) for e in content["exhibits"]],
        style=Markup(style()),
        scripts=Markup(scripts),
        plotly=packed(plotly_script()),
        land=packed(land),
        data=packed(lines(content, tables)),
    )


def style() -> str:
    """The style of every page, light and dark."""
    return (_HERE / "page.css").read_text("utf-8")


def script(name: str) -> str:
    """One part of the page's script."""
    return (_HERE / name).read_text("utf-8")


def plotly_script() -> bytes:
    """Plotly's script, which its Python package carries; that package is not imported.

    The wrapper for other module systems is cut off where it has the known form: the body of a
    function is parsed once more, which took 0.25 s of a core for each page.
    """
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise OptallocError("plotly is not installed: pip install plotly")
    file = Path(spec.submodule_search_locations[0]) / "package_data/plotly.min.js"
    whole = file.read_bytes()
    begin, end = whole.find(b'"use strict";var Plotly='), whole.rfind(b"return Plotly;")
    if not 0 < begin < end:
        return whole
    licence = whole[: whole.find(b"*/") + 3]
    return licence + whole[begin:end]


def _anchor(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")
