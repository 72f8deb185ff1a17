"""A request, and the calls by which its progress is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from optalloc.mip.outcome import Progress
from optalloc.modelling.model import Model
from optalloc.serve.work.shown import finite

__all__ = ["Job", "Report", "Stops"]

Report = Callable[..., None]


class Stops(Protocol):
    """Requests to stop, by Ctrl-C (SIGINT)."""

    requested: bool

    def allow(self, allowed: bool) -> None:
        """Let a request stop the work from now on, or ignore it."""
        ...


@dataclass(frozen=True)
class Job:
    """A request in its folder, with the model.

    Parameters
    ----------
    request : mapping
        Plain values; keys depend on its kind.
    folder : Path
        Takes the files.
    model : Model
    report : callable
        Called with the progress, by keywords.
    stops : Stops
    """

    request: Mapping[str, Any]
    folder: Path
    model: Model
    report: Report
    stops: Stops

    @property
    def book(self) -> Path:
        """The workbook that it is about."""
        return Path(self.request["book"])

    def phase(self, name: str) -> None:
        """Report a phase; a plan that is there is kept, whoever asks to stop."""
        self.stops.allow(name not in ("read back", "value", "audit", "write"))
        self.report(phase=name)

    def step(self, what: str, done: int, of: int) -> None:
        """Report how far a longer part is.

        Raises
        ------
        KeyboardInterrupt
            If a request to stop came before, which a solver took for itself.
        """
        self.report(step=(what, done, of))
        if self.stops.requested:
            raise KeyboardInterrupt

    def progress(self, now: Progress) -> None:
        """Report incumbent and bound."""
        point = (now.seconds, finite(now.objective), finite(now.bound), finite(now.gap))
        self.report(point=point, doing=now.phase, candidate=now.candidate)
