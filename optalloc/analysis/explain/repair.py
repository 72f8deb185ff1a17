"""The cheapest changes of the workbook that give a plan, as cells to be typed into.

Rows give way cell by cell (giving.py): that part is proven. What limits by absence, or comes too
late, is let in by the families' concessions, taken one at a time while each makes the rest cheaper.
What a share given means for the cell is worked out at the point found, by building the workbook
with the cell changed.
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
from optalloc.modelling.family import Concession, Limit, Relax
from optalloc.modelling.model import Model
from optalloc.modelling.program import build
from optalloc.scenarios.edits import Edit, edited
from optalloc.solving.elastic import Given

__all__ = ["AFTER_SEARCH", "Change", "Proposal", "Search", "propose"]

# Less of a share than this is noise of the solver.
TINY = 1e-7
# Concessions tried in a round, the cheapest.
MOST_TRIED = 60
ROUNDS = 8
# Shares of the time that are gone once concessions are tried, the search for what gives way is
# over, and it is known what that means for the cells; the rest is for the plan with the changes.
AFTER_TRYING, AFTER_SEARCH, AFTER_MOVING = 0.5, 0.75, 0.85


@dataclass(frozen=True)
class Change:
    """A limit that gives way: where, its cell's edits, what they cost in points, and what for."""

    limit: Limit
    key: Mapping[str, Any]
    edits: tuple[Edit, ...]
    points: float
    sentence: str = ""
    spot: Spot | None = None


@dataclass(frozen=True)
class Proposal:
    """Changes that together give a plan, the dearest first.

    No changes of rows alone, after the concessions made, cost fewer points than `bound`.
    With `fractions` they are what a plan in fractions needs; whole numbers may need more.
    """

    changes: tuple[Change, ...]
    points: float
    bound: float = 0.0
    fractions: bool = False

    @property
    def is_last_resort(self) -> bool:
        """Whether demand that must be met gives way."""
        return any(change.limit.relax is Relax.LAST for change in self.changes)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of all changes."""
        return tuple(edit for change in self.changes for edit in change.edits)


@dataclass
class Search:
    """What the search keeps in mind; `latest` is the workbook asked about last, elastic."""

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
        """What may give way, and at what price."""
        return self.latest.rules

    def deadline(self, share: float = 1.0) -> float:
        """When so large a share of the time is gone (`time.perf_counter`)."""
        return self.started + share * self.budget_s

    def out_of_time(self) -> bool:
        """Whether no more changes should be tried, so that the rest of the time is for the rest."""
        return time.perf_counter() > self.deadline(AFTER_TRYING)

    def elastic(self, data: Dataset) -> Elastic:
        """The dataset with its limits elastic; of the last one asked for, the same again."""
        if self.latest.data is not data:
            # A concession lets in what was not there, so that renewing would be in vain.
            self.latest = elastic_of(build(data, self.model), self.rules)
        if self.latest.rigid != self.rigid:
            self.latest = Elastic(
                self.latest.program, self.latest.whole, self.rules, set(self.rigid)
            )
        return self.latest

    def least(self, elastic: Elastic, *, integer: bool, share: float = AFTER_SEARCH) -> Given:
        """The cheapest way for rows to give way, as known once so large a share of time is gone."""
        return elastic.least(self.options, integer=integer, until=self.deadline(share))


def propose(data: Dataset, search: Search) -> Proposal | None:
    """Look for the cheapest changes that give a plan; None if none was found."""
    for _ in range(ROUNDS):
        conceded, current = _concede(data, search)
        elastic = search.elastic(current)
        given, fractions = search.least(elastic, integer=True), False
        if given.values is None:
            # Out of time: no plan, but what would be needed even if fractions would do.
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
    """Concessions that make the rest cheaper than they cost, judged by the relaxation.

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
    """Changes but those whose cells a later one changes again."""
    cells = {(edit.sheet, edit.row, edit.column) for edit in change.edits}
    return [
        before
        for before in taken
        if not all((edit.sheet, edit.row, edit.column) in cells for edit in before.edits)
    ]


def _of_help(choices: list[Change], search: Search) -> list[Change]:
    """Concessions that are about demand that would be left unmet, if some would; cheapest first."""
    short = search.short
    if short:
        choices = [
            choice
            for choice in choices
            if all(value in short.get(name, {value}) for name, value in choice.key.items())
        ]
    return sorted(choices, key=lambda choice: choice.points)[:MOST_TRIED]


def _relaxed_price(data: Dataset, search: Search) -> float:
    """Points for which the linear relaxation of a dataset gives way."""
    elastic = search.elastic(data)
    given = search.least(elastic, integer=False)
    search.short = elastic.left_short(given.shares)
    return given.price if given.values is not None else math.inf


def _concessions(data: Dataset, search: Search) -> list[Change]:
    """What the families can concede, at the planner's prices."""
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
    data: Dataset, elastic: Elastic, given: Given, search: Search
) -> list[Change] | None:
    """Edits of the cells whose rows give way; None if one is of no help, which is then rigid."""
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
            # What a share means is not worked out then; the plan shows whether it does.
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
