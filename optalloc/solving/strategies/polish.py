"""The last linear program over a plan that was found part by part: its integers fixed, all else
free."""

from __future__ import annotations

import logging
import math
import time

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options
from optalloc.solving.completion import completed
from optalloc.solving.highs import Highs
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.strategies.trim import trimmed
from optalloc.solving.submip import SubMip, unused

__all__ = ["polish", "polishing_s"]

logger = logging.getLogger(__name__)


def polishing_s(arrays: Arrays, options: Options) -> float:
    """Seconds that `polish` is given."""
    parameters, limit_s = options.parameters.polish, options.time_limit_s
    share = parameters.most_time_share * (math.inf if limit_s is None else limit_s)
    return min(parameters.s_per_entry * int(arrays.matrix.nnz) + 1.0, share)


def polish(arrays: Arrays, monitor: Monitor, incumbent: Incumbent, seconds: float) -> None:
    """Optimise the continuous columns of the incumbent; where time is short, trim it."""
    if incumbent.values is None:
        return
    began, before = time.perf_counter(), incumbent.objective
    values = trimmed(arrays, incumbent.values)
    incumbent.take(values, arrays.objective(values))
    own = arrays.with_rows(~arrays.strengthening)
    known = ExtraRows.joined(incumbent.lazy_rows, len(arrays.cost))
    # With the columns in use alone it takes a fraction of the time that all of them take.
    lean = _over_columns_in_use(own, values, monitor, known, seconds)
    if lean is not None and not len(arrays.violated_by(lean)):
        incumbent.take(lean, arrays.objective(lean))
    left_s = max(seconds - (time.perf_counter() - began), 0.0)
    plan, _ = completed(own, values, monitor, incumbent, known, time_limit_s=left_s)
    if plan is not None:
        incumbent.take(plan, arrays.objective(plan))
    logger.info(
        "polish: saved %.6g, cost %.8g, %.1f s",
        *(before - incumbent.objective, incumbent.objective, time.perf_counter() - began),
    )


def _over_columns_in_use(
    own: Arrays, values: np.ndarray, monitor: Monitor, known: ExtraRows, seconds: float
) -> np.ndarray | None:
    """The plan optimised over the columns that it uses, its integers fixed; None without time."""
    sub = SubMip.of(own, values != unused(own))
    program = sub.program.with_extra(sub.extra(known))
    fixed = program.with_fixed(program.integer, np.round(sub.restricted(values)))
    found = Highs(fixed, monitor.options, integer=False).run(time_limit_s=seconds)
    if found.status != "kOptimal" or found.values is None:
        return None
    full = sub.full(found.values)
    return np.where(own.integer, np.round(full), full)
