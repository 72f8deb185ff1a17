"""Where and when demand is left unmet, gathered into stretches of time, with what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec

from .._calendar import calendar
from .._demand import unmet_cost_per_mw_year
from .._running_costs import yearly_charges
from .._unserved import too_little_by_then
from .sheets import KEYS

# Below this, in MW, is noise of the solver's arithmetic.
TINY_MW = 1e-6

SHORTFALLS = TableSpec(
    name="Shortfalls",
    meaning="Where and from when to when demand is left unmet, what that costs, and what stands against serving it.",
    key=("workload", "region", "since"),
    columns=(
        Column(name="in_words", kind=Kind.TEXT, meaning="What is left unmet, and its penalty."),
        Column(name="workload", kind=Kind.TEXT, meaning="Workload."),
        Column(name="region", kind=Kind.TEXT, meaning="Region."),
        Column(name="since", kind=Kind.TEXT, meaning="First period of the stretch."),
        Column(name="until", kind=Kind.TEXT, meaning="Last period of the stretch."),
        Column(
            name="most_unmet_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Most that is left unmet in a period of it.",
        ),
        Column(
            name="demand_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="Peak load asked for in that period.",
        ),
        Column(
            name="penalty",
            kind=Kind.NUMBER,
            unit="M",
            meaning="Present value of the penalty over the stretch.",
        ),
        Column(
            name="against",
            kind=Kind.TEXT,
            meaning="Reasons, with their cells, for which sites cannot serve all of it in the first period, whatever is decided; blank where limits that bind, or costs above the penalty, stand against it.",
        ),
    ),
)


_PENALTY = [column.name for column in SHORTFALLS.columns].index("penalty")


def shortfalls(data: Dataset, service: pd.DataFrame) -> pd.DataFrame:
    """The table `SHORTFALLS`, the costliest first, from the table of service."""
    rows = sorted(_rows(data, service), key=lambda row: -row[_PENALTY])
    return pd.DataFrame(rows, columns=[column.name for column in SHORTFALLS.columns])


def _rows(data: Dataset, service: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    short = service[service["unmet_mw"] > TINY_MW].reset_index(drop=True)
    if short.empty:
        return
    order = {period: place for place, period in enumerate(calendar(data).index)}
    per_year = short["workload"].map(unmet_cost_per_mw_year(data))
    charges = yearly_charges(data, short[KEYS], per_year.astype(float))
    short["penalty"] = short["unmet_mw"] * charges["present_value"]
    for (workload, region), own in short.groupby(["workload", "region"], sort=False):
        placed = sorted(own.to_dict("records"), key=lambda row: order[row["period"]])
        numbered = enumerate(placed)
        for _, run in groupby(numbered, key=lambda at: order[at[1]["period"]] - at[0]):
            rows = [row for _, row in run]
            worst = max(rows, key=lambda row: row["unmet_mw"])
            first = str(rows[0]["period"])
            last, penalty = str(rows[-1]["period"]), sum(row["penalty"] for row in rows)
            when = f"in {first}" if first == last else f"from {first} to {last}"
            unmet, asked_for, worth = map(_short, (worst["unmet_mw"], worst["demand_mw"], penalty))
            yield (
                f"{workload} in {region}: up to {unmet} of {asked_for} MW are left unmet {when}, at "
                f"a penalty of {worth} M",
                workload,
                region,
                first,
                last,
                worst["unmet_mw"],
                worst["demand_mw"],
                penalty,
                _against(data, str(workload), str(region), first),
            )


def _short(amount: float) -> str:
    return f"{round(amount, 1):,.6g}" if amount >= 1 else f"{amount:.2g}"


def _against(data: Dataset, workload: str, region: str, period: str) -> str:
    """Causes that no decision changes, each with its cells."""
    return "; ".join(
        f"{cause.sentence} ({', '.join(data.cell_name(*cell) for cell in cause.cells)})"
        if cause.cells
        else cause.sentence
        for cause in too_little_by_then(data, workload, region, period)
    )
