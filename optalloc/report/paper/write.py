"""A plan written as slides or as pages, by the ending of the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optalloc.errors import OptallocError
from optalloc.modelling.policy_tables import FUTURES
from optalloc.modelling.tables import RUN
from optalloc.report.findings import Findings
from optalloc.report.paper.content import Source, deck_of
from optalloc.system import replacing

__all__ = ["ENDINGS", "write_paper"]

ENDINGS = (".pptx", ".pdf")
# Costs that differ by less than this share are the same.
_SAME = 1e-6


def write_paper(source: Source, path: str | Path, findings: Sequence[Findings] = ()) -> None:
    """Write a plan as five slides (.pptx), or as two pages (.pdf) by a browser.

    Parameters
    ----------
    source : Source
        Tables, declarations and report of the plan.
    path : str or Path
        It appears whole or not at all.
    findings : sequence of Findings
        About the plan, such as an explanation or alternatives.

    Raises
    ------
    OptallocError
        If the plan is a policy, its costs no longer add up to the objective that was proven, the
        file has another ending or cannot be written; or there is no browser to make a .pdf by.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise OptallocError(f"{path}: must end in {' or '.join(ENDINGS)}")
    if path.is_dir():
        raise OptallocError(f"{path}: must be a file to be replaced; it is a folder")
    _refuse(source)
    deck = deck_of(source, findings)
    with replacing(path) as draft:
        if path.suffix.lower() == ".pdf":
            from optalloc.report.paper.pages import save_pages  # noqa: PLC0415  (as below)

            save_pages(deck, draft)
        else:
            # Imported here, as only a paper needs it.
            from optalloc.report.paper.slides import save_slides  # noqa: PLC0415

            save_slides(deck, draft)


def _refuse(source: Source) -> None:
    name = source.file or "the plan"
    if FUTURES in source.specs:
        count = len(source.tables[FUTURES.name])
        raise OptallocError(
            f"{name} is a policy, of {count} scenarios, and a paper is about one plan: solve the "
            "workbook with --certain, or read the policy's page, report.html"
        )
    run = dict(zip(source.tables[RUN.name]["entry"], source.tables[RUN.name]["value"], strict=True))
    proven = float(str(run["objective"]))
    for spec in source.specs:
        if spec.objective:
            total = float(source.tables[spec.name][spec.objective].sum())
            if abs(total - proven) > _SAME * max(1.0, abs(proven)):
                raise OptallocError(
                    f"{name} has been changed: its sheet {spec.name} adds up to {total:,.6g}, and "
                    f"the plan that was proven costs {proven:,.6g}. Solve the workbook again."
                )
