"""The record of periods and money."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.modelling.family import Family, Ledger
from optalloc.modelling.folders import formulation
from optalloc.modelling.outputs import TableSpec

from .._calendar import calendar
from .._currencies import CODES as CURRENCY_CODES
from .._currencies import currency_notices
from .._currencies import worth as worth_in_dollars
from .audit import recompute
from .sheets import ASSUMPTIONS, CURRENCIES, PERIODS, SETTINGS, SOURCES, check
from .shortened import shortened
from .tables import ACTIONS, CASH_FLOW, CHARTS, COST, REPORT, tables


def defaults(data: Dataset) -> dict[str, Any]:
    """Solver options of the Settings sheet."""
    settings = data.one("Settings")
    whole = {"threads": settings.threads, "seed": settings.seed}
    real = {"gap": settings.gap, "time_limit_s": settings.time_limit_s}
    return {k: int(v) for k, v in whole.items() if v == v} | {
        k: v for k, v in real.items() if v == v
    }


def steps(data: Dataset) -> pd.DataFrame:
    """Periods with their first day and the day after their last."""
    cal = calendar(data)
    months = [pd.DateOffset(months=int(m)) for m in cal["months"]]
    ends = [day + month for day, month in zip(cal["date"], months, strict=True)]
    return pd.DataFrame({"step": cal.index, "begin": cal["date"].to_numpy(), "end": ends})


# Costs of scenarios are compared, so money is worth the same in all; the solver solves them as one.
SAME_IN_ALL = (
    *("name", "currency", "base_date", "discount_rate", "residual_value"),
    *("gap", "time_limit_s", "threads", "seed"),
)

RULES = formulation(__package__)

FAMILY = Family(
    name="periods",
    title="Periods and money",
    order=10,
    sheets=(SETTINGS, PERIODS, CURRENCIES, SOURCES, ASSUMPTIONS),
    stages="Periods.period",
    steps=steps,
    shortened=shortened,
    same_in_all=("Periods", "Currencies", *(f"Settings.{name}" for name in SAME_IN_ALL)),
    ledgers=(
        Ledger(name="cost", unit="M, present value", over=(), meaning="Everything the plan costs."),
    ),
    outputs=(
        ACTIONS,
        COST,
        CASH_FLOW,
        *(
            TableSpec(name=sheet.name, meaning=sheet.meaning, columns=sheet.columns)
            for sheet in (SOURCES, ASSUMPTIONS)
        ),
    ),
    charts=CHARTS,
    codes={
        "period-gap": "time between two periods that belongs to neither",
        "period-overlap": "a period that starts before the one before it ends",
        "base-date": "a base date after the first period",
        "unknown-currency": "a currency without an exchange rate",
        **CURRENCY_CODES,
    },
    check=check,
    notices=currency_notices,
    worth=worth_in_dollars,
    report=REPORT,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    recompute=recompute,
    defaults=defaults,
)
