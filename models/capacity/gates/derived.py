"""Sites that each gate is about."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import active_sites
from .._calendar import months_from_base
from .sheets import COMMIT


def gated_sites(data: Dataset) -> pd.DataFrame:
    """Each gate with each site it is for: gate, holds, site, opens, and opens_months.

    Of gates that hold commitments, candidates alone. opens_months counts from the base date, and is
    without end where a gate never opens.
    """
    rows = data["Gates"]
    rows = rows.assign(opens_months=months_from_base(data, rows["opens"]).fillna(np.inf))
    sites = active_sites(data, "site", "jurisdiction", "is_open").reset_index(drop=True)
    own = rows.dropna(subset=["site"]).drop(columns="jurisdiction").merge(sites, on="site")
    shared = rows.dropna(subset=["jurisdiction"]).drop(columns="site")
    both = pd.concat([own, shared.merge(sites, on="jurisdiction")], ignore_index=True)
    held = (both["holds"] != COMMIT) | ~both["is_open"].astype(bool)
    return both.loc[held, ["gate", "holds", "site", "opens", "opens_months"]].reset_index(drop=True)
