"""The common input of all parts of an explanation: a workbook, its program and its plan."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, StepCallback
from optalloc.modelling.program import Program
from optalloc.plan.plan import Plan

__all__ = ["Solved"]


@dataclass(frozen=True)
class Solved:
    """A workbook with its plan, and the time budget for explaining it.

    Parameters
    ----------
    program : Program
        Built from the dataset (``program.dataset``) by the model (``program.model``).
    arrays : Arrays
        Compiled from the program.
    plan : Plan
        Audited; ``plan.outcome.values`` is aligned with the columns of the arrays.
    options : Options
        With which it was solved.
    budget_s : float
        Seconds for all parts together.
    names : tuple of str
        Members to explain (``--site``); empty: those closest to the margin.
    on_step : callable, optional
        Called with the step at work, the number of steps done, and of how many.
    """

    program: Program
    arrays: Arrays
    plan: Plan
    options: Options
    budget_s: float
    names: tuple[str, ...] = ()
    on_step: StepCallback | None = field(default=None, repr=False)
    started: float = field(default_factory=time.perf_counter, repr=False)

    def left_s(self) -> float:
        """Seconds left of the budget."""
        return self.budget_s - (time.perf_counter() - self.started)

    def step(self, what: str, done: int, of: int) -> None:
        """Report the progress of a longer part."""
        if self.on_step is not None:
            self.on_step(what, done, of)
