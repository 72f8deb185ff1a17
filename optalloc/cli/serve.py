"""The command serve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.cli.ending import guarded
from optalloc.cli.options import ModelDir, amount
from optalloc.cli.screen import say
from optalloc.serve import serve as serve_pages

__all__ = ["serve"]


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; by default for this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any.", min=0, max=65535)] = 8000,
    jobs: Annotated[int, typer.Option(help="Solves at a time; others wait.", min=1, max=64)] = 1,
    max_upload_mb: Annotated[
        float, typer.Option(parser=amount("MB", 0.001, 1024), help="MB of a workbook, at most.")
    ] = 50.0,
    time_limit: Annotated[
        float,
        typer.Option(parser=amount("seconds", 1, 1e7), help="Seconds for one solve, at most."),
    ] = 3600.0,
    memory: Annotated[
        float | None,
        typer.Option(
            parser=amount("GB", 0.5),
            help="GB of memory for one solve; by default its share of the machine's.",
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder for uploads, which are removed in the end.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder in which uploads and runs are kept for the next server."
        ),
    ] = None,
    model: ModelDir = None,
) -> None:
    """Serve the same in a browser: start, solve, watch, explain, sweep, compare."""
    errors = Console(stderr=True)

    def run() -> None:
        serve_pages(
            host=host,
            port=port,
            jobs=jobs,
            max_upload_mb=max_upload_mb,
            time_limit_s=time_limit,
            memory_gb=memory,
            folder=folder,
            keep=keep,
            model=model,
            say=lambda line: say(errors, line),
        )

    guarded(run)
