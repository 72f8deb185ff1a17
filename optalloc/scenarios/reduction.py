"""Few scenarios in place of many: those from which the others are least far by cost.

Scenarios are as far apart as the greatest difference of what one and the same plan costs in them.
The Kantorovich distance of two sets of scenarios, with that cost of moving probability, bounds by
how much the expected cost of each of the plans differs. Sources: fast forward selection (Heitsch,
Roemisch, 2003, doi:10.1023/A:1021805924152); distances by the costs of the problem itself
(Keutchayan, Ortmann, Rei, 2023, doi:10.1007/s10287-023-00446-2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Reduction", "cost_distances", "forward_selection"]


@dataclass(frozen=True)
class Reduction:
    """Scenarios that are kept.

    Parameters
    ----------
    kept : tuple of int
        In the order in which they were selected.
    nearest : numpy.ndarray of int, shape (scenarios,)
        The kept scenario to which the probability of each moves; a kept one's own.
    probability : numpy.ndarray, shape (scenarios,)
        After that; zero for those that are dropped.
    distance : float
        Kantorovich distance of the two sets; infinite where probability moves over an infinite one.
    """

    kept: tuple[int, ...]
    nearest: np.ndarray
    probability: np.ndarray
    distance: float


def cost_distances(costs: np.ndarray) -> np.ndarray:
    """Distances of scenarios, shape (scenarios, scenarios).

    Parameters
    ----------
    costs : numpy.ndarray, shape (scenarios, plans)
        Of each plan in each scenario; infinite where it has no continuation, which is infinitely
        far from having one.

    Examples
    --------
    >>> cost_distances(np.array([[50.0, 100.0], [200.0, 100.0]])).tolist()
    [[0.0, 150.0], [150.0, 0.0]]
    """
    one, other = costs[:, None, :], costs[None, :, :]
    same = one == other
    apart = np.abs(np.where(same, 0.0, one) - np.where(same, 0.0, other))
    return np.asarray(apart.max(axis=2))


def forward_selection(probability: np.ndarray, distances: np.ndarray, count: int) -> Reduction:
    """Select scenarios one by one, each the one that brings the others nearest.

    Parameters
    ----------
    probability : numpy.ndarray, shape (scenarios,)
    distances : numpy.ndarray, shape (scenarios, scenarios)
    count : int
        How many to keep, from 1 to all.
    """
    kept: list[int] = []
    # By scenario and candidate: how far the scenario is from the nearest one kept or the candidate.
    reach = np.array(distances, dtype=float)
    for _ in range(count):
        infinite = np.isinf(reach)
        lost = probability @ infinite
        far = probability @ np.where(infinite, 0.0, reach)
        lost[kept] = np.inf
        # First the least probability that lies infinitely far, then the least distance.
        chosen = int(np.lexsort((far, lost))[0])
        kept.append(chosen)
        reach = np.minimum(reach, reach[:, [chosen]])
    among = np.array(kept)
    nearest = among[np.argmin(distances[:, among], axis=1)]
    nearest[among] = among
    moved = np.bincount(nearest, weights=probability, minlength=len(probability))
    steps = distances[np.arange(len(nearest)), nearest]
    return Reduction(tuple(kept), nearest, moved, float(probability @ steps))
