"""Plots of a campaign, and one page of tables and plots that needs nothing else."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from benchmarks.campaign.figures import profile

__all__ = ["as_page", "drawn"]


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
    memory.update_layout(title="Peak memory", yaxis_title="MB", yaxis_type="log")
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
    colours = dict(zip(traces["route"].unique(), _COLOURS * 9, strict=False))
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
            line={"color": colours[route], "shape": "hv", "width": 1.5},
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


_COLOURS = ("#1f5fa8", "#c25a12", "#3b8443", "#9b3c8c", "#7a6a2b", "#56606b", "#b3273a", "#1b8a8f")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;padding:.2rem .6rem;"
    "text-align:right}td:first-child,td:nth-child(2){text-align:left}"
)


def as_page(text: str, figures: list[go.Figure]) -> str:
    """One HTML page: the tables, and the figures with plotly's own code inside."""
    plots = [
        figure.to_html(full_html=False, include_plotlyjs=k == 0) for k, figure in enumerate(figures)
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Campaign</title>'
        f"<style>{_STYLE}</style>{_as_html(text)}{''.join(plots)}</html>"
    )


def _as_html(text: str) -> str:
    """Headings, lists and tables of our own Markdown."""
    out: list[str] = []
    for line in text.splitlines():
        if line.startswith("| ---"):
            continue
        if line.startswith("|"):
            cells = "".join(
                f"<td>{html.escape(cell.strip())}</td>" for cell in line[1:-1].split("|")
            )
            if not (out and out[-1].endswith("</tr>")):
                out.append("<table>")
            out.append(f"<tr>{cells}</tr>")
            continue
        if out and out[-1].endswith("</tr>"):
            out.append("</table>")
        level = len(line) - len(line.lstrip("#"))
        plain = html.escape(line.lstrip("#- "))
        out.append(f"<h{level}>{plain}</h{level}>" if level else f"<p>{plain}</p>" if plain else "")
    if out and out[-1].endswith("</tr>"):
        out.append("</table>")
    return "\n".join(out)
