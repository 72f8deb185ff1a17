"""A Dask cluster on loopback: a real scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.paths import ROOT


@contextmanager
def dask(folder: Path, *, workers: int, threads: int) -> Iterator[str]:
    """Start a scheduler with workers, each a process of its own, and give its address."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    }
    command = [sys.executable, "-m", "dask"]
    file = folder / "scheduler.json"
    local = ["--no-dashboard", "--host", "127.0.0.1"]
    words = [
        [*command, "scheduler", "--port", "0", "--scheduler-file", str(file), *local],
        [*command, "worker", "--scheduler-file", str(file), "--nworkers", str(workers),
         "--nthreads", str(threads), "--local-directory", str(folder), *local],
    ]  # fmt: skip
    quiet = subprocess.DEVNULL
    started = [
        subprocess.Popen(
            line, stdout=quiet, stderr=quiet, env=env, cwd=folder, start_new_session=True
        )
        for line in words
    ]
    deadline = time.monotonic() + 120
    while not file.is_file() or not file.read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    try:
        yield json.loads(file.read_text())["address"]
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
