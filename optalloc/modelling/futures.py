"""A workbook with a scenario tree becomes a stochastic program.

Each scenario is the workbook with cells changed, renewed from the program of the base. Every
variable is decided on a day, and its copies are one for each thing that may be known on that day:
nodes own columns, matched by the names of their keys.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from optalloc.compile import KeyTable
from optalloc.data.dataset import Dataset
from optalloc.errors import InfeasibleError, InputError, ModelError, Problem, Severity
from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.stochastic import StochasticProgram, owned_columns
from optalloc.modelling.across import across_rows, unbounded
from optalloc.modelling.model import Model
from optalloc.modelling.program import Program
from optalloc.modelling.renew import renewed
from optalloc.scenarios.read_across import AcrossLine
from optalloc.scenarios.scenario_datasets import scenario_datasets
from optalloc.scenarios.tree import Scenario, ScenarioTree
from optalloc.scenarios.uncertainty_sheets import ATTITUDE, OUTCOMES, UNCERTAINTIES

__all__ = [
    "Futures",
    "attitude_of",
    "decided_today",
    "decision_days",
    "futures",
    "numbered_columns",
    "sharing",
    "worst_slack_of",
]

# Before anything is known, and when everything is.
START = np.datetime64("1678-01-01", "ns")
END = np.datetime64("2262-01-01", "ns")


@dataclass(frozen=True)
class Futures:
    """The scenarios of a workbook, each with its program, and the stochastic program of all.

    Parameters
    ----------
    base : Program
        Of the workbook as it stands.
    arrays : Arrays
        Compiled from it.
    tree : ScenarioTree
    programs : tuple of Program
        Of each scenario.
    stochastic : StochasticProgram
    levels : tuple of numpy.ndarray of int
        Of each scenario, by its own columns, how many reveals are known when it is decided.
    notices : tuple of Problem
        What cannot be done in one scenario, and so is not done in others either.
    across : tuple of AcrossLine
        Limits that need not hold in every scenario.
    """

    base: Program
    arrays: Arrays
    tree: ScenarioTree
    programs: tuple[Program, ...]
    stochastic: StochasticProgram
    levels: tuple[np.ndarray, ...]
    notices: tuple[Problem, ...] = ()
    across: tuple[AcrossLine, ...] = ()


def attitude_of(data: Dataset) -> Attitude:
    """The attitude to risk that a workbook states; the expected cost where it states none."""
    if not len(data[ATTITUDE.name]):
        return Attitude()
    stated = data.one(ATTITUDE.name)
    return Attitude(Measure(stated.measure), stated.tail_share, stated.tail_weight)


def worst_slack_of(data: Dataset) -> float | None:
    """How much worse than the least the worst cost or regret may be; None for the gap."""
    if not len(data[ATTITUDE.name]):
        return None
    slack = float(data.one(ATTITUDE.name).worst_slack)
    return None if np.isnan(slack) else slack


def futures(
    base: Program, arrays: Arrays, tree: ScenarioTree, across: Sequence[AcrossLine] = ()
) -> Futures:
    """Build the program of each scenario, and join them to one stochastic program.

    Parameters
    ----------
    base : Program
        Of the workbook as it stands.
    arrays : Arrays
        Compiled from it; with rows that have no variable (``keep_idle``) where there is a limit
        that need not hold in every scenario.
    tree : ScenarioTree
    across : sequence of AcrossLine
        Limits that need not hold in every scenario.

    Raises
    ------
    InputError
        If a scenario breaks a rule of the workbook, an outcome is felt before it is known, or a
        line about limits across scenarios cannot be.
    InfeasibleError
        If a row without any variable is violated in a scenario, which it names.
    """
    datasets = _datasets(base, tree)
    new, keep_idle = [], any(line.is_relaxed for line in across)
    for scenario, data in zip(tree.scenarios, datasets, strict=True):
        try:
            new.append(renewed(base, arrays, data, keep_idle=keep_idle))
        except InfeasibleError as found:
            pairs = found.shortfalls.itertuples(index=False, name=None)
            raise InfeasibleError(pairs, scenario.name) from None
    programs = tuple(one.program for one in new)
    names = tuple(scenario.name for scenario in tree.scenarios)
    compiled, coupled = across_rows(base, names, [one.arrays for one in new], across)
    days = [
        decision_days(program.model, program.dataset, own.columns)
        for program, own in zip(programs, compiled, strict=True)
    ]
    levels = tuple(tree.levels(own) for own in days)
    numbers = numbered_columns([own.columns for own in compiled])
    nodes = [tree.nodes[s][own] for s, own in enumerate(levels)]
    columns = owned_columns(numbers, nodes)
    shared = _Shared(base, tree, compiled, columns, levels)
    problems = [*shared.crossed(), *shared.missing(), *shared.felt()]
    if problems:
        raise InputError(problems)
    absent = shared.absent(_named_by(base.model, "zero_where_absent"))
    stochastic = StochasticProgram(names, tree.probability, compiled, columns, absent, coupled)
    problems += unbounded(base.dataset, across, stochastic)
    if problems:
        raise InputError(problems)
    notices = shared.notices(absent)
    return Futures(base, arrays, tree, programs, stochastic, levels, notices, tuple(across))


def _datasets(base: Program, tree: ScenarioTree) -> list[Dataset]:
    """The dataset of each scenario, checked as the workbook is."""
    datasets, problems = scenario_datasets(base.dataset, tree.scenarios, base.model)
    if problems:
        raise InputError(problems)
    return sharing(datasets, base.model)


def sharing(datasets: Sequence[Dataset], model: Model) -> list[Dataset]:
    """Datasets that take bounds from what any of them can need: `Family.shared`."""
    shared = list(datasets)
    for family in model.families:
        for derive, combine in family.shared:
            frames = combine([derive(data) for data in shared])
            shared = [d.with_shared(derive, f) for d, f in zip(shared, frames, strict=True)]
    return shared


# Days on which columns are decided --------------------------------------------------------------


def decision_days(model: Model, data: Dataset, columns: Labels) -> np.ndarray:
    """Day on which each column is decided, or by which it may react, as datetime64.

    A column is decided on the first day of the last step that its key names, or where its family
    says so by the end of it; before anything is known where it names none.
    """
    steps = model.steps(data)
    # What is known on the last day of a step was revealed before the next one begins.
    last = steps["end"] - pd.Timedelta(days=1)
    begin, end = (
        dict(zip(steps["step"], day.to_numpy("datetime64[ns]"), strict=True))
        for day in (steps["begin"], last)
    )
    within, follows = _named_by(model, "within"), _named_by(model, "follows")
    days = np.full(len(columns), START)
    for name, keys, at, place in _components(columns):
        if name in follows:
            days[place] = END
        elif isinstance(keys, KeyTable):
            own = _last_steps(keys, end if name in within else begin)
            days[place] = own if at is None else own[at]
    return days


def _named_by(model: Model, field: str) -> set[str]:
    """Variables that families name in one of their fields."""
    return {name for family in model.families for name in getattr(family, field)}


def _components(labels: Labels) -> Iterator[tuple[str, Any, np.ndarray | None, slice]]:
    """Each component with a column: its name, its keys, which of them, and where they are."""
    for start, (name, keys, at) in zip(labels.starts, labels.components, strict=False):
        count = len(keys) if at is None else len(at)
        if count:
            yield name, keys, at, slice(int(start), int(start) + count)


def _last_steps(keys: KeyTable, days: Mapping[Hashable, np.datetime64]) -> np.ndarray:
    """Day of each key by the last of its places that names a step in every key."""
    for place in reversed(range(keys.arity)):
        dimension, codes = keys.column(place)
        if len(dimension) and all(value in days for value in dimension.values):
            found = np.array([days[value] for value in dimension.values])
            return np.broadcast_to(found[codes], len(keys))
    return np.full(len(keys), START)


def numbered_columns(columns: Sequence[Labels]) -> list[np.ndarray]:
    """A number for each column of each scenario, the same where component and key are the same."""
    first = columns[0]
    if all(own is first for own in columns):
        return [np.arange(len(first))] * len(columns)
    known: dict[tuple[str, Hashable], int] = {}
    return [
        np.array([known.setdefault(own[k], len(known)) for k in range(len(own))], dtype=int)
        for own in columns
    ]


def decided_today(made: Futures) -> StochasticProgram:
    """The same scenarios with every decision taken before anything is known.

    Only what is decided while a step runs may still react.
    """
    model = made.base.model
    free = _named_by(model, "within") | _named_by(model, "follows")
    programs = made.stochastic.programs
    levels = tuple(
        np.where(own.columns.mask_of(free), level, 0)
        for own, level in zip(programs, made.levels, strict=True)
    )
    nodes = [made.tree.nodes[s][own] for s, own in enumerate(levels)]
    columns = owned_columns(numbered_columns([own.columns for own in programs]), nodes)
    shared = _Shared(made.base, made.tree, programs, columns, levels)
    absent = shared.absent(_named_by(model, "zero_where_absent"))
    return replace(made.stochastic, columns=columns, absent=absent)


# Guards -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shared:
    """Decisions that scenarios share while they cannot be distinguished, and their guards."""

    base: Program
    tree: ScenarioTree
    programs: tuple[Arrays, ...]
    columns: tuple[np.ndarray, ...]
    levels: tuple[np.ndarray, ...]

    @cached_property
    def _size(self) -> int:
        return 1 + max(int(own.max(initial=-1)) for own in self.columns)

    @cached_property
    def _is_short(self) -> np.ndarray:
        """By column of the extensive form, True if a scenario that shares its node lacks it."""
        sharing = np.zeros(self._size, dtype=int)
        node = np.zeros(self._size, dtype=int)
        for s, (own, level) in enumerate(zip(self.columns, self.levels, strict=True)):
            sharing[own] += 1
            node[own] = self.tree.nodes[s][level]
        scenarios_in = np.bincount(self.tree.nodes.ravel())
        return np.asarray(sharing < scenarios_in[node])

    def absent(self, names: set[str]) -> tuple[np.ndarray, ...]:
        """Of each scenario, the mask of columns of some components that another lacks."""
        return tuple(
            self._is_short[own] & arrays.columns.mask_of(names)
            for arrays, own in zip(self.programs, self.columns, strict=True)
        )

    def _without(self, s: int, column: int) -> Scenario:
        """The first scenario in the node of a column that lacks it."""
        level = self.levels[s][column]
        return next(
            scenario
            for t, scenario in enumerate(self.tree.scenarios)
            if self.tree.nodes[t, level] == self.tree.nodes[s, level]
            and self.columns[s][column] not in self.columns[t]
        )

    def _apart(self, masks: Sequence[np.ndarray]) -> Iterator[tuple[str, Scenario, Scenario, int]]:
        """The first of some columns for each uncertainty that would tell the scenarios apart.

        Its name, the scenario that has it and one that lacks it, and the uncertainty.
        """
        seen = set()
        for s, mask in enumerate(masks):
            for component, _, _, place in _components(self.programs[s].columns):
                for column in place.start + np.flatnonzero(mask[place])[:1]:
                    scenarios = self.tree.scenarios[s], self._without(s, int(column))
                    hidden = _hidden(self.tree, *scenarios, int(self.levels[s][column]))
                    if (component, hidden) not in seen:
                        seen.add((component, hidden))
                        yield self.programs[s].column_name(int(column)), *scenarios, hidden

    def missing(self) -> Iterator[Problem]:
        """Report decisions that scenarios must take together and that not all of them have.

        One that only some of them had would be left open in the others at no cost.
        """
        zero = self.absent(_named_by(self.base.model, "zero_where_absent"))
        masks = [
            self._is_short[own] & ~is_zero for own, is_zero in zip(self.columns, zero, strict=True)
        ]
        reported = set()
        for name, one, other, hidden in self._apart(masks):
            if hidden not in reported:
                reported.add(hidden)
                about = f"{name} is decided, which {other.name} lacks"
                yield _too_late(self.base, self.tree, (one, other), hidden, about)

    def notices(self, absent: Sequence[np.ndarray]) -> tuple[Problem, ...]:
        """Notice what is not done in a scenario as it cannot be done in another."""
        found = {}
        for name, one, other, hidden in self._apart(absent):
            if hidden not in found:
                about = f"{name} is decided, which cannot be done in {other.name}"
                problem = _too_late(self.base, self.tree, (one, other), hidden, about)
                action = "It is done in neither. Let it be revealed sooner, if it is known by then."
                found[hidden] = replace(
                    problem, action=action, code="decided-blind", severity=Severity.NOTICE
                )
        return tuple(found.values())

    def crossed(self) -> Iterator[Problem]:
        """Report shared decisions whose bounds exclude each other, or that differ in kind."""
        lower, upper = np.full(self._size, -np.inf), np.full(self._size, np.inf)
        whole, parted = np.zeros(self._size, dtype=bool), np.zeros(self._size, dtype=bool)
        for arrays, own in zip(self.programs, self.columns, strict=True):
            np.maximum.at(lower, own, arrays.col_lower)
            np.minimum.at(upper, own, arrays.col_upper)
            whole[own] |= arrays.integer
            parted[own] |= ~arrays.integer
        reported = set()
        for number in np.flatnonzero((lower > upper) | (whole & parted)):
            owners = [s for s, own in enumerate(self.columns) if number in own]
            at = [int(np.flatnonzero(self.columns[s] == number)[0]) for s in owners]
            bounds = [
                (self.programs[s].col_lower[k], self.programs[s].integer[k], -s, k)
                for s, k in zip(owners, at, strict=True)
            ]
            highest = max(bounds)
            others = [
                (self.programs[-s].col_upper[k], not integer, -s)
                for _, integer, s, k in bounds
                if s != highest[2]
            ]
            one, other, k = -highest[2], min(others)[2], highest[3]
            scenarios = self.tree.scenarios[one], self.tree.scenarios[other]
            hidden = _hidden(self.tree, *scenarios, int(self.levels[one][k]))
            if hidden not in reported:
                reported.add(hidden)
                about = f"{self.programs[one].column_name(k)} has other bounds"
                yield _too_late(self.base, self.tree, scenarios, hidden, about)

    def felt(self) -> Iterator[Problem]:
        """Report equalities of a shared node that differ between scenarios, felt before known."""
        tree = self.tree
        seen: dict[tuple[str, Hashable, bytes], tuple[int, tuple[bytes, float]]] = {}
        reported = set()
        for s, (arrays, own) in enumerate(zip(self.programs, self.columns, strict=True)):
            matrix = arrays.matrix.tocsr()
            for row in np.flatnonzero(arrays.row_lower == arrays.row_upper):
                entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
                used = own[matrix.indices[entries]]
                component, key = arrays.rows[int(row)]
                data = matrix.data[entries].tobytes(), float(arrays.row_lower[row])
                other, earlier = seen.setdefault((component, key, used.tobytes()), (s, data))
                if earlier == data:
                    continue
                scenarios = tree.scenarios[other], tree.scenarios[s]
                level = int(self.levels[s][matrix.indices[entries]].max())
                hidden = _hidden(tree, *scenarios, level)
                if hidden not in reported:
                    reported.add(hidden)
                    outcomes = " and ".join(one.outcomes[hidden][1] for one in scenarios)
                    about = f"{arrays.row_name(int(row))} differs between {outcomes}"
                    yield _too_late(self.base, tree, scenarios, hidden, about)


def _hidden(tree: ScenarioTree, one: Scenario, other: Scenario, level: int) -> int:
    """Number of the first uncertainty that distinguishes two scenarios and is not known yet."""
    by = tree.reveals[level - 1] if level else None
    for k, uncertainty in enumerate(tree.uncertainties):
        differs = one.outcomes[k] != other.outcomes[k]
        if differs and (by is None or uncertainty.revealed > by):
            return k
    raise ModelError(f"{one.name} and {other.name} differ where their outcomes do not")


def _too_late(
    base: Program, tree: ScenarioTree, scenarios: tuple[Scenario, Scenario], hidden: int, about: str
) -> Problem:
    data, uncertainty = base.dataset, tree.uncertainties[hidden]
    cells = {
        data.cell_name(OUTCOMES.name, number, "value")
        for scenario in scenarios
        for number, _ in scenario.changes
        if data[OUTCOMES.name].at[number, "uncertainty"] == uncertainty.name
    }
    must = f"{uncertainty.name} must be known before {about}"
    found = f"{uncertainty.revealed.date()}, and the change at {', '.join(sorted(cells))}"
    action = "Let it be revealed sooner, or let the change begin later."
    return data.problem(
        UNCERTAINTIES.name,
        uncertainty.row,
        "revealed",
        must,
        action,
        "revealed-too-late",
        found=found,
    )
