"""An irreducible infeasible subsystem (IIS) of the linear relaxation."""

from __future__ import annotations

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options
from optalloc.solving.elastic import fully_elastic, seconds_until
from optalloc.solving.highs import Highs

__all__ = ["conflict", "relaxation"]

DUAL = 1e-9


def relaxation(arrays: Arrays, options: Options, until: float) -> tuple[Arrays, bool]:
    """The program with its lazy constraints, and whether its linear relaxation is feasible.

    If it is, only integrality makes the program infeasible. Where the deadline ``until``
    (`time.perf_counter`) passes first, it counts as infeasible.
    """
    core = arrays
    for _ in range(options.parameters.elastic.rounds):
        result = Highs(core, options, integer=False).run(time_limit_s=seconds_until(until))
        if result.values is None:
            return core, False
        broken = arrays.violated_by(result.values)
        if not len(broken):
            break
        core = core.with_extra(broken)
    return core, True


def conflict(arrays: Arrays, options: Options, until: float) -> np.ndarray:
    """Rows of an IIS of an infeasible linear relaxation.

    The rows with a dual price in the elastic program are infeasible by themselves; the solver
    reduces them to an IIS. Where it finds none in time they are returned as they are.
    """
    elastic, _ = fully_elastic(arrays)
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
