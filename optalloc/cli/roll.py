"""The command roll."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.cli.ending import INFEASIBLE, NO_PLAN, guarded
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
from optalloc.cli.sweep_display import SweepDisplay
from optalloc.cli.tables import print_tables
from optalloc.rolling.result import RollResult
from optalloc.rolling.run_roll import POLICIES
from optalloc.rolling.run_roll import roll as roll_book
from optalloc.rolling.tables import COSTS_BY_FUTURE, FUTURES, REGRETTED
from optalloc.rolling.tables import POLICIES as COSTS
from optalloc.sweeps.messages import Status

__all__ = ["roll"]

# Tables that are printed; the workbook has all of them.
PRINTED = (COSTS.name, COSTS_BY_FUTURE, REGRETTED.name)


def roll(
    book: Book,
    every: Annotated[int, typer.Option(help="Months from one plan to the next.")] = 12,
    look_ahead: Annotated[int, typer.Option(help="Months that each plan looks ahead.")] = 72,
    policy: Annotated[
        str | None,
        typer.Option(
            help=f"How each plan is made: {', '.join(POLICIES)}; of the expected figures, or of "
            "all scenarios, given what is known.",
            show_default="both where something is uncertain",
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(help="New futures drawn from the sheet Ranges, in place of the workbook's."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed of the draws.", min=0, max=2**31 - 1)] = 0,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/roll"),
    resume: Annotated[bool, typer.Option(help="Roll only what is missing in OUT.")] = False,
    force: Annotated[bool, typer.Option(help="Begin again, whatever is in OUT.")] = False,
    gap: Annotated[
        float | None,
        typer.Option(parser=share(), help="Relative gap of each plan, such as 1% or 0.01."),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(parser=SECONDS, help="Solver seconds of each plan.")
    ] = None,
    case_limit: Annotated[
        float | None,
        typer.Option(parser=SECONDS, help="Seconds after which a policy in a future is given up."),
    ] = None,
    memory_gb: Annotated[
        float | None, typer.Option(parser=GIGABYTES, help="Memory of one worker, in GB.")
    ] = None,
    approved: Approved = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what is found as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Make the plan again each year with what is known by then, and say what that costs."""
    errors = Console(stderr=True)

    def run() -> RollResult:
        with SweepDisplay(errors) as display:
            return roll_book(
                book,
                every=every,
                look_ahead=look_ahead,
                policy=policy,
                draws=draws,
                seed=seed,
                jobs=jobs,
                cluster=cluster,
                out=out,
                resume=resume,
                force=force,
                gap=gap,
                time_limit_s=time_limit,
                case_limit_s=case_limit,
                memory_gb=memory_gb,
                model=model,
                approved=approved,
                on_case=display.update,
            )

    result = guarded(run, as_json=as_json)
    if as_json:
        print_json(result.to_dict())
    else:
        print(result.to_text())
        shown = [spec for spec in result.specs if spec.name in PRINTED]
        print_tables(result.tables, shown, str(out / "roll.xlsx"))
    say(errors, f"wrote {out}")
    found = result[FUTURES.name]
    if (found["status"] == Status.FAILED).any():
        raise typer.Exit(NO_PLAN)
    if found["cost"].isna().all():
        raise typer.Exit(INFEASIBLE)
