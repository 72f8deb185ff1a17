"""A workbook with a scenario tree becomes a stochastic program.

Each scenario is the workbook with cells changed, renewed from the program of the base. Every
variable is decided on a day, and its copies are one for each thing that may be known on that day:
nodes own columns, matched by the names of their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset, Derived
from optalloc.errors import InfeasibleError, InputError, Problem
from optalloc.mip.arrays import Arrays
from optalloc.mip.attitude import Attitude, Measure
from optalloc.mip.stochastic import StochasticProgram, owned_columns
from optalloc.modelling.across import across_rows, unbounded
from optalloc.modelling.decision_days import decision_days, named_by, numbered_columns, reacting
from optalloc.modelling.family import Combine
from optalloc.modelling.model import Model
from optalloc.modelling.program import Program
from optalloc.modelling.renew import renewed
from optalloc.modelling.shared_decisions import SharedDecisions
from optalloc.scenarios.read_across import AcrossLine
from optalloc.scenarios.scenario_datasets import scenario_datasets
from optalloc.scenarios.tree import ScenarioTree
from optalloc.scenarios.uncertainty_sheets import ATTITUDE

__all__ = [
    "Futures",
    "attitude_of",
    "first_decisions",
    "futures",
    "shared_frames",
    "sharing",
    "with_shared_frames",
    "worst_slack_of",
]


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


def first_decisions(made: Futures) -> tuple[np.ndarray, ...]:
    """Of each scenario, the mask of its columns that are decided before anything is known.

    Operations are none: another scenario has its own, also of the same first decisions.
    """
    free = reacting(made.base.model)
    return tuple(
        (level == 0) & ~own.columns.mask_of(free)
        for own, level in zip(made.stochastic.programs, made.levels, strict=True)
    )


def futures(
    base: Program,
    arrays: Arrays,
    tree: ScenarioTree,
    across: Sequence[AcrossLine] = (),
    datasets: Sequence[Dataset] | None = None,
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
    datasets : sequence of Dataset, optional
        Of each scenario; by default that of the base with the changes of the scenario.

    Raises
    ------
    InputError
        If a scenario breaks a rule of the workbook, an outcome is felt before it is known, or a
        line about limits across scenarios cannot be.
    InfeasibleError
        If a row without any variable is violated in a scenario, which it names.
    """
    if datasets is None:
        datasets = _datasets(base, tree)
    datasets = sharing(datasets, base.model)
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
    shared = SharedDecisions(base, tree, compiled, columns, levels)
    problems = [*shared.crossed(), *shared.missing(), *shared.felt()]
    if problems:
        raise InputError(problems)
    absent = shared.absent(named_by(base.model, "zero_where_absent"))
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
    return datasets


def sharing(datasets: Sequence[Dataset], model: Model) -> list[Dataset]:
    """Datasets that take bounds from what any of them can need: `Family.shared`."""
    frames = shared_frames(datasets, model)
    return [with_shared_frames(d, own, model) for d, own in zip(datasets, frames, strict=True)]


def shared_frames(datasets: Sequence[Dataset], model: Model) -> list[tuple[pd.DataFrame, ...]]:
    """By dataset, what it takes from what any can need: a frame for each of `Family.shared`."""
    shared, frames = list(datasets), []
    for derive, combine in _shared(model):
        frames.append(combine([derive(data) for data in shared]))
        shared = [d.with_shared(derive, f) for d, f in zip(shared, frames[-1], strict=True)]
    return [tuple(own[k] for own in frames) for k in range(len(shared))]


def with_shared_frames(data: Dataset, frames: Sequence[pd.DataFrame], model: Model) -> Dataset:
    """The dataset that takes in its own of `shared_frames`."""
    for (derive, _), frame in zip(_shared(model), frames, strict=True):
        data = data.with_shared(derive, frame)
    return data


def _shared(model: Model) -> list[tuple[Derived, Combine]]:
    return [pair for family in model.families for pair in family.shared]
