"""Exhibits of the report, as a model folder declares them.

An exhibit names only tables and columns of the plan. The page draws it without any knowledge of
their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "Accounts",
    "Agenda",
    "Branches",
    "Bridge",
    "Cases",
    "Distribution",
    "Exhibit",
    "Intervals",
    "Listing",
    "Map",
    "Points",
    "Ranking",
    "Sentences",
    "Series",
    "Snapshot",
    "Timeline",
    "Trend",
    "Use",
]


@dataclass(frozen=True, kw_only=True)
class Points:
    """Named places: a table with a row each, its columns of name, latitude and longitude."""

    table: str
    name: str
    latitude: str = "latitude"
    longitude: str = "longitude"


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line or one stack of a trend: a column of a table, added up over each period."""

    table: str
    value: str
    label: str
    dash: str = "solid"


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One section of the report; sections stand in the order of `order`.

    Parameters
    ----------
    title : str
        Its heading.
    order : int
        Its place on the page.
    note : str
        A sentence below the heading: the meaning of the picture.
    slide : str
        Slide of a paper that it stands on (`optalloc.modelling.slides.Slide`); empty for none.
    """

    kind: ClassVar[str] = ""
    title: str
    order: int
    note: str = ""
    slide: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        return iter(())


@dataclass(frozen=True, kw_only=True)
class Map(Exhibit):
    """Places sized by a value of the chosen period, and flows from them to other places.

    Parameters
    ----------
    places, ends : Points
        Where flows begin and end; the flow table has a column of either name.
    state : str
        Column of the places' table with the state of each.
    solid, hollow : tuple of str
        States that are drawn as a disc or the like, and as an outline, in the order of the legend.
    size_table, size : str
        Table by place and period, and its column that gives the area of a place.
    flow_table, flow : str
        Table by place, end and period, and its column that gives the width of a flow.
    """

    kind: ClassVar[str] = "map"
    places: Points
    ends: Points
    state: str
    solid: tuple[str, ...]
    hollow: tuple[str, ...]
    size_table: str
    size: str
    flow_table: str
    flow: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for points in (self.places, self.ends):
            for column in (points.name, points.latitude, points.longitude):
                yield points.table, column
            yield self.flow_table, points.name
        yield self.places.table, self.state
        yield self.size_table, self.places.name
        yield self.size_table, self.size
        yield self.flow_table, self.flow


@dataclass(frozen=True, kw_only=True)
class Timeline(Exhibit):
    """Bars between dated steps, one line per row of the table, gathered by ``row``.

    ``steps`` are date columns and their labels, ``size`` is the amount of a bar, ``reached`` the
    part of it that has reached the last step where that date is blank.
    """

    kind: ClassVar[str] = "timeline"
    table: str
    row: str
    size: str
    reached: str
    steps: tuple[tuple[str, str], ...]

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.row, self.size, self.reached, *(column for column, _ in self.steps)):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Trend(Exhibit):
    """Values over the periods: lines, or stacks if ``stacked``.

    ``by`` splits the first series by the values of a column. ``per_year`` divides sums over time,
    such as energy, by the length of their period, so that periods of any length compare.
    """

    kind: ClassVar[str] = "trend"
    y_title: str
    series: tuple[Series, ...]
    stacked: bool = False
    by: str = ""
    per_year: bool = False

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for series in self.series:
            yield series.table, series.value
        if self.by:
            yield self.series[0].table, self.by


@dataclass(frozen=True, kw_only=True)
class Use(Exhibit):
    """Use of some kinds of limit, by subject of the limit and by period."""

    kind: ClassVar[str] = "use"
    limits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Snapshot(Exhibit):
    """Bars of the chosen period, one per ``label``, each with a mark at ``target``."""

    kind: ClassVar[str] = "snapshot"
    table: str
    label: tuple[str, ...]
    value: str
    target: str
    x_title: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (*self.label, self.value, self.target):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Ranking(Exhibit):
    """Bars of the largest values of a column, each named by its ``label`` columns."""

    kind: ClassVar[str] = "ranking"
    table: str
    label: tuple[str, ...]
    value: str
    x_title: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (*self.label, self.value):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Bridge(Exhibit):
    """From zero to the total: the part of ``value`` for each value of a column of ``by``."""

    kind: ClassVar[str] = "bridge"
    table: str
    by: tuple[str, ...]
    value: str
    y_title: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (*self.by, self.value):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Listing(Exhibit):
    """A table of the plan among the exhibits.

    ``where`` names a flag that its rows have, ``first`` the columns that come first. ``empty`` is
    shown in place of a table without rows: a sentence with figures of the Summary in braces.
    """

    kind: ClassVar[str] = "listing"
    table: str
    where: str = ""
    first: tuple[str, ...] = ()
    empty: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        if self.where:
            yield self.table, self.where


@dataclass(frozen=True, kw_only=True)
class Agenda(Exhibit):
    """Rows of a table by calendar quarter and day: what is to be done by when.

    ``date`` names the column with the day, ``what`` the columns that say what is done, the last of
    them to whom or what, and ``amounts`` those of which a line shows the ones that it has.
    """

    kind: ClassVar[str] = "agenda"
    table: str
    date: str
    what: tuple[str, ...]
    amounts: tuple[str, ...] = ()
    empty: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.date, *self.what, *self.amounts):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Accounts(Exhibit):
    """Sums of columns of a table by the values of ``by``, the largest first, and their total.

    ``values`` names the columns; shares of the total are of the first.
    """

    kind: ClassVar[str] = "accounts"
    table: str
    by: str
    values: tuple[str, ...]

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.by, *self.values):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Cases(Exhibit):
    """A table cut into one list for each value of ``known``: what is done in which case.

    ``since`` and ``share`` name the columns with the day from which a case is known and its
    probability, ``mark`` a flag of the rows that are particular to their case. ``empty`` is as of
    `Listing`.
    """

    kind: ClassVar[str] = "cases"
    table: str
    known: str
    since: str
    share: str
    mark: str
    empty: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.known, self.since, self.share, self.mark):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Sentences(Exhibit):
    """Sentences of a table, one below the other, each with ``more`` about it."""

    kind: ClassVar[str] = "sentences"
    table: str
    sentence: str
    more: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        yield self.table, self.sentence
        yield self.table, self.more


@dataclass(frozen=True, kw_only=True)
class Branches(Exhibit):
    """A tree of dated nodes: a branch is as wide as its share, and coloured by its value.

    ``label`` names the column of the few words beside a node, ``words`` further ones that are said
    of it.
    """

    kind: ClassVar[str] = "branches"
    table: str
    node: str
    parent: str
    date: str
    label: str
    share: str
    value: str
    words: tuple[str, ...] = ()

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.node, self.parent, self.date, self.label, self.share, self.value):
            yield self.table, column
        for column in self.words:
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Distribution(Exhibit):
    """Cumulative distributions of columns of a table whose rows have shares, as steps.

    ``marks`` names figures of the Summary at which a line stands, where they are there.
    """

    kind: ClassVar[str] = "distribution"
    table: str
    label: str
    share: str
    series: tuple[Series, ...]
    marks: tuple[str, ...]
    x_title: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.label, self.share, *(series.value for series in self.series)):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Intervals(Exhibit):
    """Bars of values that are known to lie between two: to the lower, and a line to the upper."""

    kind: ClassVar[str] = "intervals"
    table: str
    label: str
    at_least: str
    at_most: str
    x_title: str

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (self.label, self.at_least, self.at_most):
            yield self.table, column
