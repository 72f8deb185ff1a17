"""Sums paid evenly over a period: as charges for the model, and worked out again for the audit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset

from ._calendar import calendar
from ._money import CASH, charge_rows, discount


def running_charges(
    data: Dataset, keys: pd.DataFrame, cash: np.ndarray | pd.Series, subject: pd.Series
) -> pd.DataFrame:
    """Charges for `post_cost`: M per unit for each key, discounted at the middle of its period."""
    at, rate = calendar(data).loc[keys["period"]], data.one("Settings").discount_rate
    cash = np.asarray(cash, float)
    return keys.assign(
        subject=subject.to_numpy(),
        cash=cash,
        present_value=cash * discount(rate, at["mid"]),
        first_month=at["begin"].to_numpy(),
        last_month=at["end"].to_numpy(),
    ).reset_index(drop=True)


def running_rows(data: Dataset, family: str, rows: pd.DataFrame, kind: str = CASH) -> pd.DataFrame:
    """Rows of the Cost table from item, subject, site, period and cash, in plain arithmetic."""
    cal, rate = calendar(data), data.one("Settings").discount_rate
    begin = rows["period"].map(cal["begin"]).astype(float)
    end = rows["period"].map(cal["end"]).astype(float)
    value = rows["cash"] / (1 + rate) ** ((begin + end) / 24)
    rows = rows.assign(kind=kind, present_value=value, first_month=begin, last_month=end)
    return charge_rows(family, rows)
