"""The machine and the versions that a run was made with."""

from __future__ import annotations

import os
import platform

import psutil

from optalloc.solving.solvers import SOLVERS, available
from optalloc.solving.versions import engine_versions, installed_version

__all__ = ["conditions", "cores", "machine", "versions"]

_PACKAGES = ("pyomo", "numpy", "scipy", "pandas")


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def machine() -> str:
    """Processor, cores and memory, in words."""
    gigabytes = psutil.virtual_memory().total / 2**30
    return f"{_processor()}; {cores()} cores; {gigabytes:.0f} GB"


def conditions() -> str:
    """Machine and versions in one line."""
    named = "; ".join(f"{name} {number}" for name, number in versions().items())
    return f"{machine()}; {named}"


def versions() -> dict[str, str]:
    """Versions of Python, optalloc, the installed solvers, and the packages that matter."""
    solvers = [solver.package for name, solver in SOLVERS.items() if name in available()]
    packages = [package for package in (*solvers, *_PACKAGES) if package]
    return {
        "python": platform.python_version(),
        **engine_versions(),
        **{package: installed_version(package) for package in packages},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  (no file on a disk)
            names = [line.partition(":")[2] for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0].strip() if names else platform.processor() or platform.machine()
