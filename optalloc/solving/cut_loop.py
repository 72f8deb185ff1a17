"""The cut loop at the root: strengthening rows and lazy constraints that the relaxation violates.

Strengthening rows cut off no plan; only those that the relaxation violates are taken, round by
round, and the rest is left out. Lazy constraints, which `Arrays.separate` returns, belong to the
program.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.errors import InternalError
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options, Progress
from optalloc.mip.parameters import CutLoop
from optalloc.mip.tolerances import FEASIBILITY
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.monitor import Monitor

__all__ = ["Relaxation"]

logger = logging.getLogger(__name__)


class Relaxation:
    """The linear relaxation with the rows taken so far, warm-started in one solver.

    Parameters
    ----------
    arrays : Arrays
    options : Options
    """

    def __init__(self, arrays: Arrays, options: Options) -> None:
        self.arrays = arrays
        self._options, self._loop = options, options.parameters.cut_loop
        self._pool = _Pool.of(arrays, np.flatnonzero(arrays.strengthening))
        self._extra, self._next = ExtraRows.joined((), len(arrays.cost)), len(arrays.row_lower)
        self._extra_numbers = self._fresh(0)
        self._points: list[np.ndarray] = []
        self._grown = False
        self._solver, self._held = Highs(self.core, options, integer=False), self._numbers()

    @property
    def incomplete(self) -> bool:
        """True where there are rows that the relaxation may violate and lacks."""
        return len(self._pool.numbers) > 0 or self.arrays.separate is not None

    @property
    def interrupted(self) -> bool:
        """True once Ctrl-C was pressed."""
        return self._solver.cancelled

    @property
    def rows_taken(self) -> int:
        """Number of strengthening rows and lazy constraints taken."""
        return int(self._pool.taken.sum()) + len(self._extra)

    @property
    def core(self) -> Arrays:
        """The program with the strengthening rows taken, then the lazy constraints found."""
        return self.arrays.with_rows(self._kept()).with_extra(self._extra)

    def rounds(self, monitor: Monitor) -> Iterator[Result]:
        """Solve, add rows that the point violates, and repeat while the bound rises.

        Yields
        ------
        Result
            Of each round. The bound of a round that ended is a bound on the program.
        """
        ending, last = monitor.seconds() + self._loop.time_share * monitor.left_s(), -math.inf
        for _ in range(self._loop.rounds):
            result = self._solver.run(time_limit_s=ending - monitor.seconds())
            if result.status == "kOptimal":
                monitor.report(Progress(monitor.seconds(), math.inf, result.bound, "bounding"))
            yield result
            if result.status != "kOptimal" or result.values is None:
                return
            if result.bound - last < self._loop.stalled_gap * abs(result.bound):
                return
            last = result.bound
            added = self._add_violated(result.values)
            logger.debug("bound %.8g, %d rows added, %.2f s", last, added, monitor.seconds())
            if not added:
                return

    def learn(self, lazy: Sequence[ExtraRows], points: Sequence[np.ndarray]) -> None:
        """Take lazy constraints, and the points that violated them."""
        new = sum(len(rows) for rows in lazy)
        if new:
            self._extra = ExtraRows.joined([self._extra, *lazy], len(self.arrays.cost))
            self._extra_numbers = np.concatenate([self._extra_numbers, self._fresh(new)])
            self._points = [*self._points, *points][-self._loop.points :]

    def renew(self, arrays: Arrays) -> None:
        """Take other numbers for the same rows and columns; the rows taken so far stay taken.

        Lazy constraints follow from the numbers, and are separated again at the points that
        violated them.

        Raises
        ------
        InternalError
            If the pattern of the matrix is another.
        """
        if arrays.matrix.shape != self.arrays.matrix.shape:
            raise InternalError("the program solved last has other rows or columns")
        again = arrays.separate is not self.arrays.separate
        self.arrays = arrays
        self._pool = replace(_Pool.of(arrays, self._pool.numbers), taken=self._pool.taken)
        if again:
            found = [arrays.violated_by(point) for point in self._points]
            self._extra = ExtraRows.joined(found, len(arrays.cost))
            self._extra_numbers = self._fresh(len(self._extra))
        self._hold()

    def _hold(self) -> None:
        """Let the solver hold `core`, and start from the basis that it has."""
        numbers = self._numbers()
        stuck = self._solver.abandoned
        if not self._grown and not stuck and np.array_equal(numbers, self._held):
            self._solver.update(self.core)
            return
        basis = None if stuck else self._solver.basis()
        held, self._held, self._grown = self._held, numbers, False
        self._solver = Highs(self.core, self._options, integer=False)
        if basis is not None:
            self._solver.start_from_basis(basis.with_rows(held, numbers))

    def _add_violated(self, point: np.ndarray) -> int:
        """Add rows that a point violates; return how many."""
        worst, self._grown = self._pool.take_worst(point, self._loop), True
        self._solver.add_rows(*self._pool.rows(worst))
        lazy = self.arrays.violated_by(point)
        self._solver.add_extra(lazy)
        self.learn([lazy], [point])
        new = self._extra_numbers[len(self._extra_numbers) - len(lazy) :]
        self._held = np.concatenate([self._held, self._pool.numbers[worst], new])
        return len(worst) + len(lazy)

    def _numbers(self) -> np.ndarray:
        """Numbers of the rows of `core`; lazy constraints come after all of the program's."""
        return np.concatenate([np.flatnonzero(self._kept()), self._extra_numbers])

    def _kept(self) -> np.ndarray:
        kept = ~self.arrays.strengthening
        kept[self._pool.numbers[self._pool.taken]] = True
        return kept

    def _fresh(self, count: int) -> np.ndarray:
        """Numbers that no row has had."""
        first = self._next
        self._next += count
        return np.arange(first, self._next)


@dataclass
class _Pool:
    """Strengthening rows by their numbers, and which of them have been taken."""

    numbers: np.ndarray
    matrix: sp.csr_array
    lower: np.ndarray
    upper: np.ndarray
    norm: np.ndarray
    taken: np.ndarray

    @staticmethod
    def of(arrays: Arrays, numbers: np.ndarray) -> _Pool:
        matrix = sp.csr_array(arrays.matrix.tocsr()[numbers])
        largest = abs(matrix).max(axis=1).toarray().ravel() if len(numbers) else np.empty(0)
        taken = np.zeros(len(numbers), dtype=bool)
        limits = arrays.row_lower[numbers], arrays.row_upper[numbers]
        return _Pool(numbers, matrix, *limits, np.maximum(1.0, largest), taken)

    def rows(self, which: np.ndarray) -> tuple[sp.csr_array, np.ndarray, np.ndarray]:
        """Matrix and limits of some of them."""
        return self.matrix[which], self.lower[which], self.upper[which]

    def take_worst(self, values: np.ndarray, loop: CutLoop) -> np.ndarray:
        """Take the rows that a point violates most; return their places here."""
        activity = self.matrix @ values
        excess = np.maximum(activity - self.upper, self.lower - activity) / self.norm
        excess[self.taken] = 0.0
        most = max(loop.round_rows, int(loop.round_rows_share * len(self.upper)))
        worst: np.ndarray = np.argsort(-excess)[:most]
        worst = worst[excess[worst] > FEASIBILITY]
        self.taken[worst] = True
        return worst
