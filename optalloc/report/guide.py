"""The index of a planning workbook: which sheets to fill in for which question of a planner."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import quote_sheetname

from optalloc.data.schema import Sheet
from optalloc.report.sheets import Book

__all__ = ["GUIDE", "write_guide"]

GUIDE = "#Guide"

_TEXT: dict[str, object] = {"align": "left", "valign": "top", "text_wrap": True}
_HEADER: dict[str, object] = {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF"}

_HOW_TO = (
    "Fill in the sheets with a dark tab, and those of your own questions; the others stay empty.",
    "Dark headers must be filled in. What a blank under a pale one means is in its note.",
    "A header has the unit in brackets: values are in it. Hold the pointer over it for more.",
    "Each sheet is read by its name, each column by the name in row 1; order does not matter.",
    "Sheets and columns whose names start with # are yours: they are not read.",
)
_EVERY_CASE, _OTHER = "What every case needs", "Other sheets"
_GUIDE_COLUMNS = (
    ("your question", 42),
    ("sheets to fill in", 22),
    ("what a row says", 70),
    ("key columns", 36),
    ("a missing key means", 28),
)


def write_guide(book: Book, sheets: Sequence[Sheet], head: Sequence[str]) -> None:
    """Write the guide: how to fill in the workbook, and which sheets for which question.

    Parameters
    ----------
    book : Book
        The workbook.
    sheets : sequence of Sheet
        In the order of the workbook; each gets a link.
    head : sequence of str
        Lines to begin with.
    """
    guide = book.sheet(GUIDE, "How to fill in this workbook.")
    guide.freeze_panes(0, 0)
    book.put(guide, 0, 0, "How to fill in this workbook", book.style(bold=True, font_size=14))
    lines = (*head, *_HOW_TO)
    for row, line in enumerate(lines, start=1):
        book.put(guide, row, 0, line)
    top = len(lines) + 2
    guide.repeat_rows(top)
    for place, (title, width) in enumerate(_GUIDE_COLUMNS):
        guide.set_column(place, place, width)
        book.put(guide, top, place, title, book.style(**_HEADER))
    row = top
    for question, group in _by_question(sheets).items():
        for place, sheet in enumerate(group):
            row += 1
            _write_index_row(book, guide, row, "" if place else question, sheet)


def _by_question(sheets: Sequence[Sheet]) -> dict[str, list[Sheet]]:
    """Return the sheets by the question that they are filled in for, required ones first."""
    groups: dict[str, list[Sheet]] = {_EVERY_CASE: []}
    for sheet in sheets:
        question = _EVERY_CASE if sheet.required else sheet.question or _OTHER
        groups.setdefault(question, []).append(sheet)
    # Sheets without a question come last.
    return {name: groups[name] for name in sorted(groups, key=lambda name: name == _OTHER)}


def _write_index_row(book: Book, guide: Any, row: int, question: str, sheet: Sheet) -> None:
    ruled: dict[str, object] = {"top": 1, "top_color": "#BFBFBF"} if question else {}
    text = book.style(**_TEXT, **ruled)
    link = book.style(font_color="#0563C1", underline=1, valign="top", **ruled)
    asked = book.style(**_TEXT, bold=True, **ruled)
    target = f"internal:{quote_sheetname(sheet.name)}!A1"
    missing = f"{sheet.missing}" if sheet.key else ""
    words = (question, sheet.name, sheet.meaning, ", ".join(sheet.key), missing)
    for place, word in enumerate(words):
        style = asked if place == 0 else text
        guide.write_blank(row, place, None, style)
        book.put(guide, row, place, word, style)
    guide.write_url(row, 1, target, link, sheet.name, sheet.meaning[:255])
    height = max(
        len(textwrap.wrap(word, round(1.1 * width)))
        for word, (_, width) in zip(words, _GUIDE_COLUMNS, strict=True)
    )
    guide.set_row(row, 16 * height)
