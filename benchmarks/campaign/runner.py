"""Runs of the campaign: each in a spawned process, watched for time and memory, and resumable."""

from __future__ import annotations

import datetime as dt
import json
import math
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from benchmarks.campaign.results import GAPS, KEY, Results, primal_integral, seconds_to, thinned
from benchmarks.campaign.routes import Limits, Measured, take
from benchmarks.machine import machine
from optalloc.mip.outcome import relative_gap
from optalloc.starting.load import load_generator

__all__ = ["Task", "campaign", "tasks"]

# Beyond its time limit a run may read its plan back and audit it; then it counts as hung.
GRACE_S, GRACE_SHARE = 120.0, 1.0
WATCH_S = 0.2


@dataclass(frozen=True)
class Task:
    """One run: an instance, by a size and a seed or as a folder, and a route."""

    instance: str
    size: str
    seed: int
    route: str
    limits: Limits
    folder: Path

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from others, in the order of `results.KEY`."""
        of = self.limits
        return (self.instance, self.route, of.threads, of.seed, of.gap, of.seconds)


def tasks(
    sizes: Iterable[str],
    seeds: Iterable[int],
    books: Iterable[Path],
    routes: Iterable[str],
    limits: Limits,
    instances: Path,
) -> list[Task]:
    """Every instance by every route, an instance at a time so that its routes lie side by side."""
    named = [(f"{size}-{seed}", size, seed) for size in sizes for seed in seeds]
    found = [(name, size, seed, instances / name) for name, size, seed in named]
    found += [(book.name, "book", 0, book) for book in books]
    chosen = list(routes)
    return [
        Task(name, size, seed, route, limits, folder)
        for name, size, seed, folder in found
        for route in chosen
    ]


def campaign(
    todo: Iterable[Task], results: Results, memory_mb: float, *, again: bool = False
) -> Iterator[dict[str, Any]]:
    """Make the runs that were not made yet, and keep each as it ends.

    Yields
    ------
    dict
        The row of each run.
    """
    done = set() if again else results.done()
    for task in todo:
        if task.key in done:
            continue
        _provide(task)
        row, trace = run(task, memory_mb)
        contradiction = results.learn(row)
        if contradiction:
            row["note"] = "; ".join(filter(None, [row["note"], contradiction]))
        best = results.best_known()["objective"].get(task.instance, math.inf)
        best = min(best, row["objective"])
        if math.isfinite(best):
            row["primal_integral"] = primal_integral(trace, best, task.limits.seconds)
        results.add(row, trace)
        yield row


def _provide(task: Task) -> None:
    """Make the instance if it is not there; it appears whole or not at all."""
    if task.size in load_generator().sizes and not task.folder.exists():
        task.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=task.folder.parent) as folder:
            load_generator().write(task.size, task.seed, Path(folder) / "book")
            (Path(folder) / "book").rename(task.folder)


def run(task: Task, memory_mb: float) -> tuple[dict[str, Any], pd.DataFrame]:
    """Make one run; a crash, a hang or too much memory ends that run alone."""
    load, when = os.getloadavg()[0], dt.datetime.now(dt.UTC)
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(task, out))
        process.start()
        note, peak_mb = _watch(process, task.limits, memory_mb)
        trace = thinned(_points(out / "trace.jsonl"))
        answer = out / "answer.json"
        told = json.loads(answer.read_text()) if answer.exists() else None
        if told is not None:
            note = "; ".join(filter(None, [note, told["note"]]))
        elif not note:
            note = _last_words(out / "error.txt") or f"ended with code {process.exitcode}"
    return _row(task, told, trace, note, peak_mb, memory_mb, load, when), trace


def _work(task: Task, out: Path) -> None:
    """Go the route, in a process of its own, and write down what is known as it becomes known."""
    # What libraries print is not for whoever reads the rows.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    begun = time.perf_counter()
    with (out / "trace.jsonl").open("a", buffering=1) as stream:

        def tell(seconds: float, objective: float, bound: float) -> None:
            stream.write(json.dumps([seconds, objective, bound]) + "\n")

        try:
            found = take(task.route, task.folder, task.limits, tell)
        except BaseException as error:
            (out / "error.txt").write_text(f"{type(error).__name__}: {error}")
            raise
    told = asdict(found) | {
        "total": time.perf_counter() - begun,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    unfinished = out / "unfinished.json"
    unfinished.write_text(json.dumps(told))
    unfinished.rename(out / "answer.json")


def _watch(process: Any, limits: Limits, memory_mb: float) -> tuple[str, float]:
    """Wait for a run, and end it if it takes too much; gives why, and its most memory in MB."""
    begun, peak = time.monotonic(), 0.0
    longest = limits.seconds + max(GRACE_S, GRACE_SHARE * limits.seconds)
    while process.is_alive():
        process.join(WATCH_S)
        try:
            family = [psutil.Process(process.pid)]
            family += family[0].children(recursive=True)
            now = sum(member.memory_info().rss for member in family) / 2**20
        except psutil.Error:
            continue
        peak = max(peak, now)
        late = time.monotonic() - begun > longest
        if late or now > memory_mb:
            for member in family:
                member.kill()
            process.join()
            why = f"no answer after {longest:g} s" if late else f"more than {memory_mb:g} MB"
            return f"killed: {why}", peak
    return "", peak


def _points(path: Path) -> list[tuple[float, float, float]]:
    """Read a trace, up to a last line that may not be whole."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [tuple(json.loads(line)) for line in lines]


def _last_words(path: Path) -> str:
    return " ".join(path.read_text().split())[:300] if path.exists() else ""


def _row(
    task: Task,
    told: dict[str, Any] | None,
    trace: pd.DataFrame,
    note: str,
    peak_mb: float,
    memory_mb: float,
    load: float,
    when: dt.datetime,
) -> dict[str, Any]:
    """Everything that is known of a run; what a killed one told counts."""
    found = Measured(**{k: told[k] for k in asdict(Measured())}) if told else Measured()
    objective = min(found.objective, trace["objective"].min() if len(trace) else math.inf)
    bound = max(found.bound, trace["bound"].max() if len(trace) else -math.inf)
    if told:
        # What was audited counts, not a draft that came to nothing.
        objective = found.objective
    plans = trace[trace["objective"] < math.inf]
    conditions = machine()
    shown = {"processor", "cores", "memory"}
    return {
        **dict(zip(KEY, task.key, strict=True)),
        "size": task.size,
        "seed": task.seed,
        **{f"seconds_{name}": found.seconds.get(name) for name in ("read", "build", "compile")},
        "seconds_first_plan": plans["seconds"].iloc[0] if len(plans) else math.nan,
        **{name: seconds_to(trace, gap) for name, gap in GAPS.items()},
        "seconds_solve": found.seconds.get("solve"),
        "seconds_total": told["total"] if told else math.nan,
        "objective": objective,
        "bound": bound,
        "gap": relative_gap(objective, bound),
        "primal_integral": math.nan,
        "peak_mb": round(max(peak_mb, told["peak_mb"] if told else 0.0), 1),
        "stop_reason": found.stop_reason if told else "failed",
        "audit_passed": found.audit_passed,
        "note": note,
        "memory_limit_mb": memory_mb,
        **found.size,
        "load_at_start": round(load, 2),
        "when": when.isoformat(timespec="seconds"),
        "versions": json.dumps({k: v for k, v in conditions.items() if k not in shown}),
        "machine": "; ".join(f"{k} {v}" for k, v in conditions.items() if k in shown),
    }
