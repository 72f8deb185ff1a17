"""Settings of a server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a server.

    Parameters
    ----------
    jobs : int
        Solves at a time.
    most_bytes : int
        Size of a workbook, at most.
    time_limit_s : float
        Seconds for one solve, at most.
    total_limit_s : float
        Seconds for all solves of a sweep, or of a question that takes many, at most.
    folder : Path or None
        Where visitors' files are kept while they are here; None for the system's place. Files
        of a killed server are readable only by its user, and the next server of that user in the
        same place removes them.
    keep : Path or None
        Where visitors' files are kept over a restart, in place of `folder`; then nobody's are
        removed for being idle.
    model : Path or None
        Model folder.
    hosts : frozenset of str
        Names that it answers to; empty for all.
    idle_s : float
        Seconds without a request after which a visitor's files are removed.
    memory_bytes : int or None
        Address space of a process that checks, solves or compares; None for no limit.
    grace_s : float
        Seconds that a solve may take to stop.
    """

    jobs: int = 1
    most_bytes: int = 50 * 2**20
    time_limit_s: float = 3600.0
    total_limit_s: float = 24 * 3600.0
    folder: Path | None = None
    keep: Path | None = None
    model: Path | None = None
    hosts: frozenset[str] = frozenset()
    idle_s: float = 4 * 3600.0
    memory_bytes: int | None = None
    grace_s: float = 30.0

    @property
    def threads(self) -> int:
        """Threads of one solve, at most."""
        return max(1, (os.cpu_count() or 1) // self.jobs)
