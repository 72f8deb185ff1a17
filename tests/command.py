"""The command line in this process: what it prints, where, and its exit code, without a start."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from typer.testing import CliRunner

from optalloc.cli.main import app

__all__ = ["Run", "optalloc_says"]

Run = subprocess.CompletedProcess[str]


def optalloc_says(*words: object, cwd: Path | None = None) -> Run:
    """Run the command in this process, for speed."""
    with contextlib.chdir(cwd or Path.cwd()):
        result = CliRunner().invoke(app, [*map(str, words)], env={"COLUMNS": "100"})
    return Run(words, result.exit_code, result.stdout, result.stderr)
