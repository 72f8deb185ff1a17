"""Findings: sentences for the planner, and the tables of figures behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optalloc.data.schema import Column, Kind
from optalloc.data.text import with_text
from optalloc.errors import ModelError
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.tables import NamedTables, units_in
from optalloc.report.notebook import findings_html, in_short
from optalloc.report.workbook import write_plan_workbook

__all__ = ["SENTENCES", "Findings", "figure"]

SENTENCES = TableSpec(
    name="Explanation",
    meaning="What there is to say, most important first.",
    columns=(Column(name="sentence", kind=Kind.TEXT, meaning="One thing, in words."),),
)


def figure(number: float, digits: int = 4) -> str:
    """A number in a sentence, to so many digits, never with an exponent."""
    return f"{float(f'{number:.{digits}g}'):,.12g}"


@dataclass(frozen=True, repr=False)
class Findings(NamedTables):
    """Sentences in the planner's nouns, and tables with units.

    They are a mapping of `all_tables`: the sentences as a table, and those behind them.

    Parameters
    ----------
    title : str
        Subject, such as ``"Why there is no plan"``.
    sentences : tuple of str
        Most important first.
    tables : mapping of str to pandas.DataFrame
        Figures behind the sentences, by the names of `specs`.
    specs : tuple of TableSpec
        Meaning and unit of every column, one for each table, in order.
    without_plan : bool
        True if they explain why there is no plan.
    charts : tuple of Chart
        Drawn beside the sentences of the workbook, from the tables.

    Raises
    ------
    ModelError
        If a table is not declared, or a declared one is not there.
    """

    title: str
    sentences: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    specs: tuple[TableSpec, ...] = ()
    without_plan: bool = False
    charts: tuple[Chart, ...] = ()

    def __post_init__(self) -> None:
        declared = [spec.name for spec in self.specs]
        if sorted(declared) != sorted(self.tables):
            raise ModelError(f"{self.title}: tables {sorted(self.tables)}, declared {declared}")
        tables = {name: with_text(frame) for name, frame in self.tables.items()}
        object.__setattr__(self, "tables", tables)

    @staticmethod
    def joined(title: str, parts: Iterable[Findings]) -> Findings:
        """Several explanations as one, in their order; a table's name stands for one table."""
        every = tuple(parts)
        sentences = tuple(sentence for part in every for sentence in part.sentences)
        tables = {name: frame for part in every for name, frame in part.tables.items()}
        specs = tuple(spec for part in every for spec in part.specs)
        charts = tuple(chart for part in every for chart in part.charts)
        return Findings(title, sentences, tables, specs, charts=charts)

    def _listed(self) -> tuple[Mapping[str, pd.DataFrame], Mapping[str, Mapping[str, str]]]:
        return self.all_tables, units_in(self.all_specs)

    def __repr__(self) -> str:
        kind, said = type(self).__name__, len(self.sentences)
        return f"<{kind} {in_short(self.title, 60)!r}: {said} sentences, {len(self.tables)} tables>"

    def _repr_html_(self) -> str:
        return findings_html(self.title, self.sentences, self.tables, self.specs)

    def to_text(self) -> str:
        """Title and sentences as lines of plain text."""
        return "\n".join([self.title, *(f"- {sentence}" for sentence in self.sentences)])

    @property
    def all_tables(self) -> dict[str, pd.DataFrame]:
        """The sentences as a table, and the tables behind them, declared by `all_specs`."""
        sentences = pd.DataFrame({"sentence": list(self.sentences)}, dtype=object)
        return {SENTENCES.name: sentences, **self.tables}

    @property
    def all_specs(self) -> tuple[TableSpec, ...]:
        """Meaning and unit of every column of `all_tables`."""
        return (SENTENCES, *self.specs)

    def to_excel(self, path: str | Path) -> None:
        """Write a workbook: the sentences first, then one sheet per table; whole or not at all."""
        write_plan_workbook(self.all_tables, self.all_specs, self.charts, path)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; dates as ISO text, blanks as null."""
        return {
            "title": self.title,
            "without_plan": self.without_plan,
            "sentences": list(self.sentences),
            "tables": {
                name: json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s"))
                for name, frame in self.tables.items()
            },
        }
