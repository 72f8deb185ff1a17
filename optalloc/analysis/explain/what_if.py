"""Warm-started re-solves of a workbook that has a plan, with other numbers or bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optalloc.analysis.explain.context import Solved
from optalloc.data.dataset import Dataset
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Outcome, StopReason, relative_gap
from optalloc.modelling.choices import BoundChange
from optalloc.modelling.renew import renewed
from optalloc.solving.resolve import Resolver

__all__ = ["Known", "WhatIf"]


@dataclass(frozen=True)
class Known:
    """Bracket of the least cost: at least ``bound`` and at most ``cost``.

    Both are infinite where the program is proven infeasible. ``values`` is the plan that costs
    ``cost``.
    """

    bound: float
    cost: float
    values: np.ndarray | None = None

    @property
    def impossible(self) -> bool:
        """True if the program is proven infeasible."""
        return self.bound == math.inf

    @property
    def gap(self) -> float:
        """Relative gap; infinite while there is no plan."""
        return relative_gap(self.cost, self.bound)

    @staticmethod
    def of(outcome: Outcome) -> Known:
        """The bracket that an outcome gives."""
        if outcome.stop_reason is StopReason.INFEASIBLE:
            return Known(math.inf, math.inf)
        return Known(outcome.bound, outcome.objective, outcome.values)


class WhatIf:
    """One program kept in the solver, re-solved from known plans.

    Parameters
    ----------
    solved : Solved
        Its plan is the first start.
    """

    def __init__(self, solved: Solved) -> None:
        self.solved = solved
        self.arrays = solved.arrays
        self.plan = Known.of(solved.plan.outcome)
        self._resolver = Resolver(solved.arrays, solved.options)

    def on(self, dataset: Dataset) -> Arrays | None:
        """The program on a changed dataset; None where it has other rows, columns or places."""
        found = renewed(self.solved.program, self.arrays, dataset)
        return found.arrays if found.same_sets else None

    def restricted(self, arrays: Arrays, bounds: Sequence[BoundChange]) -> Arrays | None:
        """The program with tighter bounds on some variables; None where they leave no value."""
        lower, upper = arrays.col_lower.copy(), arrays.col_upper.copy()
        for component, key, least, most in bounds:
            at = arrays.columns.find(component, key)
            lower[at], upper[at] = max(lower[at], least), min(upper[at], most)
        if (lower > upper).any():
            return None
        return replace(arrays, col_lower=lower, col_upper=upper)

    def keeps(self, values: np.ndarray, bounds: Sequence[BoundChange]) -> bool:
        """True if a plan is within these bounds."""
        at = [self.arrays.columns.find(component, key) for component, key, _, _ in bounds]
        found = values[at]
        least, most = (np.array([one[side] for one in bounds]) for side in (2, 3))
        return bool(((found >= least - 1e-6) & (found <= most + 1e-6)).all())

    def least_cost(
        self,
        bounds: Sequence[BoundChange] = (),
        *,
        within_s: float,
        arrays: Arrays | None = None,
        gap: float | None = None,
        cutoff: float | None = None,
        target: float | None = None,
        starts: Sequence[np.ndarray] = (),
    ) -> Known:
        """Bracket of the least cost within bounds, as narrow as the seconds allow.

        Parameters
        ----------
        bounds : sequence of BoundChange
        within_s : float
        arrays : Arrays, optional
            With other numbers; those of the plan by default.
        gap, cutoff, target : float, optional
            As of `Resolver.solve`.
        starts : sequence of numpy.ndarray
            Plans to begin from, besides the plan that is explained.
        """
        program = self.restricted(self.arrays if arrays is None else arrays, bounds)
        if program is None:
            return Known(math.inf, math.inf)
        first = () if self.plan.values is None else (self.plan.values,)
        outcome = self._resolver.solve(
            program,
            starts=(*starts, *first),
            gap=gap,
            cutoff=cutoff if cutoff is None or math.isfinite(cutoff) else None,
            target=target if target is None or math.isfinite(target) else None,
            time_limit_s=max(min(within_s, self.solved.left_s()), 0.1),
        )
        return Known.of(outcome)

    def bound(self, bounds: Sequence[BoundChange]) -> float:
        """Bound on the least cost within bounds, from the linear relaxation alone."""
        program = self.restricted(self.arrays, bounds)
        if program is None:
            return math.inf
        result = self._resolver.relaxed(program)
        return math.inf if result.status == "kInfeasible" else result.bound
