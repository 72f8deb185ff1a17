"""The command line: a thin layer over the pipeline, with one exit code per kind of ending."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from optalloc.alternatives import alternatives as find_alternatives
from optalloc.approved import with_approved
from optalloc.arrays import Arrays
from optalloc.atomic import replacing_together
from optalloc.bench import LIMIT_S
from optalloc.bench import bench as bench_book
from optalloc.diff import diff as compare
from optalloc.documents import write_documents
from optalloc.errors import (
    InfeasibleError,
    InputError,
    InternalError,
    ModelError,
    NoPlanError,
    OptallocError,
    Problem,
    Severity,
    SolveError,
)
from optalloc.explain import Explanation
from optalloc.explain import explain as explain_book
from optalloc.explain.edits import RELAXATION
from optalloc.explain.run import BUDGET_S, explain_without_plan
from optalloc.explain.shortages import impossible
from optalloc.export import export_model
from optalloc.family import Model, load_model
from optalloc.highs import abandoned_runs
from optalloc.mark import mark_workbook
from optalloc.optiontypes import amount, share
from optalloc.outcome import Strategy
from optalloc.pipeline import compile_program
from optalloc.pipeline import solve as solve_book
from optalloc.plan import Plan
from optalloc.planfile import read_plan as read_plan_file
from optalloc.program import build
from optalloc.progress import ProgressDisplay
from optalloc.report import read_explanation, write_report
from optalloc.serve import serve as serve_pages
from optalloc.showtables import print_tables
from optalloc.solvers import SOLVERS
from optalloc.sweep.display import SweepDisplay, print_cases
from optalloc.sweep.result import SweepResult
from optalloc.sweep.run import sweep as sweep_book
from optalloc.template import example_rows, write_template
from optalloc.validate import check as check_workbook
from optalloc.validate import validate
from optalloc.workbook import Workbook, read_workbook

__all__ = ["app", "main"]

T = TypeVar("T")

# Sums and a conflict are found in so many seconds, or not at all.
LEAST_EXPLAINING_S = 5.0
USAGE, INPUT, INFEASIBLE, NO_PLAN, FAULT = 2, 3, 4, 5, 70
# What a run writes into its folder; what it does not write anew is of an earlier run.
RESULTS = ("plan.xlsx", "report.html", "explanation.xlsx", "alternatives.xlsx")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Proven-best plans for building data-centre capacity, from one workbook.",
    epilog="Exit codes: 0 a plan, 2 usage, 3 input errors, 4 infeasible, 5 stopped without a plan, "
    "70 a fault of optalloc.",
)

Book = Annotated[Path, typer.Argument(help="An .xlsx workbook, or a folder of CSV files.")]
SECONDS, GIGABYTES = amount("seconds", 0.001), amount("GB", 0.001)
ModelDir = Annotated[Path | None, typer.Option("--model", help="Folder of model families.")]
Approved = Annotated[
    Path | None, typer.Option(help="The plan.xlsx approved last, to stay close to at a price.")
]


def main() -> None:
    """Entry point of the ``optalloc`` command."""
    # What a console cannot show is no reason to fail.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Pyomo prints on stdout what it then raises, Ctrl-C included.
    logging.getLogger("pyomo").handlers = [logging.NullHandler()]
    try:
        app()
    except SystemExit as ending:
        if abandoned_runs():
            # All is written; a run of the solver that does not end must not keep the process.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ending.code if isinstance(ending.code, int) else int(bool(ending.code)))
        raise


@app.command()
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
    approved: Approved = None,
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
            _refuse_folder(folder, "plan.xlsx", "report.html")
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
                    model=model,
                    approved=approved,
                    progress=display.update,
                    on_phase=on_phase,
                )
            except InfeasibleError as found:
                display.phase("explain")
                said = explain_without_plan(
                    book,
                    found,
                    budget_s=_left_s(time_limit, begun),
                    gap=gap,
                    threads=threads,
                    seed=seed,
                    model=model,
                    approved=approved,
                    on_step=display.step,
                )
                for line in said.to_text().splitlines():
                    found.add_note(line)
                raise
            if folder is not None:
                with _results(folder, written) as draft:
                    plan.to_excel(draft / "plan.xlsx")
                    plan.to_html(draft / "report.html")
        return plan

    plan = _guarded(run, as_json=as_json)
    if as_json:
        _print_json(plan.to_dict())
    else:
        for notice in plan.notices:
            _say(errors, f"notice: {notice}")
        _print_summary(plan)
    for line in written:
        _say(errors, line)


@app.command()
def report(
    plan: Annotated[Path, typer.Argument(help="A plan.xlsx that optalloc solve wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="Page to write; report.html beside PLAN by default.")
    ] = None,
    explanation: Annotated[
        Path | None, typer.Option(help="An explanation.xlsx that optalloc explain wrote.")
    ] = None,
    model: ModelDir = None,
) -> None:
    """Write a plan as one page to look at: map, charts and tables, without a connection."""
    target = plan.with_name("report.html") if out is None else out

    def run() -> None:
        if target.suffix.lower() not in (".html", ".htm"):
            raise typer.BadParameter("--out must end in .html")
        _refuse_folder(target.parent, target.name)
        loaded = load_model(model)
        read = read_plan_file(plan, loaded)
        said = None if explanation is None else read_explanation(explanation)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_report(read.tables, read.specs, loaded.charts, loaded.report, target, said)

    _guarded(run)
    print(f"wrote {target}")


@app.command()
def explain(
    book: Annotated[
        Path, typer.Argument(help="An .xlsx workbook, a folder of CSV files, or a plan.xlsx.")
    ],
    workbook: Annotated[
        Path | None,
        typer.Argument(help="Workbook of a plan.xlsx; by default the one it names."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for explanation.xlsx and, with its sheets, plan.xlsx and report.html; "
            "by default nothing is written."
        ),
    ] = None,
    budget: Annotated[
        float,
        typer.Option(parser=SECONDS, help="Seconds for explaining, beside those for solving."),
    ] = BUDGET_S,
    site: Annotated[
        list[str] | None, typer.Option(help="A site to ask about; may be given several times.")
    ] = None,
    relaxed: Annotated[
        Path | None,
        typer.Option(
            help="Where to write a copy of a workbook without a plan, changed as proposed."
        ),
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(parser=share(), help="Relative gap to stop at, such as 1% or 0.01."),
    ] = None,
    approved: Approved = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the explanation as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Say what limits the plan and why it takes these sites; or why there is no plan."""
    errors = Console(stderr=True)
    written: list[str] = []

    def run() -> Explanation:
        if out is not None:
            _refuse_folder(out, "explanation.xlsx", "plan.xlsx", "report.html")
        with ProgressDisplay(errors) as display:
            said = explain_book(
                book,
                workbook,
                budget_s=budget,
                sites=tuple(site or ()),
                gap=gap,
                model=model,
                approved=approved,
                relaxed=relaxed,
                progress=display.update,
                on_phase=display.phase,
                on_step=display.step,
            )
            if out is not None:
                with _results(out, written) as draft:
                    _write_explanation(said, draft)
            if relaxed is not None:
                done = RELAXATION.name in said.tables
                lacking = f"{relaxed} was not written: no change is proposed"
                written.append(f"wrote {relaxed}" if done else lacking)
        return said

    said = _guarded(run, as_json=as_json)
    if as_json:
        _print_json(said.to_dict())
    else:
        print(said.to_text())
    for line in written:
        _say(errors, line)
    if said.without_plan:
        raise typer.Exit(INFEASIBLE)


def _write_explanation(said: Explanation, out: Path) -> None:
    """Write an explanation, and the plan that it is about with it."""
    said.to_excel(out / "explanation.xlsx")
    if said.plan is not None:
        said.plan.to_excel(out / "plan.xlsx", said)
        said.plan.to_html(out / "report.html", said)


@contextmanager
def _results(folder: Path, written: list[str]) -> Iterator[Path]:
    """Give a draft folder for the results of one run, and say which files are where in the end."""
    with replacing_together(folder, RESULTS) as (draft, set_aside):
        yield draft
        names = sorted(path.name for path in draft.iterdir())
    written.append("wrote " + " and ".join(str(folder / name) for name in names))
    written += [f"moved {path.name} of an earlier run to {path}" for path in set_aside]


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(help="A workbook, a folder of CSV files, or a plan.xlsx.")],
    b: Annotated[Path, typer.Argument(help="Another of the same kind.")],
    out: Annotated[
        Path | None, typer.Option(help="Workbook to write all tables into; it ends in .xlsx.")
    ] = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Say what changes from A to B: two inputs cell by cell, or two plans with a cost bridge."""

    def run() -> Explanation:
        if out is not None:
            if out.suffix.lower() != ".xlsx":
                raise typer.BadParameter("--out must end in .xlsx")
            _refuse_folder(out.parent, out.name)
        said = compare(a, b, model=model)
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            said.to_excel(out)
        return said

    said = _guarded(run, as_json=as_json)
    if as_json:
        _print_json(said.to_dict())
    else:
        print(said.to_text())
        print_tables(said.tables, said.specs, "--out writes them all" if out is None else str(out))
    if out is not None:
        _say(Console(stderr=True), f"wrote {out}")


@app.command()
def sweep(
    book: Book,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[SWEEP]",
            help="A sweep of the Sweeps sheet, or a TOML file (FILE.toml:NAME of several).",
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Workers, of one thread each; one a core by default.", min=1)
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers to use.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/sweep"),
    resume: Annotated[bool, typer.Option(help="Solve only what is missing in OUT.")] = False,
    force: Annotated[bool, typer.Option(help="Begin anew, whatever is in OUT.")] = False,
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
                tell=display.update,
            )

    result = _guarded(run, as_json=as_json)
    if as_json:
        _print_json(result.to_dict())
    else:
        print_cases(result)
    for case in result.failed.itertuples():
        _say(errors, f"failed: {case.case}: {case.reason}")
    _say(errors, f"wrote {out}")
    if len(result.failed):
        raise typer.Exit(NO_PLAN)


@app.command()
def alternatives(
    book: Book,
    slack: Annotated[
        float,
        typer.Option(
            parser=share(at_most=math.inf),
            help="What an alternative may cost more than the best plan, such as 1% or 0.01.",
        ),
    ] = 0.01,
    count: Annotated[int, typer.Option(help="How many to look for.", min=1, max=1000)] = 5,
    out: Annotated[
        Path | None, typer.Option(help="Folder for alternatives.xlsx; by default none is written.")
    ] = None,
    budget: Annotated[
        float,
        typer.Option(parser=SECONDS, help="Seconds for the best plan, and again for the others."),
    ] = BUDGET_S,
    gap: Annotated[
        float | None,
        typer.Option(parser=share(), help="Relative gap to stop at, such as 1% or 0.01."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.", min=0, max=2**31 - 1)] = None,
    approved: Approved = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print them as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Find plans that cost little more than the best and differ from it as much as possible."""
    errors = Console(stderr=True)
    written: list[str] = []

    def run() -> Explanation:
        if out is not None:
            _refuse_folder(out, "alternatives.xlsx")
        with ProgressDisplay(errors) as display:
            said = find_alternatives(
                book,
                slack=slack,
                count=count,
                budget_s=budget,
                gap=gap,
                seed=seed,
                model=model,
                approved=approved,
                progress=display.update,
                on_phase=display.phase,
                on_step=display.step,
            )
        if out is not None:
            with _results(out, written) as draft:
                said.to_excel(draft / "alternatives.xlsx")
        return said

    said = _guarded(run, as_json=as_json)
    if as_json:
        _print_json(said.to_dict())
    else:
        print(said.to_text())
        print_tables(said.tables, said.specs, "--out writes them all" if out is None else str(out))
    for line in written:
        _say(errors, line)


@app.command()
def check(
    book: Book,
    mark: Annotated[
        bool, typer.Option(help="Write a copy of the workbook with each bad cell marked.")
    ] = False,
    approved: Approved = None,
    model: ModelDir = None,
) -> None:
    """Report every error of a workbook at once, with sheet and cell and what to do."""

    def run() -> list[Problem]:
        if mark and not book.is_file():
            raise OptallocError(f"{book}: must be an .xlsx workbook for its cells to be marked")
        loaded = load_model(model)
        dataset, problems = check_workbook(_read(book, loaded, approved), loaded)
        if any(problem.severity is Severity.ERROR for problem in problems):
            return problems
        return [*problems, *impossible(dataset, loaded)]

    problems = _guarded(run)
    bad = [problem for problem in problems if problem.severity is Severity.ERROR]
    for problem in problems:
        prefix = "" if problem.severity is Severity.ERROR else "notice: "
        print(f"{prefix}{problem}")
    if mark and bad:
        target = book.with_name(f"{book.stem}-marked{book.suffix}")
        _guarded(lambda: mark_workbook(book, problems, target))
        print(f"wrote {target}")
    if bad:
        print(f"{len(bad)} error{'s' if len(bad) > 1 else ''} in {book.name or book}")
        raise typer.Exit(INPUT)
    print(f"{book.name or book}: no errors")


@app.command()
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
    model: ModelDir = None,
) -> None:
    """Serve the same in a browser: upload, check, solve, watch, read, change limits, compare."""
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
            model=model,
            say=lambda line: _say(errors, line),
        )

    _guarded(run)


@app.command()
def template(
    out: Annotated[Path, typer.Argument(help="Workbook to write.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder of CSVs or workbook whose rows to fill in."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Fill in a small example, to try things on.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Overwrite OUT if it exists.")] = False,
    model: ModelDir = None,
) -> None:
    """Write a workbook to fill in, with every sheet and its columns explained."""

    def run() -> None:
        if example and source is not None:
            raise typer.BadParameter("say --example or --from, not both")
        if out.suffix.lower() != ".xlsx":
            raise typer.BadParameter("OUT must end in .xlsx")
        if out.exists() and not force:
            raise typer.BadParameter(f"{out} exists; say --force to overwrite it")
        loaded = load_model(model)
        rows: Mapping[str, Sequence[Mapping[str, object]]] | None = None
        if source is not None:
            dataset, problems = check_workbook(read_workbook(source), loaded)
            bad = [problem for problem in problems if problem.severity is Severity.ERROR]
            if bad:
                raise InputError(bad)
            rows = dataset.records()
        elif example:
            rows = example_rows(loaded)
        write_template(loaded, out, rows)

    _guarded(run)
    print(f"wrote {out}")


@app.command()
def export(
    book: Book,
    out: Annotated[Path, typer.Argument(help="File to write, ending in .mps or .lp.")],
    force: Annotated[bool, typer.Option(help="Overwrite OUT if it exists.")] = False,
    approved: Approved = None,
    model: ModelDir = None,
) -> None:
    """Write the model of a workbook as MPS or LP, for another solver or a second look."""

    def run() -> Arrays:
        if out.exists() and not force:
            raise typer.BadParameter(f"{out} exists; say --force to overwrite it")
        loaded = load_model(model)
        dataset = validate(_read(book, loaded, approved), loaded)
        arrays = compile_program(build(dataset, loaded))
        export_model(arrays, out)
        return arrays

    arrays = _guarded(run)
    print(f"wrote {out}: {arrays.size['rows']:,} rows, {arrays.size['columns']:,} columns")
    if arrays.separate is not None:
        note = "limits whose rows are found during the solve are not in the file"
        print(f"note: {note}: what it proves is a bound", file=sys.stderr)


@app.command()
def bench(
    book: Book,
    time_limit: Annotated[
        float, typer.Option(parser=SECONDS, help="Seconds for each strategy.")
    ] = LIMIT_S,
    strategy: Annotated[
        list[str] | None, typer.Option(help="One to try, may be repeated; by default all.")
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(parser=share(), help="Relative gap to stop at, such as 1% or 0.01."),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Solver threads.", min=1, max=1024)] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.", min=0, max=2**31 - 1)] = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Measure how long a workbook takes, by phase and strategy, and say what would help."""

    def run() -> Explanation:
        with ProgressDisplay(Console(stderr=True)) as display:
            return bench_book(
                book,
                time_limit_s=time_limit,
                strategies=strategy or (),
                gap=gap,
                threads=threads,
                seed=seed,
                model=model,
                on_phase=display.phase,
            )

    said = _guarded(run, as_json=as_json)
    if as_json:
        _print_json(said.to_dict())
        return
    print(said.to_text())
    print_tables(said.tables, said.specs, "--json prints them all")


def _read(book: Path, model: Model, approved: Path | None) -> Workbook:
    workbook = read_workbook(book)
    return workbook if approved is None else with_approved(workbook, model, approved)


@app.command()
def document(
    out: Annotated[Path, typer.Argument(help="Folder to write formulation.md and others into.")],
    model: ModelDir = None,
) -> None:
    """Write the formulation page and the data dictionary of a model, in Markdown."""
    for path in _guarded(lambda: write_documents(load_model(model), out)):
        print(f"wrote {path}")


def _guarded(run: Callable[[], T], *, as_json: bool = False) -> T:
    """Run, and turn each kind of error into its message and exit code, without a traceback."""
    try:
        return run()
    except InputError as error:
        lines = [str(problem) for problem in error.problems]
        _leave(INPUT, "input", lines, as_json)
    except InfeasibleError as error:
        # What was found to say of it, in place of the names of rows.
        said = getattr(error, "__notes__", [str(error)])
        _leave(INFEASIBLE, "infeasible", said, as_json)
    except NoPlanError as error:
        _leave(NO_PLAN, "no plan", [str(error)], as_json)
    except ModelError as error:
        _leave(USAGE, "model", [str(error)], as_json)
    except (InternalError, SolveError) as error:
        _leave(FAULT, "fault", [str(error)], as_json)
    except OptallocError as error:
        _leave(USAGE, "usage", [str(error)], as_json)
    except OSError as error:
        _leave(USAGE, "file", [f"{error.filename or 'file'}: {error.strerror or error}"], as_json)
    except KeyboardInterrupt:
        _leave(NO_PLAN, "no plan", ["interrupted; no plan was written"], as_json)
    except (typer.Exit, typer.BadParameter):
        raise
    except Exception:
        traceback.print_exc()
        _leave(FAULT, "fault", ["a fault of optalloc; please report the lines above"], as_json)


def _left_s(limit_s: float | None, begun: float) -> float:
    """Seconds for explaining what a solve found: what it left of its limit."""
    if limit_s is None:
        return BUDGET_S
    return max(limit_s - (time.perf_counter() - begun), min(LEAST_EXPLAINING_S, limit_s))


def _leave(code: int, kind: str, lines: list[str], as_json: bool) -> NoReturn:
    if as_json:
        _print_json({"error": kind, "exit_code": code, "messages": lines})
    for line in lines:
        print(line, file=sys.stderr)
    raise typer.Exit(code)


@contextmanager
def _plan_kept(errors: Console) -> Iterator[Callable[[str], None]]:
    """Give a callback for phases; once there is a plan, Ctrl-C must be pressed again to lose it."""
    usual = signal.getsignal(signal.SIGINT)

    def warn(*_: object) -> None:
        signal.signal(signal.SIGINT, usual)
        _say(errors, "the plan is being checked and written; press Ctrl-C again to give it up")

    def hold(phase: str) -> None:
        signal.signal(signal.SIGINT, warn if phase in ("read back", "audit") else usual)

    try:
        yield hold
    finally:
        signal.signal(signal.SIGINT, usual)


def _refuse_folder(out: Path, *names: str) -> None:
    """Refuse an output folder that could not be written to, before hours are spent on a plan."""
    nearest = out
    while not nearest.exists() and nearest.parent != nearest:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise OptallocError(f"{nearest}: must be a folder for --out {out}; it is a file")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OptallocError(f"{nearest}: must be writable for --out {out}")
    for name in names:
        if (out / name).is_dir():
            raise OptallocError(f"{out / name}: must be a file to be replaced; it is a folder")


def _print_json(content: dict[str, Any]) -> None:
    def finite(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, dict):
            return {k: finite(v) for k, v in value.items()}
        return [finite(v) for v in value] if isinstance(value, list) else value

    print(json.dumps(finite(content), allow_nan=False))


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_summary(plan: Plan) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for row in plan.summary().itertuples():
        value = row.value
        shown = f"{value:,.4f}" if isinstance(value, float) else str(value)
        if row.figure == "gap":
            shown = f"{100 * float(str(value)):.4f} %"
        table.add_row(str(row.figure), shown, str(row.unit))
    console = Console()
    # A pipe has no width to wrap to.
    if not console.is_terminal:
        console.width = 200
    console.print(table)
