"""A sweep as one call: a workbook and the name of a sweep in, all cases solved out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.reader import fold, suggest
from optalloc.data.validate import accepted
from optalloc.errors import InputError, NoPlanError, OptallocError, Problem, Severity
from optalloc.modelling.base import Base
from optalloc.modelling.model import Model, load_model, options_of
from optalloc.modelling.tables import ENGINE_TABLES, RUN, SUMMARY, units_in
from optalloc.plan.approved import open_workbook
from optalloc.plan.held import held_rows
from optalloc.plan.timelines import roles_of
from optalloc.report.progress import with_bar
from optalloc.scenarios.assemble import assembled, entries_of_sheet
from optalloc.scenarios.definition import Change, Sweep
from optalloc.scenarios.designs import Case, cases_of
from optalloc.scenarios.sheet import SWEEPS, Operation
from optalloc.scenarios.tomlfile import entries_of_toml
from optalloc.scenarios.trial import rule_problems
from optalloc.scenarios.uncertainty_sheets import as_it_stands
from optalloc.solving.workers import case_limit, cores, worker_memory
from optalloc.spreadsheet.frames import Book
from optalloc.sweeps.case_solver import CaseSolver
from optalloc.sweeps.messages import Finished, Status
from optalloc.sweeps.pool import Limits, run_cases
from optalloc.sweeps.queue import CaseQueue
from optalloc.sweeps.result import SweepResult, gathered
from optalloc.sweeps.store import Store

__all__ = ["sweep"]

# Cases done, cases failed, cases in all.
CaseCallback = Callable[[int, int, int], None]


@with_bar
def sweep(
    book: Book,
    name: str | None = None,
    *,
    jobs: int | None = None,
    cluster: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    gap: float | None = None,
    time_limit_s: float | None = None,
    seed: int | None = None,
    case_limit_s: float | None = None,
    memory_gb: float | None = None,
    model: str | Path | None = None,
    approved: str | Path | None = None,
    hold: Sequence[str | Path] = (),
    until: str | None = None,
    partial: bool = False,
    on_case: CaseCallback | None = None,
) -> SweepResult:
    """Solve every case of a sweep, each to a proven gap and audited.

    Parameters
    ----------
    book : str, Path or mapping of str to pandas.DataFrame
        An .xlsx workbook, a folder of CSV files, or frames by sheet name.
    name : str, optional
        A sweep of the workbook's Sweeps sheet, or a TOML file; if the file holds several,
        ``file.toml:name``. It may be left out where there is one sweep.
    jobs : int, optional
        Workers on this machine, each with one solver thread; as many as cores by default.
    cluster : str, optional
        Address of a Dask scheduler whose workers are used instead.
    out : str or Path, optional
        Folder in which finished cases are kept as they come, and the result in Parquet, with its
        pictures in ``sweep.html`` and ``sweep.xlsx``.
    resume : bool
        Use the cases that are in the folder already, where none of their inputs has changed.
    force : bool
        Delete them.
    gap, time_limit_s, seed : optional
        Solver options of every case; those not given come from the workbook.
    case_limit_s : float, optional
        Seconds after which a case is given up as hanging; by default twice the time limit and two
        minutes, or none.
    memory_gb : float, optional
        Memory of one worker; by default its share of the machine's.
    model : str or Path, optional
        Model folder; the capacity model by default.
    approved : str or Path, optional
        The plan.xlsx that was approved last, as for `optalloc.solve`.
    hold : sequence of str or Path
        Plans whose early decisions are held: every case is solved free, and once more with each of
        them. `SweepResult.regret` has the cost of that.
    until : str, optional
        Date before which decisions of those plans are held, as YYYY-MM-DD.
    partial : bool
        True to return what is finished when Ctrl-C ends it, with a notice; cases that were not
        solved have no plan, and the reason says so.
    on_case : callable, optional
        Called with the numbers of cases done, failed and in all.

    Returns
    -------
    SweepResult

    Raises
    ------
    InputError
        With every problem of the workbook and of the sweep at once, before anything runs.
    NoPlanError
        If Ctrl-C ended it, unless a part is wanted and there is one; finished cases are kept in the
        folder.
    OptallocError
        If there is no such sweep, no worker can start, or the folder cannot be written to.
    """
    loaded = load_model(model)
    workbook = open_workbook(book, loaded, approved)
    data, problems = accepted(workbook, loaded)
    wanted = _chosen(name, data, loaded, problems)
    held = held_rows(hold, until, data, loaded)
    free = cases_of(wanted)
    cases = [replace(case, held=plan) for plan in ("", *held) for case in free]
    options = {"gap": gap, "time_limit_s": time_limit_s, "seed": seed}
    base = Base.of(data, loaded, options, held)
    run = _Run(cases, Path(out) if out is not None else None, on_case)
    run.open(base, resume=resume, force=force)
    time_limit = options_of(data, loaded, options).time_limit_s
    limits = Limits(case_limit(case_limit_s, time_limit), worker_memory(memory_gb, jobs))
    stopped: list[str] = []
    try:
        run.solve(base, limits, jobs, cluster)
    except KeyboardInterrupt:
        kept = f"{run.done} of {len(cases)} cases are finished"
        if not (partial and run.done):
            said = f"interrupted{f'; {kept}' if out else ''}"
            raise NoPlanError(f"{said}{run.how_to_go_on}") from None
        stopped = [f"It was stopped: {kept}."]
    notices = [*stopped, *as_it_stands(data)]
    about = _about(wanted, base, loaded) | {"notices": notices}
    result = gathered(about, cases, run.results)
    if out is not None:
        if not stopped:
            # By its file a sweep counts as finished.
            result.to_parquet(out)
        result.to_html(Path(out) / "sweep.html")
        result.to_excel(Path(out) / "sweep.xlsx")
    return result


_NOT_SOLVED = Finished(key="", status=Status.NO_PLAN, reason="it was stopped before it was solved")


@dataclass
class _Run:
    """A sweep under way: its finished cases, and their folder."""

    cases: Sequence[Case]
    folder: Path | None
    on_case: CaseCallback | None

    def __post_init__(self) -> None:
        self.found: dict[int, Finished] = {}
        self.store: Store | None = None

    @property
    def done(self) -> int:
        """Cases that have ended."""
        return len(self.found)

    @property
    def how_to_go_on(self) -> str:
        """Advice after an interruption."""
        return ". Run the same command with --resume to finish it." if self.folder else ""

    @property
    def results(self) -> list[Finished]:
        """By case."""
        return [self.found.get(k, _NOT_SOLVED) for k in range(len(self.cases))]

    def open(self, base: Base, *, resume: bool, force: bool) -> None:
        """Open the folder, and take the finished cases from it."""
        if self.folder is None:
            return
        self.store = Store(self.folder, resume=resume, force=force)
        if resume:
            solver = CaseSolver(base)
            for position, case in enumerate(self.cases):
                kept = self.store.get(solver.key(case))
                if kept is not None:
                    self.found[position] = kept

    def solve(self, base: Base, limits: Limits, jobs: int | None, cluster: str | None) -> None:
        """Solve the cases that are missing."""
        queue = CaseQueue(self.cases, self.found)
        self._report()
        if not len(queue):
            return
        run_cases(base, queue, jobs or cores(), limits, self._take, cluster)

    def _take(self, position: int, finished: Finished) -> None:
        if self.store is not None and finished.is_result and finished.key:
            self.store.put(finished)
        self.found[position] = finished
        self._report()

    def _report(self) -> None:
        if self.on_case is not None:
            failed = sum(one.status is Status.FAILED for one in self.found.values())
            self.on_case(len(self.found), failed, len(self.cases))


def _chosen(name: str | None, data: Dataset, model: Model, known: Iterable[Problem]) -> Sweep:
    """The sweep of that name, tried on the base workbook; mistakes in others do not matter."""
    path, inner = _toml_of(name)
    wanted = inner if path else name
    if path is None:
        entries = entries_of_sheet(data)
        unread = list(_sheet_errors(wanted, data, known))
        if unread:
            raise InputError(unread)
    else:
        entries = entries_of_toml(path)
    named = [e for e in entries if wanted is None or _is_of(wanted, e.cells["sweep"])]
    # The message for an unknown name lists all names.
    sweeps, problems = assembled(named or entries, data)
    if problems:
        raise InputError(problems)
    where = path.name if path else f"sheet {SWEEPS.name}"
    if wanted is None and len(sweeps) == 1:
        found = next(iter(sweeps.values()))
    else:
        found = _named(wanted, sweeps, where)
    problems = list(rule_problems(found, data, model))
    if problems:
        raise InputError(problems)
    return found


def _is_of(wanted: str, sweep: object) -> bool:
    return fold(str(sweep)) == fold(wanted)


def _sheet_errors(
    wanted: str | None, data: Dataset, problems: Iterable[Problem]
) -> Iterator[Problem]:
    """Errors on the Sweeps sheet, but for those in rows of other sweeps."""
    names, place = data[SWEEPS.name]["sweep"], data.places[SWEEPS.name]
    for problem in problems:
        row = problem.order[1]
        known = wanted is not None and row in names.index and not pd.isna(names[row])
        if problem.severity is not Severity.ERROR or problem.sheet != place.name:
            continue
        if not known or _is_of(str(wanted), names[row]):
            yield problem


def _toml_of(name: str | None) -> tuple[Path | None, str | None]:
    """A TOML file and the name of a sweep in it, if the name has that form."""
    if name is None:
        return None, None
    file, sign, inner = name.rpartition(":")
    if sign and file.lower().endswith(".toml"):
        return Path(file), inner
    return (Path(name), None) if name.lower().endswith(".toml") else (None, None)


def _named(name: str | None, sweeps: Mapping[str, Sweep], where: str) -> Sweep:
    by_fold = {fold(known): one for known, one in sweeps.items()}
    if name is not None and fold(name) in by_fold:
        return by_fold[fold(name)]
    if not sweeps:
        raise OptallocError(
            f"{where}: has no sweep. Fill in the sheet, or name a TOML file of sweeps."
        )
    known = ", ".join(sweeps)
    if name is None:
        raise OptallocError(f"{where}: has several sweeps. Name one of: {known}.")
    guess = suggest(name, sweeps)
    action = f"Did you mean {guess!r}?" if guess else f"There are: {known}."
    raise OptallocError(f"{where}: has no sweep {name!r}. {action}")


def _about(wanted: Sweep, base: Base, model: Model) -> dict[str, Any]:
    return {
        "sweep": wanted.name,
        "design": str(wanted.design),
        "changes": {change.name: change.steps for change in wanted.changes},
        "samples": wanted.samples,
        "seed": wanted.seed,
        "options": {k: v for k, v in base.options.items() if v is not None},
        "versions": dict(base.versions),
        "input_hash": base.digest,
        "model_hash": base.model_digest,
        "units": {change.name: _unit(change, model) for change in wanted.changes},
        "table_units": units_in((SUMMARY, *model.outputs.values(), *ENGINE_TABLES, RUN)),
        "figures": list(model.report.figures),
        "timelines": roles_of(model),
    }


def _unit(change: Change, model: Model) -> str:
    """Unit of a change's values, those of its first row."""
    target = change.targets[0]
    by_operation = {Operation.MULTIPLY: "times", Operation.SHIFT: "months later"}
    if target.operation in by_operation:
        return by_operation[target.operation]
    sheet = next(s for name, s in model.sheets.items() if fold(name) == fold(target.sheet))
    return next(c.unit for c in sheet.columns if fold(c.name) == fold(target.column))
