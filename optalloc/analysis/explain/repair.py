"""The cheapest changes of the workbook that give a plan, as cells to be typed into.

Rows are relaxed cell by cell (elastic_cells.py); the cost of that is proven. What the workbook
excludes by absence, or admits too late, the families' concessions admit, taken one at a time while
each lowers the total. The value that a cell needs is found at the solution of the elastic program,
by building the program with the cell changed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optalloc.analysis.explain.cell_values import Mover, edits_of
from optalloc.analysis.explain.elastic_cells import Elastic, elastic_of
from optalloc.analysis.explain.limit_cells import Spot
from optalloc.analysis.explain.relax_rules import Rules
from optalloc.data.dataset import Dataset
from optalloc.mip.outcome import Options
from optalloc.modelling.limits import Concession, Limit
from optalloc.modelling.model import Model
from optalloc.modelling.program import build
from optalloc.scenarios.edits import Edit, edited
from optalloc.solving.elastic import ElasticSolution

__all__ = ["AFTER_SEARCH", "Change", "Proposal", "Search", "propose"]

# Shares of slack up to this are noise of the solver.
TINY = 1e-7
# Concessions tried in a round, the cheapest.
MOST_TRIED = 60
ROUNDS = 8
# Shares of the time after which concessions, the elastic program and the values of cells end; the
# rest is for the plan with the changes.
AFTER_TRYING, AFTER_SEARCH, AFTER_MOVING = 0.5, 0.75, 0.85


@dataclass(frozen=True)
class Change:
    """A relaxed limit: its key, the edits of its cell, their price in points, and their effect."""

    limit: Limit
    key: Mapping[str, Any]
    edits: tuple[Edit, ...]
    points: float
    sentence: str = ""
    spot: Spot | None = None


@dataclass(frozen=True)
class Proposal:
    """Changes that together give a plan, those of highest price first.

    No changes of rows alone, after the concessions made, cost fewer points than `bound`.
    With `fractions` they make the relaxation feasible; an integer plan may need more.
    """

    changes: tuple[Change, ...]
    points: float
    bound: float = 0.0
    fractions: bool = False

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of all changes."""
        return tuple(edit for change in self.changes for edit in change.edits)


@dataclass
class Search:
    """State of the search; `latest` is the elastic program of the latest dataset."""

    latest: Elastic
    options: Options
    started: float
    budget_s: float
    step: Callable[[str, int, int], None]
    rigid: set[Any] = field(default_factory=set)
    short: Mapping[str, set[Any]] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        """The model of the workbook."""
        return self.latest.model

    @property
    def rules(self) -> Rules:
        """Limits that may be relaxed, and their prices."""
        return self.latest.rules

    def deadline(self, share: float = 1.0) -> float:
        """End of a share of the time (`time.perf_counter`)."""
        return self.started + share * self.budget_s

    def out_of_time(self) -> bool:
        """True if the time for trying concessions is over."""
        return time.perf_counter() > self.deadline(AFTER_TRYING)

    def elastic(self, data: Dataset) -> Elastic:
        """The elastic program of a dataset; for the latest dataset the one at hand."""
        if self.latest.data is not data:
            # A concession changes sets, so that the program cannot be renewed.
            self.latest = elastic_of(build(data, self.model), self.rules)
        if self.latest.rigid != self.rigid:
            self.latest = Elastic(
                self.latest.program, self.latest.whole, self.rules, set(self.rigid)
            )
        return self.latest

    def least(
        self, elastic: Elastic, *, integer: bool, share: float = AFTER_SEARCH
    ) -> ElasticSolution:
        """Cheapest relaxation that is known once so large a share of the time is gone."""
        return elastic.least(self.options, integer=integer, until=self.deadline(share))


def propose(data: Dataset, search: Search) -> Proposal | None:
    """Find the cheapest changes that give a plan; None if none was found."""
    for _ in range(ROUNDS):
        conceded, current = _concede(data, search)
        elastic = search.elastic(current)
        given, fractions = search.least(elastic, integer=True), False
        if given.values is None:
            # Out of time: the slack that even the relaxation needs.
            given = search.least(elastic, integer=False, share=AFTER_MOVING)
            fractions = True
        if given.values is None:
            return None
        changes = _changes_of_rows(current, elastic, given, search)
        if changes is not None:
            every = sorted([*conceded, *changes], key=lambda change: -change.points)
            points = sum(change.points for change in every)
            return Proposal(tuple(every), points, given.bound, fractions)
    return None


def _concede(data: Dataset, search: Search) -> tuple[list[Change], Dataset]:
    """Concessions that save more points elsewhere than they cost, judged by the relaxation.

    Returns them, and the dataset with them.
    """
    taken: list[Change] = []
    current = data
    spent, best = 0.0, math.inf
    for _ in range(ROUNDS):
        best = min(best, spent + _relaxed_price(current, search))
        choices = _of_help(_concessions(current, search), search)
        found: tuple[float, Change, Elastic] | None = None
        limit = best
        for done, choice in enumerate(choices):
            if spent + choice.points >= limit - TINY or search.out_of_time():
                break
            search.step("trying changes", done, len(choices))
            price = _relaxed_price(edited(current, choice.edits), search)
            total = spent + choice.points + price
            if total < limit * (1 - 1e-6) - TINY:
                found, limit = (total, choice, search.latest), total
        if found is None:
            return taken, current
        best, change, search.latest = found
        current = found[2].data
        taken = [*_not_undone(taken, change), change]
        spent += change.points
    return taken, current


def _not_undone(taken: list[Change], change: Change) -> list[Change]:
    """Changes, without those whose cells a later one changes again."""
    cells = {(edit.sheet, edit.row, edit.column) for edit in change.edits}
    return [
        before
        for before in taken
        if not all((edit.sheet, edit.row, edit.column) in cells for edit in before.edits)
    ]


def _of_help(choices: list[Change], search: Search) -> list[Change]:
    """Concessions about demand that would be left unmet, if any is; the cheapest first."""
    short = search.short
    if short:
        choices = [
            choice
            for choice in choices
            if all(value in short.get(name, {value}) for name, value in choice.key.items())
        ]
    return sorted(choices, key=lambda choice: choice.points)[:MOST_TRIED]


def _relaxed_price(data: Dataset, search: Search) -> float:
    """Least points for which the linear relaxation of a dataset is feasible."""
    elastic = search.elastic(data)
    given = search.least(elastic, integer=False)
    search.short = elastic.left_short(given.shares)
    return given.price if given.values is not None else math.inf


def _concessions(data: Dataset, search: Search) -> list[Change]:
    """Concessions of the families, at the planner's prices."""
    found = []
    for family in search.model.families:
        for own in family.concessions(data):
            limit = search.model.limits[own.limit][1]
            if search.rules.may_relax.get(
                limit.name, search.rules.may_relax.get(family.name, True)
            ):
                found.append(_conceded(own, limit))
    return found


def _conceded(own: Concession, limit: Limit) -> Change:
    edits = tuple(Edit(*edit, points=own.points / len(own.edits)) for edit in own.edits)
    return Change(limit, own.about, edits, own.points, own.sentence)


def _changes_of_rows(
    data: Dataset, elastic: Elastic, given: ElasticSolution, search: Search
) -> list[Change] | None:
    """Edits of the cells whose rows are relaxed; None if one does not help, which is then rigid."""
    assert given.values is not None
    changes: list[Change] = []
    prices = elastic.prices()
    order = np.argsort(-given.shares)
    for number in order[given.shares[order] > TINY].tolist():
        spot = elastic.spots[number]
        before = [edit for change in changes for edit in change.edits]
        mover = Mover(data, elastic, number, given.values, before, search.deadline(AFTER_MOVING))
        try:
            value = mover.value(given.shares[number])
        except TimeoutError:
            # Out of time for the exact value; the plan shows whether the guess suffices.
            value = mover.guess(given.shares[number])
        if value is None:
            search.rigid.add(spot.key)
            return None
        if value != spot.value:
            points = float(prices[number] * given.shares[number])
            edits = edits_of(mover.spot, value, points)
            key = elastic.keys[number]
            changes.append(Change(elastic.limits[number], key, edits, points, spot=mover.spot))
    return changes
