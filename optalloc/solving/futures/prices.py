"""Prices on shared decisions: what a scenario pays for a decision that others want otherwise.

With prices that add to zero over the scenarios that share a column, the scenarios may be solved
one by one, and the sum of their bounds is a bound of all together. Source: dual decomposition
(Caroe, Schultz, 1999, doi:10.1016/S0167-6377(98)00050-9).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.extensive_form import ExtensiveForm
from optalloc.mip.stochastic import StochasticProgram

__all__ = ["Prices", "from_relaxation", "zero_prices"]


@dataclass(frozen=True)
class Prices:
    """Weights of the scenarios, and by scenario what each of its columns costs more.

    Parameters
    ----------
    weights : numpy.ndarray, shape (scenarios,)
        Of a worst case of the measure (`Attitude`).
    columns : tuple of numpy.ndarray
        By scenario and own column; of each column of the extensive form they add to zero.
    """

    weights: np.ndarray
    columns: tuple[np.ndarray, ...]

    def cost(self, program: StochasticProgram, scenario: int) -> np.ndarray:
        """Cost of the columns of a scenario at these prices."""
        own = program.programs[scenario].cost
        return np.asarray(self.weights[scenario] * own + self.columns[scenario])

    def bound(
        self,
        program: StochasticProgram,
        attitude: Attitude,
        references: np.ndarray,
        bounds: np.ndarray,
    ) -> float:
        """Bound of the measure from the bounds of the scenarios at these prices."""
        offsets = attitude.offsets(references, len(bounds))
        return float(bounds.sum() - self.weights @ offsets)

    def moved(
        self, program: StochasticProgram, points: tuple[np.ndarray, ...], missing: float
    ) -> Prices:
        """Prices after a step towards agreement, as far as the bound is missing.

        Scenarios that want more of a shared column than others pay more for it. The length of the
        step is Polyak's.
        """
        apart = [one - mean for one, mean in zip(points, _means(program, points), strict=True)]
        shares = _shares(program)
        slopes = [share * gap for share, gap in zip(shares, apart, strict=True)]
        size = sum(float(slope @ gap) for slope, gap in zip(slopes, apart, strict=True))
        if size <= 0.0 or missing <= 0.0:
            return self
        step = missing / size
        new = tuple(own + step * slope for own, slope in zip(self.columns, slopes, strict=True))
        return replace(self, columns=new)


def _shares(program: StochasticProgram) -> list[np.ndarray]:
    """By scenario and own column, its part of the probability of those that share the column."""
    total = program.column_probability
    return [p / total[own] for p, own in zip(program.probability, program.columns, strict=True)]


def _means(program: StochasticProgram, points: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """By scenario and own column, the mean of the scenarios that share the column."""
    total = np.zeros(program.size)
    for p, own, point in zip(program.probability, program.columns, points, strict=True):
        total[own] += p * point
    mean = total / program.column_probability
    return [mean[own] for own in program.columns]


def zero_prices(program: StochasticProgram, weights: np.ndarray) -> Prices:
    """No prices: each scenario as if it were known."""
    return Prices(weights, tuple(np.zeros(len(own)) for own in program.columns))


def from_relaxation(
    program: StochasticProgram, attitude: Attitude, form: ExtensiveForm, duals: np.ndarray
) -> Prices:
    """Prices from the dual prices of the linear relaxation of the extensive form."""
    weights = _weights(program, attitude, form, duals)
    of_rows = form.row_probability(program.probability)
    split: list[np.ndarray] = []
    whole = np.zeros(program.size)
    for p, weight, one, rows, own in zip(
        program.probability, weights, program.programs, form.rows, program.columns, strict=True
    ):
        reduced = weight * one.cost - one.matrix.T @ (duals[rows] * p / of_rows[rows])
        split.append(reduced)
        whole[own] += reduced
    columns = tuple(
        share * whole[own] - reduced
        for share, own, reduced in zip(_shares(program), program.columns, split, strict=True)
    )
    return Prices(weights, columns)


def _weights(
    program: StochasticProgram, attitude: Attitude, form: ExtensiveForm, duals: np.ndarray
) -> np.ndarray:
    """Weights of a worst case, from the prices of the rows that bound the measure."""
    p = program.probability
    if attitude.is_linear:
        return p
    own = np.maximum(-duals[len(form.arrays.row_lower) - len(p) :], 0.0)
    if attitude.measure is Measure.MEAN_AND_TAIL:
        most = p / attitude.tail_share
        tail = np.minimum(own / attitude.tail_weight, most)
        # Rounding of the dual prices: any weights of the set give a bound.
        room = most - tail
        missing = 1.0 - tail.sum()
        tail = tail + room * missing / room.sum() if missing > 0 else tail / tail.sum()
        return np.asarray((1.0 - attitude.tail_weight) * p + attitude.tail_weight * tail)
    return np.asarray(own / own.sum()) if own.sum() > 0 else p
