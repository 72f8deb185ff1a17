"""Commands that read or compare plans: report, diff, alternatives."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.analysis.alternatives import alternatives as find_alternatives
from optalloc.analysis.diff import diff as compare
from optalloc.analysis.explain.solve_and_explain import BUDGET_S
from optalloc.cli.ending import guarded
from optalloc.cli.findings import TablesOut, answer
from optalloc.cli.options import SECONDS, Approved, Book, ModelDir, share
from optalloc.cli.progress import ProgressDisplay
from optalloc.cli.screen import refuse_folder, results, say
from optalloc.cli.tables import print_findings
from optalloc.modelling.model import load_model
from optalloc.plan.explanation_file import read_explanation
from optalloc.plan.planfile import read_plan as read_plan_file
from optalloc.report.findings import Findings
from optalloc.report.page import write_report
from optalloc.report.paper.write import ENDINGS

__all__ = ["alternatives", "diff", "paper", "report"]


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
        refuse_folder(target.parent, target.name)
        loaded = load_model(model)
        read = read_plan_file(plan, loaded)
        findings = None if explanation is None else read_explanation(explanation)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_report(read.tables, read.specs, loaded.charts, read.report, target, findings)

    guarded(run)
    print(f"wrote {target}")


def paper(
    plan: Annotated[Path, typer.Argument(help="A plan.xlsx that optalloc solve wrote.")],
    out: Annotated[
        Path, typer.Argument(help="Slides to write, board.pptx, or two pages, board.pdf.")
    ],
    explanation: Annotated[
        list[Path] | None,
        typer.Option(
            help="An explanation.xlsx or alternatives.xlsx, whose sentences stand with the risks; "
            "may be repeated."
        ),
    ] = None,
    model: ModelDir = None,
) -> None:
    """Write a plan for those who decide: five editable slides, or two pages by a browser."""

    def run() -> None:
        if out.suffix.lower() not in ENDINGS:
            raise typer.BadParameter(f"OUT must end in {' or '.join(ENDINGS)}")
        refuse_folder(out.parent, out.name)
        read = read_plan_file(plan, load_model(model))
        findings = [
            replace(read_explanation(path), title=path.stem.capitalize())
            for path in explanation or ()
        ]
        out.parent.mkdir(parents=True, exist_ok=True)
        read.to_paper(out, *findings)

    guarded(run)
    print(f"wrote {out}")


def diff(
    a: Annotated[Path, typer.Argument(help="A workbook, a folder of CSV files, or a plan.xlsx.")],
    b: Annotated[Path, typer.Argument(help="Another of the same kind.")],
    out: TablesOut = None,
    model: ModelDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Say what changes from A to B: two inputs cell by cell, or two plans with a cost bridge."""
    answer(lambda: compare(a, b, model=model), out, as_json=as_json)


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

    def run() -> Findings:
        if out is not None:
            refuse_folder(out, "alternatives.xlsx")
        with ProgressDisplay(errors) as display:
            findings = find_alternatives(
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
            with results(out, written) as draft:
                findings.to_excel(draft / "alternatives.xlsx")
        return findings

    findings = guarded(run, as_json=as_json)
    print_findings(findings, "--out writes them all" if out is None else str(out), as_json=as_json)
    for line in written:
        say(errors, line)
