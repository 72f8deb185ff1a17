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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Missing, Sheet
from optalloc.modelling.exhibits import Use
from optalloc.modelling.family import Family
from optalloc.modelling.ledgers import Ledgers
from optalloc.modelling.limits import Limit, Relax
from optalloc.modelling.reports import Report
from optalloc.modelling.sets import index_set, indexed_set, parameter

from . import _plausible
from ._building import site_costs
from ._calendar import calendar
from ._capital import CAPITAL_ITEMS
from ._columns import limit, reference
from ._shortages import Cell, most_online, short_of

BUDGETS = Sheet(
    name="Budgets",
    question="How much may be spent, and when?",
    meaning="Most capital that may be spent in a period, and from the first period up to it.",
    key=("period",),
    missing=Missing.UNLIMITED,
    columns=(
        reference("Periods.period", example="2027H1"),
        limit(
            "max_capital",
            "M",
            "Most capital paid in the period, before discounting.",
            plausible=_plausible.BUDGET,
            example=2500,
        ),
        limit(
            "max_capital_to_date",
            "M",
            "Most capital paid from the first period to the end of this one.",
            plausible=_plausible.BUDGET,
        ),
    ),
)


# A sentence names no more cells than these.
MOST_CELLS = 4


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


REPORT = Report(
    exhibits=(
        Use(
            title="Budget",
            order=520,
            note="Capital spending.",
            limits=("capital_in_period", "capital_to_date"),
        ),
    ),
)


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against what the budget up to each period can have built, at the lowest build costs."""
    cal = calendar(data)
    budgets = data["Budgets"].assign(row=data["Budgets"].index).set_index("period")
    budgets = budgets.reindex(cal.index)
    spent = budgets["max_capital"].astype(float).fillna(np.inf).cumsum()
    to_date = budgets["max_capital_to_date"].astype(float).fillna(np.inf)
    until = to_date.clip(upper=spent)
    # Costs may fall until the last day.
    growth = 1.0 + float(data.one("Settings").build_cost_escalation)
    factor = min(1.0, growth ** (float(cal["end"].iloc[-1]) / 12.0))
    most = most_online(data)
    most["cost"] = most["site"].map(site_costs(data)["build_cost_per_mw"]).astype(float) * factor
    most["budget"] = most["period"].map(until)

    def groups(own: pd.DataFrame) -> pd.Series:
        cheap = own.sort_values("cost")
        paid = (cheap["new_mw"] * cheap["cost"]).cumsum() - cheap["new_mw"] * cheap["cost"]
        left = (cheap["budget"] - paid).clip(lower=0.0)
        can = (left / cheap["cost"]).where(cheap["cost"] > 0, np.inf)
        return cheap["ready_mw"] + np.minimum(cheap["new_mw"], can)

    def cells(within: set[str], period: str) -> list[Cell]:
        at = budgets.loc[:period]
        if pd.notna(at["max_capital_to_date"].iloc[-1]):
            return [("Budgets", int(at["row"].iloc[-1]), "max_capital_to_date")]
        named = at.dropna(subset=["max_capital"])
        return [("Budgets", int(row), "max_capital") for row in named["row"].tail(MOST_CELLS)]

    what = "what the budget can have built by then"
    return short_of(data, "capital_to_date", what, most, cells, groups)


FAMILY = Family(
    name="budget",
    title="Budget",
    order=80,
    sheets=(BUDGETS,),
    idle_without=("Budgets",),
    limits=(
        Limit(
            name="capital_in_period",
            over=("period",),
            cells=("Budgets.max_capital",),
            relax=Relax.PRICED,
            conflict="at most {value} M of capital may be spent in {period}",
            unit="M",
            sense="<=",
            sentence="the budget of {period} is spent: {used} of {allowed} M",
            lasting="the budget is spent {when}",
            marginal="saving from one more M of budget in the period",
            formula="capital_spending[p] <= max_capital[p]",
        ),
        Limit(
            name="capital_to_date",
            over=("period",),
            cells=("Budgets.max_capital_to_date",),
            relax=Relax.PRICED,
            conflict="at most {value} M of capital may be spent up to {period}",
            unit="M",
            sense="<=",
            sentence="the budget up to {period} is spent: {used} of {allowed} M",
            lasting="the budget to date is spent {when}",
            marginal="saving from one more M of budget up to the period",
            formula="sum_{q<=p} capital_spending[q] <= max_capital_to_date[p]",
        ),
    ),
    report=REPORT,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    audit=audit,
    shortages=shortages,
)
