"""Adaptive large neighbourhood search over a program: part after part is optimised again.

It begins at any point, such as the relaxation's with its integers rounded. A destroy operator frees
some columns, all others are fixed, and the sub-MIP is solved. Rows that the point violates may stay
violated at a penalty, by no more than they are: so each sub-MIP has a solution, and violation only
shrinks. Once no row is violated the same steps improve the plan. Sources: large neighbourhood
search (Shaw, 1998, doi:10.1007/3-540-49481-2_30), adaptive by Ropke and Pisinger (2006,
doi:10.1287/trsc.1050.0135), with the penalties of a feasibility search.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import Options
from optalloc.mip.tolerances import SUBMIP_FEASIBILITY, SUBMIP_IMPROVEMENT
from optalloc.solving.highs import Highs
from optalloc.solving.highs_callbacks import Result
from optalloc.solving.strategies.adaptive import Around, Focus, Operator, drawn_operator
from optalloc.solving.strategies.penalties import Penalties, repairing
from optalloc.solving.strategies.rens import rens
from optalloc.solving.strategies.trim import trimmed
from optalloc.solving.submip import SubMip

__all__ = ["LargeNeighbourhoodSearch", "Running", "freely"]

logger = logging.getLogger(__name__)

# HiGHS options by which sub-MIPs are finer.
TOLERANCES = ("primal_feasibility_tolerance", "mip_feasibility_tolerance")

# A context for each run of the solver, in which that may be cancelled.
Running = Callable[[Highs], contextlib.AbstractContextManager[None]]


def freely(highs: Highs) -> contextlib.AbstractContextManager[None]:
    """A context in which nothing cancels a run."""
    return contextlib.nullcontext()


class LargeNeighbourhoodSearch:
    """A search from one point to better ones.

    Parameters
    ----------
    arrays : Arrays
    start : numpy.ndarray, shape (columns,)
        Where it begins, integers rounded to the nearest.
    options : Options
    operators : sequence of Operator
        Such as `optalloc.solving.strategies.neighbourhoods.part_operators` gives.
    relaxed : tuple of numpy.ndarray, shapes (columns,) and (rows,), optional
        A point of the relaxation, and dual prices for the penalty of violated rows.
    running : callable, optional
        Gives a context for each run of the solver, in which that may be cancelled.
    """

    def __init__(
        self,
        arrays: Arrays,
        start: np.ndarray,
        options: Options,
        operators: Sequence[Operator],
        relaxed: tuple[np.ndarray, np.ndarray] | None = None,
        running: Running = freely,
    ) -> None:
        self.arrays, self.operators = arrays, operators
        self._options, self._running = options, running
        self._parameters = options.parameters.large_neighbourhood
        self._by_row = sp.csr_array(arrays.matrix)
        self._draw = np.random.default_rng(options.seed)
        duals = None if relaxed is None else relaxed[1]
        self.penalties = Penalties(arrays, duals, self._parameters)
        self._relaxed = start if relaxed is None else relaxed[0]
        self._stalled = 0
        # The bounds that integers can reach.
        integer = arrays.integer
        self._lower = np.where(integer, np.ceil(arrays.col_lower), arrays.col_lower)
        self._upper = np.where(integer, np.floor(arrays.col_upper), arrays.col_upper)
        self.move(start)
        self._base = self.values

    def move(self, values: np.ndarray) -> None:
        """Go on from another point."""
        rounded = np.where(self.arrays.integer, np.round(values), values)
        self.values = np.clip(rounded, self._lower, self._upper)
        self._violations = self.arrays.violations(self.values)

    def adopt(self, plan: np.ndarray) -> None:
        """Go on from another's plan, with what was changed here since the last where both fit."""
        was_feasible = self.is_feasible
        merged = np.where(self.values != self._base, self.values, plan)
        self.move(plan)
        cost, adopted = self.cost, self.values
        if was_feasible:
            # What was changed without the other's changes may be more than rows need with them.
            self.move(trimmed(self.arrays, merged))
            if not self.is_feasible or self.cost >= cost:
                self.move(adopted)
        self._base = self.values

    def require(self, rows: ExtraRows) -> None:
        """Take lazy constraints into the program."""
        self.arrays = self.arrays.with_extra(rows)
        self.penalties.add(rows)
        self._by_row = sp.csr_array(self.arrays.matrix)
        self.move(self.values)

    @property
    def cost(self) -> float:
        """Cost of the point, without penalties."""
        return self.arrays.objective(self.values)

    @property
    def is_feasible(self) -> bool:
        """True where the point violates no row: it is a plan."""
        return not self._violations.any()

    @property
    def violation(self) -> float:
        """Total violation, each row's against its largest coefficient; 0 for a plan."""
        return self.penalties.total(self._violations)

    def step(self, limit_s: float = math.inf) -> bool:
        """Solve one sub-MIP; return True where the point got better."""
        operator = drawn_operator(self.operators, self._draw, repairing=not self.is_feasible)
        began, violation, size = time.perf_counter(), self.violation, operator.freed
        sub, start = repairing(
            self.arrays,
            self.values,
            self._violations,
            operator.neighbourhood.free(size, self._focus()),
            self.penalties.by_row,
            self._parameters.small_violation_share,
        )
        result = self._solve(operator, sub, start, limit_s)
        before = sub.program.objective(start)
        improved = self._take(sub, result, before)
        saved = before - result.objective if improved else 0.0
        seconds = time.perf_counter() - began
        operator.learn(result.status, saved, seconds)
        left = self.violation
        logger.debug(
            "%s freed %d: %s, saved %.6g; cost %.8g, violation %.3g, %.2f s",
            *(operator, size, result.status, saved, self.cost, left, seconds),
        )
        self._adapt(improved, violation, left)
        return improved

    def summary(self) -> str:
        """Sub-MIPs, saving and seconds of each operator."""
        return "; ".join(
            f"{one}: {one.submips} sub-MIPs saved {one.saved:.6g} in {one.seconds:.1f} s"
            for one in self.operators
        )

    def _focus(self) -> Focus:
        """The point, and the columns of a violated row drawn by its penalty."""
        violated = np.flatnonzero(self._violations)
        if not len(violated):
            return Focus(self.values, np.empty(0, dtype=int), self._draw)
        weight = (self.penalties.by_row * self._violations)[violated]
        row = int(self._draw.choice(violated, p=weight / weight.sum()))
        return Focus(self.values, self._by_row[[row]].indices, self._draw)

    def _solve(self, operator: Operator, sub: SubMip, start: np.ndarray, limit_s: float) -> Result:
        """Solve a sub-MIP from where the search is, its integers restricted to RENS if asked."""
        ours, program = self._parameters, sub.program
        if operator.around is not Around.NOTHING:
            program = rens(program, self._relaxation(operator, sub), plan=start)
        gap = operator.slice.gap if self.is_feasible else ours.repair_gap
        options = replace(self._options, seed=int(self._draw.integers(2**31 - 1)), gap=gap)
        settings = dict.fromkeys(TOLERANCES, SUBMIP_FEASIBILITY)
        settings["mip_heuristic_effort"] = ours.heuristic_effort
        highs = Highs(program, options, integer=True, settings=settings)
        highs.start_from(start)
        seconds = operator.submip_s
        if not self.is_feasible:
            repair_s = ours.repair_s_per_column * len(self.arrays.cost)
            seconds = max(seconds, min(repair_s, ours.long_s))
        with self._running(highs):
            return highs.run(time_limit_s=min(limit_s, seconds))

    def _relaxation(self, operator: Operator, sub: SubMip) -> np.ndarray:
        """The point of the relaxation that RENS restricts a sub-MIP to.

        That of the full program tells which blocks are in use; when they are depends on what is
        fixed.
        """
        if operator.around is Around.OWN_RELAXATION:
            highs = Highs(sub.program, self._options, integer=False)
            with self._running(highs):
                result = highs.run(time_limit_s=self._parameters.long_s)
            if result.values is not None:
                return result.values
        return sub.restricted(self._relaxed)

    def _take(self, sub: SubMip, result: Result, before: float) -> bool:
        """Go on from the solution of a sub-MIP, if that is better."""
        if result.values is None or result.objective >= before - SUBMIP_IMPROVEMENT * abs(before):
            return False
        was, was_feasible = self.values, self.is_feasible
        self.move(sub.full(result.values))
        if was_feasible and not self.is_feasible:
            # The solver's tolerances, sub-MIP after sub-MIP, add up to a violation.
            self.move(was)
            return False
        return True

    def _adapt(self, improved: bool, before: float, left: float) -> None:
        """Count sub-MIPs in vain, and let penalties grow while rows stay violated."""
        if before:
            # Savings of penalties tell nothing of what improves a plan.
            for one in self.operators:
                one.rate = math.inf
        progressed = left < before if before else improved
        self._stalled = 0 if progressed else self._stalled + 1
        if not left or self._stalled < self._parameters.stalled_submips:
            return
        self._stalled = 0
        if self.penalties.grow():
            logger.debug("penalties grow: violation %.3g stalled", left)
            return
        logger.debug("restart from the relaxation, rounded at random")
        rounded = np.floor(self._relaxed + self._draw.random(len(self._relaxed)))
        self.move(np.where(self.arrays.integer, rounded, self._relaxed))
        self._base = self.values
