"""The report of a campaign: Markdown, and one page with the same tables and plots."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.campaign.figures import NAMES, SHIFT_S, capped, longest, shifted_mean, summary
from benchmarks.campaign.page import as_page, drawn
from benchmarks.campaign.results import KEY, Results, primal_integral
from optalloc.system import replacing

__all__ = ["report"]


def report(results: Results) -> tuple[str, Path, Path]:
    """Write ``report.md`` and ``report.html`` into the folder of the results.

    Returns
    -------
    str, Path, Path
        The Markdown, and where both are.

    Raises
    ------
    ValueError
        If there are no runs.
    """
    runs = longest(results.runs())
    if runs.empty:
        raise ValueError(f"{results.folder}: no run was made yet")
    traces = results.traces().merge(runs[list(KEY)], on=list(KEY))
    known = results.best_known()["objective"].to_dict()
    runs["primal_integral"] = [_integral(run, traces, known) for run in runs.to_dict("records")]
    text = _markdown(runs, results.best_known())
    pages = results.folder / "report.md", results.folder / "report.html"
    contents = text, as_page(text, drawn(runs, traces))
    for path, content in zip(pages, contents, strict=True):
        with replacing(path) as unfinished:
            unfinished.write_text(content, encoding="utf-8")
    return text, *pages


def _integral(run: Mapping[Any, Any], traces: pd.DataFrame, known: Mapping[Any, Any]) -> float:
    """Primal integral against what is the best known plan by now."""
    own = traces[(traces[list(KEY)] == pd.Series({k: run[k] for k in KEY})).all(axis=1)]
    best = known.get(run["instance"], math.nan)
    if not math.isfinite(best):
        return math.nan
    return primal_integral(own, best, run["time_limit_s"])


def _markdown(runs: pd.DataFrame, best: pd.DataFrame) -> str:
    lines = ["# Campaign", "", *_conditions(runs), "", "## Seconds to a proven gap", ""]
    lines += [
        f"Shifted geometric means, shift {SHIFT_S:g} s, from reading on. A run that never had the "
        "gap counts at its limit, so that the mean is at least (≥) what is told; in brackets how "
        "many had it. Of runs that differ in their limit alone the longest counts.",
        "",
    ]
    lines += [*_means(runs), *_ratios(runs), *_every_run(runs), *_known(best)]
    return "\n".join(lines) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    cells = (" | ".join(str(cell).replace("|", "/") for cell in line) for line in lines)
    return [*(f"| {line} |" for line in cells), ""]


def _means(runs: pd.DataFrame) -> list[str]:
    rows = []
    for row in summary(runs).to_dict("records"):
        times = []
        for name in NAMES.values():
            least = "≥ " if row[f"{name} reached"] < row["runs"] else ""
            times.append(f"{least}{row[name]:.1f} s ({row[f'{name} reached']})")
        gap = _percent(row["final gap"], 2)
        gap += f" ({row['without a plan']} without a plan)" if row["without a plan"] else ""
        area, memory = _seconds(row["primal integral"]), f"{row['peak MB']:,.0f} MB"
        rows.append((row["size"], row["route"], row["runs"], *times, gap, area, memory))
    heads = ["size", "route", "runs", *(f"to {name}" for name in NAMES.values())]
    return _table([*heads, "final gap", "primal integral", "peak memory"], rows)


def _seconds(number: float) -> str:
    return f"{number:.1f} s" if math.isfinite(number) else ""


def _percent(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f} %" if math.isfinite(share) else "none"


def _conditions(runs: pd.DataFrame) -> list[str]:
    """Machine, versions, threads, limits: all that differ between runs are told."""
    lines = [f"- Runs: {len(runs)}, from {runs['when'].min()} to {runs['when'].max()}."]
    lines += [f"- Machine: {machine}." for machine in runs["machine"].unique()]
    for versions in runs["versions"].unique():
        told = ", ".join(f"{name} {number}" for name, number in json.loads(versions).items())
        lines.append(f"- Versions: {told}.")
    for name, column, unit in (
        ("Threads", "threads", ""),
        ("Gap asked for", "gap_asked", ""),
        ("Time limit", "time_limit_s", " s"),
        ("Memory limit", "memory_limit_mb", " MB"),
    ):
        values = ", ".join(f"{value:g}{unit}" for value in sorted(runs[column].unique()))
        lines.append(f"- {name}: {values}.")
    load = runs["load_at_start"]
    lines.append(
        f"- Load of the machine when runs began: {load.min():.1f} to {load.max():.1f}; above about "
        "0.5 others were at work, and seconds tell more than the routes take."
    )
    return lines


def _ratios(runs: pd.DataFrame) -> list[str]:
    """How many times as long each route takes as optalloc, to a gap of 1 %."""
    if "optalloc" not in set(runs["route"]):
        return []
    rows = []
    for size, own in capped(runs, "seconds_to_1_percent").groupby("size", sort=False):
        ours = own[own["route"] == "optalloc"]
        for route, theirs in own.groupby("route", sort=False):
            both = theirs.merge(ours, on="instance", suffixes=("", "_ours"))
            if route == "optalloc" or both.empty:
                continue
            ratio = shifted_mean(both["seconds"]) / max(shifted_mean(both["seconds_ours"]), 1e-9)
            reached = bool(both["reached"].all()), bool(both["reached_ours"].all())
            sign = {(False, True): "≥ ", (True, False): "≤ ", (False, False): "undecided, "}
            rows.append((size, route, len(both), f"{sign.get(reached, '')}{ratio:.1f}"))
    heads = ["size", "route", "instances", "times as long"]
    return ["## Against optalloc, to 1 %", "", *_table(heads, rows)]


def _every_run(runs: pd.DataFrame) -> list[str]:
    rows = []
    for run in runs.sort_values(["size", "seed", "instance"], kind="stable").to_dict("records"):
        costs = (
            f"{run[name]:,.2f}" if math.isfinite(run[name]) else "none"
            for name in ("objective", "bound")
        )
        times = (_seconds(run[f"seconds_{name}"]) for name in ("first_plan", "to_1_percent"))
        audit = {True: "passed", False: "failed"}.get(run["audit_passed"], "")
        note = "" if pd.isna(run["note"]) else run["note"]
        gap = _percent(run["gap"], 3)
        start = run["instance"], run["route"]
        rows.append((*start, *times, *costs, gap, run["stop_reason"], audit, note))
    heads = ["instance", "route", "first plan", "to 1 %", "objective", "bound", "gap"]
    return ["## Every run", "", *_table([*heads, "stopped", "audit", "note"], rows)]


def _known(best: pd.DataFrame) -> list[str]:
    rows = [
        (
            name,
            f"{row['objective']:,.4f}",
            row["objective_by"],
            f"{row['bound']:,.4f}",
            row["bound_by"],
        )
        for name, row in best.iterrows()
    ]
    return ["## Best known", "", *_table(["instance", "plan", "by", "bound", "by"], rows)]
