"""Elastic programs: infeasibility confirmed, and the cheapest relaxation of rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options
from optalloc.mip.tolerances import FEASIBILITY, SLACK_IN_USE
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.monitor import Monitor
from optalloc.solving.submip import with_slack

__all__ = [
    "ElasticSolution",
    "cheapest_relaxation",
    "fully_elastic",
    "largest_coefficients",
    "seconds_until",
    "shortfalls",
]

# A solver that is given no time at all may not return a status.
LEAST_S = 0.01


def seconds_until(deadline: float) -> float:
    """Seconds left until a deadline (`time.perf_counter`), next to none once it is past."""
    return max(deadline - time.perf_counter(), LEAST_S)


def shortfalls(arrays: Arrays, monitor: Monitor) -> tuple[tuple[str, float], ...] | None:
    """Rows that must be relaxed, the most first; None if a plan exists after all.

    Empty where what is left of the time limit, at least `Elastic.confirmation_s`, does not suffice.
    """
    core, elastic = arrays, monitor.options.parameters.elastic
    until = time.perf_counter() + max(monitor.left_s(), elastic.confirmation_s)
    for integer in (False, True):
        for _ in range(elastic.rounds):
            result, amounts = _least_violation(core, monitor, integer, seconds_until(until))
            # What is infeasible with some lazy constraints is infeasible with all.
            if result.bound > FEASIBILITY:
                worst = np.argsort(-amounts)
                return tuple(
                    (core.row_name(int(row)), float(amounts[row]))
                    for row in worst
                    if amounts[row] > SLACK_IN_USE
                )
            if result.status == "kTimeLimit" or time.perf_counter() > until:
                return ()
            if result.values is None:
                break
            violated = arrays.violated_by(result.values[: len(arrays.cost)])
            if not len(violated):
                break
            core = core.with_extra(violated)
    return None


def largest_coefficients(arrays: Arrays) -> np.ndarray:
    """Largest coefficient of each row; 0 where there is none."""
    if not arrays.matrix.nnz:
        return np.zeros(arrays.matrix.shape[0])
    largest: np.ndarray = abs(arrays.matrix).max(axis=1).toarray().ravel()
    return largest


def fully_elastic(arrays: Arrays) -> tuple[Arrays, np.ndarray]:
    """The program with slack on both sides of every row, and the scale of each row's slack."""
    rows = arrays.matrix.shape[0]
    scale = np.maximum(1.0, largest_coefficients(arrays))
    identity = sp.diags_array(scale, format="csc")
    return with_slack(arrays, sp.hstack([identity, -identity]), np.ones(2 * rows)), scale


def _least_violation(
    arrays: Arrays, monitor: Monitor, integer: bool, time_limit_s: float
) -> tuple[Result, np.ndarray]:
    """Least total violation, each row's scaled by its largest coefficient; and that of each row."""
    rows = arrays.matrix.shape[0]
    elastic, scale = fully_elastic(arrays)
    result = Highs(elastic, monitor.options, integer=integer).run(time_limit_s=time_limit_s)
    if result.values is None:
        return result, np.zeros(rows)
    extra = result.values[len(arrays.cost) :]
    return result, (extra[:rows] + extra[rows:]) * scale


@dataclass(frozen=True)
class ElasticSolution:
    """A relaxation of rows.

    Parameters
    ----------
    values : numpy.ndarray or None
        A point that keeps all rows once they are relaxed; None if there is none, or no time.
    shares : numpy.ndarray
        By slack: how much of each is used.
    price, bound : float
        Total penalty, and a lower bound on it.
    """

    values: np.ndarray | None
    shares: np.ndarray
    price: float
    bound: float


# From a program to what one unit of each slack adds to each of its rows.
SlackOf = Callable[[Arrays], sp.csc_array]


def cheapest_relaxation(
    arrays: Arrays,
    slack_of: SlackOf,
    prices: Callable[[], np.ndarray],
    options: Options,
    *,
    integer: bool,
    until: float = math.inf,
) -> ElasticSolution:
    """The cheapest relaxation of rows, lazy constraints included.

    Parameters
    ----------
    arrays : Arrays
    slack_of, prices : callable
        Slack columns of a program's rows, and the penalty of each known by then; lazy constraints
        found on the way may bring slack of their own.
    options : Options
    integer : bool
        False drops integrality.
    until : float
        Deadline of all the solves (`time.perf_counter`); what is known by then is returned.
    """
    search = _ElasticSearch(slack_of, prices, options, until)
    relaxed = search.relaxed(arrays)
    if not integer or relaxed.values is None:
        return relaxed
    best = ElasticSolution(None, np.zeros(0), math.inf, relaxed.bound)
    for _ in range(options.parameters.elastic.rounds):
        elastic = search.elastic(arrays)
        result = Highs(elastic, options, integer=True).run(time_limit_s=seconds_until(until))
        bound = max(best.bound, result.bound)
        if result.values is None:
            return replace(best, bound=bound)
        # The integers are fixed; the cheapest relaxation with them is a linear program.
        fixed = arrays.with_fixed(arrays.integer, np.round(result.values[: len(arrays.cost)]))
        found = search.relaxed(fixed)
        best = replace(found if found.price < best.price else best, bound=bound)
        close = best.price <= bound * (1 + options.gap) + FEASIBILITY
        if close or time.perf_counter() > until:
            break
    return best


@dataclass
class _ElasticSearch:
    """Elastic programs with the lazy constraints found so far."""

    slack_of: SlackOf
    prices: Callable[[], np.ndarray]
    options: Options
    until: float
    found: list[ExtraRows] = field(default_factory=list)

    def elastic(self, arrays: Arrays) -> Arrays:
        """The elastic program with all rows known."""
        core = self._core(arrays)
        slack = self.slack_of(core)
        return with_slack(core, slack, self.prices())

    def relaxed(self, arrays: Arrays) -> ElasticSolution:
        """The cheapest relaxation by linear programs, in which no row is violated without slack."""
        columns = len(arrays.cost)
        for _ in range(self.options.parameters.elastic.rounds):
            elastic = self.elastic(arrays)
            left_s = seconds_until(self.until)
            result = Highs(elastic, self.options, integer=False).run(time_limit_s=left_s)
            if result.values is None:
                break
            point, shares = result.values[:columns], np.maximum(result.values[columns:], 0.0)
            violated = self._violated(arrays, point, shares)
            if not len(violated):
                price = float(elastic.cost[columns:] @ shares)
                return ElasticSolution(point, shares, price, result.bound)
            self.found.append(violated)
        return ElasticSolution(None, np.zeros(0), math.inf, -math.inf)

    def _core(self, arrays: Arrays) -> Arrays:
        return arrays.with_extra(ExtraRows.joined(self.found, len(arrays.cost)))

    def _violated(self, arrays: Arrays, point: np.ndarray, shares: np.ndarray) -> ExtraRows:
        """Lazy constraints that this point violates by more than their slack."""
        violated = arrays.violated_by(point)
        if not len(violated):
            return violated
        none = np.zeros(arrays.matrix.shape[0], dtype=bool)
        relaxed = (
            self.slack_of(arrays.with_rows(none).with_extra(violated))[:, : len(shares)] @ shares
        )
        over = violated.matrix @ point + relaxed - violated.upper
        return violated.take(np.flatnonzero(over > FEASIBILITY * (1 + abs(violated.upper))))
