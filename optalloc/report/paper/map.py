"""The map of a paper: places and flows of the last period, the window around them, and land."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optalloc.data.coast import land_json
from optalloc.modelling.exhibits import Map, Points
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Periods
from optalloc.report.cells import rounded, written
from optalloc.report.paper.panels import (
    Bar,
    ChartKind,
    ChartPanel,
    Flow,
    MapPanel,
    Mark,
    Panel,
    TablePanel,
)

__all__ = ["Window", "land_in", "map_panels", "window_of"]

# Degrees that a window spans at least, and its margin as a share.
_LEAST_SPAN, _MARGIN = 14.0, 0.14
# Places of a chart that stands for a map without coordinates.
_MOST_BARS = 12
Ring = list[tuple[float, float]]


def map_panels(
    exhibit: Map,
    tables: Mapping[str, pd.DataFrame],
    specs: Sequence[TableSpec],
    periods: Periods | None,
) -> Iterator[Panel]:
    """The map, and a table of its places; bars in place of a map where no place has coordinates."""
    places = tables[exhibit.places.table]
    last = str(tables[periods.table][periods.period].iloc[-1]) if periods is not None else ""
    sizes = _sums(tables[exhibit.size_table], [exhibit.places.name], exhibit.size, periods, last)
    unit = _unit(exhibit.size_table, exhibit.size, specs)
    size = {str(name): float(value) for name, value in sizes.items()}
    states = dict(zip(places[exhibit.places.name].astype(str), places[exhibit.state], strict=True))
    listed = [name for name in states if states[name] in exhibit.solid]
    listed.sort(key=lambda name: -size.get(name, 0.0))
    marks = [
        *_ends(exhibit.ends, tables[exhibit.ends.table]),
        *_places(exhibit, places, size, unit),
    ]
    note = f"Discs by {unit} in {last}; lines by the load that they serve." if last else ""
    if any(not mark.is_end for mark in marks):
        yield MapPanel(
            title="", note=note, marks=marks, flows=_flows(exhibit, tables, periods, last, marks)
        )
    elif listed:
        yield ChartPanel(
            title="No place has coordinates",
            kind=ChartKind.BARS,
            categories=listed[:_MOST_BARS],
            series=[Bar(name=unit, values=[size.get(n, 0.0) for n in listed], role="total")],
            value_title=f"{unit} in {last}",
        )
    if listed:
        yield TablePanel(
            title="Places",
            titles=(
                exhibit.places.name.capitalize(),
                exhibit.state.capitalize(),
                f"{unit} in {last}",
            ),
            numeric=(False, False, True),
            rows=[[n, written(states[n]), rounded(size.get(n, 0.0))] for n in listed],
        )


def _unit(table: str, column: str, specs: Sequence[TableSpec]) -> str:
    spec = next(spec for spec in specs if spec.name == table)
    return next(c.unit for c in spec.columns if c.name == column)


def _sums(
    frame: pd.DataFrame, by: list[str], value: str, periods: Periods | None, last: str
) -> pd.Series:
    if periods is not None:
        frame = frame[frame[periods.period].astype(str) == last]
    return frame.groupby(by)[value].sum()


def _at(points: Points, frame: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    for row in frame[[points.name, points.longitude, points.latitude]].dropna().itertuples():
        yield str(row[1]), float(row[2]), float(row[3])


def _ends(points: Points, frame: pd.DataFrame) -> Iterator[Mark]:
    for name, longitude, latitude in _at(points, frame):
        yield Mark(name=name, label=name, longitude=longitude, latitude=latitude, is_end=True)


def _places(
    exhibit: Map, frame: pd.DataFrame, size: Mapping[str, float], unit: str
) -> Iterator[Mark]:
    states = dict(zip(frame[exhibit.places.name].astype(str), frame[exhibit.state], strict=True))
    largest = max(
        [value for name, value in size.items() if states.get(name) in exhibit.solid], default=0.0
    )
    short = unit.partition(" ")[0]
    for name, longitude, latitude in _at(exhibit.places, frame):
        solid, own = states[name] in exhibit.solid, size.get(name, 0.0)
        yield Mark(
            name=name,
            label=f"{name}, {rounded(own)} {short}" if solid and own else name,
            longitude=longitude,
            latitude=latitude,
            share=own / largest if solid and largest else 0.0,
            state=str(states[name]),
        )


def _flows(
    exhibit: Map,
    tables: Mapping[str, pd.DataFrame],
    periods: Periods | None,
    last: str,
    marks: Sequence[Mark],
) -> list[Flow]:
    at = {(mark.is_end, mark.name): (mark.longitude, mark.latitude) for mark in marks}
    by = [exhibit.places.name, exhibit.ends.name]
    sums = _sums(tables[exhibit.flow_table], by, exhibit.flow, periods, last)
    pairs = [
        ((False, str(row[0])), (True, str(row[1])), float(row[2]))
        for row in sums.reset_index().itertuples(index=False, name=None)
    ]
    known = [(a, b, value) for a, b, value in pairs if a in at and b in at and value > 0]
    widest = max([value for _, _, value in known], default=1.0)
    return [Flow(begin=at[a], end=at[b], share=value / widest) for a, b, value in known]


@dataclass(frozen=True)
class Window:
    """A part of the world in a box: degrees at its edges, and where a point lies in it.

    Longitudes are drawn at the cosine of the middle latitude, so that shapes keep their look there.
    """

    west: float
    south: float
    east: float
    north: float

    def turned(self, longitude: float) -> float:
        """The longitude by which a point lies in the window, if it does: whole turns apart."""
        return self.west + (longitude - self.west) % 360.0

    def project(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Place in the box: 0 to 1 from its left, and from its top."""
        across = (longitude - self.west) / (self.east - self.west)
        return across, (self.north - latitude) / (self.north - self.south)


def window_of(points: Sequence[tuple[float, float]], aspect: float) -> Window:
    """The window around points (longitude, latitude), as wide to high as `aspect`."""
    latitudes = [latitude for _, latitude in points]
    west, east = _widened(*_around(sorted({x % 360.0 for x, _ in points})), _LEAST_SPAN)
    south, north = _widened(min(latitudes), max(latitudes), _LEAST_SPAN / 2)
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.2)
    width, height = (east - west) * squeeze, north - south
    if width / height < aspect:
        extra = (height * aspect / squeeze - (east - west)) / 2
        west, east = west - extra, east + extra
    else:
        extra = (width / aspect - height) / 2
        south, north = south - extra, north + extra
    return Window(west, south, east, north)


def _around(longitudes: Sequence[float]) -> tuple[float, float]:
    """West and east of all longitudes, by the way around the globe that is the shortest."""
    gaps = [
        (b - a) % 360.0 or 360.0
        for a, b in zip(longitudes, [*longitudes[1:], longitudes[0]], strict=True)
    ]
    at = gaps.index(max(gaps))
    east, west = longitudes[at], longitudes[(at + 1) % len(longitudes)]
    return (west, east) if west <= east else (west - 360.0, east)


def _widened(low: float, high: float, least: float) -> tuple[float, float]:
    margin = max((high - low) * _MARGIN, (least - (high - low)) / 2)
    return low - margin, high + margin


def land_in(window: Window) -> list[Ring]:
    """Outlines of land within a window, each point as `Window.project` places it."""
    clipped = []
    for ring in _rings():
        # Land beyond the date line comes round again.
        for turn in (-360.0, 0.0, 360.0):
            moved = [(x + turn, y) for x, y in ring]
            if max(x for x, _ in moved) < window.west or min(x for x, _ in moved) > window.east:
                continue
            placed = _clipped([window.project(x, y) for x, y in moved])
            if len(placed) > 2:
                clipped.append(placed)
    return clipped


def _clipped(ring: Ring) -> Ring:
    """A ring cut off at the edges of the unit square (Sutherland and Hodgman, 1974)."""
    for axis, edge, sign in ((0, 0.0, 1.0), (0, 1.0, -1.0), (1, 0.0, 1.0), (1, 1.0, -1.0)):
        ring = _cut(ring, axis, edge, sign)
    return ring


def _cut(ring: Ring, axis: int, edge: float, sign: float) -> Ring:
    def inside(value: float) -> bool:
        return (value - edge) * sign >= 0.0

    kept: Ring = []
    for before, now in zip([*ring[-1:], *ring[:-1]], ring, strict=True):
        if inside(before[axis]) != inside(now[axis]):
            share = (edge - before[axis]) / (now[axis] - before[axis])
            other = before[1 - axis] + share * (now[1 - axis] - before[1 - axis])
            kept.append((edge, other) if axis == 0 else (other, edge))
        if inside(now[axis]):
            kept.append(now)
    return kept


@functools.cache
def _rings() -> list[Ring]:
    rings = json.loads(land_json())["rings"]
    return [list(zip(ring[::2], ring[1::2], strict=True)) for ring in rings]
