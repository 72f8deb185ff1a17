"""The clock, the callback and the history of one solve."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

from optalloc.mip.outcome import Options, Progress, ProgressCallback

__all__ = ["Monitor"]


@dataclass
class Monitor:
    """Seconds, progress and options of one solve."""

    options: Options
    callback: ProgressCallback | None = None
    started: float = field(default_factory=time.perf_counter)
    history: list[Progress] = field(default_factory=list)

    def seconds(self) -> float:
        """Seconds since the solve began."""
        return time.perf_counter() - self.started

    def left_s(self) -> float:
        """Seconds left of the time limit."""
        limit = self.options.time_limit_s
        return math.inf if limit is None else limit - self.seconds()

    def report(self, progress: Progress) -> None:
        """Record a moment of the solve, and pass it to the callback."""
        self.history.append(progress)
        if self.callback is not None:
            self.callback(progress)

    def report_within(self, progress: Progress) -> None:
        """Report a moment of a solve that is part of this one, by the seconds of this one."""
        self.report(replace(progress, seconds=self.seconds()))
