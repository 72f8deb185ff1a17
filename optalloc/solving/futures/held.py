"""A stochastic program with some of its decisions held: what the rest then costs."""

from __future__ import annotations

import math

import numpy as np

from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, Outcome, Quality, StopReason
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.futures.solve import is_large, solve_stochastic
from optalloc.solving.solvers import solve_by

__all__ = ["solve_held"]

NO_PLAN = Outcome(stop_reason=StopReason.INFEASIBLE, quality=Quality.NONE, bound=math.inf)


def solve_held(
    program: StochasticProgram,
    attitude: Attitude,
    references: np.ndarray,
    options: Options,
    held: np.ndarray | None = None,
    *,
    cluster: str | None = None,
) -> Outcome:
    """Solve all scenarios with columns held.

    Parameters
    ----------
    program : StochasticProgram
    attitude : Attitude
        Not regret, where the program is solved scenario by scenario: what is held then counts in
        the references too.
    references : numpy.ndarray, shape (scenarios,)
        Least costs of each scenario alone.
    options : Options
    held : numpy.ndarray, shape (columns of the extensive form,), optional
        Value of each column that is held; NaN where it is free.
    cluster : str, optional
        Address of a Dask scheduler, whose workers solve the scenarios of a large program.

    Returns
    -------
    Outcome
        Infeasible where nothing that keeps the held columns meets every limit.
    """
    if held is not None:
        if program.excludes(held):
            return NO_PLAN
        program = program.with_held(held)
    if is_large(program, options.parameters.futures):
        return solve_stochastic(program, attitude, options, cluster=cluster).outcome
    return solve_by(extensive_form(program, attitude, references).arrays, options)
