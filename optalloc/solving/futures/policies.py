"""Policies from scenarios that decide one after another: what one decides is held for the next.

The first scenario decides freely; in each further one all columns of nodes that are decided are
held, and what it decides in new nodes is held from then on. So at the end every node is decided,
with one solve per scenario, most of it held. Scenarios that share only what is decided decide at
the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optalloc.mip.stochastic import StochasticProgram, narrowed
from optalloc.solving.futures.prices import Prices

__all__ = ["Policy", "held_bounds", "orders"]


@dataclass
class Policy:
    """A policy in the making.

    Parameters
    ----------
    program : StochasticProgram
    order : tuple of int
        Scenarios in the order in which they decide.
    prices : Prices, optional
        At which they decide, so that each knows what others want.
    """

    program: StochasticProgram
    order: tuple[int, ...]
    prices: Prices | None = None
    point: np.ndarray = field(init=False)
    waiting: list[int] = field(init=False)
    deciding: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.point = np.full(self.program.size, np.nan)
        self.waiting = list(self.order)

    @property
    def complete(self) -> bool:
        """True once every node is decided."""
        return not self.waiting and not self.deciding

    def begun(self) -> list[int]:
        """Scenarios that begin to decide now.

        One waits while an earlier one has still to decide what both share.
        """
        taken = np.zeros(self.program.size, dtype=bool)
        for s in self.deciding:
            taken[self.program.columns[s]] = True
        ready = []
        for s in self.waiting:
            own = self.program.columns[s]
            if not (taken[own] & np.isnan(self.point[own])).any():
                ready.append(s)
            taken[own] = True
        self.waiting = [s for s in self.waiting if s not in ready]
        self.deciding.update(ready)
        return ready

    def bounds(self, scenario: int) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the columns of a scenario: those that are decided are held."""
        return held_bounds(self.program, scenario, self.point[self.program.columns[scenario]])

    def decide(self, scenario: int, values: np.ndarray) -> None:
        """Take the plan of a scenario; integers are rounded."""
        own = self.program.columns[scenario]
        exact = self.program.exact(scenario, values)
        free = np.isnan(self.point[own])
        self.point[own[free]] = exact[free]
        self.deciding.discard(scenario)


def held_bounds(
    program: StochasticProgram, scenario: int, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of the columns of a scenario with values at which they are held; NaN where free."""
    own = program.columns[scenario]
    return narrowed(held, program.col_lower[own], program.col_upper[own])


def orders(program: StochasticProgram, costs: np.ndarray) -> list[tuple[int, ...]]:
    """Orders of the scenarios, the most promising first.

    The scenario that costs most first, then the likeliest first, then each of the others.
    """
    by_cost = np.argsort(-costs, kind="stable")
    by_share = np.argsort(-program.probability, kind="stable")
    found = [tuple(map(int, by_cost)), tuple(map(int, by_share))]
    for first in by_cost:
        rest = [int(s) for s in by_cost if s != first]
        found.append((int(first), *rest))
    return list(dict.fromkeys(found))
