"""Demand beyond all capacity that any plan can have in reach."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

from .._shortages import Cell, cells_of_sites, most_online, short_of


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand against all that can be in service by then at the sites that may serve it."""

    def cells(sites: set[str], period: str) -> list[Cell]:
        return cells_of_sites(data, sites, period)

    what = "reachable capacity in service by then"
    return short_of(data, "load_within_online", what, most_online(data), cells)
