"""The process of a task: check a workbook, solve it, or compare two plans.

The request comes as one JSON object on the standard input; progress goes out line by line as JSON,
and the result into ``result.json`` in the task's folder. On Ctrl-C (SIGINT) a solve stops and keeps
its best plan.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from optalloc.analysis.diff import diff
from optalloc.analysis.explain.solve_and_explain import explain_without_plan
from optalloc.data.validate import blocking, check
from optalloc.errors import (
    InfeasibleError,
    InputError,
    NoPlanError,
    OptallocError,
    Problem,
    Severity,
    gathered,
)
from optalloc.mip.outcome import Progress
from optalloc.modelling.model import Model, load_model, options_of
from optalloc.pipeline import open_book, solve
from optalloc.plan.plan import Plan
from optalloc.plan.planfile import read_plan
from optalloc.report.findings import Findings
from optalloc.scenarios.overrides import WrongOverride
from optalloc.serve.levers import levers_of, write_changed
from optalloc.spreadsheet.faults import refusal
from optalloc.spreadsheet.mark import mark_workbook
from optalloc.spreadsheet.package import Package
from optalloc.spreadsheet.read import read_workbook
from optalloc.system import infer_python_text, limit_memory, replacing

__all__ = ["CHANGED", "EXPLANATION", "MARKED", "PLAN", "REPORT", "RESULT", "done", "main"]

RESULT, MARKED, CHANGED = "result.json", "marked.xlsx", "changed.xlsx"
PLAN, REPORT, EXPLANATION = "plan.xlsx", "report.html", "explanation.xlsx"
# Most problems and rows on a page; the marked copy has them all.
MOST_PROBLEMS, MOST_ROWS = 1000, 200
# Seconds for explaining why there is no plan.
EXPLAINING_S = 60.0

Report = Callable[..., None]
SetStoppable = Callable[[bool], None]


def main() -> None:
    """Serve the request on the standard input, and write its result into the task's folder."""
    request = json.loads(sys.stdin.readline())
    # Only messages go to the standard output; other output goes to the log.
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    folder = Path(request["folder"])
    limit_memory(request.get("memory"))
    infer_python_text()
    result = done(request, _reporter(messages), _set_stoppable)
    _set_stoppable(False)
    with replacing(folder / RESULT) as draft:
        draft.write_text(json.dumps(result, default=str), encoding="utf-8")


def _set_stoppable(stoppable: bool) -> None:
    """Let Ctrl-C stop this process, or ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler if stoppable else signal.SIG_IGN)


def _keep_signals(_: bool) -> None:
    """Leave the signal handlers as they are, in a process with other tasks."""


def done(
    request: Mapping[str, Any], report: Report, set_stoppable: SetStoppable = _keep_signals
) -> dict[str, Any]:
    """Serve a request and give its result, which may be an expected error.

    Parameters
    ----------
    request : mapping
        ``kind`` is ``"check"``, ``"solve"`` or ``"compare"``; ``folder`` takes the files, ``model``
        is the model folder or None; the other keys depend on the kind.
    report : callable
        Called with the progress, by keywords.
    set_stoppable : callable, optional
        Called with True if Ctrl-C may stop the work from now on, with False if it is ignored.

    Returns
    -------
    dict
        Plain values; ``ending`` is the kind of result.
    """
    work = {"check": _check, "solve": _solve, "compare": _compare}[request["kind"]]
    try:
        return work(
            request, Path(request["folder"]), load_model(request["model"]), report, set_stoppable
        )
    except InputError as error:
        return {"ending": "input", "marked": False, **_problem_rows(error.problems)}
    except NoPlanError as error:
        return {"ending": "no plan", "words": [str(error)]}
    except (OptallocError, WrongOverride, MemoryError) as error:
        return {"ending": "refused", "words": [_refused(error, request.get("memory"))]}
    except KeyboardInterrupt:
        return {"ending": "no plan", "words": ["It was stopped before a first plan was found."]}


def _refused(error: Exception, memory: int | None) -> str:
    """Reason of a refusal."""
    if isinstance(error, MemoryError):
        most = f", {memory / 2**30:,.3g} GB" if memory else ""
        return f"It ran out of memory: it needs more than one task may take here{most}."
    if isinstance(error, WrongOverride):
        found = f"; found {error.found}" if error.found else ""
        return f"{error.must}{found}. {error.action}"
    return str(error)


def _reporter(messages: TextIO) -> Report:
    """Function that sends messages to the server, from any thread; without a server, it ends."""
    alone = threading.Lock()

    def report(**message: Any) -> None:
        with alone:
            try:
                messages.write(json.dumps(message) + "\n")
                messages.flush()
            except OSError:
                os._exit(1)

    return report


def _problem_rows(problems: Sequence[Problem]) -> dict[str, Any]:
    """Problems as a page shows them, errors first, and their number."""
    said = gathered(problems)
    ordered = sorted(said, key=lambda found: found.first.severity is not Severity.ERROR)
    rows = [
        {
            "where": found.where,
            "must": found.first.must,
            "found": found.first.found,
            "cells": len(found.problems),
            "action": found.first.action,
            "code": found.first.code,
            "error": found.first.severity is Severity.ERROR,
        }
        for found in ordered[:MOST_PROBLEMS]
    ]
    errors = sum(found.first.severity is Severity.ERROR for found in said)
    return {"problems": rows, "errors": errors, "more": max(len(said) - MOST_PROBLEMS, 0)}


# Checking -----------------------------------------------------------------------------------------


def _check(
    request: Mapping[str, Any],
    folder: Path,
    model: Model,
    report: Report,
    set_stoppable: SetStoppable,
) -> dict[str, Any]:
    book = Path(request["book"])
    _refuse_bombs(book, request["most_unpacked"])
    workbook = read_workbook(book)
    dataset, problems = check(workbook, model)
    found = _problem_rows(problems)
    if blocking(workbook, dataset, problems):
        mark_workbook(book, problems, folder / MARKED)
        return {"ending": "input", "marked": True, **found}
    options = options_of(dataset, model, {})
    levers = [lever.to_dict() for lever in levers_of(dataset, model)]
    given = {"gap": options.gap, "time_limit_s": options.time_limit_s, "threads": options.threads}
    return {"ending": "checked", **found, "options": given, "levers": levers}


def _refuse_bombs(book: Path, most: int) -> None:
    """Refuse a file that unpacks to more than the server takes, before any of it is unpacked."""
    size = sum(member.file_size for member in Package(book).archive.infolist())
    if size > most:
        found = f"{size / 2**20:,.0f} MiB once unpacked, where this server takes {most >> 20:,}"
        raise refusal("too-large", book.name, found)


# Solving ------------------------------------------------------------------------------------------


def _solve(
    request: Mapping[str, Any],
    folder: Path,
    model: Model,
    report: Report,
    set_stoppable: SetStoppable,
) -> dict[str, Any]:
    book = Path(request["book"])
    if request["changes"]:
        report(phase="change")
        dataset, _, _ = open_book(book, model)
        book = write_changed(book, dataset, request["changes"], folder / CHANGED)

    def on_phase(name: str) -> None:
        # Once there is a plan, it is kept.
        set_stoppable(name not in ("read back", "value", "audit", "write"))
        report(phase=name)

    def progress(now: Progress) -> None:
        point = (now.seconds, _finite(now.objective), _finite(now.bound), _finite(now.gap))
        report(point=point, doing=now.phase, candidate=now.candidate)

    given = {"gap": request["gap"], "threads": request["threads"]}
    limit = request["time_limit_s"]
    try:
        plan = solve(
            book, **given, time_limit_s=limit, model=model, progress=progress, on_phase=on_phase
        )
    except InfeasibleError as found:
        on_phase("explain")
        return _without_plan(found, book, folder, model, given, report, set_stoppable)
    on_phase("write")
    plan.to_excel(folder / PLAN)
    plan.to_html(folder / REPORT)
    return {"ending": "plan", **_headline(plan)}


def _headline(plan: Plan) -> dict[str, Any]:
    outcome = plan.outcome
    rows = plan.summary().to_dict("records")
    return {
        "policy": plan.is_policy,
        "quality": str(outcome.quality),
        "reason": str(outcome.stop_reason),
        "objective": _finite(outcome.objective),
        "bound": _finite(outcome.bound),
        "gap": _finite(outcome.gap),
        "seconds": sum(plan.seconds.values()),
        "notices": [str(notice) for notice in gathered(plan.notices)],
        "summary": [[_cell(row[c]) for c in ("figure", "value", "unit")] for row in rows],
    }


def _without_plan(
    found: InfeasibleError,
    book: Path,
    folder: Path,
    model: Model,
    given: Mapping[str, Any],
    report: Report,
    set_stoppable: SetStoppable,
) -> dict[str, Any]:
    """Explain why there is no plan; stopped on the way, give the infeasibility alone."""
    result = {"ending": "infeasible", "words": [str(found)], "tables": []}
    try:
        findings = explain_without_plan(
            book,
            found,
            budget_s=EXPLAINING_S,
            gap=given["gap"],
            threads=given["threads"],
            model=model,
            on_step=lambda what, done, of: report(step=(what, done, of)),
        )
    except KeyboardInterrupt:
        return result
    set_stoppable(False)
    findings.to_excel(folder / EXPLANATION)
    return {**result, "words": list(findings.sentences), "tables": _shown(findings)}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) and abs(number) < 1e20 else None


# Comparing ----------------------------------------------------------------------------------------


def _compare(
    request: Mapping[str, Any],
    folder: Path,
    model: Model,
    report: Report,
    set_stoppable: SetStoppable,
) -> dict[str, Any]:
    a, b = (read_plan(plan, model) for plan in request["plans"])
    findings = diff(a, b, model=model)
    findings.to_excel(folder / EXPLANATION)
    return {"ending": "compared", "words": list(findings.sentences), "tables": _shown(findings)}


def _shown(findings: Findings) -> list[dict[str, Any]]:
    """Tables with rows, as text, with a flag for each column of numbers."""
    shown = []
    for spec in findings.specs:
        frame = findings[spec.name]
        if frame.empty:
            continue
        columns = [c for c in spec.columns if c.name in frame and frame[c.name].notna().any()]
        head = frame.head(MOST_ROWS)
        shown.append(
            {
                "name": spec.name,
                "meaning": spec.meaning,
                "columns": [
                    (
                        c.name.replace("_", " "),
                        c.unit,
                        isinstance(frame[c.name].iloc[0], Real),
                    )
                    for c in columns
                ],
                "rows": [
                    [(_cell(row[c.name]), isinstance(row[c.name], int | float)) for c in columns]
                    for row in head.to_dict("records")
                ],
                "more": len(frame) - len(head),
            }
        )
    return shown


def _cell(value: Any) -> str:
    """A value as a page shows it."""
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, int | float):
        return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}"
    return str(value)
