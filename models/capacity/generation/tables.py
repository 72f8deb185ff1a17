"""Tables of generation on site."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.solution import Solution

from .._contracts import KEYS, USE_KEYS

GENERATED = TableSpec(
    name="Generation",
    meaning="Peak that on-site generation covers at its site.",
    key=("contract", "site", "period"),
    across="period",
    spread=("offset_mw",),
    columns=(
        Column(name="contract", kind=Kind.TEXT, meaning="Contract of kind generation."),
        Column(name="site", kind=Kind.TEXT, meaning="Site at which it stands."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="offset_mw", kind=Kind.NUMBER, unit="MW grid", meaning="Peak taken off the grid."
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Peak covered on site."""
    offset = values.variable("offset", KEYS).rename(columns={"value": "offset_mw"})
    offset["site"] = offset["contract"].map(data.column("Contracts", "site", by="contract"))
    return {"Generation": offset.loc[offset["offset_mw"] > 0, [*USE_KEYS, "offset_mw"]]}
