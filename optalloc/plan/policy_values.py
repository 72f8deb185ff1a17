"""Values of information, of planning for uncertainty, and of being able to wait.

Each is a difference of two costs that are known up to their gaps, so it lies between two bounds.
Sources: value of perfect information and of the stochastic solution (Birge, Louveaux,
Introduction to Stochastic Programming, section 4).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from optalloc.errors import InfeasibleError
from optalloc.mip.arrays import Labels
from optalloc.mip.attitude import Attitude
from optalloc.mip.outcome import Options, Outcome
from optalloc.modelling.futures import Futures, decided_today, numbered_columns
from optalloc.modelling.renew import renewed
from optalloc.plan.policy import Value
from optalloc.scenarios.mean import mean_dataset
from optalloc.solving.futures import StochasticOutcome
from optalloc.solving.futures.held import solve_held
from optalloc.solving.solvers import solve_by

__all__ = ["values_of"]

INFORMATION = "knowing everything today"
STOCHASTIC = "planning for uncertainty"
FLEXIBILITY = "being able to wait"


def values_of(
    made: Futures,
    found: StochasticOutcome,
    attitude: Attitude,
    options: Options,
    solving_s: float,
) -> list[Value]:
    """The values of information, of the stochastic solution and of flexibility.

    The latter two are solves of their own, each of which takes at most as long as the policy took
    (``solving_s``); they are left out where the policy was too large to be solved as a whole.
    """
    alone = np.array([one.objective for one in found.alone])
    policy = found.outcome
    if found.decomposed:
        return [_information(made, found, attitude)]
    seconds = max(solving_s, options.parameters.futures.values_s)
    limits = [seconds] if options.time_limit_s is None else [seconds, options.time_limit_s]
    options = replace(options, time_limit_s=min(limits))
    coupled = _coupled_information(made, policy, attitude, alone, options)
    return [
        _information(made, found, attitude) if coupled is None else coupled,
        _stochastic(made, policy, attitude, alone, options),
        _flexibility(made, policy, attitude, alone, options),
    ]


_KNOWN = "What the policy costs more than if the scenario were known before the first decision."


def _information(made: Futures, found: StochasticOutcome, attitude: Attitude) -> Value:
    """The policy, less the scenarios alone."""
    p = made.tree.probability
    alone = np.array([one.objective for one in found.alone])
    bounds = np.array([one.bound for one in found.alone])
    least, most = attitude.value(p, bounds, alone), attitude.value(p, alone, alone)
    policy = found.outcome
    return INFORMATION, policy.bound - most, policy.objective - least, _KNOWN


def _coupled_information(
    made: Futures, policy: Outcome, attitude: Attitude, alone: np.ndarray, options: Options
) -> Value | None:
    """The policy, less the scenarios known today with the limits that couple them; None if none."""
    if not made.stochastic.across:
        return None
    known = solve_held(made.stochastic.separated(), attitude, alone, options)
    least, most = policy.bound - known.objective, policy.objective - known.bound
    return INFORMATION, least, most, _KNOWN


def _difference(name: str, other: Outcome, policy: Outcome, means: str, none: str) -> Value:
    if other.values is None:
        if math.isinf(other.bound) and other.bound > 0:
            return name, math.inf, math.inf, none
        return name, -math.inf, math.inf, f"{means} Not decided in the time there was."
    return name, other.bound - policy.objective, other.objective - policy.bound, means


def _stochastic(
    made: Futures, policy: Outcome, attitude: Attitude, alone: np.ndarray, options: Options
) -> Value:
    """The plan of the expected figures, its first decisions held and the rest decided again."""
    means = (
        "What it would cost more to do now what is best for the expected figures, and to decide "
        "the rest as it becomes known."
    )
    none = "What is best for the expected figures leaves some scenario without any plan."
    scenarios = [program.dataset for program in made.programs]
    data = mean_dataset(made.base.dataset, scenarios, made.tree.probability)
    mean = renewed(made.base, made.arrays, data)
    try:
        certain = solve_by(mean.arrays, options)
    except InfeasibleError:
        certain = None
    if certain is None or certain.values is None:
        return STOCHASTIC, -math.inf, math.inf, "The expected figures have no plan by themselves."
    held = np.full(made.stochastic.size, np.nan)
    first = made.levels[0] == 0
    at = _places(mean.arrays.columns, made.stochastic.programs[0].columns)
    taken = first & (at >= 0)
    held[made.stochastic.columns[0][taken]] = certain.values[at[taken]]
    other = solve_held(made.stochastic, attitude, alone, options, held)
    return _difference(STOCHASTIC, other, policy, means, none)


def _places(mean: Labels, scenario: Labels) -> np.ndarray:
    """By column of a scenario, its number in the program of the expected figures, or -1."""
    ours, theirs = numbered_columns([scenario, mean])
    place = np.full(1 + max(ours.max(initial=-1), theirs.max(initial=-1)), -1)
    place[theirs] = np.arange(len(theirs))
    return np.asarray(place[ours])


def _flexibility(
    made: Futures, policy: Outcome, attitude: Attitude, alone: np.ndarray, options: Options
) -> Value:
    """Every decision taken today, less the policy."""
    means = "What it would cost more to take every decision today."
    none = "If every decision had to be taken today, there would be no plan."
    other = solve_held(decided_today(made), attitude, alone, options)
    return _difference(FLEXIBILITY, other, policy, means, none)
