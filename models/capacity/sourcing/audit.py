"""Limits of sourcing restated from the plan's tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar, periods_within
from .derived import KEYS, NEED_KEYS, lost_suppliers


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each member knocked out of the Orders table, class by class."""
    cal = calendar(data)
    needed = tables["EquipmentUse"].groupby(NEED_KEYS)["needed_units"].sum()
    rows = []
    for (event, member), gone in lost_suppliers(data).groupby(["event", "member"], sort=False):
        at = gone.iloc[0]
        within = periods_within(cal, at["first_period"], at["last_period"])
        for (equipment, period), own in tables["Orders"].groupby(NEED_KEYS, sort=False):
            failing = own["supplier"].isin(gone["supplier"])
            if str(period) not in within or not failing.any():
                continue
            kept = (own["ordered_units"] * (1.0 - at["share_lost"] * failing)).sum()
            asked = at["share_covered"] * needed.get((equipment, period), 0.0)
            rows.append((event, member, equipment, period, asked, kept))
    frame = pd.DataFrame(rows, columns=[*KEYS, "used", "allowed"])
    return {"survives_supplier_loss": frame.astype({"used": float, "allowed": float})}
