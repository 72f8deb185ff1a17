"""Demand that may be left unmet at a price, for explanations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optalloc.data.dataset import Dataset
from optalloc.data.schema import Cell
from optalloc.modelling.choices import Unmet

from .._unserved import why_unserved


def _penalty_cell(data: Dataset, key: Mapping[str, Any]) -> Cell:
    workloads = data["Workloads"]
    row = int(str(workloads.index[workloads["workload"] == key["workload"]][0]))
    # What is forgone is the price where it is more than the penalty.
    penalty, value = "unmet_penalty_per_mw_year", "value_per_mw_year"
    is_value = bool(workloads[value][row] > workloads[penalty][row])
    return "Workloads", row, value if is_value else penalty


def _insist(data: Dataset) -> Iterator[tuple[str, int, str, Any]]:
    """Demand that may be left unmet must be met."""
    penalties = data.column("Workloads", "unmet_penalty_per_mw_year")
    for row in penalties.index[penalties.notna()]:
        yield "Workloads", int(str(row)), "unmet_penalty_per_mw_year", float("nan")


UNMET = Unmet(
    noun="demand",
    variable="unmet",
    over=("workload", "region", "period"),
    unit="MW IT",
    about="{workload} in {region}",
    price=_penalty_cell,
    insist=_insist,
    causes=lambda data, key: why_unserved(data, key["workload"], key["region"], key["period"]),
)
