"""A workbook with a scenario tree becomes a stochastic program.

Each scenario is the workbook with cells changed, renewed from the program of the base. Every
variable is decided on a day, and its copies are one for each thing that may be known on that day:
nodes own columns, matched by the names of their keys.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optalloc.compile import KeyTable
from optalloc.data.dataset import Dataset
from optalloc.errors import InputError, ModelError, Problem
from optalloc.mip.arrays import Arrays, Labels
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.stochastic import StochasticProgram, owned_columns
from optalloc.modelling.model import Model
from optalloc.modelling.program import Program
from optalloc.modelling.renew import renewed
from optalloc.scenarios.scenario_datasets import scenario_datasets
from optalloc.scenarios.tree import Scenario, ScenarioTree
from optalloc.scenarios.uncertainty_sheets import ATTITUDE, OUTCOMES, UNCERTAINTIES

__all__ = [
    "Futures",
    "attitude_of",
    "decided_today",
    "decision_days",
    "futures",
    "worst_slack_of",
]

# Before anything is known.
START = np.datetime64("1678-01-01", "ns")


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
    """

    base: Program
    arrays: Arrays
    tree: ScenarioTree
    programs: tuple[Program, ...]
    stochastic: StochasticProgram
    levels: tuple[np.ndarray, ...]


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


def futures(base: Program, arrays: Arrays, tree: ScenarioTree) -> Futures:
    """Build the program of each scenario, and join them to one stochastic program.

    Parameters
    ----------
    base : Program
        Of the workbook as it stands.
    arrays : Arrays
        Compiled from it.
    tree : ScenarioTree

    Raises
    ------
    InputError
        If a scenario breaks a rule of the workbook, or an outcome is felt before it is known.
    ModelError
        If scenarios that share a node do not have the same decisions in it.
    """
    datasets = _datasets(base, tree)
    new = [renewed(base, arrays, data) for data in datasets]
    programs = tuple(one.program for one in new)
    compiled = tuple(one.arrays for one in new)
    days = [
        decision_days(program.model, program.dataset, own.columns)
        for program, own in zip(programs, compiled, strict=True)
    ]
    levels = tuple(tree.levels(own) for own in days)
    numbers = _numbered([own.columns for own in compiled])
    nodes = [tree.nodes[s][own] for s, own in enumerate(levels)]
    columns = owned_columns(numbers, nodes)
    names = tuple(scenario.name for scenario in tree.scenarios)
    stochastic = StochasticProgram(names, tree.probability, compiled, columns)
    made = Futures(base, arrays, tree, programs, stochastic, levels)
    _refuse_missing(made, nodes)
    problems = list(_revealed_too_late(made))
    if problems:
        raise InputError(problems)
    return made


def _datasets(base: Program, tree: ScenarioTree) -> list[Dataset]:
    """The dataset of each scenario, checked as the workbook is."""
    datasets, problems = scenario_datasets(base.dataset, tree.scenarios, base.model)
    if problems:
        raise InputError(problems)
    for family in base.model.families:
        for derive, combine in family.shared:
            frames = combine([derive(data) for data in datasets])
            datasets = [d.with_shared(derive, f) for d, f in zip(datasets, frames, strict=True)]
    return datasets


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
    within = {name for family in model.families for name in family.within}
    decided = {
        name: frame
        for family in model.busy_families(data)
        for name, frame in family.decided(data).items()
    }
    days = np.full(len(columns), START)
    for start, (name, keys, at) in zip(columns.starts, columns.components, strict=False):
        count = len(keys) if at is None else len(at)
        if not count or not isinstance(keys, KeyTable):
            continue
        if name in decided:
            named = {
                tuple(row[:-1]): begin[row[-1]]
                for row in decided[name].itertuples(index=False, name=None)
            }
            own = np.array([named[key if isinstance(key, tuple) else (key,)] for key in keys])
        else:
            own = _last_steps(keys, end if name in within else begin)
        days[int(start) : int(start) + count] = own if at is None else own[at]
    return days


def _last_steps(keys: KeyTable, days: Mapping[Hashable, np.datetime64]) -> np.ndarray:
    """Day of each key by the last of its places that names a step in every key."""
    for place in reversed(range(keys.arity)):
        dimension, codes = keys.column(place)
        if len(dimension) and all(value in days for value in dimension.values):
            found = np.array([days[value] for value in dimension.values])
            return np.broadcast_to(found[codes], len(keys))
    return np.full(len(keys), START)


def _numbered(columns: list[Labels]) -> list[np.ndarray]:
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
    within = {name for family in made.base.model.families for name in family.within}
    numbers = _numbered([own.columns for own in made.stochastic.programs])
    nodes = []
    for s, (own, level) in enumerate(zip(made.stochastic.programs, made.levels, strict=True)):
        reacts = np.zeros(len(level), dtype=bool)
        for start, (name, keys, at) in zip(
            own.columns.starts, own.columns.components, strict=False
        ):
            count = len(keys) if at is None else len(at)
            reacts[int(start) : int(start) + count] = name in within
        nodes.append(made.tree.nodes[s][np.where(reacts, level, 0)])
    return replace(made.stochastic, columns=owned_columns(numbers, nodes))


# Guards -----------------------------------------------------------------------------------------


def _refuse_missing(made: Futures, nodes: list[np.ndarray]) -> None:
    """Insist that scenarios which share a node have the same decisions in it.

    A decision that only some of them had would be left open in the others at no cost.
    """
    stochastic = made.stochastic
    scenarios_in = np.bincount(made.tree.nodes.ravel())
    node = np.zeros(stochastic.size, dtype=int)
    for own, at in zip(stochastic.columns, nodes, strict=True):
        node[own] = at
    missing = np.flatnonzero(stochastic.sharing < scenarios_in[node])
    if not len(missing):
        return
    s, column = stochastic.first_owner[missing[0]]
    name = stochastic.programs[s].column_name(int(column))
    raise ModelError(
        f"{len(missing)} decisions exist in some scenarios and not in others that cannot be "
        f"distinguished when they are taken, such as {name} in {stochastic.names[s]}. Change an "
        "amount or a cost in place of a lead time or a date that removes the decision."
    )


def _revealed_too_late(made: Futures) -> Iterator[Problem]:
    """Report equalities of a shared node that differ between scenarios: felt, and not yet known."""
    stochastic, tree = made.stochastic, made.tree
    seen: dict[tuple[str, Hashable, bytes], tuple[int, tuple[bytes, float]]] = {}
    reported = set()
    for s, (arrays, own) in enumerate(zip(stochastic.programs, stochastic.columns, strict=True)):
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
            hidden = _hidden(tree, *scenarios, int(made.levels[s][matrix.indices[entries]].max()))
            if hidden not in reported:
                reported.add(hidden)
                yield _too_late(made, scenarios, hidden, arrays.row_name(int(row)))


def _hidden(tree: ScenarioTree, one: Scenario, other: Scenario, level: int) -> int:
    """Number of the first uncertainty that distinguishes two scenarios and is not known yet."""
    by = tree.reveals[level - 1] if level else None
    for k, uncertainty in enumerate(tree.uncertainties):
        differs = one.outcomes[k] != other.outcomes[k]
        if differs and (by is None or uncertainty.revealed > by):
            return k
    raise ModelError(f"{one.name} and {other.name} differ where their outcomes do not")


def _too_late(
    made: Futures, scenarios: tuple[Scenario, Scenario], hidden: int, row: str
) -> Problem:
    data, uncertainty = made.base.dataset, made.tree.uncertainties[hidden]
    outcomes = " and ".join(scenario.outcomes[hidden][1] for scenario in scenarios)
    cells = {
        data.cell_name(OUTCOMES.name, number, "value")
        for scenario in scenarios
        for number, _ in scenario.changes
        if data[OUTCOMES.name].at[number, "uncertainty"] == uncertainty.name
    }
    must = f"{uncertainty.name} must be known before {row} differs between {outcomes}"
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
