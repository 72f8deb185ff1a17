"""Messages from workers: the result of each case."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

__all__ = ["Finished", "Settled", "Status"]


class Status(StrEnum):
    """End of a case: the quality of its plan, or why there is none."""

    OPTIMAL = "optimal"
    WITHIN_GAP = "within gap"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_PLAN = "no plan"
    INVALID = "invalid"
    FAILED = "failed"

    @property
    def has_plan(self) -> bool:
        """True if there is an audited plan."""
        return self in (Status.OPTIMAL, Status.WITHIN_GAP, Status.FEASIBLE)


class Settled(StrEnum):
    """The work that a case took."""

    BOUND = "bound alone"
    RESOLVED = "re-solved"
    REBUILT = "rebuilt"
    AGAIN = "from scratch"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Result of a case.

    Parameters
    ----------
    key : str
        Hash of all inputs of the result; empty where the case has no dataset.
    status : Status
    objective, bound : float
        NaN without a plan.
    seconds : float
        From the changed cells to the audited plan.
    settled : str
        A `Settled`, or empty.
    reason : str
        Why there is no plan, or why it was solved from scratch.
    tables : bytes
        Tables of the plan, packed by `optalloc.sweeps.pack`.
    integers : numpy.ndarray or None
        Integer values of the plan by the columns of the base program, from which other cases
        may start.
    """

    key: str
    status: Status
    objective: float = math.nan
    bound: float = math.nan
    seconds: float = 0.0
    settled: str = ""
    reason: str = ""
    tables: bytes = b""
    integers: np.ndarray | None = None

    @property
    def is_result(self) -> bool:
        """True if it is a property of the case, and not of a failure such as a crash."""
        return self.status is not Status.FAILED
