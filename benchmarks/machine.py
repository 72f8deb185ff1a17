"""What was measured on: the machine and the versions, for every table of figures."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

__all__ = ["machine"]

PACKAGES = (
    *("optalloc", "pyomo", "highspy", "linopy", "pyscipopt", "ortools"),
    *("numpy", "scipy", "pandas"),
)


def machine() -> dict[str, str]:
    """Processor, cores, memory, and versions of Python and the packages that matter."""
    found = {
        "processor": _line_of("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _line_of("/proc/meminfo", "MemTotal"),
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _line_of(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return ""
