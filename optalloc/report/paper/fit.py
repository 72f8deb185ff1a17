"""Sizes of text so that it stays in its box, by the widths of the letters of Helvetica and Arial.

Widths are those of Adobe's font metrics of Helvetica (afm), which Arial and Liberation Sans share.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["LINE", "fitting_size", "height_of", "lines_of", "shortened", "width_of"]

# Height of a line as a multiple of the size of its letters.
LINE = 1.2
_GROUPS = {
    222: "'ijl", 278: " !,./:;I[\\]ft|", 333: "()-`r", 355: '"', 389: "*", 469: "^",
    500: "Jckxvyzs", 556: "#$0123456789?L_abdeghnopqu", 584: "+<=>~", 611: "FTZ", 667: "&ABEKPSVXY",
    722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%", 944: "W", 1015: "@",
}  # fmt: skip
_WIDTHS = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_OTHER, _WIDE = 620, 1000
# Bold letters are up to a tenth wider.
_BOLD = 1.1


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in points; letters beyond ASCII are taken as wide ones.

    >>> round(width_of("Site", 10), 2), width_of("Site", 10) < width_of("Site", 10, bold=True)
    (17.23, True)
    """
    total = 0
    for letter in text:
        wide = unicodedata.east_asian_width(letter) in "WF"
        total += _WIDTHS.get(letter, _WIDE if wide else _OTHER)
    return total * size / 1000 * (_BOLD if bold else 1.0)


def lines_of(text: str, width: float, size: float, *, bold: bool = False) -> int:
    """Number of lines that a text takes in a box of so many points; words too long are broken."""
    lines, used = 1, 0.0
    space = width_of(" ", size, bold=bold)
    for word in text.split():
        own = width_of(word, size, bold=bold)
        if used and used + space + own > width:
            lines, used = lines + 1, 0.0
        used += own + (space if used else 0.0)
        while used > width:
            lines, used = lines + 1, used - width
    return lines


def height_of(paragraphs: Sequence[str], width: float, size: float, *, bold: bool = False) -> float:
    """Height of paragraphs in points."""
    return sum(lines_of(text, width, size, bold=bold) for text in paragraphs) * size * LINE


def fitting_size(
    paragraphs: Sequence[str],
    width: float,
    height: float,
    sizes: Sequence[float],
    *,
    bold: bool = False,
) -> float:
    """The first of the sizes, largest first, at which paragraphs fit; the last one if none is."""
    fits = (s for s in sizes if height_of(paragraphs, width, s, bold=bold) <= height)
    return next(fits, sizes[-1])


def shortened(
    text: str, width: float, size: float, most_lines: int = 1, *, bold: bool = False
) -> str:
    """A text of at most so many lines, cut with an ellipsis where it is longer.

    >>> shortened("A name that is much too long", 60, 10)
    'A name tha\N{HORIZONTAL ELLIPSIS}'
    """
    if lines_of(text, width, size, bold=bold) <= most_lines:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        cut = text[:middle].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
        if lines_of(cut, width, size, bold=bold) <= most_lines:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
