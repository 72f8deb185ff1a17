"""Commands on models: export, document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from optalloc.analysis.futures.exported import export_futures
from optalloc.cli.ending import guarded
from optalloc.cli.options import Approved, Book, ModelDir
from optalloc.cli.reference import write_reference
from optalloc.data.dataset import Dataset
from optalloc.data.validate import validate
from optalloc.mip.arrays import Arrays
from optalloc.modelling.compiled import compile_program
from optalloc.modelling.model import load_model
from optalloc.modelling.program import build
from optalloc.plan.approved import open_workbook
from optalloc.scenarios.uncertainty_sheets import as_it_stands
from optalloc.solving.export import export_model

__all__ = ["document", "export"]


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
