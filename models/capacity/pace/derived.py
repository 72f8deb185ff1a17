"""The sites that each row of Pace is about."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

from .._building import active_sites


@derived
def members(data: Dataset) -> pd.DataFrame:
    """Which active sites each row is about."""
    sites = active_sites(data).reset_index(drop=True)[["site", "market", "jurisdiction"]]
    pairs = data.columns("Pace", "pace", "market", "jurisdiction").merge(
        sites, how="cross", suffixes=("_of_row", "")
    )
    for scope in ("market", "jurisdiction"):
        asked = pairs[f"{scope}_of_row"]
        pairs = pairs[asked.isna() | (asked == pairs[scope])]
    return pairs[["pace", "site"]].reset_index(drop=True)
