"""The strategy that a program is solved by: `direct`, `race`, `decompose`, or by its size."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, ProgressCallback, StopReason, Strategy
from optalloc.solving.direct import solve_directly
from optalloc.solving.strategies import decompose, race

__all__ = ["chosen", "solve_arrays"]

logger = logging.getLogger(__name__)


def chosen(arrays: Arrays, options: Options) -> tuple[Strategy, str]:
    """The strategy to follow, and in words why it is not the one asked for, if so."""
    asked = options.strategy
    if asked is Strategy.DIRECT:
        return asked, ""
    obstacle = _obstacle(arrays)
    if asked is not Strategy.AUTO:
        return (asked, "") if not obstacle else (Strategy.DIRECT, f"{asked}: {obstacle}")
    threads = options.threads or os.cpu_count() or 1
    selection = options.parameters.selection
    small = int(arrays.integer.sum()) < selection.race_integers
    small |= arrays.parts is not None and arrays.parts.stages < selection.fewest_stages
    if obstacle or threads < 2 or small or _has_lazy_rows(arrays):
        return Strategy.DIRECT, ""
    large = arrays.matrix.nnz >= selection.decompose_entries
    return Strategy.DECOMPOSE if large else Strategy.RACE, ""


def _obstacle(arrays: Arrays) -> str:
    if arrays.parts is None or not arrays.parts.blocks or not arrays.integer.any():
        return "the model names no blocks and stages, or it has no integers"
    if not arrays.matrix.nnz:
        return "no row of the program has a column"
    return ""


def _has_lazy_rows(arrays: Arrays) -> bool:
    """True where there are lazy constraints: `direct` separates them at fractional points too."""
    if arrays.separate is None:
        return False
    least = np.where(np.isfinite(arrays.col_lower), arrays.col_lower, 0.0)
    most = np.where(np.isfinite(arrays.col_upper), arrays.col_upper, least + 1.0)
    return any(len(arrays.separate(point)) > 0 for point in (least, most))


def solve_arrays(
    arrays: Arrays, options: Options | None = None, progress: ProgressCallback | None = None
) -> Outcome:
    """Solve a program to a proven gap, by the strategy of the options.

    Parameters
    ----------
    arrays : Arrays
    options : Options, optional
    progress : callable, optional
        Called with `Progress` as the solve goes on, from another thread.

    Returns
    -------
    Outcome
        With a plan and its proven bound, or with the reason why there is none. A time limit or
        Ctrl-C keeps the best plan so far.
    """
    options = options or Options()
    strategy, why = chosen(arrays, options)
    logger.info("strategy %s for %s", strategy, arrays.size)
    if why:
        logger.warning("solved directly, not by %s", why)
    if strategy is Strategy.DIRECT:
        found = solve_directly(arrays, options, progress)
        notes: tuple[str, ...] = (f"solved directly, not by {why}",) if why else ()
        return replace(found, strategy=strategy, notes=(*notes, *found.notes))
    solve = race.solve if strategy is Strategy.RACE else decompose.solve
    began = time.perf_counter()
    found = solve(arrays, options, progress)
    for note in found.notes:
        logger.warning(note)
    if _is_answer(found):
        return found
    # Infeasibility is not taken from one process alone; the rows that must be relaxed are named. A
    # bound that a plan refutes is proven again by another route, from that plan.
    start = None
    if found.stop_reason is StopReason.CONTRADICTION:
        options, start = replace(options, presolve=False, seed=options.seed + 1), found.values
    if options.time_limit_s is not None:
        left = options.time_limit_s - (time.perf_counter() - began)
        options = replace(
            options, time_limit_s=max(left, options.parameters.selection.confirmation_s)
        )
    direct = solve_directly(arrays, options, progress, start)
    if (
        direct.values is None
        and found.values is not None
        and direct.stop_reason is not StopReason.UNBOUNDED
    ):
        return found
    return replace(direct, strategy=Strategy.DIRECT, notes=(*found.notes, *direct.notes))


def _is_answer(found: Outcome) -> bool:
    """True for a plan, proven infeasibility, or no time left: no other route is needed."""
    if found.stop_reason is StopReason.INFEASIBLE:
        return len(found.shortfalls) > 0
    doubtful = (StopReason.FAILED, StopReason.UNBOUNDED, StopReason.CONTRADICTION)
    return found.stop_reason not in doubtful
