"""Cash flow and totals recomputed from the Cost table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import TINY_MONTHS, year_edges
from .._capital import CAPITAL_ITEMS
from .._money import CASH
from .tables import to_the_last_payment, totals


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cash flow and totals from the Cost table, which the other families recompute."""
    cost = tables["Cost"]
    return {"CashFlow": _cash_flow_to_date(data, cost), "Summary": totals(data, cost)}


def _cash_flow_to_date(data: Dataset, cost: pd.DataFrame) -> pd.DataFrame:
    """Cash flow as differences of what is paid, and what it is worth, by the end of each year."""
    cash, rate = cost[cost["kind"] == CASH], data.one("Settings").discount_rate
    years, edges = year_edges(data, cash["last_month"].max() if len(cash) else 0.0)
    first = cash["first_month"].to_numpy(float)[:, None]
    span = cash["last_month"].to_numpy(float)[:, None] - first
    at_once = (first < edges - TINY_MONTHS).astype(float)
    done = np.where(
        span > 0, np.clip((edges - first) / np.where(span > 0, span, 1.0), 0, 1), at_once
    )
    growth = 1 + cash["growth"].to_numpy(float)[:, None]
    grown, worth = (_share_done(done, span, base) for base in (growth, growth / (1 + rate)))
    yearly = np.diff(grown * cash["cash"].to_numpy(float)[:, None], axis=1)
    valued = np.diff(worth * cash["present_value"].to_numpy(float)[:, None], axis=1)
    capital = cash["item"].str.startswith(CAPITAL_ITEMS).to_numpy(bool)
    columns = {
        "capital": yearly[capital].sum(axis=0),
        "running": yearly[~capital].sum(axis=0),
        "total": yearly.sum(axis=0),
        "present_value": valued.sum(axis=0),
    }
    return to_the_last_payment(pd.DataFrame({"year": years, **columns}))


def _share_done(done: np.ndarray, span: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Share of the integral of base^t over a span that lies in a part of it from its start."""
    exponent = np.log(base) * span / 12
    # To first order in the exponent where a difference of powers would lose all digits.
    flat = np.abs(exponent) < 1e-7
    steep = np.where(flat, 1.0, exponent)
    share = (np.exp(steep * done) - 1) / (np.exp(steep) - 1)
    return np.where(flat, done * (1 - exponent * (1 - done) / 2), share)
