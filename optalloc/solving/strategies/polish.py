"""The last touch to a plan that was found part by part: nothing in it is dearer than it need be.

Where parts were decided one after another, a quantity may be left higher than anything asks for any
more, such as a bill above what is drawn. That is a plan, and no sensible one.
"""

from __future__ import annotations

import math
import time

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options
from optalloc.mip.tolerances import ROUNDING
from optalloc.solving.cut_loop import Run
from optalloc.solving.direct import Best, completed
from optalloc.solving.highs import Highs
from optalloc.solving.strategies.restriction import Narrow, at_rest

__all__ = ["polish", "polishing_s", "trimmed"]


def polishing_s(arrays: Arrays, options: Options) -> float:
    """Seconds that `polish` is given."""
    parameters, limit_s = options.parameters.polish, options.time_limit_s
    share = parameters.most_time_share * (math.inf if limit_s is None else limit_s)
    return min(parameters.s_per_entry * int(arrays.matrix.nnz) + 1.0, share)


def polish(arrays: Arrays, run: Run, best: Best, seconds: float) -> None:
    """Decide all but the whole numbers of the best plan anew, or where time is short, trim it."""
    if best.values is None:
        return
    began = time.perf_counter()
    values = trimmed(arrays, best.values)
    best.take(values, float(arrays.cost @ values + arrays.offset))
    own = arrays.with_rows(~arrays.strengthening)
    known = ExtraRows.joined(best.broken, len(arrays.cost))
    # With the columns in use alone it is done in a fraction of the time that all of them take.
    lean = _lean(own, values, run, known, seconds)
    if lean is not None and not len(arrays.broken_by(lean)):
        best.take(lean, float(arrays.cost @ lean + arrays.offset))
    left = seconds - (time.perf_counter() - began)
    plan, _ = completed(own, values, run, best, known, time_limit_s=max(left, 0.0))
    if plan is not None:
        best.take(plan, float(arrays.cost @ plan + arrays.offset))


def _lean(
    own: Arrays, values: np.ndarray, run: Run, known: ExtraRows, seconds: float
) -> np.ndarray | None:
    """The plan with as much as it has of everything decided anew, nothing else brought in."""
    few = Narrow.of(own, values != at_rest(own))
    program = few.program.with_extra(few.extra(known))
    fixed = program.with_fixed(program.integer, np.round(few.narrowed(values)))
    found = Highs(fixed, run.options, integer=False).run(time_limit_s=seconds)
    if found.status != "kOptimal" or found.values is None:
        return None
    whole = few.widened(found.values)
    return np.where(own.integer, np.round(whole), whole)


def trimmed(arrays: Arrays, values: np.ndarray) -> np.ndarray:
    """Lower every continuous column that costs something as far as its rows let it, one by one.

    Parameters
    ----------
    arrays : Arrays
    values : numpy.ndarray, shape (columns,)

    Returns
    -------
    numpy.ndarray, shape (columns,)
        It breaks no row that the point given does not break, nor any more than that does.
    """
    matrix, found = arrays.matrix, values.copy()
    activity = matrix @ values
    below = np.maximum(activity - arrays.row_lower, 0.0)
    above = np.maximum(arrays.row_upper - activity, 0.0)
    dear = ~arrays.integer & (arrays.cost > ROUNDING * abs(arrays.cost).max(initial=0.0))
    dear &= (found > arrays.col_lower) & np.isfinite(arrays.col_lower)
    # A column in a row without room does not come down.
    room = np.where(matrix.data > 0, below[matrix.indices], above[matrix.indices])
    held = room <= ROUNDING * np.maximum(1.0, abs(activity[matrix.indices]))
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    dear[column[held & (matrix.data != 0)]] = False
    for j in np.flatnonzero(dear):
        entries = slice(matrix.indptr[j], matrix.indptr[j + 1])
        rows, data = matrix.indices[entries], matrix.data[entries]
        way = np.where(data > 0, below[rows], above[rows]) / np.maximum(abs(data), ROUNDING)
        by = min(float(way.min(initial=math.inf)), float(found[j] - arrays.col_lower[j]))
        found[j] -= by
        below[rows] = np.maximum(below[rows] - by * data, 0.0)
        above[rows] = np.maximum(above[rows] + by * data, 0.0)
    return found
