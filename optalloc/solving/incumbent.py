"""The incumbent of a solve with its proven bound, and the outcome that follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from optalloc.mip.arrays import ExtraRows
from optalloc.mip.outcome import Outcome, StopReason, contradicts, quality_of, relative_gap
from optalloc.solving.monitor import Monitor

__all__ = ["EarlyStops", "Incumbent"]


@dataclass(frozen=True)
class EarlyStops:
    """When to stop early.

    No plan costs at most ``cutoff``; one costs at most ``target``; the bound has not risen for
    ``idle_share`` of the seconds.
    """

    cutoff: float = math.inf
    target: float = -math.inf
    idle_share: float = math.inf


@dataclass
class Incumbent:
    """The best plan so far, and the best bound.

    ``lazy_rows`` are lazy constraints found on the way, and ``candidates`` the infeasible points
    that violated them. ``searched`` states that it took more than the relaxation and plans known
    before.
    """

    values: np.ndarray | None = None
    objective: float = math.inf
    bound: float = -math.inf
    nodes: int = 0
    cut_rows: int = 0
    searched: bool = False
    lazy_rows: list[ExtraRows] = field(default_factory=list)
    candidates: list[np.ndarray] = field(default_factory=list)

    def take(self, values: np.ndarray, objective: float) -> None:
        """Replace the incumbent by a plan that costs less."""
        if objective < self.objective:
            self.values, self.objective = values, objective

    @property
    def gap(self) -> float:
        """Relative gap; infinite without a plan or a bound."""
        return relative_gap(self.objective, self.bound)

    @property
    def contradicted(self) -> bool:
        """True where the plan costs less than the bound allows: then the bound is false."""
        return contradicts(self.objective, self.bound)

    def outcome(self, reason: StopReason, monitor: Monitor) -> Outcome:
        """The outcome of a solve that stopped for this reason."""
        if self.contradicted:
            reason, self.bound = StopReason.CONTRADICTION, -math.inf
        bound = min(self.bound, self.objective)
        if reason is StopReason.GAP and relative_gap(self.objective, bound) > monitor.options.gap:
            reason = StopReason.TOLERANCE
        if reason is StopReason.GAP and relative_gap(self.objective, bound) == 0.0:
            reason = StopReason.PROVED
        return Outcome(
            stop_reason=reason,
            quality=quality_of(self.objective, bound, monitor.options.gap),
            objective=self.objective,
            bound=bound,
            values=self.values,
            nodes=self.nodes,
            cut_rows=self.cut_rows,
            searched=self.searched,
            history=tuple(monitor.history),
        )

    def reason_to_stop(self, gap: float, stops: EarlyStops) -> StopReason | None:
        """Reason to stop, where the gap, the cutoff or the target is reached."""
        if self.bound > stops.cutoff:
            return StopReason.CUTOFF
        if self.objective <= stops.target:
            return StopReason.TARGET
        return StopReason.GAP if self.gap <= gap else None
