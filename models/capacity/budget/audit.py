"""Limits of budgets restated from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._capital import CAPITAL_ITEMS


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Capital laid over the periods again, payment by payment, from the Cost table."""
    cal, cost = calendar(data), tables["Cost"]
    # A table without rows has no text in it.
    of_capital = cost["item"].astype(str).str.startswith(CAPITAL_ITEMS)
    capital = cost[of_capital & (cost["kind"] == "cash")]
    paid = dict.fromkeys(cal.index, 0.0)
    periods = list(cal[["begin", "end"]].itertuples(name=None))
    for row in capital.to_dict("records"):
        first, last = row["first_month"], row["last_month"]
        for period, begin, end in periods:
            if last > first:
                months = min(last, end) - max(first, begin)
                paid[period] += row["cash"] * max(months, 0.0) / (last - first)
            elif begin <= first < end:
                paid[period] += row["cash"]
    spent = pd.Series(paid, dtype=float)
    to_date = spent.cumsum()
    found = {}
    for name, column, used in (
        ("capital_in_period", "max_capital", spent),
        ("capital_to_date", "max_capital_to_date", to_date),
    ):
        rows = data["Budgets"].dropna(subset=[column])
        found[name] = rows[["period"]].assign(
            used=rows["period"].map(used).astype(float), allowed=rows[column].astype(float)
        )
    return found
