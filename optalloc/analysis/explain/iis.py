"""A smallest set of limits that cannot all hold, from the linear relaxation."""

from __future__ import annotations

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options
from optalloc.solving.elastic import ROUNDS, any_row_gives, seconds_until
from optalloc.solving.highs import Highs

__all__ = ["conflict", "relaxation"]

DUAL = 1e-9


def relaxation(arrays: Arrays, options: Options, until: float) -> tuple[Arrays, bool]:
    """The program with the rows found on demand, and whether its linear relaxation has a point.

    If it has, only whole numbers are to blame for there being no plan. Until then
    (`time.perf_counter`) nothing was found, it counts as having none.
    """
    core = arrays
    for _ in range(ROUNDS):
        result = Highs(core, options, integer=False).run(time_limit_s=seconds_until(until))
        if result.values is None:
            return core, False
        broken = arrays.broken_by(result.values)
        if not len(broken):
            break
        core = core.with_extra(broken)
    return core, True


def conflict(arrays: Arrays, options: Options, until: float) -> np.ndarray:
    """Rows of an infeasible linear relaxation, minimal such that they cannot all be kept.

    The rows that have a price in the elastic program are a part that is infeasible by itself; of
    these the solver makes a minimal one; where it finds none in time they are given as they are.
    """
    elastic, _ = any_row_gives(arrays)
    result = Highs(elastic, options, integer=False).run(time_limit_s=seconds_until(until))
    if result.row_duals is None:
        return np.empty(0, dtype=int)
    chosen = np.flatnonzero(np.abs(result.row_duals) > DUAL)
    mask = np.zeros(len(arrays.row_lower), dtype=bool)
    mask[chosen] = True
    inner = Highs(arrays.with_rows(mask), options, integer=False)
    if inner.run(time_limit_s=seconds_until(until)).status != "kInfeasible":
        return chosen
    found, _ = inner.conflict(seconds_until(until))
    return chosen[found] if len(found) else chosen
