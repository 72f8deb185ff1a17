"""Workbooks in the house style: cells written by their kind, numbers shown by their unit."""

from __future__ import annotations

import re
import textwrap
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from math import isfinite, isnan
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from optalloc.data.schema import Kind
from optalloc.errors import OptallocError
from optalloc.system import replacing

__all__ = ["DATE_FORMAT", "Book", "number_format", "plain_number"]

DATE_FORMAT = "yyyy-mm-dd"

# The first match on a unit decides; money is in millions, written M.
_FORMATS = (
    (re.compile(r"M(?![A-Za-z])"), "#,##0.00"),
    (re.compile(r"MW\b"), "#,##0.0"),
    (re.compile(r"share\b(?!,)|per year$"), "0.0## %"),
    (re.compile(r"score$"), "0.00"),
    (re.compile(r"(months|years)\b"), "#,##0.0"),
    (re.compile(r"(sites|limits|actions|scenarios)$"), "#,##0"),
)
_OTHER_FORMAT = "#,##0.00##"


class _Exact(float):
    """A number written with all its digits; XlsxWriter would format it to 16, one too few."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


class Book:
    """A workbook kept in memory until it is saved whole.

    It makes each cell format once and writes each value by its kind, so that text stays text.
    """

    def __init__(self) -> None:
        self._buffer = BytesIO()
        self._styles: dict[tuple[tuple[str, object], ...], Any] = {}
        self.workbook: Any = xlsxwriter.Workbook(
            self._buffer, {"in_memory": True, "remove_timezone": True}
        )
        # A fixed date makes equal plans equal files.
        self.workbook.set_properties({"created": datetime(2000, 1, 1)})

    def sheet(self, name: str, heading: str, repeat_columns: int = 0) -> Any:
        """Add a sheet with a frozen first row, set up to print across one page."""
        sheet = self.workbook.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        if repeat_columns:
            sheet.repeat_columns(0, repeat_columns - 1)
        sheet.freeze_panes(1, repeat_columns)
        short = textwrap.shorten(heading, 120, placeholder="...").replace("&", "&&")
        sheet.set_header(f'&L&"-,Bold"&A&"-,Regular"  {short}')
        sheet.set_footer("&R&P of &N")
        # A name such as 2027 is text on purpose; Excel would flag each one.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    def style(self, **properties: object) -> Any:
        """Give the cell format with these XlsxWriter properties."""
        key = tuple(properties.items())
        if key not in self._styles:
            self._styles[key] = self.workbook.add_format(properties)
        return self._styles[key]

    def put(self, sheet: Any, row: int, column: int, value: object, style: Any = None) -> None:
        """Write one value: flags as yes or no, infinity as text, a missing value as a blank.

        Raises
        ------
        OptallocError
            If the sheet has no room for it.
        """
        if value is None or value is pd.NaT or value is pd.NA or value == "":
            return
        if isinstance(value, bool | np.bool_):
            refused = sheet.write_string(row, column, "yes" if value else "no", style)
        elif isinstance(value, Real):
            number = float(value)
            if isnan(number):
                return
            write = sheet.write_number if isfinite(number) else sheet.write_string
            refused = write(row, column, _Exact(number) if isfinite(number) else str(number), style)
        elif isinstance(value, date):
            refused = sheet.write_datetime(row, column, value, style)
        else:
            refused = sheet.write_string(row, column, str(value), style)
        if refused:
            raise OptallocError(
                f"{sheet.get_name()}: a spreadsheet has no room for the value in row {row + 1}, "
                f"column {column + 1}."
            )

    def note(self, sheet: Any, row: int, column: int, text: str) -> None:
        """Attach a note, sized to its text, to a cell."""
        lines = sum(max(1, len(textwrap.wrap(line, 46))) for line in text.splitlines())
        sheet.write_comment(
            row, column, text, {"width": 300, "height": 16 + 17 * lines, "font_size": 9}
        )

    def save(self, path: str | Path) -> None:
        """Close the workbook and put it at `path` in one step."""
        self.workbook.close()
        with replacing(path) as draft:
            draft.write_bytes(self._buffer.getvalue())


@lru_cache
def number_format(kind: Kind, unit: str) -> str:
    """Give the Excel number format of a column of the plan.

    Examples
    --------
    >>> number_format(Kind.NUMBER, "M per MW IT"), number_format(Kind.NUMBER, "MW IT")
    ('#,##0.00', '#,##0.0')
    """
    if kind is Kind.DATE:
        return DATE_FORMAT
    if kind is Kind.INTEGER:
        return "#,##0"
    if kind is not Kind.NUMBER:
        return "General"
    return next((shown for pattern, shown in _FORMATS if pattern.match(unit)), _OTHER_FORMAT)


def plain_number(value: float) -> str:
    """Give a number as people write it: no decimals of a thousand or more or of what is whole.

    >>> plain_number(9.0), plain_number(12_204.38), plain_number(649.47), plain_number(0.0312)
    ('9', '12,204', '649.5', '0.0312')
    """
    if 0 < abs(value) < 1:
        return f"{value:.3g}"
    whole = isfinite(value) and (abs(value) >= 1000 or float(value).is_integer())
    return f"{value:,.0f}" if whole else f"{value:,.1f}"
