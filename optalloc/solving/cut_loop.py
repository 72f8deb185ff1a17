"""The relaxation tightened before the search: strengthening rows, and rows not listed in advance.

Strengthening rows cut off no plan; only those that the relaxation violates are taken, round by
round, and the rest is left out. Rows that `Arrays.separate` gives belong to the program.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from optalloc.errors import InternalError
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options, Progress, ProgressCallback
from optalloc.mip.parameters import CutLoop
from optalloc.mip.tolerances import FEASIBILITY
from optalloc.solving.highs import Highs, Result

__all__ = ["Relaxation", "Run"]


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


class Relaxation:
    """The linear relaxation, held by the solver with the rows that it was found to need.

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
        """Whether there are rows that the relaxation may need and has not."""
        return len(self._pool.numbers) > 0 or self.arrays.separate is not None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._solver.cancelled

    @property
    def rows_taken(self) -> int:
        """How many rows were added to those that the program cannot do without."""
        return int(self._pool.taken.sum()) + len(self._extra)

    @property
    def core(self) -> Arrays:
        """The program with the rows that pay: its own in their order, then those found."""
        return self.arrays.with_rows(self._kept()).with_extra(self._extra)

    def rounds(self, run: Run) -> Iterator[Result]:
        """Solve, add rows that the point violates, and repeat while the bound moves.

        Yields
        ------
        Result
            Of each round. The bound of a round that ended is a bound on the program.
        """
        ending, last = run.seconds() + self._loop.time_share * run.left_s(), -math.inf
        for _ in range(self._loop.rounds):
            result = self._solver.run(time_limit_s=ending - run.seconds())
            if result.status == "kOptimal":
                run.report(Progress(run.seconds(), math.inf, result.bound, "bounding"))
            yield result
            if result.status != "kOptimal" or result.values is None:
                return
            if result.bound - last < self._loop.stalled_gap * abs(result.bound):
                return
            last = result.bound
            if not self._add_violated(result.values):
                return

    def learn(self, broken: Sequence[ExtraRows], points: Sequence[np.ndarray]) -> None:
        """Take rows found on demand, and the points that broke them."""
        new = sum(len(rows) for rows in broken)
        if new:
            self._extra = ExtraRows.joined([self._extra, *broken], len(self.arrays.cost))
            self._extra_numbers = np.concatenate([self._extra_numbers, self._fresh(new)])
            self._points = [*self._points, *points][-self._loop.points :]

    def renew(self, arrays: Arrays) -> None:
        """Take other numbers for the same rows and columns; the rows taken so far stay taken.

        Rows found on demand follow from the numbers, and are found again at the points where they
        were found.

        Raises
        ------
        InternalError
            If the pattern of the matrix is another.
        """
        if arrays.matrix.shape != self.arrays.matrix.shape:
            raise InternalError("the program held has other rows or columns")
        again = arrays.separate is not self.arrays.separate
        self.arrays = arrays
        self._pool = replace(_Pool.of(arrays, self._pool.numbers), taken=self._pool.taken)
        if again:
            found = [arrays.broken_by(point) for point in self._points]
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

    def _add_violated(self, point: np.ndarray) -> bool:
        """Add rows that a point violates: whether there were any."""
        worst, self._grown = self._pool.take_worst(point, self._loop), True
        self._solver.add_rows(*self._pool.rows(worst))
        broken = self.arrays.broken_by(point)
        self._solver.add_extra(broken)
        self.learn([broken], [point])
        new = self._extra_numbers[len(self._extra_numbers) - len(broken) :]
        self._held = np.concatenate([self._held, self._pool.numbers[worst], new])
        return len(worst) + len(broken) > 0

    def _numbers(self) -> np.ndarray:
        """Numbers of the rows of `core`; rows found on demand come after all of the program's."""
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
        """Take the rows that a point violates most; gives their places here."""
        activity = self.matrix @ values
        excess = np.maximum(activity - self.upper, self.lower - activity) / self.norm
        excess[self.taken] = 0.0
        most = max(loop.round_rows, int(loop.round_rows_share * len(self.upper)))
        worst: np.ndarray = np.argsort(-excess)[:most]
        worst = worst[excess[worst] > FEASIBILITY]
        self.taken[worst] = True
        return worst
