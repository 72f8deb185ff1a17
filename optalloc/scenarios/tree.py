"""The scenario tree of a workbook: which scenarios there are, and what is known on a day.

There are no stages and no parents: scenarios share a node on a day if all outcomes that are known
by then are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from optalloc.scenarios.overrides import Override

__all__ = ["Known", "Scenario", "ScenarioTree", "Uncertainty"]

# Uncertainty and outcome.
Known = tuple[str, str]


@dataclass(frozen=True)
class Uncertainty:
    """An uncertainty: its name, the day on which its outcome is known, and its first row."""

    name: str
    revealed: pd.Timestamp
    row: int


@dataclass(frozen=True)
class Scenario:
    """One combination of outcomes, in the order of the uncertainties.

    ``changes`` has for each change the row of the sheet Outcomes that asks for it.
    """

    name: str
    outcomes: tuple[Known, ...]
    probability: float
    changes: tuple[tuple[int, Override], ...] = ()

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Changes of cells, in order."""
        return tuple(override for _, override in self.changes)


@dataclass(frozen=True)
class ScenarioTree:
    """All scenarios, and what is known on each day."""

    uncertainties: tuple[Uncertainty, ...]
    scenarios: tuple[Scenario, ...]

    def named(self, name: str) -> Scenario:
        """The scenario of a name."""
        return next(one for one in self.scenarios if one.name == name)

    @property
    def probability(self) -> np.ndarray:
        """Probability of each scenario."""
        return np.array([one.probability for one in self.scenarios])

    @cached_property
    def reveals(self) -> tuple[pd.Timestamp, ...]:
        """The days on which something becomes known, in order."""
        return tuple(sorted({one.revealed for one in self.uncertainties}))

    def levels(self, days: np.ndarray) -> np.ndarray:
        """How many of the days of `reveals` have come by each day."""
        reveals = np.array(self.reveals, dtype="datetime64[ns]")
        return np.asarray(np.searchsorted(reveals, days.astype("datetime64[ns]"), side="right"))

    @cached_property
    def nodes(self) -> np.ndarray:
        """Number of the node of each scenario at each level, shape (scenarios, levels).

        Level 0 is before anything is known, level k after k of the days of `reveals`. Scenarios
        share a node where they have the same number; no number is used at two levels.
        """
        numbers = np.zeros((len(self.scenarios), len(self.reveals) + 1), dtype=int)
        known: dict[tuple[int, tuple[Known, ...]], int] = {}
        for s, scenario in enumerate(self.scenarios):
            for level in range(numbers.shape[1]):
                key = level, tuple(self.known(scenario, level))
                numbers[s, level] = known.setdefault(key, len(known))
        return numbers

    def known(self, scenario: Scenario, level: int) -> Iterator[Known]:
        """Outcomes of a scenario that are known at a level."""
        by = self.reveals[level - 1] if level else None
        for uncertainty, outcome in zip(self.uncertainties, scenario.outcomes, strict=True):
            if by is not None and uncertainty.revealed <= by:
                yield outcome
