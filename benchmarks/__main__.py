"""Benchmarks and their tools: ``python -m benchmarks COMMAND``."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

import optalloc
from benchmarks.build import CASES, KNOWN, REPEATS, Measured, Route, measure
from benchmarks.campaign.history import learn
from benchmarks.campaign.report import report as make_report
from benchmarks.campaign.routes import ROUTES, route_of
from benchmarks.convert import read_orlib, read_tbed1, write_folder
from benchmarks.detail import as_markdown as detail_as_markdown
from benchmarks.detail import solved
from benchmarks.families import as_markdown, left_out
from benchmarks.futures import FuturesRoute, measure_futures
from benchmarks.gaps import as_markdown as gaps_as_markdown
from benchmarks.gaps import gaps_over_time
from benchmarks.marked import write_table
from benchmarks.mpi_sppy import MpiSppy
from benchmarks.pages import VIEWS, opened_in, pictures, write_made_up
from benchmarks.published import fetch, published
from benchmarks.rolled import as_markdown as roll_as_markdown
from benchmarks.server_pages import server_pictures
from benchmarks.smps import read_smps, trio_in, write_program
from benchmarks.sweep import BOOKS, GAP, SweepRoute, measure_sweep
from benchmarks.uncertain import write_uncertainties
from optalloc.analysis.bench.instances import instances_of
from optalloc.analysis.bench.machine import conditions
from optalloc.analysis.bench.routes import Limits
from optalloc.analysis.bench.runner import campaign, missing, tasks_of
from optalloc.analysis.bench.store import RunStore
from optalloc.errors import ModelError, OptallocError
from optalloc.mip.outcome import Options
from optalloc.modelling.model import load_model
from optalloc.starting.load import load_generator

SIZES = load_generator().sizes

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


class Format(StrEnum):
    """Published file formats."""

    ORLIB = "orlib"
    TBED1 = "tbed1"
    SMPS = "smps"


@app.callback()
def root() -> None:
    """Measure optalloc, and turn published instances into workbooks."""


@app.command()
def convert(
    form: Annotated[Format, typer.Argument(help="Format of FILES.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Published file; of smps the core, time and stoch file, or a folder of one each.",
            exists=True,
        ),
    ],
    out: Annotated[Path, typer.Argument(help="Folder to write; of smps an .npz file.")],
    capacity: Annotated[float | None, typer.Option(help="Where the file leaves it open.")] = None,
) -> None:
    """Turn a facility location file into a workbook folder, or an SMPS trio into an .npz file."""
    try:
        if form is Format.SMPS:
            typer.echo(_convert_smps(files, out))
            return
        if len(files) != 1 or files[0].is_dir():
            raise ValueError(f"{form} is one file")  # noqa: TRY301
        (file,) = files
        problem = read_orlib(file, capacity) if form is Format.ORLIB else read_tbed1(file)
    except (ValueError, ModelError) as error:
        raise typer.BadParameter(str(error)) from error
    write_folder(problem, file.stem, out)
    typer.echo(f"wrote {out}: {len(problem.capacity)} sites, {len(problem.demand)} regions")


def _convert_smps(files: list[Path], out: Path) -> str:
    """Write the .npz file of a trio, and describe it in words."""
    if out.suffix != ".npz":
        raise ValueError(f"{out} must end in .npz")
    if len(files) == 1 and files[0].is_dir():
        files = [*trio_in(files[0])]
    if len(files) != 3:
        raise ValueError("smps is a core, a time and a stoch file, or a folder of one each")
    program = read_smps(*files)
    write_program(program, out)
    total = float(program.probability.sum())
    odd = "" if abs(total - 1.0) < 1e-9 else f"; their probabilities add to {total:.10g}, not to 1"
    return (
        f"wrote {out}: {len(program.names):,} scenarios{odd}; {program.size:,} columns, of which "
        f"all scenarios share {int((program.sharing == len(program.names)).sum()):,}"
    )


@app.command("futures")
def futures_command(
    source: Annotated[Path, typer.Argument(help=".npz, SMPS folder or workbook.", exists=True)],
    routes: Annotated[
        str, typer.Option(help=f"Of {', '.join(FuturesRoute)}, by commas.")
    ] = f"{FuturesRoute.SCENARIOS},{FuturesRoute.WHOLE}",
    gap: Annotated[float, typer.Option(help="Relative gap to stop at.", min=0)] = 0.01,
    limit: Annotated[float, typer.Option(help="Seconds for one route.", min=1)] = 600,
    threads: Annotated[int, typer.Option(help="Processes, or threads of HiGHS.", min=1)] = 2,
    mpi_sppy: Annotated[
        Path | None, typer.Option(help="Python of an environment with mpi-sppy.", exists=True)
    ] = None,
    rho: Annotated[float, typer.Option(help="Penalty of mpi-sppy on departing.", min=0)] = 1.0,
) -> None:
    """Solve a stochastic program by its scenarios, as a whole, or by mpi-sppy: gap over time."""
    unknown = {*routes.split(",")} - {*FuturesRoute}
    if unknown:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}")
    options = Options(gap=gap, time_limit_s=limit, threads=threads)
    peer = None if mpi_sppy is None else MpiSppy(mpi_sppy, rho)
    for route in routes.split(","):
        typer.echo(f"{source.name} by {route}, at most {limit:g} s")
        try:
            found = measure_futures(source, FuturesRoute(route), options, typer.echo, peer)
        except (ValueError, OptallocError) as error:
            raise typer.BadParameter(str(error)) from error
        typer.echo(f"{found.stop_reason}: plan {found.objective:.8g}, bound {found.bound:.8g}")
    typer.echo(conditions())


@app.command()
def generate(
    size: Annotated[str, typer.Argument(help=f"One of {', '.join(SIZES)}.")],
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    seed: Annotated[int, typer.Option(help="The same seed, the same instance.", min=0)] = 1,
    scenarios: Annotated[
        int, typer.Option(help="With so many scenarios of demand and spot price.", min=1)
    ] = 1,
) -> None:
    """Make a planning instance as a workbook folder: always feasible, the same for each seed."""
    if size not in SIZES:
        raise typer.BadParameter(f"SIZE must be one of {', '.join(SIZES)}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise typer.BadParameter(f"{out}: must be a new or empty folder")
    load_generator().write(size, seed, out)
    if scenarios > 1:
        write_uncertainties(out, scenarios)
    typer.echo(f"wrote {out}: {SIZES[size]}")


@app.command()
def build(
    cases: Annotated[str, typer.Option(help=f"Which of {', '.join(KNOWN)}.")] = ",".join(CASES),
    routes: Annotated[str, typer.Option(help="Which routes, by commas.")] = ",".join(Route),
    repeats: Annotated[int, typer.Option(help="Repetitions; medians count.", min=1)] = REPEATS,
    limit: Annotated[float, typer.Option(help="Seconds for one repetition.", min=1)] = 1800,
    as_json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
) -> None:
    """Measure seconds and peak memory from data to arrays, side by side."""
    unknown = {*cases.split(",")} - {*KNOWN} | {*routes.split(",")} - {*Route}
    if unknown:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}")
    rows = []
    for case in cases.split(","):
        for route in routes.split(","):
            row = measure(case, Route(route), repeats=repeats, limit_s=limit)
            rows.append(asdict(row))
            if not as_json:
                typer.echo(_line(row))
    if as_json:
        typer.echo(json.dumps({"machine": conditions(), "rows": rows}))
    else:
        typer.echo(conditions())


@app.command()
def sweep(
    books: Annotated[str, typer.Option(help=f"Which of {', '.join(BOOKS)}.")] = ",".join(BOOKS),
    routes: Annotated[str, typer.Option(help="Which routes, by commas.")] = ",".join(SweepRoute),
    cases: Annotated[int, typer.Option(help="Cases of each, at most.", min=1, max=20)] = 20,
    jobs: Annotated[int, typer.Option(help="Workers.", min=1)] = 2,
    gap: Annotated[float, typer.Option(help="Gap of each case.", min=0, max=1)] = GAP,
    limit: Annotated[float, typer.Option(help="Solver seconds of a case.", min=1)] = 600,
    as_json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
) -> None:
    """Measure cases per minute of a sweep: this runner, and rebuilding each case."""
    unknown = {*books.split(",")} - {*BOOKS} | {*routes.split(",")} - {*SweepRoute}
    if unknown:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}")
    rows = []
    for book in books.split(","):
        for route in routes.split(","):
            options: dict[str, Any] = {"count": cases, "jobs": jobs, "gap": gap, "limit_s": limit}
            row = measure_sweep(book, SweepRoute(route), **options)
            rows.append(asdict(row))
            if not as_json:
                typer.echo(
                    f"{row.book:<8} {row.route:<17} {row.cases_per_minute:8.2f} cases a minute, "
                    f"{row.bound_alone} by a bound alone, {row.cut_off} cut off, "
                    f"{row.seconds:.1f} s"
                )
    load = [round(value, 2) for value in os.getloadavg()]
    if as_json:
        typer.echo(json.dumps({"machine": conditions(), "load": load, "rows": rows}))
    else:
        typer.echo(conditions())
        typer.echo(f"load average at the end {load}")


@app.command("page")
def measure_page(
    page: Annotated[
        Path | None, typer.Option(help="A report.html; by default a made-up plan's.", exists=True)
    ] = None,
    sites: Annotated[int, typer.Option(help="Sites of the made-up plan.", min=1)] = 300,
    periods: Annotated[int, typer.Option(help="Periods of the made-up plan.", min=2)] = 40,
    repeats: Annotated[int, typer.Option(help="How often it is opened.", min=1)] = 3,
) -> None:
    """Measure a report: megabytes, and seconds until it is open in chromium."""
    with tempfile.TemporaryDirectory() as folder:
        if page is None:
            page = Path(folder) / "report.html"
            begin = time.perf_counter()
            write_made_up(load_model(), page, sites, periods)
            typer.echo(f"written in {time.perf_counter() - begin:.2f} s")
        typer.echo(f"{page.stat().st_size / 1e6:.2f} MB")
        for row in opened_in(page, repeats):
            typer.echo(", ".join(f"{value:.2f} {name}" for name, value in row.items()))
    typer.echo(conditions())


@app.command()
def screenshots(
    page: Annotated[Path, typer.Argument(help="A report.html.", exists=True, dir_okay=False)],
    example: Annotated[str, typer.Argument(help="What it is of: pacific or first.")],
    out: Annotated[Path, typer.Option(help="Folder for them.")] = Path("docs/pictures"),
) -> None:
    """Take the pictures of the documents from a report, with chromium."""
    if example not in VIEWS:
        raise typer.BadParameter(f"must be one of {', '.join(VIEWS)}; found {example!r}")
    for path in pictures(page, example, out):
        typer.echo(f"wrote {path}: {path.stat().st_size / 1e3:.0f} kB")


@app.command("server-pages")
def server_pages(
    out: Annotated[Path, typer.Option(help="Folder for them.")] = Path("docs/pictures"),
) -> None:
    """Take the pictures of the server that the documents have, with chromium."""
    for path in server_pictures(out):
        typer.echo(f"wrote {path}: {path.stat().st_size / 1e3:.0f} kB")


@app.command()
def families(
    book: Annotated[Path, typer.Argument(help="Workbook.", exists=True)],
    gap: Annotated[float | None, typer.Option(help="Proven gap; the workbook's.")] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each plan.")] = None,
    only: Annotated[str, typer.Option(help="Which families, by commas; all by default.")] = "",
    jobs: Annotated[int, typer.Option(help="Plans at a time.", min=1)] = 1,
    into: Annotated[Path | None, typer.Option(help="Page whose table is to be replaced.")] = None,
) -> None:
    """Solve a workbook with each family's sheets left out, and say what changes."""
    wanted = frozenset(only.split(",")) if only else None
    found = left_out(book, gap=gap, time_limit_s=time_limit, only=wanted, jobs=jobs)
    table = as_markdown(found)
    typer.echo(table)
    if into is not None:
        write_table(into, "families", table)


@app.command("detail")
def detail_command(
    book: Annotated[Path, typer.Argument(help="Workbook with slices and taxes.", exists=True)],
    gap: Annotated[float | None, typer.Option(help="Proven gap; the workbook's.")] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each plan.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of each plan.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="Folder of what is solved; it goes on there.")] = Path(
        "out/detail"
    ),
    into: Annotated[Path | None, typer.Option(help="Page whose tables are to be replaced.")] = None,
) -> None:
    """Solve a workbook with slices, with taxes, with both and with neither, and compare."""
    tables = detail_as_markdown(
        solved(book, out, gap=gap, time_limit_s=time_limit, threads=threads)
    )
    typer.echo(tables)
    if into is not None:
        write_table(into, "detail", tables)


@app.command()
def roll(
    book: Annotated[Path, typer.Argument(help="Workbook with uncertainties.", exists=True)],
    every: Annotated[int, typer.Option(help="Months from one plan to the next.")] = 12,
    look_ahead: Annotated[int, typer.Option(help="Months that each plan looks ahead.")] = 72,
    gap: Annotated[float | None, typer.Option(help="Of each plan; the workbook's.")] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each plan.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Workers; one a core.", min=1)] = None,
    out: Annotated[Path, typer.Option(help="Folder of the roll; what is there goes on.")] = Path(
        "out/roll"
    ),
    into: Annotated[Path | None, typer.Option(help="Page whose table is to be replaced.")] = None,
) -> None:
    """Roll a workbook by both policies, and make the table that compares them."""
    found = optalloc.roll(
        book,
        every=every,
        look_ahead=look_ahead,
        gap=gap,
        time_limit_s=time_limit,
        jobs=jobs,
        out=out,
        resume=out.exists(),
    )
    table = roll_as_markdown(found)
    typer.echo(table)
    if into is not None:
        write_table(into, "roll", table)


@app.command()
def solve(
    sizes: Annotated[str, typer.Option(help=f"Sizes, by commas: {', '.join(SIZES)}.")] = "S",
    seeds: Annotated[str, typer.Option(help="Seeds of instances: 1,2 or 1-10.")] = "1-3",
    books: Annotated[str, typer.Option(help="Workbook folders besides, by commas.")] = "",
    routes: Annotated[
        str, typer.Option(help=f"Routes, by commas: {', '.join(ROUTES)}.")
    ] = ",".join(("optalloc", "highs-direct", "pyomo-appsi", "linopy", "scip", "cp-sat")),
    gap: Annotated[float, typer.Option(help="Proven gap at which a run stops.", min=0)] = 1e-3,
    time_limit: Annotated[float, typer.Option(help="Seconds for a run, reading on.", min=1)] = 150,
    memory_limit: Annotated[float, typer.Option(help="MB for a run.", min=100)] = 16_000,
    threads: Annotated[int, typer.Option(help="Threads of a run.", min=1)] = 2,
    solver_seed: Annotated[int, typer.Option(help="Seed of the solver.", min=0)] = 0,
    into: Annotated[Path, typer.Option(help="Folder of results.")] = Path("out/campaign"),
    instances: Annotated[Path, typer.Option(help="Folder of instances.")] = Path("out/instances"),
    again: Annotated[bool, typer.Option(help="Make runs again that were made.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a row a line, as JSON.")] = False,
) -> None:
    """Run instances by routes, one at a time, each in a process of its own; ended, it goes on."""
    named = [size for size in sizes.split(",") if size]
    try:
        chosen = [route_of(route) for route in routes.split(",") if route]
        if set(named) - set(SIZES):
            raise ValueError(f"sizes must be among {', '.join(SIZES)}; found {sizes!r}")  # noqa: TRY301
        if not chosen or not (named or books):
            raise ValueError("there must be a route, and a size or a book")  # noqa: TRY301
        sources = [f"{size}:{seeds}" for size in named] + [one for one in books.split(",") if one]
        found = instances_of(sources, load_model(), instances)
    except (ValueError, OptallocError) as error:
        raise typer.BadParameter(str(error)) from error
    limits = Limits(gap, time_limit, threads, solver_seed)
    store, count = RunStore(into), 0
    tasks = tasks_of(found, chosen, [solver_seed], lambda *_: limits)
    for row in campaign(tasks if again else missing(tasks, store), store, memory_limit):
        count += 1
        contradiction = learn(into, row)
        typer.echo(json.dumps(row, default=str) if as_json else _told(row, contradiction))
    if not as_json:
        typer.echo(f"{count} runs made, {len(tasks) - count} there already, in {into}")
        typer.echo(conditions())


@app.command("fetch")
def fetch_command(
    out: Annotated[Path, typer.Argument(help="Folder for the files.")] = Path("out/published"),
) -> None:
    """Fetch the instances of others that are in published.csv, if they are not there yet."""
    for path in fetch(published(), out):
        typer.echo(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of results.", file_okay=False)] = Path(
        "out/campaign"
    ),
) -> None:
    """Make tables and plots of a campaign: report.md and bench.html in its folder."""
    if not (folder / "runs.csv").exists():
        raise typer.BadParameter(
            f"{folder} holds no results; python -m benchmarks solve makes some"
        )
    try:
        text, *pages = make_report(folder)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(text)
    typer.echo("wrote " + " and ".join(map(str, pages)))


@app.command()
def gaps(
    folder: Annotated[Path, typer.Argument(help="Folder of runs.", exists=True, file_okay=False)],
    groups: Annotated[str, typer.Option(help="Groups of instances, by commas; all.")] = "",
    into: Annotated[Path | None, typer.Option(help="Page whose table is to be replaced.")] = None,
) -> None:
    """Make the table of the gap over time of a campaign, by group and route."""
    wanted = [one for one in groups.split(",") if one]
    try:
        store = RunStore(folder, make=False)
    except OptallocError as error:
        raise typer.BadParameter(str(error)) from error
    table = gaps_as_markdown(gaps_over_time(store.runs(), store.traces(), wanted))
    typer.echo(table)
    if into is not None:
        write_table(into, "gaps", table)


def _told(row: dict[str, object], contradiction: str) -> str:
    seconds = row["seconds_total"]
    return (
        f"{row['instance']:<8} {row['route']:<14} {seconds:8.1f} s  {row['objective']:14,.2f} "
        f"{row['bound']:14,.2f}  gap {100 * float(str(row['gap'])):7.3f} %  "
        f"{row['peak_mb']:8,.0f} MB  {row['stop_reason']} {row['note']} {contradiction}"
    )


def _line(row: Measured) -> str:
    named = f"{row.case:<8} {row.route:<20}"
    if row.seconds is None:
        return f"{named} {row.note}"
    again = f"   refresh {row.refresh_seconds:.3f} s" if row.refresh_seconds is not None else ""
    return f"{named} {row.seconds:9.3f} s {row.peak_mb:9.0f} MB{again}"


if __name__ == "__main__":
    app()
