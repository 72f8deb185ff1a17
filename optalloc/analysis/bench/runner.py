"""Runs of a campaign: each in a spawned process, watched for time and memory, and resumable."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import math
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import psutil

from optalloc.analysis.bench.figures import seconds_to
from optalloc.analysis.bench.instances import Instance
from optalloc.analysis.bench.machine import machine, versions
from optalloc.analysis.bench.routes import Limits, Measured, Tell
from optalloc.analysis.bench.store import GAPS, KEY, RunStore, thinned
from optalloc.mip.outcome import StopReason, relative_gap
from optalloc.solving.highs import abandoned_runs
from optalloc.solving.pool import leave_with_parent
from optalloc.system import ended_by, infer_python_text, replacing

__all__ = ["Grace", "Named", "Task", "campaign", "missing", "tasks_of"]

FAILED = str(StopReason.FAILED)
_WATCH_S = 0.2
_TRACE = "trace.jsonl"


@dataclass(frozen=True)
class Grace:
    """Time beyond its limit in which a run may read its plan back and audit it; then it hangs.

    The larger of ``seconds`` and ``share`` of the limit: an XL plan was audited in 60 s.
    ``loading_s`` are for libraries, before the limit begins to count.
    """

    seconds: float = 120.0
    share: float = 1.0
    loading_s: float = 120.0


class Named(Protocol):
    """A route: its name, and how it is gone; pickled, as it is gone in another process."""

    @property
    def name(self) -> str:
        """Name in tables."""
        ...

    def __call__(self, path: Path, limits: Limits, tell: Tell) -> Measured:
        """Go it."""
        ...


@dataclass(frozen=True)
class Task:
    """One run: an instance, a route, and how far it may go."""

    instance: Instance
    route: Named
    limits: Limits

    @property
    def key(self) -> tuple[Any, ...]:
        """The key that tells it from others, in the order of `store.KEY`."""
        of = self.limits
        return (self.instance.name, self.route.name, of.threads, of.seed, of.gap, of.seconds)


def tasks_of(
    instances: Iterable[Instance],
    routes: Sequence[Named],
    seeds: Sequence[int],
    limits: Callable[[Instance, int], Limits],
) -> list[Task]:
    """Every instance and seed by every route, the routes of one beside each other in time.

    Parameters
    ----------
    limits : callable
        ``limits(instance, seed)``.
    """
    return [
        Task(instance, route, limits(instance, seed))
        for instance in instances
        for seed in (seeds or [instance.options.seed])
        for route in routes
    ]


def missing(tasks: Iterable[Task], store: RunStore) -> list[Task]:
    """Those that were not made yet, or of an input that has changed since."""
    done = store.done()
    # Runs of the project's first campaigns have no digest.
    return [task for task in tasks if done.get(task.key) not in ("", task.instance.digest)]


def campaign(
    tasks: Iterable[Task], store: RunStore, memory_mb: float, grace: Grace | None = None
) -> Iterator[dict[str, Any]]:
    """Make runs one after the other, and keep each as it ends.

    Yields
    ------
    dict
        The row of each run.
    """
    for task in tasks:
        row, trace = run(task, memory_mb, grace or Grace())
        store.add(row, trace)
        yield row


def run(task: Task, memory_mb: float, grace: Grace) -> tuple[dict[str, Any], pd.DataFrame]:
    """Make one run; a crash, a hang or too much memory ends that run alone."""
    load, when = psutil.getloadavg()[0], dt.datetime.now(dt.UTC)
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(task, out))
        process.start()
        try:
            note, peak_mb = _watch(process, out / _TRACE, task.limits, memory_mb, grace)
        finally:
            # Ctrl-C too.
            _kill(process)
        trace = thinned(_points(out / _TRACE), (task.limits.gap,))
        answer = out / "answer.json"
        reported = json.loads(answer.read_text()) if answer.exists() else None
        if reported is not None:
            note = "; ".join(filter(None, [note, reported["note"]]))
        elif not note:
            note = (
                _last_words(out / "error.txt")
                or f"crashed: its process {ended_by(process.exitcode)}"
            )
    found = _measured(reported)
    if reported:
        # What was taken back in the end, such as a candidate that was no plan, does not count.
        trace["objective"] = trace["objective"].clip(lower=found.objective)
        trace["bound"] = trace["bound"].clip(upper=found.bound)
    row = _row(task, found, reported, trace, peak_mb)
    return {
        **row,
        "note": note,
        "memory_limit_mb": memory_mb,
        "load_at_start": round(load, 2),
        "when": when.isoformat(timespec="seconds"),
        "digest": task.instance.digest,
        "versions": json.dumps(versions()),
        "machine": machine(),
    }, trace


def _work(task: Task, out: Path) -> None:
    """Go the route, in a process of its own, and write down what is known as it becomes known."""
    # Ctrl-C reaches every process of a terminal; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=leave_with_parent, daemon=True).start()
    # What libraries print is not for whoever reads the rows.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    infer_python_text()
    begun = time.perf_counter()
    with (out / _TRACE).open("a", buffering=1) as stream:

        def tell(seconds: float, objective: float, bound: float) -> None:
            stream.write(json.dumps([seconds, objective, bound]) + "\n")

        try:
            found = task.route(task.instance.path, task.limits, tell)
        except BaseException as error:
            (out / "error.txt").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
            os._exit(1)
    reported = asdict(found) | {"total": time.perf_counter() - begun}
    with replacing(out / "answer.json") as draft:
        draft.write_text(json.dumps(reported), encoding="utf-8")
    if abandoned_runs():
        os._exit(0)


def _watch(
    process: Any, begins: Path, limits: Limits, memory_mb: float, grace: Grace
) -> tuple[str, float]:
    """Wait for a run, and end it if it takes too much; gives why, and its most memory in MB.

    ``begins`` is a file that is there once libraries are loaded and the run begins.
    """
    begun, peak, loading = time.monotonic(), 0.0, True
    longest = grace.loading_s
    while process.is_alive():
        process.join(_WATCH_S)
        if loading and begins.exists():
            begun, loading = time.monotonic(), False
            longest = limits.seconds + max(grace.seconds, grace.share * limits.seconds)
        now = _memory_mb(process.pid)
        peak = max(peak, now)
        if now > memory_mb:
            return f"out of memory: more than {memory_mb:,.0f} MB", peak
        if time.monotonic() - begun > longest:
            return f"hung: no answer after {longest:,.4g} s", peak
    return "", peak


def _family(pid: int) -> list[psutil.Process]:
    """A process and all that it started; none where it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory_mb(pid: int) -> float:
    """Memory of a process and all that it started; 0 where one of them has just ended."""
    try:
        return float(sum(member.memory_info().rss for member in _family(pid))) / 2**20
    except psutil.Error:
        return 0.0


def _kill(process: Any) -> None:
    """End a process and all that it started, if it has not ended."""
    for member in _family(process.pid) if process.is_alive() else ():
        with contextlib.suppress(psutil.Error):
            member.kill()
    process.join()


def _points(path: Path) -> list[tuple[float, float, float]]:
    """Read a trace, up to a last line that may not be complete."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [tuple(json.loads(line)) for line in lines]


def _last_words(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())[:300] if path.exists() else ""


def _measured(reported: dict[str, Any] | None) -> Measured:
    """The result that a run wrote down, if it did."""
    return Measured(**{k: reported[k] for k in asdict(Measured())}) if reported else Measured()


def _row(
    task: Task,
    found: Measured,
    reported: dict[str, Any] | None,
    trace: pd.DataFrame,
    peak_mb: float,
) -> dict[str, Any]:
    """Everything that is known of a run; the trace of a killed one counts."""
    objective, bound = found.objective, found.bound
    if not reported and len(trace):
        objective, bound = float(trace["objective"].min()), float(trace["bound"].max())
    plans = trace[trace["objective"] < math.inf]
    reached = {name: seconds_to(trace, gap) for name, gap in GAPS.items()}
    reached["seconds_to_gap"] = seconds_to(trace, task.limits.gap)
    if found.stop_reason == StopReason.INFEASIBLE:
        # A proof, too.
        reached = dict.fromkeys(reached, sum(found.seconds.values()))
        bound = math.inf
    return {
        **dict(zip(KEY, task.key, strict=True)),
        "group": task.instance.group,
        "seconds_read": sum(found.seconds.get(name, 0.0) for name in ("read", "validate")) or None,
        **{f"seconds_{name}": found.seconds.get(name) for name in ("build", "compile")},
        "seconds_first_plan": plans["seconds"].iloc[0] if len(plans) else math.nan,
        **reached,
        "seconds_solve": found.seconds.get("solve"),
        "seconds_total": reported["total"] if reported else math.nan,
        "objective": objective,
        "bound": bound,
        "gap": relative_gap(objective, bound),
        "maximised": task.instance.maximised,
        "integrality": found.integrality,
        "row_violation": found.row_violation,
        "peak_mb": round(peak_mb, 1),
        "stop_reason": found.stop_reason if reported else FAILED,
        "audit_passed": found.audit_passed,
        **found.size,
    }
