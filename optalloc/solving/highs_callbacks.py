"""Callbacks and result of a run of HiGHS."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from optalloc.mip.outcome import Progress, ProgressCallback
from optalloc.mip.tolerances import BOUND_RISE

__all__ = ["Beside", "Callbacks", "Result"]

# A bound that has not risen for less than this is not idle: a linear program is being solved.
LEAST_IDLE_S = 2.0


@dataclass(frozen=True)
class Result:
    """Result of a run of HiGHS; `values` is None without a feasible point.

    ``earlier`` holds the integer points found on the way, the best last, if they were asked for.
    ``row_duals`` and ``reduced_costs`` are there after a linear program was solved.
    """

    status: str
    objective: float
    bound: float
    values: np.ndarray | None
    row_duals: np.ndarray | None
    nodes: int
    reduced_costs: np.ndarray | None = None
    earlier: tuple[np.ndarray, ...] = ()


class Beside(Protocol):
    """Another search for plans beside a run."""

    def found(self, values: np.ndarray) -> None:
        """Take a plan that the run has found."""

    def suggest(self, objective: float) -> np.ndarray | None:
        """A plan that costs less than this, if there is one."""

    def is_enough(self, bound: float) -> bool:
        """True where a plan is known that is good enough, given this bound."""


@dataclass
class Callbacks:
    """Callbacks of one run.

    Parameters
    ----------
    progress : callable or None
        Called with `Progress`, its seconds counted from `started`, under the name of `phase`.
    keep_earlier : bool
        True keeps all integer points found.
    beside : Beside or None
    cutoff, target : float
        The run is left once its bound exceeds the one, or its incumbent costs at most the other.
    idle_share : float
        With a plan, it is also left once its bound has not risen by `BOUND_RISE` for this share of
        the seconds since `started`.
    """

    progress: ProgressCallback | None = None
    started: float = 0.0
    phase: str = ""
    keep_earlier: bool = False
    beside: Beside | None = None
    cutoff: float = math.inf
    target: float = -math.inf
    idle_share: float = math.inf
    # The incumbent and the bound: all that is left of a run that is abandoned.
    objective: float = math.inf
    bound: float = -math.inf
    values: np.ndarray | None = None
    points: list[np.ndarray] = field(default_factory=list)
    _reported: tuple[float, float] = (math.inf, -math.inf)
    _risen: tuple[float, float] = (-math.inf, -math.inf)

    def subscribe(self, highs: Any, is_cancelled: Callable[[], bool], *, integer: bool) -> None:
        """Replace the callbacks of HiGHS by these.

        Parameters
        ----------
        highs : highspy.Highs
        is_cancelled : callable
            True ends the run.
        integer : bool
            False for a linear program, which reports nothing on its way.
        """

        def interrupt(event: Any) -> None:
            if is_cancelled():
                event.interrupt()

        for callback in (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
            callback.clear()
            callback.subscribe(interrupt)
        for callback in (highs.cbMipLogging, highs.cbMipImprovingSolution, highs.cbMipUserSolution):
            callback.clear()
        if not integer:
            return
        highs.cbMipImprovingSolution.subscribe(self._keep)
        highs.cbMipInterrupt.subscribe(self._keep_bound)
        if self.progress is not None:
            # The log has no bound while cuts are added at the root, an interrupt has.
            for callback in (
                highs.cbMipLogging,
                highs.cbMipImprovingSolution,
                highs.cbMipInterrupt,
            ):
                callback.subscribe(self._report)
        if self.beside is not None:
            highs.cbMipUserSolution.subscribe(self._suggest)
            highs.cbMipInterrupt.subscribe(self._end_if_enough)
        if self.cutoff < math.inf or self.target > -math.inf:
            highs.cbMipInterrupt.subscribe(self._end_early)
        if self.idle_share < math.inf:
            highs.cbMipInterrupt.subscribe(self._end_if_idle)

    def _keep(self, event: Any) -> None:
        # What the callback shows is gone when it returns.
        values = np.array(event.data_out.mip_solution, dtype=float)
        self.values, self.objective = values, float(event.data_out.objective_function_value)
        if self.keep_earlier:
            self.points.append(values)
        if self.beside is not None:
            self.beside.found(values)

    def _keep_bound(self, event: Any) -> None:
        self.bound = max(self.bound, float(event.data_out.mip_dual_bound))

    def _report(self, event: Any) -> None:
        out = event.data_out
        now = float(out.mip_primal_bound), float(out.mip_dual_bound)
        if self.progress is not None and now != self._reported:
            self._reported = now
            self.progress(Progress(time.perf_counter() - self.started, *now, self.phase))

    def _suggest(self, event: Any) -> None:
        assert self.beside is not None
        values = self.beside.suggest(float(event.data_out.mip_primal_bound))
        if values is not None:
            event.data_in.setSolution(values)

    def _end_if_enough(self, event: Any) -> None:
        assert self.beside is not None
        if self.beside.is_enough(float(event.data_out.mip_dual_bound)):
            event.interrupt()

    def _end_early(self, event: Any) -> None:
        out = event.data_out
        if float(out.mip_dual_bound) > self.cutoff or float(out.mip_primal_bound) <= self.target:
            event.interrupt()

    def _end_if_idle(self, event: Any) -> None:
        out, seconds = event.data_out, time.perf_counter() - self.started
        bound, has_plan = float(out.mip_dual_bound), math.isfinite(float(out.mip_primal_bound))
        known, at = self._risen
        if not math.isfinite(known) or bound - known > BOUND_RISE * max(abs(known), 1.0):
            self._risen = bound, seconds
        elif has_plan and seconds - at > max(self.idle_share * seconds, LEAST_IDLE_S):
            event.interrupt()
