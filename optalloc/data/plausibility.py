"""Numbers that are allowed and yet hardly meant: notices, one for each column.

A number is held against the usual range of its column (`Column.plausible`), and against the other
numbers of its column on a logarithmic scale. Zero is never doubted, as it means that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optalloc.data.convert import shown
from optalloc.data.dataset import Dataset
from optalloc.data.declared import Declared, Worth
from optalloc.data.schema import Column, Plausible, Sheet
from optalloc.errors import Problem, Severity

__all__ = ["notices"]

# A number is an outlier if it is further from the median than FAR_FACTOR and than SPREADS times
# the scaled median deviation, on a logarithmic scale. With 50 and 6 no number of the example inputs
# or of 50 random workbooks is.
FAR_FACTOR = 50.0
SPREADS = 6.0
FEWEST = 4
# Median deviation of a normal distribution, as a share of its standard deviation.
NORMAL = 0.6745


def notices(data: Dataset, model: Declared) -> Iterator[Problem]:
    """Give what the families doubt, and each column with numbers that are not usual."""
    for family in model.families:
        yield from family.notices(data)
    for sheet in model.sheets.values():
        if not data[sheet.name].empty:
            yield from _of_sheet(data, sheet, model)


def _of_sheet(data: Dataset, sheet: Sheet, model: Declared) -> Iterator[Problem]:
    worth = next(filter(None, (f.worth(data, sheet.name) for f in model.families)), None)
    reported: set[str] = set()
    for column in sheet.columns:
        doubt = _doubt(data[sheet.name][column.name], column, worth)
        # A row in the wrong currency is wrong in every column with money.
        if doubt is None or doubt.meant_in in reported:
            continue
        reported |= {doubt.meant_in} - {""}
        yield _notice(data, sheet, column, doubt)


@dataclass(frozen=True)
class _Doubt:
    """Rows of a column that are in doubt, why, and what would explain it."""

    rows: tuple[int, ...]
    must: str
    action: str
    code: str
    meant_in: str = ""


def _doubt(own: pd.Series, column: Column, worth: Worth | None) -> _Doubt | None:
    usual = column.plausible
    if usual is None or (usual.money and worth is None):
        return None
    values = own.astype(float)
    if usual.money and worth is not None:
        values = values * worth.per_row
    values = values[values.notna() & (values != 0)]
    if values.empty:
        return None
    far, code = values[(values < usual.low) | (values > usual.high)], "implausible"
    beyond = far.empty and usual.outliers
    if beyond:
        far, code = _outliers(values), "outlier"
    if far.empty:
        return None
    money = f" in {worth.reference}" if usual.money and worth is not None else ""
    unit = f" {column.unit}" if column.unit else ""
    must = f"{column.name} is usually {usual.low:,.12g} to {usual.high:,.12g}{unit}{money}"
    if beyond:
        must = f"{column.name} is usually nearer to the others, about {values.median():,.4g}{money}"
    rows = tuple(int(str(row)) for row in far.index)
    action, meant_in = _explained(float(far.iloc[0]), values.drop(far.index), rows[0], usual, worth)
    return _Doubt(rows, must, action, code, meant_in)


def _outliers(values: pd.Series) -> pd.Series:
    values = values[values > 0]
    if len(values) < FEWEST:
        return values.iloc[:0]
    logs = pd.Series(np.log(values.to_numpy(float)), index=values.index)
    away = (logs - logs.median()).abs()
    beyond = away > max(np.log(FAR_FACTOR), SPREADS * float(away.median()) / NORMAL)
    found: pd.Series = values[beyond.to_numpy(bool)]
    return found


def _explained(
    value: float, others: pd.Series, row: int, usual: Plausible, worth: Worth | None
) -> tuple[str, str]:
    """Action by the slip of unit or currency that brings a number nearest to the others.

    Without others it is the geometric middle of the usual range that counts.

    Returns
    -------
    str, str
        The action, and the currency that the number seems to be in, empty for none.
    """
    slips = [(slip.factor, slip.words, "") for slip in usual.slips]
    if usual.money and worth is not None:
        own = worth.per_row[row]
        slips += [(own / rate, f"an amount in {name}", name) for name, rate in worth.others.items()]
    fits = [
        (value / factor, words, name)
        for factor, words, name in slips
        if usual.low <= value / factor <= usual.high and not np.isclose(factor, 1)
    ]
    if not fits:
        return "Check the number and its unit; it is used as it stands.", ""
    middle = others.abs().median() if len(others) else np.sqrt(max(usual.low, 0.0) * usual.high)
    if middle > 0:
        fits.sort(key=lambda fit: abs(np.log(abs(fit[0]) / middle)))
    meant, words, name = fits[0]
    return f"It looks like {words}, which would be {meant:,.4g}; it is used as it stands.", name


def _notice(data: Dataset, sheet: Sheet, column: Column, doubt: _Doubt) -> Problem:
    first, *more = doubt.rows
    found = shown(data[sheet.name][column.name].astype(float)[first])
    if more:
        found += f", and {len(more)} more row{'s' if len(more) > 1 else ''} as far off"
    return data.problem(
        sheet.name,
        first,
        column.name,
        doubt.must,
        doubt.action,
        doubt.code,
        found=found,
        severity=Severity.NOTICE,
    )
