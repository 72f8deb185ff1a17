"""Policies from scenarios solved one after another: what one decides is held for the next.

The first scenario decides freely; in each further one all columns of nodes that are decided are
held, and what it decides in new nodes is held from then on. So at the end every node is decided,
with one solve per scenario, most of it held.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optalloc.mip.stochastic import StochasticProgram

__all__ = ["Policy", "orders"]


@dataclass
class Policy:
    """A policy in the making.

    Parameters
    ----------
    program : StochasticProgram
    order : tuple of int
        Scenarios in the order in which they decide.
    """

    program: StochasticProgram
    order: tuple[int, ...]
    point: np.ndarray = field(init=False)
    decided: int = 0

    def __post_init__(self) -> None:
        self.point = np.full(self.program.size, np.nan)

    @property
    def scenario(self) -> int:
        """The scenario that decides next."""
        return self.order[self.decided]

    @property
    def complete(self) -> bool:
        """True once every node is decided."""
        return self.decided == len(self.order)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the columns of the next scenario: those that are decided are held."""
        program, own = self.program, self.program.columns[self.scenario]
        held = self.point[own]
        lower, upper = program.col_lower[own], program.col_upper[own]
        free = np.isnan(held)
        # A continuous column may miss its bounds by rounding.
        near = np.clip(np.where(free, 0.0, held), lower, upper)
        return np.where(free, lower, near), np.where(free, upper, near)

    def decide(self, values: np.ndarray) -> None:
        """Take the plan of the next scenario; integers are rounded."""
        own = self.program.columns[self.scenario]
        exact = np.where(self.program.programs[self.scenario].integer, np.round(values), values)
        free = np.isnan(self.point[own])
        self.point[own[free]] = exact[free]
        self.decided += 1


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
