"""The branch of a scenario tree that is nearest to a new scenario, by what is known on each day.

A branch is chosen day by day: on each day on which something is revealed, of the nodes that may
follow, the one whose changed cells are nearest to those that the new scenario has changed by then.
So the choice uses nothing that is not known yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.scenarios.overrides import altered
from optalloc.scenarios.tree import Scenario, ScenarioTree
from optalloc.scenarios.uncertainty_sheets import OUTCOMES, UNCERTAINTY_SHEETS

__all__ = ["Forest", "nearest_branches"]


@dataclass(frozen=True)
class Forest:
    """A workbook with its scenario tree."""

    data: Dataset
    tree: ScenarioTree

    def known(self, scenario: Scenario, day: pd.Timestamp) -> Dataset:
        """The workbook with the changes of a scenario that are known by a day."""
        revealed = {one.name for one in self.tree.uncertainties if one.revealed <= day}
        uncertainty = self.data.column(OUTCOMES.name, "uncertainty")
        changes = [made for row, made in scenario.changes if uncertainty.at[row] in revealed]
        return altered(self.data, changes)


def nearest_branches(own: Forest, new: Forest, scenarios: Sequence[Scenario]) -> np.ndarray:
    """Number of the scenario of a tree whose branch is nearest to each new scenario.

    Parameters
    ----------
    own : Forest
        The tree whose branches are followed.
    new : Forest
        The workbook of the new scenarios.
    scenarios : sequence of Scenario
        Of the latter.
    """
    nodes = own.tree.nodes
    # By new scenario, the scenarios of the tree that are still possible.
    possible = np.ones((len(scenarios), len(nodes)), dtype=bool)
    for level, day in enumerate(own.tree.reveals, start=1):
        first = [int(np.flatnonzero(nodes[:, level] == n)[0]) for n in np.unique(nodes[:, level])]
        theirs = [own.known(own.tree.scenarios[s], day) for s in first]
        ours = [new.known(one, day) for one in scenarios]
        distances = _distances(theirs, ours)
        for k in range(len(scenarios)):
            reachable = possible[k, first]
            chosen = first[int(np.argmin(np.where(reachable, distances[k], np.inf)))]
            possible[k] &= nodes[:, level] == nodes[chosen, level]
    return np.asarray(possible.argmax(axis=1))


def _distances(nodes: Sequence[Dataset], scenarios: Sequence[Dataset]) -> np.ndarray:
    """Distances of scenarios (rows) and nodes (columns).

    Of each column of a sheet that differs anywhere, the mean difference of its cells as a share of
    their range; names and blanks that differ count as a whole range.
    """
    datasets = [*nodes, *scenarios]
    total = np.zeros((len(scenarios), len(nodes)))
    for sheet in (name for name in datasets[0].frames if name not in UNCERTAINTY_SHEETS):
        frames = [data.frames[sheet] for data in datasets]
        if all(frame is frames[0] for frame in frames):
            continue
        rows = frames[0].index
        for frame in frames[1:]:
            rows = rows.union(frame.index)
        for column in frames[0].columns:
            cells = [frame[column].reindex(rows) for frame in frames]
            if any(not one.equals(cells[0]) for one in cells[1:]):
                total += _column_distances(cells, len(nodes))
    return total


def _column_distances(cells: Sequence[pd.Series], nodes: int) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(cells[0]):
        cells = [(one - pd.Timestamp(0)) / pd.Timedelta(days=1) for one in cells]
    if not pd.api.types.is_numeric_dtype(cells[0]):
        names = np.stack([one.fillna("").astype(str).to_numpy(object) for one in cells])
        names = names[:, (names != names[0]).any(axis=0)]
        return np.asarray((names[nodes:, None] != names[None, :nodes]).mean(axis=2))
    values = np.stack([one.to_numpy(float) for one in cells])
    blank = np.isnan(values)
    differs = ~((values == values[0]) | (blank & blank[0])).all(axis=0)
    values, blank = values[:, differs], blank[:, differs]
    width = np.nanmax(values, axis=0) - np.nanmin(values, axis=0)
    apart = np.abs(values[nodes:, None] - values[None, :nodes]) / np.where(width > 0, width, 1.0)
    both = blank[nodes:, None] & blank[None, :nodes]
    return np.asarray(np.where(both, 0.0, np.nan_to_num(apart, nan=1.0)).mean(axis=2))
