"""The command explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.analysis.explain.explanation import Explanation
from optalloc.analysis.explain.repair_table import RELAXATION
from optalloc.analysis.explain.solve_and_explain import BUDGET_S
from optalloc.analysis.explain.solve_and_explain import explain as explain_book
from optalloc.cli.ending import INFEASIBLE, guarded
from optalloc.cli.options import SECONDS, Approved, ModelDir, share
from optalloc.cli.progress import ProgressDisplay
from optalloc.cli.screen import print_json, refuse_folder, results, say

__all__ = ["explain"]


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
    certain: Annotated[
        bool, typer.Option("--certain", help="Leave the workbook's uncertainties out.")
    ] = False,
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
            refuse_folder(out, "explanation.xlsx", "plan.xlsx", "report.html")
        with ProgressDisplay(errors) as display:
            explanation = explain_book(
                book,
                workbook,
                budget_s=budget,
                sites=tuple(site or ()),
                gap=gap,
                model=model,
                approved=approved,
                relaxed=relaxed,
                certain=certain,
                progress=display.update,
                on_phase=display.phase,
                on_step=display.step,
            )
            if out is not None:
                with results(out, written) as draft:
                    _write_explanation(explanation, draft)
            if relaxed is not None:
                done = RELAXATION.name in explanation.tables
                lacking = f"{relaxed} was not written: no change is proposed"
                written.append(f"wrote {relaxed}" if done else lacking)
        return explanation

    explanation = guarded(run, as_json=as_json)
    if as_json:
        print_json(explanation.to_dict())
    else:
        print(explanation.to_text())
    for line in written:
        say(errors, line)
    if explanation.without_plan:
        raise typer.Exit(INFEASIBLE)


def _write_explanation(explanation: Explanation, out: Path) -> None:
    """Write an explanation, and the plan that it is about with it."""
    explanation.to_excel(out / "explanation.xlsx")
    if explanation.plan is not None:
        explanation.plan.to_excel(out / "plan.xlsx", explanation)
        explanation.plan.to_html(out / "report.html", explanation)
