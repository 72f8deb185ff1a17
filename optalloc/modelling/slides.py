"""Declarations of a model folder for a paper of five slides: which exhibits stand on which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from optalloc.modelling.exhibits import Exhibit

__all__ = ["Selection", "Slide"]


class Slide(StrEnum):
    """The slides, in their order; an exhibit names its own as `Exhibit.slide`."""

    DECISION = "decision"
    MAP = "map"
    TIMELINE = "timeline"
    COST = "cost"
    RISKS = "risks"


@dataclass(frozen=True, kw_only=True)
class Selection(Exhibit):
    """A table of a slide: some columns, and the rows in which one of them has one of some values.

    Parameters
    ----------
    table : str
    shown : tuple of (str, str)
        Its columns with their titles on the slide.
    by : str
        Column that selects rows; by default all are shown.
    values : tuple
        Values of `by` in a row that is shown.
    empty : str
        Sentence in place of a table without such rows; without it the table is left out.
    """

    kind: ClassVar[str] = "selection"
    table: str
    shown: tuple[tuple[str, str], ...]
    by: str = ""
    values: tuple[object, ...] = ()
    empty: str = ""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each table and column that the exhibit names."""
        for column in (*(name for name, _ in self.shown), *((self.by,) if self.by else ())):
            yield self.table, column
