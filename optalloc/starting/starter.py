"""The record by which a model folder fills a first workbook; nothing here loads a library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Filled", "KnownFigure", "KnownPlace", "Request", "Starter"]


@dataclass(frozen=True)
class KnownFigure:
    """A published figure of the catalogue, as it is shown."""

    figure: str
    value: str
    unit: str
    as_of: str
    source: str


@dataclass(frozen=True)
class KnownPlace:
    """A place of the catalogue: its name, other names, what it lies in, and its figures."""

    name: str
    also: tuple[str, ...]
    within: tuple[str, ...]
    figures: tuple[KnownFigure, ...]


@dataclass(frozen=True)
class Request:
    """The places and the demand that a first workbook is to be about.

    Parameters
    ----------
    places : tuple of str
        Names of the catalogue, each once.
    home : str
        Name of the catalogue: where the demand is, and what stands today.
    demand : float
        Demand at the beginning, in the unit of `Starter.demand_unit`.
    growth : float
        Yearly growth of demand, as a share.
    years : int
        Number of years.
    first_year : int
        Calendar year of the first.
    """

    places: tuple[str, ...]
    home: str
    demand: float
    growth: float
    years: int
    first_year: int

    @property
    def peak(self) -> float:
        """Demand at the end of the last year."""
        return self.demand * (1.0 + self.growth) ** self.years


@dataclass(frozen=True)
class Filled:
    """The sheets of a first workbook.

    Parameters
    ----------
    sheets : mapping
        Rows by sheet, each a mapping of column to value.
    shaded : frozenset of (str, int, str)
        Sheet, position of the row from 0, and column of each cell that is an assumption.
    published, assumed : int
        Number of published figures, one that is the same in all periods once, and of assumptions.
    sweep : str
        Name of the sweep of the workbook that varies its assumptions.
    guide : tuple of str
        Lines for the first sheet, on how to read the others.
    remarks : tuple of str
        Sentences for whoever asked, on what the places allow.
    """

    sheets: Mapping[str, Sequence[Mapping[str, object]]]
    shaded: frozenset[tuple[str, int, str]]
    published: int
    assumed: int
    sweep: str
    guide: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Starter:
    """The record ``START`` of a model folder's package ``_start``.

    Parameters
    ----------
    demand_unit : str
        Unit of `Request.demand`.
    places : callable
        ``places() -> sequence of `KnownPlace```, in order of their names.
    fill : callable
        ``fill(request) -> `Filled```.
    """

    demand_unit: str
    places: Callable[[], Sequence[KnownPlace]]
    fill: Callable[[Request], Filled]
