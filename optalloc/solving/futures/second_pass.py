"""Second passes: of policies that are equally good by the measure, the better one otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optalloc.mip.arrays import ExtraRows
from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import cost_rows, extensive_form
from optalloc.mip.outcome import Options, Outcome
from optalloc.mip.stochastic import StochasticProgram
from optalloc.mip.tolerances import PROVEN_GAP
from optalloc.solving.solvers import solve_by

__all__ = ["with_least_mean", "without_idle"]


def with_least_mean(
    program: StochasticProgram,
    attitude: Attitude,
    references: np.ndarray,
    found: Outcome,
    slack: float,
    options: Options,
) -> Outcome:
    """Of the policies about as good by the measure, the one of least mean cost.

    The worst cost and regret are indifferent to all scenarios but one.
    """
    form = extensive_form(program, attitude, references, at_most=found.objective + slack)
    second = solve_by(form.arrays, options)
    if second.values is None:
        return found
    costs = program.costs(second.values[: program.size])
    objective = attitude.value(program.probability, costs, references)
    return replace(found, values=second.values, objective=objective)


def without_idle(program: StochasticProgram, values: np.ndarray, options: Options) -> np.ndarray:
    """The policy without decisions that cost nothing and bring nothing.

    Of all policies that cost no scenario more, one with the smallest sum of integers: what is
    committed or begun at no cost and without use is dropped, or comes as late as it may.
    """
    arrays = extensive_form(program).arrays
    point = values[: program.size]
    costs = program.costs(point)
    most = costs + PROVEN_GAP * np.maximum(1.0, np.abs(costs))
    upper = most - np.array([one.offset for one in program.programs])
    limits = ExtraRows(cost_rows(program), upper, (("cost", tuple(range(len(costs)))),))
    counted = replace(arrays.with_extra(limits), cost=arrays.integer.astype(float), offset=0.0)
    found = solve_by(counted, options)
    if found.values is None:
        return values
    if (program.costs(found.values) > most).any():
        return values
    # Columns of the measure follow from the costs and are read by nobody.
    return np.concatenate([found.values, values[program.size :]])
