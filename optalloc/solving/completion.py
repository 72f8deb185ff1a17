"""Plans from integer values: the integers fixed, the rest solved as a linear program.

A point of a solver is integer-feasible and feasible only to its tolerances, and may violate lazy
constraints; what comes out of this is a plan.
"""

from __future__ import annotations

import math

import numpy as np

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.tolerances import FEASIBILITY, POLISHED_VIOLATION
from optalloc.solving.highs import Highs
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor

__all__ = ["complete", "completed", "completed_earlier"]


def completed(
    core: Arrays,
    values: np.ndarray,
    monitor: Monitor,
    incumbent: Incumbent,
    violated: ExtraRows,
    *,
    time_limit_s: float = math.inf,
) -> tuple[np.ndarray | None, ExtraRows]:
    """Fix the integers and solve the rest, with the lazy constraints that it violates.

    Parameters
    ----------
    core : Arrays
    values : numpy.ndarray, shape (columns,)
        Only the integers matter; they are rounded.
    monitor : Monitor
    incumbent : Incumbent
        Gets the lazy constraints found.
    violated : ExtraRows
        Lazy constraints that the point is known to violate.
    time_limit_s : float
        For each of a few linear programs.

    Returns
    -------
    numpy.ndarray or None, ExtraRows
        The plan, None if these integers have none or time was short; and all lazy constraints
        that were violated.
    """
    rounded = np.where(core.integer, np.round(values), values)
    fixed = core.with_fixed(core.integer, rounded)
    found, plan = [violated], None
    proof = monitor.options.parameters.proof
    if monitor.options.time_limit_s is not None:
        time_limit_s = min(time_limit_s, max(monitor.left_s(), proof.last_linear_s))
    highs = Highs(fixed.with_extra(violated), monitor.options, integer=False)
    for _ in range(proof.completion_rounds):
        result = highs.run(time_limit_s=time_limit_s)
        if result.status != "kOptimal" or result.values is None:
            break
        exact = np.where(core.integer, rounded, result.values)
        more = core.violated_by(exact, POLISHED_VIOLATION)
        if not len(more):
            plan = exact
            break
        found.append(more)
        incumbent.candidates.append(exact)
        highs.add_extra(more)
    if len(violated):
        incumbent.candidates.append(values)
    incumbent.lazy_rows.extend(found)
    return plan, ExtraRows.joined(found, len(core.cost))


def complete(
    core: Arrays, values: np.ndarray, monitor: Monitor, incumbent: Incumbent
) -> tuple[ExtraRows, bool]:
    """Complete a point of the solver and keep the plan.

    Returns
    -------
    ExtraRows, bool
        The lazy constraints that were violated, and True if the point itself violated any.
    """
    violated = core.violated_by(values)
    exact, all_violated = completed(core, values, monitor, incumbent, violated)
    if exact is not None:
        incumbent.take(exact, core.objective(exact))
    elif not len(violated) and not len(all_violated):
        # Not solved again in time: a plan only if it keeps its rows with its integers rounded.
        rounded = np.where(core.integer, np.round(values), values)
        if core.keeps(rounded, FEASIBILITY):
            incumbent.take(rounded, core.objective(rounded))
    return all_violated, len(violated) > 0


def completed_earlier(
    core: Arrays, earlier: tuple[np.ndarray, ...], monitor: Monitor, incumbent: Incumbent
) -> None:
    """Complete the points before the last, the latest first, until there is a plan."""
    for values in reversed(earlier):
        if incumbent.values is not None:
            return
        complete(core, values, monitor, incumbent)
