"""The command bench."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.analysis.bench.run_bench import LIMIT_S
from optalloc.analysis.bench.run_bench import bench as bench_sources
from optalloc.analysis.bench.tables import AGAINST, PHASES, RATIOS, ROUTES, RUNS, SIZES, WRONG
from optalloc.cli.ending import guarded
from optalloc.cli.options import GIGABYTES, SECONDS, ModelDir, share
from optalloc.cli.screen import print_json, refuse_folder, say
from optalloc.cli.sweep_display import SweepDisplay
from optalloc.cli.tables import print_tables
from optalloc.report.findings import Findings

__all__ = ["bench"]

# Tables that are printed; of the runs these columns.
_PRINTED = (WRONG, ROUTES, RATIOS, AGAINST, PHASES, SIZES)
_RUN = replace(
    RUNS,
    columns=tuple(
        column
        for column in RUNS.columns
        if column.name
        in (
            *("instance", "route", "solver_seed", "stopped", "objective", "bound", "gap_percent"),
            *("seconds_first_plan", "seconds_to_gap", "seconds_total", "peak_mb"),
        )
    ),
)


def bench(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Workbooks or folders of CSV files, .mps or .lp files (also .gz), and generated "
            "sizes with their seeds, such as S:1-3.",
        ),
    ],
    time_limit: Annotated[
        float, typer.Option(parser=SECONDS, help="Seconds for each run, from reading on.")
    ] = LIMIT_S,
    solver: Annotated[
        list[str] | None,
        typer.Option(help="One to try, may be repeated; by default all that are installed."),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help="A strategy of HiGHS to try, may be repeated; by default direct, race and "
            "decompose. Without --solver no other solver is run."
        ),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Seeds of the solver, such as 0,1 or 0-9.")
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(parser=share(), help="Relative gap to stop at, such as 1% or 0.01."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Solver threads of a run.", min=1, max=1024)
    ] = None,
    memory_gb: Annotated[
        float | None,
        typer.Option(parser=GIGABYTES, help="Memory of a run with all its processes, in GB."),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="Best plans and bounds known: instance, objective, bound."
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="An earlier campaign: which differences are no noise."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the runs; those that are there are not made again.")
    ] = Path("out/bench"),
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Measure solvers and strategies on workbooks, programs and generated sizes, and compare."""
    errors = Console(stderr=True)

    def run() -> Findings:
        refuse_folder(out, "bench.html", "bench.xlsx")
        with SweepDisplay(errors, "runs") as display:
            return bench_sources(
                sources,
                out=out,
                time_limit_s=time_limit,
                solvers=solver or (),
                strategies=strategy or (),
                seeds=seeds or (),
                gap=gap,
                threads=threads,
                memory_gb=memory_gb,
                known=known,
                against=against,
                model=model,
                on_case=display.update,
            )

    findings = guarded(run, as_json=as_json)
    if as_json:
        print_json(findings.to_dict())
    else:
        print(findings.to_text())
        listed = [spec for spec in _PRINTED if spec.name in findings.tables]
        print_tables(findings.tables, [*listed, _RUN], str(out / "bench.xlsx"))
    say(errors, f"wrote {out / 'bench.html'} and {out / 'bench.xlsx'}")
