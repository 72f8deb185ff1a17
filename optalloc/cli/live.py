"""A live display on a terminal; plain lines where output is piped."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress import Progress

__all__ = ["LiveDisplay"]

# Least seconds between plain lines, unless one is due.
SECONDS_BETWEEN_LINES = 5.0


class LiveDisplay:
    """Context in which a live display is shown, where the console is a terminal.

    Parameters
    ----------
    console : rich.console.Console
        Usually stderr.
    live : rich.live.Live or rich.progress.Progress
        The display; it is never started where output is piped.
    """

    def __init__(self, console: Console, live: Live | Progress) -> None:
        self.console, self._live = console, live
        self._last_line = -math.inf

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def print_line(self, line: str, *, due: bool) -> None:
        """Print a plain line if it is due, or if the last one is some seconds ago."""
        now = time.perf_counter()
        if due or now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)
