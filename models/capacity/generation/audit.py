"""Limits of generation on site restated from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import pue_of_sites
from .._contracts import GENERATION, KEYS, SITE_KEYS, USE_KEYS, storage_peak, sums_at


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Peak covered by plant and by site, from the Generation, Procurement and Build tables."""
    offset, procurement = tables["Generation"], tables["Procurement"]
    plants = data.columns("Contracts", "contract", "site", "kind")
    plants = plants[plants["kind"] == GENERATION]
    active = procurement[procurement["contract"].isin(plants["contract"])]
    peaks = tables["Build"][tables["Build"]["site"].isin(plants["site"])]
    pue = peaks["site"].map(pue_of_sites(data)).astype(float)
    stored = storage_peak(data, tables, peaks[SITE_KEYS])
    stands_at = plants.set_index("contract")["site"]
    own = offset["contract"].map(stands_at) == offset["site"]
    return {
        "offset_within_contract": active[KEYS].assign(
            used=sums_at(offset.groupby(KEYS)["offset_mw"].sum(), active[KEYS]),
            allowed=active["active_mw"],
        ),
        "offset_within_peak": peaks[SITE_KEYS].assign(
            used=sums_at(offset.groupby(SITE_KEYS)["offset_mw"].sum(), peaks[SITE_KEYS]),
            allowed=peaks["online_mw"] * pue + stored,
        ),
        "offset_at_own_site": offset[USE_KEYS].assign(
            used=offset["offset_mw"].abs(), allowed=offset["offset_mw"].where(own, 0.0)
        ),
    }
