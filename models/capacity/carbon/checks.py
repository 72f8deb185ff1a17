"""Checks of carbon."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.errors import Problem

from .._contracts import sources
from .derived import unstated


def check(data: Dataset) -> Iterator[Problem]:
    """Where emissions are limited, energy has a source and every source says what it emits."""
    carbon = data["Carbon"]
    if carbon.empty:
        return
    for sheet, row in unstated(data):
        yield data.problem(
            sheet,
            row,
            "tco2_per_mwh",
            "emissions must be stated where sheet Carbon limits them",
            "Fill in tCO2 per MWh; 0 for clean energy.",
            "emissions-unstated",
            reads=("kind",) if sheet == "Contracts" else (),
        )
    known = data.sound("Contracts", "site", "zone", "kind") and data.sound(
        "PowerPrices", "zone", "period"
    )
    known = known and data.sound("Sites", "site", "grid_zone", "status") and data.sound("Periods")
    if known and sources(data).empty:
        yield data.problem(
            "Carbon",
            carbon.index[0],
            "period",
            "energy must have a source where sheet Carbon limits emissions",
            "Price it in PowerPrices or offer energy in Contracts; or take the row out.",
            "carbon-without-energy",
            found="no price of energy at any site",
        )
