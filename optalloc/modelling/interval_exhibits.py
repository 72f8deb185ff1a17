"""Pictures of many cases: kinds of exhibit whose values are known as intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from optalloc.modelling.exhibits import Exhibit

__all__ = ["Bars", "Curve", "Heat", "Span"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A value, and the columns with how much less and how much more it may be."""

    label: str
    value: str
    less: str
    more: str


@dataclass(frozen=True, kw_only=True)
class Bars(Exhibit):
    """Bars that lie, one group per ``label``, a bar for each span.

    ``joined`` draws all rows of one label on one line, coloured by their sign, as a tornado has
    them; ``word`` names the column that is written at their ends.
    """

    kind: ClassVar[str] = "bars"
    table: str
    label: str
    spans: tuple[Span, ...]
    label_title: str
    value_title: str
    joined: bool = False
    word: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        yield self.table, self.label
        if self.word:
            yield self.table, self.word
        yield from _of_spans(self.table, self.spans)


@dataclass(frozen=True, kw_only=True)
class Curve(Exhibit):
    """Points over a column of numbers or names, joined by a line if ``line``."""

    kind: ClassVar[str] = "curve"
    table: str
    x: str
    spans: tuple[Span, ...]
    x_title: str
    y_title: str
    line: bool = False
    by: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        yield self.table, self.x
        if self.by:
            yield self.table, self.by
        yield from _of_spans(self.table, self.spans)


@dataclass(frozen=True, kw_only=True)
class Heat(Exhibit):
    """Cells coloured by a number or a day, over two columns; ``word`` is written into each."""

    kind: ClassVar[str] = "heat"
    table: str
    x: str
    y: str
    value: str
    word: str
    x_title: str
    y_title: str
    value_title: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.x, self.y, self.value, self.word):
            yield self.table, column


def _of_spans(table: str, spans: tuple[Span, ...]) -> Iterator[tuple[str, str]]:
    for span in spans:
        for column in (span.value, span.less, span.more):
            yield table, column
