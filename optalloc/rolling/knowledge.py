"""Futures that come true, and what is known of the scenario tree on a day.

Outcomes that are known take their values; of the others there are the scenarios of the tree that
agree with what is known, with their probabilities given that. A future that is drawn from ranges
has values of its own: once known they take the place of the outcomes of its uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from optalloc.analysis.futures.branches import Forest, nearest_branches
from optalloc.data.dataset import Dataset
from optalloc.scenarios.overrides import Override, altered
from optalloc.scenarios.tree import Known, Scenario, ScenarioTree
from optalloc.scenarios.uncertainty_sheets import OUTCOMES

__all__ = [
    "CERTAIN",
    "Forecast",
    "Future",
    "Outlook",
    "changes_by_uncertainty",
    "merged",
    "own_branch",
    "without_tree",
]

# The only future of a workbook in which nothing is uncertain.
CERTAIN = "as it stands"

# By uncertainty, in the order in which they are made.
Changes = Mapping[str, tuple[Override, ...]]


@dataclass(frozen=True)
class Future:
    """A future that comes true: outcomes, their changes of cells, and its weight in a mean."""

    name: str
    outcomes: tuple[Known, ...]
    weight: float
    changes: Changes


@dataclass(frozen=True)
class Outlook:
    """A scenario that may come, as it is seen on a day, with its changes of cells."""

    scenario: Scenario
    changes: Changes

    def changes_by(self, tree: ScenarioTree, day: pd.Timestamp | None = None) -> list[Override]:
        """Changes that are known by a day, in order; all of them without one."""
        return [
            override
            for one in tree.uncertainties
            if day is None or one.revealed <= day
            for override in self.changes.get(one.name, ())
        ]


@dataclass(frozen=True)
class Forecast:
    """The scenario tree by which plans are made, and what is known of it on a day.

    Parameters
    ----------
    data : Dataset
        The workbook as it stands.
    tree : ScenarioTree
    drawn : frozenset of str
        Uncertainties of which futures have values of their own, that are not outcomes of the tree.
    """

    data: Dataset
    tree: ScenarioTree
    drawn: frozenset[str] = frozenset()

    @cached_property
    def _changes(self) -> list[Changes]:
        return [changes_by_uncertainty(self.data, one) for one in self.tree.scenarios]

    def dataset(self, changes: Changes) -> Dataset:
        """The workbook with changes, as all of them come true."""
        return altered(self.data, Outlook(self.tree.scenarios[0], changes).changes_by(self.tree))

    def known(self, future: Future, day: pd.Timestamp) -> tuple[Known, ...]:
        """Outcomes of a future that are known on a day."""
        names = {one.name for one in self.tree.uncertainties if one.revealed <= day}
        return tuple(outcome for outcome in future.outcomes if outcome[0] in names)

    def outlooks(self, future: Future, day: pd.Timestamp) -> tuple[Outlook, ...]:
        """Scenarios that may come, given what is known of a future on a day.

        Their probabilities add to 1. Empty where the tree has no scenario with these outcomes.
        """
        known = dict(self.known(future, day))
        found: dict[tuple[Known, ...], Outlook] = {}
        for scenario, changes in zip(self.tree.scenarios, self._changes, strict=True):
            if any(known.get(u, o) != o for u, o in scenario.outcomes if u not in self.drawn):
                continue
            outcomes = tuple((u, known.get(u, o)) for u, o in scenario.outcomes)
            before = found[outcomes].scenario.probability if outcomes in found else 0.0
            own = replace(
                found[outcomes].scenario if outcomes in found else scenario,
                outcomes=outcomes,
                probability=before + scenario.probability,
            )
            of_future = {u: future.changes.get(u, ()) for u in known}
            found[outcomes] = Outlook(own, {**changes, **of_future})
        total = sum(one.scenario.probability for one in found.values())
        return tuple(
            replace(
                one, scenario=replace(one.scenario, probability=one.scenario.probability / total)
            )
            for one in found.values()
        )


def changes_by_uncertainty(data: Dataset, scenario: Scenario) -> dict[str, tuple[Override, ...]]:
    """Changes of a scenario by the uncertainty that makes them.

    Parameters
    ----------
    data : Dataset
        The workbook with the scenario on its sheets.
    scenario : Scenario
    """
    about = data.column(OUTCOMES.name, "uncertainty")
    found: dict[str, tuple[Override, ...]] = {}
    for row, override in scenario.changes:
        name = str(about.at[row])
        found[name] = (*found.get(name, ()), override)
    return found


def without_tree(data: Dataset) -> Forecast:
    """The forecast of a workbook in which nothing is uncertain: it comes as it stands."""
    return Forecast(data, ScenarioTree((), (Scenario(CERTAIN, (), 1.0),)))


def merged(
    outlooks: Sequence[Outlook],
    datasets: Sequence[Dataset],
    tree: ScenarioTree,
    looks_until: pd.Timestamp,
) -> list[list[int]]:
    """Numbers of outlooks that are the same as far as one looks, in groups.

    The same are those with the same outcomes of what becomes known by then, and the same workbook.
    """
    seen = {one.name for one in tree.uncertainties if one.revealed < looks_until}
    groups: list[list[int]] = []
    for k, one in enumerate(outlooks):
        own = [outcome for outcome in one.scenario.outcomes if outcome[0] in seen]
        for group in groups:
            first = outlooks[group[0]].scenario.outcomes
            if own == [outcome for outcome in first if outcome[0] in seen] and _equal(
                datasets[group[0]], datasets[k]
            ):
                group.append(k)
                break
        else:
            groups.append([k])
    return groups


def _equal(one: Dataset, other: Dataset) -> bool:
    return all(
        frame is other.frames[name] or frame.equals(other.frames[name])
        for name, frame in one.frames.items()
    )


@dataclass(frozen=True)
class _Seen(Forest):
    """Outlooks as branches, of which one is nearest to a future."""

    outlooks: Mapping[str, Outlook]

    def known(self, scenario: Scenario, day: pd.Timestamp) -> Dataset:
        """The workbook with the changes of a scenario that are known by a day."""
        return altered(self.data, self.outlooks[scenario.name].changes_by(self.tree, day))


def own_branch(
    forecast: Forecast, outlooks: Sequence[Outlook], future: Future, until: pd.Timestamp
) -> int:
    """Number of the outlook whose decisions before a day a future takes.

    It has the outcomes of the future that are known by then; of values that are drawn the nearest
    by what is known on each day, as an out-of-sample test follows a policy.
    """
    known = dict(forecast.known(future, until - pd.Timedelta(days=1)))
    agree = [
        k
        for k, one in enumerate(outlooks)
        if all(known.get(u, o) == o or u in forecast.drawn for u, o in one.scenario.outcomes)
    ]
    exact = [
        k for k in agree if all(known.get(u, o) == o for u, o in outlooks[k].scenario.outcomes)
    ]
    if exact or len(agree) < 2:
        return (exact or agree)[0]
    scenarios = tuple(outlooks[k].scenario for k in agree)
    seen = [one for one in forecast.tree.uncertainties if one.revealed < until]
    tree = ScenarioTree(tuple(seen), scenarios)
    own = _Seen(
        forecast.data, _projected(tree), {outlooks[k].scenario.name: outlooks[k] for k in agree}
    )
    came = Outlook(Scenario(future.name, future.outcomes, 1.0), future.changes)
    new = _Seen(forecast.data, own.tree, {future.name: came})
    nearest = nearest_branches(own, new, [came.scenario])
    return agree[int(np.atleast_1d(nearest)[0])]


def _projected(tree: ScenarioTree) -> ScenarioTree:
    """The tree with the outcomes alone of its own uncertainties, in their order."""
    names = [one.name for one in tree.uncertainties]
    return replace(
        tree,
        scenarios=tuple(
            replace(one, outcomes=tuple((u, dict(one.outcomes)[u]) for u in names))
            for one in tree.scenarios
        ),
    )
