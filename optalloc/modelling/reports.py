"""Contribution of families to the report: headline, periods, filters, exhibits and slides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from optalloc.modelling.exhibits import Exhibit

__all__ = ["Filter", "Periods", "Report"]


@dataclass(frozen=True, kw_only=True)
class Periods:
    """The plan's periods in order: a table with one row each, and the first day of each.

    Parameters
    ----------
    table : str
        Table with a row per period.
    period, start, months : str
        Its columns: name, first day, and length in months.
    title : str
        Title of the axis and the slider.
    """

    table: str
    period: str
    start: str
    months: str
    title: str = "Period"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A choice that filters every exhibit whose tables have its column.

    Parameters
    ----------
    column : str
        Column of the values to choose from; every table that has it is filtered by it.
    title : str
        Title of the choice.
    table : str
        Table from which the values are taken.
    through : tuple of str
        Columns of `table`, such as its key, by which tables that lack `column` are filtered.
    single : bool
        True if exactly one value is always chosen, as values are not to be added up. `table` itself
        is not filtered, tables that lack `column` are about all values, and so are rows where it
        is blank.
    share : str
        Column of `table` with the share of each value, shown beside it; the value with the
        largest share comes first.
    """

    column: str
    title: str
    table: str
    through: tuple[str, ...] = ()
    single: bool = False
    share: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the choice names."""
        for column in (self.column, *self.through, *((self.share,) if self.share else ())):
            yield self.table, column


@dataclass(frozen=True, kw_only=True)
class Report:
    """Contribution of one family, or of all families, to the report.

    Parameters
    ----------
    headline : tuple of str
        Sentences with figures of the Summary in braces: ``"Start {MW started}."``; one whose
        figures are not there is left out, and so is each part between bars that lacks one:
        ``"It costs {total cost}|, {penalties} of it in penalties|."``.
    figures : tuple of str
        Figures of the Summary that are shown large at the top.
    case : str
        Figure of the Summary that names the case.
    periods : Periods, optional
    filters : tuple of Filter
    exhibits : tuple of Exhibit
    slides : tuple of Exhibit
        Exhibits of a paper's slides alone.
    messages : tuple of (str, str)
        Sentences for the heads of slides, as of `headline`, each after the name of its slide.
    """

    headline: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    case: str = ""
    periods: Periods | None = None
    filters: tuple[Filter, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    slides: tuple[Exhibit, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()

    @property
    def single(self) -> Filter | None:
        """The choice of which exactly one value is always chosen; None if there is none."""
        return next((chosen for chosen in self.filters if chosen.single), None)

    def __add__(self, other: Report) -> Report:
        """Both together; of two with one name, the first."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        theirs = {f.name: getattr(other, f.name) for f in fields(other)}
        lists = ("headline", "figures", "filters", "exhibits", "slides", "messages")
        return Report(
            **{k: mine[k] + theirs[k] if k in lists else mine[k] or theirs[k] for k in mine}
        )
