"""Relax-and-fix: the relaxation's point made integer-feasible, group of blocks after group.

The groups whose turn is yet to come stay relaxed where the relaxation has them, and rows that they
share may be violated at a penalty, so that few are. Source: Dillenberger et al. (1994,
doi:10.1016/0377-2217(94)90187-2).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options
from optalloc.solving.highs import Highs
from optalloc.solving.strategies.large_neighbourhood import Running, freely
from optalloc.solving.strategies.penalties import shared_rows_relaxed
from optalloc.solving.strategies.relatedness import RelatedBlocks
from optalloc.solving.strategies.rens import rens

__all__ = ["relax_and_fix"]

logger = logging.getLogger(__name__)


def relax_and_fix(
    arrays: Arrays,
    related: RelatedBlocks,
    point: np.ndarray,
    penalty: np.ndarray,
    options: Options,
    stopped: Callable[[], bool] = lambda: False,
    running: Running = freely,
) -> np.ndarray:
    """An integer-feasible candidate near a solution of the relaxation; it may violate rows.

    Parameters
    ----------
    arrays : Arrays
    related : RelatedBlocks
        Of its blocks.
    point : numpy.ndarray, shape (columns,)
    penalty : numpy.ndarray, shape (rows,)
        By unit of violation.
    options : Options
    stopped : callable, optional
        Stops between groups; those left are as the relaxation has them.
    running : callable, optional
        See `LargeNeighbourhoodSearch`.
    """
    parameters, began = options.parameters.relax_and_fix, time.perf_counter()
    group = related.partition(parameters.group_blocks)
    values: np.ndarray = np.clip(point, arrays.col_lower, arrays.col_upper)
    options = replace(options, gap=parameters.gap)
    for number in range(int(group.max(initial=-1)) + 1):
        if stopped():
            break
        sub = shared_rows_relaxed(arrays, values, related.columns(group == number), penalty)
        near = rens(sub.program, sub.restricted(values))
        highs = Highs(near, options, integer=True)
        with running(highs):
            result = highs.run(time_limit_s=parameters.submip_s)
        if result.values is not None:
            values[sub.columns] = result.values[: len(sub.columns)]
        logger.debug("group %d of %d: %s", number + 1, group.max() + 1, result.status)
    logger.info(
        "relax-and-fix: cost %.8g, %d rows violated, %.1f s",
        *(arrays.objective(values), np.count_nonzero(arrays.violations(values))),
        time.perf_counter() - began,
    )
    return values
