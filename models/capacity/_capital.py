"""Capital life after life: as charges for the model, and worked out again for the audit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from optalloc.dataset import Dataset
from optalloc.program import Ledgers, index_set, indexed_set, parameter

from ._calendar import TINY_MONTHS, calendar
from ._money import (
    CASH,
    RESIDUAL,
    discount,
    escalated,
    residual_share,
    spending_span,
    spread_discount,
)

# A cost is capital where the name of its item begins with one of these, whoever posts it.
CAPITAL_ITEMS = ("site", "building", "equipment")


def capital_charges(
    data: Dataset,
    item: str,
    frame: pd.DataFrame,
    keys: list[str],
    unit_cost: str,
    lead: str,
    online: np.ndarray,
) -> dict[str, pd.DataFrame]:
    """Charges of an item of capital: its first life, its renewals, and its credit at the end.

    Parameters
    ----------
    frame : pandas.DataFrame
        `keys`, begin (month of the decision), life_years, spend_profile, and the columns that
        `unit_cost` (M per unit at the base date) and `lead` (months of spending) name.
    online : numpy.ndarray
        Month in which each row's first life begins.

    Returns
    -------
    dict of str to pandas.DataFrame
        By item: `keys`, cash, present_value, first_month and last_month.
    """
    settings, horizon = data.one("Settings"), calendar(data)["end"].iloc[-1]
    rate = settings.discount_rate
    charges = {}
    credit = pd.Series(0.0, index=frame.index)
    for life in itertools.count():
        later = 12.0 * life * frame["life_years"]
        since = online + later
        now = frame.assign(begin=frame["begin"] + later)[since < horizon - TINY_MONTHS]
        if now.empty:
            break
        since = since[now.index]
        span = spending_span(now, lead)
        cash = now[unit_cost] * escalated(settings.build_cost_escalation, now["begin"])
        value = cash * spread_discount(rate, span["first_month"], span["last_month"])
        name = f"{item}_renewal_{life}" if life else item
        charges[name] = span.join(now[keys]).assign(cash=cash, present_value=value)
        left = residual_share(rate, (horizon - since) / 12.0, now["life_years"])
        credit[now.index] -= value / discount(rate, since) * left
    if settings.residual_value:
        charges[f"{item}_residual"] = frame[keys].assign(
            cash=credit,
            present_value=credit * discount(rate, credit * 0.0 + horizon),
            first_month=horizon,
            last_month=horizon,
        )
    return charges


def spending_by_period(
    charges: pd.DataFrame, keys: list[str], periods: pd.DataFrame
) -> pd.DataFrame:
    """Cash of each charge by the period it falls in: evenly over its span, or at a moment.

    Parameters
    ----------
    charges : pandas.DataFrame
        `keys`, cash, first_month and last_month; what falls beyond the horizon is left out.
    periods : pandas.DataFrame
        period, begin and end in months from the base date.

    Returns
    -------
    pandas.DataFrame
        spent_in, `keys` and cash in M, each key once.
    """
    spans = periods[["period", "begin", "end"]].rename(columns={"period": "spent_in"})
    pairs = charges.merge(spans, how="cross")
    span = pairs["last_month"] - pairs["first_month"]
    overlap = pairs[["last_month", "end"]].min(axis=1) - pairs[["first_month", "begin"]].max(axis=1)
    at_once = (pairs["first_month"] >= pairs["begin"]) & (pairs["first_month"] < pairs["end"])
    share = (overlap.clip(lower=0) / span.where(span > 0)).fillna(at_once.astype(float))
    pairs["cash"] *= share
    spent = pairs[pairs["cash"] != 0].groupby(["spent_in", *keys], sort=False)["cash"].sum()
    return spent.reset_index()


def post_spending(
    m: Any,
    ledgers: Ledgers,
    item: str,
    charges: dict[str, pd.DataFrame],
    periods: pd.DataFrame,
    keys: list[str],
    activity: Callable[..., Any],
    reads: tuple[str, ...] = (),
) -> None:
    """Post an item's payments to ``capital_spending``, by the period in which they are made.

    Parameters
    ----------
    charges : dict of str to pandas.DataFrame
        Charges of the item by name, as `capital_charges` gives them; credits are no payment.
    activity : callable
        ``activity(m, *key)``, a linear expression.
    """
    columns = [*keys, "cash", "first_month", "last_month"]
    parts = [part[columns] for name, part in charges.items() if not name.endswith("_residual")]
    paid = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    if paid.empty:
        return
    spent = spending_by_period(paid, keys, periods)
    index = index_set(spent[["spent_in", *keys]])
    m.add_component(f"{item}_spending_keys", index)
    cash = parameter(index, spent.set_index(["spent_in", *keys])["cash"])
    m.add_component(f"{item}_spending", cash)
    over = index_set(periods[["period"]])
    m.add_component(f"{item}_spending_periods", over)
    own = indexed_set(over, spent, ["spent_in"], keys)
    m.add_component(f"{item}_spent_in", own)
    ledgers.post(
        "capital_spending",
        item,
        lambda m, q: sum(cash[(q, *key)] * activity(m, *key) for key in own[q]),
        reads=reads,
    )


def lives(
    item: str,
    amount: float,
    at: Any,
    lead: float,
    to_online: float,
    when: pd.Series,
    cal: pd.DataFrame,
    settings: Any,
) -> Iterator[dict[str, object]]:
    """Payments of capital, life after life to the horizon, and the credit of the last one.

    One decision at a time in plain arithmetic, as audits recompute the Cost table.

    Parameters
    ----------
    amount : float
        M at the base date.
    at : mapping
        life_years and spend_profile.
    lead, to_online : float
        Months of spending, and months until the first life begins.
    when : pandas.Series
        Row of the calendar in which it is decided.
    """
    if amount == 0:
        return
    rate, end, life = settings.discount_rate, cal["end"].iloc[-1], at["life_years"]
    online = cal["begin"][cal["begin"] >= when["begin"] + to_online - TINY_MONTHS]
    since = online.iloc[0] if len(online) else end
    count = max(1, math.ceil((end - since - TINY_MONTHS) / (12 * life)))
    for k in range(count):
        begin = when["begin"] + 12 * life * k
        first = begin + (lead if at["spend_profile"] == "at_end" else 0.0)
        last = begin + (0.0 if at["spend_profile"] == "at_start" else lead)
        cash = amount * (1 + settings.build_cost_escalation) ** (begin / 12)
        spread = (last - first) / 12
        factor = (1 - (1 + rate) ** -spread) / (spread * math.log(1 + rate)) if spread * rate else 1
        value = cash * (1 + rate) ** (-first / 12) * factor
        yield {
            "item": f"{item}_renewal_{k}" if k else item,
            "kind": CASH,
            "cash": cash,
            "present_value": value,
            "first_month": first,
            "last_month": last,
        }
    if settings.residual_value:
        left = life * count - (end - since) / 12
        share = (1 - (1 + rate) ** -left) / (1 - (1 + rate) ** -life) if rate else left / life
        # Compounded to the online date of the last life, and so much of it credited at the end.
        credit = value * (1 + rate) ** (since / 12 + life * (count - 1)) * share
        yield {
            "item": f"{item}_residual",
            "kind": RESIDUAL,
            "cash": -credit,
            "present_value": -credit * (1 + rate) ** (-end / 12),
            "first_month": end,
            "last_month": end,
        }
