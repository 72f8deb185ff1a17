"""Where the marks of a map and their names are drawn in a box, none of them on another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from optalloc.report.paper.fit import LINE, width_of
from optalloc.report.paper.layout import Box
from optalloc.report.paper.map import Window, window_of
from optalloc.report.paper.panels import MapPanel, Mark

__all__ = ["LABEL_SIZE", "PlacedMark", "placed_marks", "placer"]

# Radius of the largest disc, of the smallest, and of outlines; size of names; in points.
_LARGEST, _SMALLEST, _OUTLINE = 17.0, 4.0, 3.5
LABEL_SIZE = 10.0
Placer = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class PlacedMark:
    """A mark with its box, and the box of its name where there is room for one."""

    mark: Mark
    box: Box
    label: Box | None


def placer(panel: MapPanel, box: Box) -> tuple[Window, Placer]:
    """The window of a map, and the place in its box of a longitude and latitude."""
    points = [(mark.longitude, mark.latitude) for mark in panel.marks]
    window = window_of(points, box.width / box.height)

    def at(longitude: float, latitude: float) -> tuple[float, float]:
        across, down = window.project(window.turned(longitude), latitude)
        return box.left + across * box.width, box.top + down * box.height

    return window, at


def placed_marks(panel: MapPanel, box: Box) -> list[PlacedMark]:
    """Marks in the order in which they are drawn: ends first, and large discs before small ones.

    Large discs are named first. A name stands beside its mark where it covers nothing else; where
    there is no such place it is left to the table.
    """
    _, at = placer(panel, box)
    marks = sorted(panel.marks, key=lambda mark: (not mark.is_end, -mark.share))
    boxes = {id(mark): _around(mark, *at(mark.longitude, mark.latitude)) for mark in marks}
    taken, labels = list(boxes.values()), dict[int, Box]()
    for mark in sorted(panel.marks, key=lambda mark: (mark.is_end, -mark.share)):
        free = (
            own
            for own in _candidates(mark, boxes[id(mark)])
            if _is_within(own, box) and not any(_overlap(own, other) for other in taken)
        )
        own = next(free, None)
        if own is not None:
            taken.append(own)
            labels[id(mark)] = own
    return [PlacedMark(mark, boxes[id(mark)], labels.get(id(mark))) for mark in marks]


def _around(mark: Mark, x: float, y: float) -> Box:
    radius = max(_LARGEST * math.sqrt(mark.share), _SMALLEST) if mark.share else _OUTLINE
    return Box(x - radius, y - radius, 2 * radius, 2 * radius)


def _candidates(mark: Mark, own: Box) -> Iterator[Box]:
    """Places for a name: beside its mark, above and below it, and at its corners."""
    width = width_of(mark.label, LABEL_SIZE, bold=mark.share > 0) / 0.95 + 4.0
    height = LABEL_SIZE * LINE + 1.0
    x, y = own.left + own.width / 2, own.top + own.height / 2
    right, left = own.left + own.width + 1, own.left - 1 - width
    above, below = own.top - height - 1, own.top + own.height + 1
    for at in (
        (right, y - height / 2),
        (left, y - height / 2),
        (x - width / 2, above),
        (x - width / 2, below),
        (right, above),
        (right, below),
        (left, above),
        (left, below),
    ):
        yield Box(*at, width, height)


def _is_within(own: Box, box: Box) -> bool:
    right, bottom = own.left + own.width, own.top + own.height
    return (
        own.left >= box.left
        and own.top >= box.top
        and right <= box.left + box.width
        and bottom <= box.top + box.height
    )


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )
