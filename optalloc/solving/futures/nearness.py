"""An order of the scenarios in which a plan of one before it is near to most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.stochastic import StochasticProgram

__all__ = ["FarthestFirst"]


@dataclass
class FarthestFirst:
    """Scenarios, each time the one that is farthest from all before it.

    The first few differ most, such as in demand, and each needs a search of its own; of the others
    most differ in little from one of these, and its plan is a start for them. (Farthest-first
    traversal: Gonzalez 1985.)

    Parameters
    ----------
    program : StochasticProgram
    """

    program: StochasticProgram

    def __post_init__(self) -> None:
        count = len(self.program.names)
        self._waiting = list(range(count))
        self._least = np.full(count, np.inf)
        self._distances: dict[int, np.ndarray] = {}

    def next(self) -> int:
        """Take the next scenario; the first of the workbook comes first."""
        scenario = max(self._waiting, key=lambda s: (self._least[s], -s))
        self._waiting.remove(scenario)
        own = self.program.programs[scenario]
        away = np.array([_distance(own, other) for other in self.program.programs])
        self._distances[scenario] = away
        self._least = np.minimum(self._least, away)
        return scenario

    def nearest(self, scenario: int, taken: list[int]) -> list[int]:
        """Those taken before that could have the same plan, the nearest first."""
        away = self._distances[scenario]
        return sorted((s for s in taken if np.isfinite(away[s])), key=lambda s: (away[s], s))


def _distance(one: Arrays, other: Arrays) -> float:
    """How many numbers of two programs differ; infinite where they have other rows or columns."""
    if one.matrix.shape != other.matrix.shape:
        return np.inf
    pairs = (
        (one.cost, other.cost),
        (one.col_lower, other.col_lower),
        (one.col_upper, other.col_upper),
        (one.row_lower, other.row_lower),
        (one.row_upper, other.row_upper),
    )
    return float(sum(np.count_nonzero(a != b) for a, b in pairs))
