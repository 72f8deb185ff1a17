"""Capital life after life: as charges for the model, and worked out again for the audit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from ._calendar import TINY_MONTHS, calendar
from ._money import (
    CASH,
    NO_RESIDUAL,
    RESIDUAL,
    STRAIGHT_LINE,
    discount,
    escalated,
    mean_factor,
    residual_share,
    spending_span,
)

# A cost is capital where the name of its item begins with one of these, whoever posts it.
CAPITAL_ITEMS = ("site", "building", "component", "equipment", "storage", "duty")


def capital_charges(
    data: Dataset, item: str, keys: pd.DataFrame, frame: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Charges of an item of capital: its first life, its renewals, and its credit at the end.

    What comes too late to serve within the horizon is paid for once and credited nothing.

    Parameters
    ----------
    keys : pandas.DataFrame
        Key columns of the charges, aligned with `frame`.
    frame : pandas.DataFrame
        unit_cost (M at the base date), growth (per year), begin and online (months from the base
        date), lead_months, spend_profile, life_years, and lasts_years, after which nothing is
        renewed and nothing is left.

    Returns
    -------
    dict of str to pandas.DataFrame
        By name of the charge, as `post_cost` takes them, with in_service, the month from which a
        life serves, and serves_years, how long it then stands; 0 where it comes too late.
    """
    settings, horizon = data.one("Settings"), calendar(data)["end"].iloc[-1]
    rate = settings.discount_rate
    charges = {}
    credit = pd.Series(0.0, index=frame.index)
    for life in itertools.count():
        later = 12.0 * life * frame["life_years"]
        since, still = frame["online"] + later, 12.0 * frame["lasts_years"] - later
        serves = (since < horizon - TINY_MONTHS) & (still > TINY_MONTHS)
        # What is begun is paid for, too late to serve or not.
        wanted = serves | (life == 0)
        now = frame.assign(begin=frame["begin"] + later)[wanted]
        if now.empty:
            break
        since = since[now.index]
        span = spending_span(now)
        cash = now["unit_cost"] * escalated(now["growth"], now["begin"])
        value = cash * mean_factor(rate, 0.0, span["first_month"], span["last_month"])
        name = f"{item}_renewal_{life}" if life else item
        stands = np.minimum(now["life_years"], still / 12.0)[now.index].where(serves, 0.0)
        charges[name] = span.join(keys).assign(
            cash=cash, present_value=value, in_service=since, serves_years=stands
        )
        kept = now.index[serves[now.index]]
        stands = stands[kept]
        how = settings.residual_value
        left = residual_share(how, rate, (horizon - since[kept]) / 12.0, stands)
        worth = value[kept] / discount(rate, since[kept])
        credit[kept] -= (cash[kept] if how == STRAIGHT_LINE else worth) * left
    if settings.residual_value != NO_RESIDUAL:
        charges[f"{item}_residual"] = keys.assign(
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
    first, last = (charges[name].to_numpy(float)[:, None] for name in ("first_month", "last_month"))
    begin, end = periods["begin"].to_numpy(float), periods["end"].to_numpy(float)
    span = last - first
    overlap = np.clip(np.minimum(last, end) - np.maximum(first, begin), 0.0, None)
    at_once = (first >= begin) & (first < end)
    share = np.where(span > 0, overlap / np.where(span > 0, span, 1.0), at_once)
    cash = charges["cash"].to_numpy(float)[:, None] * share
    charge, period = np.nonzero(cash)
    pairs = (
        charges[keys]
        .iloc[charge]
        .assign(spent_in=periods["period"].to_numpy()[period], cash=cash[charge, period])
    )
    spent = pairs.groupby(["spent_in", *keys], sort=False)["cash"].sum()
    return spent.reset_index()


@dataclass(frozen=True)
class Terms:
    """How an item of capital is paid for, in months and years, and how long it is renewed."""

    lead: float
    to_online: float
    profile: str
    life: float
    stands: float
    growth: float


def lives(
    item: str,
    amount: float,
    terms: Terms,
    when: Mapping[Hashable, Any] | pd.Series,
    cal: pd.DataFrame,
    settings: Any,
) -> Iterator[dict[str, object]]:
    """Payments of capital, life after life to the horizon, and the credit of the last one.

    One decision at a time in plain arithmetic, as audits recompute the Cost table.

    Parameters
    ----------
    amount : float
        M at the base date.
    terms : Terms
    when : mapping or pandas.Series
        Row of the calendar in which it is decided; begin, where that is later, the day on which it
        begins.
    """
    if amount == 0:
        return
    rate, end, life = settings.discount_rate, cal["end"].to_numpy()[-1], terms.life
    begins = cal["begin"].to_numpy()
    online = begins[begins >= when["begin"] + terms.to_online - TINY_MONTHS]
    since = online[0] if len(online) else end
    stands = whole_periods_of(since, terms.stands, cal)
    served = min(end - since, 12 * stands)
    count = max(1, math.ceil((served - TINY_MONTHS) / (12 * life)))
    for k in range(count):
        begin = when["begin"] + 12 * life * k
        first = begin + (terms.lead if terms.profile == "at_end" else 0.0)
        last = begin + (0.0 if terms.profile == "at_start" else terms.lead)
        cash = amount * (1 + terms.growth) ** (begin / 12)
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
    # What serves no period is paid for and credited nothing.
    if settings.residual_value != NO_RESIDUAL and served > TINY_MONTHS:
        # The last life may be cut short by the end of what it is part of.
        whole = min(life, stands - life * (count - 1))
        left = max(whole - ((end - since) / 12 - life * (count - 1)), 0.0)
        if settings.residual_value == STRAIGHT_LINE:
            credit = cash * left / whole
        else:
            share = (1 - (1 + rate) ** -left) / (1 - (1 + rate) ** -whole) if rate else left / whole
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


def whole_periods_of(since: float, stands: float, cal: pd.DataFrame) -> float:
    """Years until the last period that ends within a life; all of a life beyond the horizon."""
    ends = cal["end"].to_numpy()
    if since + 12 * stands >= ends[-1] - TINY_MONTHS:
        return stands
    within = ends[(ends > since) & (ends <= since + 12 * stands + TINY_MONTHS)]
    return float((within[-1] - since) / 12) if len(within) else 0.0
