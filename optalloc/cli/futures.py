"""The commands on scenarios: futures generate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optalloc.analysis.futures.generated import generate_scenarios
from optalloc.cli.ending import guarded
from optalloc.cli.options import Book, ModelDir
from optalloc.cli.tables import print_findings

__all__ = ["futures"]

futures = typer.Typer(
    no_args_is_help=True,
    help="Scenarios: generate them from ranges.",
)

Copy = Annotated[
    Path,
    typer.Option(help="Workbook to write: a file or a folder, as BOOK is.", show_default=False),
]
Seed = Annotated[int, typer.Option(help="Random seed.", min=0, max=2**31 - 1)]
Json = Annotated[
    bool, typer.Option("--json", help="Print what is found as one JSON object, nothing else.")
]


@futures.command()
def generate(
    book: Book,
    out: Copy,
    draws: Annotated[
        int | None,
        typer.Option(help="Scenarios to draw; by default three outcomes of each range.", min=1),
    ] = None,
    seed: Seed = 0,
    model: ModelDir = None,
    as_json: Json = False,
) -> None:
    """Write a copy of a workbook whose sheet Ranges has become outcomes or scenarios."""
    findings = guarded(
        lambda: generate_scenarios(book, out, draws=draws, seed=seed, model=model), as_json=as_json
    )
    print_findings(findings, str(out), as_json=as_json)
    if not as_json:
        print(f"wrote {out}")
