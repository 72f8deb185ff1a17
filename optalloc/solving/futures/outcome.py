"""Outcome of a stochastic program: the policy, and each scenario by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from optalloc.mip.outcome import Outcome

__all__ = ["Alone", "StochasticOutcome"]


@dataclass(frozen=True)
class Alone:
    """One scenario as if it were certain: its best plan and its bound."""

    objective: float
    bound: float
    values: np.ndarray | None


@dataclass(frozen=True)
class StochasticOutcome:
    """Result of a stochastic program.

    Parameters
    ----------
    outcome : Outcome
        Objective and bound of the measure; its values are aligned with the columns of the
        extensive form (`StochasticProgram.columns`).
    alone : tuple of Alone
        Of each scenario.
    costs : numpy.ndarray, shape (scenarios,)
        Cost of each scenario under the policy; infinite without one.
    infeasible : int or None
        The scenario that has no plan even by itself; its shortfalls are those of `outcome`.
    size : mapping of str to int
        Of the extensive form (`Arrays.size`).
    decomposed : bool
        True where it was too large to be solved as a whole.
    """

    outcome: Outcome
    alone: tuple[Alone, ...]
    costs: np.ndarray
    infeasible: int | None = None
    size: Mapping[str, int] = field(default_factory=dict)
    decomposed: bool = False
