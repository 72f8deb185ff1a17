"""Boxes on a slide, and sizes of text and tables that stay in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optalloc.report.paper.fit import LINE, lines_of, shortened, width_of
from optalloc.report.paper.panels import Cards, ChartPanel, MapPanel, Panel, TablePanel, TextPanel

__all__ = ["Box", "FittedTable", "boxes_of", "fitted_table"]

_WEIGHTS = {MapPanel: 2.1, ChartPanel: 1.5, TablePanel: 1.0, TextPanel: 1.0, Cards: 0.5}
_GAP = 18.0
_SIZES = (12.0, 11.0, 10.0)
_MOST_LINES = 4
# Space to the left and right, and above and below the text of a cell.
CELL_X, CELL_Y = 5.0, 2.5
# Widest share of a table for a column whose text is long, and share of a width that text may fill.
_WIDEST, _SLACK = 0.62, 0.97


@dataclass(frozen=True)
class Box:
    """A rectangle on a slide, in points from its upper left corner."""

    left: float
    top: float
    width: float
    height: float

    def row(self, weights: Sequence[float], gap: float = _GAP) -> list[Box]:
        """Boxes side by side, as wide as their weights say."""
        free, left, boxes = self.width - gap * (len(weights) - 1), self.left, []
        for weight in weights:
            width = free * weight / sum(weights)
            boxes.append(Box(left, self.top, width, self.height))
            left += width + gap
        return boxes

    def column(self, count: int, gap: float = _GAP) -> list[Box]:
        """So many boxes of one height, one below the other."""
        height = (self.height - gap * (count - 1)) / count
        return [
            Box(self.left, self.top + k * (height + gap), self.width, height) for k in range(count)
        ]


def boxes_of(panels: Sequence[Panel], box: Box) -> list[Box]:
    """A box for each panel: side by side, or in two rows where there are more than two."""
    if len(panels) <= 2:
        return box.row([_WEIGHTS[type(panel)] for panel in panels]) if panels else []
    left, right = box.row([1.0, 1.0])
    # Of three the first has the left half for itself.
    first = 1 if len(panels) == 3 else 2
    return [*left.column(first), *right.column(len(panels) - first)]


@dataclass(frozen=True)
class FittedTable:
    """A table as it is drawn: size of letters, widths, heights, rows, and how many are left out."""

    size: float
    widths: Sequence[float]
    heights: Sequence[float]
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: int


def fitted_table(
    panel: TablePanel, width: float, height: float, sizes: Sequence[float] = _SIZES
) -> FittedTable:
    """The largest letters with which all rows fit uncut; else the smallest, and what fits."""
    whole = [list(row) for row in (panel.titles, *panel.rows)]
    for size in sizes:
        table = _laid_out(panel, width, size)
        uncut = [list(row) for row in (table.titles, *table.rows)] == whole
        if sum(table.heights) <= height and (uncut or size == sizes[-1]):
            return table
    below = height - sizes[-1] * LINE
    used, count = table.heights[0], 0
    for own in table.heights[1:]:
        if used + own > below:
            break
        used, count = used + own, count + 1
    return FittedTable(
        table.size,
        table.widths,
        table.heights[: count + 1],
        table.titles,
        table.rows[:count],
        len(panel.rows) - count,
    )


def _laid_out(panel: TablePanel, width: float, size: float) -> FittedTable:
    columns = list(zip(panel.titles, *panel.rows, strict=True))
    natural = [
        max(
            [width_of(texts[0], size, bold=True), *(width_of(text, size) for text in texts[1:])]
        ) / _SLACK + 2 * CELL_X + 1.0
        for texts in columns
    ]  # fmt: skip
    widths = _shared(natural, width)
    inner = [(own - 2 * CELL_X) * _SLACK for own in widths]
    titles = [
        shortened(text, own, size, _MOST_LINES, bold=True)
        for text, own in zip(panel.titles, inner, strict=True)
    ]
    rows = [
        [shortened(text, own, size, _MOST_LINES) for text, own in zip(row, inner, strict=True)]
        for row in panel.rows
    ]
    heights = [_height(titles, inner, size, bold=True), *(_height(r, inner, size) for r in rows)]
    return FittedTable(size, widths, heights, titles, rows, 0)


def _height(
    row: Sequence[str], inner: Sequence[float], size: float, *, bold: bool = False
) -> float:
    lines = max(lines_of(t, w, size, bold=bold) for t, w in zip(row, inner, strict=True))
    return lines * size * LINE + 2 * CELL_Y


def _shared(natural: Sequence[float], width: float) -> list[float]:
    """Widths of columns that add up to the table's: short columns have what they need."""
    total = sum(natural)
    if total <= width:
        return [own + (width - total) * own / total for own in natural]
    left, open_columns = width, set(range(len(natural)))
    widths = [0.0] * len(natural)
    while True:
        fair = left / len(open_columns)
        fits = [k for k in open_columns if natural[k] <= fair]
        if not fits or len(fits) == len(open_columns):
            break
        for k in fits:
            widths[k] = natural[k]
            left -= natural[k]
            open_columns.discard(k)
    for k in open_columns:
        widths[k] = left / len(open_columns)
    return widths
