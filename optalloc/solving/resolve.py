"""One compiled program, held by the solver and solved again and again with other numbers.

What was learnt in one solve serves the next: the basis of the relaxation, the rows that it was
found to need, and the plans, whose integers are kept while the rest is decided again. Often that
is enough: where the best of those plans lies within the gap of the relaxation, nothing is searched.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, ProgressCallback, StopReason
from optalloc.solving.cut_loop import Relaxation, Run
from optalloc.solving.direct import Best, Stops, completed, proved
from optalloc.solving.highs import Result

__all__ = ["Resolver"]


class Resolver:
    """A program that is solved again and again, each time with other numbers.

    Parameters
    ----------
    arrays : Arrays
        The program; what it is solved for first.
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

        Returns
        -------
        Outcome
            Its bound is a bound of the program as given, whyever it stopped.

        Raises
        ------
        InternalError
            If the program has other rows or columns than the one held.
        """
        options = self._options
        if gap is not None:
            options = replace(options, gap=gap)
        if time_limit_s is not None:
            options = replace(options, time_limit_s=time_limit_s)
        run, best = Run(options, self._progress), Best()
        stops = Stops(
            cutoff=math.inf if cutoff is None else cutoff,
            target=-math.inf if target is None else target,
        )
        if arrays is not None:
            self._relaxation.renew(arrays)
        reason = self._bounded(run, best, stops, [*starts, *reversed(self._plans)])
        if reason is not None:
            best.cut_rows = self._relaxation.rows_taken
            outcome = best.outcome(reason, run)
        else:
            outcome = proved(self._relaxation, run, best, stops)
        self._relaxation.learn(best.broken, best.drafts)
        if outcome.values is not None:
            self._keep(outcome.values)
        return outcome

    def relaxed(self, arrays: Arrays | None = None) -> Result:
        """Solve the linear relaxation alone: no plan costs less than its objective."""
        if arrays is not None:
            self._relaxation.renew(arrays)
        *_, last = self._relaxation.rounds(Run(self._options, None))
        return last

    def _bounded(
        self, run: Run, best: Best, stops: Stops, plans: Iterable[np.ndarray]
    ) -> StopReason | None:
        """Bound by the relaxation and try earlier plans; the reason, if that is all it takes."""
        gap, repaired = run.options.gap, False
        for result in self._relaxation.rounds(run):
            best.bound = max(best.bound, result.bound)
            if result.status != "kOptimal":
                return None
            if not repaired and best.reason_to_stop(gap, stops) is None:
                self._repair(plans, run, best, stops)
                repaired = True
            if best.contradicted:
                # A plan below the bound of the relaxation: the whole program is proven instead.
                best.bound = -math.inf
                return None
            reason = best.reason_to_stop(gap, stops)
            if reason is not None:
                return reason
        return None

    def _repair(self, plans: Iterable[np.ndarray], run: Run, best: Best, stops: Stops) -> None:
        """Decide again, at least cost, what earlier plans do besides their integers."""
        core, seen = self._relaxation.core, set()
        for plan in plans:
            # Where whole numbers are held by new bounds, the nearest that they allow.
            near = np.clip(np.round(plan), np.ceil(core.col_lower), np.floor(core.col_upper))
            integers = near[core.integer].tobytes()
            if integers in seen:
                continue
            seen.add(integers)
            exact, _ = completed(core, near, run, best, core.broken_by(near))
            if exact is not None:
                best.take(exact, float(core.cost @ exact + core.offset))
            if best.reason_to_stop(run.options.gap, stops) is not None or run.left_s() <= 0:
                return

    def _keep(self, values: np.ndarray) -> None:
        integer = self.arrays.integer
        others = [
            plan for plan in self._plans if not np.array_equal(plan[integer], values[integer])
        ]
        self._plans = [*others, values][-self._options.parameters.resolving.plans :]
