"""Names of the files in the folder of a workbook or run."""

from __future__ import annotations

__all__ = [
    "CHANGED",
    "EXPLANATION",
    "ITEM",
    "LOG",
    "MARKED",
    "OTHER_VERSION",
    "PLAN",
    "POINTS",
    "RENEWED",
    "REPORT",
    "RESULT",
    "SWEEP",
    "SWEEP_PAGE",
    "SWEEP_TABLES",
    "downloads_of",
    "tables_of",
]

RESULT, POINTS, ITEM, LOG = "result.json", "points.json", "item.json", "log.txt"
MARKED, CHANGED = "marked.xlsx", "changed.xlsx"
# A copy of the workbook with other scenarios.
RENEWED = "renewed.xlsx"
PLAN, REPORT, EXPLANATION = "plan.xlsx", "report.html", "explanation.xlsx"
# Folder of a sweep, and its page and workbook.
SWEEP, SWEEP_PAGE, SWEEP_TABLES = "sweep", "sweep.html", "sweep.xlsx"

# Ending of what another version of optalloc has recorded.
OTHER_VERSION = "of another version"


def tables_of(kind: str) -> str:
    """Name of the workbook of the tables that a kind of run finds."""
    return EXPLANATION if kind == "explain" else f"{kind}.xlsx"


def downloads_of(kind: str) -> dict[str, str]:
    """Files that a kind of run may have written, with their names in its addresses."""
    single = {name: name for name in (PLAN, REPORT, EXPLANATION, CHANGED, RENEWED)}
    swept = {f"{SWEEP}/{name}": name for name in (SWEEP_PAGE, SWEEP_TABLES)}
    return {tables_of(kind): "tables.xlsx", **single, **swept}
