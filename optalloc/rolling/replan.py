"""One plan of a roll: of what is known on a day, with all that was decided before held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.mip.arrays import Arrays
from optalloc.mip.outcome import Options, Outcome, raise_without_plan
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.futures import attitude_of, futures, worst_slack_of
from optalloc.modelling.model import Model
from optalloc.modelling.program import Program, build
from optalloc.modelling.renew import renewed
from optalloc.pipeline.one_plan import solve_program
from optalloc.pipeline.policies import decide_together
from optalloc.plan.held import rows_held
from optalloc.plan.readback import decided_tables, read_audited, worst_of
from optalloc.rolling.days import ReplanningDay
from optalloc.rolling.knowledge import Outlook, merged
from optalloc.scenarios.edits import rows_added
from optalloc.scenarios.mean import mean_dataset
from optalloc.scenarios.tree import ScenarioTree
from optalloc.solving.resolve import Resolver

__all__ = ["Branch", "Planner", "Replan", "Rows"]

# Rows that hold decisions, by sheet.
Rows = Mapping[str, pd.DataFrame]
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Branch:
    """A plan in one scenario: its workbook and its tables."""

    data: Dataset
    tables: Tables


@dataclass(frozen=True)
class Replan:
    """A plan of a roll: its cost and bound, and by number of the outlook its branch."""

    cost: float
    bound: float
    branches: Mapping[int, Branch]


@dataclass
class _Home:
    """A program as it was last refreshed, and its solver."""

    program: Program
    arrays: Arrays
    resolver: Resolver | None = None


@dataclass
class Planner:
    """Makes the plans of a roll; programs are kept, as those of one day often have the same sets.

    Parameters
    ----------
    model : Model
    options : Options
        Of each solve.
    cluster : str, optional
        Whose workers solve the scenarios of a large tree.
    """

    model: Model
    options: Options
    cluster: str | None = None

    def __post_init__(self) -> None:
        self._homes: dict[object, _Home] = {}

    def expected(
        self,
        base: Dataset,
        outlooks: Sequence[Outlook],
        datasets: Sequence[Dataset],
        held: Rows,
        day: ReplanningDay,
    ) -> Replan:
        """The plan of the expected figures, in which every outlook has the same branch.

        Raises
        ------
        InfeasibleError, NoPlanError, InternalError
        """
        p = np.array([one.scenario.probability for one in outlooks])
        data = datasets[0] if len(outlooks) == 1 else mean_dataset(base, datasets, p)
        data = rows_added(held, self.model.shortened(data, day.looks_until))
        outcome, tables = self._planned(data, day)
        branches = dict.fromkeys(range(len(outlooks)), Branch(data, tables))
        return Replan(outcome.objective, outcome.bound, branches)

    def policy(
        self,
        tree: ScenarioTree,
        outlooks: Sequence[Outlook],
        datasets: Sequence[Dataset],
        held: Rows,
        day: ReplanningDay,
    ) -> Replan:
        """The policy for all that may come; every limit holds in every scenario.

        Raises
        ------
        InfeasibleError, NoPolicyError, NoPlanError, InternalError
        InputError
            If an outcome is felt before it is known.
        """
        short = [rows_added(held, self.model.shortened(data, day.looks_until)) for data in datasets]
        groups = merged(outlooks, short, tree, day.looks_until)
        own = [short[group[0]] for group in groups]
        every: Sequence[Tables]
        if len(groups) == 1:
            outcome, tables = self._planned(own[0], day)
            every = (tables,)
        else:
            outcome, every = self._together(tree, outlooks, groups, own, day)
        branches: dict[int, Branch] = {}
        for group, data, found in zip(groups, own, every, strict=True):
            branches |= dict.fromkeys(group, Branch(data, found))
        return Replan(outcome.objective, outcome.bound, branches)

    def _together(
        self,
        tree: ScenarioTree,
        outlooks: Sequence[Outlook],
        groups: Sequence[Sequence[int]],
        datasets: Sequence[Dataset],
        day: ReplanningDay,
    ) -> tuple[Outcome, Sequence[Tables]]:
        scenarios = []
        for group in groups:
            members = [outlooks[k].scenario for k in group]
            total = sum(one.probability for one in members)
            first = members[0]
            scenarios.append(type(first)(first.name, first.outcomes, total, first.changes))
        seen = ScenarioTree(tree.uncertainties, tuple(scenarios))
        home = self._home(datasets[0], day)
        made = futures(home.program, home.arrays, seen, (), datasets)
        attitude, slack = attitude_of(datasets[0]), worst_slack_of(datasets[0])
        return decide_together(made, attitude, self.options, slack, self.cluster)

    def held(self, branch: Branch, until: pd.Timestamp) -> Rows:
        """Rows that hold what a plan decides before a day."""
        return rows_held(branch.tables, until, branch.data, self.model)

    def audited(self, data: Dataset, key: object) -> tuple[Outcome, Tables]:
        """Solve a workbook and audit the plan.

        Parameters
        ----------
        data : Dataset
        key : object
            The program that was solved last with the same key is renewed.

        Raises
        ------
        InfeasibleError, NoPlanError, InternalError
        """
        home, outcome = self._solved(data, key)
        tables, audit = read_audited(home.program, home.arrays, outcome)
        if worst_of(audit):
            program = build(data, self.model)
            plan = solve_program(program, compile_program(program), self.options)
            return plan.outcome, plan.tables
        return outcome, tables

    def _planned(self, data: Dataset, key: object) -> tuple[Outcome, Tables]:
        """Solve a workbook; only the plan of the whole horizon, which is the result, is audited."""
        home, outcome = self._solved(data, key)
        return outcome, decided_tables(home.program, home.arrays, outcome, recall=True)

    def _solved(self, data: Dataset, key: object) -> tuple[_Home, Outcome]:
        home = self._home(data, key)
        if home.resolver is None:
            home.resolver = Resolver(home.arrays, self.options)
        outcome = home.resolver.solve(home.arrays)
        if outcome.values is None:
            raise_without_plan(outcome)
        return home, outcome

    def _home(self, data: Dataset, key: object) -> _Home:
        """The program of a dataset, refreshed where its sets are those of the last of its key."""
        home = self._homes.get(key)
        if home is None:
            program = build(data, self.model)
            home = _Home(program, compile_program(program))
        elif home.program.dataset is not data:
            new = renewed(home.program, home.arrays, data)
            kept = home.resolver if new.same_sets else None
            home = _Home(new.program, new.arrays, kept)
        self._homes[key] = home
        return home
