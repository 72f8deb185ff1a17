"""The slides of a paper as plain values, from the plan's tables and what the model declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from optalloc.errors import ModelError
from optalloc.modelling.exhibits import Agenda, Bridge, Exhibit, Map, Ranking, Timeline, Trend
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.slides import Selection, Slide
from optalloc.modelling.tables import AUDIT, BINDING_LIMITS, RUN, SUMMARY
from optalloc.report.cells import is_number, rounded, written
from optalloc.report.figures import BOUNDS, Figures
from optalloc.report.findings import Findings
from optalloc.report.page import own_report
from optalloc.report.paper.charts import bridge_chart, ranking_chart, timeline_chart, trend_chart
from optalloc.report.paper.map import map_panels
from optalloc.report.paper.panels import (
    Cards,
    Deck,
    Panel,
    SlideContent,
    TablePanel,
    TextPanel,
)

__all__ = ["Source", "deck_of"]

# Titles of slides, where no sentence stands for them.
_TITLES = {
    Slide.DECISION: "What to decide",
    Slide.MAP: "Where it stands",
    Slide.TIMELINE: "When it is built",
    Slide.COST: "What it costs, and how well that is proven",
    Slide.RISKS: "Risks and alternatives",
}
# Panels and sentences of findings on a slide.
MOST_PANELS, MOST_SENTENCES, MOST_CARDS = 4, 7, 6
# Actions that have a line of their own.
MOST_ACTIONS = 14
_LIMITS = Selection(
    title="What limits the plan",
    order=50,
    slide=Slide.RISKS,
    table=BINDING_LIMITS.name,
    shown=(("in_words", "Nothing is left of"), ("since", "From"), ("until", "To")),
)
# Places of what is not declared by families on the slide of risks.
_SAVINGS_AT, _FINDINGS_AT = 20, 15


@dataclass(frozen=True)
class Source:
    """Tables of a plan with their declarations, and the name of the file that they are from."""

    tables: Mapping[str, pd.DataFrame]
    specs: Sequence[TableSpec]
    report: Report
    file: str = ""


def deck_of(source: Source, findings: Sequence[Findings] = ()) -> Deck:
    """The five slides of a plan.

    Parameters
    ----------
    source : Source
        Of one scenario, or of a workbook without uncertainties.
    findings : sequence of Findings
        About it, such as an explanation or alternatives; their sentences stand with the risks.

    Raises
    ------
    ModelError
        If an exhibit names a table or column that the plan does not have, or is of a kind that
        cannot stand on a slide.
    """
    figures, report = Figures(source.tables[SUMMARY.name]), source.report
    name = figures.text(report.case) if report.case else ""
    quality = figures.text("quality")
    foot = " \N{MIDDLE DOT} ".join(filter(None, (name, source.file, quality)))
    return Deck(
        title=name or "Plan",
        foot=foot,
        slides=tuple(_slide(slide, source, figures, findings) for slide in Slide),
    )


def _slide(
    slide: Slide, source: Source, figures: Figures, findings: Sequence[Findings]
) -> SlideContent:
    report = source.report
    said = [words for name, words in report.messages if name == slide]
    sentences = [figures.written(words) for words in figures.known(said)]
    title = _TITLES[slide]
    proof = figures.written(figures.proof_template())
    if slide is Slide.DECISION:
        title = next(iter(map(figures.written, figures.known(report.headline))), title)
        sentences = [*sentences, proof]
    elif slide is Slide.COST:
        sentences = [*sentences, proof]
    exhibits = sorted(_exhibits(slide, source), key=lambda exhibit: exhibit.order)
    panels: list[tuple[float, Panel]] = []
    for exhibit in exhibits:
        _refuse_unknown(exhibit, source.specs)
        panels += [(exhibit.order, panel) for panel in _drawn(exhibit, source, figures)]
    tables = {table for e in exhibits for table, _ in e.columns()}
    if slide is Slide.DECISION:
        cards = [_card(figures, name) for name in report.figures if name in figures.rows]
        panels.insert(0, (-1, Cards(title="In figures", figures=cards[:MOST_CARDS])))
    if slide is Slide.COST:
        panels.append((1e9, _proof(source, figures)))
        tables |= {AUDIT.name, RUN.name}
    if slide is Slide.RISKS:
        panels += [(_FINDINGS_AT, _said(found)) for found in findings if found.sentences]
    ordered = [panel for _, panel in sorted(panels, key=lambda pair: pair[0])]
    return SlideContent(
        name=slide.value,
        title=title,
        message=" ".join(sentences),
        panels=ordered[:MOST_PANELS],
        tables=sorted(tables | {SUMMARY.name}),
    )


def _exhibits(slide: Slide, source: Source) -> Iterator[Exhibit]:
    report = source.report
    own = (replace(e, order=_SAVINGS_AT) for e in own_report(source.tables).exhibits)
    every = (*report.exhibits, *report.slides, *own, _LIMITS)
    return (exhibit for exhibit in every if exhibit.slide == slide)


def _refuse_unknown(exhibit: Exhibit, specs: Sequence[TableSpec]) -> None:
    columns = {spec.name: {column.name for column in spec.columns} for spec in specs}
    for table, column in exhibit.columns():
        if column not in columns.get(table, ()):
            raise ModelError(f"slide {exhibit.title!r}: the plan has no column {table}.{column}")


def _drawn(exhibit: Exhibit, source: Source, figures: Figures) -> Iterator[Panel]:
    """Panels of an exhibit; none where it has nothing to show."""
    tables, report = source.tables, source.report
    if isinstance(exhibit, Agenda):
        yield _agenda(exhibit, tables[exhibit.table], source.specs, figures)
    elif isinstance(exhibit, Selection):
        yield from _selection(exhibit, tables[exhibit.table], source.specs)
    elif isinstance(exhibit, Map):
        yield from map_panels(exhibit, tables, source.specs, report.periods)
    elif isinstance(exhibit, Timeline):
        yield from timeline_chart(exhibit, tables[exhibit.table], source.specs)
    elif isinstance(exhibit, Trend):
        yield from trend_chart(exhibit, tables, report.periods)
    elif isinstance(exhibit, Bridge):
        yield from bridge_chart(exhibit, tables[exhibit.table])
    elif isinstance(exhibit, Ranking):
        yield from ranking_chart(exhibit, tables[exhibit.table])
    else:
        raise ModelError(f"{exhibit.title}: a {exhibit.kind} cannot stand on a slide")


def _card(figures: Figures, name: str) -> tuple[str, str, str]:
    shown, unit = figures.shown(name)
    return name, shown, unit


def _agenda(
    exhibit: Agenda, frame: pd.DataFrame, specs: Sequence[TableSpec], figures: Figures
) -> Panel:
    if frame.empty:
        return TextPanel(title=exhibit.title, sentences=[figures.plain(exhibit.empty)])
    units = _units(exhibit.table, specs)
    ordered = frame.sort_values(exhibit.date, kind="stable")
    *named, subject = exhibit.what
    if len(ordered) > MOST_ACTIONS:
        # Of one day and kind all stand on one line, with the sum of what they amount to.
        how = {subject: lambda cells: ", ".join(map(written, cells))}
        how |= {name: lambda cells: cells.sum(min_count=1) for name in exhibit.amounts}
        by = [exhibit.date, *named]
        ordered = ordered.groupby(by, sort=False, dropna=False).agg(how).reset_index()
    rows = []
    for row in ordered.to_dict("records"):
        known = [name for name in exhibit.amounts if not pd.isna(row[name])]
        amounts = [f"{rounded(row[name])} {units[name]}".strip() for name in known]
        what = " ".join(written(row[name]) for name in named)
        rows.append([written(row[exhibit.date]), what, written(row[subject]), ", ".join(amounts)])
    return TablePanel(
        title=exhibit.title,
        titles=("By", "Decision", "For", "How much"),
        numeric=(False, False, False, True),
        rows=rows,
    )


def _selection(
    exhibit: Selection, frame: pd.DataFrame, specs: Sequence[TableSpec]
) -> Iterator[Panel]:
    chosen = frame[frame[exhibit.by].isin(list(exhibit.values))] if exhibit.by else frame
    if chosen.empty:
        if exhibit.empty:
            yield TextPanel(title=exhibit.title, sentences=[exhibit.empty])
        return
    spec = next(spec for spec in specs if spec.name == exhibit.table)
    numeric = {column.name: is_number(column) for column in spec.columns}
    names = [name for name, _ in exhibit.shown]
    cells = chosen[names].itertuples(index=False, name=None)
    yield TablePanel(
        title=exhibit.title,
        note=exhibit.note,
        titles=[title for _, title in exhibit.shown],
        numeric=[numeric[name] for name in names],
        # Rows that differ in other columns alone are one.
        rows=list(dict.fromkeys(tuple(map(rounded, row)) for row in cells)),
    )


def _units(table: str, specs: Sequence[TableSpec]) -> dict[str, str]:
    spec = next(spec for spec in specs if spec.name == table)
    return {column.name: column.unit for column in spec.columns}


def _proof(source: Source, figures: Figures) -> Panel:
    """How good the plan is proven to be, and how it was found and checked."""
    tables = source.tables
    run = dict(zip(tables[RUN.name]["entry"], tables[RUN.name]["value"], strict=True))
    passed = tables[AUDIT.name]["passed"].astype(bool)
    bound = next(name for name in BOUNDS if name in figures.rows)
    rows = [
        (BOUNDS[bound][1], _with_unit(figures, bound)),
        ("Gap to the best there is", f"at most {figures.shown('gap')[0]}"),
        ("Proven to be", figures.text("quality")),
        ("Why the search stopped", figures.text("why it stopped")),
        ("Worked out again from the tables", f"{int(passed.sum())} of {len(passed)} checks passed"),
        ("Limits that bind", " ".join(figures.shown("limits that bind"))),
        ("Seconds to solve", rounded(run.get("seconds to solve"))),
        ("Input, by its SHA-256", str(run["input hash"])[:12]),
    ]
    return TablePanel(
        title="The proof",
        titles=("Question", "Answer"),
        numeric=(False, False),
        rows=[list(row) for row in rows if row[1]],
    )


def _with_unit(figures: Figures, name: str) -> str:
    shown, unit = figures.shown(name)
    return f"{shown} {unit.partition(',')[0]}".strip()


def _said(found: Findings) -> TextPanel:
    more = len(found.sentences) - MOST_SENTENCES
    note = f"and {more:,} more sentences in its workbook" if more > 0 else ""
    return TextPanel(title=found.title, note=note, sentences=found.sentences[:MOST_SENTENCES])
