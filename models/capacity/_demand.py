"""Demand in MW: what is given in compute units is converted here for every family."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from ._calendar import calendar, carried_forward


@derived
def asked(data: Dataset) -> pd.DataFrame:
    """Demand by the row numbers of its sheet, with it_mw filled in where it is given in units."""
    rows, keys = data["Demand"], ["workload", "period"]
    sizes = carried_forward(data["ComputeUnits"], calendar(data), ["workload"])
    per_unit = rows[keys].merge(sizes, on=keys, how="left")["mw_per_unit"].set_axis(rows.index)
    return rows.assign(it_mw=rows["it_mw"].fillna(rows["units"] * per_unit))


def positive_demand(data: Dataset) -> pd.DataFrame:
    """Rows of `asked` that ask for something."""
    rows = asked(data)
    return rows[rows["it_mw"] > 0]


def unmet_cost_per_mw_year(data: Dataset) -> pd.Series:
    """Cost of a MW left unmet for a year, M, by workload; NaN where demand must be met.

    The penalty, or what is forgone by value_per_mw_year where that is more.
    """
    rows = data.columns(
        "Workloads", "workload", "unmet_penalty_per_mw_year", "value_per_mw_year"
    ).set_index("workload")
    penalty = rows["unmet_penalty_per_mw_year"].astype(float)
    return penalty.where(~(rows["value_per_mw_year"] > penalty), rows["value_per_mw_year"])
