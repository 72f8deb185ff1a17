"""Plans for large programs: part after part is decided anew, a little broken at first.

It begins at any point, such as the relaxation's with its integers rounded. A few blocks that
are near each other, or a stretch of stages, are freed; all else is held; the small program is
solved. A row that the point breaks may stay broken, at a price, by no more than it is: so there is
always something to go on from, and what is broken only shrinks. Once no row is broken the same
steps improve the plan. Source: large neighbourhood search (Shaw, 1998,
doi:10.1007/3-540-49481-2_30) with the penalties of a feasibility search.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.arrays import Arrays, ExtraRows, Labels
from optalloc.highs import Highs, Result
from optalloc.outcome import Options
from optalloc.strategies.kernel import kernel
from optalloc.strategies.neighbourhood import Neighbourhoods

__all__ = ["BROKEN", "Search", "excess"]

# What a row may be broken by in a plan, and in a small program without a price.
BROKEN = 1e-6
# Seconds for a small program, at least and at most: many short steps come much further than a few
# long ones as long as short ones bring something.
SHORT_S, LONG_S, LONGER, SHORTER = 0.6, 6.0, 1.12, 0.9
# Gap of a small program against the cost of the whole plan, and as long as rows are broken.
FINE, COARSE = 2e-5, 2e-4
# Share of the solver's time for heuristics.
EFFORT = 0.05
# Blocks or stages freed at first, at least, and by how much more or fewer after each step.
BLOCKS, STAGES, LEAST, FASTER, SLOWER = 8.0, 4.0, 2.0, 1.15, 0.87
CLUSTERS = 0.6
# Blocks that are made whole together.
GROUP = 25
# Share of all blocks or stages that is freed at most: all of them are the proof's concern.
MOST = 0.6
# By how much what breaks rows grows dearer when nothing gets better any more.
DEARER, PATIENCE = 3.0, 12


def excess(arrays: Arrays, activity: np.ndarray) -> np.ndarray:
    """By how much each row is broken."""
    below = arrays.row_lower - activity
    above = activity - arrays.row_upper
    return np.asarray(np.maximum(np.maximum(below, above), 0.0))


@dataclass
class _Kind:
    """How many blocks, or stages, are freed at a time: more while that is easy."""

    size: float
    most: float

    def adapt(self, proved: bool) -> None:
        self.size *= FASTER if proved else SLOWER
        self.size = min(max(self.size, min(LEAST, self.most)), self.most)


class Search:
    """A search from one point to better ones.

    Parameters
    ----------
    arrays : Arrays
        With `parts`.
    start : numpy.ndarray, shape (columns,)
        Where it begins; integers are rounded to the nearest.
    duals : numpy.ndarray, shape (rows,), optional
        Multipliers of the relaxation, for the price of what is broken.
    options : Options
    """

    def __init__(
        self, arrays: Arrays, start: np.ndarray, duals: np.ndarray | None, options: Options
    ) -> None:
        if arrays.parts is None:
            raise ValueError("a program without parts cannot be searched by them")
        self.arrays = arrays
        self._options = replace(options, threads=1)
        self._near = Neighbourhoods(arrays, arrays.parts)
        self._draw = np.random.default_rng(options.seed)
        scale = np.maximum(abs(arrays.matrix).max(axis=1).toarray().ravel(), 1e-9)
        self._dearest = _price(arrays, duals, scale)
        self._price = self._dearest / scale
        self._blocks = _Kind(BLOCKS, MOST * arrays.parts.blocks)
        self._stages = _Kind(STAGES, MOST * arrays.parts.stages)
        self._idle, self._slice_s = 0, SHORT_S
        self.move(np.clip(start, arrays.col_lower, arrays.col_upper))

    def move(self, values: np.ndarray) -> None:
        """Go on from another point."""
        self.values = np.where(self.arrays.integer, np.round(values), values)
        self._activity = self.arrays.matrix @ self.values

    def require(self, rows: ExtraRows) -> None:
        """Keep further rows from now on."""
        self.arrays = self.arrays.with_extra(rows)
        scale = np.maximum(abs(rows.matrix).max(axis=1).toarray().ravel(), 1e-9)
        self._price = np.concatenate([self._price, self._dearest / scale])
        assert self.arrays.parts is not None
        self._near = Neighbourhoods(self.arrays, self.arrays.parts)
        self.move(self.values)

    @property
    def cost(self) -> float:
        """What the point costs, what it breaks apart."""
        return float(self.arrays.cost @ self.values + self.arrays.offset)

    @property
    def is_plan(self) -> bool:
        """Whether the point breaks no row."""
        return bool(excess(self.arrays, self._activity).max(initial=0.0) <= BROKEN)

    def settle(self, point: np.ndarray, until: Callable[[], bool]) -> None:
        """Make a solution of the relaxation whole, group of blocks after group.

        Those whose turn is yet to come stay as the relaxation has them, so that little is broken.
        Source: relax-and-fix (Dillenberger et al., 1994, doi:10.1016/0377-2217(94)90187-2).

        Parameters
        ----------
        point : numpy.ndarray, shape (columns,)
        until : callable
            Whether to stop.
        """
        arrays = self.arrays
        values = np.clip(point, arrays.col_lower, arrays.col_upper)
        options = replace(self._options, gap=COARSE)
        group = self._near.partition(GROUP)
        for number in range(int(group.max(initial=-1)) + 1):
            if until():
                break
            free = self._near.group(group == number)
            part = _Part.of(
                arrays, values, arrays.matrix @ values, free, self._price, may_break=True
            )
            near = np.concatenate([values[part.columns], np.zeros(part.breaks)])
            highs = Highs(kernel(part.program, near, 0), options, integer=True)
            result = highs.run(time_limit_s=LONG_S)
            if result.values is not None:
                values[part.columns] = result.values[: len(part.columns)]
        self.move(values)

    def _take(self, part: _Part, result: Result) -> bool:
        """Go on from what came of a part, if that is better."""
        before = float(part.program.cost @ part.start + part.program.offset)
        if result.values is None or result.objective >= before - 1e-8 * abs(before):
            return False
        values = self.values.copy()
        values[part.columns] = result.values[: len(part.columns)]
        self.move(values)
        return True

    def step(self, limit_s: float = math.inf) -> bool:
        """Decide one part anew: whether the point got better."""
        kind, free = self._freed()
        lacking = self._left_broken()
        part = _Part.of(self.arrays, self.values, self._activity, free, self._price)
        gap = FINE if self.is_plan else COARSE
        options = replace(self._options, seed=int(self._draw.integers(2**31 - 1)), gap=gap)
        settings = {"mip_heuristic_effort": EFFORT}
        highs = Highs(part.program, options, integer=True, settings=settings)
        highs.start_from(part.start)
        result = highs.run(time_limit_s=min(limit_s, self._slice_s))
        kind.adapt(result.status == "kOptimal")
        better = self._take(part, result)
        if better or result.status == "kTimeLimit":
            longer = self._slice_s * (SHORTER if better else LONGER)
            self._slice_s = min(max(longer, SHORT_S), LONG_S)
        # As long as rows are broken only what breaks them less gets on.
        left = self._left_broken()
        self._idle = 0 if (left < lacking if lacking else better) else self._idle + 1
        if self._idle >= PATIENCE and left:
            self._dearest, self._price = self._dearest * DEARER, self._price * DEARER
            self._idle = 0
        return better

    def _left_broken(self) -> float:
        """By how much rows are broken in all, each against its largest entry; 0 for a plan."""
        over = excess(self.arrays, self._activity)
        return float((self._price / self._dearest) @ np.where(over > BROKEN, over, 0.0))

    def _freed(self) -> tuple[_Kind, np.ndarray]:
        if self._near.has_windows and self._draw.random() > CLUSTERS:
            width = max(1, round(self._stages.size))
            return self._stages, self._near.window(self._draw, width)
        broken = np.flatnonzero(excess(self.arrays, self._activity) > BROKEN)
        near = None
        if len(broken):
            near = self._near.block_of_row(int(self._draw.choice(broken)), self._draw)
        size = max(1, round(self._blocks.size))
        return self._blocks, self._near.cluster(self._draw, size, near)


def _price(arrays: Arrays, duals: np.ndarray | None, scale: np.ndarray) -> float:
    """More than breaking any row by its largest coefficient can save, by what is known of it."""
    if duals is not None and np.isfinite(duals).all() and duals.any():
        return float(np.max(abs(duals) * scale))
    most = abs(arrays.matrix).max(axis=0).toarray().ravel()
    return float(np.max(abs(arrays.cost) / np.maximum(most, 1.0), initial=1.0))


def _entries(matrix: sp.csc_array) -> np.ndarray:
    """How many entries each row has."""
    return np.bincount(matrix.indices, minlength=matrix.shape[0])


@dataclass(frozen=True)
class _Part:
    """The program of the free columns, with a column for each row that may stay broken."""

    program: Arrays
    columns: np.ndarray
    start: np.ndarray

    @property
    def breaks(self) -> int:
        """How many columns stand for what is broken."""
        return len(self.start) - len(self.columns)

    @staticmethod
    def of(
        arrays: Arrays,
        values: np.ndarray,
        activity: np.ndarray,
        free: np.ndarray,
        price: np.ndarray,
        *,
        may_break: bool = False,
    ) -> _Part:
        """The part; rows that it shares may be broken, or else those that are broken already."""
        columns = np.flatnonzero(free)
        matrix = arrays.matrix[:, columns]
        rows = np.unique(matrix.indices)
        place = np.zeros(arrays.matrix.shape[0], dtype=np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        inner = sp.csc_array(
            (matrix.data, place[matrix.indices], matrix.indptr), shape=(len(rows), len(columns))
        )
        own, here = values[columns], activity[rows]
        lower, upper = arrays.row_lower[rows], arrays.row_upper[rows]
        over = excess(arrays, activity)[rows]
        slightly = over <= BROKEN
        lower = np.where(slightly, np.minimum(lower, here), lower)
        upper = np.where(slightly, np.maximum(upper, here), upper)
        # By how much each row may be broken downwards and upwards.
        down, up = np.where(here < lower, over, 0.0), np.where(here > upper, over, 0.0)
        if may_break:
            shared = _entries(arrays.matrix)[rows] > _entries(inner)
            down = np.where(shared & np.isfinite(lower), np.inf, down)
            up = np.where(shared & np.isfinite(upper), np.inf, up)
        below, above = np.flatnonzero(down), np.flatnonzero(up)
        broken = np.concatenate([below, above])
        room = np.concatenate([down[below], up[above]])
        sign = np.repeat([1.0, -1.0], [len(below), len(above)])
        slack = sp.csc_array(
            (sign, (broken, np.arange(len(broken)))), shape=(len(rows), len(broken))
        )
        held = here - inner @ own
        dear = price[rows][broken]
        offset = arrays.offset + float(arrays.cost @ values - arrays.cost[columns] @ own)
        program = Arrays(
            matrix=sp.csc_array(sp.hstack([inner, slack])) if len(broken) else inner,
            row_lower=lower - held,
            row_upper=upper - held,
            col_lower=np.concatenate([arrays.col_lower[columns], np.zeros(len(broken))]),
            col_upper=np.concatenate([arrays.col_upper[columns], room * (1 + 1e-9)]),
            cost=np.concatenate([arrays.cost[columns], dear]),
            integer=np.concatenate([arrays.integer[columns], np.zeros(len(broken), dtype=bool)]),
            strengthening=np.zeros(len(rows), dtype=bool),
            offset=offset,
            rows=Labels.of(()),
            columns=Labels.of(()),
        )
        return _Part(program, columns, np.concatenate([own, over[broken]]))
