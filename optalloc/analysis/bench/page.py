"""The page of a campaign: its pictures, words and tables in one file."""

from __future__ import annotations

from pathlib import Path

from optalloc.analysis.bench import tables as specs
from optalloc.analysis.bench.exhibits import REPORT
from optalloc.report.findings import Findings
from optalloc.system import replacing

__all__ = ["write_page"]

# Sentences at the head of the page; the others follow as a list.
_LEAD = 2


def write_page(findings: Findings, name: str, path: str | Path) -> None:
    """Write the findings of a campaign as one page that needs nothing else.

    Parameters
    ----------
    findings : Findings
        From `findings_of`.
    name : str
        Of the campaign.
    path : str or Path
    """
    # Imported only when a page is written, as it takes a second.
    from optalloc.report.payload import payload  # noqa: PLC0415
    from optalloc.report.render import Words, rendered  # noqa: PLC0415

    runs, wrong = findings[specs.RUNS.name], findings[specs.WRONG.name]
    routes = findings[specs.ROUTES.name]
    cards = [
        _card("runs", len(runs), ""),
        _card("with the gap asked for", int(routes["reached"].sum()), ""),
        _card("failed", int(routes["failed"].sum()), ""),
        _card("wrong answers", len(wrong), ""),
    ]
    words = Words(
        kind="Benchmark",
        name=name,
        pill="wrong answers" if len(wrong) else "no wrong answer",
        headline=f"{findings.title}.",
        lead=findings.sentences[:_LEAD],
        figures=cards,
        findings=findings.sentences[_LEAD:],
        about_tables="The campaign's tables as they are, in full.",
    )
    content = payload(findings.tables, findings.specs, (), REPORT)
    page = rendered(content, findings.tables, words)
    with replacing(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8")


def _card(label: str, value: int, unit: str) -> dict[str, object]:
    return {"label": label, "value": value, "shown": f"{value:,}", "unit": unit}
