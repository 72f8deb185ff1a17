"""The regret matrix: what is done now by each of several plans, in each scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from optalloc.analysis.futures.held_solves import Costed, HeldGroup, HeldSolves, Status
from optalloc.analysis.stopped import keeping
from optalloc.data.schema import Column, Kind
from optalloc.errors import InfeasibleError
from optalloc.mip.outcome import Options, StepCallback, StopReason, raise_without_plan
from optalloc.modelling.futures import Futures
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.outputs import TableSpec
from optalloc.pipeline.opening import open_scenarios
from optalloc.pipeline.policies import scenarios_of
from optalloc.plan.held import held_rows, rows_held
from optalloc.plan.readback import decided_tables
from optalloc.report.findings import Findings, figure
from optalloc.report.progress import with_bar
from optalloc.solving.resolve import Resolver
from optalloc.spreadsheet.frames import Book

__all__ = ["COMPARED", "REGRETS", "regret_matrix"]

Rows = Mapping[str, pd.DataFrame]

_MONEY = "M, present value"
_PLAN = Column(
    name="plan",
    kind=Kind.TEXT,
    meaning="Whose decisions before anything is known are held: of the plans that are best for "
    "single scenarios, or of a plan.xlsx.",
)


def _money(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=_MONEY, meaning=meaning)


COMPARED = TableSpec(
    name="Compared",
    meaning="What it costs to do now what each plan does.",
    key=("plan",),
    columns=(
        _PLAN,
        _money("expected", "Expected cost; blank where a scenario has no continuation."),
        _money("greatest_regret", "Greatest regret of a scenario; blank likewise."),
        Column(
            name="without_plan",
            kind=Kind.INTEGER,
            unit="scenarios",
            meaning="In which nothing continues what is held, or nothing was found in time.",
        ),
    ),
)

REGRETS = TableSpec(
    name="Regrets",
    meaning="What each plan's first decisions cost in each scenario, the rest decided knowing it.",
    key=("plan", "scenario"),
    columns=(
        _PLAN,
        Column(name="scenario", kind=Kind.TEXT, meaning="The scenario."),
        _money("cost", "Least known cost with the first decisions held."),
        _money("bound", "No continuation costs less."),
        _money("best", "Least known cost of the scenario, whatever is decided first."),
        _money("regret", "The difference of the two costs."),
        Column(name="status", kind=Kind.TEXT, meaning="Continued, no plan, or undecided in time."),
    ),
)


@with_bar
def regret_matrix(
    book: Book,
    plans: Sequence[str | Path] = (),
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    model: str | Path | Model | None = None,
    on_step: StepCallback | None = None,
) -> Findings:
    """Hold what several plans do now in every scenario, and decide the rest knowing it.

    Every limit holds in every scenario, whatever the sheet Across says: each is solved by itself.

    Parameters
    ----------
    book : str or Path
        A workbook with scenarios.
    plans : sequence of str or Path
        Each a plan.xlsx, of which what it does before the first reveal is held; besides the best
        plan of each scenario by itself.
    gap, time_limit_s : float, optional
        Of each solve; of the workbook by default. For n scenarios there are n solves, and n for
        each different plan.
    jobs : int, optional
        Workers on this machine that solve with decisions held, each with one solver thread; by
        default as many as cores, for eight solves each at least.
    cluster : str, optional
        Address of a Dask scheduler whose workers are used instead.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    on_step : callable, optional
        Called with what is solved, and how much of it is done.

    Returns
    -------
    Findings
        Tables `Compared` and `Regrets`. Ended by Ctrl-C they have the plans held by then, and a
        sentence says so.

    Raises
    ------
    InputError
        With every problem of the workbook at once, or if a plan cannot be read.
    InfeasibleError, NoPlanError
        If a scenario has no plan by itself, or none was found in time.
    OptallocError
        If the workbook has no scenarios, or a plan is named twice; or if no worker can start.
    """
    data, loaded, tree = open_scenarios(book, model)
    until = tree.reveals[0]
    named = held_rows(plans, until if plans else None, data, loaded)
    made = scenarios_of(data, loaded, tree, across=False)
    options = options_of(data, loaded, {"gap": gap, "time_limit_s": time_limit_s, "threads": 1})
    own, best = _own_plans(made, until, options, on_step)
    held: dict[str, Rows] = {**own, **named}
    datasets = [program.dataset for program in made.programs]
    found: dict[str, dict[int, Costed]] = {label: {} for label in held}
    labels, total = [*held], len(held) * len(datasets)

    def take(group: int, place: int, costed: Costed) -> None:
        found[labels[group]][place] = costed
        if on_step is not None:
            on_step("what plans do now held", sum(map(len, found.values())), total)

    def finished() -> dict[str, list[Costed]]:
        return {
            label: [own[k] for k in sorted(own)]
            for label, own in found.items()
            if len(own) == len(datasets)
        }

    solves = HeldSolves(data, loaded, options, jobs, cluster)
    with keeping(lambda: len(finished()), len(held), "plans") as stopped:
        solves.run([HeldGroup(datasets, rows) for rows in held.values()], take)
    costed = finished()
    costs = np.array([[one.cost for one in row] for row in costed.values()])
    # A plan found with decisions held is one of the scenario, too.
    least = np.fmin(best, np.nanmin(np.vstack([costs, best]), axis=0))
    table = _regrets(costed, made.stochastic.names, least)
    compared = _compared(table, tree.probability)
    tables = {COMPARED.name: compared, REGRETS.name: table}
    return Findings(
        "What is done now, by scenario",
        (*stopped, *_sentences(compared), *_lost(costed, made.stochastic.names)),
        tables,
        (COMPARED, REGRETS),
    )


def _own_plans(
    made: Futures, until: pd.Timestamp, options: Options, on_step: StepCallback | None
) -> tuple[dict[str, Rows], np.ndarray]:
    """By scenarios for which they are best, rows that hold first decisions; and least costs."""
    names, programs = made.stochastic.names, made.stochastic.programs
    equal: dict[str, tuple[list[str], Rows]] = {}
    costs: list[float] = []
    resolver: Resolver | None = None
    for s, (name, arrays) in enumerate(zip(names, programs, strict=True)):
        if resolver is None or not resolver.arrays.has_pattern_of(arrays):
            resolver = Resolver(arrays, options)
        outcome = resolver.solve(arrays)
        if outcome.values is None:
            if outcome.stop_reason is StopReason.INFEASIBLE:
                raise InfeasibleError(outcome.shortfalls, name)
            raise_without_plan(outcome)
        own = made.programs[s]
        tables = decided_tables(own, arrays, outcome)
        rows = rows_held(tables, until, own.dataset, own.model)
        text = "".join(f"{sheet}\\n{frame.to_csv(index=False)}" for sheet, frame in rows.items())
        equal.setdefault(text, ([], rows))[0].append(name)
        costs.append(outcome.objective)
        if on_step is not None:
            on_step("each scenario alone", s + 1, len(names))
    held = {f"best for {' or '.join(which)}": rows for which, rows in equal.values()}
    return held, np.array(costs)


def _regrets(
    found: Mapping[str, Sequence[Costed]], names: Sequence[str], least: np.ndarray
) -> pd.DataFrame:
    rows = [
        {
            "plan": label,
            "scenario": name,
            "cost": one.cost,
            "bound": one.bound,
            "best": best,
            "regret": one.cost - best,
            "status": one.status,
        }
        for label, costed in found.items()
        for name, one, best in zip(names, costed, least, strict=True)
    ]
    return pd.DataFrame(rows)


def _lost(found: Mapping[str, Sequence[Costed]], names: Sequence[str]) -> list[str]:
    """Sentences on scenarios that were lost with the process that solved them."""
    return [
        f"{label}: {name} was not solved: {one.reason}."
        for label, costed in found.items()
        for name, one in zip(names, costed, strict=True)
        if one.reason
    ]


def _compared(table: pd.DataFrame, probability: np.ndarray) -> pd.DataFrame:
    rows = []
    for label, own in table.groupby("plan", sort=False):
        rows.append(
            {
                "plan": label,
                # Blank where one is: a cost that is not there is never left out of a mean.
                "expected": float(probability @ own["cost"].to_numpy()),
                "greatest_regret": own["regret"].max(skipna=False),
                "without_plan": int((own["status"] != Status.CONTINUED).sum()),
            }
        )
    return pd.DataFrame(rows).sort_values("expected", kind="stable", ignore_index=True)


def _sentences(compared: pd.DataFrame) -> list[str]:
    said = []
    for row in compared.to_dict("records"):
        if row["without_plan"]:
            said.append(
                f"{row['plan']}: no continuation in {row['without_plan']:,} scenarios, so that it "
                "has no expected cost."
            )
        else:
            said.append(
                f"{row['plan']}: {figure(row['expected'])} M expected, and at most "
                f"{figure(row['greatest_regret'])} M more than the best in a scenario."
            )
    return said
