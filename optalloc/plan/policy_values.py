"""Values of information, of planning for uncertainty, of being able to wait, and of choices.

Each is a difference of two costs that are known up to their gaps, so it lies between two bounds.
Those of single uncertainties compare with the same scenarios in which that one is known before
anything is decided, or a period later.
Sources: value of perfect information and of the stochastic solution (Birge, Louveaux,
Introduction to Stochastic Programming, section 4).
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from optalloc.errors import InfeasibleError
from optalloc.mip.arrays import Labels
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.outcome import Options, Outcome, Quality, StopReason
from optalloc.mip.stochastic import StochasticProgram
from optalloc.mip.tolerances import VALUE_IN_USE
from optalloc.modelling.choices import Choice
from optalloc.modelling.decision_days import named_by, numbered_columns
from optalloc.modelling.futures import Futures, first_decisions
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
TOO_LARGE = (
    f"{NOT_WORKED_OUT}: the scenarios are too large to be solved as a whole. "
    "`optalloc solve --values` works it out, and may take as long again."
)
NO_REGRET = (
    f"{NOT_WORKED_OUT}: the scenarios are too large to be solved as a whole, and regret is against "
    "the plan of each where nothing is held."
)
NO_TIME = f"{NOT_WORKED_OUT}: no time was left."
STOPPED = f"{NOT_WORKED_OUT}: it was stopped."


def values_of(
    made: Futures,
    found: StochasticOutcome,
    attitude: Attitude,
    options: Options,
    solving_s: float,
    *,
    large: bool = False,
    cluster: str | None = None,
) -> list[Value]:
    """The values of information, of the stochastic solution, of flexibility, and of choices.

    All but the first are solves of their own, each of which takes at most as long as the policy
    took (``solving_s``); those of single uncertainties take so long together, and those of choices.
    Where the policy was too large to be solved as a whole they are worked out only if ``large``
    says so, each for as long as the policy took, on ``cluster`` if there is one. Ctrl-C ends them.
    """
    if found.decomposed and (not large or attitude.measure is Measure.REGRET):
        return _without_solves(made, found, attitude, NO_REGRET if large else TOO_LARGE)
    seconds = max(solving_s, options.parameters.futures.values_s)
    if options.time_limit_s is not None:
        seconds = min(seconds, options.time_limit_s)
    policy, alone = found.outcome, np.array([one.objective for one in found.alone])
    solves = _Solves(attitude, alone, options, seconds, found.decomposed, cluster)
    names = [value[0] for value in _without_solves(made, found, attitude, "")]
    values = list(_worked_out(made, found, policy, solves))
    return [*values, *((name, -math.inf, math.inf, STOPPED) for name in names[len(values) :])]


def _worked_out(
    made: Futures, found: StochasticOutcome, policy: Outcome, solves: _Solves
) -> Iterator[Value]:
    """Each value, by solves; ends early where they were stopped."""
    coupled = _coupled_information(made, policy, solves)
    information = _information(made, found, solves.attitude) if coupled is None else coupled
    moved = _Moved(made, policy, solves, information)
    worked_out = itertools.chain(
        [information],
        moved.sooner(),
        _stochastic(made, policy, solves),
        _flexibility(made, policy, solves),
        moved.later(),
        _choices(made, policy, solves),
    )
    try:
        yield from itertools.takewhile(lambda _: not solves.stopped, worked_out)
    except KeyboardInterrupt:
        return


def _without_solves(
    made: Futures, found: StochasticOutcome, attitude: Attitude, why: str
) -> list[Value]:
    """The value of knowing everything, bounds by it, and of the others why they are not known."""
    information = _information(made, found, attitude)
    others = [STOCHASTIC, FLEXIBILITY, *(one.name for one in _known_later(made))]
    others += [name for _, _, name in _valued(made)]
    return [
        information,
        *(_at_most_everything(one.name, information) for one in _known_sooner(made)),
        *((name, -math.inf, math.inf, why) for name in others),
    ]


_NOTHING = Outcome(stop_reason=StopReason.INTERRUPTED, quality=Quality.NONE)


@dataclass
class _Solves:
    """Solves of the scenarios with other decisions, none of which begins once one was stopped.

    Parameters
    ----------
    attitude : Attitude
    references : numpy.ndarray, shape (scenarios,)
        Least costs of each scenario alone.
    options : Options
    seconds : float
        For one solve.
    decomposed : bool
        True where scenarios are solved one by one: each solve then takes ``seconds``, however many
        there are.
    cluster : str, optional
    """

    attitude: Attitude
    references: np.ndarray
    options: Options
    seconds: float
    decomposed: bool
    cluster: str | None
    stopped: bool = field(default=False, init=False)

    def share_s(self, left_s: float, solves: int) -> float:
        """Seconds for the next of some solves, which have as long together as a single one."""
        return self.seconds if self.decomposed else left_s / solves

    def least(
        self,
        program: StochasticProgram,
        held: np.ndarray | None = None,
        seconds: float | None = None,
    ) -> Outcome:
        """The least measure, with columns held (`solve_held`)."""
        if self.stopped:
            return _NOTHING
        options = self.limited(seconds)
        found = solve_held(
            program, self.attitude, self.references, options, held, cluster=self.cluster
        )
        self.stopped = found.stop_reason is StopReason.INTERRUPTED
        return found

    def limited(self, seconds: float | None = None) -> Options:
        """The options of one solve."""
        return replace(self.options, time_limit_s=self.seconds if seconds is None else seconds)


_KNOWN = "What the policy costs more than if the scenario were known before the first decision."


def _information(made: Futures, found: StochasticOutcome, attitude: Attitude) -> Value:
    """The policy, less the scenarios alone."""
    p = made.tree.probability
    alone = np.array([one.objective for one in found.alone])
    bounds = np.array([one.bound for one in found.alone])
    least, most = attitude.value(p, bounds, alone), attitude.value(p, alone, alone)
    policy = found.outcome
    return INFORMATION, policy.bound - most, policy.objective - least, _KNOWN


def _coupled_information(made: Futures, policy: Outcome, solves: _Solves) -> Value | None:
    """The policy, less the scenarios known today with the limits that couple them; None if none."""
    if not made.stochastic.across:
        return None
    known = solves.least(made.stochastic.separated())
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
        least = other.bound - policy.objective
        return name, least, math.inf, f"{means} Not decided in the time there was."
    return name, other.bound - policy.objective, other.objective - policy.bound, means


def _stochastic(made: Futures, policy: Outcome, solves: _Solves) -> Iterator[Value]:
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
        certain = solve_by(mean.arrays, solves.limited())
    except InfeasibleError:
        certain = None
    if certain is None or certain.values is None:
        means = "The expected figures have no plan by themselves."
        yield STOCHASTIC, -math.inf, math.inf, means
        return
    held = np.full(made.stochastic.size, np.nan)
    first, own = first_decisions(made)[0], made.stochastic.programs[0].columns
    at = _places(mean.arrays.columns, own)
    taken = first & (at >= 0)
    held[made.stochastic.columns[0][taken]] = certain.values[at[taken]]
    # What cannot be done by the expected figures is not done.
    undone = first & (at < 0) & own.mask_of(named_by(made.base.model, "zero_where_absent"))
    held[made.stochastic.columns[0][undone]] = 0.0
    other = solves.least(made.stochastic, held)
    yield _difference(STOCHASTIC, other, policy, means, none)


def _places(mean: Labels, scenario: Labels) -> np.ndarray:
    """By column of a scenario, its number in the program of the expected figures, or -1."""
    ours, theirs = numbered_columns([scenario, mean])
    place = np.full(1 + max(ours.max(initial=-1), theirs.max(initial=-1)), -1)
    place[theirs] = np.arange(len(theirs))
    return np.asarray(place[ours])


def _flexibility(made: Futures, policy: Outcome, solves: _Solves) -> Iterator[Value]:
    """Every decision taken today, less the policy."""
    means = "What it would cost more to take every decision today."
    none = "If every decision had to be taken today, there would be no plan."
    other = solves.least(decided_today(made))
    yield _difference(FLEXIBILITY, other, policy, means, none)


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


@dataclass
class _Moved:
    """Values of knowing single uncertainties on other days."""

    made: Futures
    policy: Outcome
    solves: _Solves
    information: Value

    def __post_init__(self) -> None:
        self._left_s = self.solves.seconds
        self._ahead = len(_known_sooner(self.made)) + len(_known_later(self.made))

    def sooner(self) -> Iterator[Value]:
        """The value of knowing each today."""
        return (self._in_time(self._sooner, one) for one in _known_sooner(self.made))

    def later(self) -> Iterator[Value]:
        """The value of not knowing each a period later only."""
        return (self._in_time(self._later, one) for one in _known_later(self.made))

    def _in_time(self, value: Callable[[_Reveal, float], Value], one: _Reveal) -> Value:
        """A value within its share of the seconds."""
        begun, share_s = time.perf_counter(), self.solves.share_s(self._left_s, self._ahead)
        found = value(one, share_s)
        self._left_s -= time.perf_counter() - begun
        self._ahead -= 1
        return found

    def _solved(self, one: _Reveal, share_s: float) -> Outcome | None:
        """The least measure with it known on that day; None where it would be felt before."""
        program = known_on(self.made, one.uncertainty, one.day)
        return None if program is None else self.solves.least(program, seconds=share_s)

    def _sooner(self, one: _Reveal, share_s: float) -> Value:
        other = self._solved(one, share_s) if share_s > 0 else None
        if other is None or other.values is None:
            return _at_most_everything(one.name, self.information)
        means = f"What the policy costs more than if {one.uncertainty} were known before the first "
        most = min(self.policy.objective - other.bound, self.information[2])
        return one.name, self.policy.bound - other.objective, most, f"{means}decision."

    def _later(self, one: _Reveal, share_s: float) -> Value:
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


def _choices(made: Futures, policy: Outcome, solves: _Solves) -> Iterator[Value]:
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
    used = sum(not left for _, _, left in valued)
    share_s = solves.share_s(solves.seconds, max(used, 1))
    for name, held, left in valued:
        if left:
            yield name, 0.0, policy.objective - policy.bound, _LEFT
            continue
        other = solves.least(made.stochastic, held, share_s)
        yield _difference(name, other, policy, _TAKEN, _NEEDED)
