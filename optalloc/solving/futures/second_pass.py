"""Second passes: of policies that are equally good by the measure, the better one otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from optalloc.mip.arrays import ExtraRows
from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.outcome import Options, Outcome
from optalloc.mip.stochastic import StochasticProgram
from optalloc.mip.tolerances import PROVEN_GAP
from optalloc.solving.solvers import solve_by

__all__ = ["with_least_mean", "without_idle"]


def with_least_mean(
    program: StochasticProgram,
    attitude: Attitude,
    references: Sequence[float] | np.ndarray,
    found: Outcome,
    slack: float,
    options: Options,
) -> Outcome:
    """Of the policies about as good by the measure, the one of least mean cost.

    The worst cost and regret are indifferent to all scenarios but one.
    """
    form = extensive_form(
        program, attitude, np.asarray(references), at_most=found.objective + slack
    )
    second = solve_by(form.arrays, options)
    if second.values is None:
        return found
    costs = program.costs(second.values[: program.size])
    objective = attitude.value(program.probability, costs, np.asarray(references))
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
    by_scenario = sp.lil_array((len(costs), program.size))
    for s, (one, own) in enumerate(zip(program.programs, program.columns, strict=True)):
        by_scenario[s, own] = one.cost
        most[s] -= one.offset
    limits = ExtraRows(sp.csr_array(by_scenario), most, (("cost", tuple(range(len(costs)))),))
    counted = replace(arrays.with_extra(limits), cost=arrays.integer.astype(float), offset=0.0)
    found = solve_by(counted, options)
    if found.values is None:
        return values
    again = program.costs(found.values)
    if (again > costs + PROVEN_GAP * np.maximum(1.0, np.abs(costs))).any():
        return values
    # Columns of the measure follow from the costs and are read by nobody.
    return np.concatenate([found.values, values[program.size :]])
