"""The value that a cell needs for the rows that come from it to be satisfied at a point.

The bound of a row may be the cell itself, a multiple of it, or a share of what is decided. So
nothing is assumed: the program is built with the cell changed, and its rows are evaluated at the
point.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import root_scalar

from optalloc.analysis.explain.elastic_cells import Elastic, aligned
from optalloc.analysis.explain.limit_cells import Spot
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.mip.arrays import Arrays
from optalloc.scenarios.edits import Edit, edited

__all__ = ["Mover", "edits_of"]

# A row violated by less counts as satisfied, as in the solver.
VIOLATION = 1e-6
STEPS = 30
DIGITS = (6, 8, 10)


def edits_of(spot: Spot, value: float, points: float = 0.0) -> tuple[Edit, ...]:
    """Edits that give a cell a value, in a new row if there is none yet."""
    cells = {**spot.new, spot.column: value}
    own = [Edit(spot.sheet, spot.row, column, to) for column, to in cells.items()]
    return (*own[:-1], replace(own[-1], points=points))


@dataclass
class Mover:
    """One cell, the rows that come from it, and the point at which they must be satisfied.

    Parameters
    ----------
    data : Dataset
    elastic : Elastic
        Built from `data`.
    number : int
        Slack of the cell.
    point : numpy.ndarray
        Aligned with the columns of the elastic program.
    before : sequence of Edit
        Changes made already.
    until : float
        Deadline (`time.perf_counter`), after which `value` raises TimeoutError.
    """

    data: Dataset
    elastic: Elastic
    number: int
    point: np.ndarray
    before: Sequence[Edit] = ()
    until: float = math.inf
    _excesses: dict[float, float] = field(default_factory=dict)
    _latest: Elastic | None = None

    @functools.cached_property
    def spot(self) -> Spot:
        """The cell; in a row that is not there yet, one that no earlier change has taken."""
        spot = self.elastic.spots[self.number]
        taken = {edit.row for edit in self.before if edit.sheet == spot.sheet}
        return replace(spot, row=max({spot.row - 1, *taken}) + 1) if spot.new else spot

    @property
    def column(self) -> Column:
        """Its column."""
        return self.data.sheets[self.spot.sheet].by_name[self.spot.column]

    def value(self, share: float) -> float | None:
        """The value nearest to the cell's own with which its rows are satisfied, if there is one.

        Parameters
        ----------
        share : float
            Slack of its rows as a share of their bounds; exact where these are a multiple of the
            cell.
        """
        start = self.spot.value
        if self.excess(start) <= VIOLATION:
            return start
        step = share * (abs(start) or 1.0)
        if self.column.kind is Kind.INTEGER:
            step = float(math.ceil(step - VIOLATION))
        near = self._nearer(start, step)
        if near is None:
            return None
        direction = 1.0 if near > start else -1.0
        if abs(self.excess(near)) <= VIOLATION:
            return self._rounded(near, direction)
        try:
            found = root_scalar(self.excess, x0=start, x1=near, xtol=1e-12, maxiter=STEPS)
        except (ValueError, ZeroDivisionError):
            return None
        return self._rounded(float(found.root), direction)

    def guess(self, share: float) -> float:
        """The value if the bounds of the rows are a multiple of the cell, which is not checked."""
        arrays = self.elastic.arrays
        mine = self.elastic.numbers(arrays) == self.number
        down = bool(np.isfinite(arrays.row_lower[mine]).any())
        size = share * (abs(self.spot.value) or 1.0)
        grain = (
            1.0 if self.column.kind is Kind.INTEGER else 10.0 ** (math.ceil(math.log10(size)) - 6)
        )
        step = math.ceil(size / grain - 1e-3) * grain
        value = self.spot.value - step if down else self.spot.value + step
        return float(f"{value:.12g}")

    def _nearer(self, start: float, step: float) -> float | None:
        """A value, up or down, with which the rows are violated by less."""
        for size in (step, step / 1e3):
            for at in (start + size, start - size):
                if self._holds(at) and self.excess(at) < self.excess(start):
                    return at
        return None

    def _holds(self, value: float) -> bool:
        column = self.column
        low = column.at_least is None or value >= column.at_least
        low &= column.above is None or value > column.above
        return low and (column.at_most is None or value <= column.at_most)

    def _rounded(self, value: float, direction: float) -> float | None:
        """The value as a planner types it, rounded outward."""
        if not math.isfinite(value):
            return None
        size = math.ceil(math.log10(max(abs(value), 1e-3)))
        for digits in DIGITS:
            grain = 1.0 if self.column.kind is Kind.INTEGER else 10.0 ** (size - digits)
            outward = direction * math.ceil(direction * value / grain - 1e-3) * grain
            # Adding zero turns -0.0 into 0.0.
            typed = float(f"{outward:.12g}") + 0.0
            if self._holds(typed) and self.excess(typed) <= VIOLATION:
                return typed
        return None

    def excess(self, value: float) -> float:
        """Worst violation of the cell's rows with a value; each value is evaluated once."""
        if value not in self._excesses:
            if time.perf_counter() > self.until:
                raise TimeoutError("no time to work out what a cell must hold")
            self._excesses[value] = self._evaluated(value)
        return self._excesses[value]

    def _evaluated(self, value: float) -> float:
        """Worst violation of the cell's rows at the point once the cell has a value.

        Below zero where all have slack.
        """
        made = self.elastic
        if self.before or value != self.spot.value:
            edits = [*self.before, *edits_of(self.spot, float(value))]
            # Renewing is cheapest from the program with another value in the same cell.
            made = self._latest = (self._latest or made).on(edited(self.data, edits))
        point = aligned(self.elastic.arrays, made.arrays, self.point)
        if point is None:
            return math.inf
        arrays = made.arrays
        if arrays.separate is not None:
            arrays = arrays.with_extra(arrays.separate(point))
        return self._worst(arrays, point)

    def _worst(self, arrays: Arrays, point: np.ndarray) -> float:
        mine = np.flatnonzero(self.elastic.numbers(arrays) == self.number)
        if not len(mine):
            return 0.0
        activity = arrays.matrix.tocsr()[mine] @ point
        over = np.maximum(activity - arrays.row_upper[mine], arrays.row_lower[mine] - activity)
        return float(over.max())
