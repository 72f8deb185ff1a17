"""Contents of a paper as plain values: slides, and the panels on them, before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "Bar",
    "Cards",
    "ChartKind",
    "ChartPanel",
    "Deck",
    "Flow",
    "MapPanel",
    "Mark",
    "Panel",
    "SlideContent",
    "TablePanel",
    "TextPanel",
]


class ChartKind(StrEnum):
    """Kinds of chart that slides and pages both draw."""

    LINE = "line"
    COLUMNS = "columns"
    BARS = "bars"
    TIMELINE = "timeline"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One series of a chart: a value for each category; None where there is none.

    Parameters
    ----------
    name : str
    values : sequence of float or None
    hidden : bool
        True for the invisible foot on which other bars float.
    role : str
        ``"adds"``, ``"takes"`` or ``"total"`` of a bridge; empty for a series with a colour of its
        own.
    dashed : bool
    """

    name: str
    values: Sequence[float | None]
    hidden: bool = False
    role: str = ""
    dashed: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of a slide with a heading and a note below it."""

    title: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class TextPanel(Panel):
    """Sentences, one below the other."""

    sentences: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Cards(Panel):
    """Large figures, each with its label and unit."""

    figures: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class TablePanel(Panel):
    """A table as text: titles, which columns are numbers, and rows."""

    titles: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class ChartPanel(Panel):
    """A chart: series over categories; of a timeline, days since 1899-12-30, `first` to `last`."""

    kind: ChartKind
    categories: Sequence[str]
    series: Sequence[Bar]
    value_title: str = ""
    first: float | None = None
    last: float | None = None
    stacked: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A place on a map; `share` of the largest area, zero for an outline."""

    name: str
    label: str
    longitude: float
    latitude: float
    share: float = 0.0
    state: str = ""
    is_end: bool = False


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A line between two places; `share` of the widest."""

    begin: tuple[float, float]
    end: tuple[float, float]
    share: float


@dataclass(frozen=True, kw_only=True)
class MapPanel(Panel):
    """Places and flows; longitudes and latitudes in degrees."""

    marks: Sequence[Mark]
    flows: Sequence[Flow]


@dataclass(frozen=True, kw_only=True)
class SlideContent:
    """One slide: its title, the sentence below, its panels, and the tables they come from."""

    name: str
    title: str
    message: str
    panels: Sequence[Panel]
    tables: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Deck:
    """All slides, with the foot that stands on each."""

    title: str
    foot: str
    slides: Sequence[SlideContent] = field(default=())
