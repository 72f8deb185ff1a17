"""The command solve."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.cli.ending import guarded
from optalloc.cli.options import SECONDS, Approved, Book, Cluster, ModelDir, share
from optalloc.cli.progress import ProgressDisplay
from optalloc.cli.screen import print_json, print_policy, print_summary, refuse_folder, results, say
from optalloc.errors import (
    InfeasibleError,
    gathered,
)
from optalloc.mip.outcome import Strategy
from optalloc.pipeline.solve_book import solve as solve_book
from optalloc.plan.plan import Plan
from optalloc.solving.solvers import SOLVERS

__all__ = ["solve"]

# Least seconds for an explanation: sums and a conflict take no more.
LEAST_EXPLAINING_S = 5.0


def solve(
    book: Book,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for plan.xlsx and report.html; out by default, none with --json.",
            show_default=False,
        ),
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(parser=share(), help="Relative gap to stop at, such as 1% or 0.01."),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(parser=SECONDS, help="Seconds, after which the best plan counts."),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Solver threads.", min=1, max=1024)] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.", min=0, max=2**31 - 1)] = None,
    solver: Annotated[
        str | None, typer.Option(help=f"highs, or if installed {', '.join(SOLVERS)}.")
    ] = None,
    strategy: Annotated[
        Strategy | None,
        typer.Option(help="Way to solve: by default the one that suits size and threads."),
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="A TOML file of parameters of the solution methods.")
    ] = None,
    approved: Approved = None,
    certain: Annotated[
        bool, typer.Option("--certain", help="Leave the workbook's uncertainties out.")
    ] = False,
    values: Annotated[
        bool,
        typer.Option(
            "--values",
            help="Values of information and waiting for large trees too: a solve each.",
        ),
    ] = False,
    cluster: Cluster = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the plan as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Find the plan of least cost, prove how good it is, audit it, and write it down."""
    errors = Console(stderr=True)
    folder = Path("out") if out is None and not as_json else out
    begun, written = time.perf_counter(), list[str]()

    def run() -> Plan:
        if folder is not None:
            refuse_folder(folder, "plan.xlsx", "report.html")
        with ProgressDisplay(errors) as display, _plan_kept(errors) as hold:

            def on_phase(name: str) -> None:
                hold(name)
                display.phase(name)

            try:
                plan = solve_book(
                    book,
                    gap=gap,
                    time_limit_s=time_limit,
                    threads=threads,
                    seed=seed,
                    solver=solver,
                    strategy=strategy,
                    parameters=parameters,
                    model=model,
                    approved=approved,
                    certain=certain,
                    values=values,
                    cluster=cluster,
                    progress=display.update,
                    on_phase=on_phase,
                )
            except InfeasibleError as found:
                display.phase("explain")
                # Explanations load as much again as a plan needs, and most workbooks have a plan.
                from optalloc.analysis.explain.solve_and_explain import (  # noqa: PLC0415
                    BUDGET_S,
                    explain_without_plan,
                )

                explanation = explain_without_plan(
                    book,
                    found,
                    budget_s=_left_s(time_limit, begun, BUDGET_S),
                    gap=gap,
                    threads=threads,
                    seed=seed,
                    model=model,
                    approved=approved,
                    on_step=display.step,
                )
                for line in explanation.to_text().splitlines():
                    found.add_note(line)
                raise
            if folder is not None:
                with results(folder, written) as draft:
                    plan.to_excel(draft / "plan.xlsx")
                    plan.to_html(draft / "report.html")
        return plan

    plan = guarded(run, as_json=as_json)
    if as_json:
        print_json(plan.to_dict())
    else:
        for notice in gathered(plan.notices):
            say(errors, f"notice: {notice}")
        print_summary(plan)
        if plan.is_policy:
            print_policy(plan)
    for line in written:
        say(errors, line)


def _left_s(limit_s: float | None, begun: float, usual_s: float) -> float:
    """Seconds for an explanation: those that the solve left of its limit."""
    if limit_s is None:
        return usual_s
    return max(limit_s - (time.perf_counter() - begun), min(LEAST_EXPLAINING_S, limit_s))


@contextmanager
def _plan_kept(errors: Console) -> Iterator[Callable[[str], None]]:
    """Give a callback for phases; once there is a plan, only a second Ctrl-C discards it."""
    usual = signal.getsignal(signal.SIGINT)

    def warn(*_: object) -> None:
        signal.signal(signal.SIGINT, usual)
        say(errors, "the plan is being checked and written; press Ctrl-C again to give it up")

    def hold(phase: str) -> None:
        # Ctrl-C while values are worked out ends those alone.
        signal.signal(signal.SIGINT, warn if phase in ("read back", "audit") else usual)

    try:
        yield hold
    finally:
        signal.signal(signal.SIGINT, usual)
