"""The command check: what it imports is what a check needs, which is neither Pyomo nor a solver."""

from __future__ import annotations

from typing import Annotated

import typer

from optalloc.analysis.explain.shortages import impossible
from optalloc.cli.ending import INPUT, guarded
from optalloc.cli.options import Approved, Book, ModelDir
from optalloc.data.validate import check as check_workbook
from optalloc.errors import OptallocError, Problem, Severity, gathered
from optalloc.modelling.model import load_model
from optalloc.plan.approved import open_workbook

__all__ = ["check"]


def check(
    book: Book,
    mark: Annotated[
        bool, typer.Option(help="Write a copy of the workbook with each bad cell marked.")
    ] = False,
    approved: Approved = None,
    model: ModelDir = None,
) -> None:
    """Report every error of a workbook at once, with sheet and cell and what to do."""

    def run() -> list[Problem]:
        if mark and not book.is_file():
            raise OptallocError(f"{book}: must be an .xlsx workbook for its cells to be marked")
        loaded = load_model(model)
        dataset, problems = check_workbook(open_workbook(book, loaded, approved), loaded)
        if any(problem.severity is Severity.ERROR for problem in problems):
            return problems
        return [*problems, *impossible(dataset, loaded)]

    problems = guarded(run)
    said = gathered(problems)
    bad = [found for found in said if found.first.severity is Severity.ERROR]
    for found in said:
        prefix = "" if found.first.severity is Severity.ERROR else "notice: "
        print(f"{prefix}{found}")
    if mark and bad:
        target = book.with_name(f"{book.stem}-marked{book.suffix}")
        from optalloc.spreadsheet.mark import mark_workbook  # noqa: PLC0415  (XML, for this alone)

        guarded(lambda: mark_workbook(book, problems, target))
        print(f"wrote {target}")
    if bad:
        cells = sum(len(found.problems) for found in bad)
        repeated = f", {cells:,} cells" if cells > len(bad) else ""
        errors = f"{len(bad):,} error{'s' if len(bad) > 1 else ''}"
        print(f"{errors} in {book.name or book}{repeated}")
        raise typer.Exit(INPUT)
    print(f"{book.name or book}: no errors")
