"""Warm-started solves of one compiled program with other numbers.

Each solve starts from the last one's basis, rows and plans, whose integers are fixed while the rest
is optimised. Often that is enough: where the best of those plans lies within the gap of the
relaxation, nothing is searched.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, ProgressCallback, StopReason
from optalloc.solving.completion import completed
from optalloc.solving.cut_loop import Relaxation
from optalloc.solving.direct import proved
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.incumbent import EarlyStops, Incumbent
from optalloc.solving.monitor import Monitor

__all__ = ["Resolver"]


class Resolver:
    """A program that is solved again and again, each time with other numbers.

    Parameters
    ----------
    arrays : Arrays
        The program that is solved first.
    options : Options, optional
        With one thread, a sequence of solves gives the same figures to the last bit each time.
    progress : callable, optional
        Called with `Progress` as a solve goes on, from another thread.

    Examples
    --------
    >>> import optalloc
    >>> model = optalloc.load_model()
    >>> data = optalloc.validate(optalloc.read_workbook("inputs/minimal"), model)
    >>> program = optalloc.build(data, model)
    >>> resolver = optalloc.Resolver(optalloc.compile_program(program))
    >>> round(resolver.solve().objective, 1)
    1170.0
    """

    def __init__(
        self,
        arrays: Arrays,
        options: Options | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        self._options, self._progress = options or Options(), progress
        self._relaxation = Relaxation(arrays, self._options)
        self._plans: list[np.ndarray] = []

    @property
    def arrays(self) -> Arrays:
        """The program as it was solved last."""
        return self._relaxation.arrays

    def solve(
        self,
        arrays: Arrays | None = None,
        *,
        starts: Sequence[np.ndarray] = (),
        gap: float | None = None,
        cutoff: float | None = None,
        target: float | None = None,
        idle_share: float | None = None,
        bound: float | None = None,
        time_limit_s: float | None = None,
    ) -> Outcome:
        """Solve the program with other numbers.

        Parameters
        ----------
        arrays : Arrays, optional
            The program with new costs, bounds, limits or coefficients, of the same rows and
            columns; as it was solved last by default.
        starts : sequence of numpy.ndarray, optional
            Plans to begin from, besides those of earlier solves; only their integers matter.
        gap, time_limit_s : float, optional
            In place of those of the options.
        cutoff : float, optional
            Stop once no plan can cost at most this.
        target : float, optional
            Stop once a plan that costs at most this is known.
        idle_share : float, optional
            Stop once the bound has not risen for this share of the seconds.
        bound : float, optional
            What is known to bound the program's cost from below.

        Returns
        -------
        Outcome
            Its bound is a bound of the program as given, whyever it stopped.

        Raises
        ------
        InternalError
            If the program has other rows or columns than the one solved last.
        """
        options = self._options
        if gap is not None:
            options = replace(options, gap=gap)
        if time_limit_s is not None:
            options = replace(options, time_limit_s=time_limit_s)
        monitor, incumbent = Monitor(options, self._progress), Incumbent()
        if bound is not None:
            incumbent.bound = bound
        stops = EarlyStops(
            cutoff=math.inf if cutoff is None else cutoff,
            target=-math.inf if target is None else target,
            idle_share=math.inf if idle_share is None else idle_share,
        )
        if arrays is not None:
            self._relaxation.renew(arrays)
        reason = self._bounded(monitor, incumbent, stops, [*starts, *reversed(self._plans)])
        if reason is not None:
            incumbent.cut_rows = self._relaxation.rows_taken
            outcome = incumbent.outcome(reason, monitor)
        else:
            outcome = proved(self._relaxation, monitor, incumbent, stops)
        self._relaxation.learn(incumbent.lazy_rows, incumbent.candidates)
        if outcome.values is not None:
            self._keep(outcome.values)
        return outcome

    def relaxed(self, arrays: Arrays | None = None) -> Result:
        """Solve the linear relaxation alone: no plan costs less than its objective."""
        if arrays is not None:
            self._relaxation.renew(arrays)
        *_, last = self._relaxation.rounds(Monitor(self._options))
        return last

    def _bounded(
        self, monitor: Monitor, incumbent: Incumbent, stops: EarlyStops, plans: Iterable[np.ndarray]
    ) -> StopReason | None:
        """Bound by the relaxation and repair earlier plans; the reason to stop, if there is one."""
        gap, repaired = monitor.options.gap, False
        for result in self._relaxation.rounds(monitor):
            incumbent.bound = max(incumbent.bound, result.bound)
            if result.status != "kOptimal":
                return None
            if not repaired and incumbent.reason_to_stop(gap, stops) is None:
                self._repair(plans, monitor, incumbent, stops)
                repaired = True
            if incumbent.contradicted:
                # A plan below the bound of the relaxation: the whole program is proven instead.
                incumbent.bound = -math.inf
                return None
            reason = incumbent.reason_to_stop(gap, stops)
            if reason is not None:
                return reason
        return None

    def _repair(
        self, plans: Iterable[np.ndarray], monitor: Monitor, incumbent: Incumbent, stops: EarlyStops
    ) -> None:
        """Complete the integers of earlier plans at least cost."""
        core, seen = self._relaxation.core, set()
        for plan in plans:
            # Where new bounds cut off an integer, the nearest that they allow.
            near = np.clip(np.round(plan), np.ceil(core.col_lower), np.floor(core.col_upper))
            integers = near[core.integer].tobytes()
            if integers in seen:
                continue
            seen.add(integers)
            exact, _ = completed(core, near, monitor, incumbent, core.violated_by(near))
            if exact is not None:
                incumbent.take(exact, core.objective(exact))
            if (
                incumbent.reason_to_stop(monitor.options.gap, stops) is not None
                or monitor.left_s() <= 0
            ):
                return

    def _keep(self, values: np.ndarray) -> None:
        integer = self.arrays.integer
        others = [
            plan for plan in self._plans if not np.array_equal(plan[integer], values[integer])
        ]
        self._plans = [*others, values][-self._options.parameters.resolving.plans :]
