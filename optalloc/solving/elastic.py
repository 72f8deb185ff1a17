"""Programs whose rows may give way: whether there is no plan, and by how little."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows, Labels
from optalloc.mip.outcome import Options
from optalloc.mip.tolerances import FEASIBILITY, SLACK_IN_USE
from optalloc.solving.cut_loop import Run
from optalloc.solving.highs import Highs, Result

__all__ = [
    "Given",
    "any_row_gives",
    "largest_terms",
    "least_given",
    "seconds_until",
    "shortfalls",
    "with_slack",
]

# A solver that is given no time at all may not return a status.
LEAST_S = 0.01


def seconds_until(deadline: float) -> float:
    """Seconds left until a deadline (`time.perf_counter`), next to none once it is past."""
    return max(deadline - time.perf_counter(), LEAST_S)


def with_slack(arrays: Arrays, slack: sp.csc_array, price: np.ndarray) -> Arrays:
    """Give the program in which rows give way, at a price, and nothing else costs anything.

    Parameters
    ----------
    arrays : Arrays
    slack : scipy.sparse.csc_array, shape (rows, slacks)
        What one unit of each slack adds to each row.
    price : numpy.ndarray, shape (slacks,)

    Returns
    -------
    Arrays
        Its last columns are the slacks, from 0 up.
    """
    extra = len(price)
    return replace(
        arrays,
        matrix=sp.csc_array(sp.hstack([arrays.matrix, slack])),
        col_lower=np.concatenate([arrays.col_lower, np.zeros(extra)]),
        col_upper=np.concatenate([arrays.col_upper, np.full(extra, np.inf)]),
        cost=np.concatenate([np.zeros(len(arrays.cost)), price]),
        integer=np.concatenate([arrays.integer, np.zeros(extra, dtype=bool)]),
        offset=0.0,
        columns=Labels.of(()),
        separate=None,
    )


def shortfalls(arrays: Arrays, run: Run) -> tuple[tuple[str, float], ...] | None:
    """Rows that must give way, the most first; None if a plan exists after all.

    Empty where what is left of the time limit, at least `Elastic.confirmation_s`, does not suffice.
    """
    core, elastic = arrays, run.options.parameters.elastic
    until = time.perf_counter() + max(run.left_s(), elastic.confirmation_s)
    for integer in (False, True):
        for _ in range(elastic.rounds):
            result, amounts = _given_by_any(core, run, integer, seconds_until(until))
            # What some rows must give, all rows must.
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
            broken = arrays.broken_by(result.values[: len(arrays.cost)])
            if not len(broken):
                break
            core = core.with_extra(broken)
    return None


def largest_terms(arrays: Arrays) -> np.ndarray:
    """Largest coefficient of each row; 0 where there is none."""
    if not arrays.matrix.nnz:
        return np.zeros(arrays.matrix.shape[0])
    largest: np.ndarray = abs(arrays.matrix).max(axis=1).toarray().ravel()
    return largest


def any_row_gives(arrays: Arrays) -> tuple[Arrays, np.ndarray]:
    """The program in which every row gives way on both sides, and the scale of each row's slack."""
    rows = arrays.matrix.shape[0]
    scale = np.maximum(1.0, largest_terms(arrays))
    identity = sp.diags_array(scale, format="csc")
    return with_slack(arrays, sp.hstack([identity, -identity]), np.ones(2 * rows)), scale


def _given_by_any(
    arrays: Arrays, run: Run, integer: bool, time_limit_s: float
) -> tuple[Result, np.ndarray]:
    """Smallest total by which rows must give way, each scaled by its largest coefficient."""
    rows = arrays.matrix.shape[0]
    elastic, scale = any_row_gives(arrays)
    result = Highs(elastic, run.options, integer=integer).run(time_limit_s=time_limit_s)
    if result.values is None:
        return result, np.zeros(rows)
    extra = result.values[len(arrays.cost) :]
    return result, (extra[:rows] + extra[rows:]) * scale


@dataclass(frozen=True)
class Given:
    """The cheapest way for rows to give way.

    Parameters
    ----------
    values : numpy.ndarray or None
        A point that keeps all rows but for what is given; None if there is none, or no time.
    shares : numpy.ndarray
        What is given by slack.
    price, bound : float
        Its price, and what no way costs less than.
    """

    values: np.ndarray | None
    shares: np.ndarray
    price: float
    bound: float


# From a program to what one unit of each slack adds to each of its rows.
SlackOf = Callable[[Arrays], sp.csc_array]


def least_given(
    arrays: Arrays,
    slack_of: SlackOf,
    prices: Callable[[], np.ndarray],
    options: Options,
    *,
    integer: bool,
    until: float = math.inf,
) -> Given:
    """Find the cheapest way for rows to give way, those too that are not listed in advance.

    Parameters
    ----------
    arrays : Arrays
    slack_of, prices : callable
        Slacks of a program's rows, and the price of each slack known by then; rows that are found
        on the way may bring slacks of their own.
    options : Options
    integer : bool
        False drops integrality.
    until : float
        Deadline of all the solves (`time.perf_counter`); what is known by then is given.
    """
    search = _LeastGiven(slack_of, prices, options, until)
    relaxed = search.relaxed(arrays)
    if not integer or relaxed.values is None:
        return relaxed
    best = Given(None, np.zeros(0), math.inf, relaxed.bound)
    for _ in range(options.parameters.elastic.rounds):
        elastic = search.elastic(arrays)
        result = Highs(elastic, options, integer=True).run(time_limit_s=seconds_until(until))
        bound = max(best.bound, result.bound)
        if result.values is None:
            return replace(best, bound=bound)
        # The whole numbers are held; what has to give with them is a linear program.
        whole = arrays.with_fixed(arrays.integer, np.round(result.values[: len(arrays.cost)]))
        found = search.relaxed(whole)
        best = replace(found if found.price < best.price else best, bound=bound)
        close = best.price <= bound * (1 + options.gap) + FEASIBILITY
        if close or time.perf_counter() > until:
            break
    return best


@dataclass
class _LeastGiven:
    """Elastic programs with the rows that were found on demand so far."""

    slack_of: SlackOf
    prices: Callable[[], np.ndarray]
    options: Options
    until: float
    found: list[ExtraRows] = field(default_factory=list)

    def elastic(self, arrays: Arrays) -> Arrays:
        """The program with all rows known, which give way at their prices."""
        core = self._core(arrays)
        slack = self.slack_of(core)
        return with_slack(core, slack, self.prices())

    def relaxed(self, arrays: Arrays) -> Given:
        """The cheapest way by the linear relaxation, in which no row is broken unpaid."""
        columns = len(arrays.cost)
        for _ in range(self.options.parameters.elastic.rounds):
            elastic = self.elastic(arrays)
            left_s = seconds_until(self.until)
            result = Highs(elastic, self.options, integer=False).run(time_limit_s=left_s)
            if result.values is None:
                break
            point, shares = result.values[:columns], np.maximum(result.values[columns:], 0.0)
            broken = self._broken(arrays, point, shares)
            if not len(broken):
                price = float(elastic.cost[columns:] @ shares)
                return Given(point, shares, price, result.bound)
            self.found.append(broken)
        return Given(None, np.zeros(0), math.inf, -math.inf)

    def _core(self, arrays: Arrays) -> Arrays:
        return arrays.with_extra(ExtraRows.joined(self.found, len(arrays.cost)))

    def _broken(self, arrays: Arrays, point: np.ndarray, shares: np.ndarray) -> ExtraRows:
        """Rows on demand that this point breaks by more than they give."""
        broken = arrays.broken_by(point)
        if not len(broken):
            return broken
        none = np.zeros(arrays.matrix.shape[0], dtype=bool)
        given = self.slack_of(arrays.with_rows(none).with_extra(broken))[:, : len(shares)] @ shares
        over = broken.matrix @ point + given - broken.upper
        return broken.take(np.flatnonzero(over > FEASIBILITY * (1 + abs(broken.upper))))
