"""Commands whose answer is findings: printed, and written to a workbook if one is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from optalloc.cli.ending import guarded
from optalloc.cli.screen import refuse_folder, say
from optalloc.cli.tables import print_findings
from optalloc.report.findings import Findings

__all__ = ["TablesOut", "answer"]

TablesOut = Annotated[
    Path | None, typer.Option(help="Workbook to write all tables into; it ends in .xlsx.")
]


def answer(find: Callable[[], Findings], out: Path | None, *, as_json: bool) -> None:
    """Print what is found, and write it, unless the workbook is refused before anything is solved.

    Parameters
    ----------
    find : callable
    out : Path, optional
        The workbook.
    as_json : bool
    """

    def run() -> Findings:
        if out is not None:
            if out.suffix.lower() != ".xlsx":
                raise typer.BadParameter("--out must end in .xlsx")
            refuse_folder(out.parent, out.name)
        findings = find()
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            findings.to_excel(out)
        return findings

    findings = guarded(run, as_json=as_json)
    print_findings(findings, "--out writes them all" if out is None else str(out), as_json=as_json)
    if out is not None:
        say(Console(stderr=True), f"wrote {out}")
