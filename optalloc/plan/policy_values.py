"""Values of information, of planning for uncertainty, of being able to wait, and of choices.

Each is a difference of two costs that are known up to their gaps, so it lies between two bounds.
Those of single uncertainties compare with the same scenarios in which that one is known before
anything is decided, or a period later.
Sources: value of perfect information and of the stochastic solution (Birge, Louveaux,
Introduction to Stochastic Programming, section 4).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optalloc.errors import InfeasibleError
from optalloc.mip.arrays import Labels
from optalloc.mip.attitude import Attitude
from optalloc.mip.outcome import Options, Outcome
from optalloc.mip.tolerances import VALUE_IN_USE
from optalloc.modelling.choices import Choice
from optalloc.modelling.decision_days import numbered_columns
from optalloc.modelling.futures import Futures
from optalloc.modelling.renew import renewed
from optalloc.modelling.reveals import BEFORE_ALL, decided_today, known_on, one_period_later
from optalloc.plan.policy import Value
from optalloc.plan.policy_words import NOT_WORKED_OUT
from optalloc.scenarios.mean import mean_dataset
from optalloc.solving.futures import StochasticOutcome
from optalloc.solving.futures.held import solve_held
from optalloc.solving.solvers import solve_by

__all__ = ["values_of"]

INFORMATION = "knowing everything today"
STOCHASTIC = "planning for uncertainty"
FLEXIBILITY = "being able to wait"
TOO_LARGE = f"{NOT_WORKED_OUT}: the scenarios are too large to be solved as a whole."
NO_TIME = f"{NOT_WORKED_OUT}: no time was left."


def values_of(
    made: Futures,
    found: StochasticOutcome,
    attitude: Attitude,
    options: Options,
    solving_s: float,
) -> list[Value]:
    """The values of information, of the stochastic solution, of flexibility, and of choices.

    All but the first are solves of their own, each of which takes at most as long as the policy
    took (``solving_s``); those of single uncertainties take so long together, and those of choices.
    Where the policy was too large to be solved as a whole they are not worked out.
    """
    alone = np.array([one.objective for one in found.alone])
    policy = found.outcome
    if found.decomposed:
        information = _information(made, found, attitude)
        large = [STOCHASTIC, FLEXIBILITY, *(one.name for one in _known_later(made))]
        large += [name for _, _, name in _valued(made)]
        return [
            information,
            *(_at_most_everything(one.name, information) for one in _known_sooner(made)),
            *((name, -math.inf, math.inf, TOO_LARGE) for name in large),
        ]
    seconds = max(solving_s, options.parameters.futures.values_s)
    limits = [seconds] if options.time_limit_s is None else [seconds, options.time_limit_s]
    options = replace(options, time_limit_s=min(limits))
    coupled = _coupled_information(made, policy, attitude, alone, options)
    information = _information(made, found, attitude) if coupled is None else coupled
    stochastic = _stochastic(made, policy, attitude, alone, options)
    flexibility = _flexibility(made, policy, attitude, alone, options)
    moved = _Moved(made, policy, attitude, alone, options)
    sooner, later = moved.values(information)
    choices = _choices(made, policy, attitude, alone, options)
    return [information, *sooner, stochastic, flexibility, *later, *choices]


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


_TAKEN = (
    "What it would cost more without it: a premium that is due today in every scenario may rise by "
    "so much."
)
_LEFT = "The policy does without it at its present price."
_NEEDED = "Without it some limit cannot be met, whatever its price."


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


# Single uncertainties ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reveal:
    """Another day on which an uncertainty is known, and the name of what that is worth."""

    uncertainty: str
    day: pd.Timestamp
    name: str


def _known_sooner(made: Futures) -> list[_Reveal]:
    """Each uncertainty known before anything is decided; a single one is everything."""
    tree, begin = made.tree, made.base.model.steps(made.base.dataset)["begin"].min()
    return [
        _Reveal(one.name, BEFORE_ALL, f"knowing {one.name} today")
        for one in tree.uncertainties
        if len(tree.uncertainties) > 1 and one.revealed > begin
    ]


def _known_later(made: Futures) -> list[_Reveal]:
    """Each uncertainty known a period later, where a decision may depend on it."""
    found = []
    for one in made.tree.uncertainties:
        day = one_period_later(made, one.revealed)
        if day is not None:
            name = f"knowing {one.name} on {one.revealed:%Y-%m-%d} and not a period later"
            found.append(_Reveal(one.name, day, name))
    return found


def _at_most_everything(name: str, information: Value) -> Value:
    """Bound the value of knowing one of them by that of knowing everything."""
    means = "No more than knowing everything today: by itself it was not worked out."
    return name, 0.0, information[2], means


@dataclass(frozen=True)
class _Moved:
    """Values of knowing single uncertainties on other days."""

    made: Futures
    policy: Outcome
    attitude: Attitude
    alone: np.ndarray
    options: Options

    def values(self, information: Value) -> tuple[list[Value], list[Value]]:
        """The values of knowing each today, and of not knowing it a period later only."""
        begun, limit_s = time.perf_counter(), self.options.time_limit_s or 0.0
        sooner, later = _known_sooner(self.made), _known_later(self.made)
        found: list[Value] = []
        for done, one in enumerate([*sooner, *later]):
            left_s = limit_s - (time.perf_counter() - begun)
            share_s = left_s / (len(sooner) + len(later) - done)
            value = self._sooner if done < len(sooner) else self._later
            found.append(value(one, share_s, information))
        return found[: len(sooner)], found[len(sooner) :]

    def _solved(self, one: _Reveal, share_s: float) -> Outcome | None:
        """The least measure with it known on that day; None where it would be felt before."""
        program = known_on(self.made, one.uncertainty, one.day)
        if program is None:
            return None
        options = replace(self.options, time_limit_s=share_s)
        return solve_held(program, self.attitude, self.alone, options)

    def _sooner(self, one: _Reveal, share_s: float, information: Value) -> Value:
        other = self._solved(one, share_s) if share_s > 0 else None
        if other is None or other.values is None:
            return _at_most_everything(one.name, information)
        means = f"What the policy costs more than if {one.uncertainty} were known before the first "
        most = min(self.policy.objective - other.bound, information[2])
        return one.name, self.policy.bound - other.objective, most, f"{means}decision."

    def _later(self, one: _Reveal, share_s: float, _: Value) -> Value:
        if share_s <= 0:
            return one.name, -math.inf, math.inf, NO_TIME
        other = self._solved(one, share_s)
        if other is None:
            means = f"{NOT_WORKED_OUT}: {one.uncertainty} would be felt before it is known."
            return one.name, -math.inf, math.inf, means
        means = (
            f"What it would cost more if {one.uncertainty} were known on {one.day:%Y-%m-%d} only, "
            "so that what is decided on the first day of that period were decided without it."
        )
        none = f"Known on {one.day:%Y-%m-%d} only, {one.uncertainty} would leave no plan."
        return _difference(one.name, other, self.policy, means, none)


# Choices -----------------------------------------------------------------------------------------


def _valued(made: Futures) -> Iterator[tuple[Choice, str, str]]:
    """Choices that are valued, each of their members, and the name of its value."""
    for family in made.base.model.families:
        for choice in family.choices:
            if choice.worth:
                for member in choice.members(made.base.dataset):
                    yield choice, member, choice.worth.format(member=member)


def _choices(
    made: Futures, policy: Outcome, attitude: Attitude, alone: np.ndarray, options: Options
) -> Iterator[Value]:
    """The policy without each member of the choices that are valued, less the policy."""
    values, places = policy.values, made.stochastic.columns
    assert values is not None
    valued: list[tuple[str, np.ndarray, bool]] = []
    for choice, member, name in _valued(made):
        held = np.full(made.stochastic.size, np.nan)
        for program, arrays, place in zip(
            made.programs, made.stochastic.programs, places, strict=True
        ):
            for component, key, least, most in choice.leave(program.dataset, member):
                assert least == most
                held[place[arrays.columns.find(component, key)]] = most
        away = np.abs(values[: len(held)] - held)
        left = bool(np.nanmax(away, initial=0.0) <= VALUE_IN_USE)
        valued.append((name, held, left))
    solves = sum(not left for _, _, left in valued)
    if options.time_limit_s is not None and solves:
        options = replace(options, time_limit_s=options.time_limit_s / solves)
    for name, held, left in valued:
        if left:
            yield name, 0.0, policy.objective - policy.bound, _LEFT
            continue
        other = solve_held(made.stochastic, attitude, alone, options, held)
        yield _difference(name, other, policy, _TAKEN, _NEEDED)
