"""The commands on scenarios: futures generate, reduce, test, regrets and frontier."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.analysis.futures.frontier import WEIGHTS, frontier
from optalloc.analysis.futures.generated import generate_scenarios
from optalloc.analysis.futures.out_of_sample import out_of_sample
from optalloc.analysis.futures.reduced import reduce_scenarios
from optalloc.analysis.futures.regrets import regret_matrix
from optalloc.cli.ending import guarded
from optalloc.cli.findings import TablesOut, answer
from optalloc.cli.options import SECONDS, Book, Cluster, Jobs, ModelDir, share
from optalloc.cli.progress import ProgressDisplay
from optalloc.cli.tables import print_findings
from optalloc.mip.outcome import StepCallback
from optalloc.report.findings import Findings

__all__ = ["futures"]

futures = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Scenarios: generate or reduce them, test plans on new ones, and what less risk costs.",
)

Copy = Annotated[
    Path,
    typer.Option(help="Workbook to write: a file or a folder, as BOOK is.", show_default=False),
]
Seed = Annotated[int, typer.Option(help="Random seed.", min=0, max=2**31 - 1)]
Json = Annotated[
    bool, typer.Option("--json", help="Print what is found as one JSON object, nothing else.")
]

Gap = Annotated[
    float | None,
    typer.Option(parser=share(), help="Relative gap of each solve, such as 1% or 0.01."),
]
TimeLimit = Annotated[float | None, typer.Option(parser=SECONDS, help="Seconds of each solve.")]


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


@futures.command()
def reduce(
    book: Book,
    to: Annotated[int, typer.Option(help="Scenarios to keep.", min=1)],
    out: Copy,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    model: ModelDir = None,
    as_json: Json = False,
) -> None:
    """Write a copy of a workbook with fewer scenarios, chosen by what decisions cost in them."""

    def find(on_step: StepCallback) -> Findings:
        return reduce_scenarios(
            book,
            to,
            out,
            gap=gap,
            time_limit_s=time_limit,
            model=model,
            on_step=on_step,
        )

    findings = guarded(lambda: _shown(find), as_json=as_json)
    print_findings(findings, "--json prints them all", as_json=as_json)
    if not as_json:
        print(f"wrote {out}")


@futures.command("test")
def test_plans(
    plans: Annotated[
        list[Path], typer.Argument(help="A plan.xlsx that optalloc solve wrote; or several.")
    ],
    book: Annotated[
        Path, typer.Option(help="The workbook that they were made from, with a sheet Ranges.")
    ],
    draws: Annotated[int | None, typer.Option(help="Scenarios to draw.", min=1)] = None,
    seed: Seed = 0,
    scenarios: Annotated[
        Path | None,
        typer.Option(help="A workbook with other outcomes, whose scenarios are taken instead."),
    ] = None,
    out: TablesOut = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    model: ModelDir = None,
    as_json: Json = False,
) -> None:
    """Say what plans cost in scenarios that they were not made for: now held, the rest again."""

    def find(on_step: StepCallback) -> Findings:
        return out_of_sample(
            plans,
            book,
            draws=draws,
            seed=seed,
            scenarios=scenarios,
            gap=gap,
            time_limit_s=time_limit,
            jobs=jobs,
            cluster=cluster,
            model=model,
            on_step=on_step,
        )

    answer(lambda: _shown(find), out, as_json=as_json)


@futures.command()
def regrets(
    book: Book,
    hold: Annotated[
        list[Path] | None,
        typer.Option(help="A plan.xlsx whose first decisions are held, too; may be repeated."),
    ] = None,
    out: TablesOut = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    model: ModelDir = None,
    as_json: Json = False,
) -> None:
    """Say what it costs in each scenario to do now what is best for another."""

    def find(on_step: StepCallback) -> Findings:
        return regret_matrix(
            book,
            hold or (),
            gap=gap,
            time_limit_s=time_limit,
            jobs=jobs,
            cluster=cluster,
            model=model,
            on_step=on_step,
        )

    answer(lambda: _shown(find), out, as_json=as_json)


@futures.command("frontier")
def less_risk(
    book: Book,
    weight: Annotated[
        list[float] | None,
        typer.Option(
            parser=share(),
            help="Weight of the worst scenarios, from 0 to below 1; may be repeated.",
            show_default=", ".join(f"{100 * one:g}%" for one in WEIGHTS),
        ),
    ] = None,
    tail_share: Annotated[
        float | None,
        typer.Option(
            parser=share(), help="Probability of the worst scenarios.", show_default="of Attitude"
        ),
    ] = None,
    out: TablesOut = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    model: ModelDir = None,
    as_json: Json = False,
) -> None:
    """Say how much less the worst scenarios cost where the expected cost may be more."""

    def find(on_step: StepCallback) -> Findings:
        return frontier(
            book,
            weights=tuple(weight) if weight else WEIGHTS,
            tail_share=tail_share,
            gap=gap,
            time_limit_s=time_limit,
            model=model,
            on_step=on_step,
        )

    answer(lambda: _shown(find), out, as_json=as_json)


def _shown(find: Callable[[StepCallback], Findings]) -> Findings:
    """Find something, with its steps on the screen."""
    with ProgressDisplay(Console(stderr=True)) as display:
        return find(display.step)
