"""A campaign as one call: instances in, every route on every one of them out, compared."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil

from optalloc.analysis.bench import phases, sentences
from optalloc.analysis.bench import tables as specs
from optalloc.analysis.bench.answers import Known, read_known
from optalloc.analysis.bench.instances import (
    Instance,
    Source,
    instances_of,
    is_program_file,
    seeds_of,
)
from optalloc.analysis.bench.machine import cores, machine, versions
from optalloc.analysis.bench.mistakes import Mistakes
from optalloc.analysis.bench.page import write_page
from optalloc.analysis.bench.result import counted, findings_of
from optalloc.analysis.bench.routes import Limits, compiled, routes_of
from optalloc.analysis.bench.runner import FAILED, Task, campaign, missing, tasks_of
from optalloc.analysis.bench.store import RunStore
from optalloc.errors import NoPlanError, OptallocError
from optalloc.mip.outcome import Options, Strategy
from optalloc.modelling.model import Model, load_model
from optalloc.modelling.outputs import TableSpec
from optalloc.report.findings import Findings
from optalloc.report.progress import with_bar
from optalloc.solving.selection import chosen

__all__ = ["LIMIT_S", "bench"]

LIMIT_S = 60.0
# Of the machine's memory, what a run may take where no limit is given.
_MEMORY_SHARE = 0.9

# Runs done, runs failed, runs in all.
RunCallback = Callable[[int, int, int], None]


@with_bar
def bench(
    sources: Source | Sequence[Source],
    *,
    out: str | Path | None = None,
    time_limit_s: float = LIMIT_S,
    solvers: Sequence[str] = (),
    strategies: Sequence[str | Strategy] = (),
    seeds: str | Sequence[int] = (),
    threads: int | None = None,
    gap: float | None = None,
    memory_gb: float | None = None,
    known: str | Path | None = None,
    against: str | Path | None = None,
    model: str | Path | Model | None = None,
    on_phase: Callable[[str], object] | None = None,
    on_case: RunCallback | None = None,
) -> Findings:
    """Measure solvers and strategies on instances, each run in a process of its own.

    A run that crashes, hangs or takes too much memory costs itself alone. Runs are kept in `out` as
    they end; called again with the same folder, only those that are missing are made.

    Parameters
    ----------
    sources : str, Path, mapping of str to pandas.DataFrame, or a sequence of them
        Workbooks (.xlsx files, folders of CSV files, or frames by sheet name), files of programs
        (``.mps``, ``.lp``, also packed as ``.gz``), and generated sizes with their seeds, such as
        ``"S:1-3"``.
    out : str or Path, optional
        Folder for the runs, ``bench.html`` and ``bench.xlsx``; by default nothing is kept.
    time_limit_s : float
        Seconds for each run, from reading on.
    solvers : sequence of str, optional
        By default all that are installed, or HiGHS alone where strategies are named.
    strategies : sequence of str or Strategy, optional
        Of HiGHS; by default direct, race and decompose.
    seeds : str or sequence of int, optional
        Seeds of the solver, also as text such as ``"0-9"``; by default the one of the workbook.
    threads, gap : optional
        Solver options of each run; those not given come from the workbook.
    memory_gb : float, optional
        Memory of a run with all its processes; by default nine tenths of the machine's.
    known : str or Path, optional
        A CSV of best plans and bounds that are known (instance, objective, bound), against which
        answers are held.
    against : str or Path, optional
        Folder of an earlier campaign to compare with.
    model : str, Path or Model, optional
    on_phase : callable, optional
        Called with the name of each step as it begins.
    on_case : callable, optional
        Called with the numbers of runs done, failed and in all.

    Returns
    -------
    Findings
        Sentences, and tables: Wrong answers, Routes, Ratios, Profile, Runs, Traces, Conditions;
        ``Against earlier`` where there is one; Phases and Sizes of a single workbook.

    Raises
    ------
    InputError
        With every problem of all workbooks at once.
    NoPlanError
        If Ctrl-C ended it; finished runs are kept in `out`.
    OptallocError
        If there is no such solver, strategy or file, all of them at once; or the folder holds runs
        of another machine or version.
    """
    listed = [sources] if isinstance(sources, str | Path | Mapping) else [*sources]
    if not listed:
        raise OptallocError("there must be an instance: a workbook, a program or a size")
    loaded = model if isinstance(model, Model) else load_model(model)
    say = on_phase or (lambda _: None)
    mistakes = Mistakes()
    with mistakes.noted():
        chosen_seeds = seeds_of(seeds) if isinstance(seeds, str) else [*seeds]
    with mistakes.noted():
        routes = routes_of(solvers, strategies, str(loaded.path))
    with mistakes.noted():
        best_known = {} if known is None else read_known(known)
    with mistakes.noted():
        earlier = None if against is None else counted(RunStore(Path(against), make=False), {})
    with _folder(out) as folder:
        say("read")
        instances = instances_of(listed, loaded, folder / "instances", mistakes)
        mistakes.insist()
        store = RunStore(folder)
        given = _Given(gap, threads, time_limit_s)
        tasks = tasks_of(instances, routes, chosen_seeds, given.limits)
        todo = missing(tasks, store)
        _refuse_mixture(store, todo)
        say("solve")
        interrupted = not _make(todo, len(tasks), store, _memory_mb(memory_gb), on_case)
        done = len(tasks) - len(missing(tasks, store))
        findings = _found(store, instances, best_known, earlier, str(loaded.path))
        if out is not None and findings is not None:
            write_page(findings, folder.resolve().name, folder / "bench.html")
            findings.to_excel(folder / "bench.xlsx")
    if interrupted or findings is None:
        kept = (
            f"; {done} of {len(tasks)} runs are kept in {out}. Run the same command again to make"
        )
        raise NoPlanError("interrupted" + (f"{kept} the others." if out is not None else ""))
    return findings


@dataclass(frozen=True)
class _Given:
    """Options of all runs; those not given are an instance's own."""

    gap: float | None
    threads: int | None
    seconds: float

    def limits(self, instance: Instance, seed: int) -> Limits:
        """Limits of one run."""
        own = instance.options
        return Limits(
            gap=own.gap if self.gap is None else self.gap,
            seconds=self.seconds,
            threads=self.threads or own.threads or cores(),
            seed=seed,
        )


@contextlib.contextmanager
def _folder(out: str | Path | None) -> Iterator[Path]:
    """The folder of the runs: the one given, or one that is gone afterwards."""
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _memory_mb(given_gb: float | None) -> float:
    if given_gb is not None:
        return 1024 * given_gb
    return _MEMORY_SHARE * psutil.virtual_memory().total / 2**20


def _refuse_mixture(store: RunStore, todo: Sequence[Task]) -> None:
    """Refuse to add runs to those of another machine or other versions."""
    runs = store.runs()
    if runs.empty or not todo:
        return
    if {*runs["machine"]} != {machine()} or {*runs["versions"]} != {json.dumps(versions())}:
        raise OptallocError(
            f"{store.folder}: holds runs of another machine or of other versions, whose seconds do "
            "not compare. Name another folder, and this one with --against."
        )


def _make(
    todo: Sequence[Task], total: int, store: RunStore, memory_mb: float, on_case: RunCallback | None
) -> bool:
    """Make the runs that are missing; False where Ctrl-C ended it."""
    done, failed = total - len(todo), 0
    report = on_case or (lambda *_: None)
    report(done, failed, total)
    try:
        for row in campaign(todo, store, memory_mb):
            done, failed = done + 1, failed + (row["stop_reason"] == FAILED)
            report(done, failed, total)
    except KeyboardInterrupt:
        return False
    return True


def _found(
    store: RunStore,
    instances: Sequence[Instance],
    known: Mapping[str, Known],
    earlier: tuple[pd.DataFrame, pd.DataFrame] | None,
    model: str,
) -> Findings | None:
    """Findings of all runs in the folder; None where there are none yet."""
    runs, traces = counted(store, {one.name: one.digest for one in instances})
    if runs.empty:
        return None
    remarks = list(dict.fromkeys(remark for one in instances for remark in one.remarks))
    more: dict[str, tuple[TableSpec, pd.DataFrame]] = {}
    if len(instances) == 1 and not is_program_file(instances[0].path):
        own = runs[runs["instance"] == instances[0].name]
        more, said = _of_workbook(instances[0], own, model)
        remarks += said
    return findings_of(runs, traces, known, earlier, remarks=remarks, more=more)


def _of_workbook(
    instance: Instance, runs: pd.DataFrame, model: str
) -> tuple[dict[str, tuple[TableSpec, pd.DataFrame]], list[str]]:
    """Tables and sentences on what a single workbook consists of, and what would help."""
    built = compiled(instance.path, model)
    seconds, sizes = phases.phase_table(built), phases.size_table(built.arrays)
    threads = int(runs["threads"].max()) if len(runs) else None
    usual = chosen(built.arrays, Options(threads=threads))[0]
    said = [
        *phases.of_phases(seconds, float(runs["seconds_solve"].min())),
        *phases.of_sizes(built.arrays, sizes),
        *sentences.on_choice(runs, usual),
    ]
    tables = {specs.PHASES.name: (specs.PHASES, seconds), specs.SIZES.name: (specs.SIZES, sizes)}
    return tables, said
