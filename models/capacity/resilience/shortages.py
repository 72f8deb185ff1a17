"""Demand that no plan can cover after a loss."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

from .._shortages import COLUMNS, TINY_SHARE, most_online, must_serve
from .derived import events_by_period, lost_sites, reach
from .sheets import EVENT_KEYS, MEMBER_KEYS


def shortages(data: Dataset) -> pd.DataFrame:
    """Demand that must be covered against the most that can be left after each loss."""
    must, pairs = must_serve(data), reach(data)
    asked = pairs[["event", "workload", "region"]].drop_duplicates().merge(must)
    by_event = asked.groupby(EVENT_KEYS)["it_mw"].sum().rename("asked").reset_index()
    events = events_by_period(data)[[*EVENT_KEYS, "share_covered", "share_lost"]]
    events = events.merge(by_event, on=EVENT_KEYS)
    there = pairs[["event", "site"]].drop_duplicates().merge(most_online(data), on="site")
    total = there.groupby(EVENT_KEYS)["most_mw"].sum().rename("total")
    lost = lost_sites(data).merge(there, on=["event", "site"])
    lost = lost.groupby(MEMBER_KEYS)["most_mw"].sum().rename("lost").reset_index()
    rows = events.merge(total.reset_index(), on=EVENT_KEYS).merge(lost, on=EVENT_KEYS)
    rows["needed"] = rows["share_covered"] * rows["asked"]
    rows["available"] = rows["total"] - rows["share_lost"] * rows["lost"]
    rows = rows[rows["available"] < rows["needed"] * (1.0 - TINY_SHARE) - TINY_SHARE]
    worst = (rows["needed"] - rows["available"]).groupby(rows["event"]).idxmax()
    row_of = pd.Series(data["LossEvents"].index, index=data["LossEvents"]["event"])
    return pd.DataFrame(
        [
            (
                "survives_loss",
                f"{at['period']}: {at['share_covered']:g} of the demand within reach of {at['event']} is {at['needed']:,.6g} MW, after the loss of {at['member']} at most {at['available']:,.6g} MW are left",
                at["needed"],
                at["available"],
                "MW IT",
                [("LossEvents", row_of[at["event"]], "share_covered")],
            )
            for at in rows.loc[worst].to_dict("records")
        ],
        columns=COLUMNS,
    )
