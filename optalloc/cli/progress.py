"""Progress of a solve: a live line on a terminal, plain lines where output is piped."""

from __future__ import annotations

import math
import time

from rich.console import Console
from rich.live import Live
from rich.text import Text

from optalloc.cli.live import LiveDisplay
from optalloc.mip.outcome import Progress
from optalloc.report.progress import in_words

__all__ = ["ProgressDisplay"]

# Characters of the bar that fills up step by step.
BAR = 20


class ProgressDisplay(LiveDisplay):
    """Shows phases, incumbent, bound, gap and time on a console (usually stderr)."""

    def __init__(self, console: Console) -> None:
        self._text = Live(console=console, transient=True, refresh_per_second=4)
        super().__init__(console, self._text)
        self._started = time.perf_counter()
        self._last_objective = math.inf

    def phase(self, name: str) -> None:
        """Show that a phase begins."""
        seconds = time.perf_counter() - self._started
        self._show(f"{seconds:7.1f} s  {name}", force=not self.console.is_terminal)

    def step(self, what: str, done: int, of: int) -> None:
        """Show how many steps of a longer part are done."""
        seconds = time.perf_counter() - self._started
        full = BAR * done // max(of, 1)
        bar = "#" * full + "-" * (BAR - full)
        line = f"{seconds:7.1f} s  {what}   [{bar}]   {done} of {of}"
        self._show(line, force=done in (0, of))

    def update(self, progress: Progress) -> None:
        """Show the progress of the solve."""
        better = progress.objective < self._last_objective
        self._last_objective = min(progress.objective, self._last_objective)
        seconds, words = time.perf_counter() - self._started, in_words(progress)
        line = "   ".join([f"{seconds:7.1f} s  {words[0]}", *words[1:]])
        self._show(line, force=better)

    def _show(self, line: str, *, force: bool) -> None:
        if self.console.is_terminal:
            self._text.update(Text(line))
        else:
            self.print_line(line, due=force)
