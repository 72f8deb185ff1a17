"""The command sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.cli.ending import NO_PLAN, guarded
from optalloc.cli.options import (
    GIGABYTES,
    SECONDS,
    Approved,
    Book,
    Cluster,
    Jobs,
    ModelDir,
    share,
)
from optalloc.cli.screen import print_json, say
from optalloc.cli.sweep_display import SweepDisplay, print_cases
from optalloc.sweeps.result import SweepResult
from optalloc.sweeps.run_sweep import sweep as sweep_book

__all__ = ["sweep"]


def sweep(
    book: Book,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[SWEEP]",
            help="A sweep of the Sweeps sheet, or a TOML file (FILE.toml:NAME of several).",
        ),
    ] = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/sweep"),
    resume: Annotated[bool, typer.Option(help="Solve only what is missing in OUT.")] = False,
    force: Annotated[bool, typer.Option(help="Begin again, whatever is in OUT.")] = False,
    gap: Annotated[
        float | None,
        typer.Option(
            parser=share(), help="Relative gap to stop at, of each case, such as 1% or 0.01."
        ),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(parser=SECONDS, help="Solver seconds of each case.")
    ] = None,
    case_limit: Annotated[
        float | None,
        typer.Option(
            parser=SECONDS, help="Seconds after which a case that has not ended is given up."
        ),
    ] = None,
    memory_gb: Annotated[
        float | None, typer.Option(parser=GIGABYTES, help="Memory of one worker, in GB.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.", min=0, max=2**31 - 1)] = None,
    hold: Annotated[
        list[Path] | None,
        typer.Option(metavar="PLAN", help="A plan.xlsx whose early decisions to hold; repeatable."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Hold what is decided before this date.")
    ] = None,
    approved: Approved = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the cases as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Solve every case of a sweep: what if costs, limits and dates were others."""
    errors = Console(stderr=True)

    def run() -> SweepResult:
        with SweepDisplay(errors) as display:
            return sweep_book(
                book,
                name,
                jobs=jobs,
                cluster=cluster,
                out=out,
                resume=resume,
                force=force,
                gap=gap,
                time_limit_s=time_limit,
                seed=seed,
                case_limit_s=case_limit,
                memory_gb=memory_gb,
                model=model,
                approved=approved,
                hold=hold or (),
                until=until,
                on_case=display.update,
            )

    result = guarded(run, as_json=as_json)
    if as_json:
        print_json(result.to_dict())
    else:
        print_cases(result)
    for notice in result.about["notices"]:
        say(errors, f"notice: {notice}")
    for case in result.failed.itertuples():
        say(errors, f"failed: {case.case}: {case.reason}")
    say(errors, f"wrote {out}")
    if len(result.failed):
        raise typer.Exit(NO_PLAN)
