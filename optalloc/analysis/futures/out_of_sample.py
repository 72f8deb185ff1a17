"""Plans on scenarios that they were not made for: what is done now held, the rest decided again."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.analysis.futures.branches import Forest, nearest_branches
from optalloc.analysis.futures.generated import draws_of, ranges_in
from optalloc.analysis.futures.held_solves import Costed, HeldGroup, HeldSolves, Status
from optalloc.analysis.futures.sample_tables import (
    DIFFERENCES,
    MEANS,
    SAMPLE,
    differences,
    means,
)
from optalloc.analysis.stopped import keeping
from optalloc.data.dataset import Dataset
from optalloc.errors import InputError, OptallocError, Problem
from optalloc.mip.outcome import StepCallback
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.policy_tables import FUTURES, TREE
from optalloc.pipeline.opening import open_book
from optalloc.plan.held import refuse_lost, rows_held, tables_of_scenario
from optalloc.plan.planfile import PlanFile, read_plan
from optalloc.report.findings import Findings, figure
from optalloc.report.progress import with_bar
from optalloc.scenarios.outcome_names import written
from optalloc.scenarios.scenario_datasets import scenario_datasets
from optalloc.scenarios.tree import Scenario, ScenarioTree
from optalloc.spreadsheet.frames import Book

__all__ = ["IMPLEMENTABLE", "OPTIMISTIC", "out_of_sample"]

OPTIMISTIC, IMPLEMENTABLE = "knowing all", "along the nearest branch"
# Scenarios without a plan that a sentence names.
NAMED = 5


@dataclass(frozen=True)
class _Sample:
    """New scenarios, each with its dataset and its weight in a mean."""

    forest: Forest
    scenarios: tuple[Scenario, ...]
    datasets: tuple[Dataset, ...]
    draws: int | None


@with_bar
def out_of_sample(
    plans: Sequence[str | Path] | Mapping[str, str | Path],
    book: Book,
    *,
    draws: int | None = None,
    seed: int = 0,
    scenarios: str | Path | None = None,
    gap: float | None = None,
    time_limit_s: float | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    model: str | Path | Model | None = None,
    on_step: StepCallback | None = None,
) -> Findings:
    """Test plans on scenarios that they were not made for.

    What each plan does now is held and the rest decided again, in two ways: knowing all, which is
    optimistic; and along the branch of the plan's own scenario tree that is nearest by what is
    known on each day, with all decisions of that branch held.

    Parameters
    ----------
    plans : sequence of str or Path, or mapping from names to them
        Each a plan.xlsx; all meet the same scenarios. The findings name a plan by its name, or else
        by its path.
    book : str or Path
        Workbook of the plans. Scenarios are drawn from its sheet Ranges, independently.
    draws : int, optional
        How many; needed but with `scenarios`, all of which count by probability without it.
    seed : int
        Of the draws.
    scenarios : str or Path, optional
        A workbook with the same sheets and other outcomes, whose scenarios are taken instead.
    gap, time_limit_s : float, optional
        Of each solve; of the workbook by default.
    jobs : int, optional
        Workers on this machine, each with one solver thread; by default as many as cores, for eight
        solves each at least.
    cluster : str, optional
        Address of a Dask scheduler whose workers are used instead.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    on_step : callable, optional
        Called with what is solved, and how much of it is done.

    Returns
    -------
    Findings
        Tables `OutOfSample`, `Differences` and `Sample`. Ended by Ctrl-C they have the tests that
        were done by then, and a sentence says so.

    Raises
    ------
    InputError
        If a workbook or a plan cannot be read, or there is no range to draw from.
    OptallocError
        If no scenario or no plan is named, or a plan twice; or if no worker can start.
    """
    data, loaded, problems = open_book(book, model)
    _refuse_plans([*plans])
    paths = plans if isinstance(plans, Mapping) else {str(path): path for path in plans}
    read = {name: read_plan(path, loaded) for name, path in paths.items()}
    sample = _sampled(data, loaded, problems, scenarios, draws, seed)
    options = options_of(data, loaded, {"gap": gap, "time_limit_s": time_limit_s, "threads": 1})
    own_tree = loaded.scenario_tree(data)
    own = None if own_tree is None else Forest(data, own_tree)
    tests = [
        test for name, plan in read.items() for test in _tests(name, plan, own, sample, loaded)
    ]
    solves = HeldSolves(sample.forest.data, loaded, options, jobs, cluster)
    collected = _Collected(sample, tests, on_step)
    with keeping(lambda: len(collected.finished), len(tests), "tests") as stopped:
        solves.run([group for _, _, group in collected.groups], collected.take)
    parts = [_rows_of(tests[k], sample, collected.costed[k]) for k in collected.finished]
    table = pd.concat(parts, ignore_index=True)[[column.name for column in SAMPLE.columns]]
    tables = {
        MEANS.name: means(table, sample.draws),
        DIFFERENCES.name: differences(table, sample.draws),
        SAMPLE.name: table,
    }
    followed = {test.plan for test in tests if test.rest == IMPLEMENTABLE}
    sentences = [
        *stopped,
        *_sentences(tables, sample),
        *collected.lost(),
        *_not_followed(read, followed),
    ]
    return Findings(
        "Plans on new scenarios", tuple(sentences), tables, (MEANS, DIFFERENCES, SAMPLE)
    )


def _refuse_plans(plans: Sequence[str | Path]) -> None:
    named = [str(path) for path in plans]
    if not named:
        raise OptallocError("name a plan.xlsx to test")
    for name in named:
        if named.count(name) > 1:
            raise OptallocError(f"{name}: is named twice. Name each plan once.")


# New scenarios ----------------------------------------------------------------------------------


def _sampled(
    data: Dataset,
    model: Model,
    problems: Sequence[Problem],
    other: str | Path | None,
    draws: int | None,
    seed: int,
) -> _Sample:
    if other is None:
        if draws is None:
            raise OptallocError("say how many scenarios to draw, or name a workbook that has them")
        ranged = ranges_in(data, model, problems)
        data = draws_of(data, ranged, model, draws, seed, stratified=False).data
    else:
        data = open_book(other, model)[0]
    tree = model.scenario_tree(data)
    if tree is None:
        raise OptallocError(f"{other}: must have scenarios: nothing is uncertain in it")
    scenarios = tree.scenarios
    if other is not None and draws is not None:
        counts = np.random.default_rng(seed).multinomial(draws, tree.probability)
        scenarios = tuple(
            replace(one, probability=count / draws)
            for one, count in zip(scenarios, counts, strict=True)
            if count
        )
    datasets, wrong = scenario_datasets(data, scenarios, model)
    if wrong:
        raise InputError(wrong)
    return _Sample(Forest(data, tree), scenarios, tuple(datasets), draws)


# Plans ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Test:
    """A plan in one of the two ways: groups of new scenarios with the rows that hold decisions."""

    plan: str
    rest: str
    groups: tuple[tuple[Sequence[int], Mapping[str, pd.DataFrame]], ...]
    branches: tuple[str, ...]


def _tests(
    name: str, plan: PlanFile, own: Forest | None, sample: _Sample, model: Model
) -> Iterator[_Test]:
    data, every = sample.forest.data, range(len(sample.scenarios))
    until = min(sample.forest.tree.reveals[0], _first_reveal(plan))
    first = _tables(plan, plan[FUTURES.name]["scenario"].iloc[0] if plan.is_policy else "")
    refuse_lost(plan, first, until, data, model)
    now = rows_held(first, until, data, model)
    yield _Test(name, OPTIMISTIC, ((every, now),), ("",) * len(every))
    end = model.steps(data)["end"].max()
    if not plan.is_policy:
        refuse_lost(plan, plan.tables, end, data, model)
        rows = rows_held(plan.tables, end, data, model)
        yield _Test(name, IMPLEMENTABLE, ((every, rows),), ("",) * len(every))
    elif own is not None and _is_of(plan, own.tree):
        nearest = nearest_branches(own, sample.forest, sample.scenarios)
        names = [own.tree.scenarios[s].name for s in nearest]
        groups = tuple(
            (
                [k for k in every if names[k] == branch],
                rows_held(_tables(plan, branch), end, data, model),
            )
            for branch in dict.fromkeys(names)
        )
        yield _Test(name, IMPLEMENTABLE, groups, tuple(names))


def _tables(plan: PlanFile, scenario: str) -> Mapping[str, pd.DataFrame]:
    return tables_of_scenario(plan, scenario) if plan.is_policy else plan.tables


def _first_reveal(plan: PlanFile) -> pd.Timestamp:
    """The day before which a plan does the same in all of its scenarios."""
    if not plan.is_policy:
        return pd.Timestamp.max
    tree = plan[TREE.name]
    return pd.Timestamp(tree.loc[tree["parent"].notna(), "date"].min())


def _is_of(plan: PlanFile, tree: ScenarioTree) -> bool:
    """True if the scenarios of a policy are those of a tree, by name and outcomes."""
    listed = plan[FUTURES.name][["scenario", "outcomes"]].itertuples(index=False, name=None)
    return dict(listed) == {one.name: written(one.outcomes) for one in tree.scenarios}


@dataclass
class _Collected:
    """Costs of each scenario, test by test, as they come."""

    sample: _Sample
    tests: Sequence[_Test]
    on_step: StepCallback | None
    costed: list[dict[int, Costed]] = field(init=False)

    def __post_init__(self) -> None:
        self.costed = [{} for _ in self.tests]

    @functools.cached_property
    def groups(self) -> list[tuple[int, Sequence[int], HeldGroup]]:
        """Groups of all tests: the number of the test, those of the scenarios, and the group."""
        return [
            (t, numbers, HeldGroup([self.sample.datasets[k] for k in numbers], rows))
            for t, test in enumerate(self.tests)
            for numbers, rows in test.groups
        ]

    @property
    def finished(self) -> list[int]:
        """Tests of which every scenario is there."""
        every = len(self.sample.scenarios)
        return [t for t, costed in enumerate(self.costed) if len(costed) == every]

    def take(self, group: int, place: int, costed: Costed) -> None:
        """Take what came of a scenario of a group."""
        number, scenarios, _ = self.groups[group]
        self.costed[number][scenarios[place]] = costed
        if self.on_step is not None:
            test, done = self.tests[number], sum(map(len, self.costed))
            total = len(self.tests) * len(self.sample.scenarios)
            self.on_step(f"{Path(test.plan).name}, {test.rest}", done, total)

    def lost(self) -> Iterator[str]:
        """Sentences on scenarios that were lost with the process that solved them."""
        for number in self.finished:
            test = self.tests[number]
            for k, costed in sorted(self.costed[number].items()):
                if costed.reason:
                    name = self.sample.scenarios[k].name
                    yield f"{test.plan}, {test.rest}: {name} was not solved: {costed.reason}."


# Findings ---------------------------------------------------------------------------------------


def _rows_of(test: _Test, sample: _Sample, costed: Mapping[int, Costed]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "plan": test.plan,
            "rest": test.rest,
            "scenario": scenario.name,
            "outcomes": written(scenario.outcomes),
            "weight": scenario.probability,
            "branch": test.branches[k],
            "cost": costed[k].cost,
            "bound": costed[k].bound,
            "status": costed[k].status,
        }
        for k, scenario in enumerate(sample.scenarios)
    ]
    return pd.DataFrame(rows)


def _sentences(tables: Mapping[str, pd.DataFrame], sample: _Sample) -> Iterator[str]:
    if sample.draws is None:
        yield f"Each plan met the same {len(sample.scenarios):,} scenarios, by their probability."
    else:
        yield f"Each plan met the same {sample.draws:,} scenarios, drawn independently."
    row: Any
    for row in tables[MEANS.name].itertuples():
        if row.without_plan or row.undecided:
            yield from _lost(tables[SAMPLE.name], row.plan, row.rest)
            continue
        between = ""
        if not np.isnan(row.at_least):
            low, high = figure(row.at_least), figure(row.at_most)
            between = f", with 95 % confidence between {low} and {high}"
        yield f"{row.plan}, {row.rest}: {figure(row.mean)} M on average{between}."
    for row in tables[DIFFERENCES.name].itertuples():
        if row.scenarios:
            yield _difference(row)


def _lost(table: pd.DataFrame, plan: str, rest: str) -> Iterator[str]:
    own = table[(table["plan"] == plan) & (table["rest"] == rest)]
    for status, words in (
        (Status.NO_PLAN, "no continuation"),
        (Status.UNDECIDED, "no continuation found in time"),
    ):
        names = own.loc[own["status"] == status, "scenario"].tolist()
        if names:
            more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
            listed = ", ".join(names[:NAMED]) + more
            yield (
                f"{plan}, {rest}: {words} in {len(names):,} of {len(own):,} scenarios ({listed}), "
                "so that it has no mean."
            )


def _difference(row: Any) -> str:
    left = f", in the {row.scenarios:,} scenarios in which both have a plan" if row.left_out else ""
    words = f"{row.rest}: {row.plan} costs {figure(row.difference)} M more than {row.other}{left}"
    if np.isnan(row.at_least):
        return f"{words}."
    sure = "" if row.at_least > 0 or row.at_most < 0 else ", which decides nothing"
    return (
        f"{words}; with 95 % confidence between {figure(row.at_least)} and "
        f"{figure(row.at_most)}{sure}."
    )


def _not_followed(read: Mapping[str, PlanFile], followed: set[str]) -> Iterator[str]:
    for name in read:
        if name not in followed:
            yield (
                f"{name}: its scenarios are not those of the workbook, so that none of its "
                "branches could be followed. Name the workbook that it was made from."
            )
