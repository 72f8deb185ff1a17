"""What decisions ask for by themselves, whether it is of use or not."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset


def asked_for(data: Dataset, key: str, *kinds: str) -> pd.Index:
    """Sites, leases or contracts (`key`) of which decisions of these kinds ask for any."""
    rows = data.columns("Decisions", "what", key, "at_least").dropna()
    return pd.Index(rows.loc[rows["what"].isin(kinds) & (rows["at_least"] > 0), key])
