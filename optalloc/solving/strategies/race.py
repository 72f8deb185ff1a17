"""A portfolio of two: one process proves, another searches by large neighbourhoods."""

from __future__ import annotations

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, ProgressCallback, Strategy
from optalloc.solving.strategies.portfolio import solve_by_portfolio
from optalloc.solving.strategies.worker import Role

__all__ = ["solve"]


def solve(arrays: Arrays, options: Options, progress: ProgressCallback | None) -> Outcome:
    """Solve a program that has parts; see `solve_arrays`."""
    return solve_by_portfolio(arrays, options, progress, (Role.PROVE, Role.SEARCH), Strategy.RACE)
