"""Periods and money: the calendar, the discounting, and the objective.

In words
    Decisions fall on a period's first day; building begins on a day of its own (sites). Running costs are paid evenly over their period, escalate
    and are discounted from instant to instant, so that the same world cut into other periods costs
    the same; capital is discounted along its spend profile. The plan of least present value wins.
Data
    Settings, Periods, Currencies; Sources is carried into the plan and otherwise unused.
Time
    A date is so many months from the base date: whole months to the same day of a later month, and
    days over 30.4375 for part of one, counted from the first day of the period that holds it. A
    period has months / 12 years and 8.76 thousand hours a year. A sum paid t months after the base
    date is worth ``(1+r)^(-t/12)`` of itself, r the discount_rate; one that escalates by g has grown
    by ``(1+g)^(t/12)``. A sum that is paid evenly over a span is discounted by the integral of that
    over the span, divided by its length. What has a last day counts to the end of it, and what ends
    inside a period serves only the periods before.
Decides
    Nothing.
Reads and posts
    Owns the ``cost`` ledger and minimises it. Cash, residual value, penalties and expected loss are
    kept apart.
Source
    Net present value with continuous cash flows (e.g. Park and Sharp-Bette, Advanced Engineering
    Economics, 1990): at a discount rate r and a growth g, what costs a a year at the base date costs
    ``a * integral of ((1+g)/(1+r))^t dt`` over its period, t in years from the base date, and
    ``a * integral of (1+g)^t dt`` in cash.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._calendar import calendar


def parameters(data: Dataset) -> pd.DataFrame:
    """Give the calendar."""
    return calendar(data)


def declare(m: Any, p: pd.DataFrame, ledgers: Ledgers) -> None:
    """Periods, each with the one before it and its length."""
    m.PERIODS = index_set(p.index.to_frame(index=False))
    m.period_months = parameter(m.PERIODS, p["months"])
    before = pd.DataFrame({"period": p.index[1:], "before": p.index[:-1]})
    m.PERIOD_BEFORE = indexed_set(m.PERIODS, before, ["period"], ["before"])


def constrain(m: Any, p: pd.DataFrame) -> None:
    """Set the objective: least present value of all cost."""
    m.least_cost = pyo.Objective(expr=m.cost, sense=pyo.minimize)
