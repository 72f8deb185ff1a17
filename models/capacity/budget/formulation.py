"""Budget: how much capital may be spent in a period, and up to its end.

In words
    Capital is paid along its spend profile; in a period, and in all periods up to it, no more is
    paid than the budget allows. Cash, not present value; what is paid beyond the horizon is not
    counted.
Data
    Budgets.
Decides
    Nothing.
Limits
    ``capital_spending[p] <= max_capital[p]`` and
    ``sum_{q<=p} capital_spending[q] <= max_capital_to_date[p]``.
Reads and posts
    Reads ``capital_spending``.
Source
    Planner's convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.sets import index_set, indexed_set, parameter

from .._calendar import calendar


@dataclass(frozen=True)
class Parameters:
    """Budgets by period, and which periods lie up to each."""

    yearly: pd.DataFrame
    to_date: pd.DataFrame
    until: pd.DataFrame


def parameters(data: Dataset) -> Parameters:
    """All numbers of the family from the dataset."""
    position = calendar(data)["position"].rename_axis("paid").reset_index(name="before")
    to_date = data["Budgets"].dropna(subset=["max_capital_to_date"])
    until = to_date.assign(position=to_date["period"].map(calendar(data)["position"]))
    until = until.merge(position, how="cross")
    until = until[until["before"] <= until["position"]]
    return Parameters(data["Budgets"].dropna(subset=["max_capital"]), to_date, until)


def declare(m: Any, p: Parameters, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: Parameters) -> None:
    """Capital is paid within its budgets."""
    m.BUDGETED = index_set(p.yearly[["period"]])
    m.max_capital = parameter(m.BUDGETED, p.yearly.set_index("period")["max_capital"])
    m.capital_in_period = pyo.Constraint(
        m.BUDGETED, rule=lambda m, q: m.capital_spending[q] <= m.max_capital[q]
    )
    m.BUDGETED_TO_DATE = index_set(p.to_date[["period"]])
    by_period = p.to_date.set_index("period")["max_capital_to_date"]
    m.max_capital_to_date = parameter(m.BUDGETED_TO_DATE, by_period)
    m.PAID_UNTIL = indexed_set(m.BUDGETED_TO_DATE, p.until, ["period"], ["paid"])
    m.capital_to_date = pyo.Constraint(
        m.BUDGETED_TO_DATE,
        rule=lambda m, q: (
            sum(m.capital_spending[r] for r in m.PAID_UNTIL[q]) <= m.max_capital_to_date[q]
        ),
    )
