"""Plots of a campaign, and one page of tables and plots that needs nothing else."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from plotly.io.json import to_json_plotly

from benchmarks.campaign.figures import profile
from optalloc.report.payload import packed
from optalloc.report.render import plotly_script, script, style

__all__ = ["as_page", "drawn"]

_HERE = Path(__file__).resolve().parent


def drawn(runs: pd.DataFrame, traces: pd.DataFrame) -> list[go.Figure]:
    """Performance profile, gap over time by size, and peak memory."""
    figures = [_profile_figure(runs)]
    sizes = runs[["instance", "size"]].drop_duplicates()
    for size in sizes["size"].unique():
        own = traces.merge(sizes[sizes["size"] == size], on="instance")
        figures.append(_gap_figure(own, str(size)))
    memory = go.Figure()
    for route, own in runs.groupby("route", sort=False):
        peak = own.groupby("size", sort=False)["peak_mb"].max()
        memory.add_bar(name=str(route), x=[*peak.index], y=[*peak])
    memory.update_layout(
        title="Peak memory", xaxis_title="size", yaxis_title="MB", yaxis_rangemode="tozero"
    )
    return [*figures, memory]


def _profile_figure(runs: pd.DataFrame) -> go.Figure:
    figure, points = go.Figure(), profile(runs)
    last = max(points["ratio"].max() * 1.1, 2.0)
    for route, own in points.groupby("route", sort=False):
        x, y = [*own["ratio"], last], [*own["share"], own["share"].iloc[-1]]
        figure.add_scatter(name=str(route), x=x, y=y, line_shape="hv", mode="lines")
    figure.update_layout(
        title="Performance profile, time to 1 %",
        xaxis_title="times the fastest",
        xaxis_type="log",
        yaxis_title="share of instances",
        yaxis_range=[0, 1.02],
    )
    return figure


def _gap_figure(traces: pd.DataFrame, size: str) -> go.Figure:
    figure = go.Figure()
    shown: set[str] = set()
    for (instance, route), own in traces.groupby(["instance", "route"], sort=False):
        gap = 100 * (own["objective"] - own["bound"]) / own["objective"].abs()
        kept = np.isfinite(gap) & (gap > 0)
        figure.add_scatter(
            name=str(route),
            legendgroup=str(route),
            showlegend=route not in shown,
            x=[*own["seconds"][kept]],
            y=[*gap[kept]],
            line={"shape": "hv", "width": 1.5},
            mode="lines",
            hovertemplate=f"{html.escape(str(instance))}<br>%{{x:.1f}} s: %{{y:.3f}} %",
        )
        shown.add(str(route))
    figure.update_layout(
        title=f"Proven gap over time, size {size}",
        xaxis_title="seconds",
        yaxis_title="gap in %",
        yaxis_type="log",
    )
    return figure


# Of a figure's layout: the page has a look and headings of its own.
_OWN_LOOK = ("template", "title")
# With what a measured value begins.
_MEASURED = frozenset("0123456789-≥")


def as_page(text: str, figures: list[go.Figure]) -> str:
    """One HTML page in the look of a plan's report: the tables, and the figures with their script.

    Parameters
    ----------
    text : str
        Our own Markdown: headings, lists, tables and lines.
    figures : list of plotly.graph_objects.Figure
        Their colours are the page's, by the names of their traces.
    """
    plain = [figure.to_plotly_json() for figure in figures]
    told = [
        {
            "data": figure["data"],
            "layout": {k: v for k, v in figure["layout"].items() if k not in _OWN_LOOK},
        }
        for figure in plain
    ]
    headings = [figure["layout"]["title"]["text"] for figure in plain]
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        blocks=_blocks(text),
        headings=headings,
        style=Markup(style()),
        scripts=Markup("\n".join((script("data.js"), script("theme.js"), _script()))),
        plotly=packed(plotly_script()),
        figures=packed(to_json_plotly(told).encode()),
    )


def _script() -> str:
    return (_HERE / "page.js").read_text("utf-8")


def _blocks(text: str) -> list[dict[str, Any]]:
    """Headings, tables, lists and lines of our own Markdown, in order."""
    blocks: list[dict[str, Any]] = []
    for line in filter(None, text.splitlines()):
        if line.startswith("| ---"):
            continue
        if line.startswith("|"):
            cells = [cell.strip() for cell in line[1:-1].split("|")]
            if blocks and blocks[-1]["kind"] == "table":
                blocks[-1]["rows"].append(cells)
                measured = zip(blocks[-1]["number"], cells, strict=True)
                blocks[-1]["number"] = [
                    number and (cell in ("", "none") or cell[0] in _MEASURED)
                    for number, cell in measured
                ]
            else:
                blocks.append(
                    {"kind": "table", "head": cells, "rows": [], "number": [True] * len(cells)}
                )
            continue
        level = len(line) - len(line.lstrip("#"))
        kind = f"h{level}" if level else "p"
        blocks.append({"kind": kind, "words": line.lstrip("#- ")})
    return blocks
