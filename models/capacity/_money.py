"""Discounting, escalation, spend profiles, residual value, and rows of the Cost table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.text import TEXT
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
# Payments whose months agree to so many decimals are made together.
MONTH_DECIMALS = 5
COST_KEYS = ("account", "item", "subject", "site", "period")
COST_TABLE = (
    *("account", "family", "item", "kind", "subject", "site", "period", "payment"),
    *("cash", "present_value", "first_month", "last_month", "growth"),
)
COST_TEXTS = (*COST_KEYS, "family", "kind")
COST_NUMBERS = ("cash", "present_value", "first_month", "last_month", "growth")


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
    grown = np.asarray(force * (until - since))
    # (e^x - 1) / x, which is 1 at 0; scipy.special.exprel would take as long to load as pandas.
    mean = np.divide(np.expm1(grown), grown, out=np.ones_like(grown), where=grown != 0)
    return np.asarray(np.exp(force * since) * mean)


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


def divided(notes: pd.DataFrame, worth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of a posting's notes that cost something, with their cash and present value.

    Parameters
    ----------
    notes : pandas.DataFrame
        cash and present_value per unit of activity: of each key, or of several parts of it, with
        the position of the key in ``at``.
    worth : numpy.ndarray
        Present value of each key.

    Returns
    -------
    numpy.ndarray, numpy.ndarray, numpy.ndarray
        Positions of the rows, and the two amounts of each.
    """
    cash, value = notes["cash"].to_numpy(float), notes["present_value"].to_numpy(float)
    if "at" not in notes:
        rows = np.flatnonzero(worth != 0)
        cash, value = cash[rows] * (worth[rows] / value[rows]), worth[rows]
        paid = cash != 0
        return rows[paid], cash[paid], value[paid]
    at = notes["at"].to_numpy(int)
    per_unit = np.bincount(at, value, minlength=len(worth))
    activity = np.divide(worth, per_unit, out=np.zeros(len(worth)), where=per_unit != 0)[at]
    rows = np.flatnonzero(cash * activity)
    return rows, (cash * activity)[rows], (value * activity)[rows]


def cost_rows(values: Solution) -> pd.DataFrame:
    """Rows of the Cost table (COST_TABLE) from what is posted to the ledger ``cost``."""
    parts: list[dict[str, np.ndarray]] = []
    for posting, worth in values.postings("cost"):
        notes = posting.notes
        assert notes is not None
        rows, cash, value = divided(notes, worth)
        if not len(rows):
            continue
        part = {name: _cells(notes, name)[rows] for name in (*COST_TEXTS, *COST_NUMBERS)}
        part |= {"cash": cash, "present_value": value}
        part["family"] = np.full(len(rows), posting.family, dtype=object)
        if "item" not in notes:
            part["item"] = np.full(len(rows), posting.item, dtype=object)
        if "subject" not in notes:
            part["subject"] = part["site"]
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=list(COST_TABLE))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return gathered(joined)[list(COST_TABLE)]


def _cells(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Cells of a column of the Cost table, blank where there is no such column; no growth is 0."""
    if name in COST_TEXTS:
        return rows[name].to_numpy(object) if name in rows else np.full(len(rows), np.nan, object)
    if name == "growth":
        growth = rows[name].to_numpy(float) if name in rows else np.zeros(len(rows))
        return np.where(np.isnan(growth), 0.0, growth)
    return rows[name].to_numpy(float)


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
    if rows.empty:
        return pd.DataFrame(columns=[*COST_TEXTS, "payment", *COST_NUMBERS])
    cells = {name: _cells(rows, name) for name in (*COST_TEXTS, *COST_NUMBERS)}
    return gathered(cells | {"family": np.full(len(rows), family, dtype=object)})


def gathered(rows: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row per payment of a key of the Cost table, from rows of finer keys.

    Rows of a key that are paid over the same months are one payment; payments of a key are numbered
    in the order of their months. What is no more than the solver's rounding is paid with the
    largest row of its key. Payments that cost nothing go.

    Parameters
    ----------
    rows : mapping of str to numpy.ndarray
        COST_TEXTS but for the account, and COST_NUMBERS, row by row.
    """
    account = np.array(list(map(account_of, rows["item"], rows["kind"])), dtype=object)
    rows = {**rows, "account": account}
    key, _ = _groups([rows[name] for name in COST_KEYS])
    paid = _months_with_the_largest(key, rows)
    group, first = _groups([key, *np.round(paid, MONTH_DECIMALS)])
    sums = {name: np.bincount(group, rows[name]) for name in ("cash", "present_value")}
    # A cost that is not known is kept.
    kept = np.flatnonzero(~(np.abs(sums["cash"]) <= NOTHING))
    key, (begin, end) = key[first], paid[:, first]
    kept = kept[np.lexsort((end[kept], begin[kept], key[kept]))]
    at = first[kept]
    texts = {name: pd.array(rows[name][at], dtype=TEXT) for name in COST_TEXTS}
    return pd.DataFrame(
        {
            **texts,
            "payment": np.arange(1, len(kept) + 1) - np.searchsorted(key[kept], key[kept]),
            **{name: of_group[kept] for name, of_group in sums.items()},
            "first_month": begin[kept],
            "last_month": end[kept],
            "growth": rows["growth"][at],
        }
    )


def _months_with_the_largest(key: np.ndarray, rows: Mapping[str, np.ndarray]) -> np.ndarray:
    """First and last month of each row; of what is rounding those of the largest row of its key."""
    # A cost that is not known is no rounding, and none the largest.
    size = np.abs(rows["cash"])
    order = np.lexsort((-np.nan_to_num(size), key))
    largest = order[np.searchsorted(key[order], np.arange(key.max() + 1))][key]
    source = np.where(size < ROUNDING * size[largest], largest, np.arange(len(key)))
    return np.vstack([rows["first_month"], rows["last_month"]])[:, source]


def _groups(keys: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Number of each row's group, and the first row of each group, in the order of the first rows.

    A blank is a value of its own.
    """
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        found, distinct = pd.factorize(key)
        code = code * (len(distinct) + 1) + found + 1
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[group], first[order]
