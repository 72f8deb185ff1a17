"""The tables of published figures, read and looked up."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from optalloc.starting.starter import KnownFigure, KnownPlace

from .figures import Published

__all__ = [
    "COORDINATES",
    "WORLD",
    "Fact",
    "Place",
    "distance_km",
    "fact",
    "known_places",
    "place",
    "round_trip",
]

WORLD, COORDINATES = "world", ("latitude", "longitude")
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Place:
    """A place, and what its figures are looked up by."""

    name: str
    also: tuple[str, ...]
    country: str
    power_area: str
    cloud_region: str


@dataclass(frozen=True)
class Fact:
    """A published figure of a place, power area, country or the world, with the ends of a range."""

    of: str
    figure: str
    value: float
    low: float
    high: float
    unit: str
    as_of: str
    source: str
    note: str

    @property
    def published(self) -> Published:
        """Its source as a cell states it."""
        where = "" if self.of == WORLD else f"{self.of}: "
        words = f"{where}{self.value:g} {self.unit}."
        return Published(
            f"{_cited(self.source, self.as_of)}", " ".join(filter(None, (words, self.note)))
        )


def place(name: str) -> Place:
    """Return a place by its name."""
    return _places()[name]


def fact(of: str, figure: str) -> Fact | None:
    """Return the figure of a place, power area, country or the world; None where none is known."""
    return _facts().get((of, figure))


def round_trip(one: str, other: str) -> tuple[float, Published] | None:
    """Return the published time between two places, in ms; None where it is not known."""
    row = _round_trips().get(frozenset((one, other)))
    if row is None:
        return None
    regions = " and ".join(_places()[name].cloud_region for name in (row["place"], row["to"]))
    return float(row["value"]), Published(
        _cited(row["source"], row["as_of"]),
        f"{row['value']} {row['unit']} between the cloud regions {regions}.",
    )


def distance_km(one: str, other: str) -> float:
    """Return the great-circle distance of two places, by the haversine formula."""
    (a, b), (c, d) = (
        (math.radians(_figure(name, "latitude")), math.radians(_figure(name, "longitude")))
        for name in (one, other)
    )
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


def known_places() -> tuple[KnownPlace, ...]:
    """Return every place with the figures known of it, its power area and its country."""
    return tuple(
        KnownPlace(at.name, at.also, _within(at), tuple(_known(at))) for at in _places().values()
    )


def _within(at: Place) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (at.power_area, at.country))))


def _known(at: Place) -> Iterator[KnownFigure]:
    own = {at.name, *_within(at)}
    for (of, figure), one in _facts().items():
        if of in own and figure not in COORDINATES:
            value, source = f"{one.value:g}", _publication(one.source)
            yield KnownFigure(figure, value, one.unit, one.as_of, source)
    times = [row for pair, row in _round_trips().items() if at.name in pair]
    if times:
        row, count = times[0], f"to {len(times)}"
        yield KnownFigure(
            "round trips", count, row["unit"], row["as_of"], _publication(row["source"])
        )
    north, east = (_facts()[at.name, column] for column in COORDINATES)
    value = f"{north.value:.2f}, {east.value:.2f}"
    yield KnownFigure("coordinates", value, north.unit, north.as_of, _publication(north.source))


def _figure(of: str, figure: str) -> float:
    return _facts()[of, figure].value


def _publication(source: str) -> str:
    return _sources()[source]["publication"]


def _cited(source: str, as_of: str) -> str:
    return f"{_publication(source)}; {as_of}; {_sources()[source]['where']}"


def _rows(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _sources() -> dict[str, dict[str, str]]:
    return {row["source"]: row for row in _rows("sources.csv")}


@cache
def _places() -> dict[str, Place]:
    return {
        row["place"]: Place(
            row["place"],
            tuple(filter(None, row["also"].split("; "))),
            row["country"],
            row["power_area"],
            row["cloud_region"],
        )
        for row in _rows("places.csv")
    }


@cache
def _facts() -> dict[tuple[str, str], Fact]:
    return {
        (row["of"], row["figure"]): Fact(
            row["of"],
            row["figure"],
            float(row["value"]),
            float(row["low"] or "nan"),
            float(row["high"] or "nan"),
            row["unit"],
            row["as_of"],
            row["source"],
            row["note"],
        )
        for row in _rows("facts.csv")
    }


@cache
def _round_trips() -> dict[frozenset[str], dict[str, str]]:
    return {frozenset((row["place"], row["to"])): row for row in _rows("round_trips.csv")}
