"""Destroy operators, chosen by what they bring: how much each frees, for how long, how often.

An operator is the likelier chosen the more its sub-MIPs saved by the second of late. Source:
adaptive large neighbourhood search (Ropke and Pisinger, 2006, doi:10.1287/trsc.1050.0135).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from optalloc.mip.parameters import LargeNeighbourhood

__all__ = ["Around", "Focus", "Neighbourhood", "Operator", "Slice", "drawn_operator"]

# A weight is never quite zero, nor are the seconds that it is divided by.
LEAST_WEIGHT, LEAST_SECONDS = 1e-12, 1e-3


@dataclass(frozen=True)
class Focus:
    """Where the search is, by which a neighbourhood is chosen.

    Parameters
    ----------
    values : numpy.ndarray, shape (columns,)
        Where the search is.
    violated : numpy.ndarray of int
        Columns of one violated row, drawn by its penalty; none where no row is violated.
    draw : numpy.random.Generator
    """

    values: np.ndarray
    violated: np.ndarray
    draw: np.random.Generator


class Neighbourhood(Protocol):
    """A destroy operator."""

    def free(self, size: int, focus: Focus) -> np.ndarray:
        """Mask of the columns that are freed; all others are fixed where the search is."""


class Around(StrEnum):
    """The point around which the integers of a sub-MIP are restricted (RENS), if any."""

    NOTHING = "free"
    RELAXATION = "RENS"
    OWN_RELAXATION = "RENS of its own"


@dataclass(frozen=True)
class Slice:
    """Seconds of a sub-MIP, at least and at most, and its gap against the cost of the whole
    plan."""

    short_s: float
    long_s: float
    gap: float


@dataclass
class Operator:
    """A neighbourhood with its size and seconds, and what it brought.

    Parameters
    ----------
    neighbourhood : Neighbourhood
    size, fewest, most : float
        Of what is freed: at first, at least, at most.
    slice : Slice
    parameters : LargeNeighbourhood
        How fast these change.
    around : Around
    """

    neighbourhood: Neighbourhood
    size: float
    fewest: float
    most: float
    slice: Slice
    parameters: LargeNeighbourhood
    around: Around = Around.NOTHING
    # Saving by the second, of late; each operator is tried before it is judged.
    rate: float = math.inf
    submips: int = 0
    saved: float = 0.0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.submip_s = self.slice.short_s

    def __str__(self) -> str:
        return f"{type(self.neighbourhood).__name__} ({self.around})"

    @property
    def freed(self) -> int:
        """How much to free next."""
        return max(1, round(self.size))

    def learn(self, status: str, saved: float, seconds: float) -> None:
        """Free more while sub-MIPs are solved to their gap, take longer while nothing improves."""
        ours = self.parameters
        self.submips, self.saved = self.submips + 1, self.saved + saved
        self.seconds += seconds
        self.size *= ours.size_growth if status == "kOptimal" else ours.size_shrink
        self.size = min(max(self.size, min(self.fewest, self.most)), self.most)
        if saved > 0 or status == "kTimeLimit":
            self.submip_s *= ours.slice_shrink if saved > 0 else ours.slice_growth
            self.submip_s = min(max(self.submip_s, self.slice.short_s), self.slice.long_s)
        now = saved / max(seconds, LEAST_SECONDS)
        share = ours.reaction_share
        self.rate = now if math.isinf(self.rate) else self.rate + share * (now - self.rate)


def drawn_operator(
    operators: Sequence[Operator], draw: np.random.Generator, *, repairing: bool
) -> Operator:
    """Draw an operator by its rate; while rows are violated, any that is not under RENS.

    Violated rows are violated near the relaxation, too.
    """
    if repairing:
        free = [one for one in operators if one.around is Around.NOTHING]
        return free[int(draw.integers(len(free)))]
    rate = np.array([one.rate for one in operators])
    fresh = np.isinf(rate)
    if fresh.any():
        weight = fresh.astype(float)
    else:
        least = operators[0].parameters.least_weight_share * rate.max()
        weight = np.maximum(rate, least + LEAST_WEIGHT)
    return operators[int(draw.choice(len(rate), p=weight / weight.sum()))]
