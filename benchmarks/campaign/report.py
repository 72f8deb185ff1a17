"""The report of the project's campaign: the page of a benchmark, and tables in Markdown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.campaign.history import BEST_KNOWN, best_known
from optalloc.analysis.bench import tables as specs
from optalloc.analysis.bench.answers import read_known
from optalloc.analysis.bench.page import write_page
from optalloc.analysis.bench.result import counted, findings_of
from optalloc.analysis.bench.store import RunStore
from optalloc.system import replacing

__all__ = ["report"]

_TABLES = (specs.WRONG, specs.ROUTES, specs.RATIOS, specs.RUNS)


def report(folder: Path) -> tuple[str, Path, Path]:
    """Write ``report.md`` and ``bench.html`` into a folder of results.

    Returns
    -------
    str, Path, Path
        The Markdown, and where both are.

    Raises
    ------
    ValueError
        If there are no runs.
    """
    runs, traces = counted(RunStore(folder, make=False), {})
    if runs.empty:
        raise ValueError(f"{folder}: no run was made yet")
    known = read_known(folder / BEST_KNOWN) if (folder / BEST_KNOWN).exists() else {}
    findings = findings_of(runs, traces, known)
    lines = [f"# {findings.title}", "", *(f"- {said}" for said in findings.sentences), ""]
    for spec in _TABLES:
        shown = [column.name for column in spec.columns if column.name not in spec.drawn]
        lines += _table(spec.name, spec.meaning, findings[spec.name][shown])
    best = best_known(folder).reset_index()
    lines += _table("Best known", "Over all campaigns: audited plans, and bounds.", best)
    text = "\n".join(lines)
    page = folder / "bench.html"
    write_page(findings, folder.name, page)
    with replacing(folder / "report.md") as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return text, folder / "report.md", page


def _table(name: str, meaning: str, frame: pd.DataFrame) -> list[str]:
    if frame.empty:
        return []
    kept = frame.loc[:, frame.notna().any()]
    lines = [list(kept.columns), ["---"] * len(kept.columns)]
    lines += [[_cell(value) for value in row] for row in kept.itertuples(index=False, name=None)]
    rows = (f"| {' | '.join(line)} |" for line in lines)
    return [f"## {name}", "", meaning, "", *rows, ""]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.10g}"
    return "" if value is None else str(value).replace("|", "/")
