"""Names of the files in the folder of a workbook or run."""

from __future__ import annotations

__all__ = [
    "CHANGED",
    "EXPLANATION",
    "ITEM",
    "LOG",
    "MARKED",
    "PLAN",
    "POINTS",
    "REPORT",
    "RESULT",
    "SWEEP",
    "SWEEP_PAGE",
    "SWEEP_TABLES",
    "tables_of",
]

RESULT, POINTS, ITEM, LOG = "result.json", "points.json", "item.json", "log.txt"
MARKED, CHANGED = "marked.xlsx", "changed.xlsx"
PLAN, REPORT, EXPLANATION = "plan.xlsx", "report.html", "explanation.xlsx"
# Folder of a sweep, and its page and workbook.
SWEEP, SWEEP_PAGE, SWEEP_TABLES = "sweep", "sweep.html", "sweep.xlsx"


def tables_of(kind: str) -> str:
    """Name of the workbook of the tables that a kind of run finds."""
    return EXPLANATION if kind == "explain" else f"{kind}.xlsx"
