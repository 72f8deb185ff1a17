"""Table of sites that are abandoned, the actions, and how the report shows them."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Listing
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._abandonments import DROP_KEYS, abandonable, possible_abandonments
from .._building import KEYS
from .._calendar import calendar

ABANDONED = TableSpec(
    name="Abandoned",
    meaning="Sites that were committed and are abandoned.",
    key=("site",),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period on whose first day it is abandoned."),
        Column(
            name="dropped_mw",
            kind=Kind.NUMBER,
            unit="MW IT",
            meaning="MW that were started there and are given up.",
        ),
        Column(
            name="paid",
            kind=Kind.NUMBER,
            unit="M",
            meaning="Paid on the day less what is recovered; below 0 where more comes back.",
        ),
    ),
)

REPORT = Report(
    exhibits=(
        Listing(
            title="Abandoned sites",
            order=545,
            note="What is given up after it was committed. Payments that are due later end with it.",
            table="Abandoned",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Table of sites abandoned, and the actions that follow."""
    marks = values.variable("abandoned", KEYS)
    marks = marks[marks["value"] > 0.5].merge(possible_abandonments(data), on=KEYS)
    marks = marks.sort_values("position").drop_duplicates("site")[KEYS]
    dropped = values.variable("dropped_mw", DROP_KEYS).groupby(KEYS)["value"].sum()
    frame = marks.join(dropped.rename("dropped_mw"), on=KEYS).fillna({"dropped_mw": 0.0})
    at = abandonable(data).reindex(frame["site"]).set_axis(frame.index)
    per_mw = (at["cost_per_mw"] - at["recovered_per_mw"]).astype(float)
    net = (at["cost"] - at["recovered"]).astype(float) + per_mw * frame["dropped_mw"]
    frame = frame.assign(paid=net).reset_index(drop=True)
    return {"Abandoned": frame, "Actions": actions(data, frame)}


def actions(data: Dataset, abandoned: pd.DataFrame) -> pd.DataFrame:
    """Abandonments, dated, with the MW that are given up."""
    return pd.DataFrame(
        {
            "date": abandoned["period"].map(calendar(data)["date"]),
            "period": abandoned["period"],
            "action": "abandon site",
            "subject": abandoned["site"],
            "mw": abandoned["dropped_mw"],
        }
    )
