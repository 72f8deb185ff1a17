"""Cells of tables as people write them."""

from __future__ import annotations

import datetime as dt
from numbers import Real

import pandas as pd

from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

__all__ = ["columns_with_values", "is_number", "rounded", "written"]


def written(value: object) -> str:
    """A cell as text: a blank as nothing, numbers to six digits, days as YYYY-MM-DD.

    >>> written(1234567.8), written(0.1 + 0.2), written(True), written(None)
    ('1,234,568', '0.3', 'yes', '')
    """
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Real):
        number = float(value)
        return f"{number:,.0f}" if abs(number) >= 1e6 else f"{number:,.6g}"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value)


def rounded(value: object) -> str:
    """A cell as it is read aloud: as `written`, but numbers to four digits, or whole ones.

    >>> rounded(26.2027), rounded(177.7778), rounded(12345.6), rounded(0.88273)
    ('26.2', '177.8', '12,346', '0.8827')
    """
    if isinstance(value, bool) or not isinstance(value, Real) or value != value:
        return written(value)
    number = float(value)
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{float(f'{number:.4g}'):,.12g}"


def columns_with_values(frame: pd.DataFrame, spec: TableSpec) -> list[Column]:
    """Columns that a table has, without blank ones and those that are there for charts alone."""
    there = [c for c in spec.columns if c.name in frame and c.name not in spec.drawn]
    return [column for column in there if frame[column.name].map(written).any()]


def is_number(column: Column) -> bool:
    """True if a column holds numbers, which stand to the right."""
    return column.kind in (Kind.NUMBER, Kind.INTEGER)
