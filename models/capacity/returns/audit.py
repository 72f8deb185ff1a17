"""Returns from the tables Cost and Service, which other families work out again."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .tables import returns_of


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Earned and paid by year, and the figures, where a workload has a value."""
    if data.column("Workloads", "value_per_mw_year").isna().all():
        return {}
    return returns_of(data, tables["Cost"], tables["Service"])
