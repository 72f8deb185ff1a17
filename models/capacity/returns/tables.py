"""Table of what is earned and paid by year, and the figures of return."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.solution import Solution

from .._calendar import calendar, year_edges
from .._money import CASH, NOTHING, RESIDUAL, cost_rows
from .flows import paid_by, payback_years, present_value, rate_of_return, sign_changes

RETURNS = TableSpec(
    name="Returns",
    meaning="What serving load is worth and what is paid, by calendar year, undiscounted; residual value is left out.",
    key=("year",),
    columns=(
        Column(name="year", kind=Kind.INTEGER, meaning="Calendar year."),
        Column(
            name="earned",
            kind=Kind.NUMBER,
            unit="M",
            meaning="Value of what is served, by value_per_mw_year of Workloads.",
        ),
        Column(name="paid", kind=Kind.NUMBER, unit="M", meaning="Cash of the plan, after tax."),
        Column(name="net", kind=Kind.NUMBER, unit="M", meaning="Earned less paid."),
        Column(name="cumulative", kind=Kind.NUMBER, unit="M", meaning="Net up to the year."),
    ),
)

CHARTS = (
    Chart(
        title="Earned less paid",
        table="Returns",
        kind="line",
        x="year",
        series=("cumulative",),
        x_title="Calendar year",
        y_title="Cumulative, undiscounted (M)",
        order=712,
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Earned and paid by year, and the figures, where a workload has a value."""
    if data.column("Workloads", "value_per_mw_year").isna().all():
        return {}
    served = values.ledger("served_mw").rename(columns={"value": "served_mw"})
    return returns_of(data, cost_rows(values), served)


def returns_of(data: Dataset, cost: pd.DataFrame, served: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Returns, and its rows of the Summary, from the tables Cost and Service."""
    earned, paid = _earned(data, served), _signed(cost[cost["kind"] == CASH])
    both = pd.concat([part for part in (earned, paid) if len(part)] or [earned])
    left = pd.concat([both, _signed(cost[cost["kind"] == RESIDUAL])])
    years, edges = year_edges(data, both["last_month"].max() if len(both) else 0.0)
    frame = pd.DataFrame({"year": years})
    for name, part, sign in (("earned", earned, 1.0), ("paid", paid, -1.0)):
        # What is paid on the first day of a year is paid in it.
        frame[name] = sign * np.diff(paid_by(part, edges, before=True)) if len(part) else 0.0
    frame["net"] = frame["earned"] - frame["paid"]
    frame["cumulative"] = frame["net"].cumsum()
    known = np.flatnonzero(frame[["earned", "paid"]].abs().max(axis=1) > NOTHING)
    frame = frame.iloc[: known[-1] + 1 if len(known) else 1]
    return {"Returns": frame, "Summary": _figures(data, both, left, earned, cost, frame)}


def _signed(cost: pd.DataFrame) -> pd.DataFrame:
    """Rows of the Cost table as flows, what is paid below zero."""
    rows = cost[["cash", "first_month", "last_month", "growth"]].astype(float)
    return rows.assign(cash=-rows["cash"])


def _earned(data: Dataset, served: pd.DataFrame) -> pd.DataFrame:
    """Value of what is served by period, paid evenly over it."""
    cal = calendar(data)
    value = served["workload"].map(data.column("Workloads", "value_per_mw_year", by="workload"))
    amount = value.astype(float).fillna(0.0) * served["served_mw"].astype(float)
    by_period = amount.groupby(served["period"]).sum().reindex(cal.index, fill_value=0.0)
    return pd.DataFrame(
        {
            "cash": by_period * cal["years"],
            "first_month": cal["begin"],
            "last_month": cal["end"],
            "growth": 0.0,
        }
    )


def _figures(
    data: Dataset,
    flows: pd.DataFrame,
    left: pd.DataFrame,
    earned: pd.DataFrame,
    cost: pd.DataFrame,
    by_year: pd.DataFrame,
) -> pd.DataFrame:
    settings = data.one("Settings")
    unit = f"M {settings.currency}, present value"
    value = present_value(earned, settings.discount_rate)
    changes = sign_changes(by_year["net"].to_numpy())
    rows: list[tuple[str, object, str]] = [
        ("value of what is served", value, unit),
        ("value less total cost", value - float(cost["present_value"].sum()), unit),
        ("internal rate of return", rate_of_return(flows), "per year"),
        ("with residual value", rate_of_return(left), "per year"),
        ("sign changes of the yearly flow", changes, "changes"),
        ("payback", payback_years(flows), "years from the base date"),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "unit"]).astype({"value": object})
