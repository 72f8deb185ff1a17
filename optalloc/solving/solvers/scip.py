"""SCIP, by the package pyscipopt."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from pyscipopt import SCIP_EVENTTYPE, Eventhdlr, Model

from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, StopReason
from optalloc.solving.solvers.answer import Answer, Report, write_mps

__all__ = ["solve"]

_REASONS = {
    "optimal": StopReason.GAP,
    "gaplimit": StopReason.GAP,
    "timelimit": StopReason.TIME,
    "userinterrupt": StopReason.INTERRUPTED,
    "infeasible": StopReason.INFEASIBLE,
    "inforunbd": StopReason.INFEASIBLE,
    "unbounded": StopReason.UNBOUNDED,
}
_EVENTS = (
    SCIP_EVENTTYPE.BESTSOLFOUND,
    SCIP_EVENTTYPE.FIRSTLPSOLVED,
    SCIP_EVENTTYPE.LPSOLVED,
    SCIP_EVENTTYPE.NODESOLVED,
)


class _Watch(Eventhdlr):  # type: ignore[misc]
    """Reports when incumbent or bound move."""

    def __init__(self, report: Report, offset: float) -> None:
        self._report, self._offset = report, offset
        self._last = (math.inf, -math.inf)

    def eventinit(self) -> None:
        for event in _EVENTS:
            self.model.catchEvent(event, self)

    def eventexit(self) -> None:
        for event in _EVENTS:
            self.model.dropEvent(event, self)

    def eventexec(self, event: Any) -> None:
        now = _bounds(self.model, self._offset)
        if now != self._last:
            self._last = now
            self._report(*now)


def _bounds(model: Any, offset: float) -> tuple[float, float]:
    """Incumbent and bound, infinite where there is none."""
    primal, dual = model.getPrimalbound(), model.getDualbound()
    most = model.infinity()
    return (
        primal + offset if abs(primal) < most else math.inf,
        dual + offset if abs(dual) < most else -math.inf,
    )


def solve(arrays: Arrays, options: Options, time_limit_s: float, report: Report) -> Answer:
    """Solve a program with SCIP; it runs in one thread, whatever the options say."""
    model = Model()
    model.hideOutput()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.mps")
        write_mps(arrays, path)
        model.readProblem(str(path))
    model.setParam("limits/gap", float(options.gap))
    if math.isfinite(time_limit_s):
        model.setParam("limits/time", time_limit_s)
    model.setParam("randomization/randomseedshift", int(options.seed))
    if not options.presolve:
        model.setParam("presolving/maxrounds", 0)
    watch = _Watch(report, arrays.offset)
    model.includeEventhdlr(watch, "watch", "reports incumbent and bound")
    model.optimize()
    objective, bound = _bounds(model, arrays.offset)
    values = None
    if model.getNSols():
        best = model.getBestSol()
        by_name = {variable.name: best[variable] for variable in model.getVars()}
        values = np.array([by_name.get(f"c{k}", 0.0) for k in range(len(arrays.cost))])
    reason = _REASONS.get(model.getStatus(), StopReason.FAILED)
    return Answer(reason, objective, bound, values, int(model.getNTotalNodes()))
