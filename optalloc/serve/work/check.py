"""Make a workbook where one is asked for, and check it; a plan.xlsx is recognised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.data.validate import blocking
from optalloc.data.validate import check as check_workbook
from optalloc.modelling.model import Model, options_of
from optalloc.plan.planfile import is_plan, plan_of
from optalloc.report.template import write_template
from optalloc.scenarios.assemble import assembled, entries_of_sheet
from optalloc.scenarios.definition import size_of
from optalloc.scenarios.range_sheet import RANGES
from optalloc.serve.files import MARKED, REPORT
from optalloc.serve.levers import levers_of
from optalloc.serve.work.job import Job
from optalloc.serve.work.shown import headline, problem_rows
from optalloc.spreadsheet.faults import refusal
from optalloc.spreadsheet.mark import mark_workbook
from optalloc.spreadsheet.package import Package
from optalloc.spreadsheet.read import read_workbook
from optalloc.spreadsheet.sheets import Workbook
from optalloc.starting.examples import write_example
from optalloc.starting.start import start

__all__ = ["check", "make"]


def check(job: Job) -> dict[str, Any]:
    """Check a workbook, which is made first where the request says how."""
    said = make(job)["said"] if job.request.get("make") else []
    book = job.book
    _refuse_bombs(book, job.request["most_unpacked"])
    job.phase("read")
    workbook = read_workbook(book)
    if is_plan(workbook):
        return _plan(job, workbook)
    job.phase("check")
    dataset, problems = check_workbook(workbook, job.model)
    found = problem_rows(problems)
    if blocking(workbook, dataset, problems):
        mark_workbook(book, problems, job.folder / MARKED)
        return {"ending": "input", "marked": True, **found}
    options = options_of(dataset, job.model, {})
    given = {"gap": options.gap, "time_limit_s": options.time_limit_s, "threads": options.threads}
    return {
        "ending": "checked",
        **found,
        "said": said,
        "options": given,
        "levers": [lever.to_dict() for lever in levers_of(dataset, job.model)],
        **_questions(dataset, job.model),
    }


def _refuse_bombs(book: Path, most: int) -> None:
    """Refuse a file that unpacks to more than the server takes, before any of it is unpacked."""
    size = sum(member.file_size for member in Package(book).archive.infolist())
    if size > most:
        found = f"{size / 2**20:,.0f} MiB once unpacked, where this server takes {most >> 20:,}"
        raise refusal("too-large", book.name, found)


def _plan(job: Job, workbook: Workbook) -> dict[str, Any]:
    """A plan in place of a workbook: its page, and what there is to say of it."""
    plan = plan_of(workbook, job.model)
    job.phase("write")
    plan.to_html(job.folder / REPORT)
    source = Path(str(plan.run.get("workbook") or "")).name
    return {"ending": "plan", "read": True, "source": source, **headline(plan)}


def _questions(data: Dataset, model: Model) -> dict[str, Any]:
    """Sheets by which more may be asked of the workbook: its sweeps, scenarios and ranges."""
    sweeps = assembled(entries_of_sheet(data), data)[0].values()
    tree = model.scenario_tree(data)
    return {
        "sweeps": [
            {"name": sweep.name, "design": str(sweep.design), "cases": 1 + size_of(sweep)}
            for sweep in sweeps
        ],
        "scenarios": 0 if tree is None else len(tree.scenarios),
        "ranges": bool(len(data[RANGES.name])),
        "choices": list(dict.fromkeys(_choices(data, model))),
    }


def _choices(data: Dataset, model: Model) -> Iterator[str]:
    """Members of the choices of a plan, each of which may be asked about."""
    for family in model.busy_families(data):
        for choice in family.choices:
            yield from choice.members(data)


# Making -------------------------------------------------------------------------------------------


def make(job: Job) -> dict[str, Any]:
    """Write a first workbook of places, an example or the template."""
    made: Mapping[str, Any] = job.request["make"]
    job.phase("write")
    said: list[str] = []
    if made["what"] == "start":
        filled = start(job.book, model=job.request["model"], **made["asked"]).filled
        counts = f"{filled.published} published figures, {filled.assumed} assumptions, shaded"
        said = [f"Filled with {counts}.", *(_sentence(words) for words in filled.remarks)]
    elif made["what"] == "example":
        write_example(made["name"], job.book, job.model)
    else:
        write_template(job.model, job.book)
    return {"ending": "made", "said": said}


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
