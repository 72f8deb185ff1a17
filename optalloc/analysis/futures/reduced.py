"""Fewer scenarios of a workbook, chosen by what each costs under the first decisions of others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from optalloc.analysis.futures.generated import write_changes
from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.errors import InfeasibleError, OptallocError
from optalloc.mip.outcome import (
    Options,
    Outcome,
    Quality,
    StepCallback,
    StopReason,
    raise_without_plan,
)
from optalloc.mip.stochastic import StochasticProgram, misses, narrowed
from optalloc.modelling.futures import Futures, first_decisions
from optalloc.modelling.model import Model, options_of
from optalloc.modelling.outputs import TableSpec
from optalloc.pipeline.opening import open_book
from optalloc.pipeline.policies import scenarios_of
from optalloc.report.findings import Findings, figure
from optalloc.report.progress import with_bar
from optalloc.scenarios.edits import rows_added
from optalloc.scenarios.generate import unlisted
from optalloc.scenarios.outcome_names import written
from optalloc.scenarios.reduction import Reduction, cost_distances, forward_selection
from optalloc.scenarios.tree import ScenarioTree
from optalloc.scenarios.uncertainty_sheets import SCENARIOS
from optalloc.solving.futures.subproblem import Solved, Subproblem, solver_of
from optalloc.spreadsheet.edit import refuse_target
from optalloc.spreadsheet.frames import Book

__all__ = ["REDUCTION", "first_decision_costs", "reduce_scenarios"]


REDUCTION = TableSpec(
    name="Reduction",
    meaning="Which scenarios are kept, and where the probability of the others went.",
    key=("scenario",),
    columns=(
        Column(name="scenario", kind=Kind.TEXT, meaning="Each scenario that there was."),
        Column(name="before", kind=Kind.NUMBER, unit="share", meaning="Its probability before."),
        Column(name="after", kind=Kind.NUMBER, unit="share", meaning="After; 0 where dropped."),
        Column(name="moved_to", kind=Kind.TEXT, meaning="The kept scenario nearest to it."),
        Column(
            name="distance",
            kind=Kind.NUMBER,
            unit="M, present value",
            meaning="Greatest difference of cost between the two under the first decisions of any "
            "scenario's own best plan.",
        ),
    ),
)


@with_bar
def reduce_scenarios(
    book: Book,
    to: int,
    out: str | Path,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    model: str | Path | Model | None = None,
    on_step: StepCallback | None = None,
) -> Findings:
    """Write a copy of a workbook with fewer scenarios, listed on its sheet Scenarios.

    Parameters
    ----------
    book : str, Path or mapping of str to pandas.DataFrame
        An .xlsx workbook, a folder of CSV files, or frames by sheet name, with scenarios; never
        written to.
    to : int
        How many scenarios to keep.
    out : str or Path
        The copy: a file if `book` is one, else a folder of CSV files that does not exist yet.
    gap, time_limit_s : float, optional
        Of each solve; of the workbook by default.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    on_step : callable, optional
        Called with what is solved, and how much of it is done.

    Returns
    -------
    Findings
        Table `Reduction`.

    Raises
    ------
    InputError
        With every problem of the workbook at once.
    InfeasibleError
        If a scenario has no plan by itself.
    NoPlanError
        If none was found in the time of a solve.
    OptallocError
        If there are no more scenarios than are to be kept, or the copy cannot be written.
    """
    refuse_target(book, Path(out))
    data, loaded, _ = open_book(book, model)
    tree = loaded.scenario_tree(data)
    size = 0 if tree is None else len(tree.scenarios)
    if tree is None or not 1 <= to < size:
        raise OptallocError(
            f"{data.source}: has {size:,} scenarios; keep at least 1 and fewer than that"
        )
    made = scenarios_of(data, loaded, tree, across=False)
    options = options_of(data, loaded, {"gap": gap, "time_limit_s": time_limit_s, "threads": 1})
    distances = cost_distances(first_decision_costs(made, options, on_step))
    found = forward_selection(tree.probability, distances, to)
    write_changes(book, data, _with_scenarios(data, tree, found), Path(out))
    names = np.array([one.name for one in tree.scenarios])
    table = pd.DataFrame(
        {
            "scenario": names,
            "before": tree.probability,
            "after": found.probability,
            "moved_to": names[found.nearest],
            "distance": distances[np.arange(size), found.nearest],
        }
    )
    said = (
        f"Of {size:,} scenarios {to:,} are kept: {', '.join(names[sorted(found.kept)])}.",
        _bound(found),
    )
    return Findings("Fewer scenarios", said, {REDUCTION.name: table}, (REDUCTION,))


def _bound(found: Reduction) -> str:
    if np.isinf(found.distance):
        return (
            "Some probability moved to a scenario in which other first decisions can be continued: "
            "a plan for the scenarios kept may have no continuation in one that is dropped."
        )
    return (
        "With the first decisions of any scenario's own best plan, the expected cost differs by at "
        f"most {figure(found.distance)} M from what it was (Kantorovich distance)."
    )


def _with_scenarios(data: Dataset, tree: ScenarioTree, found: Reduction) -> Dataset:
    kept = [tree.scenarios[s] for s in sorted(found.kept)]
    rows = {
        "scenario": [one.name for one in kept],
        "outcomes": [written(one.outcomes) for one in kept],
        "probability": found.probability[sorted(found.kept)],
    }
    return rows_added({SCENARIOS.name: pd.DataFrame(rows)}, unlisted(data))


def first_decision_costs(
    made: Futures, options: Options, on_step: StepCallback | None = None
) -> np.ndarray:
    """Cost of each scenario (rows) with the first decisions of each one's own best plan held.

    What is decided before anything is known is held by the columns that all scenarios share.
    Columns are the different ones of these plans; a cost is infinite where none continues them.

    Raises
    ------
    InfeasibleError, NoPlanError
        If a scenario has no plan by itself, or none was found in time.
    """
    program, names = made.stochastic, made.stochastic.names
    solve = solver_of(program, options)
    limit = 1e9 if options.time_limit_s is None else options.time_limit_s
    first, decided = first_decisions(made), np.zeros(program.size, dtype=bool)
    for own, mask in zip(program.columns, first, strict=True):
        decided[own[mask]] = True
    plans: dict[bytes, np.ndarray] = {}
    for s, name in enumerate(names):
        found = solve(Subproblem(s, options.gap, time_limit_s=limit))
        assert isinstance(found, Solved)
        if found.values is None:
            if found.reason is StopReason.INFEASIBLE:
                raise InfeasibleError(found.shortfalls, name)
            raise_without_plan(_without_plan(found))
        assert found.values is not None
        # What a scenario lacks of the first decisions of others, its plan does not do.
        held = np.where(decided, 0.0, np.nan)
        own = program.columns[s][first[s]]
        held[own] = program.exact(s, found.values)[first[s]]
        plans.setdefault(np.round(held, 6).tobytes(), held)
        if on_step is not None:
            on_step("each scenario alone", s + 1, len(names))
    costs = np.full((len(names), len(plans)), np.inf)
    for s in range(len(names)):
        for k, held in enumerate(plans.values()):
            bounds = _bounds(program, s, held)
            if bounds is not None:
                lower, upper = bounds
                task = Subproblem(s, options.gap, lower=lower, upper=upper, time_limit_s=limit)
                found = solve(task)
                assert isinstance(found, Solved)
                if found.values is None and found.reason is not StopReason.INFEASIBLE:
                    raise_without_plan(_without_plan(found))
                costs[s, k] = np.inf if found.values is None else found.objective
            if on_step is not None:
                on_step("under each other's plan", s * len(plans) + k + 1, costs.size)
    return costs


def _without_plan(found: Solved) -> Outcome:
    return Outcome(stop_reason=found.reason, quality=Quality.NONE)


def _bounds(
    program: StochasticProgram, scenario: int, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Bounds of the columns of a scenario with decisions held; None where it cannot decide so.

    They are those of the scenario alone: what is impossible in another is possible here.
    """
    own, alone = program.columns[scenario], program.programs[scenario]
    # What it lacks it cannot do.
    lower, upper = np.zeros((2, program.size))
    lower[own], upper[own] = alone.col_lower, alone.col_upper
    if misses(held, lower, upper):
        return None
    return narrowed(held[own], alone.col_lower, alone.col_upper)
