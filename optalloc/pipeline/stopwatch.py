"""Seconds by phase of the pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["PhaseCallback", "Stopwatch"]

PhaseCallback = Callable[[str], None]


@dataclass
class Stopwatch:
    """Seconds by phase, and a call of the caller's function when one begins."""

    on_phase: PhaseCallback | None
    seconds: dict[str, float]

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the seconds of a phase as it runs."""
        if self.on_phase is not None:
            self.on_phase(name)
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
