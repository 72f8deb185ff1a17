"""Second passes: of policies that are equally good by the measure, the better one otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optalloc.mip.across import with_excess
from optalloc.mip.arrays import Arrays, ExtraRows
from optalloc.mip.attitude import Attitude
from optalloc.mip.extensive_form import cost_rows, extensive_form
from optalloc.mip.outcome import Options, Outcome
from optalloc.mip.stochastic import StochasticProgram
from optalloc.mip.tolerances import PROVEN_GAP
from optalloc.solving.solvers import solve_by

__all__ = ["with_least_excess", "with_least_mean", "without_idle"]


def with_least_mean(
    program: StochasticProgram,
    attitude: Attitude,
    references: np.ndarray,
    found: Outcome,
    slack: float,
    options: Options,
) -> Outcome:
    """Of the policies about as good by the measure, the one of least mean cost.

    The worst cost and regret are indifferent to all scenarios but one, the tail alone to all
    outside it.
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
    counted = replace(arrays, cost=arrays.integer.astype(float), offset=0.0)
    fewest = _costing_no_more(program, counted, values, options)
    # What costs may differ by in a proof buys amounts that nobody needs; least cost has none.
    return _costing_no_more(program, _with_integers_of(program, arrays, fewest), fewest, options)


def with_least_excess(
    program: StochasticProgram, values: np.ndarray, options: Options
) -> np.ndarray:
    """The policy in which limits that need not hold are exceeded by no more than saves something.

    Of all policies with the same integers that cost no scenario more, the one in which the least is
    beyond such limits on average.
    """
    if not program.across:
        return values
    arrays = with_excess(extensive_form(program).arrays, program)
    return _costing_no_more(program, _with_integers_of(program, arrays, values), values, options)


def _with_integers_of(program: StochasticProgram, arrays: Arrays, values: np.ndarray) -> Arrays:
    """The program with the integers of all scenarios fixed at those of a policy."""
    fixed = arrays.integer & (np.arange(len(arrays.cost)) < program.size)
    point = np.zeros(len(arrays.cost))
    point[: program.size] = np.round(values[: program.size])
    return arrays.with_fixed(fixed, point)


def _costing_no_more(
    program: StochasticProgram, arrays: Arrays, values: np.ndarray, options: Options
) -> np.ndarray:
    """The best policy by other costs that costs no scenario more; that given if none is found."""
    costs = program.costs(values)
    most = costs + PROVEN_GAP * np.maximum(1.0, np.abs(costs))
    upper = most - np.array([one.offset for one in program.programs])
    own = cost_rows(program)
    own.resize(len(costs), len(arrays.cost))
    limits = ExtraRows(own, upper, (("cost", tuple(range(len(costs)))),))
    found = solve_by(arrays.with_extra(limits), options)
    if found.values is None:
        return values
    if (program.costs(found.values) > most).any():
        return values
    # Columns of the measure and of rows across scenarios follow, and are read by nobody.
    return np.concatenate([found.values[: program.size], values[program.size :]])
