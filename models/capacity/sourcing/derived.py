"""Suppliers that each member of an event loses."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset, derived

KEYS = ["event", "member", "equipment", "period"]


NEED_KEYS = ["equipment", "period"]


ORDER_KEYS = ["equipment", "supplier", "period"]


@derived
def lost_suppliers(data: Dataset) -> pd.DataFrame:
    """Which suppliers fail with each member of each event: event, member, supplier, share_lost."""
    events, suppliers = data["LossEvents"], data["Suppliers"]
    shares = events[["event", "share_lost", "share_covered", "first_period", "last_period"]]
    singly = events.loc[events["any_one"] == "supplier", ["event"]].merge(suppliers, how="cross")
    singly["member"] = singly["supplier"]
    named = data.columns("LossMembers", "event", "supplier", "supplier_group")
    own = named.dropna(subset=["supplier"])[["event", "supplier"]]
    grouped = named.dropna(subset=["supplier_group"])[["event", "supplier_group"]]
    grouped = grouped.merge(suppliers, on="supplier_group")
    together = pd.concat([own, grouped])[["event", "supplier"]].drop_duplicates()
    together["member"] = together["event"]
    found = pd.concat([singly, together])[["event", "member", "supplier"]]
    return found.merge(shares, on="event").reset_index(drop=True)
