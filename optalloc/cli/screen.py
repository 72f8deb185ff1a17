"""Output of commands: lines on the console, and files in the folder of results."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from optalloc.errors import (
    OptallocError,
)
from optalloc.modelling.policy_tables import HERE_AND_NOW, VALUES
from optalloc.plan.plan import Plan
from optalloc.plan.policy_words import action_lines
from optalloc.report.sheets import plain_number
from optalloc.system import replacing_together

__all__ = [
    "RESULTS",
    "print_json",
    "print_policy",
    "print_summary",
    "refuse_folder",
    "results",
    "say",
]

# Files that a run may write; those that it does not write are moved away, as of an earlier run.
RESULTS = ("plan.xlsx", "report.html", "explanation.xlsx", "alternatives.xlsx")

# Actions of a policy that are printed.
MOST_ACTIONS = 10


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
        shown = plain_number(value) if isinstance(value, float) else str(value)
        if row.figure == "gap":
            shown = f"{100 * float(str(value)):.4f} %"
        table.add_row(str(row.figure), shown, str(row.unit))
    console = Console()
    # A pipe has no width to wrap to.
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def print_policy(plan: Plan) -> None:
    """Print what a policy does now, the first actions of it, and its values as sentences."""
    spec = next((spec for spec in plan.specs if spec.name == HERE_AND_NOW.name), None)
    if spec is not None:
        lines = list(action_lines(plan[HERE_AND_NOW.name], spec))
        figures = dict(plan.summary()[["figure", "value"]].itertuples(index=False, name=None))
        if lines:
            print("\nWhat to do now:")
        else:
            first, day = figures["known first"], figures["first day of knowledge"]
            print(f"\nNothing has to be decided before {day}, when {first} is known.")
        for line in lines[:MOST_ACTIONS]:
            print(f"  {line}")
        if len(lines) > MOST_ACTIONS:
            print(f"  and {len(lines) - MOST_ACTIONS:,} more, on the sheet {HERE_AND_NOW.name}")
    print("\nWhat it is worth to know and to wait:")
    for sentence in plan[VALUES.name]["in_words"]:
        print(f"  {sentence}")
    sys.stdout.flush()
