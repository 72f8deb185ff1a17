"""How many workers this machine has, and how long and large a case may become."""

from __future__ import annotations

import os

from optalloc.system import share_of_memory

__all__ = ["case_limit", "cores", "worker_memory"]

# A case hangs after so many times the solver's time limit, plus seconds for all but the solve.
_HANG_FACTOR, _HANG_EXTRA_S = 2.0, 120.0


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def case_limit(given_s: float | None, time_limit_s: float | None, solves: int = 1) -> float | None:
    """Seconds after which a case is given up as hanging; None for no limit.

    Parameters
    ----------
    given_s : float, optional
        As the user states it.
    time_limit_s : float, optional
        Of each solve.
    solves : int
        One after another.
    """
    if given_s is not None:
        return given_s
    return None if time_limit_s is None else solves * _HANG_FACTOR * time_limit_s + _HANG_EXTRA_S


def worker_memory(given_gb: float | None, jobs: int | None) -> int | None:
    """Bytes for one worker; None where the machine's memory is not known."""
    if given_gb is not None:
        return int(given_gb * 2**30)
    return share_of_memory(jobs or cores())
