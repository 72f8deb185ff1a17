"""The clock of a solve, and of solves within it."""

from __future__ import annotations

import time

import pytest

from optalloc.mip.outcome import Options, Progress
from optalloc.solving.monitor import Monitor


def test_a_solve_within_another_reports_by_the_seconds_of_the_whole() -> None:
    """Proves: what a solve reports that began 100 s after another comes to that one 100 s later, so
    that the gap over time does not go back to its beginning.
    Sensitivity: its own history keeps its own seconds."""
    outer = Monitor(Options(), started=time.perf_counter() - 100)
    inner = Monitor(Options(), outer.report_within)
    inner.report(Progress(2.5, 90.0, 80.0, "searching"))
    assert inner.history[-1].seconds == 2.5
    assert outer.history[-1].seconds == pytest.approx(100, abs=5)
    assert outer.history[-1].objective == 90.0
