"""Tables of terminations."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.solution import Solution

from .._calendar import calendar
from .._contracts import (
    KEYS,
)

ENDING_KEYS = ["contract", "signed", "period"]


TERMINATIONS = TableSpec(
    name="Terminations",
    meaning="Megawatts of contracts that are ended before their term.",
    key=("contract", "signed", "period"),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract."),
        Column(
            name="signed",
            kind=Kind.TEXT,
            meaning="Period in which they were signed; or 'before' the first, with their row of SignedContracts.",
        ),
        Column(
            name="period", kind=Kind.TEXT, meaning="Period from whose first day on they are ended."
        ),
        Column(name="ended_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Ended early."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of early endings."""
    ended = values.variable("terminated", ENDING_KEYS).rename(columns={"value": "ended_mw"})
    ended = ended[ended["ended_mw"] > 0]
    return {"Terminations": ended, "Actions": actions(data, ended)}


def actions(data: Dataset, ended: pd.DataFrame) -> pd.DataFrame:
    """Endings, dated; all tranches of a contract together."""
    sums = ended.groupby(KEYS, as_index=False, sort=False)["ended_mw"].sum()
    return pd.DataFrame(
        {
            "date": sums["period"].map(calendar(data)["date"]),
            "period": sums["period"],
            "action": "end contract",
            "subject": sums["contract"],
            "mw": sums["ended_mw"],
        }
    )
