"""The command template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from optalloc.cli.ending import guarded
from optalloc.cli.options import ModelDir
from optalloc.data.validate import check as check_workbook
from optalloc.errors import InputError, Severity
from optalloc.modelling.model import load_model
from optalloc.report.template import example_rows, write_template
from optalloc.spreadsheet.read import read_workbook

__all__ = ["template"]


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
