"""Sums paid evenly over a span of time: as charges for the model, and recomputed for the audit.

What is paid at ``a`` a year at base-date prices, with growth ``g`` and discount rate ``r``, costs
``a * integral of (1+g)^t dt`` in cash and ``a * integral of ((1+g)/(1+r))^t dt`` in present value
over its span, t in years from the base date. A span costs what its parts do, however it is cut.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from ._calendar import calendar
from ._money import CASH, charge_rows, mean_factor

SPAN = ["first_month", "last_month"]
# Below this product of growth and years a difference of powers loses digits; Simpson's rule is off
# by a share of x^4 / 2880 there.
FLAT = 1e-3


def whole_period(data: Dataset, period: pd.Series) -> pd.DataFrame:
    """First and last month of the period of each row."""
    at = calendar(data).loc[period, ["begin", "end"]]
    return at.set_axis(SPAN, axis=1).set_axis(period.index)


def running_charges(
    data: Dataset,
    keys: pd.DataFrame,
    amount: pd.Series,
    growth: float | pd.Series = 0.0,
    span: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Charges for `post_cost` that are paid evenly over each key's period, or over a span of it.

    Parameters
    ----------
    keys : pandas.DataFrame
        Key columns, a period among them.
    amount : pandas.Series
        M per unit for the whole span, at prices of the base date, aligned with `keys`.
    growth : float or pandas.Series
        Yearly growth of it from the base date, of all or of each.
    span : pandas.DataFrame, optional
        SPAN, in months from the base date; by default the key's period.
    """
    span = whole_period(data, keys["period"]) if span is None else span
    first, last = span["first_month"], span["last_month"]
    rate = data.one("Settings").discount_rate
    return keys.assign(
        cash=amount * mean_factor(0.0, growth, first, last),
        present_value=amount * mean_factor(rate, growth, first, last),
        first_month=first,
        last_month=last,
        growth=growth,
    )


def yearly_charges(
    data: Dataset,
    keys: pd.DataFrame,
    per_year: pd.Series,
    growth: float | pd.Series = 0.0,
    span: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """As `running_charges`, from M per unit and year at prices of the base date."""
    span = whole_period(data, keys["period"]) if span is None else span
    years = (span["last_month"] - span["first_month"]) / 12.0
    return running_charges(data, keys, per_year * years, growth, span)


def running_rows(data: Dataset, family: str, rows: pd.DataFrame, kind: str = CASH) -> pd.DataFrame:
    """Rows of the Cost table in plain arithmetic, from antiderivatives.

    Parameters
    ----------
    rows : pandas.DataFrame
        item, subject, site, period, and amount: M for the whole span at prices of the base date;
        growth where it is not 0, and SPAN where that is not the period.
    """
    cal, rate = calendar(data), data.one("Settings").discount_rate
    amount = rows["amount"].to_numpy(float)
    growth = rows["growth"].to_numpy(float) if "growth" in rows else np.zeros(len(rows))
    first, last = (
        (rows[own] if own in rows else cal[edge].reindex(rows["period"])).to_numpy(float)
        for own, edge in zip(SPAN, ("begin", "end"), strict=True)
    )
    rows = rows.assign(
        kind=kind,
        cash=amount * _mean_power(1 + growth, first, last),
        present_value=amount * _mean_power((1 + growth) / (1 + rate), first, last),
        growth=growth,
        first_month=first,
        last_month=last,
    )
    return charge_rows(family, rows)


def _mean_power(base: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Mean of base^t over the years from first to last, by its antiderivative base^t / ln base."""
    start, half, end = (base ** (m / 12) for m in (first, (first + last) / 2, last))
    exponent = np.log(base) * (last - first) / 12
    flat = np.abs(exponent) < FLAT
    return np.where(flat, (start + 4 * half + end) / 6, (end - start) / np.where(flat, 1, exponent))
