"""The page: its words, and everything that it needs in one file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from optalloc.modelling.exhibits import Agenda, Cases, Exhibit, Listing, Ranking
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.slides import Slide
from optalloc.modelling.tables import BINDING_LIMITS, LIMITS, MARGINALS, RUN, SUMMARY
from optalloc.report.figures import Figures
from optalloc.report.payload import payload
from optalloc.report.render import Words, rendered
from optalloc.system import replacing

if TYPE_CHECKING:
    from optalloc.report.findings import Findings

__all__ = ["own_report", "report_page", "write_report"]

# Exhibits of the engine itself, whatever the families.
_MARGINALS = Ranking(
    title="What a little more would save",
    order=890,
    slide=Slide.RISKS,
    note="The dearest limits that bind, by what 1 % more of each saves, whole numbers as planned.",
    table=MARGINALS.name,
    label=("limit", "key"),
    value="saving_per_percent",
    x_title="Saved by 1 % more (M)",
)
_CURES = Listing(
    title="What would serve more of it",
    order=98,
    table=MARGINALS.name,
    where="cures",
    first=("limit", "key", "serves", "saving_per_percent"),
    note="Limits that bind, by how much less is left unmet with 1 % more of each, and what that "
    "saves; whole numbers as planned.",
)
_BINDING = Listing(
    title="What limits the plan",
    order=900,
    table=BINDING_LIMITS.name,
    first=("in_words", "since", "until", "least", "most", "unit"),
    note="Every limit of which nothing is left, and from when to when.",
)
_RUN = Listing(
    title="Run record",
    order=990,
    table=RUN.name,
    note="Versions, options, sizes, seconds and the hash of the input: how the plan came about.",
)


def write_report(
    tables: Mapping[str, pd.DataFrame],
    specs: Sequence[TableSpec],
    charts: Sequence[Chart],
    report: Report,
    path: str | Path,
    explanation: Findings | None = None,
) -> None:
    """Write the plan's tables as one page that needs nothing else.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Table by name.
    specs : sequence of TableSpec
        Their declarations, in order.
    charts : sequence of Chart
        Drawn as they are, but for those whose title an exhibit has.
    report : Report
        Declared by the model folder: roles of tables, sentences, exhibits.
    path : str or Path
        The ``.html`` file; it appears whole or not at all.
    explanation : Explanation, optional
        Findings about the plan, and the tables behind them.

    Raises
    ------
    ModelError
        If the report names a table or column that the plan does not have.
    OptallocError
        If the file cannot be written.
    """
    page = report_page(tables, specs, charts, report, explanation)
    with replacing(path) as draft:
        draft.write_text(page, encoding="utf-8")


def report_page(
    tables: Mapping[str, pd.DataFrame],
    specs: Sequence[TableSpec],
    charts: Sequence[Chart],
    report: Report,
    explanation: Findings | None = None,
) -> str:
    """Give the page as text; as `write_report`, which writes it."""
    figures = Figures(tables[SUMMARY.name])
    report += own_report(tables)
    if explanation is not None:
        own = [spec for spec in explanation.specs if spec.name not in tables]
        tables = {**tables, **{spec.name: explanation[spec.name] for spec in own}}
        specs, report = (*specs, *own), report + _explained(own)
    report = replace(report, exhibits=tuple(_with_words(e, figures) for e in report.exhibits))
    content = payload(tables, specs, charts, report)
    opening = [*figures.sentences(report.headline), figures.proof()]
    words = Words(
        kind="Policy" if report.single else "Plan",
        name=figures.text(report.case) if report.case else "",
        pill=figures.text("quality"),
        headline=opening[0],
        lead=opening[1:],
        figures=[figures.card(name) for name in report.figures if name in figures.rows],
        findings=explanation.sentences if explanation is not None else (),
        about_tables="The plan's tables as they are, in full.",
        coast=True,
    )
    return rendered(content, tables, words)


def own_report(tables: Mapping[str, pd.DataFrame]) -> Report:
    """Exhibits of the engine; of an earlier version's plan by the tables that it has."""
    marginals, binding = _MARGINALS, _BINDING
    if tables[MARGINALS.name][marginals.value].isna().all():
        note = "The dearest limits that bind, by what one more unit of each saves."
        title = "Saved by one more (M)"
        marginals = replace(marginals, value="saving", x_title=title, note=note)
    if tables[BINDING_LIMITS.name].empty:
        words = ("in_words",)
        binding = replace(binding, table=LIMITS.name, where="binding", first=words)
    exhibits = (marginals, binding, _RUN)
    return Report(
        exhibits=(_CURES, *exhibits) if tables[_CURES.table][_CURES.where].any() else exhibits
    )


def _with_words(exhibit: Exhibit, figures: Figures) -> Exhibit:
    """An exhibit whose sentence in place of rows has its figures."""
    if not isinstance(exhibit, Agenda | Listing | Cases):
        return exhibit
    return replace(exhibit, empty=figures.plain(exhibit.empty))


def _explained(specs: Sequence[TableSpec]) -> Report:
    """A listing for each table of an explanation, columns of words first."""
    words = ("member", "verdict", "in_words", "saving", "means")
    return Report(
        exhibits=tuple(
            Listing(
                title=_spaced(spec.name),
                order=940 + place,
                note=spec.meaning,
                table=spec.name,
                first=words,
            )
            for place, spec in enumerate(specs)
        )
    )


def _spaced(name: str) -> str:
    """Name of a table as a heading."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()
