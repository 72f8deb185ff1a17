"""The command line: a thin layer over the pipeline, with one exit code per kind of ending.

A command is imported when it is called, as the libraries behind take a second or more; so the list
of commands has their first lines, and a test compares.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

__all__ = ["COMMANDS", "app", "loaded", "main"]


class Lazy(NamedTuple):
    """The module that has a function or group of the command's name, and its first line."""

    module: str
    help: str
    tables: bool = True  # whether pandas is needed


# In the order in which --help lists them.
COMMANDS = {
    "start": Lazy(
        "optalloc.cli.start",
        "Write a first workbook of some places, filled with published figures.",
    ),
    "places": Lazy(
        "optalloc.cli.start",
        "List the places that optalloc start knows, or the published figures of one.",
        tables=False,
    ),
    "example": Lazy(
        "optalloc.cli.start", "Write one of the examples into a folder, or list them.", tables=False
    ),
    "solve": Lazy(
        "optalloc.cli.solve",
        "Find the plan of least cost, prove how good it is, audit it, and write it down.",
    ),
    "report": Lazy(
        "optalloc.cli.plans",
        "Write a plan as one page to look at: map, charts and tables, without a connection.",
    ),
    "paper": Lazy(
        "optalloc.cli.plans",
        "Write a plan for those who decide: five editable slides, or two pages by a browser.",
    ),
    "explain": Lazy(
        "optalloc.cli.explain",
        "Say what limits the plan and why it takes these sites; or why there is no plan.",
    ),
    "diff": Lazy(
        "optalloc.cli.plans",
        "Say what changes from A to B: two inputs cell by cell, or two plans with a cost bridge.",
    ),
    "sweep": Lazy(
        "optalloc.cli.sweep",
        "Solve every case of a sweep: what if costs, limits and dates were others.",
    ),
    "roll": Lazy(
        "optalloc.cli.roll",
        "Make the plan again each year with what is known by then, and say what that costs.",
    ),
    "alternatives": Lazy(
        "optalloc.cli.plans",
        "Find plans that cost little more than the best and differ from it as much as possible.",
    ),
    "check": Lazy(
        "optalloc.cli.check",
        "Report every error of a workbook at once, with sheet and cell and what to do.",
    ),
    "serve": Lazy(
        "optalloc.cli.serve",
        "Serve the same in a browser: start, solve, watch, explain, sweep, compare.",
    ),
    "template": Lazy(
        "optalloc.cli.template",
        "Write a workbook to fill in, with every sheet and its columns explained.",
    ),
    "export": Lazy(
        "optalloc.cli.model",
        "Write the model of a workbook as MPS or LP, for another solver or a second look.",
    ),
    "bench": Lazy(
        "optalloc.cli.bench",
        "Measure solvers and strategies on workbooks, programs and generated sizes, and compare.",
    ),
    "document": Lazy(
        "optalloc.cli.model",
        "Write the reference in Markdown: formulation, data dictionary, codes, commands, Python.",
    ),
    "futures": Lazy(
        "optalloc.cli.futures",
        "Scenarios: generate or reduce them, test plans on new ones, and what less risk costs.",
    ),
}


def loaded(name: str) -> Any:
    """Import a command and return it as the library of the command line has it."""
    command = getattr(import_module(COMMANDS[name].module), name)
    if not isinstance(command, typer.Typer):
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name=name)(command)
        command = single
    return typer.main.get_command(command)


class _Commands(TyperGroup):
    """The commands, each imported once it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is named, imported, and what follows its name."""
        name, _, rest = super().resolve_command(ctx, args)
        assert name is not None
        with ctx.obj(COMMANDS[name].tables) if ctx.obj is not None else nullcontext():
            return name, loaded(name), rest


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Proven-best plans for building data-centre capacity, from one workbook.",
    epilog="Exit codes: 0 a plan, 2 usage, 3 input errors, 4 infeasible, 5 stopped without a plan, "
    "70 a fault of optalloc.",
)


def _print_version(asked: bool) -> None:
    if asked:
        # The package is above the command line, and imported by now.
        print(f"optalloc {sys.modules['optalloc'].__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


def _placeholder() -> None:
    """Stand for a command in the list of commands."""


for _name, _lazy in COMMANDS.items():
    app.command(name=_name, help=_lazy.help)(_placeholder)


def main(importing: Callable[[bool], AbstractContextManager[None]]) -> None:
    """Entry point of the ``optalloc`` command.

    Parameters
    ----------
    importing : callable
        ``importing(tables)``: the context in which the modules of a command are imported; `tables`
        where pandas is among them.
    """
    # Characters that a console cannot show must not end the command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Pyomo prints on stdout the errors that it then raises, Ctrl-C included.
    logging.getLogger("pyomo").handlers = [logging.NullHandler()]
    try:
        app(obj=importing)
    except SystemExit as ending:
        solver = sys.modules.get("optalloc.solving.highs")
        if solver is not None and solver.abandoned_runs():
            # All is written; a thread of the solver that does not end must not keep the process.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ending.code if isinstance(ending.code, int) else int(bool(ending.code)))
        raise
