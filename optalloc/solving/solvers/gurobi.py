"""Gurobi, by the package gurobipy and a licence that fits the size of the program."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import gurobipy
import numpy as np
from gurobipy import GRB

from optalloc.errors import SolveError
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, StopReason
from optalloc.solving.solvers.answer import Answer, Report, write_mps

__all__ = ["solve"]

_REASONS = {
    GRB.OPTIMAL: StopReason.GAP,
    GRB.TIME_LIMIT: StopReason.TIME,
    GRB.INTERRUPTED: StopReason.INTERRUPTED,
    GRB.INFEASIBLE: StopReason.INFEASIBLE,
    GRB.INF_OR_UNBD: StopReason.INFEASIBLE,
    GRB.UNBOUNDED: StopReason.UNBOUNDED,
}


def solve(arrays: Arrays, options: Options, time_limit_s: float, report: Report) -> Answer:
    """Solve a program with Gurobi.

    Raises
    ------
    SolveError
        If there is no licence, or none for so large a program.
    """
    try:
        return _solve(arrays, options, time_limit_s, report)
    except gurobipy.GurobiError as error:
        raise SolveError(f"gurobi: {error}") from error


def _solve(arrays: Arrays, options: Options, time_limit_s: float, report: Report) -> Answer:
    with gurobipy.Env(params={"OutputFlag": 0}) as env:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "program.mps")
            write_mps(arrays, path)
            model = gurobipy.read(str(path), env)
        model.Params.MIPGap, model.Params.MIPGapAbs = float(options.gap), 0.0
        model.Params.Seed = int(options.seed)
        if options.threads is not None:
            model.Params.Threads = int(options.threads)
        if math.isfinite(time_limit_s):
            model.Params.TimeLimit = time_limit_s
        if not options.presolve:
            model.Params.Presolve = 0

        def watch(model: Any, where: int) -> None:
            if where == GRB.Callback.MIP:
                best = model.cbGet(GRB.Callback.MIP_OBJBST)
                bound = model.cbGet(GRB.Callback.MIP_OBJBND)
                report(_finite(best, math.inf, arrays), _finite(bound, -math.inf, arrays))

        model.optimize(watch)
        values = None
        if model.SolCount:
            named = {column.VarName: column.X for column in model.getVars()}
            values = np.array([named.get(f"c{k}", 0.0) for k in range(len(arrays.cost))])
        reason = _REASONS.get(model.Status, StopReason.FAILED)
        objective = _finite(model.ObjVal, math.inf, arrays) if model.SolCount else math.inf
        # A program without integers has no bound but its optimum.
        proved = model.ObjBound if model.IsMIP else objective - arrays.offset
        bound = _finite(proved, -math.inf, arrays) if model.IsMIP or model.SolCount else -math.inf
        nodes = int(model.NodeCount)
        model.dispose()
    return Answer(reason, objective, bound, values, nodes)


def _finite(number: float, otherwise: float, arrays: Arrays) -> float:
    return number + arrays.offset if abs(number) < GRB.INFINITY else otherwise
