"""Relaxations: which limits may be relaxed where there is no plan, and at what price.

In words
    Where no plan meets every limit, the cheapest changes that give one are looked for. A planner
    may say which limits are not to be touched, and what a change of others is worth. A plan that
    meets every limit is the same whatever stands here.
Data
    Relaxations.
Decides
    Nothing.
Limits
    None.
Reads and posts
    Reads and posts nothing.
Source
    Planner's convention.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind, Missing, Sheet
from optalloc.modelling.family import Family
from optalloc.modelling.ledgers import Ledgers

from ._columns import named

RELAXATIONS = Sheet(
    name="Relaxations",
    question="What may be relaxed where there is no plan?",
    meaning="Which limits may be relaxed where there is no plan; a limit that is not named follows its family, and that its nature: ceilings, floors and shares may be relaxed, leads and block sizes may not.",
    key=("limit",),
    missing=Missing.NOTHING,
    columns=(
        named(
            "limit",
            "Name of a limit or family, as on sheet Limits of a plan.",
            example="zone_total",
        ),
        Column(
            name="may_relax",
            kind=Kind.FLAG,
            meaning="Whether it may be relaxed.",
            blank=True,
            example="yes",
        ),
        Column(
            name="price_per_unit",
            kind=Kind.NUMBER,
            unit="points per unit of the cell",
            meaning="Price of changing a cell of it by one unit; the fewest points are looked for.",
            blank=None,
            blank_means="1 point for as much again as the cell holds",
            above=0,
            example=0.5,
        ),
    ),
)


def parameters(data: Dataset) -> None:
    """Nothing enters the model."""


def declare(m: Any, p: None, ledgers: Ledgers) -> None:
    """Nothing is decided or posted here."""


def constrain(m: Any, p: None) -> None:
    """Nothing is limited here."""


def relaxations(data: Dataset) -> pd.DataFrame:
    """The planner's rules, with where they stand."""
    rows = data["Relaxations"]
    return pd.DataFrame(
        {
            "sheet": "Relaxations",
            "row": rows.index,
            "column": "limit",
            "name": rows["limit"].to_numpy(),
            "may_relax": rows["may_relax"].to_numpy(),
            "price_per_unit": rows["price_per_unit"].to_numpy(dtype=float),
        }
    )


FAMILY = Family(
    name="relaxations",
    title="Relaxations",
    order=98,
    sheets=(RELAXATIONS,),
    idle_without=("Relaxations",),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    relaxations=relaxations,
)
