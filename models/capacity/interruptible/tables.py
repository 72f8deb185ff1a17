"""Table of what is drawn on interruptible terms."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .._contracts import SITE_KEYS

INTERRUPTIBLE_USE = TableSpec(
    name="InterruptibleUse",
    meaning="Grid power of each site that is on interruptible terms, and what is firm.",
    key=("site", "period"),
    across="period",
    spread=("interruptible_mw", "firm_mw"),
    columns=(
        Column(name="site", kind=Kind.TEXT, meaning="Site."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="interruptible_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Peak on interruptible terms.",
        ),
        Column(
            name="firm_mw",
            kind=Kind.NUMBER,
            unit="MW grid",
            meaning="Peak that is drawn besides, on firm terms.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Interruptible MW where they are offered, and the rest of the peak."""
    taken = values.variable("interruptible", SITE_KEYS).rename(
        columns={"value": "interruptible_mw"}
    )
    grid = values.ledger("grid_mw").rename(columns={"value": "grid_mw"})
    frame = taken.merge(grid, on=SITE_KEYS)
    frame["firm_mw"] = frame["grid_mw"] - frame["interruptible_mw"]
    return {"InterruptibleUse": frame[[column.name for column in INTERRUPTIBLE_USE.columns]]}


REPORT = Report(
    exhibits=(
        Use(
            title="Interruptible connections",
            order=448,
            note="What sites draw on terms that cut it off, and what they draw while it is.",
            limits=("interruptible_within_offer", "drawn_while_cut_off"),
        ),
    ),
)
