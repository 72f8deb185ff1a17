"""Output of commands: lines on the console, and files in the folder of results."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from optalloc.errors import (
    OptallocError,
)
from optalloc.plan.plan import Plan
from optalloc.system import replacing_together

__all__ = ["RESULTS", "print_json", "print_summary", "refuse_folder", "results", "say"]

# Files that a run may write; those that it does not write are moved away, as of an earlier run.
RESULTS = ("plan.xlsx", "report.html", "explanation.xlsx", "alternatives.xlsx")


@contextmanager
def results(folder: Path, written: list[str]) -> Iterator[Path]:
    """Give a draft folder for the results of one run, and list the files written and moved."""
    with replacing_together(folder, RESULTS) as (draft, set_aside):
        yield draft
        names = sorted(path.name for path in draft.iterdir())
    written.append("wrote " + " and ".join(str(folder / name) for name in names))
    written += [f"moved {path.name} of an earlier run to {path}" for path in set_aside]


def refuse_folder(out: Path, *names: str) -> None:
    """Refuse an output folder that could not be written to, before hours are spent on a solve."""
    nearest = out
    while not nearest.exists() and nearest.parent != nearest:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise OptallocError(f"{nearest}: must be a folder for --out {out}; it is a file")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OptallocError(f"{nearest}: must be writable for --out {out}")
    for name in names:
        if (out / name).is_dir():
            raise OptallocError(f"{out / name}: must be a file to be replaced; it is a folder")


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object; numbers that are not finite become null."""

    def finite(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, dict):
            return {k: finite(v) for k, v in value.items()}
        return [finite(v) for v in value] if isinstance(value, list) else value

    print(json.dumps(finite(content), allow_nan=False))


def say(console: Console, line: str) -> None:
    """Print a line without markup or wrapping."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def print_summary(plan: Plan) -> None:
    """Print the figures of the Summary."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for row in plan.summary().itertuples():
        value = row.value
        shown = f"{value:,.4f}" if isinstance(value, float) else str(value)
        if row.figure == "gap":
            shown = f"{100 * float(str(value)):.4f} %"
        table.add_row(str(row.figure), shown, str(row.unit))
    console = Console()
    # A pipe has no width to wrap to.
    if not console.is_terminal:
        console.width = 200
    console.print(table)
