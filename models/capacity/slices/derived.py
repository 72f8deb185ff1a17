"""Floors of the clean share in every slice, and the part of on-site generation that is firm."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._contracts import GENERATION, KEYS
from .._slices import firm_output, slices


def clean_floors(data: Dataset) -> pd.DataFrame:
    """Least clean share of every slice, by period: period, share; none in a year that is whole."""
    rows = data.columns("Carbon", "period", "min_clean_share_in_slice").dropna()
    rows = rows.rename(columns={"min_clean_share_in_slice": "share"})
    # A floor of nothing is no limit, also where more is stored than is clean.
    return rows[(rows["share"] > 0) & (len(slices(data)) > 0)]


def firm_shares(data: Dataset) -> pd.DataFrame:
    """Peak that on-site generation covers per active MW where that is below 1.

    Columns: contract, period, firm_share.
    """
    offered = data.columns("Contracts", "contract", "kind")
    plants = offered.loc[offered["kind"] == GENERATION, "contract"]
    share = firm_output(data).reindex(plants).rename("firm_share")
    frame = share[share < 1.0].rename_axis("contract").reset_index()
    return frame.merge(calendar(data).reset_index()[["period"]], how="cross")[[*KEYS, "firm_share"]]
