"""Table of workers hired by source, and how the report shows it."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.exhibits import Use
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.reports import Report
from optalloc.modelling.solution import Solution

from .derived import sources
from .sheets import SOURCE_KEYS

LABOUR = TableSpec(
    name="Labour",
    meaning="Person-months of each trade hired from each pool and tier.",
    key=("labour_market", "trade", "source", "period"),
    across="period",
    spread=("used_person_months", "available_person_months"),
    columns=(
        Column(name="labour_market", kind=Kind.TEXT, meaning="Labour market."),
        Column(name="trade", kind=Kind.TEXT, meaning="Trade."),
        Column(name="source", kind=Kind.TEXT, meaning="The pool, or a tier of further workers."),
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(
            name="used_person_months",
            kind=Kind.NUMBER,
            unit="person-months",
            meaning="Hired from it.",
        ),
        Column(
            name="available_person_months",
            kind=Kind.NUMBER,
            unit="person-months",
            meaning="What it offers.",
        ),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Who is hired from where."""
    hired = values.variable("hired", SOURCE_KEYS).rename(columns={"value": "used_person_months"})
    hired = hired.merge(
        sources(data).rename(columns={"offered": "available_person_months"}), on=SOURCE_KEYS
    )
    return {"Labour": hired[[column.name for column in LABOUR.columns]]}


REPORT = Report(
    exhibits=(
        Use(
            title="Labour",
            order=500,
            note="Person-months that each pool and tier of workers gives.",
            limits=("labour_within_pool",),
        ),
    ),
)
