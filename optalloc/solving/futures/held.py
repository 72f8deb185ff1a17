"""A stochastic program with some of its decisions held: what the rest then costs."""

from __future__ import annotations

import numpy as np

from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, Outcome
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.solvers import solve_by

__all__ = ["solve_held"]


def solve_held(
    program: StochasticProgram,
    attitude: Attitude,
    references: np.ndarray,
    options: Options,
    held: np.ndarray | None = None,
) -> Outcome:
    """Solve the extensive form with columns held.

    Parameters
    ----------
    program : StochasticProgram
    attitude : Attitude
    references : numpy.ndarray, shape (scenarios,)
        Least costs of each scenario alone.
    options : Options
    held : numpy.ndarray, shape (columns of the extensive form,), optional
        Value of each column that is held; NaN where it is free.

    Returns
    -------
    Outcome
        Infeasible where nothing that keeps the held columns meets every limit.
    """
    arrays = extensive_form(program, attitude, references).arrays
    if held is not None:
        values = np.full(len(arrays.cost), np.nan)
        values[: len(held)] = held
        fixed = ~np.isnan(values)
        # Continuous columns of a plan may miss their bounds by rounding.
        near = np.clip(np.nan_to_num(values), arrays.col_lower, arrays.col_upper)
        arrays = arrays.with_fixed(fixed, near)
    return solve_by(arrays, options)
