"""One process proves, another searches for plans part by part; both know what either finds."""

from __future__ import annotations

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, ProgressCallback, Strategy
from optalloc.solving.strategies.portfolio import team_outcome
from optalloc.solving.strategies.worker import Role

__all__ = ["solve"]


def solve(arrays: Arrays, options: Options, progress: ProgressCallback | None) -> Outcome:
    """Solve a program that has parts and no rows found on demand; see `solve_arrays`."""
    return team_outcome(arrays, options, progress, (Role.PROVE, Role.SEARCH), Strategy.RACE)
