"""Solve every case of a sweep; those that are finished are kept, whatever ends it."""

from __future__ import annotations

from typing import Any

from optalloc.serve.files import SWEEP
from optalloc.serve.work.job import Job
from optalloc.serve.work.shown import tables
from optalloc.sweeps.run_sweep import sweep as sweep_book
from optalloc.sweeps.sentences import headline, lead
from optalloc.sweeps.tables import CASES

__all__ = ["sweep"]


def sweep(job: Job) -> dict[str, Any]:
    """Solve the cases that are missing, and write page and workbook of all."""
    request, out = job.request, job.folder / SWEEP
    memory = request.get("memory")
    jobs = request["threads"]

    def on_case(done: int, failed: int, total: int) -> None:
        lost = f", {failed} failed" if failed else ""
        job.report(step=(f"cases{lost}", done, total))

    job.phase("cases")
    result = sweep_book(
        job.book,
        request["sweep"],
        jobs=jobs,
        out=out,
        resume=out.is_dir(),
        gap=request["gap"],
        time_limit_s=request["time_limit_s"],
        memory_gb=None if memory is None else memory / 2**30 / jobs,
        model=request["model"],
        partial=True,
        on_case=on_case,
    )
    return {
        "ending": "swept",
        "stopped": job.stops.requested,
        "words": [headline(result), *lead(result)],
        "failed": len(result.failed),
        "tables": tables({CASES.name: result.cases}, (CASES,)),
    }
