"""Discounting, escalation, spend profiles and residual value; and the posting of costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import exprel

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, parameter
from optalloc.modelling.solution import Solution

# How what capital is still worth at the end of the horizon is found: `residual_value` of Settings.
ANNUITY, STRAIGHT_LINE, NO_RESIDUAL = "annuity", "straight_line", "none"
CASH = "cash"
RESIDUAL = "residual value"
PENALTY = "penalty"
EXPECTED_LOSS = "expected loss"
# A planner's accounts: of kinds that are no cash, and of cash by the first word of its item.
_ACCOUNT_OF_KIND = {
    RESIDUAL: "residual value",
    PENALTY: "penalties",
    EXPECTED_LOSS: "expected loss",
}
_ACCOUNT_OF_ITEM = {
    "site": "sites",
    "building": "building",
    "component": "building",
    "equipment": "equipment",
    "storage": "storage",
    "fixed": "running",
    "running": "running",
    "rent": "leases",
    "contract": "power",
    "spot": "power",
    "deposit": "power",
    "termination": "power",
    "interruptible": "power",
    "option": "options",
    "abandonment": "abandoned sites",
    "wages": "labour",
    "network": "network",
    "unmet": "unmet demand",
    "duty": "import duty",
    "tax": "taxes",
    "property": "taxes",
    "credit": "tax credits",
}
# In the order in which accounts are listed; others come before what is no cash.
ACCOUNTS = tuple(dict.fromkeys([*_ACCOUNT_OF_ITEM.values(), *_ACCOUNT_OF_KIND.values()]))
# Costs below this, in millions, are noise of the solver's arithmetic and not worth a row.
NOTHING = 1e-7
# A row of a key below this share of its largest may be integers that are so only by tolerance.
ROUNDING = 1e-4
COST_KEYS = ("account", "item", "subject", "site", "period")
COST_TABLE = (
    *("account", "family", "item", "kind", "subject", "site", "period", "cash", "present_value"),
    *("first_month", "last_month", "growth"),
)
COST_COLUMNS = {
    "family": "first",
    "kind": "first",
    "cash": "sum",
    "present_value": "sum",
    "first_month": "min",
    "last_month": "max",
    "growth": "first",
}


def discount(rate: float, months: np.ndarray | pd.Series) -> np.ndarray:
    """Present value of one unit paid so many months after the base date."""
    return np.asarray((1.0 + rate) ** (-np.asarray(months, float) / 12.0))


def escalated(growth: float | pd.Series, months: np.ndarray | pd.Series) -> np.ndarray:
    """Growth factor of a price from the base date."""
    return np.asarray((1.0 + np.asarray(growth, float)) ** (np.asarray(months, float) / 12.0))


def mean_factor(
    rate: float,
    growth: float | pd.Series | np.ndarray,
    first: np.ndarray | pd.Series,
    last: np.ndarray | pd.Series,
) -> np.ndarray:
    """Mean of ``((1+growth)/(1+rate))^t`` over [first, last] months; its value where they meet.

    The integral over the span by its length: what one unit at base-date prices is worth that is
    paid evenly from first to last, grows all the while and is discounted at each instant.
    """
    since, until = np.asarray(first, float) / 12.0, np.asarray(last, float) / 12.0
    force = np.log1p(np.asarray(growth, float)) - np.log1p(rate)
    return np.asarray(np.exp(force * since) * exprel(force * (until - since)))


def residual_share(
    how: str, rate: float, age_years: pd.Series, life_years: pd.Series
) -> np.ndarray:
    """Share of capital that is credited at an age; never below 0.

    ``(1-(1+r)^-(L-age)) / (1-(1+r)^-L)``, what is left of a level ANNUITY over the life, or
    ``(L-age)/L`` in a STRAIGHT_LINE.
    """
    life = life_years.to_numpy(float)
    left = np.maximum(life - age_years.to_numpy(float), 0.0)
    if rate == 0 or how == STRAIGHT_LINE:
        return np.asarray(left / life)
    return np.asarray(np.expm1(-np.log1p(rate) * left) / np.expm1(-np.log1p(rate) * life))


def spending_span(frame: pd.DataFrame) -> pd.DataFrame:
    """First and last month of spending of capital decided at `begin`, by its spend profile."""
    lead = frame["lead_months"]
    first = frame["begin"] + np.where(frame["spend_profile"] == "at_end", lead, 0.0)
    last = frame["begin"] + np.where(frame["spend_profile"] == "at_start", 0.0, lead)
    return pd.DataFrame({"first_month": first, "last_month": last})


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
    rates = data.column("Currencies", "per_workbook_currency", by="currency")
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
        same, discounted), first_month and last_month of payment, and growth, the yearly growth
        between the two where it is not 0.
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


def divided(notes: pd.DataFrame, worth: np.ndarray) -> pd.DataFrame:
    """Notes of a posting with cash and present_value of what it comes to, zero rows left out.

    Parameters
    ----------
    notes : pandas.DataFrame
        cash and present_value per unit of activity: of each key, or of several parts of it, with
        the position of the key in ``at``.
    worth : numpy.ndarray
        Present value of each key.
    """
    if "at" not in notes:
        rows, worth = notes[worth != 0], worth[worth != 0]
        cash = rows["cash"].to_numpy() * (worth / rows["present_value"].to_numpy())
        return rows.assign(cash=cash, present_value=worth)[cash != 0]
    at = notes["at"].to_numpy(int)
    per_unit = np.bincount(at, notes["present_value"], minlength=len(worth))
    activity = np.divide(worth, per_unit, out=np.zeros(len(worth)), where=per_unit != 0)[at]
    rows = notes.assign(
        cash=notes["cash"] * activity, present_value=notes["present_value"] * activity
    )
    return rows[rows["cash"] != 0]


def cost_rows(values: Solution) -> pd.DataFrame:
    """Rows of the Cost table (COST_TABLE) from what is posted to the ledger ``cost``."""
    columns = list(COST_TABLE)
    frames = []
    for posting, worth in values.postings("cost"):
        assert posting.notes is not None
        rows = divided(posting.notes, worth)
        if rows.empty:
            continue
        item = rows["item"] if "item" in rows else pd.Series(posting.item, rows.index)
        held = {name: rows[name].array if name in rows else np.nan for name in columns}
        held["growth"] = rows["growth"].array if "growth" in rows else 0.0
        held |= {"subject": rows["subject" if "subject" in rows else "site"].array}
        held |= {"family": posting.family, "item": item.array}
        held |= {"account": list(map(account_of, item, rows["kind"]))}
        frames.append(pd.DataFrame(held, columns=columns))
    return gathered(pd.concat(frames or [pd.DataFrame(columns=columns)], ignore_index=True))[
        columns
    ]


def account_of(item: str, kind: str) -> str:
    """Account of a cost, such as power or labour; unmet demand apart from other penalties.

    What no account is known for is an account of its own.
    """
    word = item.partition("_")[0]
    if kind == CASH or word == "unmet":
        return _ACCOUNT_OF_ITEM.get(word, item)
    return _ACCOUNT_OF_KIND[kind]


def charge_rows(family: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the Cost table, as the families' audits work them out, gathered by its key.

    Parameters
    ----------
    rows : pandas.DataFrame
        item, kind, subject, site, period, cash, present_value, first_month, last_month, and growth
        where it is not 0.
    """
    columns = [*COST_KEYS, *COST_COLUMNS]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    account = list(map(account_of, rows["item"], rows["kind"]))
    rows = rows.assign(family=family, account=account).reindex(columns=columns)
    return gathered(rows.fillna({"growth": 0.0}))


def gathered(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per key of the Cost table from rows of finer keys; the ones that cost nothing go.

    Payments from the first day to the last of any row that is more than the solver's rounding.
    """
    keys = list(COST_KEYS)
    most = rows["cash"].abs().groupby([rows[key] for key in keys], dropna=False).transform("max")
    noise = rows["cash"].abs() < ROUNDING * most
    spans = rows[["first_month", "last_month"]].mask(noise)
    by_key = rows.assign(**spans).groupby(keys, as_index=False, sort=False, dropna=False)
    sums = by_key.agg(COST_COLUMNS)
    return sums[sums["cash"].abs() > NOTHING].reset_index(drop=True)
