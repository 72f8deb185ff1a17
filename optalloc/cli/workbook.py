"""Commands on workbooks and models: check, template, export, document."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from optalloc.analysis.explain.shortages import impossible
from optalloc.analysis.futures.exported import export_futures
from optalloc.cli.ending import INPUT, guarded
from optalloc.cli.options import Approved, Book, ModelDir
from optalloc.cli.reference import write_reference
from optalloc.data.dataset import Dataset
from optalloc.data.validate import check as check_workbook
from optalloc.data.validate import validate
from optalloc.errors import (
    InputError,
    OptallocError,
    Problem,
    Severity,
    gathered,
)
from optalloc.mip.arrays import Arrays
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import load_model
from optalloc.modelling.program import build
from optalloc.plan.approved import open_workbook
from optalloc.report.template import example_rows, write_template
from optalloc.scenarios.uncertainty_sheets import as_it_stands
from optalloc.solving.export import export_model
from optalloc.spreadsheet.mark import mark_workbook
from optalloc.spreadsheet.read import read_workbook

__all__ = ["check", "document", "export", "template"]


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
        guarded(lambda: mark_workbook(book, problems, target))
        print(f"wrote {target}")
    if bad:
        cells = sum(len(found.problems) for found in bad)
        repeated = f", {cells:,} cells" if cells > len(bad) else ""
        errors = f"{len(bad):,} error{'s' if len(bad) > 1 else ''}"
        print(f"{errors} in {book.name or book}{repeated}")
        raise typer.Exit(INPUT)
    print(f"{book.name or book}: no errors")


def template(
    out: Annotated[Path, typer.Argument(help="Workbook to write.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder of CSVs or workbook whose rows to fill in."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Fill in a small example, to try things on.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Overwrite OUT if it exists.")] = False,
    model: ModelDir = None,
) -> None:
    """Write a workbook to fill in, with every sheet and its columns explained."""

    def run() -> None:
        if example and source is not None:
            raise typer.BadParameter("say --example or --from, not both")
        if out.suffix.lower() != ".xlsx":
            raise typer.BadParameter("OUT must end in .xlsx")
        if out.exists() and not force:
            raise typer.BadParameter(f"{out} exists; say --force to overwrite it")
        loaded = load_model(model)
        rows: Mapping[str, Sequence[Mapping[str, object]]] | None = None
        if source is not None:
            dataset, problems = check_workbook(read_workbook(source), loaded)
            bad = [problem for problem in problems if problem.severity is Severity.ERROR]
            if bad:
                raise InputError(bad)
            rows = dataset.records()
        elif example:
            rows = example_rows(loaded)
        write_template(loaded, out, rows)

    guarded(run)
    print(f"wrote {out}")


def export(
    book: Book,
    out: Annotated[
        Path, typer.Argument(help="File to write, ending in .mps or .lp; a folder with --futures.")
    ],
    futures: Annotated[
        bool, typer.Option("--futures", help="Write every scenario, as mpi-sppy reads them.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Overwrite OUT if it exists.")] = False,
    approved: Approved = None,
    model: ModelDir = None,
) -> None:
    """Write the model of a workbook as MPS or LP, for another solver or a second look."""
    if futures:
        found = guarded(
            lambda: export_futures(book, out, force=force, approved=approved, model=model)
        )
        print(found.to_text())
        print(f"wrote {out}")
        return

    def run() -> tuple[Dataset, Arrays]:
        if out.exists() and not force:
            raise typer.BadParameter(f"{out} exists; say --force to overwrite it")
        loaded = load_model(model)
        dataset = validate(open_workbook(book, loaded, approved), loaded)
        arrays = compile_program(build(dataset, loaded))
        export_model(arrays, out)
        return dataset, arrays

    dataset, arrays = guarded(run)
    print(f"wrote {out}: {arrays.size['rows']:,} rows, {arrays.size['columns']:,} columns")
    if as_it_stands(dataset):
        note = "its uncertainties are left out; --futures writes its scenarios"
        print(f"note: the workbook as it stands is in the file, {note}", file=sys.stderr)
    if arrays.separate is not None:
        note = "limits whose rows are found during the solve are not in the file"
        print(f"note: {note}: what it proves is a bound", file=sys.stderr)


def document(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="Folder to write the pages into.")],
    model: ModelDir = None,
) -> None:
    """Write the reference in Markdown: formulation, data dictionary, codes, commands, Python."""
    root: Any = context.find_root()
    listed = root.command.list_commands(root)
    commands = {name: root.command.resolve_command(root, [name])[1] for name in listed}
    package = sys.modules["optalloc"]  # above the command line, and imported by now
    names = {name: getattr(package, name) for name in package.__all__}
    for path in guarded(lambda: write_reference(out, load_model(model), commands, names)):
        print(f"wrote {path}")
