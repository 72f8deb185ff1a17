"""Other solvers over the same arrays: one file each, and `solve_by`, which asks the one chosen.

HiGHS is the solver of optalloc; everything it is given beyond the program (the cut loop, the search
beside the proof) is its own. Another solver gets the program as it is, all rows, and its plan is
completed, checked for violated lazy constraints, and audited like any other.
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
from optalloc.solving.completion import completed
from optalloc.solving.incumbent import Incumbent
from optalloc.solving.monitor import Monitor
from optalloc.solving.selection import solve_arrays
from optalloc.solving.solvers.answer import Answer, Solve

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
        """True where it can be used here."""
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
    solve, incumbent = _adapter(options.solver), Incumbent()
    monitor = Monitor(options, progress)

    def report(objective: float, bound: float) -> None:
        candidate = arrays.separate is not None and objective < incumbent.objective
        now = min(objective, incumbent.objective), max(bound, incumbent.bound)
        monitor.report(Progress(monitor.seconds(), *now, options.solver, candidate))

    core, reason = arrays, StopReason.FAILED
    for _ in range(options.parameters.proof.rounds):
        answer = solve(core, options, max(monitor.left_s(), 0.0), report)
        reason = answer.reason
        if reason is StopReason.INFEASIBLE and incumbent.values is None:
            # Not taken from one solver alone: HiGHS confirms it, or finds the plan.
            left = None if options.time_limit_s is None else max(monitor.left_s(), 1.0)
            return solve_arrays(arrays, replace(options, solver=HIGHS, time_limit_s=left), progress)
        violated = _taken(core, answer, monitor, incumbent)
        if reason is not StopReason.GAP or not len(violated):
            break
        if relative_gap(incumbent.objective, incumbent.bound) <= options.gap:
            break
        # Proven, but for a program without these rows.
        reason = StopReason.TIME
        if monitor.left_s() <= 0:
            break
        core = core.with_extra(violated)
        incumbent.cut_rows += len(violated)
    outcome = incumbent.outcome(reason, monitor)
    if math.isfinite(outcome.objective):
        monitor.report(
            Progress(monitor.seconds(), outcome.objective, outcome.bound, options.solver)
        )
        outcome = replace(outcome, history=tuple(monitor.history))
    return outcome


def _taken(core: Arrays, answer: Answer, monitor: Monitor, incumbent: Incumbent) -> ExtraRows:
    """Keep the bound and the plan of an answer; return the lazy constraints that it violated."""
    if math.isfinite(answer.bound):
        incumbent.bound = max(incumbent.bound, answer.bound)
    incumbent.nodes += answer.nodes
    if answer.values is None:
        return ExtraRows.joined((), len(core.cost))
    violated = core.violated_by(answer.values)
    plan, all_violated = completed(core, answer.values, monitor, incumbent, violated)
    if plan is not None:
        incumbent.take(plan, core.objective(plan))
    return all_violated if len(violated) else violated
