"""Benchmarks and their tools: ``python -m benchmarks COMMAND``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.convert import read_orlib, read_tbed1, write_folder

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


class Format(StrEnum):
    """Published file formats."""

    ORLIB = "orlib"
    TBED1 = "tbed1"


@app.callback()
def root() -> None:
    """Measure optalloc, and turn published instances into workbooks."""


@app.command()
def convert(
    form: Annotated[Format, typer.Argument(help="Format of FILE.")],
    file: Annotated[Path, typer.Argument(help="Published file.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    capacity: Annotated[float | None, typer.Option(help="Where the file leaves it open.")] = None,
) -> None:
    """Turn a published facility location file into a workbook folder."""
    try:
        problem = read_orlib(file, capacity) if form is Format.ORLIB else read_tbed1(file)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    write_folder(problem, file.stem, out)
    typer.echo(f"wrote {out}: {len(problem.capacity)} sites, {len(problem.demand)} regions")


app()
