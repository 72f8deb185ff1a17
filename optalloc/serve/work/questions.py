"""Questions about a workbook and its plans, answered by findings: words and tables."""

from __future__ import annotations

from typing import Any

from optalloc.analysis.alternatives.search import alternatives as find_alternatives
from optalloc.analysis.alternatives.words import ALTERNATIVES
from optalloc.analysis.diff.compare import diff
from optalloc.analysis.explain.solve_and_explain import explain as explain_book
from optalloc.analysis.futures.frontier import frontier as find_frontier
from optalloc.analysis.futures.generated import generate_scenarios
from optalloc.analysis.futures.out_of_sample import out_of_sample
from optalloc.analysis.futures.reduced import reduce_scenarios
from optalloc.analysis.futures.regrets import regret_matrix
from optalloc.plan.planfile import read_plan
from optalloc.report.findings import Findings
from optalloc.serve.files import PLAN, RENEWED, REPORT, tables_of
from optalloc.serve.work.job import Job
from optalloc.serve.work.shown import finite, headline, tables_of_findings

__all__ = [
    "alternatives",
    "compare",
    "explain",
    "frontier",
    "generate",
    "reduce",
    "regrets",
    "test",
]


def explain(job: Job) -> dict[str, Any]:
    """Say what limits a plan and why it takes what it takes; of a workbook, solve it first."""
    request, plan = job.request, job.request["plan"]
    found = explain_book(
        job.book if plan is None else plan,
        None if plan is None else job.book,
        budget_s=request["time_limit_s"],
        sites=request.get("about", ()),
        gap=request["gap"],
        threads=request["threads"],
        model=job.model,
        progress=job.progress,
        on_phase=job.phase,
        on_step=job.step,
    )
    result = _answer(job, found)
    explained = found.plan if plan is None else read_plan(plan, job.model)
    if explained is not None:
        explained.to_html(job.folder / REPORT, found)
        result["page"] = True
    if found.plan is not None:
        found.plan.to_excel(job.folder / PLAN, found)
        result["plan"] = headline(found.plan)
    return result


def alternatives(job: Job) -> dict[str, Any]:
    """Find plans that cost little more than the best, and differ from it."""
    request = job.request
    found = find_alternatives(
        job.book,
        slack=request["slack"],
        count=request["count"],
        budget_s=request["time_limit_s"],
        gap=request["gap"],
        model=job.model,
        progress=job.progress,
        on_phase=job.phase,
        on_step=job.step,
    )
    best = found[ALTERNATIVES.name].iloc[0]
    proven = {"objective": best["cost"], "bound": best["bound"], "gap": best["gap"]}
    return {**_answer(job, found), "best": {k: finite(float(v)) for k, v in proven.items()}}


def regrets(job: Job) -> dict[str, Any]:
    """Say what it costs in each scenario to do now what is best for another."""
    return _answer(job, regret_matrix(job.book, job.request["plans"], **_each_solve(job)))


def frontier(job: Job) -> dict[str, Any]:
    """Say how much less the worst scenarios cost where the expected cost may be more."""
    return _answer(job, find_frontier(job.book, **_each_solve(job)))


def generate(job: Job) -> dict[str, Any]:
    """Write a copy of a workbook whose ranges have become outcomes or scenarios."""
    request, out = job.request, job.folder / RENEWED
    job.phase("draw")
    found = generate_scenarios(
        job.book, out, draws=request["draws"], seed=request["seed"], model=job.model
    )
    return {**_answer(job, found), "workbook": True}


def reduce(job: Job) -> dict[str, Any]:
    """Write a copy of a workbook with fewer scenarios, chosen by what decisions cost in them."""
    out = job.folder / RENEWED
    found = reduce_scenarios(job.book, job.request["to"], out, **_each_solve(job))
    return {**_answer(job, found), "workbook": True}


def test(job: Job) -> dict[str, Any]:
    """Say what a plan costs in new scenarios that are drawn from the ranges of its workbook."""
    request = job.request
    found = out_of_sample(
        {request["name"]: request["plan"]},
        job.book,
        draws=request["draws"],
        seed=request["seed"],
        **_each_solve(job) | {"model": request["model"]},
    )
    return _answer(job, found)


def _each_solve(job: Job) -> dict[str, Any]:
    limits = {"gap": job.request["gap"], "time_limit_s": job.request["time_limit_s"]}
    return {**limits, "model": job.model, "on_step": job.step}


def compare(job: Job) -> dict[str, Any]:
    """Say what changes from one plan to another."""
    a, b = (read_plan(plan, job.model) for plan in job.request["plans"])
    return _answer(job, diff(a, b, model=job.model))


def _answer(job: Job, found: Findings) -> dict[str, Any]:
    """Write the tables, and give the words."""
    job.phase("write")
    found.to_excel(job.folder / tables_of(job.request["kind"]))
    return {
        "ending": "found",
        "stopped": job.stops.requested,
        "without_plan": found.without_plan,
        "words": list(found.sentences),
        "tables": tables_of_findings(found),
    }
