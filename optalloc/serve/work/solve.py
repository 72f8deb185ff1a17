"""Solve a workbook, with some of its cells changed if sliders were moved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optalloc.analysis.explain.solve_and_explain import explain_without_plan
from optalloc.errors import InfeasibleError
from optalloc.pipeline.opening import open_book
from optalloc.pipeline.solve_book import solve as solve_book
from optalloc.serve.files import CHANGED, EXPLANATION, PLAN, REPORT
from optalloc.serve.levers import write_changed
from optalloc.serve.work.job import Job
from optalloc.serve.work.shown import headline, tables_of_findings

__all__ = ["EXPLAINING_S", "solve"]

# Seconds for explaining why there is no plan.
EXPLAINING_S = 60.0


def solve(job: Job) -> dict[str, Any]:
    """Solve, and write the plan and its page; or explain why there is none."""
    book, request = job.book, job.request
    if request["changes"]:
        job.phase("change")
        dataset, _, _ = open_book(book, job.model)
        book = write_changed(book, dataset, request["changes"], job.folder / CHANGED)
    given = {"gap": request["gap"], "threads": request["threads"]}
    limit = request["time_limit_s"]
    try:
        plan = solve_book(
            book,
            **given,
            time_limit_s=limit,
            model=job.model,
            progress=job.progress,
            on_phase=job.phase,
        )
    except InfeasibleError as found:
        return _without_plan(job, book, found, given)
    job.phase("write")
    plan.to_excel(job.folder / PLAN)
    plan.to_html(job.folder / REPORT)
    return {"ending": "plan", **headline(plan)}


def _without_plan(
    job: Job, book: Path, found: InfeasibleError, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Explain why there is no plan; stopped on the way, give the infeasibility alone."""
    job.phase("explain")
    result = {"ending": "infeasible", "words": [str(found)], "tables": []}
    try:
        findings = explain_without_plan(
            book, found, budget_s=EXPLAINING_S, **given, model=job.model, on_step=job.step
        )
    except KeyboardInterrupt:
        return result
    job.phase("write")
    findings.to_excel(job.folder / EXPLANATION)
    return {**result, "words": list(findings.sentences), "tables": tables_of_findings(findings)}
