"""Rows of Decisions with what follows from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites
from .._calendar import calendar
from .sheets import COMMITTED


@derived
def decisions(data: Dataset) -> pd.DataFrame:
    """Each row with its period's position, and 1 where its site is open from the start."""
    rows, sites = data["Decisions"], active_sites(data)
    is_open = rows["site"].map(sites["is_open"]).eq(True)
    return rows.assign(
        position=rows["period"].map(calendar(data)["position"]),
        decided_before=(is_open & (rows["what"] == COMMITTED)).astype(float),
    )
