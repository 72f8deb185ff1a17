"""Floors of the clean share in every slice, and the part of on-site generation that is firm."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._contracts import GENERATION, KEYS
from .._slices import availability_in_slices, slices


def clean_floors(data: Dataset) -> pd.DataFrame:
    """Least clean share of every slice, by period: period, share; none in a year that is whole."""
    rows = data.columns("Carbon", "period", "min_clean_share_in_slice").dropna()
    rows = rows.rename(columns={"min_clean_share_in_slice": "share"})
    return rows if len(slices(data)) else rows.iloc[:0]


def firm_shares(data: Dataset) -> pd.DataFrame:
    """Peak that on-site generation covers per active MW where that is below 1.

    Columns: contract, period, firm_share. It is the least availability of its slices over its
    availability in the year: a plant that delivers evenly covers its active MW, as without slices.
    """
    offered = data.columns("Contracts", "contract", "kind", "availability")
    plants = offered[offered["kind"] == GENERATION].set_index("contract")
    least = availability_in_slices(data).groupby("contract")["available"].min()
    share = (least / plants["availability"].astype(float)).dropna().rename("firm_share")
    frame = share[share < 1.0].rename_axis("contract").reset_index()
    return frame.merge(calendar(data).reset_index()[["period"]], how="cross")[[*KEYS, "firm_share"]]
