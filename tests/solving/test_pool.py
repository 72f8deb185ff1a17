"""Processes that do tasks: one that dies as it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCRIPT = """
import functools
from optalloc.solving.pool import Limits, run_pool
from optalloc.solving.strategies.process import describe_exit

class Tasks:
    over = False
    def __len__(self):
        return 1

run_pool(functools.partial(describe_exit, bytes(10_000_000)), Tasks(), 1, Limits())
"""


def test_a_process_that_dies_before_it_has_read_a_large_program_is_noticed(tmp_path: Path) -> None:
    """Proves: a script without a guard, whose processes end as they begin, gets an error that says
    so, also where the program is larger than what a pipe holds."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 1
    assert "a worker could not start" in run.stderr
    assert 'under if __name__ == "__main__":' in run.stderr
