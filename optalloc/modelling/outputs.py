"""Tables and charts that a family adds to a plan."""

from __future__ import annotations

from dataclasses import dataclass

from optalloc.data.schema import Column
from optalloc.errors import ModelError

__all__ = ["CHART_KINDS", "PAGE_KINDS", "Chart", "TableSpec"]


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """One table of the plan: its columns with units, and how a spreadsheet lays it out.

    ``key`` names the columns that together name a row, by which the audit matches rows. ``across``
    names the column that the spreadsheet
    spreads over the width (periods across), and ``spread`` the value columns that are spread, of
    which the first is coloured by size if ``shaded``.
    ``objective`` names a column whose sum is the objective, ``drawn`` columns that are there for
    charts alone and are not printed. ``decided_in`` names the column with the step in which a row
    is decided, of the one table that lists all decisions as actions.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    across: str = ""
    spread: tuple[str, ...] = ()
    shaded: bool = False
    objective: str = ""
    drawn: tuple[str, ...] = ()
    decided_in: str = ""


# Those that the page of a plan draws, and those of a workbook alone.
PAGE_KINDS = ("line", "stacked", "bridge")
CHART_KINDS = (*PAGE_KINDS, "bars", "points", "curve")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of one table of the plan: value columns over a category column.

    ``kind`` is ``"line"``, ``"stacked"`` (stacked columns), ``"bridge"`` (stacked columns whose
    first is invisible, so that the others float), ``"bars"`` (lying), ``"points"`` or ``"curve"``
    (over a column of numbers); axis titles carry the unit. ``order`` is its place in the report.
    ``noise`` names for each of the series the columns of how much less and more it may be.
    ``only`` is a column and the one of its values whose rows, which follow each other, are drawn.
    """

    title: str
    table: str
    kind: str
    x: str
    series: tuple[str, ...]
    x_title: str
    y_title: str
    order: int = 800
    noise: tuple[tuple[str, str], ...] = ()
    only: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.kind not in CHART_KINDS:
            raise ModelError(f"{self.title}: no chart is of kind {self.kind!r}")
