"""Attitude to risk: measures of the costs of all scenarios, each a worst case over weights.

Every measure here is ``max over q in Q of sum q_s (C_s - r_s)``, with the costs ``C``, weights
``q`` of a set that the measure gives, and references ``r``. So it is monotone and convex, a bound
of each scenario gives a bound of the measure, and weights that attain it are its subgradient.
Source: coherent measures of risk (Artzner, Delbaen, Eber, Heath, 1999); the mean of a tail
(Rockafellar, Uryasev, 2000, doi:10.21314/JOR.2000.038).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

__all__ = ["Attitude", "Measure"]


class Measure(StrEnum):
    """Measure of the costs of all scenarios."""

    EXPECTED = "expected"
    MEAN_AND_TAIL = "mean and tail"
    WORST = "worst"
    REGRET = "regret"


@dataclass(frozen=True)
class Attitude:
    """A measure with its parameters.

    Parameters
    ----------
    measure : Measure
    tail_share : float
        Probability of the tail, the scenarios that cost most, as in "the worst tenth"; of
        `MEAN_AND_TAIL`.
    tail_weight : float
        Weight of the mean of that tail, from 0 to 1; the mean of all has the rest.
    """

    measure: Measure = Measure.EXPECTED
    tail_share: float = 0.1
    tail_weight: float = 0.5

    @property
    def is_linear(self) -> bool:
        """True where the measure is the mean, so that costs of scenarios are simply added."""
        return self.measure is Measure.EXPECTED or (
            self.measure is Measure.MEAN_AND_TAIL
            and (self.tail_weight == 0.0 or self.tail_share >= 1.0)
        )

    @property
    def is_indifferent(self) -> bool:
        """True where some scenarios may cost more, and the measure is the same."""
        return not self.is_linear and (
            self.measure is not Measure.MEAN_AND_TAIL or self.tail_weight == 1.0
        )

    def weights(
        self, probability: np.ndarray, costs: np.ndarray, references: np.ndarray | None = None
    ) -> np.ndarray:
        """Weights of the scenarios that attain the measure at these costs.

        Parameters
        ----------
        probability, costs : numpy.ndarray, shape (scenarios,)
        references : numpy.ndarray, shape (scenarios,), optional
            Least costs of each scenario alone; of `REGRET`.
        """
        if self.is_linear:
            return probability
        if self.measure is Measure.MEAN_AND_TAIL:
            # The scenarios that cost most first, each at most its share of the tail.
            order = np.argsort(-costs, kind="stable")
            before = np.cumsum(probability[order]) - probability[order]
            tail = np.zeros(len(costs))
            tail[order] = np.clip(self.tail_share - before, 0.0, probability[order])
            return np.asarray(
                (1.0 - self.tail_weight) * probability + self.tail_weight * tail / self.tail_share
            )
        worst = np.zeros(len(costs))
        worst[int(np.argmax(costs - self.offsets(references, len(costs))))] = 1.0
        return worst

    def value(
        self, probability: np.ndarray, costs: np.ndarray, references: np.ndarray | None = None
    ) -> float:
        """The measure of these costs.

        Examples
        --------
        Costs of 100 and 350, the latter with a probability of a fifth:

        >>> p, costs = np.array([0.8, 0.2]), np.array([100.0, 350.0])
        >>> [Attitude(m, 0.2, 0.5).value(p, costs) for m in (Measure.EXPECTED, Measure.WORST)]
        [150.0, 350.0]
        >>> Attitude(Measure.MEAN_AND_TAIL, tail_share=0.4, tail_weight=1.0).value(p, costs)
        225.0
        """
        q = self.weights(probability, costs, references)
        taken = q > 0.0
        return float(q[taken] @ (costs - self.offsets(references, len(costs)))[taken])

    def offsets(self, references: np.ndarray | None, scenarios: int) -> np.ndarray:
        """Give the references: the least cost of each scenario alone under `REGRET`, else zeros."""
        if self.measure is not Measure.REGRET:
            return np.zeros(scenarios)
        if references is None:
            raise ValueError("regret needs the least cost of each scenario alone")
        return references
