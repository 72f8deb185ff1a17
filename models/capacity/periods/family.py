"""The record of periods and money."""

from __future__ import annotations

from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.modelling.family import Family, Ledger
from optalloc.modelling.outputs import TableSpec

from .._currencies import CODES as CURRENCY_CODES
from .._currencies import currency_notices
from .._currencies import worth as worth_in_dollars
from .audit import recompute
from .formulation import constrain, declare, parameters
from .sheets import CURRENCIES, PERIODS, SETTINGS, SOURCES, check
from .tables import ACTIONS, CASH_FLOW, CHARTS, COST, REPORT, tables


def defaults(data: Dataset) -> dict[str, Any]:
    """Solver options of the Settings sheet."""
    settings = data.one("Settings")
    whole = {"threads": settings.threads, "seed": settings.seed}
    real = {"gap": settings.gap, "time_limit_s": settings.time_limit_s}
    return {k: int(v) for k, v in whole.items() if v == v} | {
        k: v for k, v in real.items() if v == v
    }


FAMILY = Family(
    name="periods",
    title="Periods and money",
    order=10,
    sheets=(SETTINGS, PERIODS, CURRENCIES, SOURCES),
    stages="Periods.period",
    ledgers=(
        Ledger(name="cost", unit="M, present value", over=(), meaning="Everything the plan costs."),
    ),
    outputs=(
        ACTIONS,
        COST,
        CASH_FLOW,
        TableSpec(name="Sources", meaning=SOURCES.meaning, columns=SOURCES.columns),
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
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    recompute=recompute,
    defaults=defaults,
)
