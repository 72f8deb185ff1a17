"""The relaxation tightened before the search: strengthening rows, and rows not listed in advance.

Strengthening rows cut off no plan; only those that the relaxation violates are taken, round by
round, and the rest is left out. Rows that `Arrays.separate` gives belong to the program.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from optalloc.arrays import Arrays, ExtraRows
from optalloc.highs import Highs
from optalloc.outcome import Options, Progress, ProgressCallback

__all__ = ["FEASIBILITY", "Run", "tightened"]

FEASIBILITY = 1e-6
# Share of the time that tightening may take, rows it may add in a round, and when it stalls.
TIGHTENING_TIME = 0.3
ROWS_PER_ROUND = 5000
STALL = 1e-5
ROUNDS = 40


@dataclass
class Run:
    """What one solve keeps in mind: its clock, its callback, and what was seen."""

    options: Options
    callback: ProgressCallback | None
    started: float = field(default_factory=time.perf_counter)
    history: list[Progress] = field(default_factory=list)

    def seconds(self) -> float:
        """Seconds since the solve began."""
        return time.perf_counter() - self.started

    def left_s(self) -> float:
        """Seconds left of the time limit."""
        limit = self.options.time_limit_s
        return math.inf if limit is None else limit - self.seconds()

    def report(self, progress: Progress) -> None:
        """Keep a moment of the solve, and pass it on."""
        self.history.append(progress)
        if self.callback is not None:
            self.callback(progress)


def tightened(arrays: Arrays, run: Run) -> tuple[Arrays, int, bool]:
    """Solve the relaxation, add rows that it violates, and repeat while the bound moves.

    Returns
    -------
    Arrays, int, bool
        The program with the rows that pay, how many were added, and whether Ctrl-C was pressed.
    """
    pool = np.flatnonzero(arrays.strengthening)
    core = arrays.with_rows(~arrays.strengthening)
    if not len(pool) and arrays.separate is None:
        return core, 0, False
    rows = _Pool.of(arrays, pool)
    relaxed = Highs(core, run.options, integer=False)
    extra: list[ExtraRows] = []
    budget, last = TIGHTENING_TIME * run.left_s(), -math.inf
    for _ in range(ROUNDS):
        result = relaxed.run(time_limit_s=budget - run.seconds())
        if result.status != "kOptimal" or result.values is None:
            break
        run.report(Progress(run.seconds(), math.inf, result.bound, "bounding"))
        if result.bound - last < STALL * abs(result.bound):
            break
        last = result.bound
        worst = rows.take_worst(result.values)
        relaxed.add_rows(rows.matrix[worst], rows.lower[worst], rows.upper[worst])
        if arrays.separate is not None:
            broken = arrays.broken_by(result.values)
            relaxed.add_extra(broken)
            extra.append(broken)
        if not len(worst) and not (extra and len(extra[-1])):
            break
    kept = ~arrays.strengthening
    kept[pool[rows.taken]] = True
    more = ExtraRows.joined(extra, len(arrays.cost))
    added = int(rows.taken.sum()) + len(more)
    return arrays.with_rows(kept).with_extra(more), added, relaxed.cancelled


@dataclass
class _Pool:
    """Strengthening rows, and which of them have been taken."""

    matrix: sp.csr_array
    lower: np.ndarray
    upper: np.ndarray
    norm: np.ndarray
    taken: np.ndarray

    @staticmethod
    def of(arrays: Arrays, pool: np.ndarray) -> _Pool:
        matrix = sp.csr_array(arrays.matrix.tocsr()[pool])
        norm = np.maximum(1.0, abs(matrix).max(axis=1).toarray().ravel()) if len(pool) else pool
        taken = np.zeros(len(pool), dtype=bool)
        return _Pool(matrix, arrays.row_lower[pool], arrays.row_upper[pool], norm, taken)

    def take_worst(self, values: np.ndarray) -> np.ndarray:
        """Take the rows that a point violates most; gives their numbers."""
        activity = self.matrix @ values
        excess = np.maximum(activity - self.upper, self.lower - activity) / self.norm
        excess[self.taken] = 0.0
        worst: np.ndarray = np.argsort(-excess)[: max(ROWS_PER_ROUND, len(self.upper) // 20)]
        worst = worst[excess[worst] > FEASIBILITY]
        self.taken[worst] = True
        return worst
