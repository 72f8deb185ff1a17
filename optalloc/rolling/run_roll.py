"""A roll as one call: a workbook in, the cost of each policy in each future out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from optalloc.analysis.futures.generated import draws_of, ranges_in
from optalloc.data.dataset import Dataset
from optalloc.errors import InputError, NoPlanError, OptallocError, Problem
from optalloc.mip.outcome import Options
from optalloc.modelling.base import Base
from optalloc.modelling.model import Model, options_of
from optalloc.pipeline.opening import open_book
from optalloc.pipeline.policies import scenarios_of
from optalloc.rolling.days import replanning_days
from optalloc.rolling.figures import figures_of
from optalloc.rolling.knowledge import (
    Forecast,
    Future,
    changes_by_uncertainty,
    without_tree,
)
from optalloc.rolling.messages import Policy, RollBase, RollCase
from optalloc.rolling.pool import Task, run_rolls
from optalloc.rolling.result import RollResult, result_of
from optalloc.rolling.roller import Roller
from optalloc.scenarios.combinations import MOST_SCENARIOS
from optalloc.scenarios.generate import three_points
from optalloc.scenarios.ranges import RangedUncertainty
from optalloc.scenarios.scenario_datasets import scenario_datasets
from optalloc.scenarios.tree import Scenario
from optalloc.scenarios.uncertainty_sheets import SCENARIOS
from optalloc.solving.futures import is_large
from optalloc.solving.pool import Limits
from optalloc.solving.workers import case_limit, cores, worker_memory
from optalloc.sweeps.messages import Finished, Status
from optalloc.sweeps.store import Store

__all__ = ["POLICIES", "roll"]

# How policies are named on the command line.
POLICIES = ("certain", "futures", "both")
# Cases done, cases failed, cases in all.
CaseCallback = Callable[[int, int, int], None]


def roll(
    book: str | Path,
    *,
    every: int = 12,
    look_ahead: int = 72,
    policy: str | None = None,
    draws: int | None = None,
    seed: int = 0,
    jobs: int | None = None,
    cluster: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    gap: float | None = None,
    time_limit_s: float | None = None,
    case_limit_s: float | None = None,
    memory_gb: float | None = None,
    model: str | Path | Model | None = None,
    approved: str | Path | None = None,
    on_case: CaseCallback | None = None,
) -> RollResult:
    """Make the plan again and again, each time with what is known by then, in each future.

    On each day of re-planning what falls due before the next one is fixed. In the end the workbook
    of what really came is solved with all decisions held, over the whole horizon: that is the cost
    of the roll, and it is compared with the best plan for the same future, had it been known.

    Parameters
    ----------
    book : str or Path
        An .xlsx workbook, or a folder of CSV files.
    every : int
        Months from one plan to the next.
    look_ahead : int
        Months that each plan looks ahead: it sees the periods that begin within them.
    policy : str, optional
        ``"certain"``: each plan is of the expected figures, given what is known; ``"futures"``: of
        all scenarios that agree with what is known; ``"both"``. By default both where something is
        uncertain, and else ``"certain"``.
    draws : int, optional
        So many futures drawn independently from the sheet Ranges; by default they are the scenarios
        of the workbook, by their probability.
    seed : int
        Of the draws.
    jobs : int, optional
        Workers on this machine, each with one solver thread; as many as cores by default.
    cluster : str, optional
        Address of a Dask scheduler whose workers are used instead.
    out : str or Path, optional
        Folder in which finished cases are kept as they come, and the result in ``roll.html`` and
        ``roll.xlsx``.
    resume : bool
        Use the cases that are in the folder already, where none of their inputs has changed.
    force : bool
        Delete them.
    gap, time_limit_s : float, optional
        Of each solve; of the workbook by default.
    case_limit_s : float, optional
        Seconds after which a policy in a future is given up as hanging.
    memory_gb : float, optional
        Memory of one worker; by default its share of the machine's.
    model : str, Path or Model, optional
        Model folder; the capacity model by default.
    approved : str or Path, optional
        The plan.xlsx that was approved last, as for `optalloc.solve`.
    on_case : callable, optional
        Called with the numbers of cases done, failed and in all.

    Returns
    -------
    RollResult

    Raises
    ------
    InputError
        With every problem of the workbook at once, before anything runs.
    NoPlanError
        If Ctrl-C ended it; finished cases are kept in the folder.
    OptallocError
        With everything at once that makes no sense of what is asked; or if no worker can start, or
        the folder cannot be written to.
    """
    refused = [*_refused(every, look_ahead, policy, draws)]
    if refused:
        raise OptallocError("\n".join(refused))
    data, loaded, problems = open_book(book, model, approved)
    options = {"gap": gap, "time_limit_s": time_limit_s}
    chosen = options_of(data, loaded, options)
    tree = loaded.scenario_tree(data)
    if tree is None and draws is None and policy not in (None, "certain"):
        raise OptallocError(
            f"{book}: nothing is uncertain in it, so that there is one future, and policy must be "
            f"certain; found {policy!r}. Fill in the sheet Uncertainties for others."
        )
    forecast, futures = _futures(data, loaded, problems, draws, seed)
    policies = _policies(policy, uncertain=len(forecast.tree.scenarios) > 1)
    steps = loaded.steps(data)
    if steps.empty:
        raise OptallocError(f"{loaded.path}: no family of this model has steps of time")
    base = RollBase(
        Base.of(forecast.data, loaded, options),
        forecast.tree,
        forecast.drawn,
        replanning_days(steps, every, look_ahead),
    )
    cases = tuple(RollCase(one, f) for f in futures for one in (Policy.FORESIGHT, *policies))
    large = Policy.FUTURES in policies and _is_large(forecast, loaded, chosen)
    run = _Run(base, cases, Path(out) if out is not None else None, on_case)
    run.open(resume=resume, force=force)
    solves = len(base.days) + 1
    limits = Limits(
        case_limit(case_limit_s, chosen.time_limit_s, solves), worker_memory(memory_gb, jobs)
    )
    try:
        run.solve(limits, jobs or cores(), cluster, large=large)
    except KeyboardInterrupt:
        kept = f"; {len(run.found)} of {len(cases)} cases are finished" if out else ""
        more = ". Run the same command with --resume to finish it." if out else ""
        raise NoPlanError(f"interrupted{kept}{more}") from None
    tables, specs = figures_of(cases, run.results, loaded.actions, draws)
    result = result_of(Path(book).name, every, look_ahead, draws, tables, specs)
    if out is not None:
        result.to_html(Path(out) / "roll.html")
        result.to_excel(Path(out) / "roll.xlsx")
    return result


def _refused(every: object, look_ahead: object, policy: object, draws: object) -> Iterator[str]:
    """Everything that makes no sense of what is asked, in words."""
    whole = {"every": every, "look-ahead": look_ahead}
    wrong = [
        name
        for name, months in whole.items()
        if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 1200
    ]
    for name in wrong:
        yield f"{name} must be a whole number of months from 1 to 1,200; found {whole[name]!r}"
    if not wrong and look_ahead < every:  # type: ignore[operator]
        yield (
            f"look-ahead must be no shorter than every, or what falls due before the next plan "
            f"would not be seen; found {look_ahead} and {every} months"
        )
    if policy is not None and policy not in POLICIES:
        yield f"policy must be one of {', '.join(POLICIES)}; found {policy!r}"
    if draws is not None and not (isinstance(draws, int) and 1 <= draws <= MOST_SCENARIOS):
        yield f"draws must be a whole number from 1 to {MOST_SCENARIOS:,}; found {draws!r}"


def _policies(policy: str | None, *, uncertain: bool) -> tuple[Policy, ...]:
    if policy == "both" or (policy is None and uncertain):
        return Policy.CERTAIN, Policy.FUTURES
    return (Policy(policy or "certain"),)


# Futures ----------------------------------------------------------------------------------------


def _futures(
    data: Dataset, model: Model, problems: Sequence[Problem], draws: int | None, seed: int
) -> tuple[Forecast, tuple[Future, ...]]:
    """The tree by which plans look ahead, and the futures that come true."""
    tree = model.scenario_tree(data)
    if draws is None and tree is None:
        return (forecast := without_tree(data)), _own_futures(forecast)
    if draws is None:
        assert tree is not None
        _refuse_invalid(data, tree.scenarios, model)
        forecast = Forecast(data, tree)
        return forecast, _own_futures(forecast)
    ranged = ranges_in(data, model, problems)
    sample = draws_of(data, ranged, model, draws, seed, stratified=False).data
    drawn = model.scenario_tree(sample)
    assert drawn is not None
    _refuse_invalid(sample, drawn.scenarios, model)
    known = set() if tree is None else {one.name for one in tree.uncertainties}
    data = _with_outcomes(data, [one for one in ranged if one.name not in known])
    tree = model.scenario_tree(data)
    assert tree is not None
    forecast = Forecast(data, tree, frozenset(one.name for one in ranged))
    names = [one.name for one in tree.uncertainties]
    futures = tuple(
        Future(
            one.name,
            tuple(sorted(one.outcomes, key=lambda outcome: names.index(outcome[0]))),
            one.probability,
            changes_by_uncertainty(sample, one),
        )
        for one in drawn.scenarios
    )
    _refuse_unforeseen(forecast, futures)
    return forecast, futures


def _own_futures(forecast: Forecast) -> tuple[Future, ...]:
    return tuple(
        Future(
            one.name,
            one.outcomes,
            one.probability,
            changes_by_uncertainty(forecast.data, one),
        )
        for one in forecast.tree.scenarios
    )


def _with_outcomes(data: Dataset, ranged: Sequence[RangedUncertainty]) -> Dataset:
    """The workbook with three outcomes of each range that has none, by which plans look ahead."""
    if not ranged:
        return data
    if len(data[SCENARIOS.name]):
        names = ", ".join(one.name for one in ranged)
        must = f"combinations of outcomes must name {names}, of which futures are to be drawn"
        action = "Remove these rows, or generate the outcomes of the sheet Ranges first."
        row = data[SCENARIOS.name].index[0]
        raise InputError(
            [data.problem(SCENARIOS.name, row, "scenario", must, action, "range-taken")]
        )
    return three_points(data, ranged).data


def _refuse_invalid(data: Dataset, scenarios: Sequence[Scenario], model: Model) -> None:
    wrong = scenario_datasets(data, scenarios, model)[1]
    if wrong:
        raise InputError(wrong)


def _refuse_unforeseen(forecast: Forecast, futures: Sequence[Future]) -> None:
    """Refuse futures with outcomes that no scenario of the tree has together."""
    last = pd.Timestamp.max
    for future in futures:
        if not forecast.outlooks(future, last):
            listed = "; ".join(
                "=".join(one) for one in future.outcomes if one[0] not in forecast.drawn
            )
            raise OptallocError(
                f"{future.name} has the outcomes {listed}, which no row of the sheet "
                f"{SCENARIOS.name} has: list it, or leave the sheet empty"
            )


def _is_large(forecast: Forecast, model: Model, options: Options) -> bool:
    """True if the tree is solved scenario by scenario, in processes of its own.

    Raises
    ------
    InputError
        If an outcome is felt before it is known.
    """
    made = scenarios_of(forecast.data, model, forecast.tree, across=False)
    return is_large(made.stochastic, options.parameters.futures)


# Cases ------------------------------------------------------------------------------------------


@dataclass
class _Run:
    """A roll under way: its finished cases, and their folder."""

    base: RollBase
    cases: tuple[RollCase, ...]
    folder: Path | None
    on_case: CaseCallback | None
    found: dict[int, Finished] = field(default_factory=dict)
    store: Store | None = None

    def __post_init__(self) -> None:
        self.keys = self.base.keys(self.cases)

    @property
    def results(self) -> list[Finished]:
        """By case."""
        return [self.found[k] for k in range(len(self.cases))]

    def open(self, *, resume: bool, force: bool) -> None:
        """Open the folder, and take the finished cases from it."""
        if self.folder is None:
            return
        self.store = Store(self.folder, resume=resume, force=force)
        for number, case in enumerate(self.cases):
            kept = self.store.get(self.keys[case.name]) if resume else None
            if kept is not None:
                self.found[number] = kept

    def solve(self, limits: Limits, jobs: int, cluster: str | None, *, large: bool) -> None:
        """Roll the cases that are missing.

        Policies of a large tree are rolled here, one after another: each of their plans is solved
        by workers of its own.
        """
        self._report()
        missing: list[Task] = [
            (number, case, self.keys[case.name])
            for number, case in enumerate(self.cases)
            if number not in self.found
        ]
        here = [one for one in missing if large and one[1].policy is Policy.FUTURES]
        there = [one for one in missing if one not in here]
        if there:
            run_rolls(self.base, there, jobs, limits, self._take, cluster)
        if here:
            roller = Roller(self.base, None, cluster)
            for number, case, key in here:
                self._take(number, roller.solve(case, key))

    def _take(self, number: int, finished: Finished) -> None:
        if self.store is not None and finished.is_result and finished.key:
            self.store.put(finished)
        self.found[number] = finished
        self._report()

    def _report(self) -> None:
        if self.on_case is not None:
            failed = sum(one.status is Status.FAILED for one in self.found.values())
            self.on_case(len(self.found), failed, len(self.cases))
