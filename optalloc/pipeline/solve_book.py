"""A workbook in, an audited plan out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optalloc.errors import (
    OptallocError,
)
from optalloc.mip.outcome import (
    ProgressCallback,
    Strategy,
)
from optalloc.mip.parameter_file import read_parameters
from optalloc.mip.parameters import Parameters
from optalloc.modelling.model import Model
from optalloc.pipeline.one_plan import solved_dataset
from optalloc.pipeline.opening import opened
from optalloc.pipeline.policies import solved_scenarios
from optalloc.pipeline.stopwatch import PhaseCallback, Stopwatch
from optalloc.plan.plan import Plan
from optalloc.report.progress import with_bar
from optalloc.solving.solvers import require
from optalloc.spreadsheet.frames import Book

__all__ = ["solve"]

NO_SCENARIOS_FOR_CLUSTER = (
    "a cluster solves scenarios, and there are none: leave cluster out, or fill in the sheet "
    "Uncertainties. A sweep solves its cases on a cluster."
)


@with_bar
def solve(
    book: Book,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    solver: str | None = None,
    strategy: str | Strategy | None = None,
    parameters: str | Path | Parameters | None = None,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    certain: bool = False,
    values: bool = False,
    cluster: str | None = None,
    progress: ProgressCallback | None = None,
    on_phase: PhaseCallback | None = None,
) -> Plan:
    """Solve a workbook to a proven gap and audit the plan.

    Where the workbook has uncertainties the plan is a policy: what to do now, and what to do later
    in which case.

    Parameters
    ----------
    book : str, Path or mapping of str to pandas.DataFrame
        An .xlsx workbook, a folder of CSV files, one per sheet, or frames by sheet name.
    gap, time_limit_s, threads, seed : optional
        Solver options; those not given come from the workbook.
    solver : str, optional
        ``highs`` by default; others if they are installed: see `optalloc.solving.solvers.SOLVERS`.
    strategy : str or Strategy, optional
        ``"direct"``, ``"race"`` or ``"decompose"``, for HiGHS; by default what suits the size.
    parameters : str, Path or Parameters, optional
        Of the solution methods, such as a TOML file of those that are not to have their defaults.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    approved : str or Path, optional
        The plan.xlsx that was approved last; it fills the sheets that a plan may fill.
    certain : bool
        Solve the workbook as it stands, without its uncertainties.
    values : bool
        Work out the values of information, of waiting and of options of large trees too, where
        each is a solve as long as that of the policy; those of small ones are always worked out.
    cluster : str, optional
        Address of a Dask scheduler, whose workers solve the scenarios where these are not solved
        together.
    progress : callable, optional
        Called with `optalloc.Progress` while the solver works.
    on_phase : callable, optional
        Called with the name of each phase as it begins.

    Returns
    -------
    Plan
        Audited. Stopped by time or Ctrl-C it is the best plan so far, with its gap.

    Raises
    ------
    InputError
        With every problem of the workbook at once; or if the approved plan cannot be read.
    InfeasibleError
        If no plan exists; its shortfalls are the least violation of limits.
    NoPlanError
        If the solver was stopped before it found a plan.
    InternalError
        If no answer of the solver passes the audit.
    OptallocError
        If there is no such solver, strategy or parameter, or the solver is not installed; or if
        there are no scenarios for a cluster, or it does not answer.

    Examples
    --------
    >>> import optalloc
    >>> plan = optalloc.solve("inputs/minimal")
    >>> round(plan.cost, 1)
    1170.0
    """
    if solver is not None:
        require(solver)
    # Read first, so that a mistake in them does not wait for the workbook.
    read = read_parameters(parameters) if isinstance(parameters, str | Path) else parameters
    watch = Stopwatch(on_phase, {})
    dataset, loaded, notices = opened(book, model, approved, watch)
    given: dict[str, Any] = {"gap": gap, "time_limit_s": time_limit_s, "threads": threads}
    given |= {"seed": seed, "solver": solver}
    given |= {"strategy": None if strategy is None else _strategy(strategy)}
    given |= {"parameters": read}
    tree = None if certain else loaded.scenario_tree(dataset)
    if tree is not None:
        return solved_scenarios(
            dataset, loaded, tree, given, watch, notices, progress, cluster, large_values=values
        )
    if cluster is not None:
        raise OptallocError(NO_SCENARIOS_FOR_CLUSTER)
    return solved_dataset(dataset, loaded, given, watch, notices, progress)


def _strategy(name: str | Strategy) -> Strategy:
    try:
        return Strategy(name)
    except ValueError:
        known = ", ".join(Strategy)
        raise OptallocError(f"strategy must be one of {known}; found {name!r}") from None
