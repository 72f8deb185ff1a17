"""Plans for large programs: part after part is decided anew, a little broken at first.

It begins at any point, such as the relaxation's with its integers rounded. A few blocks that
are near each other, or a stretch of stages, are freed; all else is held; the small program is
solved. A row that the point breaks may stay broken, at a price, by no more than it is: so there is
always something to go on from, and what is broken only shrinks. Once no row is broken the same
steps improve the plan. Source: large neighbourhood search (Shaw, 1998,
doi:10.1007/3-540-49481-2_30) with the penalties of a feasibility search.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows, Labels
from optalloc.mip.outcome import Options
from optalloc.mip.parameters import LargeNeighbourhood
from optalloc.mip.tolerances import (
    ROUNDING,
    ROW_VIOLATION,
    SUBMIP_FEASIBILITY,
    SUBMIP_IMPROVEMENT,
)
from optalloc.solving.highs import Highs, Result
from optalloc.solving.strategies.neighbourhoods import Neighbourhoods
from optalloc.solving.strategies.polish import trimmed
from optalloc.solving.strategies.rens import kernel

__all__ = ["Running", "Search", "excess", "freely"]

# HiGHS options by which sub-MIPs are finer.
TOLERANCES = ("primal_feasibility_tolerance", "mip_feasibility_tolerance")

Running = Callable[[Highs], contextlib.AbstractContextManager[None]]


def freely(highs: Highs) -> contextlib.AbstractContextManager[None]:
    """Let nothing cancel a run."""
    return contextlib.nullcontext()


def excess(arrays: Arrays, values: np.ndarray) -> np.ndarray:
    """By how much each row is broken; nought where that is rounding against what it adds up."""
    activity = arrays.matrix @ values
    below = arrays.row_lower - activity
    above = activity - arrays.row_upper
    over = np.maximum(np.maximum(below, above), 0.0)
    return np.asarray(np.where(over > ROW_VIOLATION * _size(arrays, values), over, 0.0))


def _size(arrays: Arrays, values: np.ndarray) -> np.ndarray:
    """How large what each row adds up is."""
    return np.asarray(np.maximum(1.0, abs(arrays.matrix) @ abs(values) / 2))


@dataclass
class _Kind:
    """One way to choose what is freed: how many blocks or stages, for how long, what it brings."""

    size: float
    most: float
    short_s: float
    parameters: LargeNeighbourhood
    of_stages: bool = False
    nearby: bool = False
    # What the objective falls by a second, of late; any way is tried before it is judged.
    rate: float = math.inf
    slice_s: float = 0.0

    def __post_init__(self) -> None:
        self.slice_s = self.short_s

    def draw(self) -> int:
        """How many blocks or stages to free."""
        return max(1, round(self.size))

    def learn(self, status: str, gain: float, seconds: float) -> None:
        """More at a time while that is easy, longer while nothing comes of it."""
        ours = self.parameters
        self.size *= ours.size_growth if status == "kOptimal" else ours.size_shrink
        self.size = min(max(self.size, min(ours.fewest, self.most)), self.most)
        if gain > 0 or status == "kTimeLimit":
            longer = self.slice_s * (ours.slice_shrink if gain > 0 else ours.slice_growth)
            self.slice_s = min(max(longer, self.short_s), ours.long_s)
        now = gain / max(seconds, 1e-3)
        self.rate = (
            now if math.isinf(self.rate) else self.rate + ours.reaction_share * (now - self.rate)
        )


class Search:
    """A search from one point to better ones.

    Parameters
    ----------
    arrays : Arrays
        With `parts`.
    start : numpy.ndarray, shape (columns,)
        Where it begins, integers rounded to the nearest.
    options : Options
    relaxed : tuple of numpy.ndarray, shapes (columns,) and (rows,), optional
        A point of the relaxation, and multipliers for the price of what is broken.
    running : callable, optional
        Gives a context for each run of the solver, in which that may be cancelled.
    """

    def __init__(
        self,
        arrays: Arrays,
        start: np.ndarray,
        options: Options,
        relaxed: tuple[np.ndarray, np.ndarray] | None = None,
        running: Running = freely,
    ) -> None:
        if arrays.parts is None:
            raise ValueError("a program without parts cannot be searched by them")
        self.arrays = arrays
        self._options, self._running = replace(options, threads=1), running
        self._parameters = ours = options.parameters.large_neighbourhood
        self._near = Neighbourhoods(arrays, arrays.parts, options.parameters)
        self._rows = sp.csr_array(arrays.matrix)
        self._draw = np.random.default_rng(options.seed)
        scale = np.maximum(abs(arrays.matrix).max(axis=1).toarray().ravel(), 1e-9)
        self._dearest = ours.penalty_factor * _price(
            arrays, None if relaxed is None else relaxed[1], scale
        )
        self._price = self._dearest / scale
        most = ours.most_share * arrays.parts.blocks
        short_s = min(ours.short_s * max(len(arrays.cost) / ours.short_columns, 1.0), ours.long_s)
        self._kinds = [_Kind(ours.blocks, most, short_s, ours)]
        if relaxed is not None:
            self._kinds.append(
                _Kind(min(ours.rens_blocks, most), most, ours.long_s, ours, nearby=True)
            )
        if self._near.has_windows:
            most = ours.most_share * arrays.parts.stages
            self._kinds.append(_Kind(ours.stages, most, short_s, ours, of_stages=True))
            if relaxed is not None:
                size = min(ours.rens_stages, most)
                stretch = _Kind(size, most, ours.long_s, ours, of_stages=True, nearby=True)
                self._kinds.append(stretch)
        self._relaxed = start if relaxed is None else relaxed[0]
        self._idle = self._growths = 0
        # The bounds that whole numbers can reach.
        whole = arrays.integer
        self._lower = np.where(whole, np.ceil(arrays.col_lower), arrays.col_lower)
        self._upper = np.where(whole, np.floor(arrays.col_upper), arrays.col_upper)
        self.move(start)
        self._base = self.values

    def move(self, values: np.ndarray) -> None:
        """Go on from another point."""
        rounded = np.where(self.arrays.integer, np.round(values), values)
        self.values = np.clip(rounded, self._lower, self._upper)
        self._over = excess(self.arrays, self.values)

    def adopt(self, plan: np.ndarray) -> None:
        """Go on from another's plan, with what was found here since the last one where both fit."""
        found = self.is_plan
        mine = np.where(self.values != self._base, self.values, plan)
        self.move(plan)
        cost, whole = self.cost, self.values
        if found:
            # What was found without the other's changes may be more than is asked for with them.
            self.move(trimmed(self.arrays, mine))
            if not self.is_plan or self.cost >= cost:
                self.move(whole)
        self._base = self.values

    def require(self, rows: ExtraRows) -> None:
        """Keep further rows from now on."""
        self.arrays = self.arrays.with_extra(rows)
        scale = np.maximum(abs(rows.matrix).max(axis=1).toarray().ravel(), 1e-9)
        self._price = np.concatenate([self._price, self._dearest / scale])
        assert self.arrays.parts is not None
        self._near = Neighbourhoods(self.arrays, self.arrays.parts, self._options.parameters)
        self._rows = sp.csr_array(self.arrays.matrix)
        self.move(self.values)

    @property
    def cost(self) -> float:
        """What the point costs, what it breaks apart."""
        return float(self.arrays.cost @ self.values + self.arrays.offset)

    @property
    def is_plan(self) -> bool:
        """Whether the point breaks no row."""
        return not self._over.any()

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
        fixing = self._options.parameters.relax_and_fix
        options = replace(self._options, gap=fixing.gap)
        group = self._near.partition(fixing.group_blocks)
        for number in range(int(group.max(initial=-1)) + 1):
            if until():
                break
            free = self._near.group(group == number)
            part = _Part.of(arrays, values, free, self._price, may_break=True)
            highs = Highs(kernel(part.program, part.unbroken(values), 0), options, integer=True)
            with self._running(highs):
                result = highs.run(time_limit_s=fixing.submip_s)
            if result.values is not None:
                values[part.columns] = result.values[: len(part.columns)]
        self.move(values)

    def _take(self, part: _Part, result: Result) -> bool:
        """Go on from what came of a part, if that is better."""
        before = float(part.program.cost @ part.start + part.program.offset)
        if result.values is None or result.objective >= before - SUBMIP_IMPROVEMENT * abs(before):
            return False
        values, was, is_plan = self.values.copy(), self.values, self.is_plan
        values[part.columns] = result.values[: len(part.columns)]
        self.move(values)
        if is_plan and not self.is_plan:
            # Rounding in the solver, step after step, adds up to what is no plan any more.
            self.move(was)
            return False
        return True

    def step(self, limit_s: float = math.inf) -> bool:
        """Decide one part anew: whether the point got better."""
        ours, kind, began = self._parameters, self._chosen(), time.perf_counter()
        lacking = self._left_broken()
        part = _Part.of(
            self.arrays,
            self.values,
            self._freed(kind),
            self._price,
            small=ours.small_violation_share,
        )
        program = part.program
        if kind.nearby:
            program = kernel(program, self._relaxation(kind, part), 0, plan=part.start)
        fine = ours.rens_gap if kind.nearby else ours.gap
        gap = fine if self.is_plan else ours.repair_gap
        options = replace(self._options, seed=int(self._draw.integers(2**31 - 1)), gap=gap)
        settings = {"mip_heuristic_effort": ours.heuristic_effort} | dict.fromkeys(
            TOLERANCES, SUBMIP_FEASIBILITY
        )
        highs = Highs(program, options, integer=True, settings=settings)
        highs.start_from(part.start)
        mending_s = ours.repair_s_per_column * len(self.arrays.cost) if lacking else 0.0
        slice_s = max(kind.slice_s, min(mending_s, ours.long_s))
        with self._running(highs):
            result = highs.run(time_limit_s=min(limit_s, slice_s))
        before = float(program.cost @ part.start + program.offset)
        better = self._take(part, result)
        gain = before - result.objective if better else 0.0
        kind.learn(result.status, gain, time.perf_counter() - began)
        left = self._left_broken()
        if lacking:
            # What mends a point, at a price for what is broken, says nothing of what makes a plan
            # better.
            for one in self._kinds:
                one.rate = math.inf
        # As long as rows are broken only what breaks them less gets on.
        self._idle = 0 if (left < lacking if lacking else better) else self._idle + 1
        if self._idle >= ours.stalled_submips and left:
            self._idle = 0
            self._penalise()
        return better

    def _penalise(self) -> None:
        """Let what is broken cost more; where that has not helped, start again elsewhere."""
        ours = self._parameters
        if self._growths < ours.penalty_growths:
            self._growths, by = self._growths + 1, ours.penalty_growth
        else:
            self._growths, by = 0, ours.penalty_growth**-ours.penalty_growths
            rounded = np.floor(self._relaxed + self._draw.random(len(self._relaxed)))
            self.move(np.where(self.arrays.integer, rounded, self._relaxed))
            self._base = self.values
        self._dearest, self._price = self._dearest * by, self._price * by

    def _relaxation(self, kind: _Kind, part: _Part) -> np.ndarray:
        """Where the relaxation has the columns of a part.

        That of all says which blocks are of use; when they are is a question of what is held.
        """
        if kind.of_stages:
            highs = Highs(part.program, self._options, integer=False)
            with self._running(highs):
                result = highs.run(time_limit_s=self._parameters.long_s)
            if result.values is not None:
                return result.values
        return part.unbroken(self._relaxed)

    def _chosen(self) -> _Kind:
        """A way to go on: any while rows are broken, then the likelier, the more it brought."""
        if not self.is_plan:
            # Near the relaxation is where they are broken.
            kinds = [kind for kind in self._kinds if not kind.nearby]
            return kinds[int(self._draw.integers(len(kinds)))]
        rate = np.array([kind.rate for kind in self._kinds])
        fresh = np.isinf(rate)
        weight = (
            fresh
            if fresh.any()
            else np.maximum(rate, self._parameters.least_weight_share * rate.max() + 1e-12)
        )
        return self._kinds[int(self._draw.choice(len(rate), p=weight / weight.sum()))]

    def _left_broken(self) -> float:
        """By how much rows are broken in all, each against its largest entry; 0 for a plan."""
        return float((self._price / self._dearest) @ self._over)

    def _freed(self, kind: _Kind) -> np.ndarray:
        blocks, stages = self._at_fault()
        if kind.of_stages:
            return self._near.window(self._draw, kind.draw(), stages)
        return self._near.cluster(self._draw, kind.draw(), blocks)

    def _at_fault(self) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Blocks and stages that have to do with a broken row, any of them."""
        broken = np.flatnonzero(self._over)
        if not len(broken):
            return None, None
        parts = self.arrays.parts
        assert parts is not None
        weight = (self._price * self._over)[broken]
        row = int(self._draw.choice(broken, p=weight / weight.sum()))
        columns = self._rows[[row]].indices
        used = columns[self.values[columns] != self.arrays.col_lower[columns]]
        blocks, stages = np.unique(parts.block[used]), np.unique(parts.stage[columns])
        return blocks[blocks >= 0], stages[stages >= 0]


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

    def unbroken(self, values: np.ndarray) -> np.ndarray:
        """What the part has of a point of the whole, with nothing broken."""
        breaks = len(self.start) - len(self.columns)
        return np.concatenate([values[self.columns], np.zeros(breaks)])

    @staticmethod
    def of(
        arrays: Arrays,
        values: np.ndarray,
        free: np.ndarray,
        price: np.ndarray,
        *,
        small: float = 0.0,
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
        own, here = values[columns], (arrays.matrix @ values)[rows]
        lower, upper = arrays.row_lower[rows], arrays.row_upper[rows]
        over = excess(arrays, values)[rows]
        slightly = over == 0
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
        if not may_break:
            size = _size(arrays, values)[rows][broken]
            dear = dear * np.maximum(1.0, small * size / over[broken])
        offset = arrays.offset + float(arrays.cost @ values - arrays.cost[columns] @ own)
        program = Arrays(
            matrix=sp.csc_array(sp.hstack([inner, slack])) if len(broken) else inner,
            row_lower=lower - held,
            row_upper=upper - held,
            col_lower=np.concatenate([arrays.col_lower[columns], np.zeros(len(broken))]),
            col_upper=np.concatenate([arrays.col_upper[columns], room * (1 + ROUNDING)]),
            cost=np.concatenate([arrays.cost[columns], dear]),
            integer=np.concatenate([arrays.integer[columns], np.zeros(len(broken), dtype=bool)]),
            strengthening=np.zeros(len(rows), dtype=bool),
            offset=offset,
            rows=Labels.of(()),
            columns=Labels.of(()),
        )
        return _Part(program, columns, np.concatenate([own, over[broken]]))
