"""The command line: a thin layer over the pipeline, with one exit code per kind of ending."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper

import typer

from optalloc.cli.explain import explain
from optalloc.cli.futures import futures
from optalloc.cli.plans import alternatives, bench, diff, report
from optalloc.cli.serve import serve
from optalloc.cli.solve import solve
from optalloc.cli.start import example, places, start
from optalloc.cli.sweep import sweep
from optalloc.cli.workbook import check, document, export, template
from optalloc.solving.highs import abandoned_runs

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Proven-best plans for building data-centre capacity, from one workbook.",
    epilog="Exit codes: 0 a plan, 2 usage, 3 input errors, 4 infeasible, 5 stopped without a plan, "
    "70 a fault of optalloc.",
)

# In the order in which --help lists them.
for command in (
    start,
    places,
    example,
    solve,
    report,
    explain,
    diff,
    sweep,
    alternatives,
    check,
    serve,
    template,
    export,
    bench,
    document,
):
    app.command()(command)
app.add_typer(futures, name="futures")


def main() -> None:
    """Entry point of the ``optalloc`` command."""
    # Characters that a console cannot show must not end the command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Pyomo prints on stdout the errors that it then raises, Ctrl-C included.
    logging.getLogger("pyomo").handlers = [logging.NullHandler()]
    try:
        app()
    except SystemExit as ending:
        if abandoned_runs():
            # All is written; a thread of the solver that does not end must not keep the process.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ending.code if isinstance(ending.code, int) else int(bool(ending.code)))
        raise
