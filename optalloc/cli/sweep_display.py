"""A sweep on the console: its progress, live or in plain lines, and the table of its cases."""

from __future__ import annotations

import math
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from optalloc.cli.live import LiveDisplay
from optalloc.scenarios.sheet import Design
from optalloc.sweeps.frames import differences
from optalloc.sweeps.result import SweepResult

__all__ = ["SweepDisplay", "print_cases"]

# Most cases that are listed; of the others only the number is printed.
_MOST_SHOWN = 40
# Most changes that are listed by how much they move the cost.
_MOST_SWINGS = 10


class SweepDisplay(LiveDisplay):
    """Shows cases done and failed, and the time left, on a console (usually stderr).

    Parameters
    ----------
    console : Console
    noun : str
        What is counted.
    """

    def __init__(self, console: Console, noun: str = "cases") -> None:
        self._bar = Progress(
            TextColumn(noun),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[remarks]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task(noun, total=None, remarks="")
        self._noun = noun
        super().__init__(console, self._bar)
        self._began, self._at_start = time.perf_counter(), -1

    def update(self, done: int, failed: int, total: int) -> None:
        """Show the progress of the sweep."""
        now = time.perf_counter()
        if self._at_start < 0:
            # Cases taken from the folder do not count for the pace.
            self._at_start, self._began = done, now
        remarks = [f"{failed} failed"] if failed else []
        solved = done - self._at_start
        if solved and done < total:
            remarks.append(f"{_clock((now - self._began) / solved * (total - done))} left")
        if self.console.is_terminal:
            self._bar.update(self._task, completed=done, total=total, remarks=", ".join(remarks))
        else:
            self.print_line(
                ", ".join([f"{done} of {total} {self._noun}", *remarks]), due=done == total
            )


def print_cases(result: SweepResult) -> None:
    """Print the cases: cost, bound and the work that each took."""
    records = result.cases.to_dict("records")
    table = Table(box=None, pad_edge=False)
    held = any(case["plan"] for case in records)
    for title in ("case", *(("plan held",) if held else ()), "status"):
        table.add_column(title)
    for title in ("cost, M", "at least, M", "gap, %", "seconds"):
        table.add_column(title, justify="right")
    table.add_column("settled by")
    for case in records[:_MOST_SHOWN]:
        cost, bound, gap = (float(case[name]) for name in ("objective", "bound", "gap"))
        figures = (f"{cost:,.2f}", f"{bound:,.2f}", f"{100 * gap:.3f}")
        table.add_row(
            case["case"],
            *((case["plan"],) if held else ()),
            case["status"],
            *(figures if math.isfinite(cost) else ("", "", "")),
            f"{case['seconds']:.2f}",
            case["settled"],
        )
    console = Console()
    if not console.is_terminal:
        # A pipe has no width to wrap to.
        console = Console(width=250)
    console.print(table)
    if len(records) > _MOST_SHOWN:
        console.print(f"and {len(records) - _MOST_SHOWN} more", highlight=False)
    if held:
        _print_regret(console, result)
    elif result.about["design"] == Design.ONE and math.isfinite(float(records[0]["objective"])):
        _print_swings(console, result)


def _print_swings(console: Console, result: SweepResult) -> None:
    """Print the changes that move the cost most: how much, at which value."""
    frame = differences(result)
    names = list(dict.fromkeys(frame["change"]))[:_MOST_SWINGS]
    table = Table(box=None, pad_edge=False, title="\nWhat matters most, M more or less than base")
    table.add_column("change")
    for title in ("value", "difference", "value", "difference"):
        table.add_column(title, justify="right")
    for name in names:
        ends = frame[frame["change"] == name].iloc[[0, -1]]
        cells = [
            word
            for row in ends.to_dict("records")
            for word in (row["value"], _signed(float(row["difference"])))
        ]
        table.add_row(name, *cells)
    console.print(table)


def _signed(difference: float) -> str:
    return f"{difference:+,.1f}" if math.isfinite(difference) else "no plan"


def _print_regret(console: Console, result: SweepResult) -> None:
    """Print the regret of each plan held: the difference found, and its bounds."""
    table = Table(box=None, pad_edge=False, title="\nRegret, M: cost held less best cost")
    for title in ("plan held", "case"):
        table.add_column(title)
    for title in ("found", "at least", "at most"):
        table.add_column(title, justify="right")
    table.add_column("verdict")
    for row in result.regret.to_dict("records")[:_MOST_SHOWN]:
        figures = (float(row[name]) for name in ("regret", "at_least", "at_most"))
        words = (f"{figure:,.2f}" if math.isfinite(figure) else "" for figure in figures)
        table.add_row(row["plan"], row["case"], *words, row["verdict"])
    console.print(table)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
