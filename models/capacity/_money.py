"""Discounting, escalation, spend profiles and residual value; and the posting of costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset
from optalloc.program import Ledgers, index_set, parameter

from ._calendar import calendar

CASH = "cash"
RESIDUAL = "residual value"
PENALTY = "penalty"
EXPECTED_LOSS = "expected loss"
# Costs below this, in millions, are noise of the solver's arithmetic and not worth a row.
NOTHING = 1e-7


def discount(rate: float, months: np.ndarray | pd.Series) -> np.ndarray:
    """Present value of one unit paid so many months after the base date."""
    return np.asarray((1.0 + rate) ** (-np.asarray(months, float) / 12.0))


def escalated(growth: float | pd.Series, months: np.ndarray | pd.Series) -> np.ndarray:
    """Growth factor of a price from the base date."""
    return np.asarray((1.0 + np.asarray(growth, float)) ** (np.asarray(months, float) / 12.0))


def spread_discount(rate: float, first: pd.Series, last: pd.Series) -> np.ndarray:
    """Mean discount factor over [first, last] months: even spending; a moment where they meet."""
    force = np.log1p(rate) * (last - first).to_numpy(float) / 12.0
    # expm1(x)/x tends to 1 as the span or the rate tends to nought.
    safe = np.where(force == 0, 1.0, force)
    mean = np.where(force == 0, 1.0, -np.expm1(-safe) / safe)
    return discount(rate, first) * mean


def residual_share(rate: float, age_years: pd.Series, life_years: pd.Series) -> np.ndarray:
    """Share of capital, compounded to its online date, that is credited at an age; never below 0.

    ``(1-(1+r)^-(L-age)) / (1-(1+r)^-L)``: what is left of a level annuity over the life.
    """
    life = life_years.to_numpy(float)
    left = np.maximum(life - age_years.to_numpy(float), 0.0)
    if rate == 0:
        return np.asarray(left / life)
    return np.asarray(np.expm1(-np.log1p(rate) * left) / np.expm1(-np.log1p(rate) * life))


def spending_span(frame: pd.DataFrame) -> pd.DataFrame:
    """First and last month of spending of capital decided at `begin`, by its spend profile."""
    lead = frame["lead_months"]
    first = frame["begin"] + np.where(frame["spend_profile"] == "at_end", lead, 0.0)
    last = frame["begin"] + np.where(frame["spend_profile"] == "at_start", 0.0, lead)
    return pd.DataFrame({"first_month": first, "last_month": last})


def yearly_charges(
    data: Dataset, keys: pd.DataFrame, per_year: pd.Series, growth: float | pd.Series = 0.0
) -> pd.DataFrame:
    """What is due in each key's period, at so much a year, discounted at the period's middle.

    Parameters
    ----------
    keys : pandas.DataFrame
        Key columns, a period among them.
    per_year : pandas.Series
        M per unit and year at the base date, aligned with `keys`.
    growth : float or pandas.Series
        Yearly growth of it from the base date, of all or of each.
    """
    at = calendar(data).loc[keys["period"]].set_index(keys.index)
    cash = per_year * escalated(growth, at["mid"]) * at["years"]
    return keys.assign(
        cash=cash,
        present_value=cash * discount(data.one("Settings").discount_rate, at["mid"]),
        first_month=at["begin"],
        last_month=at["end"],
    )


def charges_at(
    data: Dataset, keys: pd.DataFrame, cash: pd.Series, month: pd.Series
) -> pd.DataFrame:
    """Charges for `post_cost` that are due at one moment: M per unit, and months from base date."""
    rate = data.one("Settings").discount_rate
    return keys.assign(
        cash=cash,
        present_value=cash * discount(rate, month),
        first_month=month,
        last_month=month,
    )


def to_workbook_currency(data: Dataset, frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Frame with its money columns converted from each row's own currency."""
    rates = data["Currencies"].set_index("currency")["per_workbook_currency"]
    per = frame["currency"].map(rates).astype(float).fillna(1.0)
    return frame.assign(**{column: frame[column] / per for column in columns})


def post_cost(
    m: Any,
    ledgers: Ledgers,
    item: str,
    charges: pd.DataFrame,
    keys: list[str],
    activity: Callable[..., Any],
    kind: str = CASH,
    reads: tuple[str, ...] = (),
) -> None:
    """Post a cost to the ledger: a price for each key, times an activity.

    Parameters
    ----------
    item : str
        Snake-case name of the cost; also names its parameter and set.
    charges : pandas.DataFrame
        One row per key: `keys`, cash (M per unit of activity, undiscounted), present_value (the
        same, discounted), first_month and last_month of payment.
    activity : callable
        ``activity(m, *key)``, a linear expression.
    kind : str
        CASH, RESIDUAL, PENALTY or EXPECTED_LOSS.
    """
    charges = charges[(charges["cash"] != 0) | (charges["present_value"] != 0)]
    if charges.empty:
        return
    keyed = index_set(charges[keys])
    m.add_component(f"{item}_keys", keyed)
    price = parameter(keyed, charges.set_index(keys)["present_value"])
    m.add_component(f"{item}_price", price)
    ledgers.post(
        "cost",
        item,
        lambda m, *key: price[key] * activity(m, *key),
        index=keyed,
        over=tuple(keys),
        reads=reads,
        notes=charges.assign(kind=kind),
    )


def charge_rows(family: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the Cost table, as the families' audits work them out: the ones that cost nothing go.

    Parameters
    ----------
    rows : pandas.DataFrame
        item, kind, subject, site, period, cash, present_value, first_month and last_month.
    """
    columns = [
        "family",
        "item",
        "kind",
        "subject",
        "site",
        "period",
        "cash",
        "present_value",
        "first_month",
        "last_month",
    ]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    rows = rows[rows["cash"].abs() > NOTHING].assign(family=family)
    return rows.reindex(columns=columns).reset_index(drop=True)
