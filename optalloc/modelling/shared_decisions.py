"""Decisions that scenarios share while they cannot be distinguished, and the guards of them.

What is felt must be known: a shared decision whose bounds, kind or equalities differ between its
scenarios is an error, with the day on which that becomes known and the cells that make it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from optalloc.errors import ModelError, Problem, Severity
from optalloc.mip.arrays import Arrays
from optalloc.modelling.decision_days import components, named_by
from optalloc.modelling.program import Program
from optalloc.scenarios.tree import Scenario, ScenarioTree
from optalloc.scenarios.uncertainty_sheets import OUTCOMES, UNCERTAINTIES

__all__ = ["SharedDecisions"]


@dataclass(frozen=True)
class SharedDecisions:
    """Decisions that scenarios share while they cannot be distinguished, and their guards.

    Parameters
    ----------
    base : Program
    tree : ScenarioTree
    programs : tuple of Arrays
        Of each scenario.
    columns : tuple of numpy.ndarray of int
        Of each scenario, by its own columns, their numbers in the extensive form.
    levels : tuple of numpy.ndarray of int
        Likewise, how many reveals are known when it is decided.
    """

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
            for component, _, _, place in components(self.programs[s].columns):
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
        zero = self.absent(named_by(self.base.model, "zero_where_absent"))
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
