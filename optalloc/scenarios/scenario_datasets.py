"""The workbook of each scenario, held to the rules that the base workbook is held to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from optalloc.data.dataset import Dataset
from optalloc.data.declared import Declared
from optalloc.errors import Problem
from optalloc.scenarios.overrides import WrongOverride, altered
from optalloc.scenarios.read_outcomes import column_of
from optalloc.scenarios.tree import Scenario, ScenarioTree
from optalloc.scenarios.trial import errors_of, found_at
from optalloc.scenarios.uncertainty_sheets import OUTCOMES

__all__ = ["scenario_datasets", "scenario_problems"]

# More scenarios than this are not all tried where nothing is solved; each outcome is.
TRIED = 50


def scenario_datasets(
    data: Dataset, scenarios: Iterable[Scenario], model: Declared
) -> tuple[list[Dataset], list[Problem]]:
    """Give the dataset of each scenario, and every rule of the workbook that one of them breaks.

    A rule that several scenarios break by the same row of Outcomes is reported once.
    """
    datasets: list[Dataset] = []
    found: dict[tuple[int, str], Problem] = {}
    for scenario in scenarios:
        made = [data]
        for number, override in scenario.changes:
            try:
                made.append(altered(made[-1], [override]))
            except WrongOverride as wrong:
                column = column_of(wrong)
                text = wrong.must, wrong.action, wrong.found
                problem = _problem(data, scenario, number, column, *text)
                found.setdefault((number, wrong.must), problem)
                break
        else:
            for number, error in _broken(scenario, made, model):
                text = error.must, error.action, found_at(error)
                problem = _problem(data, scenario, number, "value", *text)
                where = f"{error.sheet}!{error.cell}"
                found.setdefault((number, f"{where}: {error.must}"), problem)
        datasets.append(made[-1])
    return datasets, [*found.values()]


def scenario_problems(data: Dataset, tree: ScenarioTree, model: Declared) -> list[Problem]:
    """Give the rules that scenarios break; where there are many, those that each outcome breaks."""
    scenarios = tree.scenarios
    if len(scenarios) > TRIED:
        alone = {one: scenario for scenario in scenarios for one in scenario.outcomes}
        scenarios = tuple(_only(scenario, one, data) for one, scenario in alone.items())
    return scenario_datasets(data, scenarios, model)[1]


def _only(scenario: Scenario, outcome: tuple[str, str], data: Dataset) -> Scenario:
    """A scenario with the changes of one of its outcomes alone."""
    uncertainty = data.column(OUTCOMES.name, "uncertainty")
    own = [one for one in scenario.changes if uncertainty.at[one[0]] == outcome[0]]
    return Scenario("=".join(outcome), (outcome,), 1.0, tuple(own))


def _broken(
    scenario: Scenario, made: list[Dataset], model: Declared
) -> Iterator[tuple[int, Problem]]:
    """Errors of a scenario, each with the row of Outcomes since which it stands."""
    if not scenario.changes:
        return
    standing = [(error, len(made) - 1) for error in errors_of(made[-1], model)]
    for last in reversed(range(1, len(made) - 1)):
        if not standing:
            return
        before = set(errors_of(made[last], model))
        standing = [
            (error, last if k == last + 1 and error in before else k) for error, k in standing
        ]
    for error, k in standing:
        yield scenario.changes[k - 1][0], error


def _problem(
    data: Dataset, scenario: Scenario, number: int, column: str, must: str, action: str, found: str
) -> Problem:
    must = f"in scenario {scenario.name}, {must}"
    return data.problem(OUTCOMES.name, number, column, must, action, "outcome-rules", found=found)
