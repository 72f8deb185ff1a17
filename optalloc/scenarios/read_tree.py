"""The sheets on uncertainty become a scenario tree, or every problem with them at its cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem, Severity
from optalloc.scenarios.combinations import CombinationReader
from optalloc.scenarios.overrides import Override
from optalloc.scenarios.read_outcomes import OutcomeReader, overlaps
from optalloc.scenarios.read_uncertainties import Horizon, UncertaintyReader
from optalloc.scenarios.tree import Known, Scenario, ScenarioTree
from optalloc.scenarios.uncertainty_sheets import (
    ATTITUDE,
    OUTCOMES,
    SCENARIOS,
    UNCERTAINTIES,
)

__all__ = ["scenario_tree"]


def scenario_tree(
    data: Dataset, fixed: Iterable[str] = (), horizon: Horizon | None = None
) -> tuple[ScenarioTree | None, list[Problem]]:
    """Read the scenario tree of a workbook.

    Parameters
    ----------
    data : Dataset
        The base workbook, on which each change is tried.
    fixed : iterable of str
        ``"Sheet"`` or ``"Sheet.column"`` that no outcome may change.
    horizon : pair of Timestamp, optional
        The first day and the last on which something is decided.

    Returns
    -------
    ScenarioTree or None, list of Problem
        None where nothing is uncertain, or where there is an error.
    """
    if not data.uses([UNCERTAINTIES.name, OUTCOMES.name]) and data.sound(UNCERTAINTIES.name):
        return None, _without_uncertainties(data)
    reader = _Reader(data, tuple(fixed), horizon)
    tree = reader.tree()
    return (None if reader.has_errors else tree), reader.problems


def _without_uncertainties(data: Dataset) -> list[Problem]:
    found = []
    scenarios, attitude = data[SCENARIOS.name], data[ATTITUDE.name]
    if len(scenarios):
        must = "a combination of outcomes needs the uncertainties that it combines"
        action = "List them on the sheet Uncertainties, or remove these rows."
        code = "scenario-outcomes"
        row = scenarios.index[0]
        found.append(data.problem(SCENARIOS.name, row, "scenario", must, action, code))
    elif len(attitude):
        must = "an attitude makes a difference only where something is uncertain"
        action = "List uncertainties on the sheet Uncertainties, or remove this sheet."
        code, row = "attitude-unused", attitude.index[0]
        notice = Severity.NOTICE
        found.append(
            data.problem(ATTITUDE.name, row, "measure", must, action, code, severity=notice)
        )
    return found


@dataclass
class _Reader:
    data: Dataset
    fixed: tuple[str, ...]
    horizon: Horizon | None
    problems: list[Problem] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """True if something must be changed before there is a tree."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    def tree(self) -> ScenarioTree | None:
        """The tree, as far as the sheets can be read."""
        of_uncertainties = UncertaintyReader(self.data, self.horizon)
        uncertainties, rows = of_uncertainties.read()
        of_outcomes = OutcomeReader(self.data, self.fixed, of_uncertainties.outcomes)
        changes = of_outcomes.changes()
        self.problems += [*of_uncertainties.problems.found, *of_outcomes.problems.found]
        sound = self.data.sound(UNCERTAINTIES.name)
        if of_uncertainties.problems.has_errors or not sound:
            return None
        combined = CombinationReader(self.data, uncertainties, rows, of_uncertainties.outcomes)
        found = combined.read()
        self.problems += combined.problems
        if self.has_errors or not self.data.sound(SCENARIOS.name):
            return None
        self.problems += overlaps(self.data, changes)
        by_outcome: dict[Known, list[tuple[int, Override]]] = {}
        for change in changes:
            by_outcome.setdefault(change.outcome, []).append((change.number, change.override))
        scenarios = tuple(
            Scenario(
                name, outcomes, p, tuple(c for one in outcomes for c in by_outcome.get(one, ()))
            )
            for name, outcomes, p in found
        )
        return ScenarioTree(tuple(uncertainties), scenarios)
