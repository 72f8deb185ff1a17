"""Other solvers over the same arrays: one file each, and `solve_by`, which asks the one chosen.

HiGHS is the solver of optalloc; everything it is given beyond the program (the cut loop, the search
beside the proof) is its own. Another solver gets the program as it is, all rows, and its plan is
completed, checked for rows found on demand, and audited like any other.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import shutil
from dataclasses import dataclass, replace
from importlib import metadata

from optalloc.errors import OptallocError
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.outcome import (
    Options,
    Outcome,
    Progress,
    ProgressCallback,
    StopReason,
    relative_gap,
)
from optalloc.solving.cut_loop import Run
from optalloc.solving.direct import Best, completed
from optalloc.solving.solvers.answer import Answer, Solve
from optalloc.solving.strategies import solve_arrays

__all__ = ["HIGHS", "SOLVERS", "available", "require", "solve_by", "version_of"]

HIGHS = "highs"


@dataclass(frozen=True)
class Solver:
    """Where a solver is found: its adapter, the package or executable it needs, how to get it."""

    module: str
    package: str = ""
    executable: str = ""
    get: str = ""

    @property
    def installed(self) -> bool:
        """Whether it can be used here."""
        if self.executable:
            return shutil.which(self.executable) is not None
        return importlib.util.find_spec(self.package) is not None


SOLVERS = {
    "scip": Solver("scip", "pyscipopt", get="pip install 'optalloc[scip]'"),
    "cp-sat": Solver("cp_sat", "ortools", get="pip install 'optalloc[cp-sat]'"),
    "gurobi": Solver("gurobi", "gurobipy", get="pip install gurobipy"),
    "cbc": Solver("cbc", executable="cbc", get="install COIN-OR's cbc on the path"),
}


def available() -> list[str]:
    """Names of the solvers that can be used here."""
    return [HIGHS, *(name for name, solver in SOLVERS.items() if solver.installed)]


def require(name: str) -> None:
    """Insist that a solver is there.

    Raises
    ------
    OptallocError
        If there is no such solver, or it is not installed.
    """
    if name == HIGHS:
        return
    here = ", ".join(available())
    if name not in SOLVERS:
        raise OptallocError(
            f"solver must be one of {', '.join([HIGHS, *SOLVERS])}; found {name!r}. "
            f"Installed here: {here}."
        )
    solver = SOLVERS[name]
    if not solver.installed:
        need = f"the executable {solver.executable}" if solver.executable else solver.package
        raise OptallocError(
            f"solver {name!r} needs {need}, which is not installed: {solver.get}. "
            f"Installed here: {here}."
        )


def version_of(name: str) -> dict[str, str]:
    """Version of a solver's package, by its name; nothing where it is HiGHS, or no package."""
    package = SOLVERS[name].package if name in SOLVERS else ""
    return {package: metadata.version(package)} if package else {}


def _adapter(name: str) -> Solve:
    """Give a solver's adapter."""
    require(name)
    module = importlib.import_module(f"optalloc.solving.solvers.{SOLVERS[name].module}")
    solve: Solve = module.solve
    return solve


def solve_by(
    arrays: Arrays, options: Options | None = None, progress: ProgressCallback | None = None
) -> Outcome:
    """Solve a program to a proven gap with the solver that the options name.

    Parameters
    ----------
    arrays : Arrays
    options : Options, optional
        ``solver`` says which.
    progress : callable, optional
        Called with `Progress` as the solve goes on.

    Returns
    -------
    Outcome

    Raises
    ------
    OptallocError
        If the solver is unknown or not installed.
    """
    options = options or Options()
    if options.solver == HIGHS:
        return solve_arrays(arrays, options, progress)
    solve, run, best = _adapter(options.solver), Run(options, progress), Best()

    def report(objective: float, bound: float) -> None:
        draft = arrays.separate is not None and objective < best.objective
        now = min(objective, best.objective), max(bound, best.bound)
        run.report(Progress(run.seconds(), *now, options.solver, draft))

    core, reason = arrays, StopReason.FAILED
    for _ in range(options.parameters.proof.rounds):
        answer = solve(core, options, max(run.left_s(), 0.0), report)
        reason = answer.reason
        if reason is StopReason.INFEASIBLE and best.values is None:
            # Not taken from one solver alone: HiGHS confirms it, or finds the plan.
            left = None if options.time_limit_s is None else max(run.left_s(), 1.0)
            return solve_arrays(arrays, replace(options, solver=HIGHS, time_limit_s=left), progress)
        broken = _taken(core, answer, run, best)
        if reason is not StopReason.GAP or not len(broken):
            break
        if relative_gap(best.objective, best.bound) <= options.gap:
            break
        # Proven, but of a program that lacks these rows.
        reason = StopReason.TIME
        if run.left_s() <= 0:
            break
        core = core.with_extra(broken)
        best.cut_rows += len(broken)
    outcome = best.outcome(reason, run)
    if math.isfinite(outcome.objective):
        run.report(Progress(run.seconds(), outcome.objective, outcome.bound, options.solver))
        outcome = replace(outcome, history=tuple(run.history))
    return outcome


def _taken(core: Arrays, answer: Answer, run: Run, best: Best) -> ExtraRows:
    """Keep the bound and the plan of an answer; gives the rows on demand that its point broke."""
    if math.isfinite(answer.bound):
        best.bound = max(best.bound, answer.bound)
    best.nodes += answer.nodes
    if answer.values is None:
        return ExtraRows.joined((), len(core.cost))
    missing = core.broken_by(answer.values)
    plan, broken = completed(core, answer.values, run, best, missing)
    if plan is not None:
        best.take(plan, float(core.cost @ plan + core.offset))
    return broken if len(missing) else missing
