"""Results as a notebook shows them: a headline, sentences, and the first rows of one table."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from optalloc.data.schema import Column
from optalloc.modelling.exhibits import Agenda
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.policy_tables import FUTURES, HERE_AND_NOW
from optalloc.modelling.reports import Report
from optalloc.modelling.tables import SUMMARY
from optalloc.report.cells import columns_with_values, is_number, written
from optalloc.report.figures import Figures

__all__ = ["findings_html", "in_short", "plan_html", "shown_html"]

# Rows and columns of a table, sentences and characters of a sentence or cell that are shown.
MOST_ROWS, MOST_COLUMNS, MOST_SENTENCES, MOST_CHARACTERS = 12, 9, 8, 300


def in_short(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text of at most so many characters, cut at a word."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0] + "\N{HORIZONTAL ELLIPSIS}"


def shown_html(
    headline: str,
    sentences: Iterable[str] = (),
    frame: pd.DataFrame | None = None,
    columns: Sequence[Column] = (),
    rest: str = "",
) -> str:
    """A headline, sentences, and the first rows of a table.

    Parameters
    ----------
    headline : str
    sentences : iterable of str
    frame : pandas.DataFrame, optional
        The table; without rows it is left out.
    columns : sequence of Column
        Its columns that are shown.
    rest : str
        Where the rows are that are not shown, as code.
    """
    said = list(sentences)
    parts = [f"<p><strong>{_escaped(headline)}</strong></p>"]
    parts += [f"<p>{_escaped(sentence)}</p>" for sentence in said[:MOST_SENTENCES]]
    if len(said) > MOST_SENTENCES:
        parts.append(f"<p>and {len(said) - MOST_SENTENCES:,} more sentences</p>")
    if frame is not None and len(frame):
        parts.append(_table(frame.head(MOST_ROWS), columns[:MOST_COLUMNS]))
        if len(frame) > MOST_ROWS:
            more = f"and {len(frame) - MOST_ROWS:,} more rows: "
            parts.append(f"<p>{more}<code>{html.escape(rest)}</code></p>")
    return f"<div>{''.join(parts)}</div>"


def plan_html(
    tables: Mapping[str, pd.DataFrame], specs: Sequence[TableSpec], report: Report
) -> str:
    """A plan: what it does, what it costs, how good it is proven to be, and what to decide when.

    Of a policy, what is decided before anything is known.
    """
    figures = Figures(tables[SUMMARY.name])
    templates = [*figures.known(report.headline), figures.proof_template()]
    headline, *sentences = map(figures.written, templates)
    agenda = next((e for e in report.exhibits if isinstance(e, Agenda)), None)
    name = HERE_AND_NOW.name if FUTURES in specs else agenda.table if agenda is not None else ""
    spec = next((spec for spec in specs if spec.name == name), None)
    if agenda is None or spec is None:
        return shown_html(headline, sentences)
    frame, by_name = tables[name], {column.name: column for column in spec.columns}
    wanted = (agenda.date, *agenda.what, *agenda.amounts)
    filled = {column.name for column in columns_with_values(frame, spec)}
    columns = [by_name[column] for column in wanted if column in filled]
    return shown_html(headline, sentences, frame, columns, f'plan["{name}"]')


def findings_html(
    title: str,
    sentences: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    specs: Sequence[TableSpec],
) -> str:
    """Findings: their sentences, and the first of their tables that has rows."""
    spec = next((spec for spec in specs if len(tables[spec.name])), None)
    if spec is None:
        return shown_html(title, sentences)
    frame = tables[spec.name]
    return shown_html(
        title, sentences, frame, columns_with_values(frame, spec), f'findings["{spec.name}"]'
    )


def _table(frame: pd.DataFrame, columns: Sequence[Column]) -> str:
    sides = ["right" if is_number(column) else "left" for column in columns]
    heads = "".join(
        f'<th style="text-align:{side}">{_escaped(column.title)}</th>'
        for column, side in zip(columns, sides, strict=True)
    )
    rows = frame[[column.name for column in columns]].itertuples(index=False, name=None)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:{side}">{_escaped(written(cell))}</td>'
            for cell, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _escaped(text: str) -> str:
    return html.escape(in_short(text))
