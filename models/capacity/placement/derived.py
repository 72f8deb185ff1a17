"""Arcs by period and clusters on them, which follow from the workbook alone."""

from __future__ import annotations

import pandas as pd

from optalloc.data.dataset import Dataset

from .._building import standing_mw
from .._calendar import calendar
from .._demand import asked, positive_demand
from .._leases import most_leased
from .._network import arcs
from .._service import possible_service
from .sheets import CLUSTER_KEYS, DEMAND_KEYS, SITE_KEYS


def placements(data: Dataset) -> pd.DataFrame:
    """Arcs in every period in which something is asked for and the site can have capacity.

    Adds it_mw, ready_mw (what stands or may be leased), and where new capacity is possible room_mw
    and ripe, the commitment it needs.
    """
    cal = calendar(data)
    demand = positive_demand(data)[[*DEMAND_KEYS, "it_mw"]]
    service = possible_service(data)
    ripe = pd.Series(cal.index.to_numpy()[service["ripe_position"]], index=service.index)
    service["ripe"] = ripe.mask(service["is_open"])
    standing = standing_mw(data)
    somewhere = standing.merge(service[[*SITE_KEYS, "ripe", "room_mw"]], on=SITE_KEYS, how="left")
    somewhere = somewhere.merge(most_leased(data), on=SITE_KEYS, how="left")
    somewhere["ready_mw"] = somewhere["standing_mw"] + somewhere["leased_mw"].fillna(0.0)
    somewhere["ready_made"] = somewhere["ready_mw"] > 0
    somewhere = somewhere[somewhere["ready_made"] | somewhere["room_mw"].notna()]
    return arcs(data).merge(demand, on=["workload", "region"]).merge(somewhere, on=SITE_KEYS)


def clusters(data: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """Where a workload with a minimum may run, with the least and most MW of it there.

    `frame` is that of `placements`. The most is what the arcs ask for or what the site can hold.
    """
    total = asked(data).groupby(["workload", "period"])["it_mw"].sum().rename("total_mw")
    own = frame.dropna(subset=["min_mw_at_one_site"])
    own = own.assign(
        holds_mw=(own["ready_mw"] + own["room_mw"].fillna(0.0)) / (1.0 + own["reserve_share"])
    )
    own = own.groupby(CLUSTER_KEYS, sort=False, as_index=False).agg(
        {"it_mw": "sum", "holds_mw": "first", "min_mw_at_one_site": "first"}
    )
    own = own.join(total, on=["workload", "period"])
    return own[CLUSTER_KEYS].assign(
        least_mw=own[["min_mw_at_one_site", "total_mw"]].min(axis=1),
        most_mw=own[["it_mw", "holds_mw"]].min(axis=1),
    )
