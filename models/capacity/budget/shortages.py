"""Budgets that cannot pay for what must be served."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import site_costs
from .._calendar import calendar
from .._shortages import Cell, most_online, short_of

# A sentence names no more cells than these.
MOST_CELLS = 4


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
