"""How much memory a process may take, so that one too large ends alone."""

from __future__ import annotations

import importlib
import os
from typing import Any

__all__ = ["limit_memory", "share_of_memory"]

# Not there on Windows.
_resource: Any = importlib.import_module("resource") if os.name == "posix" else None


def limit_memory(most: int | None) -> None:
    """Refuse this process more bytes of address space than `most`; None or 0 for no limit."""
    if _resource is None or not most:
        return
    _, hard = _resource.getrlimit(_resource.RLIMIT_AS)
    kept = most if hard == _resource.RLIM_INFINITY else min(most, hard)
    _resource.setrlimit(_resource.RLIMIT_AS, (kept, hard))


def share_of_memory(processes: int, least: int = 4 * 2**30) -> int | None:
    """Bytes for each of some processes; None where the machine does not tell what it has."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return max(whole // processes, least)
