"""A run of HiGHS that looks at neither its clock nor at interrupts is left, with the best plan so far."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from optalloc.mip.parameters import Watchdog


def _begun(limit_s: float) -> subprocess.Popen[str]:
    """A fresh process in which HiGHS has begun a run that does not end."""
    command = [sys.executable, "-m", "tests.stuck", str(limit_s)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def _ended(process: subprocess.Popen[str], within_s: float) -> list[str]:
    with process:
        try:
            said, _ = process.communicate(timeout=within_s)
        finally:
            process.kill()
    assert process.returncode == 0
    return said.split()


@pytest.mark.slow
def test_a_run_past_its_limit_is_abandoned_with_its_plan() -> None:
    """Proves: with a limit of 1 s the call returns within the grace, with a plan, and the process ends
    by itself. Sensitivity: it takes longer than the limit, so that HiGHS did not end by itself.
    """
    reason, has_plan, seconds = _ended(_begun(1), within_s=120)
    assert (reason, has_plan) == ("time", "True")
    assert 1 + Watchdog().over_limit_s <= float(seconds) < 60


@pytest.mark.parametrize(
    "presses", [pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.long)]
)
def test_ctrl_c_ends_a_run_that_does_not_hear_it(presses: int) -> None:
    """Proves: Ctrl-C ends the call within its grace, pressed twice at once, long before the limit."""
    process = _begun(10_000)
    time.sleep(3)
    for _ in range(presses):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    reason, has_plan, _ = _ended(process, within_s=60)
    assert (reason, has_plan) == ("interrupted", "True")


@pytest.mark.parametrize(
    ("time_limit_s", "cancelled", "ends_at"),
    [(10.0, None, 116.0), (float("inf"), None, float("inf")), (10.0, 102.0, 105.0)],
)
def test_grace(time_limit_s: float, cancelled: float | None, ends_at: float) -> None:
    """Proves: begun at 100 s, a run is abandoned at 100 + 10 + 1 + 5 s, or 3 s after Ctrl-C."""
    assert Watchdog().ends_at(100.0, time_limit_s, cancelled) == pytest.approx(ends_at)
