"""Tables of carbon."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Column, Kind
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.solution import Solution

from .._contracts import sources
from .derived import unstated

EMISSIONS = TableSpec(
    name="Emissions",
    meaning="Energy of each period and what it emits; empty unless every source states it.",
    key=("period",),
    columns=(
        Column(name="period", kind=Kind.TEXT, meaning="Period."),
        Column(name="energy_gwh", kind=Kind.NUMBER, unit="GWh", meaning="Energy drawn."),
        Column(
            name="clean_gwh",
            kind=Kind.NUMBER,
            unit="GWh",
            meaning="Drawn from sources that emit nothing.",
        ),
        Column(
            name="clean_share",
            kind=Kind.NUMBER,
            unit="share of energy",
            meaning="Clean part of the energy; blank where none is drawn.",
        ),
        Column(name="tco2", kind=Kind.NUMBER, unit="tCO2", meaning="Emissions of what is drawn."),
    ),
)


def tables(data: Dataset, values: Solution) -> dict[str, pd.DataFrame]:
    """Energy and emissions by period, from the ledgers."""
    frame = values.ledger("energy_gwh").rename(columns={"value": "energy_gwh"})
    for ledger, column in (("clean_gwh", "clean_gwh"), ("emissions_tco2", "tco2")):
        frame = frame.merge(values.ledger(ledger).rename(columns={"value": column}), on="period")
    return {"Emissions": _reported(data, frame)}


def _reported(data: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """With the clean share; no row where a source does not say what it emits, or there is none."""
    if sources(data).empty or any(True for _ in unstated(data)):
        frame = frame.iloc[:0]
    energy = frame["energy_gwh"]
    frame = frame.assign(clean_share=frame["clean_gwh"] / energy.where(energy > 0))
    return frame[[column.name for column in EMISSIONS.columns]]
