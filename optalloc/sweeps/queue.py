"""Order of the cases, and the plan that each starts from: that of the nearest case solved."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from optalloc.scenarios.designs import Case
from optalloc.scenarios.sheet import Operation
from optalloc.sweeps.messages import Finished

__all__ = ["CaseQueue", "features"]


def features(cases: Sequence[Case]) -> np.ndarray:
    """Cases as points, one column for each cell range that any of them changes, scaled to [0, 1].

    A value that is no number is a column of its own, 1 where it is set. A cell that a case
    does not change has the neutral value of its operation; setting has none, so that a further
    column holds whether the cell is set.
    """
    marks: list[dict[tuple[object, ...], float]] = []
    for case in cases:
        point: dict[tuple[object, ...], float] = {}
        for override in case.overrides:
            place: tuple[object, ...] = (
                override.sheet,
                override.rows,
                override.column,
                override.operation,
            )
            try:
                value = float(override.value)
            except ValueError:
                point[(*place, override.value)] = 1.0
                continue
            if override.operation is Operation.MULTIPLY:
                value -= 1.0
            elif override.operation is Operation.SET:
                point[(*place, "is set")] = 1.0
            point[place] = value
        marks.append(point)
    columns = list(dict.fromkeys(place for point in marks for place in point))
    found = np.array([[point.get(c, 0.0) for c in columns] for point in marks], dtype=float)
    found = found.reshape(len(cases), len(columns))
    # Where a cell is not set only its further column counts in distances.
    for k, place in enumerate(columns):
        if place[3] is Operation.SET and len(place) == 4:
            there = np.array([place in point for point in marks])
            found[~there, k] = found[there, k].mean()
    low, span = found.min(axis=0, initial=0), np.ptp(found, axis=0) if len(cases) else 0
    return np.asarray((found - low) / np.where(span > 0, span, 1.0))


class CaseQueue:
    """Queue of cases, each returned once.

    Parameters
    ----------
    cases : sequence of Case
        All cases of a sweep.
    finished : mapping of int to Finished
        Those that need not be solved again, by number; others start from their plans.
    """

    def __init__(self, cases: Sequence[Case], finished: dict[int, Finished]) -> None:
        self._points = features(cases)
        self._cases = cases
        self._starts: dict[int, np.ndarray] = {}
        for position, result in finished.items():
            self._keep_start(position, result)
        self._waiting = deque(k for k in range(len(cases)) if k not in finished)

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self) -> tuple[int, Case, np.ndarray | None] | None:
        """Position, case, and integers to start from; None where nothing is left."""
        if not self._waiting:
            return None
        position = self._waiting.popleft()
        return position, self._cases[position], self._nearest(position)

    def done(self, position: int, finished: Finished) -> None:
        """Take the result of a case, whose plan later cases may start from."""
        self._keep_start(position, finished)

    def _keep_start(self, position: int, finished: Finished) -> None:
        if finished.integers is not None and len(finished.integers):
            self._starts[position] = finished.integers

    def _nearest(self, position: int) -> np.ndarray | None:
        if not self._starts:
            return None
        known = np.array(list(self._starts))
        distances = np.abs(self._points[known] - self._points[position]).sum(axis=1)
        return self._starts[int(known[distances.argmin()])]
