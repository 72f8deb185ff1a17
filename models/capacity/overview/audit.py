"""The lists recomputed from the tables of decisions."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._beginnings import arrivals_in_plan
from .._building import KEYS, standing_mw
from .tables import overview_tables


def recompute(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same from the Build, Leasing and Load tables."""
    build = tables["Build"]
    leased = tables["Leasing"].groupby(KEYS, as_index=False)["active_mw"].sum()
    new = build.merge(standing_mw(data), on=KEYS).merge(leased, on=KEYS, how="left")
    new["mw"] = new["online_mw"] - new["standing_mw"] - new["active_mw"].fillna(0.0)
    started = build.rename(columns={"started_mw": "mw"})[[*KEYS, "mw"]]
    committed = build[build["committed"].astype(bool)]
    arrives, load = arrivals_in_plan(data, tables), tables["Load"]
    return overview_tables(data, started, new[[*KEYS, "mw"]], committed, arrives, build, load)
